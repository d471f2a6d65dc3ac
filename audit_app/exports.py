"""Exports: what people said, as files for others, under names that tell nothing.

Raters, replies and everything else go out under codes: the first 16 hex digits of a SHA-256 over
the study's secret and the id. The same study gives the same codes each time, and nobody without
the secret can lead a code back. The ratings name no arm, model or person; what does is in two
files of their own, the unblinding key and the identities, which only an owner can have and
whose making is put on the study's record by the caller. Reads only.
"""

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from audit_app.forms import question_order
from study.errors import BadInput
from study.settings import Settings
from study.spreadsheet_cells import as_safe_cell

KEY_FILE = "unblinding-key.csv"
IDENTITIES_FILE = "identities.csv"

# Ids that may be missing follow ||, which passes NULL on: concat_ws would make a code of nothing
_SELECT_RATINGS = """
    SELECT
        left(sha256(concat_ws(chr(31), $key, 'sheet', r.token)), 16) AS sheet,
        r.revision,
        row_number() OVER (PARTITION BY r.token ORDER BY r.revision DESC) = 1 AS is_newest,
        left(sha256(concat_ws(chr(31), $key, 'rater', a.rater_id)), 16) AS rater,
        a.form,
        a.purpose,
        left(sha256(concat_ws(chr(31), $key, a.form, a.subject_id)), 16) AS subject,
        left(sha256(concat_ws(chr(31), $key, 'item', '') || prompts.item_id), 16) AS item,
        items.task,
        prompts.context,
        prompts.belief,
        left(sha256(concat_ws(chr(31), $key, 'reply', '')
            || if(a.first_is_left, p.first_response_id, p.second_response_id)), 16) AS left_reply,
        left(sha256(concat_ws(chr(31), $key, 'reply', '')
            || if(a.first_is_left, p.second_response_id, p.first_response_id)), 16) AS right_reply,
        left(sha256(concat_ws(chr(31), $key, 'reply', '') || single.response_id), 16)
            AS single_reply,
        r.warmer,
        r.more_accurate,
        r.both_bad,
        r.correct,
        r.adopts,
        r.facts_kept,
        r.expresses,
        r.reason,
        r.seconds,
        r.layout,
        r.is_surplus,
        a.position,
        a.assigned_at,
        r.rated_at
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
    LEFT JOIN pairs AS p
        ON p.pair_id = a.subject_id AND a.form = 'pair' AND a.purpose IN ('study', 'repeat')
    LEFT JOIN responses AS single ON single.response_id = a.subject_id AND a.form = 'reply'
    LEFT JOIN prompts ON prompts.prompt_id = coalesce(p.prompt_id, single.prompt_id)
    LEFT JOIN items ON items.item_id = prompts.item_id
    ORDER BY rater, a.position, r.revision
"""

_SELECT_REPLIES = """
    SELECT
        left(sha256(concat_ws(chr(31), $key, 'reply', r.response_id)), 16) AS reply,
        left(sha256(concat_ws(chr(31), $key, 'item', p.item_id)), 16) AS item,
        p.context,
        p.belief,
        p.text AS prompt_text,
        r.text AS reply_text
    FROM responses AS r
    JOIN prompts AS p ON p.prompt_id = r.prompt_id
    WHERE r.text IS NOT NULL
    ORDER BY reply
"""

_SELECT_RATERS = """
    SELECT
        left(sha256(concat_ws(chr(31), $key, 'rater', r.rater_id)), 16) AS rater,
        s.state IS NOT DISTINCT FROM 'revoked' AS is_revoked,
        coalesce(given.n_rated, 0) AS n_rated,
        coalesce(skipped.n_skips, 0) AS n_skips,
        left(agreed.texts_sha256, 16) AS texts,
        shown.question_order,
        survey.guess,
        survey.guess_text,
        survey.comments
    FROM raters AS r
    LEFT JOIN (
        SELECT rater_id, last(state ORDER BY revision) AS state
        FROM rater_states GROUP BY rater_id
    ) AS s ON s.rater_id = r.rater_id
    LEFT JOIN (
        SELECT a.rater_id, count(DISTINCT rated.token) AS n_rated
        FROM ratings AS rated JOIN assignments AS a ON a.token = rated.token
        GROUP BY a.rater_id
    ) AS given ON given.rater_id = r.rater_id
    LEFT JOIN (
        SELECT a.rater_id, count(*) AS n_skips
        FROM remarks AS m JOIN assignments AS a ON a.token = m.token
        WHERE m.kind = 'skip'
        GROUP BY a.rater_id
    ) AS skipped ON skipped.rater_id = r.rater_id
    LEFT JOIN (
        SELECT rater_id, last(texts_sha256 ORDER BY attempt) AS texts_sha256
        FROM onboarding_steps
        WHERE step = 'consent' AND passed
        GROUP BY rater_id
    ) AS agreed ON agreed.rater_id = r.rater_id
    LEFT JOIN (
        SELECT rater_id, guess, guess_text, comments
        FROM exit_surveys
        QUALIFY row_number() OVER (PARTITION BY rater_id ORDER BY revision DESC) = 1
    ) AS survey ON survey.rater_id = r.rater_id
    LEFT JOIN (SELECT unnest($orders, recursive := true)) AS shown ON shown.rater_id = r.rater_id
    WHERE r.role = 'annotator'
    ORDER BY rater
"""

_SELECT_ANNOTATORS = "SELECT rater_id FROM raters WHERE role = 'annotator'"

_SELECT_REMARKS = """
    SELECT
        left(sha256(concat_ws(chr(31), $key, 'sheet', m.token)), 16) AS sheet,
        left(sha256(concat_ws(chr(31), $key, 'rater', a.rater_id)), 16) AS rater,
        a.form,
        a.purpose,
        left(sha256(concat_ws(chr(31), $key, a.form, a.subject_id)), 16) AS subject,
        m.kind,
        m.number,
        m.reason,
        m.text,
        m.remarked_at
    FROM remarks AS m
    JOIN assignments AS a ON a.token = m.token
    ORDER BY rater, m.remarked_at, m.number
"""

_SELECT_KEY = """
    SELECT
        'reply' AS kind,
        left(sha256(concat_ws(chr(31), $key, 'reply', r.response_id)), 16) AS code,
        r.response_id AS id,
        r.arm AS stands_for,
        m.model_name
    FROM responses AS r
    LEFT JOIN served_models AS m ON m.served_model_id = r.served_model_id
    UNION ALL
    SELECT 'rewrite', left(sha256(concat_ws(chr(31), $key, 'rewrite', w.rewrite_id)), 16),
        w.rewrite_id, w.style, NULL
    FROM rewrites AS w
    UNION ALL
    SELECT 'context', left(sha256(concat_ws(chr(31), $key, 'context', s.sentence_id)), 16),
        s.sentence_id, s.context, NULL
    FROM context_sentences AS s
    UNION ALL
    SELECT 'pair', left(sha256(concat_ws(chr(31), $key, 'pair', p.pair_id)), 16),
        p.pair_id, NULL, NULL
    FROM pairs AS p
    UNION ALL
    SELECT 'item', left(sha256(concat_ws(chr(31), $key, 'item', i.item_id)), 16),
        i.item_id, NULL, NULL
    FROM items AS i
    ORDER BY kind, code
"""

_SELECT_IDENTITIES = """
    SELECT
        left(sha256(concat_ws(chr(31), $key, 'rater', r.rater_id)), 16) AS rater,
        r.rater_id,
        i.provider,
        i.subject,
        i.study_ref,
        i.session_ref,
        i.arrived_at
    FROM raters AS r
    LEFT JOIN identities AS i ON i.rater_id = r.rater_id
    WHERE r.role = 'annotator'
    ORDER BY rater
"""

BLINDED_TABLES: Mapping[str, str] = {
    "ratings": _SELECT_RATINGS,
    "replies": _SELECT_REPLIES,
    "raters": _SELECT_RATERS,
    "remarks": _SELECT_REMARKS,
}
"""The tables that anyone may have, by the name of their files."""


@dataclass(frozen=True)
class ExportedTable:
    """One table that was written."""

    name: str
    columns: tuple[str, ...]
    n_rows: int


def export_blinded(
    con: duckdb.DuckDBPyConnection, settings: Settings, secret: str, folder: Path
) -> tuple[ExportedTable, ...]:
    """Write every blinded table as CSV and as Parquet, all of one moment, into a folder that exists."""
    with con.cursor() as cursor:
        cursor.begin()
        values: dict[str, Any] = {"key": secret}
        by_table = {"raters": values | {"orders": _question_orders(cursor, settings)}}
        return tuple(
            _write_both(cursor, by_table.get(name, values), name, statement, folder)
            for name, statement in BLINDED_TABLES.items()
        )


def write_key(con: duckdb.DuckDBPyConnection, secret: str, file: Path) -> ExportedTable:
    """Write which code stands for which arm. The caller has put it on the study's record."""
    return _write_csv(con.cursor(), {"key": secret}, _SELECT_KEY, file)


def write_identities(con: duckdb.DuckDBPyConnection, secret: str, file: Path) -> ExportedTable:
    """Write which code stands for which person. The caller has put it on the study's record."""
    return _write_csv(con.cursor(), {"key": secret}, _SELECT_IDENTITIES, file)


def write_owner_files(
    con: duckdb.DuckDBPyConnection, secret: str, folder: Path, key: bool, identities: bool
) -> None:
    """Write the files that only an owner may have into a folder that others cannot read."""
    if key:
        write_key(con, secret, folder / KEY_FILE)
    if identities:
        write_identities(con, secret, folder / IDENTITIES_FILE)


def check_free(folder: Path, option: str = "--to") -> None:
    """Let pass a folder to which something can be exported.

    Args:
        option: which names it, for the message.

    Raises:
        BadInput: it is there already and is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(
            f"expected a new or empty folder, got {folder}, which holds something; name another with "
            f"{option}"
        )


def write_whole(folder: Path, fill: Callable[[Path], object], option: str = "--to") -> None:
    """Make a folder whose content `fill` writes; when that fails, nothing is left behind.

    Only this user can read it, unless `fill` opens it to others.

    Raises:
        BadInput: the folder is there already and is not empty, or cannot be written.
    """
    check_free(folder, option)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise BadInput(
            f"{folder} cannot be written ({error.strerror}); name another folder with {option}"
        ) from error
    try:
        fill(draft)
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except BaseException:  # at Ctrl-C too nothing half-written stays
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _question_orders(
    cursor: duckdb.DuckDBPyConnection, settings: Settings
) -> list[dict[str, str | None]]:
    """The order in which each rater met the questions of each form, which follows from the seed."""
    raters = [rater_id for (rater_id,) in cursor.execute(_SELECT_ANNOTATORS).fetchall()]
    orders: list[dict[str, str | None]] = [
        {
            "rater_id": rater_id,
            "question_order": "; ".join(
                f"{form}: {', '.join(question_order(form, rater_id, settings.seed))}"
                for form in settings.rating.forms
            ),
        }
        for rater_id in raters
    ]
    # of an empty list the database would not know the columns
    return orders or [{"rater_id": None, "question_order": None}]


def _write_both(
    cursor: duckdb.DuckDBPyConnection,
    values: Mapping[str, Any],
    name: str,
    statement: str,
    folder: Path,
) -> ExportedTable:
    cursor.sql(statement, params=values).write_parquet(str(folder / f"{name}.parquet"))
    return _write_csv(cursor, values, statement, folder / f"{name}.csv")


def _write_csv(
    cursor: duckdb.DuckDBPyConnection, values: Mapping[str, Any], statement: str, file: Path
) -> ExportedTable:
    cursor.execute(statement, values)
    columns = tuple(column[0] for column in cursor.description or ())
    n_rows = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for rows in iter(lambda: cursor.fetchmany(10_000), []):
            writer.writerows(_as_cells(rows))
            n_rows += len(rows)
    return ExportedTable(file.stem, columns, n_rows)


def _as_cells(rows: Iterable[tuple[Any, ...]]) -> Iterable[list[Any]]:
    for row in rows:
        yield [as_safe_cell(_as_text(value)) for value in row]


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else value
