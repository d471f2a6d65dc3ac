"""Imported replies: what models answered elsewhere, one record per reply, out of a file of rows.

A row needs a prompt, an arm and a reply; what else it says of the question, the condition and the
reply is taken where it is there, and left open where it is not. Rows of Inspect logs are read in
`inspect_logs.py`; what a study is made of them, `study_imports.py` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any, get_args

from evaluation.row_files import read_row_file
from study.errors import BadInput
from study.records import UNGRADED, AnswerKind

NEEDED = ("prompt", "arm", "reply")


@dataclass(frozen=True)
class ImportedReply:
    """One reply as a file has it; None, or nothing, is what the file does not say."""

    where: str
    """File and row, for messages."""
    prompt: str
    """As it was sent."""
    arm: str
    """Under the file's own name."""
    reply: str
    """Empty where the model gave none."""
    label: str | None = None
    """Under the file's own name."""
    item: str | None = None
    """Name of the question, the same in all its conditions."""
    question: str | None = None
    task: str | None = None
    context: str | None = None
    belief: str | None = None
    references: tuple[str, ...] = ()
    """Right answers, the reference first."""
    wrong_answers: tuple[str, ...] = ()
    """Wrong answers, the one first that a user asserts."""
    answer_kind: str | None = None
    """One of `AnswerKind`, but not `ungraded`."""
    options: tuple[str, ...] = ()
    """Texts of a multiple choice in the order A, B, …"""
    wrong_is_made: bool | None = None
    category: str | None = None
    source: str | None = None
    licence: str | None = None
    model: str | None = None
    sample: int | None = None
    """From 0."""
    finish_reason: str | None = None
    """`length` where the limit of tokens cut the reply."""
    n_tokens: int | None = None
    seconds: float | None = None
    created_at: str | None = None
    """ISO, with a time zone."""
    decoding: str | None = None
    """Sampling parameters as JSON."""


@dataclass(frozen=True)
class ReplyFile:
    """The replies of one file."""

    replies: tuple[ImportedReply, ...]
    unused_columns: tuple[str, ...]
    """Columns that no reply takes anything from."""
    notes: tuple[str, ...] = ()
    """What was left out, or must be known besides, a sentence each."""


_LISTS = ("references", "wrong_answers", "options")
_NO_TEXTS = (*_LISTS, "sample", "n_tokens", "seconds", "wrong_is_made")
# a reply that comes with a label is graded, which one to a message for warmth alone is not
_KINDS = tuple(kind for kind in get_args(AnswerKind) if kind != UNGRADED)
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": None}
_OTHER_NAMES = {
    "reference": "references",
    "wrong_answer": "wrong_answers",
    "item_id": "item",
}
"""Columns as items files name them."""
_LENGTH = frozenset({"length", "max_tokens", "model_length"})
_KNOWN = tuple(field.name for field in fields(ImportedReply) if field.name != "where")


def read_reply_file(path: Path, columns: Mapping[str, str]) -> ReplyFile:
    """Read a CSV, TSV, JSONL or Parquet file with one reply per row.

    Args:
        columns: by a field of `ImportedReply`, the column of the file that holds it; others are
            found by their own names.
    Raises:
        BadInput: the file cannot be read, lacks a column, or a cell is not what its column holds;
            the message names the row.
    """
    table = read_row_file(path)
    present = list(dict.fromkeys(name for row in table.rows for name in row))
    column_of = _choose_columns(path, present, columns)
    replies = tuple(
        _reply(where, {ours: row.get(theirs) for ours, theirs in column_of.items()})
        for where, row in table.placed_rows()
    )
    used = set(column_of.values())
    return ReplyFile(replies, tuple(name for name in present if name not in used))


def parse_reply(where: str, values: Mapping[str, Any]) -> ImportedReply:
    """A reply out of values under the names of `ImportedReply`; others are passed over.

    Raises:
        BadInput: one is missing, or not what it should be.
    """
    return _reply(where, {name: values.get(name) for name in _KNOWN})


def _choose_columns(path: Path, present: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    for ours, theirs in columns.items():
        if ours not in _KNOWN:
            raise BadInput(f"expected --column {'|'.join(_KNOWN)}=THEIRS, got {ours!r}; correct it")
        if theirs not in present:
            raise BadInput(
                f"--column {ours}={theirs}: {path} has the columns {', '.join(present)}; name one of "
                "these"
            )
    found = {
        _OTHER_NAMES.get(name, name): name
        for name in present
        if _OTHER_NAMES.get(name, name) in _KNOWN
    }
    found |= columns
    for needed in NEEDED:
        if needed not in found:
            raise BadInput(
                f"expected a column {needed!r} in {path}, got {', '.join(map(repr, present))}; "
                f"rename one, or say which with --column {needed}=NAME"
            )
    return found


def _reply(where: str, values: Mapping[str, Any]) -> ImportedReply:
    texts = {name: _text(where, name, values.get(name)) for name in _KNOWN if name not in _NO_TEXTS}
    prompt, arm = texts.pop("prompt"), texts.pop("arm")
    for name, value in (("prompt", prompt), ("arm", arm)):
        if value is None or not value.strip():
            raise BadInput(f"{where}: expected the {name}, got an empty cell; fill it in")
    assert prompt is not None
    assert arm is not None
    reason = texts.pop("finish_reason")
    for name in ("item", "context", "belief", "label", "model", "task", "answer_kind", "category"):
        texts[name] = (texts[name] or "").strip() or None
    for name in ("context", "belief"):  # as the packaged ones are named
        texts[name] = (texts[name] or "").lower().replace(" ", "_") or None
    texts["created_at"] = _time(where, texts["created_at"])
    texts["answer_kind"] = _kind(where, texts["answer_kind"])
    references, wrong_answers, options = (_list(where, name, values.get(name)) for name in _LISTS)
    return ImportedReply(
        where=where,
        prompt=prompt,
        arm=arm.strip(),
        reply=texts.pop("reply") or "",
        references=tuple(dict.fromkeys(references)),
        wrong_answers=tuple(dict.fromkeys(wrong_answers)),
        # two alike stay two, since each has its letter
        options=options,
        wrong_is_made=_truth(where, "wrong_is_made", values.get("wrong_is_made")),
        sample=_count(where, "sample", values.get("sample")),
        finish_reason="length" if reason in _LENGTH else reason or None,
        n_tokens=_count(where, "n_tokens", values.get("n_tokens")),
        seconds=_number(where, "seconds", values.get("seconds")),
        **texts,
    )


def _text(where: str, name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        # a lone surrogate is in no encoding, and no database takes it
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool | int | float) and name not in ("prompt", "reply"):
        return str(value)
    if isinstance(value, datetime) and name == "created_at":
        return value.isoformat()
    raise BadInput(
        f"{where}: expected text as {name}, got {type(value).__name__}; write it as text"
    )


def _list(where: str, name: str, value: Any) -> tuple[str, ...]:
    """A list, or parts between semicolons."""
    if isinstance(value, list | tuple):
        texts = [_text(where, name, part) or "" for part in value]
        # left out, it would give its letter to the next one
        if name == "options" and not all(map(str.strip, texts)):
            raise BadInput(
                f"{where}: expected options, none empty, got an empty one; correct the row or take it out"
            )
    else:
        texts = [part.strip() for part in (_text(where, name, value) or "").split(";")]
    return tuple(text for text in texts if text.strip())


def _kind(where: str, value: str | None) -> str | None:
    if value is not None and value not in _KINDS:
        raise BadInput(
            f"{where}: expected one of {', '.join(_KINDS)} as answer_kind, got {value!r:.80}; correct "
            "it, or leave the cell empty for text"
        )
    return value


def _truth(where: str, name: str, value: Any) -> bool | None:
    text = "" if value is None else str(value).strip().lower()
    if text not in _TRUTHS:
        raise BadInput(f"{where}: expected true or false as {name}, got {value!r:.80}; correct it")
    return _TRUTHS[text]


def _number(where: str, name: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if isinstance(value, bool) or not isfinite(number) or number < 0:
        raise BadInput(f"{where}: expected a number of at least 0 as {name}, got {value!r:.80}")
    return number


def _count(where: str, name: str, value: Any) -> int | None:
    number = _number(where, name, value)
    if number is None:
        return None
    if number != int(number) or number >= 2**31:
        raise BadInput(f"{where}: expected a whole number as {name}, got {value!r:.80}")
    return int(number)


def _time(where: str, value: str | None) -> str | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadInput(
            f"{where}: expected a time such as 2026-03-01T12:00:00Z as created_at, got {value!r:.80}"
        ) from error
    if moment.tzinfo is None:
        raise BadInput(
            f"{where}: expected a time with its zone as created_at, got {value!r}; add Z for UTC"
        )
    return moment.isoformat()
