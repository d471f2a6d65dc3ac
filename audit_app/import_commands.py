"""The subcommand that makes a study of replies from elsewhere; `cli.py` puts it beside the others."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from audit_app.options import read_name_pairs, show_tables, terminal
from study.folder import StudyFolder

if TYPE_CHECKING:
    from audit_app.importing import ImportedStudy
    from evaluation.formats import Table

commands = typer.Typer()


# long by its options, which typer reads from the signature
@commands.command("import")
def import_replies(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV, JSONL, a JSON list or Parquet with a reply per row; .eval or .json logs of Inspect AI.",
            show_default=False,
        ),
    ],
    study: Annotated[Path, typer.Option("--study", help="A new folder for the study.")],
    arm: Annotated[
        list[str] | None,
        typer.Option("--arm", help="THEIRS=OURS: which arm a name of the files is; repeatable."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="OURS=THEIRS: which column holds it; repeatable."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="THEIRS=OURS: what a label of the files means; repeatable."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Only replies of this model, where files have more."),
    ] = None,
    scorer: Annotated[
        str | None, typer.Option("--scorer", help="Of Inspect logs: take its verdicts as labels.")
    ] = None,
    question: Annotated[
        str, typer.Option("--question", help="What the study is to find out, in one sentence.")
    ] = "How do the arms of these imported replies differ?",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the study.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Make a study of replies that were made elsewhere: rating and analysis start without training.

    Rows need a prompt, an arm and a reply. Columns item, question, task, context, belief, reference,
    wrong_answer, label, model, sample, finish_reason and others are taken where they are;
    docs/import.md lists them. For an Inspect log the arm is the name of its model.

    Example: warmth-audit import replies.csv --study studies/theirs --arm base=original --arm kind=warm
    """
    # long by its options alone
    from rich.console import Console

    from audit_app.importing import import_study, read_reply_files
    from audit_app.terminal import TerminalReport
    from evaluation.study_imports import ImportNames

    names = ImportNames(read_name_pairs("--arm", arm), read_name_pairs("--label", label), model)
    replies = read_reply_files(files, read_name_pairs("--column", column), scorer)
    folder, now = StudyFolder(study), datetime.now(UTC)
    with TerminalReport(Console(stderr=True)) as report:
        made = import_study(folder, files, replies, names, question, seed, now, report)
    if as_json:
        typer.echo(json.dumps(_as_json(made), indent=2))
        return
    show_tables([_as_table(made)])
    for note in made.notes:
        terminal.print(escape(note))
    if made.unused_columns:
        terminal.print(escape(f"Columns left out: {', '.join(made.unused_columns)}."))
    terminal.print(
        f"Now `warmth-audit serve --study {study}` for raters, `warmth-audit report --study {study}` "
        "for numbers.",
        soft_wrap=True,
    )


def _counts(made: "ImportedStudy") -> Mapping[str, Mapping[str, int]]:
    """By arm, replies by label."""
    labels = {grade.response_id: grade.label for grade in made.rows.grades}
    counts: dict[str, Counter[str]] = {arm: Counter() for arm in made.rows.arms}
    for response in made.rows.responses:
        counts[response.arm][labels[response.response_id]] += 1
    return counts


def _as_json(made: "ImportedStudy") -> dict[str, Any]:
    """Keys: `format`; `items`, `prompts`, `replies`, `pairs` (counts); `contexts`, `beliefs`;
    `labels` (by arm, replies by label); `notes`; `unused_columns`."""
    rows = made.rows
    return {
        "format": "warmth-audit import 1",
        "items": len(rows.items),
        "prompts": len(rows.prompts),
        "replies": len(rows.responses),
        "pairs": len(rows.pairs),
        "contexts": rows.contexts,
        "beliefs": rows.beliefs,
        "labels": _counts(made),
        "notes": made.notes,
        "unused_columns": made.unused_columns,
    }


def _as_table(made: "ImportedStudy") -> "Table":
    from evaluation.formats import count_of, make_table, words_of

    counts, rows = _counts(made), made.rows
    found = sorted({label for of_arm in counts.values() for label in of_arm})
    columns = {
        "Arm": list(counts),
        "Replies": [str(sum(of_arm.values())) for of_arm in counts.values()],
        **{words_of(one): [str(of_arm.get(one, 0)) for of_arm in counts.values()] for one in found},
    }
    note = (
        f"{count_of(len(rows.items), 'item')}, {count_of(len(rows.prompts), 'prompt')}, "
        f"{count_of(len(rows.pairs), 'pair')}; contexts {', '.join(rows.contexts)}; beliefs "
        f"{', '.join(rows.beliefs)}. Labels are those of the files, else by rule."
    )
    return make_table("Imported", columns, note, None)
