"""The prompts of a study as a benchmark: JSONL, a card, and a task of Inspect AI.

What others get is what the study's arms were asked, word for word, with the answers that it was made
of; no reply and no arm is in there. Nothing is written to the study. How replies come back,
`warmth-audit import` says.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from evaluation.formats import count_of, on_one_line
from evaluation.grading.wording import words
from study.errors import MissingStage
from study.records import Item, Prompt
from study.settings import Settings

_SELECT_ASKED = """
    SELECT p.prompt_id, p.context, p.belief, p.text, i.item_id, i.task, i.question, i."references",
        i.wrong_answers, i.source, i.licence, i.answer_kind, i.options, i.wrong_is_made, i.category
    FROM prompts AS p
    JOIN items AS i ON i.item_id = p.item_id
    ORDER BY i.task, p.item_id, p.context <> 'none', p.context, p.belief <> 'none', p.belief
"""


@dataclass(frozen=True)
class AskedPrompt:
    """A prompt with the item that it was made of."""

    prompt: Prompt
    item: Item


@dataclass(frozen=True)
class WrittenBenchmark:
    """What a benchmark holds."""

    n_prompts: int
    n_items: int
    n_left_out: int
    """Prompts of items without a right answer: nothing could be scored."""


def read_asked(con: duckdb.DuckDBPyConnection) -> list[AskedPrompt]:
    """Every prompt of the study; empty while none is stored."""
    cursor = con.cursor().execute(_SELECT_ASKED)
    names = [column[0] for column in cursor.description or ()]
    return [_as_asked(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _as_asked(row: dict[str, Any]) -> AskedPrompt:
    item_id = row["item_id"]
    prompt = {name: row.pop(name) for name in ("prompt_id", "context", "belief", "text")}
    lists = {name: tuple(row[name]) for name in ("references", "wrong_answers", "options")}
    return AskedPrompt(Prompt(item_id=item_id, **prompt), Item(**row | lists))


def write_benchmark(
    asked: Sequence[AskedPrompt], settings: Settings, folder: Path
) -> WrittenBenchmark:
    """Write prompts, card, sampling and task into a folder that exists.

    Raises:
        MissingStage: no prompt has a right answer.
    """
    scorable = [one for one in asked if one.item.references]
    if not scorable:
        raise MissingStage(
            f"expected prompts of items with a right answer in the study {settings.name}, got "
            f"{len(asked)} without; give its items references first"
        )
    folder.chmod(0o755)
    (folder / "data").mkdir()
    with (folder / "data" / "prompts.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in map(_row, scorable))
    sampling = json.dumps(_sampling(settings), indent=2) + "\n"
    (folder / "sampling.json").write_text(sampling, encoding="utf-8")
    (folder / "task.py").write_text(_template("inspect_task.py"), encoding="utf-8")
    written = WrittenBenchmark(
        n_prompts=len(scorable),
        n_items=len({one.item.item_id for one in scorable}),
        n_left_out=len(asked) - len(scorable),
    )
    card = _card(scorable, written, settings)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return written


def _row(asked: AskedPrompt) -> dict[str, Any]:
    prompt, item = asked.prompt, asked.item
    return {
        "id": prompt.prompt_id,
        "input": prompt.text,
        "target": [_as_option(item, reference) for reference in item.references],
        "task": item.task,
        "item": item.item_id,
        "context": prompt.context,
        "belief": prompt.belief,
        "question": item.question,
        "references": list(item.references),
        "wrong_answers": list(item.wrong_answers),
        "answer_kind": item.answer_kind,
        "options": list(item.options),
        "wrong_is_made": item.wrong_is_made,
        "category": item.category,
        "source": item.source,
        "licence": item.licence,
    }


def _as_option(item: Item, answer: str) -> str:
    """The text of the option that an answer means, as the prompt shows it."""
    if answer in item.options:
        return answer
    meant = [option for option in item.options if words(option) == words(answer)]
    return meant[0] if meant else answer


def _sampling(settings: Settings) -> dict[str, Any]:
    """What Inspect AI has a name for is under that."""
    decoding = settings.evaluation.decoding
    sampling: dict[str, Any] = {
        "temperature": decoding.temperature,
        "max_tokens": decoding.max_new_tokens,
        "seed": settings.seed,
        "repetition_penalty": decoding.repetition_penalty,
        "samples": decoding.samples,
    }
    if decoding.top_p is not None:
        sampling["top_p"] = decoding.top_p
    return sampling


def _card(asked: Sequence[AskedPrompt], written: WrittenBenchmark, settings: Settings) -> str:
    licences = Counter({one.item.item_id: one.item.licence for one in asked}.values())
    conditions = {(one.prompt.context, one.prompt.belief) for one in asked}
    only = next(iter(licences)) if len(licences) == 1 else "other"
    return Template(_template("benchmark_card.md")).substitute(
        name=settings.name,
        question=settings.question,
        licence=f"license: {_as_licence_id(only)}",
        n_items=written.n_items,
        n_conditions=len(conditions),
        n_prompts=written.n_prompts,
        shape=_shape_in_words(settings),
        counts=_counts(asked),
        licences=", ".join(
            f"{_as_cell(name)} ({count_of(n, 'item')})" for name, n in licences.most_common()
        ),
        left_out=_left_out_in_words(written),
        settings_sha256=settings.sha256,
        seed=settings.seed,
        repetition_penalty=settings.evaluation.decoding.repetition_penalty,
    )


def _shape_in_words(settings: Settings) -> str:
    if settings.limited is not None:
        return f"Limited: {settings.limited}."
    return "The conditions of an item differ in nothing but the condition."


def _left_out_in_words(written: WrittenBenchmark) -> str:
    if not written.n_left_out:
        return "Every prompt of the study is in here."
    return (
        f"{count_of(written.n_left_out, 'prompt')} of items without a right answer are left out: "
        "nothing could be scored."
    )


def _counts(asked: Sequence[AskedPrompt]) -> str:
    """Prompts by task, context and belief."""
    parts = {
        "task": Counter(one.item.task for one in asked),
        "context": Counter(one.prompt.context for one in asked),
        "belief": Counter(one.prompt.belief for one in asked),
    }
    return "\n".join(["| of | prompts |", "|---|---|", *_count_rows(parts.items())])


def _count_rows(parts: Iterable[tuple[str, Counter[str]]]) -> Iterable[str]:
    for part, counts in parts:
        for name, n in counts.items():
            yield f"| {part} {_as_cell(name)} | {n} |"


def _as_cell(name: str) -> str:
    """Names come from files of anyone: none ends its line or its cell."""
    return on_one_line(name).replace("|", "\\|")


def _as_licence_id(licence: str) -> str:
    """As a hub spells it; a licence that it does not know is `other`."""
    known = {"apache-2.0", "mit", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0"}
    return licence.lower() if licence.lower() in known else "other"


def _template(name: str) -> str:
    return resources.files("evaluation").joinpath(f"templates/{name}").read_text("utf-8")
