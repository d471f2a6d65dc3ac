"""What is given is stored once, under a token, and shown to its own rater alone."""

import threading

import pytest
from raters_at_work import add_gold, rate, rate_all
from rating_room import EQUAL, open_room

from audit_app.assignment import next_assignment, rater_progress, read_assignment, read_sheet
from audit_app.ratings import save_rating
from audit_app.seating import RaterProgress
from study.errors import NotAllowed
from study.records import (
    Assignment,
    BlindedPair,
    BlindedResponse,
    BlindedRewrite,
    BlindedSentence,
)


@pytest.fixture
def room(con):
    with open_room(con) as room:
        yield room


def test_there_is_nothing_to_rate_before_pairs_come_in(room, rows):
    assert room.next() is None
    rows.add_pair("late")
    room.seating.forget()
    assert room.give().subject_id == "pair late"


def test_an_assignment_is_stored_as_it_is_returned(room, rows):
    rows.add_pair("00")
    given = room.give("anna")
    assert given == Assignment(
        token=given.token,
        rater_id="anna",
        form="pair",
        purpose="study",
        subject_id="pair 00",
        first_is_left=given.first_is_left,
        position=0,
        assigned_at="2026-03-01T12:00:00+00:00",
    )
    assert len(given.token) == 22  # sixteen random bytes in base64
    stored = room.rows(
        "SELECT token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at "
        "FROM assignments"
    )
    assert stored == [
        (given.token, "anna", "pair", "study", "pair 00", given.first_is_left, 0, room.clock())
    ]
    assert read_assignment(room.con.cursor(), given.token, "anna") == given


def test_the_same_sheet_with_the_same_sides_comes_until_it_is_rated(room, rows):
    rows.add_pairs(5)
    given = room.give()
    assert [room.give() for _ in range(3)] == [given] * 3
    rate(room, given)
    assert room.give() != given
    assert len(room.rows("SELECT token FROM assignments")) == 2


def test_a_rater_gets_every_pair_once_in_positions_without_gaps(room, rows):
    rows.add_pairs(12)
    seen = rate_all(room)
    assert sorted(given.subject_id for given in seen) == [f"pair {n:02}" for n in range(12)]
    assert [given.position for given in seen] == list(range(12))
    assert len({given.token for given in seen}) == 12


def test_progress_is_told_by_any_connection(room, rows):
    rows.add_pairs(2)
    rate(room, room.give())
    assert rater_progress(room.con, room.seating, "anna", room.clock()) == RaterProgress(1, 2)


def test_anothers_token_and_an_unknown_one_are_refused_in_the_same_words(room, rows):
    rows.add_pair("00")
    given = room.give("anna")
    sentences = set()
    for token in (given.token, "unknown", "", "' OR 1=1 --", "\ud800", "käse", "a\x00b"):
        with pytest.raises(NotAllowed) as refusal:
            read_assignment(room.con.cursor(), token, "bert")
        sentences.add(str(refusal.value))
    assert len(sentences) == 1


def test_a_pair_shows_the_prompt_and_both_replies_on_the_sides_that_are_stored(room, rows):
    rows.add_pair("00")
    replies = ("first reply 00", "second reply 00")
    for first_is_left, (left, right) in ((True, replies), (False, replies[::-1])):
        given = Assignment("a token", "anna", "pair", "study", "pair 00", first_is_left, 0, "")
        sheet = read_sheet(room.con.cursor(), given)
        assert sheet == BlindedPair("a token", "question 00", left, right)


def test_a_repeat_shows_the_same_texts_the_other_way_round(con, rows):
    rows.add_pairs(10)
    with open_room(con, repeat_share=0.1) as room:
        seen = rate_all(room)
        source = next(given for given in seen if given.subject_id == seen[-1].subject_id)
        first, again = (read_sheet(con.cursor(), given) for given in (source, seen[-1]))
    assert seen[-1].purpose == "repeat"
    assert (first.left_text, first.right_text) == (again.right_text, again.left_text)
    assert first.left_text != first.right_text


@pytest.mark.parametrize("purpose", ["gold", "attention"])
def test_a_check_shows_its_own_texts(room, con, purpose):
    add_gold(con, 1, 1)
    for first_is_left, texts in (
        (True, ("the first", "the second")),
        (False, ("the second", "the first")),
    ):
        given = Assignment("t", "anna", "pair", purpose, f"{purpose} 0", first_is_left, 0, "")
        assert read_sheet(con.cursor(), given) == BlindedPair("t", "Which is larger?", *texts)


@pytest.mark.parametrize(("belief", "stated"), [("none", None), ("asserts_wrong", "Sydney")])
def test_a_reply_shows_the_reference_and_what_the_user_stated(con, rows, belief, stated):
    rows.add_prompt("00", belief)
    response_id = rows.add_response("00", "warm", "It is Canberra.")
    given = Assignment("t", "anna", "reply", "study", response_id, None, 0, "")
    assert read_sheet(con.cursor(), given) == BlindedResponse(
        "t", "question 00", "It is Canberra.", "Canberra", stated
    )


def test_a_denied_answer_is_none_that_the_user_stated(con, rows):
    rows.add_prompt("00", "denies_right")
    response_id = rows.add_response("00", "warm", "It is Canberra.")
    given = Assignment("t", "anna", "reply", "study", response_id, None, 0, "")
    assert read_sheet(con.cursor(), given).stated_answer is None


def test_a_rewrite_shows_what_it_was_made_of_and_a_sentence_itself(con):
    con.execute("INSERT INTO rewrites VALUES ('r', 'c', 'warm', 'Hello?', 'Yes.', 'Yes, dear.')")
    con.execute("INSERT INTO context_sentences VALUES ('s', 'sad', 'I feel low today.')")
    rewrite = Assignment("t", "anna", "rewrite", "study", "r", None, 0, "")
    sentence = Assignment("t", "anna", "context", "study", "s", None, 0, "")
    assert read_sheet(con.cursor(), rewrite) == BlindedRewrite("t", "Hello?", "Yes.", "Yes, dear.")
    assert read_sheet(con.cursor(), sentence) == BlindedSentence("t", "I feel low today.")


def test_of_fifty_threads_that_claim_the_last_seat_one_gets_it(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        claims = run_at_once([lambda n=n: room.next(f"rater {n}") for n in range(50)])
        assert len(claims) == 50
        (claim,) = [claim for claim in claims if claim is not None]
        assert room.rows("SELECT token, rater_id FROM assignments") == [
            (claim.token, claim.rater_id)
        ]


def test_fifty_threads_that_claim_forty_seats_get_forty(con, rows):
    rows.add_pairs(10)
    with open_room(con, seats=4) as room:
        claims = run_at_once([lambda n=n: room.next(f"rater {n}") for n in range(50)])
        assert len([claim for claim in claims if claim is not None]) == 40
        counts = "SELECT count(*), sum(first_is_left::INTEGER) FROM assignments GROUP BY subject_id"
        assert room.rows(counts) == [(4, 2)] * 10


def test_twenty_tabs_of_one_rater_open_one_sheet(room, rows):
    rows.add_pairs(10)
    claims = run_at_once([room.give] * 20)
    assert len(claims) == 20
    assert len(set(claims)) == 1
    assert len(room.rows("SELECT token FROM assignments")) == 1


def test_a_rating_and_the_next_sheet_go_into_one_job(room, rows):
    rows.add_pairs(2)
    given, now = room.give(), room.clock()

    def rate_and_go_on(cursor):
        save_rating(cursor, room.seating, given, EQUAL, "key 1", now)
        return next_assignment(cursor, room.seating, "anna", now)

    following = room.commits.run(rate_and_go_on)
    assert following.position == 1
    assert following.subject_id != given.subject_id


def run_at_once(calls):
    results = []
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        results.append(call())

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
