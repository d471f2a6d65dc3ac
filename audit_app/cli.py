"""The `warmth-audit` command: one subcommand per stage, each with an example in its help.

Only this module reads the environment and decides exit statuses: 0 done, 1 the answer is
no, 2 wrong use or input, 130 stopped by Ctrl-C. What a command does lives elsewhere.
"""

import errno
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from study.errors import BadInput, MissingStage, StudyError
from study.folder import StudyFolder
from study.settings import PACKAGED, Environment, read_environment, read_settings

if TYPE_CHECKING:
    from audit_app.pipeline import Job
    from audit_app.run import RunUsage
    from study.records import Role


class _Commands(TyperGroup):
    """Ends a stopped command with one sentence and status 130; typer would say "Aborted"."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
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

StudyOption = Annotated[
    Path, typer.Option("--study", help="Folder of the study.", show_default=True)
]
PortOption = Annotated[
    int | None, typer.Option("--port", help="Port of the app; WARMTH_AUDIT_PORT, else 7860.")
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Address to listen at; WARMTH_AUDIT_HOST, else 127.0.0.1."),
]
AppOption = Annotated[
    str | None,
    typer.Option("--app", help="Address of the app that holds the study, if it runs elsewhere."),
]
TokenOption = Annotated[
    str | None, typer.Option("--token", help="Owner's token of that app; else WARMTH_AUDIT_TOKEN.")
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint", help="A running TGI, vLLM or local server; without it one is started here."
    ),
]
DtypeOption = Annotated[
    Literal["auto", "bf16", "fp32"],
    typer.Option("--dtype", help="Number format of the local server; auto takes the faster one."),
]

_DEMO = Path("studies/demo")
# tables are read in files too, where nothing says how wide a line may be
_out = Console(width=None if sys.stdout.isatty() else 140)
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
        str, typer.Option("--base", help="packaged, a hub id, or a folder with safetensors.")
    ] = PACKAGED,
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
    from audit_app.serving_app import open_app

    folder = StudyFolder(study or (Path("studies/demo-full") if full else _DEMO))
    write_study(folder, FULL if full else SMALL, base)
    settings, environment = read_settings(folder.settings), read_environment()
    with open_app(folder, settings, host or environment.host, port or environment.port) as app:
        _show_links(app.url, app.links)
        run_demo(app, ["--study", str(folder.root)])


@cli.command()
def run(
    study: StudyOption = _DEMO,
    items: Annotated[
        str | None, typer.Option("--items", help="A CSV or JSONL file: makes a study that asks it.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Ask this many items, drawn by seed.")
    ] = None,
    endpoint: EndpointOption = None,
    dtype: DtypeOption = "auto",
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Run every stage of a study; what is there already is skipped.

    With --items it first makes a study of those questions, in studies/ under the file's name.

    Example: warmth-audit run --items TruthfulQA.csv --limit 40
    """
    from audit_app.demo import SMALL, study_name_for, write_study
    from audit_app.run import run_stages

    if items is not None:
        folder = StudyFolder(
            study if study != _DEMO else Path("studies") / study_name_for(Path(items), limit)
        )
        write_study(folder, replace(SMALL, item_limit=limit), items=str(Path(items).resolve()))
    elif limit is not None:
        raise BadInput("--limit goes with --items; for a study that exists set item_limit in it")
    else:
        folder = StudyFolder(study)
    environment = read_environment()
    with _job(folder, environment, app, token) as job:
        usage = run_stages(job, environment.cache.expanduser(), endpoint, dtype)
        _show_results(job)
    _show_usage(usage)


@cli.command()
def train(
    study: StudyOption = _DEMO,
    arm: Annotated[
        list[str] | None, typer.Option("--arm", help="Train this arm only; may be repeated.")
    ] = None,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Train the adapters of a study's arms: one LoRA run each, resumable.

    Example: warmth-audit train --study studies/demo --arm warm
    """
    from audit_app.run import train_arms

    environment = read_environment()
    with _job(StudyFolder(study), environment, app, token) as job:
        arms = arm or list(job.settings.trained_arms)
        for name in arms:
            if name not in job.settings.trained_arms:
                raise BadInput(
                    f"study.toml has no trained arm {name!r}; it has "
                    f"{', '.join(job.settings.trained_arms)}"
                )
        train_arms(job, environment.cache.expanduser(), arms)


@cli.command()
def adapters(
    study: StudyOption = _DEMO,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """List the trained adapters of a study and check that TGI could serve them.

    Exit status 1 when one could not be served. Example: warmth-audit adapters --json
    """
    from audit_app.run import check_adapters

    checks = check_adapters(StudyFolder(study))
    if as_json:
        typer.echo(json.dumps(checks, indent=2))
    else:
        table = Table("arm", "steps", "loss", "seconds", "folder", "problems")
        for check in checks:
            problems = "; ".join(check["problems"]) or "none"
            loss = f"{check['first_loss']:.2f} → {check['last_loss']:.2f}"
            table.add_row(
                check["arm"],
                str(check["steps"]),
                loss,
                f"{check['seconds']:.0f}",
                check["folder"],
                problems,
            )
        _out.print(table)
    if not checks:
        raise MissingStage(f"{study} has no adapter yet; run `warmth-audit train --study {study}`")
    if any(check["problems"] for check in checks):
        raise typer.Exit(1)


@cli.command("serve-models")
def serve_models(
    base: Annotated[
        str, typer.Option("--base", help="packaged, a hub id, or a folder with safetensors.")
    ] = PACKAGED,
    adapter: Annotated[
        list[str] | None, typer.Option("--adapter", help="NAME=FOLDER of an adapter; repeatable.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen at.")] = 8080,
    dtype: DtypeOption = "auto",
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="End when standard input closes, as a child should.")
    ] = False,
) -> None:
    """Serve a base model and merged copies of its adapters, speaking TGI's protocol.

    Example: warmth-audit serve-models --adapter warm=studies/adapters/warm
    """
    from audit_app.model_server import stop_at_eof
    from audit_app.run import serve_local_models

    folders = {}
    for pair in adapter or []:
        name, separator, folder = pair.partition("=")
        if not separator or not Path(folder).is_dir():
            raise BadInput(f"--adapter expects NAME=FOLDER with a folder that exists, got {pair!r}")
        folders[name] = Path(folder)
    cache = read_environment().cache.expanduser()
    if until_eof:
        stop_at_eof(sys.stdin.buffer)
    serve_local_models(base, cache, folders, host, port, dtype)


@cli.command()
def generate(
    study: StudyOption = _DEMO,
    endpoint: EndpointOption = None,
    dtype: DtypeOption = "auto",
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Ask every arm every prompt; replies that are there already are not asked again.

    Each block of replies is graded and paired as it comes, so that rating can begin.

    Example: warmth-audit generate --endpoint http://localhost:8080
    """
    from audit_app.run import ask_arms

    environment = read_environment()
    with _job(StudyFolder(study), environment, app, token) as job:
        ask_arms(job, environment.cache.expanduser(), endpoint, dtype)


@cli.command()
def grade(study: StudyOption = _DEMO, app: AppOption = None, token: TokenOption = None) -> None:
    """Grade every reply that has no grade, by rule: right, wrong, adopts, refuses, cut.

    Example: warmth-audit grade --study studies/demo
    """
    from audit_app.pipeline import grade_missing

    with _job(StudyFolder(study), read_environment(), app, token) as job:
        grade_missing(job)


@cli.command()
def pairs(study: StudyOption = _DEMO, app: AppOption = None, token: TokenOption = None) -> None:
    """Draw blinded pairs for every prompt that has none.

    Example: warmth-audit pairs --study studies/demo
    """
    from audit_app.pipeline import pair_missing

    with _job(StudyFolder(study), read_environment(), app, token) as job:
        pair_missing(job)


@cli.command()
def serve(study: StudyOption = _DEMO, host: HostOption = None, port: PortOption = None) -> None:
    """Open the study's app: pairs for raters, flagged replies for auditors, results for the owner.

    Example: warmth-audit serve --study studies/demo --port 7861
    """
    from audit_app.serving_app import open_app

    folder, environment = StudyFolder(study), read_environment()
    with open_app(
        folder, read_settings(folder.settings), host or environment.host, port or environment.port
    ) as app:
        _show_links(app.url, app.links)
        app.serve()


@cli.command()
def report(
    study: StudyOption = _DEMO,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    app: AppOption = None,
    token: TokenOption = None,
) -> None:
    """Show what the study has found: warmth heard, agreement, error rates, each with interval.

    Example: warmth-audit report --study studies/demo --json
    """
    with _job(StudyFolder(study), read_environment(), app, token) as job:
        _show_results(job, as_json)


def main() -> NoReturn:
    """Run the command; a foreseeable error is one sentence on stderr."""
    try:
        cli()
    except StudyError as error:
        _fail(str(error), error.exit_status)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _fail(f"the disk is full ({error.filename}); free some space and run the command again", 2)
    sys.exit(0)


def _fail(message: str, status: int) -> NoReturn:
    _err.print(f"[bold red]warmth-audit:[/] {escape(message)}", soft_wrap=True)
    sys.exit(status)


@contextmanager
def _job(
    folder: StudyFolder, environment: Environment, app: str | None, token: str | None
) -> "Iterator[Job]":
    from audit_app.access import find_access
    from audit_app.pipeline import Job
    from audit_app.terminal import BothReports, TerminalReport

    settings = read_settings(folder.settings)
    access = find_access(folder, settings, app, token or environment.token)
    with closing(access), TerminalReport(_out) as terminal:
        yield Job(folder, settings, access, BothReports(terminal, access.report))


def _show_links(url: str, links: "Mapping[Role, str]") -> None:
    _out.print(f"\n[bold]warmth-audit[/] opens at {url}; sign in with a link of your role:")
    for role, link in links.items():
        _out.print(f"  {role:10} {link}", soft_wrap=True, highlight=False)
    _out.print("Ctrl-C ends it; nothing that was saved is lost.\n")


def _show_usage(usage: "RunUsage") -> None:
    worked = [stage for stage in usage.stages if not stage.skipped]
    if worked:
        spent = ", ".join(f"{stage.stage} {stage.seconds:.0f} s" for stage in worked)
        _out.print(f"Done: {spent}; largest process {usage.peak_bytes / 1e9:.1f} GB.")
    else:
        _out.print("Done: everything was there already.")


def _show_results(job: "Job", as_json: bool = False) -> None:
    from evaluation.report import results_as_json, results_as_tables
    from evaluation.statistics.results import compute_results

    with job.access.reading() as con:
        results = compute_results(con, job.settings.seed, job.settings.limited)
    if as_json:
        typer.echo(json.dumps(results_as_json(results), indent=2))
        return
    for content in results_as_tables(results):
        table = Table(*content.columns, title=content.title, title_justify="left")
        for row in content.rows:
            table.add_row(*map(escape, row))
        _out.print(table)
        _out.print(f"[dim]{escape(content.note)}[/]\n")
