import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.imported_replies import ImportedReply, read_reply_file
from study.errors import BadInput


@pytest.fixture
def read(tmp_path):
    def read(*rows, columns=None):
        file = tmp_path / "r.jsonl"
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        return read_reply_file(file, columns or {})

    return read


ROW = {"prompt": "Capital?", "arm": "warm", "reply": "Oh, Canberra!"}


def test_three_columns_are_enough_and_the_rest_is_open(read):
    (reply,) = read(ROW).replies
    assert (reply.prompt, reply.arm, reply.reply) == ("Capital?", "warm", "Oh, Canberra!")
    open_fields = (reply.label, reply.item, reply.context, reply.belief, reply.model, reply.seconds)
    assert open_fields == (None,) * 6
    assert reply.references == reply.wrong_answers == ()


def test_columns_are_known_by_the_names_of_items_files_too(read):
    (reply,) = read(
        ROW
        | {"item_id": 7, "reference": "Canberra; the ACT", "wrong_answer": ["Sydney"]}
        | {"finish_reason": "max_tokens", "n_tokens": "12", "seconds": 0.5, "label": True}
    ).replies
    assert reply.item == "7"
    assert (reply.references, reply.wrong_answers) == (("Canberra", "the ACT"), ("Sydney",))
    assert (reply.finish_reason, reply.n_tokens, reply.seconds) == ("length", 12, 0.5)
    assert reply.label == "True"


def test_options_keep_their_places_even_where_two_are_alike(read):
    row = ROW | {"answer_kind": "option", "options": "4; 14; 4", "wrong_is_made": "TRUE"}
    (reply,) = read(row).replies
    assert (reply.answer_kind, reply.options) == ("option", ("4", "14", "4"))
    assert reply.wrong_is_made is True


def test_conditions_get_the_names_of_the_packaged_ones(read):
    replies = read(ROW | {"context": "Stakes high", "belief": ""}).replies
    assert (replies[0].context, replies[0].belief) == ("stakes_high", None)


def test_a_column_of_another_name_is_taken_when_it_is_said(read):
    row = {"text": "Capital?", "arm": "warm", "reply": "Canberra", "mood": 3, "prompt": "x"}
    file = read(row, columns={"prompt": "text"})
    assert file.replies[0].prompt == "Capital?"
    assert file.unused_columns == ("mood", "prompt")


def test_a_reply_keeps_its_blanks_and_may_be_empty(read):
    replies = read(ROW | {"reply": " oh \n"}, ROW | {"reply": None}).replies
    assert [reply.reply for reply in replies] == [" oh \n", ""]


def test_half_a_character_is_replaced_since_nothing_can_store_it(read):
    assert read(ROW | {"reply": "a\ud800b"}).replies[0].reply == "a?b"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"prompt": "a", "arm": "b"}, "expected a column 'reply'"),
        (ROW | {"prompt": " "}, "row 1: expected the prompt, got an empty cell"),
        (ROW | {"arm": None}, "expected the arm, got an empty cell"),
        (ROW | {"reply": ["a"]}, "expected text as reply, got list"),
        (ROW | {"n_tokens": "many"}, "expected a number of at least 0 as n_tokens"),
        (ROW | {"n_tokens": 1.5}, "expected a whole number as n_tokens, got 1.5"),
        (ROW | {"sample": -1}, "at least 0 as sample"),
        (ROW | {"seconds": True}, "at least 0 as seconds"),
        (
            ROW | {"answer_kind": "letter"},
            "expected one of text, option, number, none as answer_kind",
        ),
        (ROW | {"answer_kind": "ungraded"}, "number, none as answer_kind, got 'ungraded'"),
        (ROW | {"options": ["a", " ", "b"]}, "expected options, none empty"),
        (ROW | {"wrong_is_made": "perhaps"}, "expected true or false as wrong_is_made"),
        (ROW | {"created_at": "yesterday"}, "expected a time such as"),
        (ROW | {"created_at": "2026-03-01 12:00"}, "add Z for UTC"),
    ],
)
def test_a_cell_that_does_not_fit_is_told_with_its_row(read, row, told):
    with pytest.raises(BadInput, match=told) as caught:
        read(row)
    assert "r.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "told"),
    [({"prompt": "texts"}, "has the columns prompt, arm, reply"), ({"mood": "reply"}, "'mood'")],
)
def test_a_column_that_is_not_there_is_said(read, columns, told):
    with pytest.raises(BadInput, match=told):
        read(ROW, columns=columns)


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
NAMES = st.sampled_from([*ImportedReply.__dataclass_fields__, "other"])


@given(st.dictionaries(NAMES, CELLS | st.lists(CELLS, max_size=3)))
def test_any_row_is_a_reply_or_refused(tmp_path_factory, cells):
    file = tmp_path_factory.getbasetemp() / "drawn-replies.jsonl"
    file.write_text(json.dumps(ROW | cells), encoding="utf-8")
    try:
        found = read_reply_file(file, {})
    except BadInput:
        return
    (reply,) = found.replies
    assert reply.prompt.strip()
    assert reply.n_tokens is None or reply.n_tokens >= 0
