"""How long the texts are that raters read, in words. Reads only."""

from collections.abc import Mapping

import duckdb

# Splitting at a regular expression takes 400 ms for the texts of 10,000 pairs, this 60 ms. Blanks
# are made one first: halving them four times leaves one of up to sixteen.
_COUNT_WORDS = """
    WITH texts AS (
        SELECT 'prompt' AS kind, prompt_id AS id, text FROM prompts
        UNION ALL
        SELECT 'response', response_id, text FROM responses WHERE text IS NOT NULL
        UNION ALL
        SELECT 'rewrite', rewrite_id, concat_ws(' ', user_text, source_text, text) FROM rewrites
        UNION ALL
        SELECT 'context', sentence_id, text FROM context_sentences
        UNION ALL
        SELECT 'gold', gold_id, concat_ws(' ', prompt_text, first_text, second_text)
        FROM gold_pairs
    ),
    spaced AS (
        SELECT kind, id, replace(replace(text, chr(10), ' '), chr(9), ' ') AS text
        FROM texts
    ),
    counted AS (
        SELECT kind, id, len(string_split(trim(
            replace(replace(replace(replace(text, '  ', ' '), '  ', ' '), '  ', ' '), '  ', ' ')
        ), ' ')) AS n_words
        FROM spaced
    )
    SELECT 'pair', p.pair_id, asked.n_words + one.n_words + two.n_words
    FROM pairs AS p
    JOIN counted AS asked ON asked.kind = 'prompt' AND asked.id = p.prompt_id
    JOIN counted AS one ON one.kind = 'response' AND one.id = p.first_response_id
    JOIN counted AS two ON two.kind = 'response' AND two.id = p.second_response_id
    UNION ALL
    SELECT 'reply', r.response_id, asked.n_words + reply.n_words
    FROM responses AS r
    JOIN counted AS asked ON asked.kind = 'prompt' AND asked.id = r.prompt_id
    JOIN counted AS reply ON reply.kind = 'response' AND reply.id = r.response_id
    UNION ALL
    SELECT kind, id, n_words FROM counted WHERE kind NOT IN ('prompt', 'response')
"""


class WordCounts:
    """How many words each thing shown has; texts never change, so each is counted once."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._known: dict[tuple[str, str], int] = {}

    def of(
        self, con: duckdb.DuckDBPyConnection, subjects: set[tuple[str, str]]
    ) -> Mapping[tuple[str, str], int]:
        """Words by form and id, `gold` for checks; a subject whose texts are not stored has none."""
        if not subjects <= self._known.keys():
            rows = con.cursor().execute(_COUNT_WORDS).fetchall()
            self._known = {(form, subject_id): n_words for form, subject_id, n_words in rows}
            self._known |= dict.fromkeys(subjects - self._known.keys(), 0)
        return self._known
