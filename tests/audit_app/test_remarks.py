from dataclasses import replace

import pytest
from rating_room import open_room

from audit_app.remarks import Remark, RemarkWords, check_remark, save_remark
from study.errors import BadInput
from study.records import Assignment

SKIP = RemarkWords("skip", "unclear", "")
TEXT_PROBLEM = RemarkWords("problem", "text", "the end is missing")


@pytest.fixture
def room(con):
    with open_room(con) as room:
        yield room


@pytest.fixture
def given(room, rows):
    """A pair that is open for anna."""
    rows.add_pair("00")
    return room.give()


def remark(room, given, words, key):
    now = room.clock()
    return room.commits.run(
        lambda cursor: save_remark(cursor, room.seating, given, words, key, now)
    )


def flags(room):
    return room.rows("SELECT response_id, raised_by, reason FROM flags ORDER BY response_id")


def test_a_remark_is_stored_with_its_words_and_time(room, given):
    words = RemarkWords("problem", "display", "it is cut „here“ 🙂")
    assert remark(room, given, words, "key 1") == Remark(given.token, "problem", 1)
    assert room.rows(
        "SELECT token, kind, number, reason, text, idempotency_key, remarked_at FROM remarks"
    ) == [(given.token, "problem", 1, "display", "it is cut „here“ 🙂", "key 1", room.clock())]


def test_a_skipped_sheet_comes_back_once_later_and_then_no_more(room, rows, given):
    rows.add_pair("01")
    rows.add_pair("02")
    room.seating.forget()
    assert remark(room, given, SKIP, "key 1").number == 1
    met = []
    for number in range(3):
        met.append(room.give())
        if met[-1].token == given.token:
            break
        room.rate(met[-1], f"rating {number}")
    assert given.token in [other.token for other in met[1:]]
    assert remark(room, given, SKIP, "key 2").number == 2
    while (other := room.next()) is not None:
        assert other.token != given.token
        room.rate(other, f"rating of {other.token}")


def test_a_skip_leaves_the_seat_to_others_only_when_it_is_the_second(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        given = room.give("anna")
        remark(room, given, SKIP, "key 1")
        assert room.next("bert") is None
        remark(room, given, SKIP, "key 2")
        assert room.next("bert").subject_id == given.subject_id


def test_the_second_skip_flags_both_replies_for_the_auditors(room, given):
    remark(room, given, SKIP, "key 1")
    assert flags(room) == []
    remark(room, given, replace(SKIP, reason="not_my_field", text="too much law"), "key 2")
    reason = (
        "A rater skipped it twice: it is outside the rater's field. In the rater's words: "
        "“too much law”"
    )
    assert flags(room) == [
        ("original response 00", "rater", reason),
        ("warm response 00", "rater", reason),
    ]


def test_a_problem_with_a_text_flags_both_replies_at_once(room, given):
    remark(room, given, TEXT_PROBLEM, "key 1")
    reason = "A rater reported a problem with the text. In the rater's words: “the end is missing”"
    assert [flag[2] for flag in flags(room)] == [reason, reason]


@pytest.mark.parametrize("reason", ["display", "question", "other"])
def test_a_problem_with_anything_else_flags_nothing(room, given, reason):
    remark(room, given, RemarkWords("problem", reason, "see above"), "key 1")
    assert flags(room) == []


def test_two_raters_who_report_one_text_make_one_flag_of_each_reply(room, given):
    remark(room, given, TEXT_PROBLEM, "key 1")
    other = room.give("bert")
    assert other.subject_id == given.subject_id
    remark(room, other, replace(TEXT_PROBLEM, text=""), "key 2")
    assert len(flags(room)) == 2
    assert len(room.rows("SELECT token FROM remarks")) == 2


def test_what_is_no_reply_of_the_study_is_never_flagged(room):
    for form, purpose in [("pair", "gold"), ("rewrite", "study"), ("context", "study")]:
        first_is_left = True if form == "pair" else None
        given = Assignment(form, "anna", form, purpose, "a subject", first_is_left, 0, "")
        assert remark(room, given, TEXT_PROBLEM, f"key of {form}").number == 1
    assert flags(room) == []


def test_a_single_reply_is_flagged_alone(room):
    given = Assignment("a token", "anna", "reply", "study", "a reply", None, 0, "")
    remark(room, given, TEXT_PROBLEM, "key 1")
    assert [flag[0] for flag in flags(room)] == ["a reply"]


def test_a_retry_answers_with_the_first_remark_and_counts_once(room, given):
    first = remark(room, given, SKIP, "key 1")
    assert remark(room, given, SKIP, "key 1") == first
    assert len(room.rows("SELECT token FROM remarks")) == 1
    assert flags(room) == []


def test_a_key_of_another_sheet_answers_with_that_sheets_remark_and_stores_nothing(
    room, rows, given
):
    rows.add_pair("01")
    first = remark(room, given, SKIP, "key 1")
    assert remark(room, room.give("bert"), SKIP, "key 1") == first
    assert len(room.rows("SELECT token FROM remarks")) == 1


def test_a_sheet_cannot_be_skipped_a_third_time(room, given):
    remark(room, given, SKIP, "key 1")
    remark(room, given, SKIP, "key 2")
    assert remark(room, given, SKIP, "key 3") is None
    assert len(room.rows("SELECT token FROM remarks")) == 2


def test_a_rated_sheet_cannot_be_skipped_but_reported(room, given):
    room.rate(given, "key 1")
    assert remark(room, given, SKIP, "key 2") is None
    assert remark(room, given, TEXT_PROBLEM, "key 3") == Remark(given.token, "problem", 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (RemarkWords("skip", "text", ""), "reason: expected one of unclear, distressing, "),
        (RemarkWords("problem", "unclear", ""), "reason: expected one of display, text, question,"),
        (RemarkWords("skip", "other", "x" * 2001), "text: expected at most 2000 characters"),
        (RemarkWords("skip", "other", "\ud83d"), "text: expected text, got half of a character"),
    ],
)
def test_a_remark_that_cannot_be_stored_is_refused(words, sentence):
    with pytest.raises(BadInput, match=sentence):
        check_remark(words, "key 1")


def test_a_key_that_no_page_would_draw_is_refused():
    with pytest.raises(BadInput, match="idempotency_key: expected 1 to 100 printable ASCII"):
        check_remark(SKIP, "")
