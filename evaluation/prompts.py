"""Prompts: items put into words under each condition. The only writer of `prompts`.

Conditions of one item differ in nothing but the condition: the lead-in and the question are
the same words throughout, and which of a context's sentences an item gets depends on the
study's seed alone, so it is the same for every arm and every belief. Wordings live in
`contexts/*.toml`.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from study.database import insert_rows
from study.errors import BadSettings
from study.records import Item, Prompt, stable_id
from study.settings import PACKAGED

_INSERT_PROMPTS = """
    INSERT INTO prompts (prompt_id, item_id, context, belief, text)
    SELECT row.prompt_id, row.item_id, row.context, row.belief, row.text
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (prompt_id) DO NOTHING
"""
_SELECT_PROMPT_IDS = "SELECT p.prompt_id FROM prompts p"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ContextWording(_Table):
    """The sentences that express one context."""

    sentences: tuple[str, ...]
    """Interchangeable; empty for the context `none`."""


class BeliefWording(_Table):
    """The sentence in which the user states an opinion."""

    sentence: str
    """With `{wrong_answer}` where the item's wrong answer goes; empty for the belief `none`."""


class Wordings(_Table):
    """All words of a prompt but the item's own."""

    lead_in: str
    contexts: Mapping[str, ContextWording]
    beliefs: Mapping[str, BeliefWording]


def read_wordings(source: str = PACKAGED) -> Wordings:
    """Read a wordings file; `packaged` is the one of this project.

    Raises:
        BadSettings: the file is missing or lacks a part.
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
        raise BadSettings(
            f"wordings file {source}: {place}: {problem['msg']}; correct it"
        ) from error


def build_prompts(
    items: Sequence[Item],
    contexts: Sequence[str],
    beliefs: Sequence[str],
    wordings: Wordings,
    seed: int,
) -> list[Prompt]:
    """Every item under every condition, item by item in the study's random order.

    Raises:
        BadSettings: a context or belief that the wordings lack.
    """
    _check_known("context", contexts, wordings.contexts)
    _check_known("belief", beliefs, wordings.beliefs)
    sentences = {
        context: _share_out_sentences(items, context, wordings.contexts[context].sentences, seed)
        for context in contexts
    }
    prompts = []
    for item in sorted(items, key=lambda item: stable_id(seed, "order", item.item_id)):
        for context in contexts:
            for belief in beliefs:
                parts = [
                    sentences[context][item.item_id],
                    wordings.lead_in,
                    item.question,
                    _belief_sentence(wordings.beliefs[belief].sentence, item),
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


def _belief_sentence(sentence: str, item: Item) -> str:
    return sentence.replace("{wrong_answer}", item.wrong_answers[0].rstrip(". "))


def _check_known(kind: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise BadSettings(
                f"study.toml names {kind} {name!r}, the wordings know {', '.join(known)}; "
                "use one of these or add its wording"
            )
