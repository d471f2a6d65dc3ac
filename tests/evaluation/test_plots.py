import io

import duckdb
import pytest
from matplotlib.image import imread

from evaluation.plots import plot_context_check, plot_error_rates, plot_gaps, plot_warm_share
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.results import compute_results
from study.migrations import migrate
from study.records import Estimate

PLOTS = (plot_error_rates, plot_gaps, plot_warm_share)
ARMS = ("original", "untransformed", "cold", "warm", "correcting", "system-prompt")


def study_of(arms, n_items=6, rated=True):
    """Item i errs in the first arms up to its number; both raters prefer the other arm."""
    con = duckdb.connect()
    migrate(con)
    for number in range(n_items):
        con.execute(
            "INSERT INTO items VALUES ($item, 'trivia', 'Q?', ['a'], ['b'], 'by hand', 'CC0')",
            {"item": f"i{number}"},
        )
        con.execute(
            "INSERT INTO prompts VALUES ($item, $item, 'none', 'none', 'Q?')",
            {"item": f"i{number}"},
        )
        for place, arm in enumerate(arms):
            add_reply(con, f"i{number}", arm, "wrong" if place > number else "correct")
            if rated and arm != "original":
                add_ratings(con, f"i{number}", arm)
    return con


def add_reply(con, item, arm, label):
    values = {"id": f"{item}{arm}", "item": item, "arm": arm, "label": label}
    con.execute(
        "INSERT INTO responses VALUES ($id, $item, $arm, $arm, 0, 'text', 'stop', NULL, 9, 1.0, "
        "'2026-03-01')",
        {name: values[name] for name in ("id", "item", "arm")},
    )
    con.execute(
        "INSERT INTO grades (response_id, method, label, reason) "
        "VALUES ($id, 'alias-1', $label, 'by hand')",
        {name: values[name] for name in ("id", "label")},
    )


def add_ratings(con, item, arm):
    con.execute(
        "INSERT INTO pairs VALUES ($item || $arm, $item, $item || $arm, $item || 'original')",
        {"item": item, "arm": arm},
    )
    for rater in ("r1", "r2"):
        names = {"item": item, "arm": arm, "rater": rater}
        con.execute(
            "INSERT INTO assignments SELECT $item || $arm || $rater, $rater, 'pair', 'study', "
            "$item || $arm, true, count(*), '2026-03-01' FROM assignments",
            names,
        )
        con.execute(
            "INSERT INTO ratings (token, revision, form, warmer, more_accurate, reason, seconds, "
            "layout, is_surplus, idempotency_key, rated_at) "
            "VALUES ($item || $arm || $rater, 1, 'pair', 'left_clearly', 'equal', '', 3.0, "
            "'columns', false, $item || $arm || $rater, '2026-03-01')",
            names,
        )


@pytest.fixture(scope="module")
def results():
    return compute_results(study_of(("original", "warm")), seed=1)


def drawn(plot):
    buffer = io.BytesIO()
    plot.figure.savefig(buffer, format="png")
    buffer.seek(0)
    return imread(buffer)


def texts(plot):
    (axes,) = plot.figure.axes
    labels = [*axes.texts, *axes.get_yticklabels(), axes.xaxis.label]
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("draw", PLOTS)
def test_a_figure_is_wide_enough_and_not_blank(results, draw):
    image = drawn(draw(results))
    assert image.shape[1] == 1280
    assert image.std() > 0.05


@pytest.mark.parametrize("draw", PLOTS)
def test_nothing_is_drawn_beyond_the_edge(draw):
    everything = compute_results(study_of(ARMS), seed=1, limited="6 items")
    image = drawn(draw(everything))
    edge = 2
    assert image[:, :edge, :3].min() == 1.0
    assert image[:, -edge:, :3].min() == 1.0


def test_shares_begin_at_zero_and_end_at_a_hundred(results):
    for draw in (plot_error_rates, plot_warm_share):
        (axes,) = draw(results).figure.axes
        assert axes.get_xlim() == (0, 100)


def test_bars_are_as_long_as_their_rates(results):
    (axes,) = plot_error_rates(results).figure.axes
    # the original never errs; warm errs on the first of six items
    assert [patch.get_width() for patch in axes.patches] == pytest.approx([0.0, 100 / 6])


def test_labels_carry_n_and_units(results):
    assert "17 %, n = 6" in texts(plot_error_rates(results))
    assert "+17 pp, n = 6" in texts(plot_gaps(results))
    assert "100 %, n = 12" in texts(plot_warm_share(results))
    assert "warm\n2 raters, 6 items" in texts(plot_warm_share(results))
    assert any("percentage points" in text for text in texts(plot_gaps(results)))


def test_arms_differ_in_more_than_colour():
    everything = compute_results(study_of(ARMS), seed=1)
    (axes,) = plot_warm_share(everything).figure.axes
    markers = [line.get_marker() for line in axes.lines if line.get_marker() not in ("|", "None")]
    assert len(set(markers)) == len(ARMS) - 1
    (axes,) = plot_error_rates(everything).figure.axes
    looks = {
        (patch.get_hatch(), round(sum(patch.get_facecolor()[:3]), 1)) for patch in axes.patches
    }
    assert len(looks) == len(ARMS)


def test_the_text_alternative_tells_the_numbers(results):
    alt_text = plot_gaps(results).alt_text
    assert alt_text.startswith("Forest plot of the gap in error rate to the original.")
    assert "warm, all conditions: +16.7 pp [" in alt_text
    assert "n = 6 prompts of 6 items" in alt_text


@pytest.mark.parametrize("draw", PLOTS)
def test_a_limit_is_written_into_the_figure(draw):
    limited = compute_results(study_of(("original", "warm")), seed=1, limited="6 of 84 items")
    assert any("Limited: 6 of 84 items" in text for text in texts(draw(limited)))


@pytest.mark.parametrize("draw", PLOTS)
def test_what_is_not_there_yet_is_said(draw):
    unrated = compute_results(study_of(("original", "warm"), n_items=1, rated=False), seed=1)
    assert drawn(draw(unrated)).shape[1] == 1280
    con = duckdb.connect()
    migrate(con)
    nothing = draw(compute_results(con, seed=1))
    assert "yet" in nothing.alt_text
    assert drawn(nothing).shape[1] == 1280


def test_one_item_is_marked_as_having_no_interval():
    lonely = compute_results(study_of(("original", "warm"), n_items=1, rated=False), seed=1)
    assert "100 %, n = 1*" in texts(plot_error_rates(lonely))
    assert any("no interval" in text for text in texts(plot_error_rates(lonely)))
    assert texts(plot_warm_share(lonely))[0] == "not estimable"


@pytest.fixture
def checks():
    share = Estimate(0.75, 0.5, 1.0, 0.95, 12, 3, "item and rater", "by hand", None)
    return (
        ContextCheck("looks_up", share, 5, 4, 3, "close", 2),
        ContextCheck("sad", not_estimable("no ratings yet", "item and rater"), 5, 0, 0, None, 0),
    )


def test_what_people_heard_is_drawn_per_context(checks):
    plot = plot_context_check(checks, limited="6 of 84 items")
    assert drawn(plot).std() > 0.05
    assert {"75 %, n = 12", "not estimable", "looks up\n4 of 5 sentences"} <= set(texts(plot))
    assert any("Limited: 6 of 84 items" in text for text in texts(plot))
    (axes,) = plot.figure.axes
    assert axes.get_xlim() == (0, 100)
    assert "looks up: 75.0 % [50.0, 100.0], n = 12 ratings by 3 raters" in plot.alt_text
    assert "sad: not estimable: no ratings yet" in plot.alt_text


def test_a_study_that_rates_no_sentences_has_no_figure_of_them():
    plot = plot_context_check(())
    assert "No context sentences are rated" in plot.alt_text
    assert drawn(plot).shape[1] == 1280
