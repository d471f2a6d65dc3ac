"""How long the texts are that raters read, in words. Reads only."""

from collections.abc import Mapping

import duckdb

_COUNT_WORDS = r"""
    WITH replies AS (
        SELECT r.response_id, r.prompt_id,
            len(string_split_regex(trim(r.text), '\s+')) AS n_words
        FROM responses AS r
        WHERE r.text IS NOT NULL
    ),
    asked AS (
        SELECT p.prompt_id, len(string_split_regex(trim(p.text), '\s+')) AS n_words
        FROM prompts AS p
    )
    SELECT 'pair' AS form, p.pair_id AS subject_id,
        asked.n_words + one.n_words + two.n_words AS n_words
    FROM pairs AS p
    JOIN asked ON asked.prompt_id = p.prompt_id
    JOIN replies AS one ON one.response_id = p.first_response_id
    JOIN replies AS two ON two.response_id = p.second_response_id
    UNION ALL
    SELECT 'reply', replies.response_id, asked.n_words + replies.n_words
    FROM replies
    JOIN asked ON asked.prompt_id = replies.prompt_id
    UNION ALL
    SELECT 'rewrite', w.rewrite_id,
        len(string_split_regex(trim(concat_ws(' ', w.user_text, w.source_text, w.text)), '\s+'))
    FROM rewrites AS w
    UNION ALL
    SELECT 'context', s.sentence_id, len(string_split_regex(trim(s.text), '\s+'))
    FROM context_sentences AS s
    UNION ALL
    SELECT 'gold', g.gold_id, len(string_split_regex(
        trim(concat_ws(' ', g.prompt_text, g.first_text, g.second_text)), '\s+'))
    FROM gold_pairs AS g
"""


class WordCounts:
    """How many words each thing shown has; texts never change, so each is counted once."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._known: dict[tuple[str, str], int] = {}

    def of(
        self, con: duckdb.DuckDBPyConnection, subjects: set[tuple[str, str]]
    ) -> Mapping[tuple[str, str], int]:
        """Words by form and id; a subject whose texts are not stored has none."""
        if not subjects <= self._known.keys():
            rows = con.cursor().execute(_COUNT_WORDS).fetchall()
            self._known = {(form, subject_id): n_words for form, subject_id, n_words in rows}
            self._known |= dict.fromkeys(subjects - self._known.keys(), 0)
        return self._known
