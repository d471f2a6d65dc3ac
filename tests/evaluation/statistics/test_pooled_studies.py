"""Several studies as one: by hand, by model as each alone, and whatever the order of the studies."""

from dataclasses import replace

import duckdb
import numpy as np
import pytest
from graded_study import study_of
from made_ratings import approx_record, make_ratings, plain, shuffle

from evaluation.pooled_reports import PooledNotes, pooled_as_json, pooled_as_tables
from evaluation.pooled_sections import pooled_figures, pooled_sections, tell_pooled
from evaluation.statistics.columns import select_rows
from evaluation.statistics.error_rates import EVERYTHING
from evaluation.statistics.gaps import compute_gaps
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.pooled_studies import ModelTables, pool_studies
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_preferences, read_responses
from study.errors import BadTable

ARMS = ("original", "warm")
BELIEFS = ("none", "asserts_wrong")
NO_NOTES = PooledNotes(None, (), ())
INSERT_FLAG = "INSERT INTO flags VALUES ('flag', ?, 'rule', 'adopts', '2026-03-01')"
INSERT_DECISION = """
    INSERT INTO audit_decisions
    VALUES ('flag', 'auditor', 1, 'correct', 1, '', 'by hand', '2026-03-01')
"""


def tables_of(model: str, con: duckdb.DuckDBPyConnection) -> ModelTables:
    preferences = read_preferences(con)
    rated = {"reliability": preferences.table, "warmth": preferences.of_warmth}
    return ModelTables(model, rated, read_responses(con).table)


@pytest.fixture(scope="module")
def two_models():
    """Six items and four of the same, of which two models were asked."""
    return (
        tables_of("one", study_of(ARMS, 6, beliefs=BELIEFS)),
        tables_of("two", study_of(ARMS, 4, beliefs=BELIEFS)),
    )


@pytest.fixture(scope="module")
def pooled(two_models):
    return pool_studies(two_models, OURS, seed=1)


def test_a_gap_is_over_the_prompts_of_all_models_and_clusters_an_item_once(pooled):
    # item 0 alone errs in the warm arm: with both beliefs, 2 of 12 prompts and 2 of 8
    found = {one.model: one.gap for one in pooled.gaps}
    assert found.keys() == {None, "one", "two"}
    assert found["one"].difference.value == pytest.approx(100 * 2 / 12)
    assert found["two"].difference.value == pytest.approx(100 * 2 / 8)
    assert found[None].difference.value == pytest.approx(100 * 4 / 20)
    assert (found[None].difference.n, found[None].difference.n_units) == (20, 6)
    assert found[None].n_prompts == 20


def test_each_model_is_told_as_in_its_own_study(two_models, pooled):
    for study in two_models:
        alone = compute_gaps(code_replies(study.replies), "warm", [EVERYTHING], OURS, 1, 0.95)[0]
        own = next(one.gap for one in pooled.gaps if one.model == study.model)
        assert own == alone


def test_raters_of_two_studies_are_other_people_though_their_codes_are_equal(pooled):
    shares = {one.model: one for one in pooled.shares}
    assert shares["one"].n_raters == 2
    assert shares[None].n_raters == 4
    assert (shares[None].n_items, shares[None].share.n) == (6, 40)
    assert shares[None].share.value == 1.0


def test_the_share_over_all_models_counts_every_rating_once(two_models):
    ratings = [make_ratings(seed, n_items=10, n_raters=4) for seed in (1, 2)]
    studies = [
        replace(study, rated={"reliability": table, "warmth": select_rows(table, table.item == "")})
        for study, table in zip(two_models, ratings, strict=True)
    ]
    found = {one.model: one.share for one in pool_studies(studies, OURS, seed=1).shares}
    assert found[None].value == pytest.approx(np.concatenate([t.warmer for t in ratings]).mean())
    assert found["two"].value == pytest.approx(ratings[1].warmer.mean())


def test_neither_the_order_of_rows_nor_that_of_studies_changes_a_number(two_models, pooled):
    turned = [
        replace(
            study,
            rated={kind: shuffle(table, 3) for kind, table in study.rated.items()},
            replies=shuffle(study.replies, 4),
        )
        for study in reversed(two_models)
    ]
    again = pool_studies(turned, OURS, seed=1)
    for name in ("shares", "gaps", "adoption"):
        first, second = (
            sorted(getattr(found, name), key=lambda one: (str(one.model), repr(one)))
            for found in (pooled, again)
        )
        assert len(first) == len(second) > 0
        for one, other in zip(first, second, strict=True):
            assert plain(one) == approx_record(other)


def test_rates_and_the_regression_have_the_model_as_a_factor(two_models):
    found = pooled_as_json(pool_studies(two_models, OURS, seed=1), NO_NOTES)
    rates = {
        (rate["arm"], rate["model"]): (rate["errors"], rate["n"])
        for rate in found["errors"]["rates"]
        if rate["task"] is rate["context"] is rate["belief"] is None
    }
    assert rates["warm", "one"] == (2, 12)
    assert rates["warm", "two"] == (2, 8)
    assert rates["original", None] == (0, 20)
    # the original never errs, so that there is no fit, and the reason is told
    assert "separate errors from right replies" in found["errors"]["regression"]["reason"]


def test_the_study_s_own_definition_counts_its_own_way():
    cons = [study_of(ARMS, 3), study_of(ARMS, 3)]
    for con in cons:
        con.execute("UPDATE grades SET label = 'hedges' WHERE response_id = 'i1 none none warm'")
    studies = [tables_of(name, con) for name, con in zip("ab", cons, strict=True)]
    ours, paper = (pool_studies(studies, way, seed=1).gaps[0].gap for way in (OURS, PAPER_COMPAT))
    assert (ours.difference.n, paper.difference.n) == (4, 6)
    assert paper.difference.value == pytest.approx(100 * 4 / 6)


def test_studies_without_ratings_or_replies_say_so():
    empty = [tables_of(name, study_of(ARMS, 0)) for name in "ab"]
    found = pool_studies(empty, OURS, seed=1)
    assert (found.shares, found.gaps, found.adoption, found.errors) == ((), (), (), None)
    assert next(section.said for section in pooled_sections(found, NO_NOTES)) == (
        "Not estimable because no arm beside an original has replies or ratings.",
    )
    assert tell_pooled(found)[1] == "No arm is compared with an original yet."
    told = pooled_as_tables(found, NO_NOTES)
    assert [table.rows for table in told] == [
        (("nobody has rated yet",),),
        (("no arm is compared with an original yet",),),
    ]


def test_an_arm_that_one_study_lacks_is_not_estimable_there():
    con = study_of((*ARMS, "cold"), 3)
    found = pool_studies([tables_of("a", con), tables_of("b", study_of(ARMS, 3))], OURS, seed=1)
    cold = {one.model: one.gap.difference for one in found.gaps if one.gap.arm == "cold"}
    assert cold["b"].value is None
    assert cold["b"].method == "not estimable: no prompt out of 3 was scored in both arms"
    # the other model's prompts are none that the arm lacks
    assert cold[None] == cold["a"]
    assert {one.gap.n_prompts for one in found.gaps if one.gap.arm == "cold"} == {3}
    # nor is it held against the originals of a model that lacks it
    told = {one.levels.get("model") for one in found.errors.differences if one.arm == "cold"}
    assert told == {"a", "b"}
    assert "Of cold “all models” are a;" in pooled_as_tables(found, NO_NOTES)[0].note


def test_labels_of_people_in_one_study_alone_leave_no_row_without_a_cell():
    audited = study_of(ARMS, 3)
    audited.execute(INSERT_FLAG, ["i0 none none warm"])
    audited.execute(INSERT_DECISION)
    studies = [tables_of("a", audited), tables_of("b", study_of(ARMS, 3))]
    gaps = pooled_as_tables(pool_studies(studies, OURS, seed=1), NO_NOTES)[1]
    place = gaps.columns.index("By grade alone")
    assert [row[place] == "as beside" for row in gaps.rows] == [False, False, True]


@pytest.mark.parametrize("names", [(), ("a",), ("a", "a")])
def test_fewer_than_two_models_and_one_name_for_two_are_refused(names):
    studies = [tables_of(name, study_of(ARMS, 2)) for name in names]
    with pytest.raises(BadTable, match="at least two studies, each of another model"):
        pool_studies(studies, OURS, seed=1)


def test_every_model_stands_in_each_figure_and_what_all_say_in_three_sentences(pooled):
    sections = pooled_sections(pooled, NO_NOTES)
    for section in sections[:-1]:
        (plot,) = section.plots
        assert {"all models", "one", "two"} <= {cell for row in plot.data.rows for cell in row}
    asked, cost, heard = tell_pooled(pooled)
    assert asked == "2 models (one, two) gave 40 replies in all their arms."
    assert cost.startswith("Over all models: on the same prompts the warm arm's error rate differs")
    assert heard.startswith("Over all models, of pairs of questions: people called the warm arm's")
    assert "100.0\u00a0%" in heard
    assert [figure.value for figure in pooled_figures(pooled)] == ["+20.0 pp", "100.0 %"]


def test_what_differs_and_what_is_left_out_stands_below_every_table(pooled):
    notes = PooledNotes(
        "one: at most 6 items", ("evaluation.contexts",), ("Left out of one: 3 replies.",)
    )
    for table in pooled_as_tables(pooled, notes):
        assert "Limited: one: at most 6 items." in table.note
        assert "Not the same in all studies: evaluation.contexts" in table.note
        assert "Left out of one: 3 replies." in table.note
