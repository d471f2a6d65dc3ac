"""Leases, skips and what is surplus, with a clock that the tests move by hand."""

import pytest
from raters_at_work import hold, keep_draft, rate, rate_all, rate_some, skip
from rating_room import open_room, read_orientations

from audit_app.seating import Seating
from study.records import stable_id


@pytest.fixture
def room(con, rows):
    """One pair with one seat, and a lease of twenty minutes."""
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        yield room


def restart(room):
    """Begin anew with what the tables have."""
    room.seating = Seating(room.seating.plan, read_orientations)


def sweep(room):
    """Have somebody look who can take nothing."""
    room.seating.progress(room.con.cursor(), "nobody", room.clock())


def test_a_seat_is_held_for_the_lease_and_no_longer(room):
    given = room.give("anna")
    room.clock.advance(minutes=20)
    assert room.next("bert") is None
    room.clock.advance(seconds=1)
    assert room.give("bert").subject_id == given.subject_id


@pytest.mark.parametrize("anew", [None, Seating.forget])
def test_a_sign_of_life_begins_the_lease_anew(room, anew):
    given = room.give("anna")
    room.clock.advance(minutes=15)
    room.seating.renew(given.token, room.clock())
    if anew is not None:
        anew(room.seating)
    room.clock.advance(minutes=15)
    assert room.next("bert") is None
    room.clock.advance(minutes=5, seconds=1)
    assert room.next("bert") is not None


def test_a_draft_is_a_sign_of_life_that_outlasts_a_restart(room):
    given = room.give("anna")
    room.clock.advance(minutes=15)
    keep_draft(room, given)
    restart(room)
    room.clock.advance(minutes=20)
    assert room.next("bert") is None
    room.clock.advance(seconds=1)
    assert room.next("bert") is not None


def test_looking_at_the_sheet_again_is_a_sign_of_life(room):
    given = room.give("anna")
    room.clock.advance(minutes=15)
    assert room.give("anna") == given
    room.clock.advance(minutes=15)
    assert room.next("bert") is None


def test_a_sign_of_life_of_an_unknown_or_rated_sheet_changes_nothing(room):
    given = room.give("anna")
    rate(room, given)
    room.seating.renew(given.token, room.clock())
    room.seating.renew("unknown", room.clock())
    assert room.next("bert") is None
    assert len(room.rows("SELECT token FROM assignments")) == 1


def test_who_comes_back_has_the_seat_again_if_nobody_took_it(room):
    given = room.give("anna")
    room.clock.advance(hours=3)
    sweep(room)
    assert room.give("anna") == given
    assert room.next("bert") is None


def test_a_sign_of_life_alone_takes_a_free_seat_back(room):
    given = room.give("anna")
    room.clock.advance(hours=3)
    sweep(room)
    room.seating.renew(given.token, room.clock())
    assert room.next("bert") is None
    assert rate(room, given).is_surplus is False


def test_a_late_submit_fills_the_seat_if_nobody_took_it(room):
    given = room.give("anna")
    room.clock.advance(hours=3)
    sweep(room)
    assert rate(room, given).is_surplus is False
    assert room.next("bert") is None


def test_a_late_submit_is_surplus_if_somebody_did_and_takes_nothing_from_them(room):
    late = room.give("anna")
    room.clock.advance(minutes=21)
    prompt = room.give("bert")
    assert room.next("anna") is None
    assert rate(room, late).is_surplus is True
    assert rate(room, prompt).is_surplus is False
    assert room.next("carl") is None


def test_a_surplus_rating_takes_no_seat_after_a_restart_either(room):
    late = room.give("anna")
    room.clock.advance(minutes=21)
    prompt = room.give("bert")
    assert rate(room, late).is_surplus is True
    restart(room)
    assert room.give("bert") == prompt
    assert rate(room, prompt).is_surplus is False


def test_a_seat_that_others_leave_again_is_the_first_ones_once_more(room):
    first = room.give("anna")
    room.clock.advance(minutes=21)
    room.give("bert")
    assert room.next("anna") is None
    room.clock.advance(minutes=21)
    assert room.give("anna") == first
    assert room.next("bert") is None


@pytest.mark.parametrize("anew", [Seating.forget, None])
def test_who_lost_a_seat_does_not_get_it_back_by_being_there(room, anew):
    late = room.give("anna")
    room.clock.advance(minutes=21)
    prompt = room.give("bert")
    room.clock.advance(minutes=1)
    keep_draft(room, late)
    if anew is None:
        restart(room)
    else:
        anew(room.seating)
    assert room.next("anna") is None
    assert room.give("bert") == prompt
    assert rate(room, late).is_surplus is True
    assert rate(room, prompt).is_surplus is False


def test_a_lively_sheet_keeps_its_seat_over_a_restart_before_a_newer_one_that_was_left(room):
    first = room.give("anna")
    room.clock.advance(minutes=21)
    room.give("bert")
    room.clock.advance(minutes=21)
    assert room.give("anna") == first
    keep_draft(room, first)
    restart(room)
    assert room.next("carl") is None
    assert room.next("bert") is None
    assert rate(room, first).is_surplus is False


def coin(rater_id):
    """The side on which a first rater of pair 00 sees X; in these tests X is its first reply."""
    return int(stable_id(7, "side", rater_id, "pair 00"), 16) % 2 == 0


def names_by_coin(side):
    return (name for number in range(99) if coin(name := f"rater {number}") is side)


def test_a_left_sheet_frees_its_side_too(con, rows):
    rows.add_pair("00")
    names = names_by_coin(True)
    first, second, third = next(names), next(names), next(names)
    with open_room(con, seats=2) as room:
        late = room.give(first)
        room.clock.advance(minutes=21)
        assert late.first_is_left is room.give(second).first_is_left is True
        # one seat is free, on the right; the first one's sheet stands left
        assert room.next(first) is None
        assert rate(room, late).is_surplus is True
        assert room.give(third).first_is_left is False


def test_a_sheet_skipped_twice_frees_its_side_too(con, rows):
    rows.add_pair("00")
    names = names_by_coin(True)
    with open_room(con, seats=2) as room:
        given = room.give(next(names))
        skip(room, given)
        skip(room, given)
        assert given.first_is_left is room.give(next(names)).first_is_left is True


def test_what_was_skipped_for_good_counts_in_no_block(con, rows):
    rows.add_pairs(13)
    sums = []
    with open_room(con, seats=24) as room:
        for number in range(6):
            gone = room.give(f"rater {number}")
            skip(room, gone)
            skip(room, gone)
            left = [given.first_is_left for given in rate_all(room, f"rater {number}")]
            sums += [sum(left[start : start + 4]) for start in (0, 4, 8)]
    # in this room X is the first reply of every pair
    assert sums == [2] * 18


def test_a_skipped_sheet_comes_back_after_five_others_and_skipped_again_never(con, rows):
    rows.add_pairs(12)
    with open_room(con) as room:
        skipped = room.give()
        skip(room, skipped)
        assert skipped not in rate_some(room, "anna", 5)
        assert room.give() == skipped
        skip(room, skipped)
        assert skipped not in rate_all(room)
        assert len(room.rows("SELECT token FROM ratings")) == 11


@pytest.mark.parametrize("n_before", [0, 3, 5])
def test_a_restart_does_not_change_when_a_skipped_sheet_comes_back(con, rows, n_before):
    rows.add_pairs(12)
    with open_room(con) as room:
        rate_some(room, "anna", 2)
        room.clock.advance(seconds=1)
        skipped = room.give()
        skip(room, skipped)
        rate_some(room, "anna", n_before)
        restart(room)
        assert skipped not in rate_some(room, "anna", 5 - n_before)
        assert room.give() == skipped


def test_a_restart_knows_of_a_skip_in_the_very_moment_in_which_the_sheet_was_given(con, rows):
    rows.add_pairs(12)
    with open_room(con) as room:
        rate_some(room, "anna", 2)
        room.clock.advance(seconds=1)
        skipped = room.give()
        room.clock.advance(seconds=-1)
        skip(room, skipped)
        restart(room)
        assert skipped not in rate_some(room, "anna", 5)
        assert room.give() == skipped


def test_a_skipped_sheet_comes_back_early_when_nothing_else_is_left(con, rows):
    rows.add_pairs(3)
    with open_room(con) as room:
        skipped = room.give()
        skip(room, skipped)
        assert rate_some(room, "anna", 3)[-1] == skipped
        assert room.next() is None


@pytest.mark.parametrize("is_restarted", [False, True])
def test_the_five_others_count_from_the_skip_not_from_when_the_sheet_was_given(
    con, rows, is_restarted
):
    rows.add_pairs(20)
    with open_room(con, seats=1) as room:
        given = room.give("anna")
        room.clock.advance(minutes=21)
        others = [f"rater {number}" for number in range(20)]
        taken = {room.give(rater_id).subject_id: rater_id for rater_id in others}
        room.clock.advance(minutes=10)
        # everybody but the one who has anna's sheet leaves, and she goes on with theirs
        holder = taken.pop(given.subject_id)
        room.give(holder)
        room.clock.advance(minutes=15)
        assert given not in rate_some(room, "anna", 6)
        room.clock.advance(minutes=10)
        assert room.give("anna") == given
        skip(room, given)
        if is_restarted:
            restart(room)
        assert given not in rate_some(room, "anna", 5)
        assert room.give("anna") == given


def test_one_skip_keeps_the_seat_and_two_give_it_to_the_others(room):
    given = room.give("anna")
    skip(room, given)
    assert room.next("bert") is None
    skip(room, given)
    restart(room)
    assert room.next("anna") is None
    assert room.give("bert").subject_id == given.subject_id
    assert rate(room, given).is_surplus is True


def test_a_sign_of_life_does_not_bring_back_what_was_skipped_for_good(room):
    given = room.give("anna")
    skip(room, given)
    skip(room, given)
    room.seating.renew(given.token, room.clock())
    assert room.next("bert") is not None


def test_an_open_sheet_that_is_held_back_is_shown_no_more_and_its_rating_is_no_surplus(con, room):
    given = room.give("anna")
    hold(con, "warm response 00")
    room.seating.forget()
    assert room.next("anna") is None
    assert room.next("bert") is None
    assert rate(room, given).is_surplus is False
