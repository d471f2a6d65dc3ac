from dataclasses import dataclass, replace

import duckdb
import pytest
from graded_study import study_of

from evaluation.checkpoint_curve import Checkpoint
from evaluation.sections import Supplement, interim_sections, results_sections
from evaluation.statistics.interim import compute_interim
from evaluation.statistics.results import compute_results
from study.migrations import migrate
from study.records import Estimate

HALF = Estimate(0.5, 0.4, 0.6, 0.95, 40, 20, "item", "by hand", None)


@dataclass(frozen=True)
class Judged:
    arm: str | None
    sensitivity: Estimate = HALF
    specificity: Estimate = HALF


@dataclass(frozen=True)
class Quarter:
    quarter: int
    left_share: Estimate = HALF
    warm_share: Estimate = HALF
    agreement: Estimate = HALF


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


def test_what_was_measured_besides_takes_the_place_of_its_reason(results):
    plain = results_sections(results)
    supplement = Supplement(
        checkpoints=(Checkpoint(1, HALF, HALF), Checkpoint(2, HALF, HALF)),
        judged=(Judged(None), Judged("warm")),
        quarters=tuple(Quarter(number) for number in (1, 2, 3, 4)),
    )
    full = results_sections(results, supplement)
    assert set(slugs(full)) - set(slugs(plain)) == {"judge", "fatigue", "checkpoints-warm"}
    for reason in ("no judge's labels", "no checkpoint", "Fatigue is not estimable"):
        assert reason in said(plain)
        assert reason not in said(full)


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
    assert all(plot.data.note.endswith("Limited: 6 items.") for plot in section.plots)


def test_a_limit_stands_in_every_figure(results):
    sections = results_sections(replace(results, limited="6 items"))
    plots = [plot for section in sections for plot in section.plots]
    assert all(plot.data.note.endswith("Limited: 6 items.") for plot in plots)
