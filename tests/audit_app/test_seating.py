"""What memory decides is what the tables have: after rollbacks, restarts and from many threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import duckdb
import pytest
from raters_at_work import add_gold, keep_draft, rate, rate_all, rate_some, skip, subjects
from rating_room import EQUAL, PLAN, Clock, RatingRoom, open_room, read_orientations

from audit_app.assignment import next_assignment, rater_progress
from audit_app.ratings import save_rating
from audit_app.remarks import RemarkWords, save_remark
from audit_app.seating import Seating
from study.commits import GroupCommit
from study.database import close, open_for_writing, transaction, write_snapshot
from study.errors import NotAllowed
from study.records import Assignment

RATERS = [f"rater {number}" for number in range(6)]


def spoil(room, job):
    """Do a job that raises at its end, so that nothing of it is stored."""

    def work(cursor):
        job(cursor)
        raise NotAllowed("spoilt")

    with pytest.raises(NotAllowed, match="spoilt"):
        room.commits.run(work)


def test_a_seat_given_in_a_job_that_is_rolled_back_is_free(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        now = room.clock()
        spoil(room, lambda cursor: next_assignment(cursor, room.seating, "anna", now))
        assert room.next("bert") is not None
        assert room.next("anna") is None
        assert room.rows("SELECT rater_id FROM assignments") == [("bert",)]


def test_a_seat_filled_in_a_job_that_is_rolled_back_is_the_raters_all_the_same(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        given = room.give("anna")
        room.clock.advance(minutes=15)
        room.seating.renew(given.token, room.clock())
        now = room.clock.advance(minutes=15)
        spoil(
            room,
            lambda cursor: save_rating(cursor, room.seating, given, EQUAL, "key 1", now),
        )
        # no table knows of the sign of life, and memory was made anew
        assert room.next("bert") is None
        assert rater_progress(con, room.seating, "anna", now).done == 0
        assert rate(room, given).is_surplus is False


def test_a_second_skip_that_is_rolled_back_gives_no_seat_away(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        given = room.give("anna")
        skip(room, given)
        now, words = room.clock(), RemarkWords("skip", "unclear", "")
        spoil(
            room,
            lambda cursor: save_remark(cursor, room.seating, given, words, "key 1", now),
        )
        assert room.next("bert") is None
        assert room.give("anna") == given


def test_a_job_that_spoils_its_batch_costs_the_others_no_seat_and_doubles_none(con, rows):
    rows.add_pairs(10)
    with open_room(con, seats=2) as room:

        def work(number):
            rater_id = f"rater {number}"
            if number % 5 == 0:
                return spoil(
                    room,
                    lambda cursor: next_assignment(cursor, room.seating, rater_id, room.clock()),
                )
            return room.next(rater_id)

        with ThreadPoolExecutor(30) as pool:
            given = list(pool.map(work, range(30)))
        # 24 raters ask, 6 of 30 in vain, for 20 seats
        assert len([one for one in given if one is not None]) == 20
        per_pair = "SELECT count(*) FROM assignments GROUP BY subject_id"
        assert room.rows(per_pair) == [(2,)] * 10


def a_busy_study(con, rows):
    """A room in which a good deal has happened: rated, open, left, skipped, repeated, checked."""
    rows.add_pairs(30)
    add_gold(con, 3, 3)
    plan = {"repeat_share": 0.1, "check_every": 6, "forms": ("pair", "reply"), "seats": 2}
    return open_room(con, **plan)


def happen(room):
    for number, rater_id in enumerate(RATERS):
        rate_some(room, rater_id, 3 + 2 * number)
        room.clock.advance(minutes=1)
    skip(room, room.give(RATERS[0]))
    for _ in range(2):
        skip(room, room.give(RATERS[1]))
    keep_draft(room, room.give(RATERS[2]))
    room.give(RATERS[3])
    room.clock.advance(minutes=15)
    room.give(RATERS[4])
    room.clock.advance(minutes=6)


def what_comes(room):
    """The progress of everybody, then the next four sheets of each."""
    said: list[object] = [
        rater_progress(room.con, room.seating, rater_id, room.clock()) for rater_id in RATERS
    ]
    for _ in range(4):
        for rater_id in RATERS:
            given = room.give(rater_id)
            rating = rate(room, given)
            said.append((replace(given, token=""), rating.is_surplus))
    return said


def test_a_restart_changes_nothing(con, rows, tmp_path):
    copy = tmp_path / "copy.duckdb"
    with a_busy_study(con, rows) as room:
        happen(room)
        write_snapshot(con, copy)
        expected = what_comes(room)
        plan, clock = room.seating.plan, Clock()
        clock.advance(minutes=6 + 15 + 6, seconds=6)
    again = open_for_writing(copy, command="pytest")
    with GroupCommit(again) as commits:
        restarted = RatingRoom(again, commits, Seating(plan, read_orientations), clock=clock)
        assert what_comes(restarted) == expected
    close(again, copy)
    assert len({one for one in expected if isinstance(one, tuple)}) == 24


def test_forgetting_at_every_step_changes_nothing(con, rows, tmp_path):
    copy = tmp_path / "copy.duckdb"
    rows.add_pairs(12)
    add_gold(con, 2, 2)
    write_snapshot(con, copy)
    plan = {"repeat_share": 0.2, "check_every": 5, "seats": 2}
    with open_room(con, **plan) as room:
        expected = [replace(given, token="") for given in rate_all(room)]
    again = open_for_writing(copy, command="pytest")
    with open_room(again, **plan) as room:
        seen = []
        while (given := room.next()) is not None:
            room.seating.forget()
            rate(room, given)
            room.seating.forget()
            seen.append(replace(given, token=""))
    close(again, copy)
    assert seen == expected
    assert len(seen) == 12 + 2 + 3


def test_progress_looks_at_memory_alone_once_it_is_there(con, rows):
    rows.add_pairs(2)
    with open_room(con) as room:
        assert rater_progress(con, room.seating, "anna", room.clock()).total == 2
        rows.add_pair("02")
        room.seating.forget()
        # what jobs did that are not committed yet is in memory alone: a look must not lose it
        assert rater_progress(con, room.seating, "anna", room.clock()).total == 2
        room.give("anna")
        assert rater_progress(con, room.seating, "anna", room.clock()).total == 3


def test_a_look_between_a_seat_and_its_commit_loses_nothing(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:

        def look_meanwhile(cursor: duckdb.DuckDBPyConnection) -> Assignment | None:
            given = next_assignment(cursor, room.seating, "anna", room.clock())
            room.seating.forget()
            rater_progress(con, room.seating, "bert", room.clock())
            assert next_assignment(cursor, room.seating, "bert", room.clock()) is None
            return given

        assert room.commits.run(look_meanwhile) is not None
        assert room.next("bert") is None


def test_a_sign_of_life_does_not_wait_for_a_decision(con, rows):
    rows.add_pair("00")
    reached, may_go_on = threading.Event(), threading.Event()

    def wait_for_the_test(cursor):
        reached.set()
        assert may_go_on.wait(10)
        return read_orientations(cursor)

    seating = Seating(PLAN, wait_for_the_test)
    with GroupCommit(con) as commits:
        room = RatingRoom(con, commits, seating)
        deciding = threading.Thread(target=room.next)
        deciding.start()
        assert reached.wait(10)
        seating.renew("a token", room.clock())
        assert deciding.is_alive()
        may_go_on.set()
        deciding.join(10)
    assert len(room.rows("SELECT token FROM assignments")) == 1


def test_a_transaction_without_the_writer_thread_serves_too(con, rows):
    rows.add_pairs(2)
    seating, now = Seating(PLAN, read_orientations), Clock()()
    seen = []
    for rater_id in ("anna", "bert"):
        with transaction(con) as cursor:
            given = next_assignment(cursor, seating, rater_id, now)
            assert given is not None
            seen.append(given)
    assert len(set(subjects(seen))) == 1
