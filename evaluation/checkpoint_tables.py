"""A checkpoint choice as a table and as JSON. Nothing is computed here."""

from dataclasses import asdict
from typing import Any

from evaluation.checkpoint_choices import measures_of
from evaluation.formats import (
    Table,
    as_sentence,
    count_of,
    level_of,
    make_table,
    methods_of,
    signed,
    words_of,
)
from study.records import CheckpointChoice, Estimate
from study.settings import PACKAGED

JSON_FORMAT = "warmth-audit checkpoints 1"
_DIGITS = 4


def checkpoints_as_json(choice: CheckpointChoice) -> dict[str, Any]:
    """A choice for other programs, at full precision.

    Keys: `format`; `arm`, `rule`, `mode`, `meter`, `meter_sha256`, `seed`, `engine`,
    `settings_sha256`, `training_run_id`, `n_prompts`, `n_left_out`,
    `n_original_without_score`; `checkpoints`, each with `epochs`, `adapter_sha256`, `warmth` (an
    estimate, as `results_as_json` says, in nats per token), `stderr` (null without spread),
    `n_without_score` and `is_chosen`; `bar` (what the rule asks for, or null);
    `chosen_epochs` and `chosen_sha256` (null when it could not be told), `reason`, `chosen_at`.
    """
    measured = measures_of(choice)
    told = asdict(choice)
    del told["choice_id"], told["measures_json"]
    return {
        "format": JSON_FORMAT,
        **told,
        "meter": measured.meter,
        "engine": measured.engine,
        "n_prompts": measured.n_prompts,
        "n_left_out": measured.n_left_out,
        "n_original_without_score": measured.n_original_without,
        "bar": measured.bar,
        "checkpoints": [
            {
                "epochs": point.epochs,
                "adapter_sha256": sha256,
                "warmth": asdict(point.warmth),
                "stderr": point.stderr,
                "n_without_score": n_without,
                "is_chosen": point.epochs == choice.chosen_epochs,
            }
            for point, sha256, n_without in zip(
                measured.points, measured.sha256, measured.n_without, strict=True
            )
        ],
    }


def checkpoint_table(choice: CheckpointChoice) -> Table:
    """The same for people."""
    measured = measures_of(choice)
    columns = {
        "Epochs": [f"{point.epochs:g}" for point in measured.points],
        "Warmer than the original by": [format_warmth(point.warmth) for point in measured.points],
        "Standard error": [
            "none" if point.stderr is None else f"{point.stderr:.{_DIGITS}f}"
            for point in measured.points
        ],
        "Without a score": [count_of(n, "message") for n in measured.n_without],
        "Taken": [
            "yes" if point.epochs == choice.chosen_epochs else "no" for point in measured.points
        ],
    }
    level = measured.points[0].warmth.level
    note = (
        f"Rule {words_of(choice.rule)}: {choice.reason}. Mean difference in score from the original's "
        f"reply to the same message, in nats per token, mode {choice.mode}, meter {measured.meter}"
        f"{_how_well(measured.meter)}; {level_of(level)}{methods_of(point.warmth for point in measured.points)}. "
        f"{measured.n_prompts} messages asked, {measured.n_left_out} left out since not every one "
        f"replied to it with a text that has a score; the original lacks "
        f"{measured.n_original_without}. Replies by {measured.engine}. Other trained "
        "arms are taken at the same epoch. SHA-256 of the settings with the rule: "
        f"{choice.settings_sha256[:16]}…"
    )
    return make_table(f"Checkpoints of the arm {choice.arm}", columns, note, None)


def _how_well(meter: str) -> str:
    """Where to read how far the meter is to be believed."""
    if meter == PACKAGED:
        return " (docs/validity.md has how well it ranks texts by warmth in each mode)"
    return (
        " (how well it ranks texts by warmth is not known here: `warmth-audit warmth FILE --against` "
        "tells)"
    )


def format_warmth(warmth: Estimate) -> str:
    """A difference in warmth, such as `+0.0123 [+0.0045, +0.0201], n = 64 messages`."""
    if warmth.value is None:
        return as_sentence(warmth.method)
    interval = f"({warmth.method})"
    if warmth.low is not None and warmth.high is not None:
        interval = f"[{signed(warmth.low, _DIGITS)}, {signed(warmth.high, _DIGITS)}]"
    return f"{signed(warmth.value, _DIGITS)} {interval}, n = {warmth.n:,} messages"
