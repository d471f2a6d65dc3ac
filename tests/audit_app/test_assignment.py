import hashlib
import itertools
import threading
from collections import Counter

import pytest

from audit_app.assignment import RaterProgress, blinded_pair, next_pair, rater_progress
from audit_app.ratings import Answers, save_rating
from study.errors import NotAllowed

INSERT_PAIR = """
    INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id)
    VALUES ($pair_id, $prompt_id, $first_response_id, $second_response_id)
"""
ANSWERS = Answers("equal", "equal", "", 3.0, "columns")


@pytest.fixture
def show_next(con, noon):
    """The pair that a rater sees now, with seed 7."""

    def _show_next(rater_id, raters_per_pair=3):
        return next_pair(con, rater_id, 7, raters_per_pair, noon)

    return _show_next


@pytest.fixture
def rate(con, noon):
    """Rates what a rater sees."""
    keys = itertools.count()

    def _rate(rater_id, pair):
        return save_rating(con, rater_id, pair.token, ANSWERS, f"key {next(keys)}", noon)

    return _rate


@pytest.fixture
def rate_all(show_next, rate):
    """Rates whatever there is for a rater; the pairs seen, in order."""

    def _rate_all(rater_id, raters_per_pair=3):
        seen = []
        while pair := show_next(rater_id, raters_per_pair):
            rate(rater_id, pair)
            seen.append(pair)
        return seen

    return _rate_all


def name_of(pair):
    return pair.prompt_text.removeprefix("question ")


def first_is_left(pair):
    return pair.left_text.startswith("first")


def seeded_order(rater_id, names, seed=7):
    def digest(name):
        return hashlib.sha256(f"{seed}\x1f{rater_id}\x1fpair {name}".encode()).hexdigest()

    return sorted(names, key=digest)


def test_there_is_nothing_to_rate_before_pairs_come_in(show_next, rows):
    assert show_next("anna") is None
    rows.add_pair("late")
    assert name_of(show_next("anna")) == "late"


def test_a_rater_sees_the_prompt_and_both_replies_of_one_pair(show_next, rows):
    rows.add_pair("00")
    pair = show_next("anna")
    assert pair.prompt_text == "question 00"
    assert {pair.left_text, pair.right_text} == {"first reply 00", "second reply 00"}
    assert len(pair.token) == 22  # sixteen random bytes in base64


def test_the_same_pair_with_the_same_sides_comes_until_it_is_rated(show_next, rate, rows):
    rows.add_pairs(5)
    pair = show_next("anna")
    assert [show_next("anna") for _ in range(3)] == [pair] * 3
    rate("anna", pair)
    assert show_next("anna") != pair


def test_a_rater_gets_every_pair_once(rate_all, rows):
    rows.add_pairs(12)
    names = [name_of(pair) for pair in rate_all("anna")]
    assert sorted(names) == [f"{number:02}" for number in range(12)]


def test_each_rater_has_an_order_of_their_own_that_the_seed_fixes(rate_all, rows):
    rows.add_pairs(12)
    names = [f"{number:02}" for number in range(12)]
    for rater_id in ("anna", "bert"):
        seen = [name_of(pair) for pair in rate_all(rater_id)]
        assert seen == seeded_order(rater_id, names)
    assert seeded_order("anna", names) != seeded_order("bert", names)


def test_other_seeds_begin_with_other_pairs(con, noon, rows):
    rows.add_pairs(12)
    names = [f"{number:02}" for number in range(12)]
    begun = []
    for seed in range(6):
        begun.append(name_of(next_pair(con, "anna", seed, 3, noon)))
        con.execute("DELETE FROM assignments")
    assert begun == [seeded_order("anna", names, seed)[0] for seed in range(6)]
    assert len(set(begun)) > 1


def test_pairs_that_others_have_begun_come_first(show_next, rate, rows):
    rows.add_pairs(12)
    begun = set()
    for _ in range(4):
        pair = show_next("anna")
        rate("anna", pair)
        begun.add(name_of(pair))
    seen = []
    for _ in range(4):
        pair = show_next("bert")
        rate("bert", pair)
        seen.append(name_of(pair))
    assert seen == seeded_order("bert", begun)


def test_a_full_pair_is_given_to_nobody_else(rate_all, rows):
    rows.add_pairs(3)
    assert len(rate_all("anna", raters_per_pair=2)) == 3
    assert len(rate_all("bert", raters_per_pair=2)) == 3
    assert rate_all("carl", raters_per_pair=2) == []


def test_half_of_each_pairs_raters_see_the_first_reply_left(rate_all, rows):
    rows.add_pairs(10)
    left = Counter()
    for number in range(4):
        left.update(name_of(pair) for pair in rate_all(f"rater {number}", 4) if first_is_left(pair))
    assert left == {f"{number:02}": 2 for number in range(10)}


def test_of_three_raters_of_a_pair_one_or_two_see_the_first_reply_left(rate_all, rows):
    rows.add_pairs(10)
    left = Counter(
        name_of(pair)
        for rater_id in ("anna", "bert", "carl")
        for pair in rate_all(rater_id)
        if first_is_left(pair)
    )
    assert set(left) == {f"{number:02}" for number in range(10)}
    assert set(left.values()) == {1, 2}


def test_the_first_rater_of_pairs_sees_both_sides_equally_often(rate_all, rows):
    rows.add_pairs(10)
    sides = [first_is_left(pair) for pair in rate_all("anna")]
    assert [sum(sides[: 2 * n]) for n in range(1, 6)] == [1, 2, 3, 4, 5]


def test_the_side_that_a_rater_begins_with_is_drawn(con, noon, rows):
    rows.add_pairs(24)
    # each rater opens one pair of their own, so nothing but the draw decides
    sides = Counter(first_is_left(next_pair(con, f"rater {n}", 7, 1, noon)) for n in range(24))
    # stable_id(7, "pair 00") … (7, "pair 23") hold this many even numbers
    even = sum(
        hashlib.sha256(f"7\x1fpair {n:02}".encode()).hexdigest()[15] in "02468ace"
        for n in range(24)
    )
    assert sides == {True: even, False: 24 - even}
    assert 5 <= even <= 19


def test_the_same_seed_gives_the_same_sides_and_other_tokens(show_next, con, rows):
    rows.add_pairs(8)
    first = show_next("anna")
    con.execute("DELETE FROM assignments")
    second = show_next("anna")
    assert (second.left_text, second.right_text) == (first.left_text, first.right_text)
    assert second.token != first.token


def test_of_fifty_threads_that_claim_the_last_seat_one_gets_it(con, noon, rows):
    rows.add_pair("00")
    claims = run_at_once([lambda n=n: next_pair(con, f"rater {n}", 7, 1, noon) for n in range(50)])
    assert len(claims) == 50
    assert len([claim for claim in claims if claim is not None]) == 1
    assert con.execute("SELECT count(*) FROM assignments").fetchone() == (1,)


def test_twenty_tabs_of_one_rater_open_one_pair(con, noon, rows):
    rows.add_pairs(10)
    claims = run_at_once([lambda: next_pair(con, "anna", 7, 3, noon)] * 20)
    assert len(claims) == 20
    assert len(set(claims)) == 1


def test_a_pair_is_shown_again_to_whom_it_was_given(con, show_next, rows):
    rows.add_pair("00")
    pair = show_next("anna")
    assert blinded_pair(con, pair.token, "anna") == pair


def test_anothers_token_and_an_unknown_one_are_refused_in_the_same_words(con, show_next, rows):
    rows.add_pair("00")
    pair = show_next("anna")
    sentences = set()
    for token in (pair.token, "unknown", "", "' OR 1=1 --", "\ud800"):
        with pytest.raises(NotAllowed) as refusal:
            blinded_pair(con, token, "bert")
        sentences.add(str(refusal.value))
    assert len(sentences) == 1


def test_progress_counts_what_is_done_open_and_still_free(con, show_next, rate, rate_all, rows):
    assert rater_progress(con, "anna", 1) == RaterProgress(done=0, available=0)
    rows.add_pairs(5)
    assert rater_progress(con, "anna", 1) == RaterProgress(done=0, available=5)
    pair = show_next("anna", 1)
    assert rater_progress(con, "anna", 1) == RaterProgress(done=0, available=5)
    rate("anna", pair)
    rate("anna", pair)  # a second revision is no second pair
    assert rater_progress(con, "anna", 1) == RaterProgress(done=1, available=5)
    show_next("bert", 1)
    # of five, anna has rated one, bert holds the one seat of another, three are free
    assert rater_progress(con, "anna", 1) == RaterProgress(done=1, available=4)
    assert rater_progress(con, "bert", 1) == RaterProgress(done=0, available=4)
    assert len(rate_all("anna", 1)) == 3
    assert rater_progress(con, "anna", 1) == RaterProgress(done=4, available=4)


@pytest.fixture
def four_arms(con, rows):
    """Three prompts, each answered by four arms: nine pairs, three with each prompt's original."""
    for name in ("00", "01", "02"):
        rows.add_prompt(name)
        original = rows.add_response(name, "original", f"the original on {name}")
        for arm in ("warm", "cold", "untransformed"):
            other = rows.add_response(name, arm, f"{arm} on {name}")
            row = {"pair_id": f"{arm} pair {name}", "prompt_id": f"prompt {name}"}
            both = {"first_response_id": original, "second_response_id": other}
            con.execute(INSERT_PAIR, row | both)


def test_of_four_arms_a_rater_never_meets_one_reply_twice(four_arms, rate_all):
    for number in range(9):
        seen = rate_all(f"rater {number}")
        texts = [text for pair in seen for text in (pair.left_text, pair.right_text)]
        assert sorted(name_of(pair) for pair in seen) == ["00", "01", "02"]
        assert len(set(texts)) == 6
    # 9 raters, each with 3 of 9 pairs, fill the 27 seats
    assert rate_all("one too many") == []


def test_progress_of_four_arms_counts_one_pair_per_prompt(
    four_arms, con, show_next, rate, rate_all
):
    assert rater_progress(con, "anna", 1) == RaterProgress(done=0, available=3)
    rate("anna", show_next("anna", 1))
    assert rater_progress(con, "anna", 1) == RaterProgress(done=1, available=3)
    for other in ("bert", "carl", "dora"):
        rate_all(other, 1)
    # nine pairs of one seat: anna 1, bert 3, carl 3, dora the 2 of the prompts not yet full
    assert rater_progress(con, "dora", 1) == RaterProgress(done=2, available=2)
    assert rater_progress(con, "anna", 1) == RaterProgress(done=1, available=1)
    assert show_next("anna", 1) is None


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
