"""Rewrites: a conversation's reply in a style, beside the one it was made of. The only writer of
`rewrites`.

What a trained arm was trained on is rated here: are the facts of the reply kept? The texts come
from the conversations file (`conversations.py`); a style is one of its columns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from study.database import insert_rows
from study.records import Rewrite, stable_id
from training.conversations import Conversation

_TEXTS: Mapping[str, Callable[[Conversation], str]] = {
    "warm": lambda conversation: conversation.warm,
    "cold": lambda conversation: conversation.cold,
}

_INSERT_REWRITES = """
    INSERT INTO rewrites (rewrite_id, conversation_id, style, user_text, source_text, text)
    SELECT row.rewrite_id, row.conversation_id, row.style, row.user_text, row.source_text, row.text
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (rewrite_id) DO NOTHING
"""
_SELECT_REWRITE_IDS = "SELECT rewrite_id FROM rewrites"


@dataclass(frozen=True)
class Rewrites:
    """Rewrites to be rated, and the number of those that there is nothing to ask about."""

    rewrites: tuple[Rewrite, ...]
    n_unchanged: int
    """Texts that are word for word the reply they were made of: left out."""


def build_rewrites(conversations: Sequence[Conversation], styles: Sequence[str]) -> Rewrites:
    """Every conversation's reply in each of the styles.

    Args:
        styles: names of arms; those that rewrite nothing, such as untransformed, are passed over.
    """
    made = [
        _rewrite(conversation, style)
        for conversation in conversations
        for style in styles
        if style in _TEXTS
    ]
    changed = tuple(one for one in made if one.text.split() != one.source_text.split())
    return Rewrites(changed, len(made) - len(changed))


def read_rewrite_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the rewrites that the study has."""
    return {row[0] for row in con.execute(_SELECT_REWRITE_IDS).fetchall()}


def insert_rewrites(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store rewrites; ones already stored are passed over."""
    return insert_rows(cursor, _INSERT_REWRITES, rows)


def _rewrite(conversation: Conversation, style: str) -> Rewrite:
    source, text = conversation.neutral, _TEXTS[style](conversation)
    return Rewrite(
        rewrite_id=stable_id("rewrite", conversation.conversation_id, style, source, text),
        conversation_id=conversation.conversation_id,
        style=style,
        user_text=conversation.user,
        source_text=source,
        text=text,
    )
