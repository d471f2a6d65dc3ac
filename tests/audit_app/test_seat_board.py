"""Which seat comes next, and on which side: fillings of whole studies, counted in the tables."""

import contextlib
from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from raters_at_work import rate_all, rate_some, rate_together, subjects
from rating_room import PLAN, RatingRoom, open_room

from audit_app.seat_board import WINDOW, Seat, SeatBoard, Subject
from audit_app.seating import Seating
from evaluation.pairs import read_orientations
from study.commits import GroupCommit

SIDES = """
    SELECT a.rater_id, a.subject_id, r.arm = 'original' AS original_is_left
    FROM assignments AS a
    JOIN pairs AS p ON p.pair_id = a.subject_id
    JOIN responses AS r
        ON r.response_id = if(a.first_is_left, p.first_response_id, p.second_response_id)
    ORDER BY a.rater_id, a.position
"""
SWAP_PAIRS = """
    UPDATE pairs
    SET first_response_id = second_response_id, second_response_id = first_response_id
    WHERE pair_id IN (SELECT pair_id FROM pairs WHERE right(pair_id, 1) IN ('1', '3', '4', '8'))
"""


@contextlib.contextmanager
def room_with_sides(con, rows, n_pairs, **plan):
    """Pairs of which some call the original first, and seats that know which."""
    rows.add_pairs(n_pairs)
    con.execute(SWAP_PAIRS)
    seating = Seating(replace(PLAN, **plan), read_orientations)
    with GroupCommit(con) as commits:
        yield RatingRoom(con, commits, seating)


@pytest.mark.parametrize(
    ("n_raters", "seats", "seed", "n_balanced", "n_blocks"),
    [
        # who gets how many is left to chance, and with it how many blocks are whole
        (12, 3, 1, 26, 26),
        (12, 3, 2, 25, 25),
        (12, 3, 3, 26, 26),
        (12, 4, 1, 36, 36),
        (12, 4, 2, 35, 36),
        (12, 4, 3, 34, 35),
        # everybody has to take every pair, 10 blocks each, so the last seats decide by themselves
        (3, 3, 1, 30, 30),
        (3, 3, 2, 29, 30),
        (4, 4, 1, 40, 40),
        (4, 4, 2, 40, 40),
    ],
)
def test_a_whole_study_fills_every_pair_and_balances_pairs_and_blocks(
    con, rows, n_raters, seats, seed, n_balanced, n_blocks
):
    with room_with_sides(con, rows, 40, seats=seats, seed=seed) as room:
        seen = rate_together(room, [f"rater {number}" for number in range(n_raters)], seed)
        sides = room.rows(SIDES)
    assert Counter(subjects(seen)) == {f"pair {number:02}": seats for number in range(40)}
    by_pair, by_rater = defaultdict(list), defaultdict(list)
    for rater_id, pair, original_is_left in sides:
        by_pair[pair].append(original_is_left)
        by_rater[rater_id].append(original_is_left)
    for given in by_pair.values():
        assert abs(sum(given) - (seats - sum(given))) == seats % 2
    blocks = [
        given[start : start + 4]
        for given in by_rater.values()
        for start in range(0, len(given) - 3, 4)
    ]
    assert (sum(sum(block) == 2 for block in blocks), len(blocks)) == (n_balanced, n_blocks)


def test_a_lone_rater_of_pairs_with_an_even_number_of_seats_has_every_block_balanced(con, rows):
    with room_with_sides(con, rows, 24, seats=2) as room:
        rate_all(room)
        left = [original_is_left for *_, original_is_left in room.rows(SIDES)]
    assert [sum(left[start : start + 4]) for start in range(0, 24, 4)] == [2] * 6


def test_each_rater_has_an_order_of_their_own_that_the_seed_repeats(con, rows):
    rows.add_pairs(12)
    orders = []
    for seed in (7, 7, 8):
        with open_room(con, seed=seed) as room:
            orders += [subjects(rate_all(room, "anna")), subjects(rate_all(room, "bert"))]
        con.execute("DELETE FROM assignments")
        con.execute("DELETE FROM ratings")
    anna, bert, anna_again, bert_again, anna_of_8, _ = orders
    assert sorted(anna) == sorted(bert) == [f"pair {number:02}" for number in range(12)]
    assert (anna, bert) == (anna_again, bert_again)
    assert len({tuple(order) for order in (anna, bert, anna_of_8, sorted(anna))}) == 4


def test_pairs_that_come_in_later_do_not_disturb_the_order_of_the_others(con, rows):
    rows.add_pairs(12)
    with open_room(con) as room:
        before = subjects(rate_all(room))
    con.execute("DELETE FROM assignments")
    con.execute("DELETE FROM ratings")
    for number in range(12, 24):
        rows.add_pair(f"{number:02}")
    with open_room(con) as room:
        after = subjects(rate_all(room))
    assert len(after) == 24
    assert [pair for pair in after if pair in before] == before
    assert after[:12] != before


def test_of_the_next_pairs_in_a_raters_order_those_that_others_have_begun_come_first(con, rows):
    rows.add_pairs(WINDOW)
    with open_room(con) as room:
        begun = subjects(rate_some(room, "anna", 4))
        seen = subjects(rate_all(room, "bert"))
        assert set(seen[:4]) == set(begun)
        assert seen[:4] != begun
        # two have had these four, one the others
        assert set(subjects(rate_some(room, "carl", 4))) == set(begun)


def test_among_many_pairs_what_others_have_begun_does_not_make_the_order(con, rows):
    rows.add_pairs(60)
    with open_room(con, seats=20) as room:
        firsts = [subjects(rate_some(room, f"rater {n}", 6)) for n in range(12)]
    # were begun pairs always first, all would have rated the same six
    assert len({pair for order in firsts for pair in order}) >= 24
    assert len({order[0] for order in firsts}) > 6


def test_a_full_pair_is_given_to_nobody_else(con, rows):
    rows.add_pairs(3)
    with open_room(con, seats=2) as room:
        assert len(rate_all(room, "anna")) == len(rate_all(room, "bert")) == 3
        assert rate_all(room, "carl") == []


def board(seats, n_pairs=1):
    pairs = [Subject(f"pair {n}", f"prompt {n}", True, True) for n in range(n_pairs)]
    return SeatBoard("pair", pairs, seats, seed=7)


@pytest.mark.parametrize(("seats", "n_left"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_at_most_half_of_the_seats_rounded_up_show_a_side_left(seats, n_left):
    one = board(seats)
    left, right = Seat(0, True), Seat(0, False)
    for _ in range(n_left):
        assert one.is_free(left)
        one.take(left)
    assert not one.is_free(left)
    assert one.is_free(right) == (seats > n_left)
    one.give_back(left)
    assert one.is_free(left)


def test_the_balance_of_a_pair_goes_before_that_of_a_block():
    one = board(seats=2)
    one.take(Seat(0, True))
    nothing_seen = one.offered & False
    # two of this block stood right, so its next should stand left; the pair's own has to be right
    assert one.choose("anna", nothing_seen, [False, False]) == Seat(0, False)


def test_a_pair_that_fits_both_balances_comes_before_one_with_more_seats_taken():
    two = board(seats=2, n_pairs=2)
    two.take(Seat(0, True))
    nothing_seen = two.offered & False
    assert two.choose("anna", nothing_seen, [False, False]) == Seat(1, True)
    assert two.choose("anna", nothing_seen, [True, True]) == Seat(0, False)


def test_the_coin_shows_both_sides_to_first_raters():
    one = board(seats=2)
    nothing_seen = one.offered & False
    left = sum(one.choose(f"rater {n}", nothing_seen, []).x_is_left for n in range(100))
    # 100 fair draws lie within 30 and 70 but for about 1 seed in 20,000
    assert 30 <= left <= 70
