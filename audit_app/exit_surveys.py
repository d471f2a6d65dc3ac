"""Exit surveys: what raters guess at the end, and what they have to say. The only writer of `exit_surveys`.

Rows are added, never changed: a rater who thinks again adds one, and the newest counts. The
guess tells whether the blinding held. When somebody is at the end is not decided here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, get_args

import duckdb

from audit_app.forms import check_choice
from study.database import transaction
from study.errors import BadInput

Guess = Literal["warmer", "cooler", "longer", "shorter", "other", "no_idea"]

LONGEST_TEXT = 2000
"""Characters that either text may have."""

QUESTION = "One of the two styles of reply was changed on purpose. Which one do you think it was?"
GUESSES: Mapping[Guess, str] = {
    "warmer": "The warmer one",
    "cooler": "The cooler one",
    "longer": "The longer one",
    "shorter": "The shorter one",
    "other": "Another one",
    "no_idea": "I have no idea",
}
"""The answers, as the rater reads them."""


@dataclass(frozen=True)
class ExitSurvey:
    """A rater's answers at the end."""

    guess: str
    """Which of the two styles of reply was the changed one; one of `Guess`."""
    guess_text: str
    """The same in the rater's own words; may be empty."""
    comments: str
    """May be empty."""


_SELECT_NEWEST = """
    SELECT guess, guess_text, comments
    FROM exit_surveys
    WHERE rater_id = $rater_id
    ORDER BY revision DESC
    LIMIT 1
"""


def read_survey(con: duckdb.DuckDBPyConnection, rater_id: str) -> ExitSurvey | None:
    """What this rater said last; None when nothing."""
    row = con.cursor().execute(_SELECT_NEWEST, {"rater_id": rater_id}).fetchone()
    return None if row is None else ExitSurvey(*row)


_INSERT_SURVEY = """
    INSERT INTO exit_surveys (rater_id, revision, guess, guess_text, comments, submitted_at)
    SELECT $rater_id, coalesce(max(revision), 0) + 1, $guess, $guess_text, $comments, $submitted_at
    FROM exit_surveys
    WHERE rater_id = $rater_id
"""


def save_survey(
    con: duckdb.DuckDBPyConnection, rater_id: str, survey: ExitSurvey, now: datetime
) -> None:
    """Store a rater's answers as a new revision, unless they are those stored already.

    Raises:
        BadInput: the guess is not one of those allowed, or a text is too long.
    """
    check_choice("guess", survey.guess, get_args(Guess))
    for field in ("guess_text", "comments"):
        n_characters = len(getattr(survey, field))
        if n_characters > LONGEST_TEXT:
            raise BadInput(
                f"{field}: expected at most {LONGEST_TEXT:,} characters, got {n_characters:,}; "
                "shorten it and send it again"
            )
    with transaction(con) as cursor:
        stored = cursor.execute(_SELECT_NEWEST, {"rater_id": rater_id}).fetchone()
        if stored is None or ExitSurvey(*stored) != survey:
            row = {"rater_id": rater_id, "submitted_at": now}
            cursor.execute(_INSERT_SURVEY, row | asdict(survey))
