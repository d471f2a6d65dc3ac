"""The command `serve-models`: which base and adapters, on which engine, started or printed.

An adapter is served when its files are those of its manifest and nothing speaks against it
(`training/adapters.py`). The words of the commands are in `evaluation/serving/server_commands.py`.
"""

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from audit_app.options import DtypeOption, terminal
from evaluation.serving.generation import BASE_NAMES
from evaluation.serving.server_commands import (
    ServedFolders,
    compose_variables,
    tgi_command,
    vllm_command,
)
from study.errors import BadInput, MissingExtra
from study.folder import StudyFolder
from study.progress import Report
from study.settings import PACKAGED, read_environment, read_settings

commands = typer.Typer()

Engine = Literal["local", "tgi", "vllm"]
_NOTE = (
    "no real TGI was run where this was made: the command follows TGI 3.3.7's documents, and the "
    "canary checks what is served before anything is asked of it"
)


@commands.command("serve-models")
def serve_models(
    engine: Annotated[
        Engine, typer.Option("--engine", help="TGI or vLLM on a GPU, or the local server.")
    ] = "local",
    study: Annotated[
        Path | None, typer.Option("--study", help="Serve the base and the adapters of a study.")
    ] = None,
    base: Annotated[
        str, typer.Option("--base", help="packaged, a hub id, or a folder with safetensors.")
    ] = PACKAGED,
    adapter: Annotated[
        list[str] | None, typer.Option("--adapter", help="NAME=FOLDER of an adapter; repeatable.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Port to listen at.")
    ] = 8080,
    dtype: DtypeOption = "auto",
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the command; start nothing.")
    ] = False,
    compose: Annotated[
        bool, typer.Option("--compose", help="Print the variables of compose.yaml for TGI.")
    ] = False,
) -> None:
    """Serve a base model and its adapters behind TGI's protocol, or vLLM's.

    Adapters are checked first. Example: warmth-audit serve-models --engine tgi --study
    studies/pilot --print
    """
    from audit_app.serving_stage import serve_local_models
    from audit_app.terminal import TerminalReport

    cache = read_environment().cache.expanduser()
    # what is printed goes into files and shells: progress stays out of it
    shown = Console(stderr=True) if only_print or compose else terminal
    with TerminalReport(shown) as report:
        wanted = _of_study(StudyFolder(study), cache, report) if study else _given(base, adapter)
        if compose or only_print or engine != "local":
            _see_servable(wanted, engine)
        elif wanted.adapters:
            _see_whole(wanted)
        if compose:
            variables = _variables(wanted, study, engine, port, dtype, cache, report)
        elif engine == "local" and not only_print:
            serve_local_models(wanted.base, cache, wanted.adapters, host, port, dtype, report)
            return
        else:
            words = _words(wanted, engine, host, port, dtype, cache, report)
    if compose:
        typer.echo(f"# {_NOTE}")
        for name, value in variables.items():
            typer.echo(f"{name}={value}")
        return
    if engine == "tgi":
        typer.echo(f"note: {_NOTE}", err=True)
    if only_print:
        typer.echo(shlex.join(words))
        return
    _become(words)


@dataclass(frozen=True)
class _Wanted:
    """What is to be served, before the base was looked for."""

    base: str
    adapters: dict[str, Path]


def _given(base: str, adapter: list[str] | None) -> _Wanted:
    folders = {}
    for pair in adapter or []:
        name, separator, folder = pair.partition("=")
        if not separator or not name or not Path(folder).is_dir():
            raise BadInput(f"--adapter expects NAME=FOLDER with a folder that exists, got {pair!r}")
        if name in folders:
            raise BadInput(f"--adapter names {name!r} twice; leave one out, or rename it")
        if name in BASE_NAMES:
            raise BadInput(
                f"an adapter cannot be called {name!r}, by which TGI's clients ask for the base; "
                "rename it"
            )
        folders[name] = Path(folder).resolve()
    return _Wanted(base, folders)


def _of_study(folder: StudyFolder, cache: Path, report: Report) -> _Wanted:
    """The base of a study, and the adapters of its arms by their manifests."""
    from audit_app.named_files import locate_files
    from audit_app.training_stage import plan_training, served_folders

    settings = locate_files(read_settings(folder.settings), folder.root)
    plan = plan_training(settings, cache, report)
    return _Wanted(
        settings.base,
        {arm: place.resolve() for arm, place in served_folders(folder, plan).items()},
    )


def _see_servable(wanted: _Wanted, engine: Engine) -> None:
    """Refuse adapters that the engine would serve otherwise than they were trained."""
    from training.adapters import check_adapter

    _see_whole(wanted)
    if engine != "tgi":
        return
    for name, folder in wanted.adapters.items():
        if problems := check_adapter(folder):
            raise BadInput(
                f"TGI cannot serve the adapter {name!r} in {folder} as it was trained: "
                f"{'; '.join(problems)}"
            )


def _see_whole(wanted: _Wanted) -> None:
    from training.adapters import harmed_files, hash_adapter

    for name, folder in wanted.adapters.items():
        hash_adapter(folder)  # raises where there is no adapter
        if harmed := harmed_files(folder):
            raise BadInput(
                f"expected the files of the adapter {name!r} in {folder} to be those of its "
                f"manifest, got {' and '.join(harmed)} changed; train it again"
            )


def _folders(wanted: _Wanted, cache: Path, report: Report) -> ServedFolders:
    from training.base_models import locate_base

    return ServedFolders(locate_base(wanted.base, cache, report).folder, wanted.adapters)


def _words(
    wanted: _Wanted,
    engine: Engine,
    host: str,
    port: int,
    dtype: DtypeOption,
    cache: Path,
    report: Report,
) -> list[str]:
    if engine == "tgi":
        return tgi_command(_folders(wanted, cache, report), host, port, dtype)
    if engine == "vllm":
        return vllm_command(_folders(wanted, cache, report), host, port, dtype)
    words = ["warmth-audit", "serve-models", "--base", wanted.base]
    for name, folder in wanted.adapters.items():
        words += ["--adapter", f"{name}={folder}"]
    return [*words, "--host", host, "--port", str(port), "--dtype", dtype]


def _variables(
    wanted: _Wanted,
    study: Path | None,
    engine: Engine,
    port: int,
    dtype: DtypeOption,
    cache: Path,
    report: Report,
) -> dict[str, str]:
    if engine != "tgi" or study is None:
        raise BadInput("--compose goes with --engine tgi and --study; name a study that is trained")
    return compose_variables(_folders(wanted, cache, report), study.resolve(), port, dtype)


def _become(words: list[str]) -> None:
    """Let this process be the server's: Ctrl-C and its exit status are the server's own."""
    program = shutil.which(words[0])
    if program is None:
        raise MissingExtra(
            f"expected the program {words[0]} on this machine, found none; install it, or print "
            "the command with --print and run it where it is"
        )
    os.execv(program, words)
