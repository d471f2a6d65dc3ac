"""Importing: a new study folder out of replies that were made elsewhere.

The folder appears whole or not at all. Rows go through the run file and the writers of their tables,
as those of every stage do; what rows they are, `evaluation/study_imports.py` says.
"""

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from audit_app.access import FileAccess
from audit_app.demo import as_study_name
from audit_app.exports import write_whole
from audit_app.pipeline import Job, hash_records
from evaluation.imported_replies import ReplyFile, read_reply_file
from evaluation.inspect_logs import read_inspect_log
from evaluation.study_imports import STAGE, ImportNames, StudyImport, build_import
from study.errors import BadInput, DiskFull
from study.folder import StudyFolder
from study.progress import Report, StageProgress, silent
from study.settings import IMPORTED, read_settings
from study.versions import Content

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_LOGS = (".eval", ".json")
# bytes of a JSON file in which its first sign stands
_SEEN = 4096

_SETTINGS = Template("""# A study of replies that were made elsewhere, imported from $files.
# Nothing can be trained or asked in it: how the replies came about is not known here.

name = $name
question = $question
seed = $seed

base = "$imported"
arms = $arms

[evaluation]
items = "$imported"
contexts = $contexts
beliefs = $beliefs

[rating]
raters_per_pair = 3
""")


@dataclass(frozen=True)
class ImportedStudy:
    """What a study was made of."""

    rows: StudyImport
    unused_columns: tuple[str, ...]
    """Columns of the files that nothing was taken from."""
    notes: tuple[str, ...]
    """What is not known, and what was left out, a sentence each."""


def read_reply_files(
    files: Sequence[Path], columns: Mapping[str, str], scorer: str | None
) -> ReplyFile:
    """The replies of all files together.

    Raises:
        BadInput: a file cannot be used.
        MissingExtra: a log of Inspect AI is among them, and inspect_ai is not installed.
    """
    read = []
    if len({file.resolve() for file in files}) < len(files):
        raise BadInput("expected each file once, got one twice; leave it out")
    for file in files:
        is_log = _is_log(file)
        if is_log and columns:
            raise BadInput(f"--column is for tables, and {file} is a log; leave it out")
        if not is_log and scorer is not None:
            raise BadInput(f"--scorer is for logs of Inspect AI, and {file} is none; leave it out")
        read.append(read_inspect_log(file, scorer) if is_log else read_reply_file(file, columns))
    return ReplyFile(
        tuple(reply for one in read for reply in one.replies),
        tuple(dict.fromkeys(name for one in read for name in one.unused_columns)),
        tuple(note for one in read for note in one.notes),
    )


def _is_log(file: Path) -> bool:
    """Whether a file is to be read as a log of Inspect AI; a JSON list is a table."""
    suffix = file.suffix.lower()
    if suffix != ".json" or not file.is_file():
        return suffix in _LOGS
    with file.open("rb") as stream:
        return not stream.read(_SEEN).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")


def import_study(
    folder: StudyFolder,
    files: Sequence[Path],
    replies: ReplyFile,
    names: ImportNames,
    question: str,
    seed: int,
    now: datetime,
    report: Report = silent,
) -> ImportedStudy:
    """Make the study; when anything fails, the folder is not there.

    Args:
        now: when it is made.
        report: hears how far it has come.
    Raises:
        BadInput: the folder holds something, or the replies make no study.
        BadSettings: the folder's name cannot be that of a study.
        DiskFull: there is no room for it.
    """
    rows = build_import(replies.replies, names, seed, now, report)
    n_replies = len(rows.responses)
    report(StageProgress(STAGE, "running", n_replies, n_replies, "being stored"))
    text = _SETTINGS.substitute(
        files=", ".join(file.name.replace("\n", " ") for file in files),
        # a JSON text, list or number is TOML too
        name=json.dumps(as_study_name(folder.root.resolve().name)),
        question=json.dumps(question),
        seed=seed,
        imported=IMPORTED,
        arms=json.dumps(rows.arms),
        contexts=json.dumps(rows.contexts),
        beliefs=json.dumps(rows.beliefs),
    )

    def fill(draft: Path) -> None:
        made = StudyFolder(draft)
        made.settings.write_text(text, encoding="utf-8")
        try:
            _store(made, rows, now)
        except DiskFull as error:
            raise DiskFull(
                f"the study {folder.root} could not be written, since the disk is full; free some "
                "space and import again, nothing of it is kept"
            ) from error

    write_whole(folder.root, fill, "--study")
    report(StageProgress(STAGE, "done", n_replies, n_replies, f"{n_replies} replies"))
    notes = (*replies.notes, *rows.notes)
    return ImportedStudy(rows, replies.unused_columns, notes)


def _store(folder: StudyFolder, rows: StudyImport, now: datetime) -> None:
    settings = read_settings(folder.settings)
    content = Content(
        items_sha256=hash_records(rows.items), wordings_sha256=hash_records(rows.prompts)
    )
    access = FileAccess(folder, settings, content, lambda: now)
    run_file = Job(folder, settings, access, silent).run_file("import")
    tables: Mapping[str, Sequence[DataclassInstance]] = {
        "items": rows.items,
        "prompts": rows.prompts,
        "served_models": rows.served_models,
        "responses": rows.responses,
        "grades": rows.grades,
        "pairs": rows.pairs,
    }
    for table, records in tables.items():
        run_file.append(table, records)
    access.hand_in(run_file)
    access.close()
