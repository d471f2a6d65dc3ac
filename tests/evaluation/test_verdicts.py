"""Verdicts of a judge and of people in a file: what a cell means, and what is refused."""

import pytest

from evaluation.outside_tables import read_outside_table
from evaluation.verdicts import JudgeColumns, check_verdicts
from study.errors import BadInput, BadTable

# by arm: found, missed, false alarms, cleared
CELLS = {"original": (12, 3, 4, 21), "warm": (14, 6, 2, 18)}
COLUMNS = JudgeColumns("judge", "people", arm="arm", reference="original", item="question")


def write_labels(path, more=()):
    """Replies that both labelled, and further rows as they are."""
    rows = []
    for arm, numbers in CELLS.items():
        verdicts = [("1", "yes"), ("0", "True"), ("true", "0"), ("no", "0.0")]
        for n, both in zip(numbers, verdicts, strict=True):
            rows += [(arm, *both)] * n
    lines = [
        f"q{number},{arm},{judge},{people},0.5" for number, (arm, judge, people) in enumerate(rows)
    ]
    path.write_text(
        "question,arm,judge,people,chance\n" + "\n".join([*lines, *more]) + "\n", encoding="utf-8"
    )
    return path


def check(path, columns=COLUMNS):
    return check_verdicts(read_outside_table(path, columns.names), columns, seed=1)


def test_every_spelling_of_a_verdict_is_counted(tmp_path):
    found = check(write_labels(tmp_path / "labels.csv"))
    by_arm = {arm.arm: arm.confusion for arm in found.arms}
    for arm, numbers in CELLS.items():
        cell = by_arm[arm]
        assert (cell.n_found, cell.n_missed, cell.n_false_alarms, cell.n_cleared) == numbers
    assert by_arm["warm"].sensitivity.value == pytest.approx(14 / 20)
    # (16 / 40 + 21 / 25 − 1) / (12 / 15 + 21 / 25 − 1)
    corrected = found.arms[0].corrected.corrected
    assert corrected.value == pytest.approx((0.4 + 0.84 - 1) / (0.8 + 0.84 - 1))


def test_an_empty_cell_is_no_verdict_or_no_label(tmp_path):
    found = check(write_labels(tmp_path / "l.csv", ["a,warm,,1,0.5", "b,warm,1,,0.5"]))
    warm = found.arms[1]
    assert (warm.n_replies, warm.n_judged, warm.n_labelled) == (42, 41, 41)
    assert warm.confusion.n_without_verdict == 1


def test_without_arms_and_items_all_replies_are_one_arm_and_stand_for_themselves(tmp_path):
    columns = JudgeColumns("judge", "people")
    found = check(write_labels(tmp_path / "labels.csv"), columns)
    assert [arm.arm for arm in found.arms] == ["all"]
    assert found.overall.n_found == 26
    assert "each reply taken for an item of its own" in found.judge


def test_chances_weigh_what_people_saw(tmp_path):
    path = write_labels(tmp_path / "labels.csv")
    plain = check(path)
    columns = JudgeColumns("judge", "people", "arm", "original", item="question", chance="chance")
    assert check(path, columns).arms[0].powered == plain.arms[0].powered
    # the missed errors of the original were drawn half as often: each stands for two
    rows = path.read_text(encoding="utf-8").replace(",original,0,True,0.5", ",original,0,True,0.25")
    path.write_text(rows, encoding="utf-8")
    found = check(path, columns)
    assert found.arms[0].confusion.sensitivity.value == pytest.approx(12 / 18)
    assert "labels weighed by “chance”" in found.judge


def test_further_answers_tell_how_often_the_judge_agrees_with_itself(tmp_path):
    path = tmp_path / "again.csv"
    path.write_text("judge,again,people\n1,1,1\n1,0,1\n0,0,0\n0,,0\n", encoding="utf-8")
    found = check(path, JudgeColumns("judge", "people", again=("again",))).consistency
    assert found.unanimous.value == pytest.approx(2 / 3)
    assert (found.n_unreadable, found.n_answered_once) == (1, 1)


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ("x,warm,2,1,0.5", COLUMNS, "column 'judge' of l.csv, got '2' in row 81 of the data"),
        ("x,warm,1,maybe,0.5", COLUMNS, "column 'people' of l.csv, got 'maybe' in row 81"),
        ("x,,1,1,0.5", COLUMNS, "expected column 'arm' of l.csv to be filled, row 81"),
        (
            "x,warm,1,1,often",
            JudgeColumns("judge", "people", chance="chance"),
            "expected a chance above 0 and at most 1 in column 'chance' of l.csv, got 'often' in row 81",
        ),
        (
            "x,warm,1,1,0",
            JudgeColumns("judge", "people", chance="chance"),
            "expected a chance above 0 and at most 1 in column 'chance' of l.csv, got '0' in row 81",
        ),
    ],
)
def test_cells_that_say_nothing_are_refused_by_row(tmp_path, row, columns, message):
    with pytest.raises(BadTable, match=message):
        check(write_labels(tmp_path / "l.csv", [row]), columns)


@pytest.mark.parametrize("given", [{"arm": "arm"}, {"reference": "original"}])
def test_arms_and_their_reference_come_together(tmp_path, given):
    with pytest.raises(BadInput, match="a column of arms and the arm that is the reference"):
        check(write_labels(tmp_path / "l.csv"), JudgeColumns("judge", "people", **given))


def test_a_reference_that_is_no_arm_is_refused(tmp_path):
    columns = JudgeColumns("judge", "people", "arm", "plain")
    with pytest.raises(BadTable, match="expected replies of the arm 'plain'"):
        check(write_labels(tmp_path / "l.csv"), columns)
