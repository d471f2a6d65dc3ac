from dataclasses import dataclass

import pytest
from graded_study import study_of

from evaluation.drawing import FILE, NARROW
from evaluation.figure_files import figure_as_png
from evaluation.rating_plots import (
    plot_agreement,
    plot_context_check,
    plot_fatigue,
    plot_judge,
    plot_pooled_agreement,
    plot_sides,
    plot_warm_share,
)
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.results import compute_results
from study.records import Estimate


def estimate(value):
    return Estimate(value, value / 2, value, 0.95, 12, 3, "item and rater", "by hand", None)


@dataclass(frozen=True)
class Quarter:
    quarter: int
    left_share: Estimate
    warm_share: Estimate
    agreement: Estimate


@dataclass(frozen=True)
class Judged:
    arm: str | None
    sensitivity: Estimate
    specificity: Estimate


@pytest.fixture(scope="module")
def results():
    return compute_results(study_of(("original", "cold", "warm")), seed=1)


def rows(plot):
    places = [plot.number_columns.index(name) for name in ("part", "row", "value")]
    return [tuple(row[place] for place in places) for row in plot.numbers]


def test_every_compared_arm_has_its_share_and_its_agreement(results):
    assert rows(plot_warm_share(results)) == [("", "cold", 1.0), ("", "warm", 1.0)]
    found = [(one.arm, one.agreement) for one in results.preferences]
    plot = plot_agreement(found, None)
    # all answers are the same, so that there is nothing to agree on
    assert rows(plot) == [("", "cold", None), ("", "warm", None)]
    assert "warm: not estimable: " in plot.alt_text


def test_agreement_over_all_arms_has_its_own_name_and_says_how_it_differs(results):
    plot = plot_pooled_agreement(results.preferences[0].agreement, None)
    assert rows(plot) == [("", "all pairs", None)]
    assert plot.title == "Agreement on which reply is warmer"
    assert "the agreement by arm, shown once results are open, is another number" in plot.note


def test_the_side_that_people_chose_is_one_row(results):
    assert rows(plot_sides(results.left_share, None)) == [("", "left reply", 1.0)]


def test_what_people_heard_is_shown_per_context():
    checks = (
        ContextCheck("looks_up", estimate(0.75), 5, 4, 3, "close", 2),
        ContextCheck("sad", not_estimable("no ratings yet", "item"), 5, 0, 0, None, 0),
    )
    plot = plot_context_check(checks, limited="6 of 84 items")
    assert rows(plot) == [("", "looks up", 0.75), ("", "sad", None)]
    assert "looks up: 75.0 % [37.5, 75.0], n = 12 ratings" in plot.alt_text
    assert plot.data.note.endswith("Limited: 6 of 84 items.")


def test_quarters_stand_in_order_within_what_was_asked():
    quarters = [Quarter(n, estimate(0.5), estimate(0.7), estimate(0.6)) for n in (1, 2, 3, 4)]
    plot = plot_fatigue("warm", quarters, None)
    assert [name for _, name, _ in rows(plot)] == [f"quarter {n}" for n in (1, 2, 3, 4)] * 3
    assert rows(plot)[4] == ("warm called warmer", "quarter 1", 0.7)


def test_a_judge_is_shown_per_arm_by_what_it_finds_and_what_it_leaves_alone():
    judged = [
        Judged(None, estimate(0.8), estimate(0.9)),
        Judged("warm", estimate(0.6), not_estimable("no reply was right", "item")),
    ]
    plot = plot_judge(judged, None)
    assert rows(plot) == [
        ("errors of people that it finds", "all arms", 0.8),
        ("errors of people that it finds", "warm", 0.6),
        ("other replies that it leaves alone", "all arms", 0.9),
        ("other replies that it leaves alone", "warm", None),
    ]
    for shape in (FILE, NARROW):
        assert figure_as_png(plot.draw(shape)).startswith(b"\x89PNG")
