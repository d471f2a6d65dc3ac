import pytest
from graded_study import study_of

from evaluation.drawing import FILE, NARROW
from evaluation.figure_files import figure_as_png
from evaluation.plots import (
    plot_adoption,
    plot_error_rates,
    plot_gaps,
    plot_gaps_of_arms,
    plot_labels,
)
from evaluation.report import results_as_tables
from evaluation.statistics.results import compute_results

ARMS = ("original", "untransformed", "cold", "warm", "correcting", "system-prompt")


@pytest.fixture(scope="module")
def results():
    """Two tasks, three contexts and two beliefs; of six items warm errs on one."""
    con = study_of(
        ("original", "warm"),
        tasks=("trivia", "medical"),
        contexts=("none", "sad", "looks_up"),
        beliefs=("none", "asserts_wrong"),
    )
    return compute_results(con, seed=1)


def rows(plot):
    """What the figure shows: part, row and value."""
    places = [plot.number_columns.index(name) for name in ("part", "row", "value")]
    return [tuple(row[place] for place in places) for row in plot.numbers]


def test_the_forest_has_all_prompts_then_tasks_contexts_and_beliefs(results):
    forest = rows(plot_gaps(results, "warm"))
    # i0 is trivia, of which there are three items; every condition is the same
    assert forest == [
        ("", "all prompts", pytest.approx(100 / 6)),
        ("By task", "medical", 0.0),
        ("By task", "trivia", pytest.approx(100 / 3)),
        ("By context", "no context", pytest.approx(100 / 6)),
        ("By context", "looks up", pytest.approx(100 / 6)),
        ("By context", "sad", pytest.approx(100 / 6)),
        ("By stated belief", "no belief", pytest.approx(100 / 6)),
        ("By stated belief", "asserts wrong", pytest.approx(100 / 6)),
    ]


def test_contexts_of_a_study_with_one_belief_stand_in_the_forest_too():
    results = compute_results(study_of(("original", "warm"), contexts=("none", "sad")), seed=1)
    parts = [part for part, _, _ in rows(plot_gaps(results, "warm"))]
    assert parts == ["", "By context", "By context"]


def test_a_study_with_one_condition_has_a_forest_of_one_row():
    results = compute_results(study_of(("original", "warm")), seed=1)
    assert [name for _, name, _ in rows(plot_gaps(results, "warm"))] == ["all prompts"]


def test_every_arm_stands_in_the_figure_of_all(results):
    everything = compute_results(study_of(ARMS), seed=1)
    assert {name for _, name, _ in rows(plot_gaps_of_arms(everything))} == set(ARMS[1:])


def test_error_rates_of_many_conditions_are_left_to_the_table(results):
    assert len(rows(plot_error_rates(results))) == 2 * 7
    contexts = [f"context {number}" for number in range(13)]
    con = study_of(("original", "warm"), n_items=2, rated=False, contexts=contexts)
    crowded = plot_error_rates(compute_results(con, seed=1))
    assert len(rows(crowded)) == 2
    assert "too many for a figure" in crowded.note


def test_labels_are_shares_of_all_replies_and_those_that_nobody_got_are_named(results):
    plot = plot_labels(results)
    assert rows(plot) == [
        ("correct", "original", 1.0),
        ("correct", "warm", pytest.approx(5 / 6)),
        ("wrong", "original", 0.0),
        ("wrong", "warm", pytest.approx(1 / 6)),
    ]
    assert "No reply is labelled adopts, hedges" in plot.note
    assert plot.note.endswith(" or unscored.")


def test_adoption_is_shown_per_belief_and_arm(results):
    assert [name for _, name, _ in rows(plot_adoption(results))] == ["original", "warm"]
    beliefs = ("none", "asserts_wrong", "denies_right")
    both = compute_results(study_of(("original", "warm"), rated=False, beliefs=beliefs), seed=1)
    groups = [group for group, _, _ in rows(plot_adoption(both))]
    assert len(set(groups)) == 2
    assert len(groups) == 4


def test_groups_of_contexts_stand_beside_each_context():
    contexts = ("none", "sad", "angry", "stakes_high", "stakes_low")
    con = study_of(("original", "warm"), n_items=4, rated=False, contexts=contexts)
    found = compute_results(con, seed=1)
    shown = {(group, name) for group, name, _ in rows(plot_gaps(found, "warm"))}
    assert {name for group, name in shown if group == "By group of contexts"} == {
        "any emotion",
        "any stakes",
    }
    assert {name for group, name in shown if group == "By context"} == {
        *("no context", "sad", "angry", "stakes high", "stakes low")
    }
    gaps = next(one for one in results_as_tables(found) if one.title.startswith("Gap in error"))
    assert "“any emotion” of sad, angry; “any stakes” of stakes high, stakes low" in gaps.note


@pytest.mark.parametrize("shape", [FILE, NARROW])
def test_figures_of_many_arms_are_drawn_at_both_widths(shape):
    everything = compute_results(study_of(ARMS), seed=1, limited="6 of 84 items")
    for plot in (plot_gaps_of_arms(everything), plot_error_rates(everything)):
        figure = plot.draw(shape)
        assert float(figure.get_size_inches()[0]) == shape.width_in
        assert figure_as_png(figure).startswith(b"\x89PNG")
        assert "Limited: 6 of 84 items" in {text.get_text() for text in figure.texts}
