"""Drawn studies in real study files: seats, sides, and what the analysis finds in them."""

from collections import Counter
from datetime import UTC, datetime

import duckdb
import pytest

from audit_app.simulated_studies import simulate_studies, store_study, study_seed
from evaluation.simulation.designs import RatingDesign, ReplyDesign, StudyDesign
from evaluation.simulation.studies import draw_study, find_chances
from evaluation.simulation.targets import Target, find_estimates, find_truths
from evaluation.statistics.results import compute_results
from study.errors import BadInput
from study.migrations import migrate

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SMALL = StudyDesign(n_items=6, n_raters=5, raters_per_pair=4)


@pytest.fixture
def stored(tmp_path):
    """A small study as it was drawn, and its file."""
    study = draw_study(find_chances(SMALL), 7, NOW)
    with duckdb.connect(str(tmp_path / "study.duckdb")) as con:
        migrate(con)
        store_study(con, study, NOW)
        yield study, con


def test_every_pair_has_as_many_raters_as_seats_and_balanced_sides(stored):
    study, con = stored
    rows = con.execute("SELECT subject_id, rater_id, first_is_left FROM assignments").fetchall()
    raters = Counter(pair for pair, _, _ in rows)
    assert set(raters.values()) == {4}
    assert raters.keys() == {pair.pair_id for pair in study.pairs}
    left = Counter(pair for pair, _, first_is_left in rows if first_is_left)
    assert set(left.values()) == {2}
    loads = Counter(rater for _, rater, _ in rows).values()
    # 24 pairs × 4 seats by 5 raters
    assert sum(loads) == 96
    assert max(loads) - min(loads) <= 4


def test_the_results_have_every_number_whose_truth_is_known(stored):
    study, con = stored
    results = compute_results(con, study.seed)
    truths, estimates = find_truths(find_chances(SMALL)), find_estimates(results)
    assert truths.keys() == estimates.keys()
    assert results.arms == ("original", "warm")
    (preference,) = results.preferences
    assert (preference.n_ratings, preference.n_raters, preference.n_pairs) == (96, 5, 24)


def test_the_results_count_the_labels_that_were_drawn(stored):
    study, con = stored
    drawn = Counter(grade.label for grade in study.grades)
    rates = compute_results(con, study.seed).error_rates
    counted = Counter()
    for rate in rates:
        if rate.condition.context is None:
            counted.update(rate.counts)
    assert +counted == drawn


def test_one_seed_gives_the_same_figures():
    one, again, other = (simulate_studies(SMALL, 2, seed, NOW) for seed in (1, 1, 2))
    assert one == again
    assert [found.mean for found in one] != [found.mean for found in other]


def test_studies_have_seeds_of_their_own():
    assert len({study_seed(seed, number) for seed in (0, 1) for number in range(50)}) == 100


def test_progress_is_told_study_by_study():
    told = []
    simulate_studies(SMALL, 2, 1, NOW, told.append)
    assert [(one.state, one.done, one.total) for one in told] == [
        ("running", 0, 2),
        ("running", 1, 2),
        ("done", 2, 2),
    ]


def test_no_study_is_nothing_to_simulate():
    with pytest.raises(BadInput, match="studies: expected at least 1, got 0"):
        simulate_studies(SMALL, 0, 1, NOW)


def test_a_strong_effect_is_found_where_it_is():
    strong = StudyDesign(
        n_items=20,
        n_raters=8,
        replies=ReplyDesign(gap_pp=40, error_rate=0.2, context_widening_pp=0, belief_widening_pp=0),
        ratings=RatingDesign(preference=0.9),
    )
    found = simulate_studies(strong, 3, 5, NOW)
    (warm,) = [one for one in found if one.target.name == "warm_share"]
    (gap,) = [one for one in found if one.target == Target("gap_pp", "warm")]
    assert warm.power.value == gap.power.value == 1
    assert gap.mean == pytest.approx(40, abs=15)
