from dataclasses import replace

import pytest

from evaluation.formats import (
    condition_name,
    format_agreement,
    format_points,
    format_share,
    level_of,
    make_table,
    methods_of,
    one_of,
    signed,
)
from evaluation.statistics.agreement import Agreement
from evaluation.statistics.columns import Condition
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate


def estimate(value, low, high, n=16):
    return Estimate(value, low, high, 0.95, n, 8, "item", "clustered on item", None)


def test_a_share_is_told_with_interval_and_what_it_counts():
    shown = format_share(estimate(0.125, 0.03199, 0.381), "replies of 8 items")
    assert shown == "12.5 % [3.2, 38.1], n = 16 replies of 8 items"


def test_a_missing_interval_says_why():
    lonely = replace(estimate(0.75, None, None), method="no interval: only one rater")
    shown = format_share(lonely, "ratings")
    assert shown == "75.0 % (no interval: only one rater), n = 16 ratings"


def test_an_interval_that_is_likely_too_short_is_marked():
    method = "BCa percentiles; likely too short, since there are only 8 items"
    short = replace(estimate(12.5, -3.16, 28.06), method=method)
    assert format_points(short, "prompts") == (
        "+12.5 pp [−3.2, +28.1] (likely too short), n = 16 prompts"
    )


def test_what_could_not_be_told_is_a_sentence_and_no_number():
    assert format_share(not_estimable("no ratings yet", "item"), "ratings") == (
        "not estimable: no ratings yet"
    )
    unknown = Agreement(not_estimable("no ratings yet", "item"), 0, 0, "")
    assert format_agreement(unknown) == "not estimable: no ratings yet"


def test_points_carry_their_sign():
    shown = format_points(estimate(12.5, -3.16, 28.06), "prompts of 8 items")
    assert shown == "+12.5 pp [−3.2, +28.1], n = 16 prompts of 8 items"
    assert (signed(-0.04), signed(0.04), signed(-1.6, digits=0)) == ("0.0", "0.0", "−2")


def test_agreement_counts_what_can_be_compared():
    agreement = Agreement(estimate(0.4321, -0.1, 0.7, n=24), 8, 24, "24 ratings")
    assert format_agreement(agreement) == ("0.43 [−0.10, 0.70], n = 24 comparable ratings, 8 pairs")


def test_conditions_are_words():
    assert condition_name(Condition(None, None)) == "all conditions"
    assert condition_name(Condition("sad", "asserts_wrong")) == "sad, asserts wrong"
    assert condition_name(Condition("none", "none")) == "no context, no belief"
    assert condition_name(Condition(None, "asserts_wrong")) == "any context, asserts wrong"


def test_ways_of_making_intervals_are_told_once_and_only_where_there_is_one():
    def made(low, method):
        return replace(estimate(0.5, low, low and 0.9), method=method)

    told = [made(0.1, "clustered"), made(0.2, "clustered"), made(0.1, "Wilson"), made(None, "none")]
    assert methods_of(told) == ": clustered; Wilson"
    assert methods_of([made(None, "none")]) == ""
    assert level_of(0.9) == "90 % intervals"


def test_a_table_is_made_of_its_columns_and_marked_with_the_limit():
    columns = {"Arm": ["warm", "cold"], "n": ["3", "4"]}
    table = make_table("Counts", columns, "What they mean. ", "8 items")
    assert (table.columns, table.rows) == (("Arm", "n"), (("warm", "3"), ("cold", "4")))
    assert table.note == "What they mean. Limited: 8 items."
    with pytest.raises(ValueError, match="zip"):
        make_table("Counts", {"Arm": ["warm"], "n": []}, "", None)


def test_names_to_choose_from_are_joined_by_or():
    names = ["cut", "failed", "unscored"]
    assert [one_of(names[n:]) for n in range(4)] == [
        "cut, failed or unscored",
        "failed or unscored",
        "unscored",
        "",
    ]
