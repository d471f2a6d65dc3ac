from dataclasses import replace

import pytest
from statsmodels.stats.contingency_tables import mcnemar

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.paired_tests import (
    PairCounts,
    compute_paired_tests,
    exact_mcnemar,
    newcombe_paired,
)
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_responses

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")
CELLS = [Cell(task, condition) for task in ("medical", "trivia") for condition in (PLAIN, BELIEF)]


def pairs_tested(study, definition=OURS, arms=("warm",)):
    replies = code_replies(read_responses(study.con).table)
    found = compute_paired_tests(replies, arms, CELLS, definition, level=0.95)
    return {(test.task, test.condition): test for test in found}


@pytest.mark.parametrize(
    ("one_only", "other_only", "p"),
    # Fagerland, Lydersen and Laake 2013, exact conditional test of airway reactivity and of complete
    # response; by hand the first is 2 · (1 + 8)/2^8
    [(1, 7, 0.0703), (6, 16, 0.0525)],
)
def test_mcnemar_equals_the_published_values(one_only, other_only, p):
    assert exact_mcnemar(one_only, other_only) == pytest.approx(p, abs=5e-5)
    assert exact_mcnemar(other_only, one_only) == exact_mcnemar(one_only, other_only)


@pytest.mark.parametrize(("b", "c"), [(150, 86), (12, 2), (5, 0), (4, 4), (0, 1)])
def test_mcnemar_equals_statsmodels(b, c):
    expected = mcnemar([[794, b], [c, 570]], exact=True).pvalue
    assert exact_mcnemar(b, c) == pytest.approx(expected, rel=1e-10)


def test_pairs_that_never_differ_speak_against_nothing():
    # by hand: 5 against 0 is 2 · (1/2)^5
    assert (exact_mcnemar(0, 0), exact_mcnemar(5, 0)) == (1.0, 1 / 16)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:2635, table III, method 10
        ((36, 12, 2, 0), 0.0569, 0.3404),
        # Fagerland, Lydersen and Laake 2014, Statistics in Medicine 33:2850, complete response, as
        # their package contingencytables gives it
        ((59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_newcombe_for_pairs_equals_the_published_values(counts, low, high):
    found = newcombe_paired(PairCounts(*counts))
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=5e-3)
    assert (found.n, found.n_units, found.unit) == (sum(counts), sum(counts), "item")


def test_newcombe_for_pairs_stays_inside_and_turns_around():
    for counts in ((0, 5, 0, 0), (0, 0, 0, 5), (3, 1, 0, 1), (0, 3, 2, 0), (9, 1, 1, 9)):
        found = newcombe_paired(PairCounts(*counts))
        a, b, c, d = counts
        turned = newcombe_paired(PairCounts(a, c, b, d))
        assert -100 <= found.low <= found.value <= found.high <= 100
        assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_each_cell_counts_its_pairs(known_study):
    found = pairs_tested(known_study)
    # i1 adopts beside correct, i2 adopts beside wrong
    assert found["trivia", BELIEF].counts == PairCounts(1, 1, 0, 0)
    # i1 both correct, i2 wrong beside correct
    assert found["trivia", PLAIN].counts == PairCounts(0, 1, 0, 1)
    # i3 adopts beside correct; the original's reply to i4 was cut
    assert found["medical", BELIEF].counts == PairCounts(0, 1, 0, 0)
    assert found["trivia", BELIEF].difference.value == 50
    assert found["trivia", PLAIN].test.p == 1.0


def test_all_cells_are_one_family_whose_name_says_what_counts(known_study):
    tests = [test.test for test in pairs_tested(known_study).values()]
    assert {test.family_size for test in tests} == {4}
    assert all(test.family.endswith("errors as in ours") for test in tests)
    compat = pairs_tested(known_study, PAPER_COMPAT)["medical", BELIEF]
    # the cut reply of the original is an error there
    assert compat.counts == PairCounts(1, 1, 0, 0)
    assert compat.test.family.endswith("errors as in paper_compat")


def test_a_cell_without_pairs_is_in_no_family_and_says_why(known_study):
    known_study.con.execute("DELETE FROM grades WHERE response_id LIKE 'i%-none-none-warm-0'")
    found = pairs_tested(known_study)
    assert found["trivia", PLAIN].test is None
    assert found["trivia", PLAIN].difference.method == (
        "not estimable: no pair was scored in both arms"
    )
    assert found["trivia", BELIEF].test.family_size == 2


def test_only_the_first_reply_of_an_arm_to_a_prompt_is_a_pair(known_study):
    before = pairs_tested(known_study)["trivia", PLAIN]
    known_study.add_response("i1-none-none", "warm", "wrong", sample=1)
    known_study.add_response("i1-none-none", "cold", "wrong", sample=1)
    after = pairs_tested(known_study)["trivia", PLAIN]
    assert (before.n_further, after.n_further) == (0, 1)
    assert replace(after, n_further=0) == before


def test_arms_that_are_compared_share_the_family(known_study):
    for item in ("i1", "i2"):
        known_study.add_response(f"{item}-none-none", "cold", "wrong")
    found = compute_paired_tests(
        code_replies(read_responses(known_study.con).table),
        ("warm", "cold"),
        CELLS,
        OURS,
        level=0.95,
    )
    assert [test.test.family_size for test in found if test.test] == [5] * 5
