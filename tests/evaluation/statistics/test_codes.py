import csv

import numpy as np
import pytest

from evaluation.statistics.codes import (
    confusion_of,
    disagreement_by_item,
    leave_one_out,
    rater_pairs,
    read_codes,
)
from evaluation.statistics.table_agreement import agreement_of_table
from study.errors import BadTable


def codes_of(rows, level="nominal"):
    return read_codes(
        *(np.array(column, dtype=object) for column in zip(*rows, strict=True)), level
    )


ROWS = [
    ("i1", "anna", "1"),
    ("i1", "bo", "1"),
    ("i1", "cy", "2"),
    ("i2", "anna", "2"),
    ("i2", "bo", "2"),
    ("i3", "anna", "1"),
    ("i3", "bo", "10"),
    ("i4", "cy", "1"),
]


def test_counts():
    codes = codes_of(ROWS, "ordinal")
    assert codes.values == ("1", "2", "10")
    assert codes.domain.tolist() == [1, 2, 10]
    assert codes.counts().tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 1], [1, 0, 0]]


def test_two_raters_against_each_other():
    codes = codes_of(ROWS)
    assert codes.values == ("1", "10", "2")
    assert confusion_of(codes, 0, 1).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    pairs = {(pair.first, pair.second): pair for pair in rater_pairs(codes)}
    anna_bo = pairs["anna", "bo"]
    assert (anna_bo.n_items, anna_bo.percent_agreement) == (3, 2 / 3)
    # chance: 2/3·1/3 + 1/3·1/3 = 1/3
    assert anna_bo.kappa == pytest.approx(0.5)
    assert pairs["anna", "cy"].n_items == 1


def test_items_in_dispute():
    shares = disagreement_by_item(codes_of(ROWS))
    assert shares[:3] == pytest.approx([2 / 3, 0, 1])
    assert np.isnan(shares[3])


def test_a_rater_unlike_the_others_shows():
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 60)
    rows = [(i, rater, truth[i]) for i in range(60) for rater in ("a", "b", "c")]
    rows += [(i, "noise", random.integers(0, 3)) for i in range(60)]
    without = {left.rater: left.alpha for left in leave_one_out(codes_of(rows), "nominal")}
    assert without["noise"] == pytest.approx(1)
    assert max(without[name] for name in "abc") < 0.6


def test_a_rater_who_rated_twice_is_refused():
    with pytest.raises(BadTable, match="got 2 by rater 'anna' on item 'i1'"):
        codes_of([*ROWS, ("i1", "anna", "2")])


@pytest.mark.parametrize(("value", "message"), [("good", "--level nominal"), ("inf", "finite")])
def test_values_that_are_no_numbers_are_refused(value, message):
    with pytest.raises(BadTable, match=message):
        codes_of([("i1", "anna", value)], "interval")


def test_results_do_not_depend_on_the_order_of_rows():
    order = np.random.default_rng(4).permutation(len(ROWS))
    shuffled = codes_of([ROWS[row] for row in order])
    assert agreement_of_table(shuffled, "nominal", 1) == agreement_of_table(
        codes_of(ROWS), "nominal", 1
    )


def test_a_scale_of_very_many_values_tells_alpha_alone():
    values = np.random.default_rng(1).normal(size=400)
    rows = [(i // 2, i % 2, value) for i, value in enumerate(values)]
    found = agreement_of_table(codes_of(rows, "interval"), "interval", 1)
    assert found.alpha.alpha.value == pytest.approx(0, abs=0.2)
    assert "400 different values are more than 200" in found.cohen.method


@pytest.mark.real_data
def test_kappa_of_people_who_judged_model_answers(real_data):
    folder = real_data / "judge_validation"
    with open(folder / "iaa_es.csv", encoding="utf-8") as file:
        second = {row["id"]: row for row in csv.DictReader(file)}
    with open(folder / "evaluated_es.csv", encoding="utf-8") as file:
        first = {row["id"]: row for row in csv.DictReader(file) if row["id"] in second}
    for question, kappa in (
        ("truthfulness", 0.7453310696095077),
        ("informativeness", 0.5454545454545454),
    ):
        rows = [(i, "first", first[i][question]) for i in second]
        rows += [(i, "second", second[i][question]) for i in second]
        found = agreement_of_table(codes_of(rows), "nominal", 1)
        assert found.cohen.value == pytest.approx(kappa, abs=1e-12)
