"""The `warmth-audit` command: one subcommand per stage, each with an example in its help.

Only this module reads the environment and decides exit statuses: 0 done, 1 the answer is
no, 2 wrong use or input, 130 stopped by Ctrl-C. What a command does lives elsewhere.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from audit_app.checkpoint_commands import commands as checkpoint_commands
from audit_app.children import CHILD_MARK, interrupt_at_eof
from audit_app.control_commands import commands as control_commands
from audit_app.export_commands import commands as export_commands
from audit_app.gate_commands import commands as gate_commands
from audit_app.import_commands import commands as import_commands
from audit_app.model_commands import commands as model_commands
from audit_app.options import (
    DEMO_FOLDER,
    AppOption,
    DtypeOption,
    EndpointOption,
    HostOption,
    PortOption,
    StudyOption,
    TokenOption,
    TrustOption,
    open_job,
    show_tables,
    terminal,
)
from audit_app.planning_commands import commands as planning_commands
from audit_app.pooling_commands import commands as pooling_commands
from audit_app.stage_commands import commands
from audit_app.table_commands import commands as table_commands
from audit_app.warmth_commands import commands as warmth_commands
from study.errors import BadInput, StudyError
from study.folder import StudyFolder
from study.settings import Environment, Settings, read_environment, read_settings

if TYPE_CHECKING:
    from audit_app.pipeline import Job
    from audit_app.run import RunUsage
    from audit_app.serving_app import RunningApp
    from study.records import Role


class _Commands(TyperGroup):
    """Ends a stopped command with one sentence and status 130; typer would say "Aborted"."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if CHILD_MARK in os.environ:  # its parent says it
                sys.exit(130)
            _fail("stopped; run the same command again to go on from here", 130)


cli = typer.Typer(
    name="warmth-audit",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="How much reliability does warmth cost a language model, and who says so?\n\n"
    "A study is a folder with a study.toml. `demo` makes one and runs all of it; `run` runs the "
    "stages of one; `serve` opens its app for raters, auditors and the owner.",
)

cli.add_typer(commands)
cli.add_typer(model_commands)
cli.add_typer(export_commands)
cli.add_typer(import_commands)
cli.add_typer(table_commands)
cli.add_typer(planning_commands)
cli.add_typer(pooling_commands)
cli.add_typer(gate_commands)
cli.add_typer(checkpoint_commands)
cli.add_typer(warmth_commands)
cli.add_typer(control_commands)
_err = Console(stderr=True)


@cli.command()
def demo(
    full: Annotated[
        bool, typer.Option("--full", help="All items, arms and contexts; hours on two cores.")
    ] = False,
    study: Annotated[
        Path | None, typer.Option("--study", help="Folder; else studies/demo or studies/demo-full.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="packaged, a hub id, or a folder with safetensors.")
    ] = None,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Open the app at once and run a whole study behind it.

    Trains a warm adapter on a small real model, serves it beside the original, generates and
    grades replies, and builds blinded pairs that you can rate in the browser. Run it again and
    it goes on where it stopped.

    Example: warmth-audit demo --port 7861
    """
    from audit_app.demo import FULL, SMALL, run_demo, write_study

    folder = StudyFolder(study or (Path("studies/demo-full") if full else DEMO_FOLDER))
    write_study(folder, FULL if full else SMALL, base=base)
    settings, environment = read_settings(folder.settings), read_environment()
    with _open_app(folder, settings, environment, host, port) as app:
        run_demo(app, ["--study", str(folder.root)])


@cli.command()
def run(
    study: StudyOption = DEMO_FOLDER,
    items: Annotated[
        str | None,
        typer.Option("--items", help="A file, folder or hub id: makes a study that asks it."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask this many items, drawn by seed.")
    ] = None,
    endpoint: EndpointOption = None,
    trust_model_id: TrustOption = False,
    dtype: DtypeOption = "auto",
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Run every stage of a study; what is there already is skipped.

    With --items it first makes a study of those questions, in studies/ under the file's name.

    Example: warmth-audit run --items TruthfulQA.csv --limit 40
    """
    from audit_app.demo import SMALL, study_name_for, write_study
    from audit_app.run import Endpoint, run_stages

    if items is not None:
        folder = StudyFolder(
            study if study != DEMO_FOLDER else Path("studies") / study_name_for(items, limit)
        )
        write_study(folder, replace(SMALL, item_limit=limit), items=items)
    elif limit is not None:
        raise BadInput("--limit goes with --items; for a study that exists set item_limit in it")
    else:
        folder = StudyFolder(study)
    environment = read_environment()
    with open_job(folder, environment, app, token) as job:
        models = Endpoint(tuple(endpoint or ()), environment.endpoint_key, trust_model_id)
        usage = run_stages(job, environment.cache.expanduser(), models, dtype)
        if job.access.has_pages:
            terminal.print("The results stand on the owner's page; pairs wait for their raters.")
        else:
            _show_report(job)
    _show_usage(usage)


@cli.command()
def serve(
    study: StudyOption = DEMO_FOLDER, host: HostOption = None, port: PortOption = None
) -> None:
    """Open the study's app: pairs for raters, flagged replies for auditors, results for the owner.

    Example: warmth-audit serve --study studies/demo --port 7861
    """
    folder = StudyFolder(study)
    with _open_app(folder, read_settings(folder.settings), read_environment(), host, port) as app:
        app.serve()


@cli.command()
def report(
    study: StudyOption = DEMO_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    as_html: Annotated[
        bool, typer.Option("--html", help="Write one HTML file that needs nothing else.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Folder for it; else report/ in the study's folder."),
    ] = None,
    unblind: Annotated[
        str | None,
        typer.Option("--unblind", help="Open results per arm now; why, for the study's record."),
    ] = None,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Show what the study has found: warmth heard, agreement, error rates, each with interval.

    While people rate, results per arm are sealed: they open when the study is closed, or with
    --unblind and a reason. With --html figures lie beside the file, as SVG, PNG and CSV.

    Example: warmth-audit report --study studies/demo --html
    """
    if as_json and as_html:
        raise BadInput("--json prints and --html writes a file; give one of them")
    if to is not None and not as_html:
        raise BadInput("--to goes with --html; give both, or neither")
    with open_job(StudyFolder(study), read_environment(), app, token, reads_content=False) as job:
        if unblind is not None:
            job.access.record_event("unblinded", unblind)
        if as_html:
            _write_html_report(job, to or job.folder.report)
        else:
            _show_report(job, as_json)


def main() -> NoReturn:
    """Run the command; a foreseeable error is one sentence on stderr."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    # torch's threads spin while they wait: beside an app and a browser on two cores, a training
    # step that takes 2 s took 15; alone it loses about an eighth
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if CHILD_MARK in os.environ:
        interrupt_at_eof(sys.stdin.fileno())
    try:
        cli()
    except StudyError as error:
        _fail(str(error), error.exit_status)
    except OSError as error:
        if error.filename is None:
            raise
        remedy = "free some space" if error.errno == errno.ENOSPC else "correct that"
        _fail(f"{error.filename}: {error.strerror}; {remedy} and run the command again", 2)
    finally:
        # the work is done: Ctrl-C while the interpreter clears up would print a traceback
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(0)


def _fail(message: str, status: int) -> NoReturn:
    _err.print(f"[bold red]warmth-audit:[/] {escape(message)}", soft_wrap=True)
    sys.exit(status)


@contextmanager
def _open_app(
    folder: StudyFolder,
    settings: Settings,
    environment: Environment,
    host: str | None,
    port: int | None,
) -> "Iterator[RunningApp]":
    from audit_app.oauth import OAuthSettings
    from audit_app.serving_app import open_app

    host, port = host or environment.host, port or environment.port
    oauth = None
    if (
        environment.oauth_client_id
        and environment.oauth_client_secret
        and environment.openid_provider_url
    ):
        oauth = OAuthSettings(
            environment.oauth_client_id,
            environment.oauth_client_secret,
            environment.openid_provider_url,
        )
    with open_app(folder, settings, host, port, environment.https, oauth) as app:
        _show_links(app.url, app.links)
        yield app


def _show_links(url: str, links: "Mapping[Role, str]") -> None:
    terminal.print(f"\n[bold]warmth-audit[/] opens at {url}; sign in with a link of your role:")
    for role, link in links.items():
        terminal.print(f"  {role:10} {link}", soft_wrap=True, highlight=False)
    terminal.print("Ctrl-C ends it; nothing that was saved is lost.\n")


def _show_usage(usage: "RunUsage") -> None:
    worked = [stage for stage in usage.stages if not stage.skipped]
    if worked:
        spent = ", ".join(f"{stage.stage} {stage.seconds:.0f} s" for stage in worked)
        terminal.print(f"Done: {spent}; largest process {usage.peak_bytes / 1e9:.1f} GB.")
    else:
        terminal.print("Done: everything was there already.")


def _write_html_report(job: "Job", to: Path) -> None:
    from audit_app.report_page import build_report_page, read_versions
    from audit_app.study_report import compute_report
    from evaluation.html_report import write_report

    with job.access.reading() as con:
        report = compute_report(con, job.settings)
    page = build_report_page(report, job.settings, read_versions(), datetime.now(UTC))
    file = write_report(to, page)
    terminal.print(f"Report: {file}", soft_wrap=True)


def _show_report(job: "Job", as_json: bool = False) -> None:
    from audit_app.study_report import (
        compute_report,
        preregistration_sentences,
        report_as_json,
        report_notes,
        report_tables,
    )

    with job.access.reading() as con:
        report = compute_report(con, job.settings)
    if as_json:
        typer.echo(json.dumps(report_as_json(report), indent=2))
        return
    for note in report_notes(report):
        terminal.print(escape(note))
    show_tables(report_tables(report))
    for sentence in preregistration_sentences(report.preregistration):
        terminal.print(escape(sentence))
