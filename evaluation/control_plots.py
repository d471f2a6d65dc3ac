"""Figures of controls: what each arm solves and refuses. Nothing is computed or drawn here.

Numbers come from `statistics/control_results.py`; the tables are in `control_tables.py`.
"""

from collections.abc import Callable

from evaluation.charts import Chart, Group, Row, Scale
from evaluation.drawing import style_of
from evaluation.formats import level_of, words_of
from evaluation.plots import Plot, make_plot, share_scale
from evaluation.statistics.control_results import ControlResults
from evaluation.statistics.control_scores import ControlScore
from study.records import Estimate

_GAP_SCALE = Scale(
    axis="arm − original, percentage points",
    factor=1,
    form="{:+.1f}",
    unit=" pp",
    counted="questions",
    limits=(-5, 5),
    reference=0,
    is_bounded=False,
)


def plot_control_scores(results: ControlResults) -> Plot:
    """Share of questions solved, or of requests refused, per set and arm."""
    groups = _groups(results, lambda one: one.share)
    scale = share_scale("% of questions solved, or of requests refused", "questions", None)
    note = f"Lines are {level_of(results.level)}, Wilson."
    chart = Chart("Controls, every arm", groups, scale, "point", note, results.limited)
    return make_plot("controls", chart)


def plot_control_gaps(results: ControlResults) -> Plot:
    """The difference of every arm to the original, per set."""
    groups = _groups(results, lambda one: one.difference)
    note = (
        "Left of the line the arm solves, or refuses, less often than the original, over questions that "
        f"could be told in both. Lines are {level_of(results.level)}, Newcombe for pairs; one that "
        "reaches across 0 leaves open whether anything was lost."
    )
    title = "Controls, every arm − original"
    chart = Chart(title, groups, _GAP_SCALE, "point", note, results.limited)
    return make_plot("control-gaps", chart)


def _groups(
    results: ControlResults,
    shown: Callable[[ControlScore], Estimate | None],
) -> tuple[Group, ...]:
    """A group for each set and measure, a row for each arm."""
    kinds = dict.fromkeys((one.control, one.measure) for one in results.scores)
    return tuple(
        Group(
            f"{words_of(control)}, {measure}",
            tuple(
                Row(one.arm, found, style_of(one.arm, results.arms))
                for one in results.scores
                if (one.control, one.measure) == (control, measure)
                and (found := shown(one)) is not None
            ),
        )
        for control, measure in kinds
    )
