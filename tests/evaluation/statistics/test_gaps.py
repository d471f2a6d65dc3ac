import numpy as np
import pytest

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.error_rates import OVERALL
from evaluation.statistics.gaps import compute_belief_effects, compute_gaps
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_responses

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")
T_2 = 4.3026527


def replies_of(study):
    return code_replies(read_responses(study.con).table)


@pytest.fixture
def table(known_study):
    return replies_of(known_study)


def gap(table, condition, task=None, definition=OURS):
    return compute_gaps(table, "warm", [Cell(task, condition)], definition, 7, level=0.95)[0]


def belief_effect(table):
    return compute_belief_effects(table, "warm", ["asserts_wrong"], OURS, level=0.95)[0]


def permuted(table, seed):
    return table.select(np.random.default_rng(seed).permutation(len(table)))


def test_gaps_pair_replies_to_the_same_prompt(table):
    # plain: i1 0, i2 1, i3 0, i4 hedged; with the belief: i1 1, i2 0, i3 1, i4 cut
    assert gap(table, PLAIN).difference.value == pytest.approx(100 / 3)
    assert gap(table, BELIEF).difference.value == pytest.approx(200 / 3)
    assert gap(table, OVERALL).difference.value == pytest.approx(50)
    assert (gap(table, OVERALL).difference.n, gap(table, OVERALL).n_prompts) == (6, 8)
    # 1/3, residuals −1/3 2/3 −1/3: 6/9 over 9, times 3/2 = 1/9
    assert gap(table, PLAIN).difference.high == pytest.approx(min(100, 100 / 3 * (1 + T_2)))


def test_a_gap_is_bounded_over_all_prompts(table):
    # plain: 0 1 0, and the hedge of the warm arm against a right reply: 0 or 1, over 4
    plain = gap(table, PLAIN)
    assert (plain.if_arm_right, plain.if_arm_wrong) == (25, 50)
    # with the belief: 1 0 1, and adopts against a cut reply: 1 − 1 or 1 − 0, over 4
    belief = gap(table, BELIEF)
    assert (belief.if_arm_right, belief.if_arm_wrong) == (50, 75)


def test_a_prompt_that_one_arm_has_not_answered_widens_the_bounds(known_study):
    prompt = known_study.add_prompt("i5", "trivia")
    known_study.add_response(prompt, "original", "correct")
    found = gap(replies_of(known_study), PLAIN)
    # 0 1 0, the hedge 0 or 1, the missing reply 0 or 1, over 5
    assert (found.if_arm_right, found.if_arm_wrong) == (pytest.approx(20), pytest.approx(60))
    assert (found.difference.n, found.n_prompts) == (3, 5)


def test_where_all_replies_are_scored_the_bounds_are_the_gap(empty_study):
    for item, label in (("i1", "wrong"), ("i2", "correct")):
        prompt = empty_study.add_prompt(item, "trivia")
        empty_study.add_response(prompt, "original", "correct")
        empty_study.add_response(prompt, "warm", label)
    found = gap(replies_of(empty_study), OVERALL)
    assert found.if_arm_right == found.difference.value == found.if_arm_wrong == 50


def test_samples_that_were_not_scored_widen_the_bounds_by_their_share(empty_study):
    prompt = empty_study.add_prompt("i1", "trivia")
    empty_study.add_response(prompt, "original", "correct")
    empty_study.add_response(prompt, "warm", "wrong")
    empty_study.add_response(prompt, "warm", "refuses", sample=1)
    found = gap(replies_of(empty_study), OVERALL)
    assert (found.difference.value, found.if_arm_right, found.if_arm_wrong) == (100, 50, 100)


def test_the_gap_by_grade_alone_stands_beside(table):
    # with the belief, by grade: i1 1, i2 0, i3 0
    assert gap(table, BELIEF).by_grade.value == pytest.approx(100 / 3)
    assert gap(table, PLAIN).by_grade == gap(table, PLAIN).difference


def test_without_audits_there_is_nothing_to_stand_beside(known_study):
    known_study.con.execute("DELETE FROM audit_decisions")
    assert gap(replies_of(known_study), OVERALL).by_grade is None


def test_the_belief_effect_compares_items_with_themselves(table):
    effect = belief_effect(table).difference
    # i1 1 − 0, i2 0 − 1, i3 1 − 0; i4 is scored in neither
    assert (effect.value, effect.n) == (pytest.approx(100 / 3), 3)


def test_the_belief_effect_by_grade_alone_stands_beside(table):
    effect = belief_effect(table)
    # i1 1 − 0, i2 0 − 1, i3 0 − 0
    assert effect.by_grade.value == pytest.approx(0)


def test_several_samples_of_a_prompt_are_averaged_before_they_are_paired(empty_study):
    for item, second in (("i1", "correct"), ("i2", "wrong")):
        prompt = empty_study.add_prompt(item, "trivia")
        empty_study.add_response(prompt, "original", "correct")
        empty_study.add_response(prompt, "warm", "wrong")
        empty_study.add_response(prompt, "warm", second, sample=1)
    # by prompt 1/2 and 1
    found = gap(replies_of(empty_study), OVERALL)
    assert (found.difference.value, found.difference.n) == (pytest.approx(75), 2)


def test_what_was_not_asked_or_not_scored_is_explained(empty_study):
    nothing = gap(replies_of(empty_study), PLAIN)
    assert nothing.difference.method == "not estimable: no replies yet"
    assert (nothing.if_arm_right, nothing.if_arm_wrong) == (None, None)
    prompt = empty_study.add_prompt("i1", "trivia")
    empty_study.add_response(prompt, "warm", "refuses")
    alone = gap(replies_of(empty_study), PLAIN)
    assert (alone.if_arm_right, alone.if_arm_wrong) == (None, None)
    empty_study.add_response(prompt, "original", "correct")
    table = replies_of(empty_study)
    assert gap(table, PLAIN).difference.method == (
        "not estimable: no prompt out of 1 was scored in both arms"
    )
    assert (gap(table, PLAIN).if_arm_right, gap(table, PLAIN).if_arm_wrong) == (0, 100)
    effect = belief_effect(table)
    assert effect.difference.value is None
    assert "with and without the belief" in effect.difference.method


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(table, seed):
    other, straight = gap(permuted(table, seed), OVERALL), gap(table, OVERALL)
    assert other.difference.low == pytest.approx(straight.difference.low)
    assert other.if_arm_wrong == pytest.approx(straight.if_arm_wrong)


def test_a_task_has_a_gap_of_its_own(table):
    # trivia: 0 1 without belief, 1 0 with it; medical: 0 and 1
    assert gap(table, OVERALL, task="trivia").difference.value == pytest.approx(50)
    assert gap(table, OVERALL, task="medical").difference.n == 2
    assert gap(table, PLAIN, task="medical").n_prompts == 2


def test_the_gap_as_the_study_counted_pairs_more_prompts(table):
    found = gap(table, OVERALL, definition=PAPER_COMPAT)
    # the hedge and the cut reply are errors: 0 1 0 1 and 1 0 1 0
    assert (found.difference.value, found.difference.n) == (pytest.approx(50), 8)


def test_the_bootstrap_stands_beside_the_cluster_t_interval(table):
    found = gap(table, OVERALL)
    assert found.bootstrap.value == found.difference.value
    assert (found.bootstrap.seed, found.bootstrap.n_units) == (7, found.difference.n_units)
    # each of the three items has a mean of 1/2, and so has every sample of them
    assert found.bootstrap.method == "no interval: resamples all have the same value"
    plain = gap(table, PLAIN).bootstrap
    assert (plain.low, plain.high) == (0, 100)
    assert plain.method.startswith("BCa percentiles of 1000 resamples of 3 items, widened to t")


def test_the_gaps_with_and_without_a_belief_add_up_to_their_difference(known_study):
    prompt = known_study.add_prompt("i9", "trivia")
    known_study.add_response(prompt, "original", "correct")
    known_study.add_response(prompt, "warm", "wrong")
    table = replies_of(known_study)
    effect = belief_effect(table)
    with_it, without = effect.gap_with, effect.gap_without
    assert effect.difference.value == pytest.approx(with_it.value - without.value)
    assert with_it.n == without.n == effect.difference.n == 3
    # the new item was asked without the belief alone: only the gap over all has it
    assert gap(table, PLAIN).difference.n == 4


def test_beliefs_that_are_stated_differently_are_never_pooled(known_study):
    for item in ("i1", "i2"):
        prompt = known_study.add_prompt(item, "trivia", belief="denies_right")
        known_study.add_response(prompt, "original", "correct")
        known_study.add_response(prompt, "warm", "correct")
    table = replies_of(known_study)
    effects = compute_belief_effects(table, "warm", ["asserts_wrong", "denies_right"], OURS, 0.95)
    assert [effect.belief for effect in effects] == ["asserts_wrong", "denies_right"]
    # i1 0 − 0, i2 0 − 1
    assert effects[1].difference.value == pytest.approx(-50)
    assert effects[1].gap_with.value == 0
    assert effects[0] == belief_effect(table)
