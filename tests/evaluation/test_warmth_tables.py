import json

import numpy as np
import pytest
from made_ratings import make_ratings, ratings_of

from evaluation.statistics.intervals import not_estimable, share_of_units
from evaluation.statistics.meter_agreement import (
    Opinions,
    RatedPairs,
    agreement_with_people,
)
from evaluation.statistics.style_guesses import StyleGuesses
from evaluation.statistics.warmth_validation import compute_warmth_validation
from evaluation.warmth_tables import warmth_as_json, warmth_as_tables

ARMS = ("warm", "cold")
GUESSES = StyleGuesses(
    share_of_units(3, 5, "rater", 0.95),
    share_of_units(3, 4, "rater", 0.95),
    {"cooler": 1, "no_idea": 1, "warmer": 3},
    1,
)
NOBODY = StyleGuesses(
    not_estimable("no rater has answered yet", "rater"),
    not_estimable("nobody named either", "rater"),
    {},
    0,
)


def validations(arms=ARMS):
    table = make_ratings(arms=ARMS)
    return [compute_warmth_validation(table, arm) for arm in arms]


def meters():
    table = make_ratings()
    pairs = np.unique(table.pair)
    said = Opinions(pairs, np.linspace(-1, 1, len(pairs)))
    rated = RatedPairs(table.pair, table.warmer, table.item, table.rater)
    return {"SocioT, warm": agreement_with_people(said, rated, seed=7, resamples=50)}


def by_title(tables):
    return {table.title: table for table in tables}


def cells(table, row=0):
    return dict(zip(table.columns, table.rows[row], strict=True))


def known():
    """Four items, two raters: r1 1 1 1 ½, r2 1 0 1 1; the warm reply left for r1 only."""
    table = ratings_of(
        [1, 2, 3, 4] * 2,
        [1] * 4 + [2] * 4,
        [2, 1, 2, 0, 1, -1, 2, 2],
        arm_is_left=[True] * 4 + [False] * 4,
    )
    return by_title(warmth_as_tables([compute_warmth_validation(table, "warm")], NOBODY, {}))


def test_the_first_table_tells_share_effect_and_raters():
    shown = cells(known()["Do people hear the arm as warmer?"])
    # the interval of the share is worked by hand in test_preferences.py: 6.5/8 − 12.706 · 0.0305
    # is 0.425, and 2 arcsin √0.425 − π/2 is −0.151
    assert shown["Called warmer"] == "81.2 % [34.2, 97.3], n = 8 ratings by 2 raters of 4 items"
    assert shown["Cohen's h"].startswith("0.675 [−0.322, 1.241], n = 8 ratings")
    assert shown["Called equal"] == "1 of 8"
    assert shown["Raters who chose it more often"] == (
        "100.0 % [34.2, 100.0], n = 2 raters who chose either"
    )


def test_slices_and_raters_have_rows_of_their_own():
    tables = known()
    slices = tables["Called warmer by task, context and belief"]
    assert [(row[1], row[2]) for row in slices.rows] == [
        ("task", "medical"),
        ("task", "trivia"),
        ("context", "none"),
        ("context", "sad"),
        ("belief", "none"),
    ]
    raters = tables["Called warmer by rater"]
    assert [row[1] for row in raters.rows] == ["1", "2"]
    assert cells(raters)["Called warmer"].startswith("87.5 % [")
    assert "r1" not in " ".join(row[1] + row[2] for row in raters.rows)


def test_what_is_not_estimable_is_a_sentence_in_its_cell():
    shown = cells(known()["Does length explain the choice?"])
    assert shown["Arm warmer at equal length"] == (
        "not estimable: the length is the same in all ratings"
    )
    assert shown["Arm longer, shorter, equal"] == "0, 0, 8"


def test_quarters_are_told_in_order_with_seconds():
    table = known()["Do raters tire?"]
    assert [row[1] for row in table.rows] == ["1", "2", "3", "4"]
    assert cells(table)["Median seconds"] == ("9.0 (no interval: only one item), n = 2 ratings")


def test_guesses_are_told_with_their_counts():
    tables = by_title(warmth_as_tables(validations(), GUESSES, {}))
    table = tables["Can raters tell what was changed?"]
    shown = cells(table)
    assert shown["Named the warmer style"] == "60.0 % [23.1, 88.2], n = 5 raters who answered"
    assert shown["Answers"] == "cooler 1, no idea 1, warmer 3"
    assert shown["Did not answer"] == "1 rater"
    assert "between warmer and cooler it is 50 %" in table.note


def test_meters_have_a_table_only_where_there_are_any():
    without = by_title(warmth_as_tables(validations(), GUESSES, {}))
    title = "Do meter and judge agree with people?"
    assert title not in without
    table = by_title(warmth_as_tables(validations(), GUESSES, meters()))[title]
    assert cells(table)["With"] == "SocioT, warm"
    # of the twelve items three have no majority
    assert "50 resamples of 9 items" in table.note
    assert "; seed 7." in table.note


def test_every_number_of_every_table_says_what_it_counts():
    for table in warmth_as_tables(validations(), GUESSES, meters()):
        for row in table.rows:
            assert len(row) == len(table.columns)
            assert all("n = " in cell for cell in row if "[" in cell)


def test_a_limited_study_is_marked_in_every_table():
    for table in warmth_as_tables(validations(), GUESSES, meters(), "20 items"):
        assert table.note.endswith("Limited: 20 items.")


def test_a_study_without_arms_or_answers_has_empty_tables():
    tables = warmth_as_tables([], NOBODY, {})
    assert [len(table.rows) for table in tables] == [0, 0, 0, 0, 0, 0, 1]
    assert cells(tables[-1])["Answers"] == "none"


def test_json_has_the_documented_keys():
    tree = json.loads(json.dumps(warmth_as_json(validations(), GUESSES, meters())))
    assert [arm["arm"] for arm in tree["arms"]] == ["warm", "cold"]
    documented = warmth_as_json.__doc__
    for key in keys_of(tree) - {"warmer", "cooler", "no_idea", "SocioT, warm"}:
        assert f"`{key}`" in documented, key
    assert tree["meter_agreement"]["SocioT, warm"]["auc"]["seed"] == 7
    assert tree["arms"][0]["share"]["value"] == pytest.approx(validations()[0].share.value)


def keys_of(tree):
    if isinstance(tree, dict):
        return set(tree).union(*(keys_of(value) for value in tree.values()))
    return set().union(*(keys_of(value) for value in tree)) if isinstance(tree, list) else set()
