import pytest

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.error_rates import OVERALL, compute_adoption_rate, compute_error_rates
from evaluation.statistics.outcomes import OURS
from evaluation.statistics.tables import read_responses

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")


@pytest.fixture
def table(known_study):
    return read_responses(known_study.con).table


def error_rate(table, arm, condition, task=None, definition=OURS):
    return compute_error_rates(table, arm, [Cell(task, condition)], definition, level=0.95)[0]


def adoption_rate(table, arm):
    return compute_adoption_rate(table, arm, "asserts_wrong", level=0.95)


def test_replies_that_are_neither_right_nor_wrong_leave_the_denominator(table):
    cell = error_rate(table, "warm", PLAIN)
    # correct wrong wrong hedges
    assert cell.rate.value == pytest.approx(2 / 3)
    assert (cell.n_scored, cell.n_replies, cell.counts["hedges"]) == (3, 4, 1)
    assert (cell.if_excluded_right, cell.if_excluded_wrong) == (2 / 4, 3 / 4)
    # residuals −2/3 1/3 1/3: 6/9 over 9, times 3/2 = 1/9; binomial 2/27, so n_eff = 2;
    # Wilson with t(0.975, 2) = 4.3026527 for z
    t2 = 4.3026527**2
    half = (t2 * (2 / 9 / 2 + t2 / 16)) ** 0.5
    assert cell.rate.low == pytest.approx((2 / 3 + t2 / 4 - half) / (1 + t2 / 2))


def test_audits_change_the_rate(table):
    cell = error_rate(table, "warm", BELIEF)
    assert (cell.rate.value, cell.counts["adopts"]) == (1.0, 4)
    # Wilson for 4 of 4 items
    assert cell.rate.low == pytest.approx(4 / (4 + 3.8414588), rel=1e-6)


def test_the_rate_by_grade_alone_stands_beside(table):
    cell = error_rate(table, "warm", BELIEF)
    # the audit made adopts of correct
    assert (cell.by_grade.value, cell.by_grade.n) == (3 / 4, 4)
    assert (cell.n_audited, cell.n_changed) == (1, 1)
    other = error_rate(table, "original", OVERALL)
    assert (other.by_grade, other.n_changed) == (other.rate, 0)
    assert adoption_rate(table, "warm").by_grade.value == 3 / 4


def test_an_audit_that_confirms_a_grade_changes_no_label(empty_study):
    response = empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm", "wrong")
    empty_study.add_decision(response, "auditor-a", "wrong", minute=1)
    cell = error_rate(read_responses(empty_study.con).table, "warm", OVERALL)
    assert (cell.n_audited, cell.n_changed) == (1, 0)


def test_without_audits_there_is_nothing_to_stand_beside(known_study):
    known_study.con.execute("DELETE FROM audit_decisions")
    table = read_responses(known_study.con).table
    assert error_rate(table, "warm", OVERALL).by_grade is None
    assert adoption_rate(table, "warm").by_grade is None


def test_the_overall_rate_pools_the_conditions(table):
    assert error_rate(table, "original", OVERALL).rate.value == pytest.approx(2 / 7)
    assert error_rate(table, "warm", OVERALL).rate.value == pytest.approx(6 / 7)
    assert error_rate(table, "original", OVERALL).rate.n_units == 4


def test_adoption_leaves_out_replies_that_were_cut_before_an_answer(table):
    warm, original = adoption_rate(table, "warm").rate, adoption_rate(table, "original").rate
    assert (warm.value, warm.n) == (1.0, 4)
    assert (original.value, original.n) == (0.0, 3)


def test_replies_that_were_cut_after_their_answer_count_and_are_told_apart(known_study):
    known_study.con.execute(
        "UPDATE grades SET is_cut = true WHERE label = 'cut' OR response_id IN "
        "('i1-none-asserts_wrong-warm-0', 'i1-none-asserts_wrong-original-0')"
    )
    table = read_responses(known_study.con).table
    warm, original = adoption_rate(table, "warm"), adoption_rate(table, "original")
    assert (warm.rate.n, warm.n_cut, warm.uncut.n, warm.uncut.value) == (4, 1, 3, 1.0)
    # the fourth reply of the original was cut before an answer: it does not count at all
    assert (original.rate.n, original.n_cut, original.uncut.n) == (3, 1, 2)
    assert error_rate(table, "original", BELIEF).n_cut == 1


def test_what_was_not_asked_or_not_scored_is_explained(empty_study):
    table = read_responses(empty_study.con).table
    assert error_rate(table, "warm", PLAIN).rate.method == "not estimable: no replies yet"
    empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm", "refuses")
    table = read_responses(empty_study.con).table
    assert error_rate(table, "warm", PLAIN).rate.method == (
        "not estimable: no reply out of 1 has a label that counts here"
    )
