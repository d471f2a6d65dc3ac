"""What comes after a sheet stands ready while its rater works on it."""

import pytest
from raters_at_work import add_gold, rate
from rating_room import open_room

from audit_app.assignment import prepare_assignment
from audit_app.remarks import RemarkWords
from audit_app.study_events import record_event


def prepare(room, token):
    now = room.clock()
    room.commits.run(lambda cursor: prepare_assignment(cursor, room.seating, token, now))


def open_sheets(room):
    return room.rows("SELECT token, rater_id FROM assignments ORDER BY position")


@pytest.fixture
def room(con, rows):
    rows.add_pairs(4)
    with open_room(con, seats=1) as room:
        yield room


def test_a_rater_gets_what_was_prepared_and_nothing_is_prepared_twice(room):
    first = room.give("anna")
    prepare(room, first.token)
    prepare(room, first.token)
    assert [rater for _, rater in open_sheets(room)] == ["anna", "anna"]
    assert room.give("anna") == first
    rate(room, first)
    second = room.give("anna")
    assert second.token == open_sheets(room)[1][0]
    assert len(open_sheets(room)) == 2


def test_a_prepared_sheet_holds_its_seat_and_gives_it_back_like_any_other(room):
    for rater_id in ("anna", "bert"):
        prepare(room, room.give(rater_id).token)
    assert room.next("carl") is None
    room.clock.advance(minutes=21)
    assert room.next("carl") is not None


def test_nothing_is_prepared_after_a_sheet_that_is_rated(room):
    first = room.give("anna")
    rate(room, first)
    prepare(room, first.token)
    assert len(open_sheets(room)) == 1


def test_nothing_is_prepared_where_nothing_is_left(room):
    given = [room.give(rater_id) for rater_id in ("anna", "bert", "carl", "dora")]
    prepare(room, given[0].token)
    assert len(open_sheets(room)) == 4


def test_what_was_skipped_does_not_stand_for_what_comes_next(con, rows):
    rows.add_pairs(4)
    with open_room(con) as room:
        room.consent("anna")
        desk = room.desk()
        skipped = desk.show("anna")["token"]
        room.clock.advance(seconds=5)
        desk.keep_draft("anna", skipped, {"warmer": "equal"}, "tab").result()
        ready = open_sheets(room)[1][0]
        card = desk.remark("anna", skipped, RemarkWords("skip", "unclear", ""), "key 1")
        assert card["token"] == ready
        desk.keep_draft("anna", ready, {"warmer": "equal"}, "tab").result()
        assert [rater for _, rater in open_sheets(room)] == ["anna"] * 3


def test_a_paused_study_prepares_nothing(con, rows):
    rows.add_pairs(2)
    with open_room(con) as room:
        room.consent("anna")
        desk = room.desk()
        token = desk.show("anna")["token"]
        record_event(con, "paused", "owner", "a break", room.clock())
        room.clock.advance(seconds=5)
        desk.keep_draft("anna", token, {"warmer": "equal"}, "tab").result()
        assert len(open_sheets(room)) == 1


def rate_all_as_the_desk_does(room, *, prepared):
    """What anna was given and what her counter said, over the whole study."""
    seen = []
    while (given := room.next("anna")) is not None:
        if prepared:
            prepare(room, given.token)
        rate(room, given)
        progress = room.seating.progress(room.con.cursor(), "anna", room.clock())
        seen.append((given.purpose, given.subject_id, given.first_is_left, progress))
    return seen


@pytest.mark.parametrize("n_pairs", [3, 9, 30])
@pytest.mark.parametrize("check_every", [0, 4])
def test_neither_order_nor_counter_tells_whether_sheets_were_prepared(
    con, rows, n_pairs, check_every
):
    rows.add_pairs(n_pairs)
    add_gold(con, 3, 3)
    plan = {"repeat_share": 0.1, "check_every": check_every}
    with open_room(con, **plan) as room:
        decided_at_submits = rate_all_as_the_desk_does(room, prepared=False)
    con.execute("DELETE FROM ratings")
    con.execute("DELETE FROM assignments")
    with open_room(con, **plan) as room:
        assert rate_all_as_the_desk_does(room, prepared=True) == decided_at_submits
