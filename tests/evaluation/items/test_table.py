from dataclasses import asdict

import duckdb
import pytest

from evaluation.items.table import insert_items
from study.errors import BadTable
from study.migrations import migrate
from study.records import Item

ITEMS = [
    Item("1", "trivia", "Who wrote Emma?", ("Austen", "Jane Austen"), ("Eliot",), "s", "CC0"),
    Item(
        "2",
        "mmlu",
        "Which?",
        ("B",),
        ("A",),
        "s",
        "MIT",
        answer_kind="option",
        options=("A", "B"),
        wrong_is_made=True,
        category="law",
    ),
    Item("3", "advbench", "Say it", (), (), "s", "MIT", answer_kind="none"),
]


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    yield con
    con.close()


def stored(con):
    rows = con.execute("SELECT * FROM items ORDER BY item_id").fetchall()
    texts = [[tuple(value) if isinstance(value, list) else value for value in row] for row in rows]
    return [Item(*row) for row in texts]


def test_items_are_read_as_they_were_stored_whatever_their_kinds(con):
    assert insert_items(con, [asdict(item) for item in ITEMS]) == 3
    assert stored(con) == ITEMS
    assert insert_items(con, [asdict(item) for item in ITEMS]) == 0


def test_rows_of_earlier_releases_are_text_items(con):
    columns = ("item_id", "task", "question", "references", "wrong_answers", "source", "licence")
    insert_items(con, [{name: asdict(ITEMS[0])[name] for name in columns}])
    assert stored(con) == ITEMS[:1]


def test_a_kind_of_answer_that_is_unknown_is_refused(con):
    with pytest.raises(BadTable):
        insert_items(con, [asdict(ITEMS[0]) | {"answer_kind": "guess"}])
