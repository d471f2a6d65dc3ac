import pytest

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.error_rates import OVERALL, compute_adoption_rate, compute_error_rates
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_responses

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")


def replies_of(study):
    return code_replies(read_responses(study.con).table)


@pytest.fixture
def table(known_study):
    return replies_of(known_study)


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
    cell = error_rate(replies_of(empty_study), "warm", OVERALL)
    assert (cell.n_audited, cell.n_changed) == (1, 0)


def test_without_audits_there_is_nothing_to_stand_beside(known_study):
    known_study.con.execute("DELETE FROM audit_decisions")
    table = replies_of(known_study)
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
    table = replies_of(known_study)
    warm, original = adoption_rate(table, "warm"), adoption_rate(table, "original")
    assert (warm.rate.n, warm.n_cut, warm.uncut.n, warm.uncut.value) == (4, 1, 3, 1.0)
    # the fourth reply of the original was cut before an answer: it does not count at all
    assert (original.rate.n, original.n_cut, original.uncut.n) == (3, 1, 2)
    assert error_rate(table, "original", BELIEF).n_cut == 1


def test_what_was_not_asked_or_not_scored_is_explained(empty_study):
    table = replies_of(empty_study)
    assert error_rate(table, "warm", PLAIN).rate.method == "not estimable: no replies yet"
    empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm", "refuses")
    table = replies_of(empty_study)
    assert error_rate(table, "warm", PLAIN).rate.method == (
        "not estimable: no reply out of 1 has a label that counts here"
    )


def test_a_task_has_a_rate_of_its_own_with_counts_and_bounds(table):
    cell = error_rate(table, "warm", PLAIN, task="medical")
    # i3 wrong, i4 hedges
    assert (cell.task, cell.rate.value, cell.n_scored, cell.n_replies) == ("medical", 1.0, 1, 2)
    assert (cell.if_excluded_right, cell.if_excluded_wrong) == (1 / 2, 1.0)
    assert cell.counts["hedges"] == 1
    both = [error_rate(table, "warm", OVERALL, task=task) for task in ("medical", "trivia")]
    overall = error_rate(table, "warm", OVERALL)
    assert sum(cell.n_scored for cell in both) == overall.n_scored


def test_the_unclustered_interval_is_wilsons(table):
    cell = error_rate(table, "warm", PLAIN).unclustered
    # 2 of 3: z² = 3.8414588, middle (2/3 + z²/6)/(1 + z²/3), by hand 0.5730605
    z2 = 3.8414588
    half = (z2 * (2 / 27 + z2 / 36)) ** 0.5 / (1 + z2 / 3)
    assert (cell.value, cell.n, cell.n_units, cell.unit) == (2 / 3, 3, 3, "reply")
    assert cell.low == pytest.approx((2 / 3 + z2 / 6) / (1 + z2 / 3) - half)
    assert cell.method == "Wilson, replies taken as independent"


def test_the_rate_as_the_study_counted_stands_on_more_replies(table):
    cell = error_rate(table, "original", BELIEF, definition=PAPER_COMPAT)
    # correct wrong correct cut: the cut reply gave no right answer
    assert (cell.rate.value, cell.n_scored) == (2 / 4, 4)
    assert error_rate(table, "original", BELIEF).rate.value == pytest.approx(1 / 3)


def test_who_gave_each_label_is_counted(table):
    sources = error_rate(table, "warm", OVERALL).n_by_source
    assert sources == {"audit": 1, "human": 0, "judge": 0, "grade": 7, "none": 0}
    assert sum(error_rate(table, "original", OVERALL).n_by_source.values()) == 8


def test_refusals_alone_leave_bounds_and_a_reason(empty_study):
    for item in ("i1", "i2"):
        empty_study.add_response(empty_study.add_prompt(item, "trivia"), "warm", "refuses")
    cell = error_rate(replies_of(empty_study), "warm", OVERALL)
    assert (cell.rate.value, cell.unclustered.value) == (None, None)
    assert cell.unclustered.method == (
        "not estimable: no reply out of 2 has a label that counts here"
    )
    assert (cell.if_excluded_right, cell.if_excluded_wrong) == (0.0, 1.0)
