"""Studies that are told together: what each hands on, under which name, and how they differ.

Computed is in `evaluation.statistics.pooled_studies`, told in `evaluation.pooled_reports`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from audit_app.study_events import results_are_sealed
from evaluation.pooled_reports import PooledNotes
from evaluation.responses import describe_limits
from evaluation.statistics.pooled_studies import ModelTables
from evaluation.statistics.tables import Preferences, Responses, read_preferences, read_responses
from study.errors import BadInput
from study.settings import Settings

# what may differ without making another design; by the seed items are drawn and wrong answers made
_OWN = ("name", "question", "base", "gate")


@dataclass(frozen=True)
class OpenStudy:
    """A study whose results per arm are open."""

    settings: Settings
    limited: str | None
    preferences: Preferences
    responses: Responses


def open_study(con: duckdb.DuckDBPyConnection, settings: Settings) -> OpenStudy:
    """Read what a study has, unblinded.

    Raises:
        BadInput: its results per arm are sealed.
        BadTable: a rating or response leads to a row that is not stored.
    """
    if results_are_sealed(con):
        raise BadInput(
            f"expected studies whose results per arm are open, those of {settings.name} are sealed "
            "while people rate; close it, or open it with `report --unblind` and a reason"
        )
    limited = describe_limits(con, settings)
    return OpenStudy(settings, limited, read_preferences(con), read_responses(con))


def put_together(studies: Sequence[OpenStudy]) -> tuple[list[ModelTables], PooledNotes]:
    """Each study under the name of its model, and what must be told beside the numbers.

    Raises:
        BadInput: two studies have one base model and one name.
    """
    names = _names([study.settings for study in studies])
    tables = [
        ModelTables(
            model=name,
            rated={"reliability": study.preferences.table, "warmth": study.preferences.of_warmth},
            replies=study.responses.table,
        )
        for name, study in zip(names, studies, strict=True)
    ]
    limits = [
        f"{name}: {one.limited}" for name, one in zip(names, studies, strict=True) if one.limited
    ]
    left_out = [
        sentence
        for name, study in zip(names, studies, strict=True)
        for sentence in _left_out(name, study)
    ]
    differing = _differing([study.settings for study in studies])
    return tables, PooledNotes("; ".join(limits) or None, differing, tuple(left_out))


def _names(studies: Sequence[Settings]) -> list[str]:
    """The base model of each; where two have the same, with the study's name behind it."""
    times = Counter(study.base for study in studies)
    names = [
        study.base if times[study.base] == 1 else f"{study.base} ({study.name})"
        for study in studies
    ]
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise BadInput(
            f"expected studies that their base model or their name tells apart, got {twice[0]} twice; "
            "give one another name in its study.toml"
        )
    return names


def _left_out(name: str, study: OpenStudy) -> Iterator[str]:
    counts = {
        "ratings of pairs without the original": study.preferences.n_without_original,
        "ratings of replies by a model that was served before the newest of its arm": study.preferences.n_superseded,
        "replies by such a model": study.responses.n_superseded,
    }
    for what, n in counts.items():
        if n:
            yield f"Left out of {name}: {n:,} {what}."


def _differing(studies: Sequence[Settings]) -> tuple[str, ...]:
    """Settings by which studies are no longer of one design, by their names in study.toml."""
    flat = [dict(_flatten(study.model_dump(mode="json", exclude=set(_OWN)))) for study in studies]
    return tuple(
        name
        for name in dict.fromkeys(name for one in flat for name in one)
        if any(one.get(name) != flat[0].get(name) for one in flat[1:])
    )


def _flatten(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
