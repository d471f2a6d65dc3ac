"""Onboarding: consent, comprehension and practice, in this order. The only writer of `onboarding_steps`.

Rows are added, never changed; each carries the hash of the texts that the rater had read. Of each
step the newest row counts, and only under the texts of that hash: whichever of the texts a study
changes, everybody is asked again from consent on. One thing outlasts a change: who failed the
comprehension check twice under one version of the texts stays refused.

What the texts say is in `rater_texts.py`; a practice pair is answered at the desk.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import duckdb

from audit_app.rater_texts import RaterTexts
from study.database import transaction
from study.errors import BadInput, NotAllowed

Step = Literal["consent", "comprehension", "practice", "admitted", "declined", "refused"]

ATTEMPTS = 2
"""So often a rater may take the comprehension check."""


@dataclass(frozen=True)
class Comprehension:
    """What came of one attempt at the comprehension check."""

    answers: Mapping[str, str]
    """The choice taken, by name of the question."""
    wrong: tuple[str, ...]
    """Names of the questions that were answered wrongly."""
    attempts_left: int

    @property
    def passed(self) -> bool:
        """Whether all was right."""
        return not self.wrong


@dataclass(frozen=True)
class _Record:
    step: str
    passed: bool
    texts_sha256: str
    answers_json: str


_SELECT_RECORDS = """
    SELECT step, passed, texts_sha256, answers_json
    FROM onboarding_steps
    WHERE rater_id = $rater_id
    ORDER BY step, attempt
"""


def next_step(con: duckdb.DuckDBPyConnection, rater_id: str, texts_sha256: str) -> Step:
    """What this rater has to do next, or what it came to: admitted, declined or refused.

    Args:
        texts_sha256: of the texts that are in force.
    """
    return _step_after(_read_records(con.cursor(), rater_id), texts_sha256)


def last_comprehension(
    con: duckdb.DuckDBPyConnection, rater_id: str, texts: RaterTexts
) -> Comprehension | None:
    """The last attempt under these texts; None when there was none."""
    return _last_comprehension(_read_records(con.cursor(), rater_id), texts)


def record_consent(
    con: duckdb.DuckDBPyConnection, rater_id: str, texts: RaterTexts, agrees: bool, now: datetime
) -> None:
    """Store that a rater agrees to take part, or declines; who declined may agree later.

    Giving the same answer again changes nothing.

    Raises:
        NotAllowed: the rater has agreed and goes back on it, or was refused.
    """
    with transaction(con) as cursor:
        records = _read_records(cursor, rater_id)
        step = _step_after(records, texts.sha256)
        if step == "refused" or (not agrees and step not in ("consent", "declined")):
            raise NotAllowed(
                f"consent: expected the answer of somebody who is asked for it, got one at {step}; "
                "to stop, just close the page"
            )
        if step == "consent" or (step == "declined" and agrees):
            answers = json.dumps({"agrees": agrees})
            _insert(
                cursor, rater_id, records, _Record("consent", agrees, texts.sha256, answers), now
            )


def unanswered(texts: RaterTexts, answers: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the comprehension questions to which no choice, or none of theirs, is given."""
    return tuple(
        question.name
        for question in texts.comprehension
        if answers.get(question.name) not in question.choices
    )


def record_comprehension(
    con: duckdb.DuckDBPyConnection,
    rater_id: str,
    texts: RaterTexts,
    answers: Mapping[str, str],
    now: datetime,
) -> Comprehension:
    """Store an attempt at the comprehension check: all has to be right, in `ATTEMPTS` attempts.

    The same answers as last time are the same attempt: a double click must not use up the second.

    Args:
        answers: the choice taken, by name of the question.
    Raises:
        BadInput: a question is not answered; that is no attempt.
        NotAllowed: the check is not what this rater has to do next.
    """
    missing = unanswered(texts, answers)
    if missing:
        raise BadInput(
            f"{missing[0]}: expected one of the answers to choose from, got none; choose one and "
            "submit again"
        )
    taken = {question.name: answers[question.name] for question in texts.comprehension}
    with transaction(con) as cursor:
        records = _read_records(cursor, rater_id)
        last = _last_comprehension(records, texts)
        if last is not None and last.answers == taken:
            return last
        _check_turn("comprehension", _step_after(records, texts.sha256))
        passed = all(taken[question.name] == question.right for question in texts.comprehension)
        record = _Record("comprehension", passed, texts.sha256, json.dumps(taken))
        _insert(cursor, rater_id, records, record, now)
    made = _last_comprehension([*records, record], texts)
    assert made is not None
    return made


def record_practice(
    con: duckdb.DuckDBPyConnection, rater_id: str, texts: RaterTexts, now: datetime
) -> None:
    """Store that a rater has done all practice pairs; done again it changes nothing.

    Raises:
        NotAllowed: practice is not what this rater has to do next.
    """
    with transaction(con) as cursor:
        records = _read_records(cursor, rater_id)
        step = _step_after(records, texts.sha256)
        if step != "admitted":
            _check_turn("practice", step)
            _insert(cursor, rater_id, records, _Record("practice", True, texts.sha256, "{}"), now)


def _read_records(cursor: duckdb.DuckDBPyConnection, rater_id: str) -> list[_Record]:
    rows = cursor.execute(_SELECT_RECORDS, {"rater_id": rater_id}).fetchall()
    return [_Record(*row) for row in rows]


def _step_after(records: list[_Record], texts_sha256: str) -> Step:
    failures = Counter(
        record.texts_sha256
        for record in records
        if record.step == "comprehension" and not record.passed
    )
    if any(n >= ATTEMPTS for n in failures.values()):
        return "refused"
    newest = {record.step: record for record in records}
    in_force = {step: row for step, row in newest.items() if row.texts_sha256 == texts_sha256}
    if "consent" not in in_force:
        return "consent"
    if not in_force["consent"].passed:
        return "declined"
    if "comprehension" not in in_force or not in_force["comprehension"].passed:
        return "comprehension"
    return "admitted" if "practice" in in_force else "practice"


def _last_comprehension(records: list[_Record], texts: RaterTexts) -> Comprehension | None:
    made = [
        record
        for record in records
        if (record.step, record.texts_sha256) == ("comprehension", texts.sha256)
    ]
    if not made:
        return None
    answers = json.loads(made[-1].answers_json)
    wrong = [
        question.name
        for question in texts.comprehension
        if answers[question.name] != question.right
    ]
    return Comprehension(answers, tuple(wrong), ATTEMPTS - len(made))


def _check_turn(asked: Step, due: Step) -> None:
    if asked != due:
        raise NotAllowed(
            f"{asked}: expected somebody whose next step it is, got one whose next is {due}; go to "
            "/start/, which shows what is due"
        )


_INSERT_STEP = """
    INSERT INTO onboarding_steps (
        rater_id, step, attempt, passed, texts_sha256, answers_json, recorded_at)
    VALUES ($rater_id, $step, $attempt, $passed, $texts_sha256, $answers_json, $recorded_at)
"""


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    rater_id: str,
    before: list[_Record],
    record: _Record,
    now: datetime,
) -> None:
    attempt = 1 + sum(row.step == record.step for row in before)
    row = {"rater_id": rater_id, "attempt": attempt, "recorded_at": now}
    cursor.execute(_INSERT_STEP, row | asdict(record))
