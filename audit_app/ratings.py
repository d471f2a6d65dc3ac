"""Ratings: what one rater said about one sheet. The only writer of `ratings`.

Rows are never updated: a rater who changes their mind adds a revision, and the newest counts.
A submit that is sent twice under one idempotency key is stored once. Left and right are as
the rater saw them; only the statistics know what stood there. An `Assignment` in a signature
is the proof that the caller may write here: `assignment.py` gives it to its own rater alone,
and decides what comes next. What may be answered is in `forms.py`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import duckdb

from audit_app.drafts import read_draft
from audit_app.forms import QUESTIONS, Question, check_answers, check_choice, excerpt_of
from audit_app.seating import Seating
from study.commits import add_row
from study.errors import BadInput
from study.records import Assignment, Form, Rating

Layout = Literal["columns", "stacked", "switched"]

MAX_REASON_CHARACTERS = 2000
_MAX_KEY_CHARACTERS = 100


@dataclass(frozen=True)
class Answers:
    """What a rater submits, as it came from the browser: `check_submission` looks at it."""

    values: Mapping[str, str]
    """The value chosen, by question; a box that is not ticked is left out."""
    reason: str
    """In the rater's own words; may be empty, at most 2,000 characters."""
    seconds: float
    """Time the sheet was visible and in use before the submit, over refreshes."""
    layout: str
    """How the page showed the replies: one of `Layout`."""


def check_submission(asked: Sequence[Question], answers: Answers, idempotency_key: str) -> None:
    """Let pass what `save_rating` can store; called before its job is queued.

    Raises:
        BadInput: an answer is missing or not one of those allowed; the message names it.
    """
    check_answers(asked, answers.values)
    check_choice("layout", answers.layout, get_args(Layout))
    check_text("reason", answers.reason)
    check_key(idempotency_key)
    # DuckDB holds NaN for greater than every number, so the table's own check lets it pass
    if not (
        isinstance(answers.seconds, int | float)
        and math.isfinite(answers.seconds)
        and answers.seconds >= 0
    ):
        raise BadInput(
            f"seconds: expected a finite number of at least 0, got {answers.seconds!r:.80}; reload "
            "the page and submit again"
        )


def check_text(field: str, text: str) -> None:
    """Let pass words of a rater's own that can be stored.

    Raises:
        BadInput: they are no text, or too long; the message names the field.
    """
    if not isinstance(text, str):
        raise BadInput(
            f"{field}: expected text, which may be empty, got {text!r:.80}; reload the page and "
            "submit again"
        )
    if len(text) > MAX_REASON_CHARACTERS:
        raise BadInput(
            f"{field}: expected at most {MAX_REASON_CHARACTERS} characters, got {len(text)}; "
            "shorten it and submit again"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadInput(
            f"{field}: expected text, got half of a character that takes two; type it anew and "
            "submit again"
        ) from error


def check_key(idempotency_key: str) -> None:
    """Let pass a key such as a page draws once per submit.

    Raises:
        BadInput: it is none.
    """
    if not (
        0 < len(idempotency_key) <= _MAX_KEY_CHARACTERS
        and idempotency_key.isascii()
        and idempotency_key.isprintable()
    ):
        raise BadInput(
            f"idempotency_key: expected 1 to {_MAX_KEY_CHARACTERS} printable ASCII characters, "
            f"got {idempotency_key!r:.80}; reload the page and submit again"
        )


_SELECT_REVISIONS = """
    SELECT
        token, revision, form, warmer, more_accurate, both_bad, correct, adopts, facts_kept,
        expresses, reason, seconds, layout, is_surplus, idempotency_key, rated_at
    FROM ratings
    WHERE token = $token
    ORDER BY revision
"""

_INTO_RATINGS = "INSERT INTO ratings BY NAME"


def save_rating(
    cursor: duckdb.DuckDBPyConnection,
    seating: Seating,
    assignment: Assignment,
    answers: Answers,
    idempotency_key: str,
    now: datetime,
) -> Rating:
    """Store a rating, as part of a commit; nothing here refuses, so no forged submit spoils one.

    Args:
        answers: as `check_submission` let them pass.
        idempotency_key: of this sheet alone, drawn once per submit; a new one on a rated sheet
            adds a revision.
    Returns:
        What is stored under the key, unchanged when it was there before; the newest revision when
        that says the same, since two tabs have two keys.
    """
    is_rated = seating.is_rated(cursor, assignment.token, now)
    revisions = _read_revisions(cursor, assignment) if is_rated else []
    stored = _stored_before(cursor, revisions, assignment, answers, idempotency_key)
    if stored is not None:
        return stored
    is_surplus = (
        revisions[0].is_surplus if revisions else seating.note_rated(cursor, assignment.token, now)
    )
    values = {
        "token": assignment.token,
        "revision": len(revisions) + 1,
        "form": assignment.form,
        **_answer_columns(assignment.form, answers.values),
        "reason": answers.reason,
        "seconds": float(answers.seconds),
        "layout": answers.layout,
        "is_surplus": is_surplus,
        "idempotency_key": idempotency_key,
        "rated_at": now,
    }
    add_row(cursor, _INTO_RATINGS, values)
    return _as_rating(tuple(values.values()))


def _stored_before(
    cursor: duckdb.DuckDBPyConnection,
    revisions: Sequence[Rating],
    assignment: Assignment,
    answers: Answers,
    idempotency_key: str,
) -> Rating | None:
    for known in revisions:
        if known.idempotency_key == idempotency_key:
            return known
    for newest in revisions[-1:]:
        says_the_same = (answers_of(newest), newest.reason) == (answers.values, answers.reason)
        # whoever had begun to change it takes that back by submitting it as it was
        if says_the_same and not unsent_change(cursor, assignment, newest):
            return newest
    return None


def unsent_change(
    cursor: duckdb.DuckDBPyConnection, assignment: Assignment, rating: Rating
) -> dict[str, str]:
    """The draft by which a rater began to change a rating, as `read_draft` gives it; or nothing.

    Args:
        rating: the newest of the sheet. A draft that answers nothing, or says the same, comes from
            a page that does not know of it, or from one where the change was taken back.
    """
    draft = read_draft(cursor, assignment)
    values = {name: value for name, value in draft.items() if name not in ("reason", "seconds")}
    says_the_same = (values, draft.get("reason", "")) == (answers_of(rating), rating.reason)
    return {} if says_the_same or not values else draft


def _answer_columns(form: Form, values: Mapping[str, str]) -> dict[str, str | bool | None]:
    """All columns that take answers, empty where this form does not ask; a box is true or false."""
    columns: dict[str, str | bool | None] = {
        question.name: None for questions in QUESTIONS.values() for question in questions
    }
    for question in QUESTIONS[form]:
        given = values.get(question.name)
        columns[question.name] = given if question.is_needed else given is not None
    return columns


def newest_rating(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> Rating | None:
    """The rating that counts of one assignment; None while it is not rated."""
    return next(reversed(_read_revisions(cursor, assignment)), None)


def _read_revisions(cursor: duckdb.DuckDBPyConnection, assignment: Assignment) -> list[Rating]:
    rows = cursor.execute(_SELECT_REVISIONS, {"token": assignment.token}).fetchall()
    return [_as_rating(row) for row in rows]


def answers_of(rating: Rating) -> dict[str, str]:
    """What was chosen, by question, as a page sent it."""
    given = {question.name: getattr(rating, question.name) for question in QUESTIONS[rating.form]}
    return {
        name: "yes" if value is True else value
        for name, value in given.items()
        if value is not None and value is not False
    }


@dataclass(frozen=True)
class OwnRating:
    """A rating as its own rater sees it in a list; what it was given for does not show."""

    number: int
    """Place among this rater's ratings by the time of the first revision, from 1."""
    excerpt: str
    """How the sheet begins, so that the rater knows it again."""
    rating: Rating
    """The newest revision."""


# A sheet is known again by how it begins: the user's words where there are any
_SELECT_OWN = """
    SELECT
        row_number() OVER (ORDER BY first.rated_at, a.position) AS number,
        coalesce(pair_prompt.text, g.prompt_text, reply_prompt.text, w.user_text, s.text),
        r.token, r.revision, r.form, r.warmer, r.more_accurate, r.both_bad, r.correct, r.adopts,
        r.facts_kept, r.expresses, r.reason, r.seconds, r.layout, r.is_surplus,
        r.idempotency_key, r.rated_at
    FROM assignments AS a
    JOIN ratings AS r ON r.token = a.token
    JOIN ratings AS first ON first.token = a.token AND first.revision = 1
    LEFT JOIN pairs AS p ON p.pair_id = a.subject_id
    LEFT JOIN prompts AS pair_prompt ON pair_prompt.prompt_id = p.prompt_id
    LEFT JOIN gold_pairs AS g ON g.gold_id = a.subject_id
    LEFT JOIN responses AS reply ON reply.response_id = a.subject_id
    LEFT JOIN prompts AS reply_prompt ON reply_prompt.prompt_id = reply.prompt_id
    LEFT JOIN rewrites AS w ON w.rewrite_id = a.subject_id
    LEFT JOIN context_sentences AS s ON s.sentence_id = a.subject_id
    WHERE a.rater_id = $rater_id
        AND NOT EXISTS (
            SELECT 1
            FROM ratings AS later
            WHERE later.token = r.token AND later.revision > r.revision)
    ORDER BY number DESC
"""


def my_ratings(con: duckdb.DuckDBPyConnection, rater_id: str) -> list[OwnRating]:
    """The newest revision of each of this rater's ratings, the sheet rated last first."""
    rows = con.cursor().execute(_SELECT_OWN, {"rater_id": rater_id}).fetchall()
    return [OwnRating(number, excerpt_of(text), _as_rating(row)) for number, text, *row in rows]


_SELECT_NEWEST_SECONDS = """
    SELECT r.token, r.seconds
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
    WHERE a.rater_id = $rater_id AND r.revision = 1
    ORDER BY r.rated_at DESC, a.position DESC
    LIMIT $n
"""


def newest_seconds(con: duckdb.DuckDBPyConnection, rater_id: str, n: int) -> dict[str, float]:
    """How long this rater took for each of the `n` sheets rated last, by token, in that order."""
    values = {"rater_id": rater_id, "n": n}
    rows = con.cursor().execute(_SELECT_NEWEST_SECONDS, values).fetchall()
    return dict(reversed(rows))


def _as_rating(row: Sequence[Any]) -> Rating:
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return Rating(*[*row[:-1], row[-1].astimezone(UTC).isoformat()])
