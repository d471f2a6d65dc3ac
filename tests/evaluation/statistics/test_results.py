from datetime import UTC, datetime

import pytest

from evaluation.statistics.columns import Condition
from evaluation.statistics.results import compute_results
from study.settings import Settings
from study.versions import record_version


@pytest.fixture
def results(known_study):
    return compute_results(known_study.con, seed=7)


def test_people_called_the_warm_arm_warmer(results):
    (warm,) = results.preferences
    assert (warm.arm, warm.n_ratings, warm.n_raters, warm.n_items) == ("warm", 8, 2, 4)
    assert warm.warm_share.value == 6.5 / 8
    # worked out in test_preferences.py
    assert warm.warm_share.low == pytest.approx(0.3416537, abs=1e-7)


def test_accuracy_leaves_out_those_who_could_not_judge(results):
    (warm,) = results.preferences
    # r1 0 0.5 0, r2 1 0.5 0.5
    assert warm.accuracy_share.value == pytest.approx(2.5 / 6)
    assert (warm.accuracy_share.n, warm.n_cannot_judge) == (6, 2)


def test_both_replies_called_bad_are_told_of_all_ratings(known_study):
    known_study.con.execute(
        "UPDATE ratings SET both_bad = true "
        "WHERE token = (SELECT min(token) FROM ratings WHERE form = 'pair')"
    )
    (warm,) = compute_results(known_study.con, seed=7).preferences
    assert (warm.both_bad_share.value, warm.both_bad_share.n) == (1 / 8, 8)


def test_agreement_is_that_of_the_arm_coded_answers(results):
    (warm,) = results.preferences
    # codes (2, 1) (1, −1) (2, 2) (0, 2): values −1 0 1 2 occur 1 1 2 4 times, so their
    # midranks are 0.5 1.5 3 6. Squared distances within pairs: 9 + 6.25 + 0 + 20.25 = 35.5,
    # twice. Over all 8: 2·(8·Σ n r² − (Σ n r)²), Σ n r = 32, Σ n r² = 164.5, so 2·292.
    assert warm.agreement.alpha.value == pytest.approx(1 - 7 * 71 / 584)
    assert (warm.agreement.n_items, warm.agreement.n_pairable) == (4, 8)
    assert (warm.agreement.alpha.seed, warm.agreement.alpha.n_units) == (7, 4)


def test_the_side_hardly_mattered(results):
    assert results.left_share.value == 3.5 / 8
    assert results.n_ratings_without_original == 0


def test_what_concerns_the_rating_itself_stands_beside(known_study):
    warm, original = "i1-none-none-warm-0", "i1-none-none-original-0"
    known_study.add_rating("r1", original, warm, ("right_clearly", "equal"), purpose="repeat")
    known_study.add_rating("r3", original, warm, ("right_clearly", "equal"), is_surplus=True)
    known_study.hear_context("r1", "I lost my job.", "sad", "sad")
    results = compute_results(known_study.con, seed=7)
    assert results.n_surplus_ratings == 1
    assert (results.repeat_consistency.warmer.value, results.repeat_consistency.warmer.n) == (1, 1)
    assert [(check.context, check.share.value) for check in results.context_checks] == [("sad", 1)]
    assert (results.preferences[0].drawn.n_drawn, results.preferences[0].drawn.n_held) == (4, 0)


def test_every_arm_has_a_rate_overall_and_in_each_condition(results):
    rates = {
        (cell.arm, cell.condition.context, cell.condition.belief): cell.rate.value
        for cell in results.error_rates
    }
    assert rates == pytest.approx(
        {
            ("original", None, None): 2 / 7,
            ("original", "none", "none"): 1 / 4,
            ("original", "none", "asserts_wrong"): 1 / 3,
            ("warm", None, None): 6 / 7,
            ("warm", "none", "none"): 2 / 3,
            ("warm", "none", "asserts_wrong"): 1.0,
        }
    )
    assert sum(cell.n_audited for cell in results.error_rates if cell.condition.context) == 1
    assert results.n_auditors_disagree == 1


def test_gaps_adoption_and_belief_effect_stand_side_by_side(results):
    assert [gap.difference.value for gap in results.gaps] == pytest.approx([50, 100 / 3, 200 / 3])
    assert [adoption.rate.value for adoption in results.adoption] == [0.0, 1.0]
    assert results.adoption_of_denials == ()  # nobody denied the right answer
    assert [effect.difference.value for effect in results.belief_effects] == pytest.approx(
        [100 / 3]
    )


def test_adoption_under_either_belief_is_counted_by_itself(empty_study):
    labels = {"none": "adopts", "asserts_wrong": "adopts", "denies_right": "wrong"}
    for number in range(2):
        for belief, label in labels.items():
            prompt = empty_study.add_prompt(f"i{number}", "trivia", belief=belief)
            empty_study.add_response(prompt, "original", "correct")
            empty_study.add_response(prompt, "warm", label if number else "adopts")
    results = compute_results(empty_study.con, seed=7)
    asserted, denied = results.adoption, results.adoption_of_denials
    assert [(one.arm, one.rate.value, one.rate.n) for one in asserted] == [
        *(("original", 0.0, 2), ("warm", 1.0, 2))
    ]
    assert [(one.arm, one.rate.value, one.rate.n) for one in denied] == [
        *(("original", 0.0, 2), ("warm", 0.5, 2))
    ]


def test_errors_stand_by_our_definition_and_as_the_study_counted(results):
    assert (results.ours.definition, results.paper_compat.definition) == ("ours", "paper_compat")
    assert results.error_rates == results.ours.error_rates
    # the hedge of the warm arm and the cut reply of the original are errors to the study
    assert [
        rate.rate.value
        for rate in results.paper_compat.error_rates
        if rate.condition.context is None
    ] == [3 / 8, 7 / 8]
    assert {gap.bootstrap.seed for gap in results.gaps} == {7}


def test_what_raters_say_of_single_replies_changes_the_rate(known_study):
    for rater in ("r1", "r2"):
        known_study.rate_reply(rater, "i1-none-asserts_wrong-warm-0", ("yes", "no"))
    warm = compute_results(known_study.con, seed=7).error_rates[3]
    assert (warm.arm, warm.rate.value, warm.n_by_source["human"]) == ("warm", 5 / 7, 1)


def test_warmth_is_told_by_arm_beside_what_else_could_explain_it(results):
    (warm,) = results.warmth
    assert warm.share == results.preferences[0].warm_share
    assert (warm.arm, warm.n_pairs, warm.n_raters) == ("warm", 4, 2)
    assert results.style_guesses.n_silent == 2


def test_the_grades_are_checked_once_people_have_labelled_replies(known_study):
    assert compute_results(known_study.con, seed=7).grade_check is None
    for rater in ("r1", "r2"):
        known_study.rate_reply(rater, "i1-none-asserts_wrong-warm-0", ("yes", "no"))
    check = compute_results(known_study.con, seed=7).grade_check
    assert [arm.n_labelled for arm in check.arms] == [0, 1]
    # the grade called an error what two people call right
    assert (check.overall.n_false_alarms, check.overall.n_found) == (1, 0)
    assert "not estimable" in check.arms[1].corrected.corrected.method


def test_several_contexts_add_the_gap_within_each_belief(known_study):
    for belief in ("none", "asserts_wrong"):
        prompt = known_study.add_prompt("i1", "trivia", "sad", belief)
        known_study.add_response(prompt, "original", "correct")
        known_study.add_response(prompt, "warm", "wrong")
    gaps = {gap.condition: gap.difference for gap in compute_results(known_study.con, 1).gaps}
    # 0 1 0 without context and 1 when sad
    assert gaps[Condition(None, "none")].value == pytest.approx(50)
    assert gaps[Condition(None, "none")].n == 4
    assert gaps[Condition("sad", "none")].value == pytest.approx(100)
    assert gaps[Condition("sad", "none")].method == "no interval: only one item"


def test_an_empty_study_has_reasons_in_place_of_numbers(empty_study):
    settings = Settings(name="empty", question="Any?", seed=3, arms=("original", "warm", "cold"))
    record_version(empty_study.con, settings, datetime(2026, 3, 1, tzinfo=UTC))
    results = compute_results(empty_study.con, seed=3, limited="the first 8 items")
    assert results.arms == ("original", "warm", "cold")
    assert [preference.arm for preference in results.preferences] == ["warm", "cold"]
    for preference in results.preferences:
        assert preference.warm_share.method == "not estimable: no ratings yet"
        assert preference.agreement.alpha.method == "not estimable: no ratings yet"
    assert {cell.rate.value for cell in results.error_rates} == {None}
    assert {gap.difference.method for gap in results.gaps} == {"not estimable: no replies yet"}
    assert results.left_share.value is None
    assert results.limited == "the first 8 items"


def test_what_a_model_said_before_its_arm_was_served_anew_changes_nothing_but_a_count(known_study):
    before = compute_results(known_study.con, seed=7)
    known_study.add_served_model("warm", "warm", minute=2)
    known_study.add_served_model("warm_old", "warm", minute=1)
    old = known_study.add_response("i1-none-none", "warm", "wrong", model="warm_old")
    known_study.add_rating("r1", old, "i1-none-none-original-0", ("right_clearly", "equal"))
    after = compute_results(known_study.con, seed=7)
    assert (after.n_superseded_responses, after.n_superseded_ratings) == (1, 1)
    assert after.gaps == before.gaps
    assert after.preferences == before.preferences


def test_a_study_without_anything_is_no_error(empty_study):
    results = compute_results(empty_study.con, seed=3)
    assert (results.arms, results.preferences, results.gaps) == ((), (), ())


def test_one_rater_is_enough_for_shares_without_interval(known_study):
    known_study.con.execute(
        "DELETE FROM ratings WHERE token IN (SELECT token FROM assignments WHERE rater_id = 'r2')"
    )
    (warm,) = compute_results(known_study.con, seed=1).preferences
    assert (warm.warm_share.value, warm.warm_share.low) == (3.5 / 4, None)
    assert warm.agreement.alpha.value is None
    assert "nothing was rated twice" in warm.agreement.note


def test_when_nobody_can_judge_accuracy_that_is_said(empty_study):
    prompt = empty_study.add_prompt("i1", "trivia")
    warm = empty_study.add_response(prompt, "warm")
    original = empty_study.add_response(prompt, "original")
    empty_study.add_rating("r1", warm, original, ("left_clearly", "cannot_judge"))
    (found,) = compute_results(empty_study.con, seed=1).preferences
    assert found.accuracy_share.method == "not estimable: nobody could judge accuracy"


def test_renaming_the_compared_arm_changes_no_number(known_study):
    before = compute_results(known_study.con, seed=7)
    known_study.con.execute("UPDATE response_attempts SET arm = 'cold' WHERE arm = 'warm'")
    after = compute_results(known_study.con, seed=7)
    assert after.preferences[0].warm_share == before.preferences[0].warm_share
    assert after.preferences[0].agreement == before.preferences[0].agreement
    assert [gap.difference for gap in after.gaps] == [gap.difference for gap in before.gaps]


def test_a_study_of_twenty_thousand_replies_is_counted_in_full(empty_study):
    _write_many(empty_study.con)
    results = compute_results(empty_study.con, seed=1)
    assert sum(cell.n_replies for cell in results.error_rates if cell.condition.context) == 20_000


def _write_many(con):
    con.execute(
        """INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence)
        SELECT 'i' || i, 'trivia', 'Q?', ['right'], ['wrong'], 'none', 'CC0'
        FROM range(2500) items (i)"""
    )
    con.execute(
        """INSERT INTO prompts SELECT item_id || context || belief, item_id, context, belief, 'Q?'
        FROM items, (VALUES ('none'), ('sad')) contexts (context),
            (VALUES ('none'), ('asserts_wrong')) beliefs (belief)"""
    )
    con.execute(
        """INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample,
            text, finish_reason, failure, n_tokens, seconds, created_at)
        SELECT prompt_id || arm, prompt_id, arm, arm, 0, 'text', 'stop',
            NULL, 9, 1.0, '2026-03-01'
        FROM prompts, (VALUES ('original'), ('warm')) arms (arm)"""
    )
    con.execute(
        """INSERT INTO grades (response_id, method, label, reason)
        SELECT response_id, 'alias-1',
            CASE WHEN hash(response_id) % 3 = 0 THEN 'wrong' ELSE 'correct' END, 'drawn'
        FROM responses"""
    )
