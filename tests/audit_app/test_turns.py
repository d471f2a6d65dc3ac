"""Repeats and checks among the sheets of one rater, and the total that must not betray them."""

import pytest
from raters_at_work import add_gold, rate, rate_all, rate_some, skip, subjects
from rating_room import open_room

from audit_app.seating import RaterProgress

NOTHING = RaterProgress(done=0, total=0)


def progress(room, rater_id="anna"):
    return room.seating.progress(room.con.cursor(), rater_id, room.clock())


def purposes(seen):
    return [given.purpose for given in seen]


def positions(seen, purpose):
    return [given.position for given in seen if given.purpose == purpose]


def test_one_pair_in_ten_comes_again(con, rows):
    rows.add_pairs(30)
    with open_room(con, repeat_share=0.1) as room:
        seen = rate_all(room)
    # due when 10, 20 and 30 pairs are rated, the last after the last pair
    assert positions(seen, "repeat") == [10, 21, 32]
    assert len(seen) == 33


def test_a_repeat_is_a_pair_rated_eight_sheets_ago_once_and_the_other_way_round(con, rows):
    rows.add_pairs(40)
    with open_room(con, repeat_share=0.2) as room:
        seen = rate_all(room)
    first_time = {given.subject_id: given for given in seen if given.purpose == "study"}
    again = [given for given in seen if given.purpose == "repeat"]
    assert len(again) == len(set(subjects(again))) == 8
    for given in again:
        source = first_time[given.subject_id]
        assert given.position - source.position >= 8
        assert given.first_is_left is not source.first_is_left
        assert given.form == "pair"
        assert given.token != source.token


def test_a_repeat_waits_until_some_pair_is_old_enough(con, rows):
    rows.add_pairs(10)
    with open_room(con, repeat_share=0.2) as room:
        seen = rate_all(room)
    # due after 5 and 10 pairs; at position 8 the pair at 0 is eight sheets back
    assert positions(seen, "repeat") == [8, 11]
    assert next(given for given in seen if given.position == 8).subject_id == seen[0].subject_id


def test_which_pairs_come_again_is_drawn_for_each_rater(con, rows):
    rows.add_pairs(40)
    with open_room(con, repeat_share=0.1) as room:
        again = [
            [given.subject_id for given in rate_all(room, rater_id) if given.purpose == "repeat"]
            for rater_id in ("anna", "bert", "carl")
        ]
    assert [len(pairs) for pairs in again] == [4, 4, 4]
    assert len({tuple(pairs) for pairs in again}) == 3


def test_repeats_and_checks_hold_no_seat(con, rows):
    rows.add_pairs(20)
    add_gold(con, 2, 1)
    with open_room(con, seats=2, repeat_share=0.1, check_every=5) as room:
        for rater_id in ("anna", "bert"):
            # 20 pairs, 2 repeats, 3 checks
            assert len(rate_all(room, rater_id)) == 25
        assert rate_all(room, "carl") == []


def test_every_fifth_sheet_is_gold_and_attention_in_turn_until_they_run_out(con, rows):
    rows.add_pairs(30)
    add_gold(con, 3, 1)
    with open_room(con, check_every=5) as room:
        seen = rate_all(room)
    assert positions(seen, "gold") == [4, 14, 19]
    assert positions(seen, "attention") == [9]
    checks = [given.subject_id for given in seen if given.purpose != "study"]
    assert sorted(checks) == ["attention 0", "gold 0", "gold 1", "gold 2"]
    assert len(seen) == 34


def test_gold_is_shown_on_both_sides(con, rows):
    rows.add_pairs(2)
    add_gold(con, 1, 0)
    with open_room(con, seats=40, check_every=1) as room:
        first = [room.give(f"rater {number}") for number in range(40)]
    assert purposes(first) == ["gold"] * 40
    # 40 fair draws lie within 8 and 32 but for about 1 seed in 10,000
    assert 8 <= sum(given.first_is_left for given in first) <= 32


def test_there_are_no_checks_without_pairs_nor_after_the_last_one(con, rows):
    add_gold(con, 5, 5)
    with open_room(con, forms=("pair", "reply"), check_every=2) as room:
        assert room.next() is None
        rows.add_pairs(3)
        room.seating.forget()
        seen = rate_all(room)
    assert [(given.form, given.purpose) for given in seen] == [
        ("pair", "study"),
        ("pair", "gold"),
        ("pair", "study"),
        ("pair", "attention"),
        ("pair", "study"),
        *[("reply", "study")] * 3,
    ]


def test_without_pairs_among_the_forms_there_is_no_turn_at_all(con, rows):
    rows.add_pairs(30)
    add_gold(con, 5, 5)
    with open_room(con, forms=("reply",), check_every=2, repeat_share=0.2) as room:
        assert progress(room) == RaterProgress(0, 30)
        assert set(purposes(rate_all(room))) == {"study"}


def totals_on_the_way(room):
    """What the counter says before and after every sheet is given, and after it is rated."""
    totals = [progress(room).total]
    while (given := room.next()) is not None:
        totals.append(progress(room).total)
        rate(room, given)
        totals.append(progress(room).total)
    return totals


def test_the_total_counts_checks_and_repeats_from_the_start_and_never_moves(con, rows):
    rows.add_pairs(20)
    add_gold(con, 2, 2)
    with open_room(con, repeat_share=0.1, check_every=5) as room:
        totals = totals_on_the_way(room)
        # 20 pairs; repeats after 10 and 20; with the first repeat 21 sheets come before the last
        # pair is done, a check before every fifth: (21 - 1) // 4 = 5, but there are 4
        assert set(totals) == {20 + 2 + 4}
        assert progress(room) == RaterProgress(26, 26)


@pytest.mark.parametrize(
    ("n_pairs", "forms", "plan", "total"),
    [
        # no 5 pairs lie 8 sheets back when all are rated: the repeat that is due never comes
        (5, ("pair",), {"repeat_share": 0.2}, 5),
        (8, ("pair",), {"repeat_share": 0.2}, 9),
        # but it does when five replies come after
        (5, ("pair", "reply"), {"repeat_share": 0.2}, 5 + 5 + 1),
        # checks before everything else, 3 of each
        (6, ("pair",), {"check_every": 1}, 6 + 6),
        (6, ("pair",), {"check_every": 2}, 6 + 5),
        (6, ("pair",), {"check_every": 3, "repeat_share": 0.2}, 6 + 2 + 1),
        # positions 0 to 12 are replies, of the pairs after them the one at 23 is a check
        (13, ("reply", "pair"), {"repeat_share": 0.08, "check_every": 12}, 13 + 13 + 1 + 1),
        (30, ("pair", "reply"), {"repeat_share": 0.1, "pairs_per_rater": 25}, 25 + 2),
        (30, ("reply", "pair"), {"check_every": 4, "pairs_per_rater": 35}, 30 + 5 + 2),
    ],
)
def test_the_total_never_moves_whatever_the_plan(con, rows, n_pairs, forms, plan, total):
    rows.add_pairs(n_pairs)
    add_gold(con, 3, 3)
    with open_room(con, forms=forms, **plan) as room:
        totals = totals_on_the_way(room)
        assert set(totals) == {total}
        assert progress(room) == RaterProgress(total, total)


def test_progress_counts_what_is_done_open_and_still_free(con, rows):
    with open_room(con, seats=1) as room:
        assert progress(room) == NOTHING
        rows.add_pairs(5)
        room.seating.forget()
        first = room.give("anna")
        assert progress(room) == RaterProgress(0, 5)
        rate(room, first)
        room.rate(first, "a change of mind")
        assert progress(room) == RaterProgress(1, 5)
        second = room.give("bert")
        # of five, anna has rated one, bert holds the one seat of another, three are free
        assert progress(room) == RaterProgress(1, 4)
        assert progress(room, "bert") == RaterProgress(0, 4)
        skip(room, second)
        assert progress(room, "bert") == RaterProgress(0, 4)
        skip(room, second)
        # bert will not see it again, anna may
        assert progress(room, "bert") == RaterProgress(0, 3)
        assert progress(room) == RaterProgress(1, 5)


def test_progress_of_a_rater_whose_sheet_went_to_others_does_not_wait_for_it(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        room.give("anna")
        room.clock.advance(minutes=21)
        assert progress(room) == RaterProgress(0, 1)
        rate_some(room, "bert", 1)
        assert progress(room) == NOTHING


def test_the_plan_ends_a_raters_work_over_all_forms(con, rows):
    rows.add_pairs(5)
    with open_room(con, forms=("pair", "reply"), pairs_per_rater=7) as room:
        assert progress(room) == RaterProgress(0, 7)
        seen = rate_all(room)
        assert [given.form for given in seen] == ["pair"] * 5 + ["reply"] * 2
        assert progress(room) == RaterProgress(7, 7)


def test_what_was_skipped_for_good_does_not_use_up_the_plan(con, rows):
    rows.add_pairs(3)
    with open_room(con, pairs_per_rater=1) as room:
        skipped = room.give()
        skip(room, skipped)
        skip(room, skipped)
        seen = rate_all(room)
        assert len(seen) == 1
        assert seen[0].subject_id != skipped.subject_id


def test_what_was_lost_to_others_does_not_use_up_the_plan(con, rows):
    rows.add_pairs(2)
    with open_room(con, seats=1, pairs_per_rater=1) as room:
        room.give("anna")
        room.clock.advance(minutes=21)
        assert len(rate_some(room, "bert", 1) + rate_some(room, "carl", 1)) == 2
        assert room.next("anna") is None
        rows.add_pair("02")
        room.seating.forget()
        assert subjects(rate_all(room, "anna")) == ["pair 02"]
