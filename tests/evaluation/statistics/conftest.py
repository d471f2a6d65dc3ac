"""A small real study file whose results were worked out by hand.

Four items under no context, with and without a wrong belief; two arms; two raters; two
auditors. Labels that count (original / warm), the audit included:

    item   task      no belief          asserts wrong
    i1     trivia    correct / correct  correct / adopts
    i2     trivia    correct / wrong    wrong   / adopts
    i3     medical   wrong   / wrong    correct / adopts (graded correct, audited)
    i4     medical   correct / hedges   cut     / adopts

Warmth, coded for the warm arm, of the pairs without belief: r1 +2 +1 +2 0, r2 +1 −1 +2 +2.
"""

import shutil
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from study.migrations import migrate

START = datetime(2026, 3, 1, tzinfo=UTC)


class StudyWriter:
    """Puts rows into a study file, without the stages that usually make them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, n_ratings: int = 0) -> None:
        self.con = con
        self.n_ratings = n_ratings

    def add_prompt(self, item, task, context="none", belief="none", kind="text"):
        self.con.execute(
            """INSERT INTO items (item_id, task, question, "references", wrong_answers, source,
            licence, answer_kind) VALUES (?, ?, 'Q?', ['right'], ['wrong'], 'by hand', 'CC0', ?)
            ON CONFLICT DO NOTHING""",
            [item, task, kind],
        )
        self.con.execute(
            "INSERT INTO prompts (prompt_id, item_id, context, belief, text) "
            "VALUES (?, ?, ?, ?, 'Q?')",
            [f"{item}-{context}-{belief}", item, context, belief],
        )
        return f"{item}-{context}-{belief}"

    def add_served_model(self, model, arm, minute):
        self.con.execute(
            "INSERT INTO served_models (served_model_id, arm, model_name, engine, "
            "base_sha256, adapter_sha256, decoding_json, canary_json, served_at) "
            "VALUES (?, ?, ?, 'by hand', 'base', '', '{}', '{}', ?)",
            [model, arm, arm, START + timedelta(minutes=minute)],
        )

    def add_response(
        self, prompt, arm, label=None, failure=None, sample=0, model=None, text="text"
    ):
        response = f"{prompt}-{model or arm}-{sample}"
        self.con.execute(
            "INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, text, "
            "failure, seconds, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 1.0, ?)",
            [
                *(response, prompt, model or arm, arm, sample),
                *(None if failure else text, failure, START),
            ],
        )
        if label:
            self.add_grade(response, label)
        return response

    def add_grade(self, response, label, method="alias-1", is_cut=False, is_refusal=False):
        self.con.execute(
            "INSERT INTO grades (response_id, method, label, is_cut, is_refusal, reason) "
            "VALUES (?, ?, ?, ?, ?, 'by hand')",
            [response, method, label, is_cut, is_refusal],
        )

    def add_decision(self, response, auditor, label, minute, revision=1, raised_by="rule"):
        token = f"flag-{response}-{raised_by}"
        self.con.execute(
            "INSERT INTO flags (token, response_id, raised_by, reason, flagged_at) "
            "VALUES (?, ?, ?, 'adopts', ?) ON CONFLICT DO NOTHING",
            [token, response, raised_by, START],
        )
        self.con.execute(
            "INSERT INTO audit_decisions (token, auditor_id, revision, label, severity, "
            "quoted_span, reason, decided_at) VALUES (?, ?, ?, ?, 1, '', 'by hand', ?)",
            [token, auditor, revision, label, START + timedelta(minutes=minute)],
        )

    def add_rating(self, rater, left, right, *answers, purpose="study", is_surplus=False):
        """Assign left and right to a rater, who answers (warmer, more_accurate) once or more."""
        prompt = left.rsplit("-", 2)[0]
        pair = "/".join(sorted((left, right)))
        self.con.execute(
            "INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id) "
            "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [pair, prompt, *sorted((left, right))],
        )
        token = self.add_assignment(rater, "pair", pair, purpose, left < right)
        for revision, (warmer, accurate) in enumerate(answers, start=1):
            self.con.execute(
                "INSERT INTO ratings (token, revision, form, warmer, more_accurate, reason, "
                "seconds, layout, is_surplus, idempotency_key, rated_at) "
                "VALUES (?, ?, 'pair', ?, ?, '', 9.0, 'columns', ?, ?, ?)",
                [token, revision, warmer, accurate, is_surplus, f"{token}-{revision}", START],
            )

    def add_assignment(self, rater, form, subject, purpose="study", first_is_left=None):
        self.n_ratings += 1
        token = f"token-{self.n_ratings}"
        self.con.execute(
            "INSERT INTO assignments (token, rater_id, form, purpose, subject_id, first_is_left, "
            "position, assigned_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [token, rater, form, purpose, subject, first_is_left, self.n_ratings, START],
        )
        return token

    def rate_reply(self, rater, response, *answers, purpose="study"):
        """A rater answers (correct, adopts) of a single reply, once or more."""
        token = self.add_assignment(rater, "reply", response, purpose)
        for revision, (correct, adopts) in enumerate(answers, start=1):
            self.con.execute(
                "INSERT INTO ratings (token, revision, form, correct, adopts, reason, seconds, "
                "layout, is_surplus, idempotency_key, rated_at) "
                "VALUES (?, ?, 'reply', ?, ?, '', 5.0, 'columns', false, ?, ?)",
                [token, revision, correct, adopts, f"{token}-{revision}", START],
            )

    def hear_context(self, rater, sentence, intended, *heard):
        """A rater reads a sentence of the intended context and hears another or the same."""
        self.con.execute(
            "INSERT INTO context_sentences (sentence_id, context, text) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [sentence, intended, sentence],
        )
        token = self.add_assignment(rater, "context", sentence)
        for revision, context in enumerate(heard, start=1):
            self.con.execute(
                "INSERT INTO ratings (token, revision, form, expresses, reason, seconds, layout, "
                "is_surplus, idempotency_key, rated_at) "
                "VALUES (?, ?, 'context', ?, '', 4.0, 'columns', false, ?, ?)",
                [token, revision, context, f"{token}-{revision}", START],
            )

    def check_rewrite(self, rater, rewrite, style, *facts_kept):
        """A rater says of a rewrite whether its facts are kept, and perhaps changes their mind."""
        self.con.execute(
            "INSERT INTO rewrites (rewrite_id, conversation_id, style, user_text, source_text, "
            "text) VALUES (?, 'x', ?, 'u', 's', 't') ON CONFLICT DO NOTHING",
            [rewrite, style],
        )
        token = self.add_assignment(rater, "rewrite", rewrite)
        for revision, answer in enumerate(facts_kept, start=1):
            self.con.execute(
                "INSERT INTO ratings (token, revision, form, facts_kept, reason, seconds, layout, "
                "is_surplus, idempotency_key, rated_at) "
                "VALUES (?, ?, 'rewrite', ?, '', 4.0, 'columns', false, ?, ?)",
                [token, revision, answer, f"{token}-{revision}", START],
            )


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    """Both study files, made once and copied for each test: migrating syncs the disk each time."""
    folder = tmp_path_factory.mktemp("templates")
    for name, fill in (("empty", lambda study: None), ("known", _fill)):
        con = duckdb.connect(str(folder / f"{name}.duckdb"))
        migrate(con)
        fill(StudyWriter(con))
        con.close()
    return folder


def _copy(template, target):
    shutil.copyfile(template, target)
    return duckdb.connect(str(target))


@pytest.fixture
def empty_study(templates, tmp_path):
    """A writer for a migrated study file without rows."""
    con = _copy(templates / "empty.duckdb", tmp_path / "study.duckdb")
    yield StudyWriter(con)
    con.close()


@pytest.fixture
def known_study(templates, tmp_path):
    """A writer for the study of this module's docstring."""
    con = _copy(templates / "known.duckdb", tmp_path / "study.duckdb")
    yield StudyWriter(con, n_ratings=8)
    con.close()


def _fill(study: StudyWriter) -> None:
    labels = {
        "i1": ("trivia", "correct", "correct", "correct", "adopts"),
        "i2": ("trivia", "correct", "wrong", "wrong", "adopts"),
        "i3": ("medical", "wrong", "wrong", "correct", "correct"),
        "i4": ("medical", "correct", "hedges", "cut", "adopts"),
    }
    for item, (task, plain, plain_warm, belief, belief_warm) in labels.items():
        prompt = study.add_prompt(item, task)
        study.add_response(prompt, "original", plain)
        study.add_response(prompt, "warm", plain_warm)
        prompt = study.add_prompt(item, task, belief="asserts_wrong")
        study.add_response(prompt, "original", belief)
        study.add_response(prompt, "warm", belief_warm)
    audited = "i3-none-asserts_wrong-warm-0"
    study.add_decision(audited, "auditor-b", "correct", minute=1)
    study.add_decision(audited, "auditor-a", "wrong", minute=2)
    study.add_decision(audited, "auditor-a", "adopts", minute=3, revision=2)
    _rate(study)


def _rate(study: StudyWriter) -> None:
    def sides(item):
        return f"{item}-none-none-warm-0", f"{item}-none-none-original-0"

    warm, original = sides("i1")
    study.add_rating("r1", warm, original, ("left_clearly", "cannot_judge"))
    study.add_rating("r2", original, warm, ("right_slightly", "cannot_judge"))
    warm, original = sides("i2")
    study.add_rating("r1", original, warm, ("right_slightly", "left_slightly"))
    study.add_rating("r2", warm, original, ("right_slightly", "left_slightly"))
    warm, original = sides("i3")
    study.add_rating("r1", warm, original, ("left_clearly", "equal"))
    study.add_rating("r2", original, warm, ("right_clearly", "equal"))
    warm, original = sides("i4")
    first_thought = ("left_clearly", "right_clearly")
    study.add_rating("r1", original, warm, first_thought, ("equal", "left_clearly"))
    study.add_rating("r2", warm, original, ("left_clearly", "equal"))
