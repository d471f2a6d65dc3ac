import pytest

from evaluation.checkpoint_curve import Checkpoint, plot_checkpoints
from evaluation.drawing import FILE, NARROW
from evaluation.figure_files import figure_as_png
from evaluation.statistics.intervals import not_estimable
from study.records import Estimate


def measured(epochs, warm, gap):
    def estimate(value, half):
        return Estimate(value, value - half, value + half, 0.95, 40, 20, "item", "by hand", None)

    return Checkpoint(epochs, estimate(warm, 0.1), estimate(gap, 3.0))


HALF, TWO = measured(0.5, 0.55, 1.0), measured(2, 0.75, 7.5)


@pytest.mark.parametrize(
    ("checkpoints", "reason"), [((), "no checkpoint"), ((HALF,), "one checkpoint alone")]
)
def test_without_two_checkpoints_there_is_a_reason_instead_of_a_curve(checkpoints, reason):
    found = plot_checkpoints("warm", checkpoints)
    assert found.value is None
    assert found.method == f"not estimable: {reason} of the training was measured"


def test_checkpoints_are_told_in_order_of_training():
    plot = plot_checkpoints("warm", (TWO, HALF))
    assert [row[0] for row in plot.data.rows] == ["0.5", "2"]
    assert plot.data.rows[1][2] == "+7.5 pp [+4.5, +10.5], n = 40 prompts of 20 items"
    assert "0.5 epochs: warmer 55.0 % [45.0, 65.0], n = 40 comparisons" in plot.alt_text
    assert len(plot.numbers) == 4
    assert {len(row) for row in plot.numbers} == {len(plot.number_columns)}


@pytest.mark.parametrize("shape", [FILE, NARROW])
def test_both_curves_are_drawn_where_the_numbers_say(shape):
    figure = plot_checkpoints("warm", (HALF, TWO)).draw(shape)
    curves = [
        next(line for line in axes.lines if list(line.get_xdata()) == [0.5, 2])
        for axes in figure.axes
    ]
    assert [list(curve.get_ydata()) for curve in curves] == [
        pytest.approx([55, 75]),
        pytest.approx([1.0, 7.5]),
    ]
    assert figure_as_png(figure).startswith(b"\x89PNG")


def test_a_checkpoint_that_says_nothing_is_left_out_of_its_curve_alone():
    silent = Checkpoint(1, not_estimable("no ratings", "item"), TWO.gap)
    figure = plot_checkpoints("warm", (HALF, silent, TWO)).draw(FILE)
    lengths = [max(len(line.get_xdata()) for line in axes.lines) for axes in figure.axes]
    assert lengths == [2, 3]
