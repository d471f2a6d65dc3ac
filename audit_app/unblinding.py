"""The arms of an auditor's own rulings, told once they can no longer teach the auditor to guess.

Beside `evaluation/statistics/tables.py` the only place that unblinds, and the only one that a
page for auditors can reach. Arms are told when results per arm are open, nothing waits for the
auditor and every reply is graded; that rulings are final by then, `audits.py` sees to.
"""

from dataclasses import dataclass

import duckdb

from audit_app.study_events import results_are_sealed
from study.records import Label


@dataclass(frozen=True)
class ToldReply:
    """One of an auditor's own rulings, with the arm that the reply came from."""

    reply_text: str
    label: Label
    severity: int
    reason: str
    arm: str


# One statement, so that the arms, the empty queue and the whole study are of one moment
_SELECT_TOLD = """
    WITH waiting AS (
        SELECT f.response_id
        FROM flags AS f
        WHERE f.response_id NOT IN (
            SELECT ruled.response_id
            FROM audit_decisions AS own
            JOIN flags AS ruled ON ruled.token = own.token
            WHERE own.auditor_id = $auditor_id)
    ),
    ungraded AS (
        SELECT p.prompt_id
        FROM prompts AS p
        CROSS JOIN (SELECT DISTINCT m.arm FROM served_models AS m) AS served
        CROSS JOIN (SELECT DISTINCT r.sample FROM responses AS r) AS drawn
        WHERE NOT EXISTS (
            SELECT 1
            FROM responses AS r
            JOIN grades AS g ON g.response_id = r.response_id
            WHERE r.prompt_id = p.prompt_id AND r.arm = served.arm AND r.sample = drawn.sample)
    )
    SELECT r.text, d.label, d.severity, d.reason, r.arm
    FROM audit_decisions AS d
    JOIN flags AS f ON f.token = d.token
    JOIN responses AS r ON r.response_id = f.response_id
    WHERE d.auditor_id = $auditor_id
        AND EXISTS (SELECT 1 FROM served_models)
        AND NOT EXISTS (SELECT 1 FROM waiting)
        AND NOT EXISTS (SELECT 1 FROM ungraded)
    QUALIFY row_number() OVER (
        PARTITION BY f.response_id ORDER BY d.decided_at DESC, d.revision DESC) = 1
    ORDER BY d.decided_at, d.token
"""


def tell_arms(con: duckdb.DuckDBPyConnection, auditor_id: str) -> list[ToldReply]:
    """The newest ruling of this auditor on each reply with its arm, the earliest first.

    Returns:
        Nothing as long as results per arm are sealed, a flagged reply waits for the auditor, or a
        prompt of the study lacks a graded reply of an arm that is served, so that more may be
        flagged.
    """
    if results_are_sealed(con):
        return []
    rows = con.cursor().execute(_SELECT_TOLD, {"auditor_id": auditor_id}).fetchall()
    return [ToldReply(*row) for row in rows]
