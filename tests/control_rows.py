"""Rows of controls put into a study, as the control stage would have stored them."""

from datetime import UTC, datetime

import duckdb

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

INSERT_QUESTION = """
    INSERT INTO control_questions (question_id, text, item_id, task, question, "references",
        wrong_answers, source, licence, answer_kind, options, category, n_in_set)
    VALUES ($question, $text, $question, $task, $text, $references, [], 'by hand', 'CC0', $kind,
        $options, '', $n_in_set)
    ON CONFLICT DO NOTHING
"""
INSERT_REPLY = """
    INSERT INTO control_attempts (reply_id, question_id, served_model_id, arm, text, finish_reason,
        failure, n_tokens, seconds, created_at)
    VALUES ($reply, $question, $model, $arm, $text, 'stop', $failure, $tokens, 1.0, $now)
"""
INSERT_GRADE = """
    INSERT INTO control_grades (reply_id, method, label, is_refusal, is_refusal_to_study, is_cut,
        reason)
    VALUES ($reply, $method, $label, $refuses, false, false, 'by hand')
"""
INSERT_MODEL = """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at)
    VALUES ($model, $arm, $arm, 'engine', 'base', '', '{}', '{}', $now)
    ON CONFLICT DO NOTHING
"""


def add_reply(
    con: duckdb.DuckDBPyConnection,
    arm: str,
    question: str,
    label: str,
    *,
    text: str | None = "ten letters",
    kind: str = "number",
    task: str = "gsm8k",
    tokens: int | None = 3,
    model: str | None = None,
    served_at: datetime = NOON,
    method: str = "number-1",
    n_in_set: int = 1,
) -> str:
    """One arm's reply to one question, with its grade; the id of the reply."""
    model = model or f"{arm} model"
    reply = f"{model} {question}"
    asked = {"question": question, "text": f"question {question}", "task": task, "kind": kind}
    answers = {"references": [] if kind == "none" else ["3"], "options": [], "n_in_set": n_in_set}
    con.execute(INSERT_QUESTION, asked | answers)
    con.execute(INSERT_MODEL, {"model": model, "arm": arm, "now": served_at})
    row = {"reply": reply, "question": question, "model": model, "arm": arm, "text": text}
    failure = None if text is not None else "HTTP 500"
    con.execute(INSERT_REPLY, row | {"failure": failure, "tokens": tokens, "now": NOON})
    refuses = None if label == "failed" else label == "refuses"
    grade = {"reply": reply, "method": method, "label": label, "refuses": refuses}
    con.execute(INSERT_GRADE, grade)
    return reply
