"""Messages that are asked for warmth alone, beside the study of `conftest.py`."""

import pytest

from evaluation.findings import tell_findings
from evaluation.gate import Coverage, check_gate
from evaluation.meter_tables import agreements_of, meters_as_tables
from evaluation.rating_plots import plot_warm_share
from evaluation.report import results_as_json, results_as_tables
from evaluation.statistics.interim import compute_interim
from evaluation.statistics.results import compute_results
from evaluation.statistics.tables import read_conditions, read_responses
from study.settings import GateSettings


@pytest.fixture
def heard_study(known_study):
    """Three messages more; r1 and r2 hear warm in four of six ratings, and one rates a repeat."""
    for item in ("m1", "m2", "m3"):
        prompt = known_study.add_prompt(item, "warmth", context="chat", kind="ungraded")
        warm = known_study.add_response(prompt, "warm")
        # a label that should never be there, and an auditor's
        original = known_study.add_response(prompt, "original", "wrong")
        known_study.add_decision(warm, "auditor-a", "wrong", minute=1)
        answers = {"m1": "left_clearly", "m2": "left_slightly", "m3": "right_slightly"}
        for rater in ("r1", "r2"):
            known_study.add_rating(rater, warm, original, (answers[item], "cannot_judge"))
    return known_study


def test_replies_to_them_are_in_no_error_rate(heard_study, known_study):
    results = compute_results(heard_study.con, seed=1)
    assert results.n_warmth_replies == 6
    assert set(read_responses(heard_study.con).table.item) == {"i1", "i2", "i3", "i4"}
    # by hand, as without the messages: four replies of an arm in each of two conditions
    assert {cell.n_replies for cell in results.error_rates if cell.condition.context is None} == {8}
    assert {cell.task for cell in results.ours.cell_rates} == {"trivia", "medical"}


def test_they_change_nothing_about_errors_gaps_and_pairs_of_questions(templates, heard_study):
    import duckdb

    plain = duckdb.connect(str(templates / "known.duckdb"), read_only=True)
    before, after = compute_results(plain, seed=1), compute_results(heard_study.con, seed=1)
    plain.close()
    for name in ("ours", "paper_compat", "adoption", "preferences", "warmth", "conditions"):
        assert getattr(after, name) == getattr(before, name), name
    assert before.warmth_pairs == ()


def test_their_context_is_no_condition_of_the_study(heard_study):
    assert [one.context for one in read_conditions(heard_study.con)] == ["none", "none"]


def test_each_kind_of_pair_has_a_share_of_its_own(heard_study):
    results = compute_results(heard_study.con, seed=1)
    (of_questions,), (of_warmth,) = results.preferences, results.warmth_pairs
    # by hand: i1 to i4 give 1, 1, 1, 0, 1, 1, 0.5, 1 of 8; m1 to m3 give 1, 1, 0 twice
    assert of_questions.warm_share.value == pytest.approx(6.5 / 8)
    assert of_warmth.warm_share.value == pytest.approx(4 / 6)
    assert (of_questions.n_ratings, of_warmth.n_ratings) == (8, 6)
    assert (of_questions.drawn.n_drawn, of_warmth.drawn.n_drawn) == (4, 3)
    (validation,) = results.warmth_pairs_validation
    assert (validation.n_items, {part.value for part in validation.slices}) == (
        3,
        {"warmth", "chat", "none"},
    )


def test_the_report_tells_them_apart(heard_study):
    results = compute_results(heard_study.con, seed=1)
    told = results_as_json(results)
    assert told["warmth_pairs"][0]["warm_share"]["value"] == pytest.approx(4 / 6)
    assert told["warmth_pairs_validation"][0]["n_pairs"] == 3
    titles = [table.title for table in results_as_tables(results)]
    assert "Do people hear the arm as warmer? (warmth pairs)" in titles
    asked = tell_findings(results)[0]
    assert "14 ratings of pairs" in asked
    assert "6 ratings are of warmth pairs" in asked
    rows = plot_warm_share(results).data.rows
    assert [cell for row in rows for cell in row if cell in ("Questions", "Warmth pairs")] == [
        "Questions",
        "Warmth pairs",
    ]


def test_a_limit_on_warmth_is_held_by_both_kinds(heard_study):
    results = compute_results(heard_study.con, seed=1)
    gate = GateSettings(judge_by="value", min_warm_share=0.7, max_gap_pp=90)
    checks = check_gate(gate, results, results.arms, Coverage(14, 14))
    shares = [(one.counted, one.verdict) for one in checks if one.limit == "min_warm_share"]
    assert shares == [("ratings", "passed"), ("ratings of warmth pairs", "failed")]
    (gap,) = [one for one in checks if one.limit == "max_gap_pp"]
    assert gap.found == next(
        one.difference
        for one in results.gaps
        if one.condition.context is None and one.condition.belief is None
    )


def test_while_results_are_sealed_both_are_pooled_and_it_is_said(heard_study):
    found = compute_interim(heard_study.con, seed=1)
    assert (found.n_ratings, found.n_of_warmth, found.n_pairs) == (14, 6, 7)


def test_a_meter_is_held_against_each_kind_of_pair_by_itself(heard_study):
    # warm scores higher in m1 and m2 and lower in m3, as people say; i1 alone of the questions
    differences = {"m1-chat": 0.2, "m2-chat": 0.1, "m3-chat": -0.3, "i1-none": 0.5}
    for prompt, difference in differences.items():
        for arm, score in (("warm", difference), ("original", 0.0)):
            heard_study.con.execute(
                "INSERT INTO warmth_scores (score_id, response_id, mode, version, meter, "
                "meter_sha256, seed, passes, score) VALUES (?, ?, 'masked', 1, 'm', 'sha', NULL, 1, ?)",
                [f"{prompt}-{arm}", f"{prompt}-none-{arm}-0", score],
            )
    of_questions, of_warmth = compute_results(heard_study.con, seed=1).meters
    assert (of_questions.kind, of_questions.lift.n, of_questions.lift.value) == (
        "reliability",
        1,
        pytest.approx(0.5),
    )
    assert (of_warmth.kind, of_warmth.lift.n) == ("warmth", 3)
    assert of_warmth.lift.value == pytest.approx(0.0)
    assert of_warmth.agreement.share.value == 1.0
    (table,) = meters_as_tables((of_questions, of_warmth), None)
    assert "Where a checkpoint was taken by these messages" in table.note
    assert set(agreements_of((of_questions, of_warmth))) == {
        "SocioT masked, m (sha): warm",
        "SocioT masked, m (sha): warm, warmth pairs",
    }
