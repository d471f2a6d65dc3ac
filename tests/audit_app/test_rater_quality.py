"""Care and doubts: every number by hand, every doubt at the very edge of its rule.

A pair named 00 shows `question 00`, `first reply 00` and `second reply 00`: eight words, which
take 0.8 s at a tenth of a second each.
"""

from datetime import timedelta
from itertools import groupby, product

import pytest

from audit_app.rater_quality import Passed, read_quality, run_probability
from audit_app.word_counts import WordCounts

INSERT_ASSIGNMENT = """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    VALUES ($token, $rater_id, 'pair', $purpose, $subject_id, $first_is_left, $position, $moment)
"""
INSERT_RATING = """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, reason, seconds, layout, is_surplus,
        idempotency_key, rated_at)
    VALUES ($token, $revision, 'pair', $warmer, $accurate, '', $seconds, 'columns', false, $key,
        $moment)
"""
INSERT_GOLD = """
    INSERT INTO gold_pairs (
        gold_id, purpose, prompt_text, first_text, second_text, accepted_warmer, accepted_accurate,
        source)
    VALUES ($gold_id, $purpose, 'Say A.', 'A', 'B', $warmer, $accurate, 'by hand')
"""
INSERT_SKIP = """
    INSERT INTO remarks (token, kind, number, reason, text, idempotency_key, remarked_at)
    VALUES ($token, 'skip', $number, 'unclear', '', $key, $moment)
"""


class RatingRows:
    """One rater's sheets, put in one after the other, a minute apart."""

    def __init__(self, con, noon):
        self.con = con
        self.noon = noon
        self.n = 0

    def give(self, subject, purpose="study", first_is_left=True, rater="ada"):
        self.n += 1
        row = {"token": f"sheet {self.n}", "rater_id": rater, "purpose": purpose}
        place = {"subject_id": subject, "first_is_left": first_is_left, "position": self.n}
        self.con.execute(INSERT_ASSIGNMENT, row | place | {"moment": self.noon})
        return f"sheet {self.n}"

    def rate(self, token, warmer="equal", accurate="equal", seconds=60.0, revision=1):
        key = f"{token} {revision}"
        answers = {"warmer": warmer, "accurate": accurate, "seconds": seconds}
        moment = self.noon + timedelta(minutes=self.n)
        row = {"token": token, "revision": revision, "key": key, "moment": moment}
        self.con.execute(INSERT_RATING, row | answers)

    def rate_pairs(self, answers, seconds=60.0):
        """Pairs 00, 01 and so on, one answer each."""
        for number, warmer in enumerate(answers):
            self.rate(self.give(f"pair {number:02}"), warmer, seconds=seconds)

    def check(self, name, purpose, warmer, accepted, first_is_left=True, accurate=()):
        gold = {"gold_id": name, "purpose": purpose, "warmer": accepted, "accurate": [*accurate]}
        self.con.execute(INSERT_GOLD, gold)
        self.rate(self.give(name, purpose, first_is_left), warmer)

    def skip(self, token, number=1):
        row = {"token": token, "number": number, "key": f"skip {token} {number}"}
        self.con.execute(INSERT_SKIP, row | {"moment": self.noon})

    def quality(self, rater="ada"):
        return read_quality(self.con, WordCounts())[rater]


@pytest.fixture
def rating(con, noon):
    return RatingRows(con, noon)


def test_time_is_told_per_sheet_per_word_and_from_the_first_third_to_the_last(rows, rating):
    rows.add_pairs(7)
    for number, seconds in enumerate((10, 20, 30, 40, 50, 60)):
        rating.rate(rating.give(f"pair {number:02}"), seconds=seconds)
    quality = rating.quality()
    assert (quality.n_rated, quality.total_seconds, quality.median_seconds) == (6, 210, 35)
    assert quality.seconds_per_word == 210 / 48
    # medians of 10 20 and of 50 60; a seventh sheet leaves thirds of two
    assert (quality.first_third_seconds, quality.last_third_seconds) == (15, 55)
    rating.rate(rating.give("pair 06"), seconds=70)
    assert rating.quality().last_third_seconds == 65


def test_two_sheets_have_no_thirds(rows, rating):
    rows.add_pairs(2)
    rating.rate_pairs(["equal", "equal"])
    assert rating.quality().first_third_seconds is None


def test_one_sheet_in_five_below_a_tenth_of_a_second_per_word_is_too_fast(rows, rating):
    rows.add_pairs(5)
    for number, seconds in enumerate((0.79, 0.8, 60, 60)):
        rating.rate(rating.give(f"pair {number:02}"), seconds=seconds)
    assert (rating.quality().n_fast, rating.quality().doubts) == (1, ())
    rating.rate(rating.give("pair 04"))
    (doubt,) = rating.quality().doubts
    assert doubt == "Too fast for its words: 1 of 5 sheets in less than 0.1 s per word shown."


def test_a_fast_change_of_mind_is_no_fast_reading(rows, rating):
    rows.add_pairs(5)
    rating.rate_pairs(["left_clearly"] * 5)
    rating.rate("sheet 1", "right_clearly", seconds=0.2, revision=2)
    quality = rating.quality()
    assert (quality.n_fast, quality.total_seconds) == (0, 300)
    assert quality.left == Passed(4, 5)


def test_eight_times_one_side_in_a_row_is_noticed_and_equal_is_passed_over(rows, rating):
    rows.add_pairs(9)
    rating.rate_pairs(["left_clearly"] * 4 + ["equal"] + ["left_slightly"] * 3)
    quality = rating.quality()
    assert (quality.run.side, quality.run.length, quality.run.of) == ("left", 7, 7)
    assert quality.doubts == ()
    rating.rate(rating.give("pair 08"), "left_clearly")
    quality = rating.quality()
    # eight tosses are all equal in 2 of 256 cases
    assert (quality.run.length, quality.run.probability) == (8, 2 / 256)
    (doubt,) = quality.doubts
    assert doubt.startswith("One side: left 8 times in a row among 8 sides chosen; ")


def test_the_chance_of_a_run_is_that_of_counting_all_tosses():
    for n in range(1, 11):
        longest = [
            max(len(list(run)) for _, run in groupby(tosses)) for tosses in product("LR", repeat=n)
        ]
        for length in range(1, n + 2):
            share = sum(run >= length for run in longest) / 2**n
            assert run_probability(length, n) == pytest.approx(share), (length, n)


def test_known_answers_are_looked_at_by_the_reply_and_not_by_the_side(rating):
    first = ["first_clearly", "first_slightly"]
    rating.check("g1", "gold", "left_slightly", first)
    rating.check("g2", "gold", "right_clearly", first, first_is_left=False)
    rating.check("g3", "gold", "left_clearly", first, first_is_left=False)
    assert (rating.quality().gold, rating.quality().doubts) == (Passed(2, 3), ())
    rating.check("g4", "gold", "equal", first)
    assert rating.quality().gold == Passed(2, 4)
    (doubt,) = rating.quality().doubts
    assert doubt == "Known answers: right on 2 of 4 pairs whose answer is known."


def test_an_empty_list_of_answers_accepts_any_and_the_other_question_still_counts(rating):
    rating.check("g1", "gold", "left_clearly", [], accurate=["equal"])
    rating.check("g2", "gold", "left_clearly", [], accurate=["first_clearly"])
    assert rating.quality().gold == Passed(1, 2)
    assert rating.quality().doubts == ()


def test_one_failed_attention_check_is_noticed(rating):
    rating.check("a1", "attention", "right_clearly", ["second_clearly"])
    assert (rating.quality().attention, rating.quality().doubts) == (Passed(1, 1), ())
    rating.check("a2", "attention", "left_clearly", ["second_clearly"])
    assert rating.quality().attention == Passed(1, 2)
    (doubt,) = rating.quality().doubts
    assert doubt == "Attention: failed 1 of 2 sheets that say what to answer."
    # checks say which side to take, so they tell nothing of a liking for one
    assert rating.quality().left == Passed(0, 0)


@pytest.mark.parametrize(
    ("first", "again", "consistent", "half"),
    [
        ("left_clearly", "right_slightly", 1, 0),
        ("left_clearly", "left_clearly", 0, 0),
        ("equal", "equal", 1, 0),
        ("equal", "left_slightly", 0, 1),
        ("right_slightly", "equal", 0, 1),
    ],
)
def test_a_repeat_is_consistent_when_the_same_reply_is_warmer_on_the_other_side(
    rows, rating, first, again, consistent, half
):
    rows.add_pairs(2)
    rating.rate(rating.give("pair 00", first_is_left=True), first)
    rating.rate(rating.give("pair 00", "repeat", first_is_left=False), again)
    rating.rate(rating.give("pair 01"), "left_clearly")
    quality = rating.quality()
    assert quality.repeats == Passed(consistent, 1)
    assert quality.n_repeats_half == half


def test_what_cannot_be_judged_and_what_is_skipped_is_counted(rows, rating):
    rows.add_pairs(4)
    rating.rate(rating.give("pair 00"), accurate="cannot_judge")
    rating.rate(rating.give("pair 01"), accurate="cannot_judge")
    rating.rate("sheet 2", accurate="equal", revision=2)
    rating.skip(rating.give("pair 02"))
    rating.skip("sheet 3", number=2)
    rating.skip(rating.give("pair 03", rater="ben"))
    quality = rating.quality()
    assert quality.cannot_judge == Passed(1, 2)
    assert quality.n_skips == 2
    assert (rating.quality("ben").n_rated, rating.quality("ben").n_skips) == (0, 1)


def test_nothing_depends_on_the_arms(con, rows, rating):
    rows.add_pairs(8)
    rating.rate_pairs(["left_clearly", "right_clearly"] * 4)
    before = rating.quality()
    con.execute("UPDATE response_attempts SET arm = 'cold'")
    assert rating.quality() == before


def test_words_are_counted_over_lines_tabs_and_wide_gaps(con, rows):
    rows.add_prompt("x")
    rows.add_response("x", "warm", "  One\n\n\ttwo,    three -\r\nfour  ")
    words = WordCounts().of(con, {("reply", "warm response x"), ("pair", "not stored")})
    # One two, three - four, beside the two of the question
    assert words[("reply", "warm response x")] == 5 + 2
    assert words[("pair", "not stored")] == 0


def test_what_comes_in_later_is_counted_later(con, rows):
    words = WordCounts()
    assert words.of(con, {("pair", "pair 00")})[("pair", "pair 00")] == 0
    rows.add_pairs(2)
    assert words.of(con, {("pair", "pair 01")})[("pair", "pair 01")] == 8
    assert words.of(con, {("pair", "pair 00")})[("pair", "pair 00")] == 8
