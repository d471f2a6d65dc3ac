"""What raters say at the end: the newest counts, equal answers are stored once."""

from dataclasses import replace
from typing import get_args

import pytest

from audit_app.exit_surveys import GUESSES, ExitSurvey, Guess, read_survey, save_survey
from study.errors import BadInput

SURVEY = ExitSurvey("cooler", "It sounded dry.", "")


def revisions(con):
    return con.execute(
        "SELECT rater_id, revision, guess FROM exit_surveys ORDER BY rater_id, revision"
    ).fetchall()


def test_the_newest_revision_counts(con, noon):
    assert read_survey(con, "anna") is None
    save_survey(con, "anna", SURVEY, noon)
    save_survey(con, "ben", SURVEY, noon)
    thought_again = replace(SURVEY, guess="warmer", comments="A pleasure.")
    save_survey(con, "anna", thought_again, noon)
    assert read_survey(con, "anna") == thought_again
    assert read_survey(con, "ben") == SURVEY
    assert revisions(con) == [("anna", 1, "cooler"), ("anna", 2, "warmer"), ("ben", 1, "cooler")]


def test_equal_answers_are_one_revision_until_something_else_was_said(con, noon):
    other = replace(SURVEY, guess="other")
    for survey in (SURVEY, SURVEY, other, other, SURVEY):
        save_survey(con, "anna", survey, noon)
    assert [guess for _, _, guess in revisions(con)] == ["cooler", "other", "cooler"]


def test_every_guess_has_words_and_can_be_stored(con, noon):
    assert tuple(GUESSES) == get_args(Guess)
    for guess in GUESSES:
        save_survey(con, "anna", ExitSurvey(guess, "", ""), noon)
    assert len(revisions(con)) == 6


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"guess": ""}, "guess: expected one of warmer, cooler, longer"),
        ({"guess_text": "x" * 2001}, "guess_text: expected at most 2,000 characters, got 2,001"),
        ({"comments": "x" * 2001}, "comments: expected at most 2,000 characters, got 2,001"),
    ],
)
def test_what_cannot_be_stored_is_refused(con, noon, change, sentence):
    with pytest.raises(BadInput, match=sentence):
        save_survey(con, "anna", replace(SURVEY, **change), noon)
    assert revisions(con) == []


def test_two_thousand_characters_of_any_kind_fit(con, noon):
    long = ExitSurvey("no_idea", "🙂" * 2000, "a\x00b\n" * 500)
    save_survey(con, "anna", long, noon)
    assert read_survey(con, "anna") == long
