import numpy as np
import pytest

from evaluation.statistics.error_rates import (
    OVERALL,
    compute_adoption_rate,
    compute_belief_effect,
    compute_error_rate,
    compute_gaps,
)
from evaluation.statistics.tables import Condition, ResponseTable, read_responses

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")
T_2 = 4.3026527


@pytest.fixture
def table(known_study):
    return read_responses(known_study.con)


def error_rate(table, arm, condition):
    return compute_error_rate(table, arm, condition, level=0.95)


def gap(table, condition):
    return compute_gaps(table, "warm", [condition], level=0.95)[0]


def permuted(table, seed):
    order = np.random.default_rng(seed).permutation(len(table))
    return ResponseTable(**{name: column[order] for name, column in vars(table).items()})


def test_replies_that_are_neither_right_nor_wrong_leave_the_denominator(table):
    cell = error_rate(table, "warm", PLAIN)
    # correct wrong wrong hedges
    assert cell.rate.value == pytest.approx(2 / 3)
    assert (cell.n_scored, cell.n_replies, cell.counts["hedges"]) == (3, 4, 1)
    assert (cell.if_excluded_right, cell.if_excluded_wrong) == (2 / 4, 3 / 4)
    # residuals −2/3 1/3 1/3: 6/9 over 9, times 3/2 = 1/9; t with two degrees of freedom
    assert cell.rate.low == pytest.approx(max(0.0, 2 / 3 - T_2 / 3))


def test_audits_change_the_rate(table):
    cell = error_rate(table, "warm", BELIEF)
    assert (cell.rate.value, cell.counts["adopts"], cell.n_audited) == (1.0, 4, 1)
    # Wilson for 4 of 4 items
    assert cell.rate.low == pytest.approx(4 / (4 + 3.8414588), rel=1e-6)


def test_the_overall_rate_pools_the_conditions(table):
    assert error_rate(table, "original", OVERALL).rate.value == pytest.approx(2 / 7)
    assert error_rate(table, "warm", OVERALL).rate.value == pytest.approx(6 / 7)
    assert error_rate(table, "original", OVERALL).rate.n_units == 4


def test_gaps_pair_replies_to_the_same_prompt(table):
    # plain: i1 0, i2 1, i3 0, i4 hedged; with the belief: i1 1, i2 0, i3 1, i4 cut
    assert gap(table, PLAIN).difference.value == pytest.approx(100 / 3)
    assert gap(table, BELIEF).difference.value == pytest.approx(200 / 3)
    assert gap(table, OVERALL).difference.value == pytest.approx(50)
    assert (gap(table, OVERALL).difference.n, gap(table, OVERALL).n_prompts) == (6, 8)
    # 1/3, residuals −1/3 2/3 −1/3: 6/9 over 9, times 3/2 = 1/9
    assert gap(table, PLAIN).difference.high == pytest.approx(min(100, 100 / 3 * (1 + T_2)))


def test_the_belief_effect_compares_items_with_themselves(table):
    effect = compute_belief_effect(table, "warm", "asserts_wrong", level=0.95).difference
    # i1 1 − 0, i2 0 − 1, i3 1 − 0; i4 is scored in neither
    assert (effect.value, effect.n) == (pytest.approx(100 / 3), 3)


def test_adoption_counts_all_replies_that_were_read_to_their_end(table):
    warm = compute_adoption_rate(table, "warm", "asserts_wrong", level=0.95).rate
    original = compute_adoption_rate(table, "original", "asserts_wrong", level=0.95).rate
    assert (warm.value, warm.n) == (1.0, 4)
    assert (original.value, original.n) == (0.0, 3)  # the fourth was cut


def test_several_samples_of_a_prompt_are_averaged_before_they_are_paired(empty_study):
    for item, second in (("i1", "correct"), ("i2", "wrong")):
        prompt = empty_study.add_prompt(item, "trivia")
        empty_study.add_response(prompt, "original", "correct")
        empty_study.add_response(prompt, "warm", "wrong")
        empty_study.add_response(prompt, "warm", second, sample=1)
    # by prompt 1/2 and 1
    found = gap(read_responses(empty_study.con), OVERALL)
    assert (found.difference.value, found.difference.n) == (pytest.approx(75), 2)


def test_what_was_not_asked_or_not_scored_is_explained(empty_study):
    table = read_responses(empty_study.con)
    assert error_rate(table, "warm", PLAIN).rate.method == "not estimable: no replies yet"
    assert gap(table, PLAIN).difference.method == "not estimable: no replies yet"
    prompt = empty_study.add_prompt("i1", "trivia")
    empty_study.add_response(prompt, "warm", "refuses")
    empty_study.add_response(prompt, "original", "correct")
    table = read_responses(empty_study.con)
    assert error_rate(table, "warm", PLAIN).rate.method == (
        "not estimable: no reply out of 1 has a label that counts here"
    )
    assert gap(table, PLAIN).difference.method == (
        "not estimable: no prompt out of 1 was scored in both arms"
    )
    effect = compute_belief_effect(table, "warm", "asserts_wrong", level=0.95)
    assert effect.difference.value is None
    assert "with and without the belief" in effect.difference.method


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(table, seed):
    other = permuted(table, seed)
    assert gap(other, OVERALL).difference.low == pytest.approx(gap(table, OVERALL).difference.low)
    assert error_rate(other, "warm", PLAIN).rate == error_rate(table, "warm", PLAIN).rate
