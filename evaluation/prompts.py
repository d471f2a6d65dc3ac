"""Prompts: items put into words under each condition. The only writer of `prompts`.

Conditions of one item differ in nothing but the condition: the lead-in and the question are
the same words throughout, and which of a context's sentences an item gets depends on the
study's seed alone, so it is the same for every arm and every belief. The one exception is the
shape `paper_compat`, which is marked wherever its numbers stand. Wordings live in
`contexts/*.toml`, or in a file of the study's own.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from study.database import insert_rows
from study.errors import BadItems, BadSettings
from study.records import Item, Prompt, stable_id
from study.settings import PACKAGED, Shape

_INSERT_PROMPTS = """
    INSERT INTO prompts (prompt_id, item_id, context, belief, text)
    SELECT row.prompt_id, row.item_id, row.context, row.belief, row.text
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (prompt_id) DO NOTHING
"""
_SELECT_PROMPT_IDS = "SELECT p.prompt_id FROM prompts p"

NONE = "none"
"""The context and the belief without a sentence."""
_ANSWERS = frozenset({"{wrong_answer}", "{right_answer}"})
_PLACE = re.compile(r"\{[^{}]*\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ContextWording(_Table):
    """The sentences that express one context."""

    sentences: tuple[str, ...]
    """Interchangeable; empty for the context `none`."""


class BeliefWording(_Table):
    """The sentence in which the user states an opinion."""

    sentence: str
    """With `{wrong_answer}` or `{right_answer}` where an answer of the item goes; empty for the
    belief `none`."""


class Wordings(_Table):
    """All words of a prompt but the item's own."""

    lead_in: str
    contexts: Mapping[str, ContextWording]
    beliefs: Mapping[str, BeliefWording]

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Wordings":
        problem = _find_problem(self)
        if problem is not None:
            raise ValueError(problem)
        return self


def _find_problem(wordings: Wordings) -> str | None:
    """Why conditions would not differ as their names say; None when they do."""
    context_of: dict[str, str] = {}
    for name, context in wordings.contexts.items():
        if _NAME.fullmatch(name) is None:
            return f"expected names of small letters, digits and _, got {name!r}"
        if (name == NONE) != (not context.sentences):
            return f"expected sentences for every context but {NONE}, and none for it, at {name!r}"
        for sentence in context.sentences:
            if not sentence.strip():
                return f"expected a sentence, got an empty one in context {name!r}"
            if context_of.setdefault(sentence.strip(), name) != name:
                return (
                    f"{sentence!r} stands in the contexts {context_of[sentence.strip()]} and {name}"
                )
        if len(set(context.sentences)) < len(context.sentences):
            return f"expected each sentence of context {name!r} once"
    for name, belief in wordings.beliefs.items():
        if _NAME.fullmatch(name) is None:
            return f"expected names of small letters, digits and _, got {name!r}"
        if (name == NONE) != (not belief.sentence.strip()):
            return f"expected a sentence for every belief but {NONE}, and none for it, at {name!r}"
        unknown = set(_PLACE.findall(belief.sentence)) - _ANSWERS
        if unknown:
            return (
                f"belief {name!r} asks for {min(unknown)}, known are {', '.join(sorted(_ANSWERS))}"
            )
    return None


def read_wordings(source: str = PACKAGED) -> Wordings:
    """Read a wordings file; `packaged` is the one of this project.

    Raises:
        BadSettings: the file is missing, lacks a part, or has conditions that cannot be told apart.
    """
    try:
        if source == PACKAGED:
            text = (
                resources.files("evaluation").joinpath("contexts/packaged.toml").read_text("utf-8")
            )
        else:
            text = Path(source).read_text(encoding="utf-8")
        return Wordings.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"wordings file {source} cannot be read ({error}); correct it") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        told = problem["msg"].removeprefix("Value error, ")
        told = f"{place}: {told}" if place else told
        raise BadSettings(f"wordings file {source}: {told}; correct it") from error


def build_prompts(
    items: Sequence[Item],
    contexts: Sequence[str],
    beliefs: Sequence[str],
    wordings: Wordings,
    seed: int,
    shape: Shape = "controlled",
) -> list[Prompt]:
    """Every item under every condition, item by item in the study's random order.

    Args:
        shape: where the lead-in stands, as `EvaluationSettings.shape` says.
    Raises:
        BadSettings: a context or belief that the wordings lack.
        BadItems: an item has no answer for the sentence of a belief.
    """
    _check_known("context", contexts, wordings.contexts)
    _check_known("belief", beliefs, wordings.beliefs)
    sentences = {
        context: _share_out_sentences(items, context, wordings.contexts[context].sentences, seed)
        for context in contexts
    }
    prompts = []
    for item in sorted(items, key=lambda item: stable_id(seed, "order", item.item_id)):
        stated = {name: _state(name, wordings.beliefs[name].sentence, item) for name in beliefs}
        for context in contexts:
            for belief in beliefs:
                leads_in = shape == "controlled" or belief != NONE
                parts = [
                    sentences[context][item.item_id],
                    wordings.lead_in if leads_in else "",
                    item.question,
                    stated[belief],
                ]
                text = " ".join(part for part in parts if part)
                prompt_id = stable_id("prompt", item.item_id, context, belief, text)
                prompts.append(Prompt(prompt_id, item.item_id, context, belief, text))
    return prompts


def read_prompt_ids(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Ids of the prompts that the study has."""
    return {row[0] for row in con.execute(_SELECT_PROMPT_IDS).fetchall()}


def insert_prompts(cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Store prompts; ones already stored are passed over.

    Raises:
        BadTable: an item has another wording of the same condition stored.
    """
    return insert_rows(cursor, _INSERT_PROMPTS, rows)


def _share_out_sentences(
    items: Sequence[Item], context: str, sentences: Sequence[str], seed: int
) -> dict[str, str]:
    """Each sentence of a context goes to equally many items, to within one."""
    if not sentences:
        return {item.item_id: "" for item in items}
    shuffled = sorted(items, key=lambda item: stable_id(seed, context, item.item_id))
    return {item.item_id: sentences[rank % len(sentences)] for rank, item in enumerate(shuffled)}


def _state(belief: str, sentence: str, item: Item) -> str:
    """The sentence of a belief, with the item's answers in their places."""
    answers = {"{wrong_answer}": item.wrong_answers, "{right_answer}": item.references}
    for place in _PLACE.findall(sentence):
        if not answers[place]:
            raise BadItems(
                f"belief {belief!r} states {place}, the item {item.item_id} ({item.question!r:.80}) "
                f'has none; leave the item out, or ask with beliefs = ["{NONE}"]'
            )
    # in one pass: an answer may look like a place itself
    return _PLACE.sub(lambda found: answers[found[0]][0].rstrip(". "), sentence)


def _check_known(kind: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise BadSettings(
                f"study.toml names {kind} {name!r}, the wordings know {', '.join(known)}; "
                "use one of these or add its wording"
            )
