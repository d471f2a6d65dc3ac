import threading

import duckdb
import pytest

from study.database import transaction
from study.errors import StudyError
from study.migrations import MIGRATIONS, migrate


def tables(con):
    return {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def test_numbers_are_consecutive():
    numbers = [int(change.__name__[1:4]) for change in MIGRATIONS]
    assert numbers == list(range(1, len(MIGRATIONS) + 1))


def test_a_second_run_applies_nothing():
    con = duckdb.connect()
    assert migrate(con) == [change.__name__ for change in MIGRATIONS]
    assert migrate(con) == []


def test_a_failing_change_leaves_nothing_behind():
    def m999_half_done(con):
        con.execute("CREATE TABLE half_made (i INTEGER)")
        raise ValueError("boom")

    con = duckdb.connect()
    with pytest.raises(ValueError, match="boom"):
        migrate(con, [*MIGRATIONS, m999_half_done])
    assert "half_made" not in tables(con)
    assert con.execute("SELECT count(*) FROM migrations").fetchone() == (len(MIGRATIONS),)


def test_threads_that_insert_one_key_all_come_through():
    con = duckdb.connect()
    con.execute("CREATE TABLE seen (pair_id INTEGER PRIMARY KEY)")
    failures = []

    def insert():
        try:
            with transaction(con) as cursor:
                cursor.execute("INSERT INTO seen VALUES (1) ON CONFLICT DO NOTHING")
        except StudyError as error:
            failures.append(error)

    threads = [threading.Thread(target=insert) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert con.execute("SELECT count(*) FROM seen").fetchone() == (1,)


def test_items_of_before_have_text_answers_once_migrated():
    con = duckdb.connect()
    before = [change for change in MIGRATIONS if int(change.__name__[1:4]) < 34]
    migrate(con, before)
    con.execute("INSERT INTO items VALUES ('i1', 'trivia', 'Q?', ['a'], ['b'], 'a shelf', 'CC0')")
    assert migrate(con) == [change.__name__ for change in MIGRATIONS[len(before) :]]
    assert con.execute("SELECT * FROM items").fetchall() == [
        ("i1", "trivia", "Q?", ["a"], ["b"], "a shelf", "CC0", "text", [], False, "")
    ]


def test_responses_of_before_are_first_attempts_once_migrated():
    con = duckdb.connect()
    migrate(con, [change for change in MIGRATIONS if int(change.__name__[1:4]) < 42])
    con.execute("""
        INSERT INTO responses (response_id, prompt_id, served_model_id, arm, sample, failure, seconds,
            created_at)
        VALUES ('r', 'p', 'm', 'warm', 2, 'HTTP 500', 1.5, '2026-03-01')
    """)
    con.execute("""
        INSERT INTO control_replies (reply_id, question_id, served_model_id, arm, text, seconds,
            created_at)
        VALUES ('c', 'q', 'm', 'warm', 'four', 1.5, '2026-03-01')
    """)
    migrate(con)
    query = "SELECT response_id, prompt_id, sample, attempt, text, failure, seconds FROM responses"
    assert con.execute(query).fetchall() == [("r", "p", 2, 1, None, "HTTP 500", 1.5)]
    query = "SELECT reply_id, question_id, attempt, text, failure FROM control_replies"
    assert con.execute(query).fetchall() == [("c", "q", 1, "four", None)]
