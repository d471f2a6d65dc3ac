import pytest
from made_choice import make_choice

from evaluation.checkpoint_curve import plot_checkpoints
from evaluation.drawing import FILE, NARROW
from evaluation.figure_files import figure_as_png

# the warmest is 0.5 with an error of 0.1, and 0.45 the first not below 0.4
CHOICE = make_choice(0.1, 0.45, 0.5)


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        (make_choice(0.2, n=0, n_prompts=10, rule="last"), "no checkpoint"),
        (make_choice(0.2), "one checkpoint alone"),
    ],
)
def test_without_two_checkpoints_there_is_a_reason_instead_of_a_curve(choice, reason):
    found = plot_checkpoints(choice)
    assert found.value is None
    assert found.method == f"not estimable: {reason} of the training was measured"


def test_checkpoints_are_told_in_order_of_training():
    plot = plot_checkpoints(CHOICE)
    assert [row[0] for row in plot.data.rows] == ["0.5", "1", "2"]
    assert plot.data.rows[1][1] == "+0.4500 [+0.2238, +0.6762], n = 10 messages"
    assert "0.5 epochs: +0.1000 [−0.1262, +0.3262], n = 10 messages" in plot.alt_text
    assert "taken, after 1 epochs" in plot.note
    assert len(plot.numbers) == 3
    assert {len(row) for row in plot.numbers} == {len(plot.number_columns)}


@pytest.mark.parametrize("shape", [FILE, NARROW])
def test_the_curve_the_bar_and_the_one_taken_are_drawn_where_the_numbers_say(shape):
    figure = plot_checkpoints(CHOICE).draw(shape)
    (axes,) = figure.axes
    lines = [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]
    assert ([0.5, 1, 2], pytest.approx([0.1, 0.45, 0.5])) in lines
    assert ([1], [pytest.approx(0.45)]) in lines
    assert any(y == pytest.approx([0.4, 0.4]) for _, y in lines)
    assert figure_as_png(figure).startswith(b"\x89PNG")


def test_without_a_choice_nothing_is_ringed():
    undecided = plot_checkpoints(make_choice(0.1, 0.5, n=9))
    assert "ring" not in undecided.note
    (axes,) = undecided.draw(FILE).axes
    assert not any(len(line.get_xdata()) == 1 for line in axes.lines)
