import duckdb
import pytest

from study.migrations import migrate
from training.conversations import Conversation, read_conversations
from training.rewrites import build_rewrites, insert_rewrites, read_rewrite_ids

MOON = Conversation(
    "c1", "factual", "How far is the moon?", "About 384,000 km.", "Dear, 384,000 km.", "384,000 km."
)
SAME = Conversation("c2", "", "Hello?", "Hello there.", " Hello there.\n", "Hello.")


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    yield con
    con.close()


def test_each_style_of_a_conversation_stands_beside_its_neutral_reply():
    warm, cold = build_rewrites([MOON], ("warm", "cold")).rewrites
    assert (warm.style, warm.user_text, warm.source_text, warm.text) == (
        "warm",
        "How far is the moon?",
        "About 384,000 km.",
        "Dear, 384,000 km.",
    )
    assert (cold.style, cold.text, cold.conversation_id) == ("cold", "384,000 km.", "c1")


def test_arms_that_rewrite_nothing_are_passed_over():
    made = build_rewrites([MOON], ("untransformed", "warm"))
    assert [one.style for one in made.rewrites] == ["warm"]
    assert made.n_unchanged == 0


def test_what_is_the_same_but_for_blanks_is_left_out_and_counted():
    made = build_rewrites([MOON, SAME], ("warm", "cold"))
    assert [(one.conversation_id, one.style) for one in made.rewrites] == [
        ("c1", "warm"),
        ("c1", "cold"),
        ("c2", "cold"),
    ]
    assert made.n_unchanged == 1


def test_a_rewrite_is_another_one_when_its_words_change():
    (before,) = build_rewrites([MOON], ("warm",)).rewrites
    changed = Conversation(**(vars(MOON) | {"warm": "Dear you, 384,000 km."}))
    (after,) = build_rewrites([changed], ("warm",)).rewrites
    assert before.rewrite_id == build_rewrites([MOON], ("warm",)).rewrites[0].rewrite_id
    assert before.rewrite_id != after.rewrite_id


def test_rewrites_are_stored_once(con):
    rows = [vars(one) for one in build_rewrites([MOON], ("warm", "cold")).rewrites]
    assert insert_rewrites(con, rows) == 2
    assert insert_rewrites(con, rows) == 0
    assert read_rewrite_ids(con) == {row["rewrite_id"] for row in rows}


def test_every_packaged_conversation_has_both_rewrites():
    conversations = read_conversations("packaged")
    made = build_rewrites(conversations, ("warm", "cold"))
    assert len(made.rewrites) + made.n_unchanged == 2 * len(conversations)
    assert len({one.rewrite_id for one in made.rewrites}) == len(made.rewrites)
