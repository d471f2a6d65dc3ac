from dataclasses import replace

import duckdb
import numpy as np
import pytest
from graded_study import study_of
from made_choice import make_choice
from made_ratings import make_ratings

from evaluation.sections import interim_sections, results_sections
from evaluation.statistics.interim import compute_interim
from evaluation.statistics.judge_check import check_judge
from evaluation.statistics.judge_labels import make_judge_labels
from evaluation.statistics.results import compute_results
from evaluation.statistics.warmth_validation import compute_warmth_validation
from study.migrations import migrate


@pytest.fixture(scope="module")
def results():
    con = study_of(("original", "cold", "warm"), beliefs=("none", "asserts_wrong"))
    return compute_results(con, seed=1)


def slugs(sections):
    return [plot.slug for section in sections for plot in section.plots]


def said(sections):
    return " ".join(sentence for section in sections for sentence in section.said)


def test_the_warm_arm_comes_first_then_all_arms_side_by_side_then_the_others(results):
    assert slugs(results_sections(results))[:4] == ["gap-2", "gap-arms", "gap-1", "error-rates"]


def test_every_table_of_the_results_stands_at_the_end(results):
    last = results_sections(results)[-1]
    assert last.title == "Every table"
    assert {"Error rates", "Labels of all replies"} <= {table.title for table in last.tables}


def labelled(results):
    """The same study, had people labelled replies."""
    item = np.tile(np.arange(40), 2)
    human = (item % 2).astype(float)
    judged = np.where(item % 10 == 0, 1 - human, human)
    arm = np.repeat(["original", "warm"], 40)
    labels = make_judge_labels(arm, np.full(80, "trivia"), item, judged, human)
    return replace(results, grade_check=check_judge(labels, "grades by rule"))


def test_what_was_measured_besides_takes_the_place_of_its_reason(results):
    plain = results_sections(results)
    full = results_sections(labelled(results), make_choice(0.1, 0.5))
    assert set(slugs(full)) - set(slugs(plain)) == {"judge", "checkpoints-warm"}
    for reason in ("people have labelled none", "no checkpoint"):
        assert reason in said(plain)
        assert reason not in said(full)


def test_what_nothing_feeds_is_said_with_its_reason(results):
    told = said(results_sections(results))
    assert "a meter of warmth agrees with people: not estimable because no meter's score" in told
    assert "a judge by model errs: not estimable because no such judge's label" in told
    assert "no such judge's label" in said(results_sections(labelled(results)))
    cell, *others = results.ours.error_rates
    judged = replace(cell, n_by_source=cell.n_by_source | {"judge": 1})
    fed = replace(results, ours=replace(results.ours, error_rates=(judged, *others)))
    assert "no such judge's label" not in said(results_sections(fed))


def test_no_sentence_shows_marks_of_code(results):
    assert "`" not in said(results_sections(results))


def test_fatigue_is_shown_where_raters_have_quarters(results):
    rated = compute_warmth_validation(make_ratings(), "warm")
    sections = results_sections(replace(results, warmth=(rated,)))
    assert "fatigue" in slugs(sections)


def test_a_figure_that_could_show_nothing_is_its_reason(results):
    sections = results_sections(results)
    # both raters say the same of every pair
    assert "agreement" not in slugs(sections)
    assert "Agreement on warmth: not estimable because" in said(sections)


def test_an_empty_study_is_all_reasons():
    con = duckdb.connect()
    migrate(con)
    sections = results_sections(compute_results(con, seed=1))
    assert slugs(sections) == []
    assert "no arm beside the original has replies" in said(sections)
    assert "there are no replies yet" in said(sections)


def test_while_sealed_there_is_the_rating_alone():
    interim = compute_interim(study_of(("original", "warm")), seed=1)
    (section,) = interim_sections(interim, limited="6 items")
    assert slugs([section]) == ["sides"]
    rating = section.tables[0]
    assert "Agreement on which reply is warmer" in rating.columns
    assert "Agreement on warmth" not in rating.columns
    assert "is another number and mostly lower" in rating.note
    assert all(plot.data.note.endswith("Limited: 6 items.") for plot in section.plots)


def test_a_limit_stands_in_every_figure(results):
    sections = results_sections(replace(results, limited="6 items"))
    plots = [plot for section in sections for plot in section.plots]
    assert all(plot.data.note.endswith("Limited: 6 items.") for plot in plots)
