"""Grades beside what a reader found in the same replies: precision and recall per arm.

Run: WARMTH_REAL_DATA=FOLDER .venv/bin/python benchmarks/graded_by_hand.py
     [--half report|improve|all] [--document docs/validity.md] [--json]

The replies are real ones of both arms. Those of the half `improve`, on which rules were improved,
are to packaged questions and to requests written for this project; they lie in
tests/evaluation/grading/read_replies.jsonl with what was read in them. What rules are worth is told
by the half `report`: replies to questions of TruthfulQA, in read_truthfulqa.jsonl beside it. Its
questions and answers are not this project's, so they are read from FOLDER/truthfulqa; without a
folder there is only the half `improve`. Replies in which the reader could not tell are left out of
that row and counted. `--document` puts the tables between the marks of a document.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy.stats import norm

from evaluation.grading.labels import grade_response
from evaluation.items.sets import read_items
from evaluation.statistics.intervals import wilson_bounds
from study.records import Grade, Item, Response

FOLDER = Path(__file__).parents[1] / "tests/evaluation/grading"
FILE = FOLDER / "read_replies.jsonl"
FILE_OF_TRUTHFULQA = FOLDER / "read_truthfulqa.jsonl"
ARMS = ("original", "warm")
HALVES = ("improve", "report")
_BEGIN, _END = "<!-- grading -->", "<!-- end of grading -->"
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class ReadReply:
    """A reply, what was read in it, and its grade."""

    half: str
    arm: str
    kind: str
    """The item's kind of answer."""
    read: dict[str, Any]
    """`adopts`, `refuses`, `hedges`, `answers`; None where it was not asked or cannot be told."""
    grade: Grade


@dataclass(frozen=True)
class Score:
    """How often one rule found what the reader found."""

    rule: str
    arm: str
    n: int
    """Replies in which the reader could tell."""
    n_unclear: int
    """Replies left out, since the reader could not."""
    n_true: int
    """Of `n`, those in which the reader found it."""
    n_found: int
    """Of `n`, those in which the rule found it."""
    n_both: int

    @property
    def precision(self) -> str:
        """Share of the rule's finds that the reader found too, with Wilson's interval."""
        return _share(self.n_both, self.n_found)

    @property
    def recall(self) -> str:
        """Share of the reader's finds that the rule found too, with Wilson's interval."""
        return _share(self.n_both, self.n_true)


_Truth = Callable[[dict[str, Any]], bool | None]
RULES: dict[str, tuple[_Truth, Callable[[Grade], bool]]] = {
    "adoption": (lambda read: read["adopts"], lambda grade: grade.adopts is True),
    "refusal": (lambda read: read["refuses"], lambda grade: grade.is_refusal is True),
    "refusal as in the study": (
        lambda read: read["refuses"],
        lambda grade: grade.is_refusal_to_study is True,
    ),
    "hedging": (lambda read: read["hedges"], lambda grade: grade.is_hedged is True),
    "no answer": (
        lambda read: read["answers"] and read["answers"] == "none",
        lambda grade: grade.label in ("no_answer", "cut"),
    ),
    "right answer": (
        lambda read: None if read["answers"] in (None, "both") else read["answers"] == "right",
        lambda grade: grade.label == "correct",
    ),
}


def read_replies(real_data: Path | None = None) -> list[ReadReply]:
    """All replies that were read, graded by the rules of today.

    Args:
        real_data: the folder with `truthfulqa`; without it, the half `improve` alone.
    """
    rows = _read_rows(FILE)
    graded = [_graded(row, item_of(row)) for row in rows]
    if real_data is None:
        return graded
    file = str(real_data / "truthfulqa" / "TruthfulQA.csv")
    items: Mapping[str, Item] = {item.item_id: item for item in read_items(file).items}
    rows = _read_rows(FILE_OF_TRUTHFULQA)
    return graded + [_graded(row, items[row["item_id"]]) for row in rows]


def _read_rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def item_of(row: dict[str, Any]) -> Item:
    """The item to which a reply that was read belongs."""
    return Item(
        item_id=row["item_id"],
        task="read",
        question=row["question"],
        references=tuple(row["references"]),
        wrong_answers=tuple(row["wrong_answers"]),
        source="",
        licence="Apache-2.0",
        answer_kind=row["kind"],
        options=tuple(row["options"]),
    )


def response_of(row: dict[str, Any]) -> Response:
    """A reply that was read."""
    return Response(
        row["id"], "", "", row["arm"], 0, row["text"], row["finish_reason"], None, None, 0.0, ""
    )


def _graded(row: dict[str, Any], item: Item) -> ReadReply:
    grade = grade_response(response_of(row), item, row["belief"])
    return ReadReply(row["half"], row["arm"], item.answer_kind, row["read"], grade)


def score(replies: list[ReadReply], rule: str, arm: str) -> Score:
    """How well one rule does in one arm."""
    truth_of, is_found = RULES[rule]
    asked = [reply for reply in replies if reply.arm == arm and _is_asked(reply, rule)]
    clear = [
        (truth, is_found(reply.grade))
        for reply in asked
        if (truth := truth_of(reply.read)) is not None
    ]
    return Score(
        rule=rule,
        arm=arm,
        n=len(clear),
        n_unclear=len(asked) - len(clear),
        n_true=sum(truth for truth, _ in clear),
        n_found=sum(found for _, found in clear),
        n_both=sum(truth and found for truth, found in clear),
    )


def _is_asked(reply: ReadReply, rule: str) -> bool:
    if rule == "adoption":
        return reply.read["states_belief"] is True
    return rule.startswith("refusal") or reply.kind != "none"


def as_markdown(replies: list[ReadReply]) -> str:
    """One table per half that there is, the one that counts first."""
    parts = []
    for half in reversed(HALVES):
        of_half = [reply for reply in replies if reply.half == half]
        if not of_half:
            continue
        title = "not looked at while rules were written" if half == "report" else "rules fitted"
        parts += [
            f"Half `{half}` ({title}), {len(of_half)} replies:",
            "",
            "| rule | arm | read | reader found | rule found | precision | recall | unclear |",
            "|---|---|---:|---:|---:|---|---|---:|",
        ]
        parts += [_row(score(of_half, rule, arm)) for rule in RULES for arm in ARMS] + [""]
    return "\n".join(parts).rstrip()


def _row(one: Score) -> str:
    return (
        f"| {one.rule} | {one.arm} | {one.n} | {one.n_true} | {one.n_found} | {one.precision} | "
        f"{one.recall} | {one.n_unclear} |"
    )


def _share(part: int, whole: int) -> str:
    if whole == 0:
        return "none found"
    low, high = wilson_bounds(part / whole, whole, _Z)
    return f"{100 * part / whole:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def put_into(document: Path, tables: str) -> None:
    """Put tables between the two marks of a document, in place of those that are there."""
    before, rest = document.read_text(encoding="utf-8").split(_BEGIN)
    after = rest.split(_END)[1]
    document.write_text(f"{before}{_BEGIN}\n{tables}\n{_END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=[*HALVES, "all"], default="report")
    parser.add_argument("--document", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    folder = os.environ.get("WARMTH_REAL_DATA")
    if not folder and (given.document or given.half == "report"):
        parser.error(
            "the half `report` needs TruthfulQA: set WARMTH_REAL_DATA to a folder with "
            "truthfulqa/TruthfulQA.csv, or ask for --half improve without --document"
        )
    replies = read_replies(Path(folder) if folder else None)
    if given.document:
        put_into(given.document, as_markdown(replies))
    chosen = [reply for reply in replies if given.half in (reply.half, "all")]
    scores = [score(chosen, rule, arm) for rule in RULES for arm in ARMS]
    if given.json:
        print(json.dumps({"half": given.half, "scores": [asdict(one) for one in scores]}))
        return
    for one in scores:
        print(
            f"{one.rule:24} {one.arm:9} precision {one.precision:16} recall {one.recall:16} "
            f"n {one.n}, unclear {one.n_unclear}"
        )


if __name__ == "__main__":
    main()
