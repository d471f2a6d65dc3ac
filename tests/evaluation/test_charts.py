import io
from dataclasses import replace

import pytest
from matplotlib.image import imread

from evaluation.chart_drawing import draw_chart
from evaluation.charts import Chart, Group, Row, Scale, chart_as_numbers, chart_as_table, tell_chart
from evaluation.drawing import FILE, NARROW, PLAIN, WIDE, style_of
from evaluation.figure_files import figure_as_png
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate

POINTS = Scale(
    axis="more errors, percentage points",
    factor=1,
    form="{:+.1f}",
    unit=" pp",
    counted="prompts",
    limits=(-5, 5),
    reference=0,
    is_bounded=False,
)
SHARE = Scale("% of ratings", 100, "{:.1f}", " %", "ratings", (0, 100), 50, is_bounded=True)
WARM = style_of("warm", ())


def estimate(value, low, high):
    return Estimate(value, low, high, 0.95, 1412, 60, "item", "clustered on item", 7)


CHART = Chart(
    title="Gap",
    groups=(
        Group("", (Row("all prompts", estimate(12.52, -3.16, 28.06), WARM),)),
        Group(
            "By context",
            (
                Row("sad", estimate(-0.04, None, None), WARM),
                Row("angry", not_estimable("no replies yet", "item"), WARM),
            ),
        ),
    ),
    scale=POINTS,
    mark="point",
    note="Right of the line the arm errs more.",
    limited=None,
)


def texts(figure):
    return [text.get_text() for text in figure.texts]


def picture(figure):
    return imread(io.BytesIO(figure_as_png(figure)))


def test_words_tell_every_row_with_interval_and_n():
    assert tell_chart(CHART) == (
        "Gap. Points with intervals, more errors, percentage points. "
        "all prompts: +12.5 pp [−3.2, +28.1], n = 1,412 prompts; "
        "By context, sad: 0.0 pp, n = 1,412 prompts; "
        "By context, angry: not estimable: no replies yet."
    )


def test_the_table_has_the_same_numbers_with_method_and_unit():
    table = chart_as_table(CHART)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row == {
        "Part": "all",
        "Row": "all prompts",
        "Value": "+12.5",
        "Interval": "[−3.2, +28.1]",
        "n (prompts)": "1412",
        "Independent units": "60 (item)",
        "How": "clustered on item",
    }
    assert table.rows[2][2] == "not estimable"
    assert table.rows[2][-1] == "not estimable: no replies yet"


def test_numbers_keep_full_precision_and_say_how_the_study_was_cut():
    first, _, last = chart_as_numbers(replace(CHART, limited="6 items"))
    assert first[3:6] == (12.52, -3.16, 28.06)
    assert first[-2:] == (7, "6 items")
    assert last[3:6] == (None, None, None)


@pytest.mark.parametrize("shape", [FILE, WIDE, NARROW])
def test_points_and_intervals_stand_where_the_numbers_say(shape):
    (axes,) = draw_chart(CHART, shape).axes
    drawn = {line.get_marker(): line.get_xydata() for line in axes.lines}
    assert drawn["D"][:, 0].tolist() == [12.52, -0.04]
    assert drawn["|"][:, 0].tolist() == [-3.16, 28.06]
    (intervals,) = axes.collections
    (interval,) = intervals.get_segments()
    assert interval[:, 0].tolist() == [-3.16, 28.06]
    assert set(interval[:, 1]) == {drawn["D"][0, 1]}
    assert [0, 0] in [list(line.get_xdata()) for line in axes.lines]  # of no difference


@pytest.mark.parametrize("shape", [FILE, NARROW])
def test_numbers_stand_beside_their_row_and_what_is_missing_is_said(shape):
    shown = texts(draw_chart(CHART, shape))
    assert "+12.5 [−3.2, +28.1]" in shown
    assert "0.0 *" in shown
    assert "not estimable" in shown
    assert "* one item or rater alone, so no interval" in shown
    assert any("1,412" in text for text in shown)


def test_only_a_file_bears_its_own_title():
    assert "Gap" in texts(draw_chart(CHART, FILE))
    assert "Gap" not in texts(draw_chart(CHART, WIDE))


def test_shares_are_drawn_from_0_to_100_whatever_they_are():
    rows = (Row("warm", estimate(0.99, 0.95, 1.0), WARM),)
    chart = replace(CHART, groups=(Group("", rows),), scale=SHARE)
    (axes,) = draw_chart(chart, WIDE).axes
    assert axes.get_xlim() == (0, 100)


def test_bars_begin_at_zero_and_are_as_long_as_their_shares():
    rows = (
        Row("warm", estimate(0.25, None, None), WARM),
        Row("original", estimate(0, 0, 0), PLAIN),
    )
    chart = replace(CHART, groups=(Group("", rows),), scale=SHARE, mark="bar")
    (axes,) = draw_chart(chart, WIDE).axes
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 25.0), (0, 0)]


@pytest.mark.parametrize("shape", [FILE, NARROW])
def test_long_names_and_signs_of_mathematics_are_drawn_as_they_are_within_the_edges(shape):
    name = r"$\frac{1}{2}$ <b>&amp; a name that is much longer than there is room for</b>"
    groups = (Group("$x$", (Row(name, estimate(1.0, -2.0, 3.0), WARM),)), CHART.groups[1])
    figure = draw_chart(replace(CHART, groups=groups), shape)
    assert any(text.startswith(r"$\frac{1}{2}$ <b>") and "…" in text for text in texts(figure))
    image = picture(figure)
    assert image.std() > 0.05
    assert image[:, :2, :3].min() == 1.0
    assert image[:, -2:, :3].min() == 1.0


def test_no_line_runs_through_the_words_of_a_narrow_figure():
    figure = draw_chart(CHART, NARROW)
    backed = [text for text in figure.texts if text.get_bbox_patch() is not None]
    words = {text.get_text() for text in backed}
    assert {"By context", "all prompts · n 1,412", "+12.5 [−3.2, +28.1]"} <= words
    assert {text.get_bbox_patch().get_facecolor() for text in backed} == {(1.0, 1.0, 1.0, 1.0)}


def test_a_name_on_a_narrow_figure_stands_above_its_mark():
    figure = draw_chart(CHART, NARROW)
    name = next(text for text in figure.texts if text.get_text().startswith("all prompts"))
    assert float(figure.get_size_inches()[0]) == NARROW.width_in
    assert name.get_position()[0] < 0.1
