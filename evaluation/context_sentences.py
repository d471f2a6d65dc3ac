"""Context sentences: what raters of the form context hear a context in. The only writer of
`context_sentences`.

They are those of the study's wordings (`prompts.py`), each once and without the question that
follows it in a prompt. What people heard is told in `statistics/context_check.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from evaluation.prompts import Wordings
from study.database import insert_rows
from study.records import ContextSentence, stable_id

_INSERT_SENTENCES = """
    INSERT INTO context_sentences (sentence_id, context, text)
    SELECT row.sentence_id, row.context, row.text
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (sentence_id) DO NOTHING
"""
_SELECT_SENTENCE_IDS = "SELECT sentence_id FROM context_sentences"


def build_context_sentences(wordings: Wordings, contexts: Sequence[str]) -> list[ContextSentence]:
    """The sentences of the contexts that a study asks under; the context `none` has none."""
    return [
        ContextSentence(stable_id("sentence", context, text), context, text)
        for context in contexts
        for text in wordings.contexts[context].sentences
    ]


def read_sentence_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the sentences that the study has."""
    return {row[0] for row in con.execute(_SELECT_SENTENCE_IDS).fetchall()}


def insert_context_sentences(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store sentences; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_SENTENCES, rows)
