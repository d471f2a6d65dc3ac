"""HTML of the owner's page. Every text that comes from elsewhere is escaped here.

The result is the value of a `gr.HTML` with Gradio's own template, which puts it in as it is;
it must not become part of an `html_template` (see `frame.py`).
"""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

from audit_app.overview import PersonProgress, StoredCounts
from audit_app.stages import HeardStage
from evaluation.plots import Plot
from evaluation.report import Table
from study.settings import Settings

NO_RESULTS = """<div class="wa-sheet"><section class="wa-part"><h2>Results</h2>
<p>There is nothing to analyse yet. Once the models have answered, error rates appear here;
once people have rated pairs, so do their preferences and how well they agree. Every number
comes with its interval and with what it counts.</p></section></div>"""

SIGN_OUT = """<div class="wa-sheet"><form class="wa-leave" method="post" action="/sign-out">
<button class="wa-quiet">Sign out</button></form></div>"""

_NO_STAGE = """<p>No stage has reported since this app started. Stages report when
<code>warmth-audit run</code> or a single stage runs against this study.</p>"""


def title_html(settings: Settings) -> str:
    """The study's name, and what it is to find out."""
    return (
        f'<div class="wa-sheet"><h1>{escape(settings.name)}</h1>'
        f"<p>{escape(settings.question)}</p></div>"
    )


def stages_html(stages: Sequence[HeardStage]) -> str:
    """What each stage last said, and since when one at work has said nothing."""
    if not stages:
        return _part("Stages", _NO_STAGE)
    rows = [_stage_cells(stage) for stage in stages]
    return _part("Stages", _table("Stages", ("Stage", "State", "Done", "What", "Time"), rows))


def link_html(link: str, days: int) -> str:
    """A sign-in link in a field of its own, to be copied from there."""
    return (
        '<div class="wa-sheet"><label class="wa-field"><span>Send this link to one person only; '
        f'it works for {days} days</span><input type="text" readonly value="{escape(link)}">'
        "</label></div>"
    )


def people_html(
    counts: StoredCounts, people: Sequence[PersonProgress], raters_per_pair: int
) -> str:
    """Counts with their denominators, and how far each person is."""
    lines = (
        f"{counts.grades} of {counts.responses} replies graded, to {counts.prompts} prompts",
        f"{counts.rated} of {counts.pairs * raters_per_pair} ratings given: "
        f"{counts.pairs} pairs, {raters_per_pair} people each",
        f"{counts.flags_decided} of {counts.flags} flagged replies decided",
    )
    told = "".join(f"<li>{escape(line)}</li>" for line in lines)
    rows = [
        (person.rater.rater_id, person.rater.role, f"{person.done} of {person.of}")
        for person in people
    ]
    table = (
        _table("People", ("Person", "Role", "Done"), rows)
        if rows
        else "<p>Nobody has been invited yet: make a link below and send it.</p>"
    )
    return _part("People", f'<ul class="wa-places">{told}</ul>{table}')


def results_html(head: str, tables: Iterable[Table], plots: Iterable[Plot]) -> str:
    """Figures with their text alternatives, then every table with its note."""
    figures = "".join(_figure(plot) for plot in plots)
    shown = "".join(
        f"<h3>{escape(table.title)}</h3>{_table(table.title, table.columns, table.rows)}"
        f'<p class="wa-note">{escape(table.note)}</p>'
        for table in tables
    )
    return _part("Results", f'<p class="wa-note">{escape(head)}</p>{figures}{shown}')


def _stage_cells(stage: HeardStage) -> tuple[str, ...]:
    said = stage.progress
    state = "done before" if said.state == "skipped" else said.state
    return (
        said.stage,
        f"no news since {stage.heard_at:%H:%M:%S} UTC" if stage.is_silent else state,
        f"{said.done} of {said.total}" if said.total else str(said.done or ""),
        said.note,
        f"{said.seconds:.0f} s" if said.seconds else "",
    )


def _part(title: str, content: str) -> str:
    return (
        f'<div class="wa-sheet"><section class="wa-part"><h2>{title}</h2>{content}</section></div>'
    )


def _figure(plot: Plot) -> str:
    stream = io.BytesIO()
    plot.figure.savefig(stream, format="png")
    picture = base64.b64encode(stream.getvalue()).decode()
    return f'<figure><img alt="{escape(plot.alt_text)}" src="data:image/png;base64,{picture}"></figure>'


def _table(name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls within its own box, by keys too."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="wa-wide" tabindex="0" role="region" aria-label="{escape(name)}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
