import duckdb

from evaluation.context_sentences import (
    build_context_sentences,
    insert_context_sentences,
    read_sentence_ids,
)
from evaluation.prompts import read_wordings
from study.migrations import migrate


def test_every_sentence_of_the_studys_contexts_is_rated_once():
    wordings = read_wordings()
    made = build_context_sentences(wordings, ("none", "sad", "angry"))
    assert [(one.context, one.text) for one in made] == [
        *(("sad", text) for text in wordings.contexts["sad"].sentences),
        *(("angry", text) for text in wordings.contexts["angry"].sentences),
    ]
    assert len({one.sentence_id for one in made}) == len(made) == 10


def test_a_study_without_contexts_has_none():
    assert build_context_sentences(read_wordings(), ("none",)) == []


def test_sentences_are_stored_once():
    con = duckdb.connect()
    migrate(con)
    rows = [vars(one) for one in build_context_sentences(read_wordings(), ("sad",))]
    assert insert_context_sentences(con, rows) == 5
    assert insert_context_sentences(con, rows) == 0
    assert read_sentence_ids(con) == {row["sentence_id"] for row in rows}
    con.close()
