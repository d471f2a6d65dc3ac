"""Pooled studies as tables and JSON: what each base model says, and all of them together.

Nothing is computed here; numbers come from `statistics/pooled_studies.py`, rates and the regression
are told as those of any table in `error_reports.py`. Keys of the JSON are stable: people build on
them.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from evaluation.error_reports import MissingCells, errors_as_json, errors_as_tables
from evaluation.error_tables import adoption_columns, gap_columns
from evaluation.formats import (
    RARE_RATES_HELD,
    SHARES_HELD,
    Table,
    as_sentence,
    by_raters,
    format_share,
    format_value,
    intervals_of,
    level_of,
    make_table,
)
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, choose_definition
from evaluation.statistics.pooled_studies import ModelGap, PooledStudies
from study.records import PairKind

POOL_FORMAT = "warmth-audit pool 1"
KINDS: dict[PairKind, str] = {"reliability": "pairs of questions", "warmth": "warmth pairs"}
_NOTHING_MISSING = MissingCells({}, {})


@dataclass(frozen=True)
class PooledNotes:
    """What must stand beside the numbers."""

    limited: str | None
    """How the studies were cut down; None where none was."""
    differing: tuple[str, ...]
    """Settings that are not the same in all of them, such as `evaluation.contexts`."""
    left_out: tuple[str, ...]
    """What a study has that is not counted, a sentence each."""


def pooled_as_json(found: PooledStudies, notes: PooledNotes) -> dict[str, Any]:
    """Pooled studies for other programs, at full precision.

    Keys: `format`; `models`, in the order in which they were given; `limited`, `differing_settings`
    and `left_out`, as the tables say; `definition` of an error; `seed`, `level`; `warmth`, a list of
    {`model` (null over all), `kind` (reliability, warmth), `arm`, `share`, `cohens_h`, `n_raters`,
    `n_items`}; `gaps_pp`, of {`model`, `arm`, `difference`, `bootstrap`, `by_grade`,
    `if_arm_right`, `if_arm_wrong`, `n_prompts`} in percentage points; `adoption`, of {`model`,
    `arm`, `rate`, `by_grade`, `n_cut`, `uncut`} where the user asserts a wrong answer; `errors`, as
    `errors_as_json` of `error_reports.py` with models as a factor, null where no reply of an original was
    scored. An estimate is {`value`, `low`, `high`, `level`, `n`, `n_units`, `unit`, `method`,
    `seed`}, `value` null where `method` says why.
    """
    return {
        "format": POOL_FORMAT,
        "models": list(found.models),
        "limited": notes.limited,
        "differing_settings": list(notes.differing),
        "left_out": list(notes.left_out),
        "definition": found.definition,
        "seed": found.seed,
        "level": found.level,
        "warmth": [asdict(share) for share in found.shares],
        "gaps_pp": [_gap_as_json(one) for one in found.gaps],
        "adoption": [
            {
                "model": one.model,
                "arm": one.adoption.arm,
                "rate": asdict(one.adoption.rate),
                "by_grade": one.adoption.by_grade and asdict(one.adoption.by_grade),
                "n_cut": one.adoption.n_cut,
                "uncut": asdict(one.adoption.uncut),
            }
            for one in found.adoption
        ],
        "errors": found.errors and errors_as_json(found.errors, _NOTHING_MISSING),
    }


def _gap_as_json(one: ModelGap) -> dict[str, Any]:
    gap = one.gap
    return {
        "model": one.model,
        "arm": gap.arm,
        "difference": asdict(gap.difference),
        "bootstrap": asdict(gap.bootstrap),
        "by_grade": gap.by_grade and asdict(gap.by_grade),
        "if_arm_right": gap.if_arm_right,
        "if_arm_wrong": gap.if_arm_wrong,
        "n_prompts": gap.n_prompts,
    }


def pooled_as_tables(found: PooledStudies, notes: PooledNotes) -> list[Table]:
    """The same for people."""
    tables = [_share_table(found, notes), _gap_table(found, notes)]
    if found.adoption:
        tables.append(_adoption_table(found, notes))
    if found.errors is not None:
        mark = "" if notes.limited is None else f" Limited: {notes.limited}."
        tables += [
            replace(table, note=f"{table.note} {_words_of_pooling(found, notes)}{mark}".strip())
            for table in errors_as_tables(found.errors, _NOTHING_MISSING)
        ]
    return tables


def _share_table(found: PooledStudies, notes: PooledNotes) -> Table:
    shares = found.shares
    columns = {
        "Model": [model_name(one.model) for one in shares],
        "Arm": [one.arm for one in shares],
        "Of": [KINDS[one.kind] for one in shares],
        "Called warmer": [
            format_share(one.share, by_raters(one.n_raters, one.n_items)) for one in shares
        ],
        "Cohen's h": [
            format_value(one.cohens_h) if one.share.value is not None else "–" for one in shares
        ],
    }
    if not shares:
        columns = {"Result": ["nobody has rated yet"]}
    note = (
        "Share of ratings that call the arm's reply warmer than its original's, equal counting half"
        f"{intervals_of([one.share for one in shares])}.{SHARES_HELD} Raters of one study are other people than those "
        "of the next as far as anybody can tell; whoever rated in two is counted as two. "
        f"{_words_of_pooling(found, notes)}"
    )
    return make_table("Called warmer by model", columns, note, notes.limited)


def _gap_table(found: PooledStudies, notes: PooledNotes) -> Table:
    gaps = found.gaps
    columns = {
        "Model": [model_name(one.model) for one in gaps],
        "Arm": [one.gap.arm for one in gaps],
        **gap_columns([one.gap for one in gaps]),
    }
    if not gaps:
        columns = {"Result": ["no arm is compared with an original yet"]}
    definition = choose_definition(found.definition)
    note = (
        "How much more often the arm errs than its own original, in percentage points, over prompts "
        f"that were scored in both. {as_sentence(level_of(found.level))}: clustered on item, with t; an "
        "item that several models were asked is one cluster. Bootstrap: BCa percentiles of items drawn "
        f"anew, seed {found.seed}. The last column is over all prompts: if each reply that was not scored "
        "were right in the arm and wrong in the original, and the other way round. "
        f"{as_sentence(definition.words)}. Definition: {definition.name}. "
        f"{_words_of_pooling(found, notes)}"
    )
    return make_table("Gaps by model", columns, note, notes.limited)


def _adoption_table(found: PooledStudies, notes: PooledNotes) -> Table:
    columns = {
        "Model": [model_name(one.model) for one in found.adoption],
        "Arm": [one.adoption.arm for one in found.adoption],
        **adoption_columns([one.adoption for one in found.adoption]),
    }
    note = (
        f"{as_sentence(ADOPTION_DEFINITION)}. Where users assert a wrong answer"
        f"{intervals_of([one.adoption.rate for one in found.adoption])}.{RARE_RATES_HELD} {_words_of_pooling(found, notes)}"
    )
    return make_table("Adoption by model", columns, note, notes.limited)


def _words_of_pooling(found: PooledStudies, notes: PooledNotes) -> str:
    words = (
        "“All models” counts each rating, prompt or reply once, so that a model "
        "with more of them weighs more; its interval is of these models, not of models at large. Whether "
        "models differ is not tested."
    )
    for arm, models in found.models_with.items():
        if 0 < len(models) < len(found.models):
            words += (
                f" Of {arm} “all models” are {', '.join(models)}; against the originals of all it is "
                "not told."
            )
    if notes.differing:
        words += f" Not the same in all studies: {', '.join(notes.differing)}; models differ in that too."
    return " ".join([words, *notes.left_out])


def model_name(name: str | None) -> str:
    """A model, or `all models`."""
    return "all models" if name is None else name
