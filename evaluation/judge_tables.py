"""Tables about a judge: how it errs beside people, and error rates corrected for it.

Nothing is computed here; numbers come from `statistics/judge_check.py`, their words from
`formats.py`. They name arms, so that they belong to a study that is closed or unblinded.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from evaluation.formats import (
    Table,
    as_sentence,
    count_of,
    format_points,
    format_share,
    format_value,
    level_of,
    make_table,
    methods_of,
    of_items,
)
from evaluation.statistics.judge_check import JudgeCheck
from evaluation.statistics.judge_errors import Confusion
from evaluation.statistics.self_consistency import SelfConsistency, SwapFlips
from study.records import Estimate

JSON_FORMAT = "warmth-audit judge check 1"
SWAP_FORMAT = "warmth-audit swap flips 1"


def judge_as_json(check: JudgeCheck, limited: str | None = None) -> dict[str, Any]:
    """A judge check for other programs, at full precision.

    Keys: `format`, `limited`, `judge`, `level`, `reference`, `rule` (when a rate is
    corrected), `overall` (a confusion), then
    `arms` (per arm: `n_replies`, `n_judged`, `n_labelled`, `confusion`, `by_task` (confusions),
    `corrected` with `judged`, `corrected` and `is_clipped`, `powered` with `rate`, `human_alone`,
    `power` (λ) and `n_judged`), `contrasts_pp` (per arm other than the reference: `shift` with
    `sensitivity`, `specificity` and `is_shown`, `corrected` with `judged`, `per_arm`, `pooled` and
    `pooling` in words, `powered` with `difference` and `human_alone`), `swap_flips` (`flipped`,
    `chose_left`, `n_left`, `n_right`, `n_to_or_from_equal`, `n_unanswered`) and `consistency`
    (`agreeing`, `unanimous`, `agreement` with `alpha`, `n_items`, `n_pairable` and `note`,
    `n_answers`, `n_unreadable`, `n_answered_once`), both null where the judge was not asked.
    A confusion has `arm` and `task`, null where pooled, `n_found`, `n_missed`, `n_false_alarms`,
    `n_cleared`, `n_without_verdict`, `n_neither`, `sensitivity`, `specificity`, `youden`,
    `prevalence`, `kappa` and `ac1`. An estimate is {`value`, `low`, `high`, `level`, `n`,
    `n_units`, `unit`, `method`, `seed`}: shares as proportions, those under `contrasts_pp` in
    percentage points, `value` null where `method` says why.
    """
    tree = asdict(check)
    tree["contrasts_pp"] = tree.pop("contrasts")
    return {"format": JSON_FORMAT, "limited": limited, **tree}


def judge_as_tables(check: JudgeCheck, limited: str | None = None) -> list[Table]:
    """A judge check for people; a table without rows is left out."""
    tables = [_confusion_table(check, limited), _rate_table(check, limited)]
    if check.contrasts:
        tables += [_shift_table(check, limited), _contrast_table(check, limited)]
    if check.swap_flips is not None:
        tables.append(swap_table(check.swap_flips, limited))
    if check.consistency is not None:
        tables.append(_consistency_table(check.consistency, limited))
    return tables


def _confusion_table(check: JudgeCheck, limited: str | None) -> Table:
    cells = [check.overall]
    for arm in check.arms:
        cells += [arm.confusion, *(arm.by_task if len(arm.by_task) > 1 else ())]
    columns = {
        "Arm": [cell.arm or "all arms" for cell in cells],
        "Task": [cell.task or "all tasks" for cell in cells],
        "Found / missed": [f"{cell.n_found} / {cell.n_missed}" for cell in cells],
        "False alarms / cleared": [f"{cell.n_false_alarms} / {cell.n_cleared}" for cell in cells],
        "Sensitivity": _shares(cells, lambda cell: cell.sensitivity, "errors"),
        "Specificity": _shares(cells, lambda cell: cell.specificity, "right replies"),
        "Errors, as people say": _shares(cells, lambda cell: cell.prevalence, "replies"),
        "Kappa": [_coefficient(cell.kappa) for cell in cells],
        "AC1": [_coefficient(cell.ac1) for cell in cells],
        "No verdict": [str(cell.n_without_verdict) for cell in cells],
        "Neither, as people say": [str(cell.n_neither) for cell in cells],
    }
    note = (
        f"{as_sentence(check.judge)} beside people, over replies that both call an error or right. "
        "Sensitivity is the share of people's errors that the judge finds, specificity the share "
        "of right replies that it clears. Kappa falls where errors are rare, AC1 hardly. "
        f"{as_sentence(level_of(check.level))}: Wilson on the effective number of replies, kappa "
        "and AC1 on Fisher's scale, all clustered on item. With 40 labels an arm they held the truth in 95 to "
        "99 % of drawn studies; sensitivity in 92 to 93 % where people were given what the judge calls errors "
        "twice as often."
    )
    return make_table("How the judge errs", columns, note, limited)


def _rate_table(check: JudgeCheck, limited: str | None) -> Table:
    arms = check.arms
    columns = {
        "Arm": [arm.arm for arm in arms],
        "Replies": [str(arm.n_replies) for arm in arms],
        "Labelled by judge / people": [f"{arm.n_judged} / {arm.n_labelled}" for arm in arms],
        "As the judge says": [_share(arm.corrected.judged, "replies") for arm in arms],
        "Corrected (Rogan–Gladen)": [
            _share(arm.corrected.corrected, "calibrating replies") for arm in arms
        ],
        "People and judge (PPI++)": [_share(arm.powered.rate, "labelled replies") for arm in arms],
        "λ": [_power(arm.powered.power) for arm in arms],
        "People alone": [_share(arm.powered.human_alone, "labelled replies") for arm in arms],
    }
    clipped = [arm.arm for arm in arms if arm.corrected.is_clipped]
    note = (
        "Error rates. Corrected: the judge's rate, solved for the true one by its sensitivity and "
        f"specificity on that arm; {check.rule}. People and judge: people's labels, made sharper by "
        "the judge's, right whatever the judge; λ is how far it is trusted, 0 to 1. Both count the "
        "noise of the labelled replies, which must have been drawn at random. "
        f"{as_sentence(level_of(check.level))}: Fieller's for the corrected, Wilson on the effective "
        "number of replies for the others, all clustered on item."
        + (f" Left [0, 1] and shown at its end: {', '.join(clipped)}." if clipped else "")
    )
    return make_table("Rates of error, corrected for the judge", columns, note, limited)


def _shift_table(check: JudgeCheck, limited: str | None) -> Table:
    shifts = [contrast.shift for contrast in check.contrasts]
    columns = {
        "Arm": [shift.arm for shift in shifts],
        "Sensitivity": [_points(shift.sensitivity, "errors") for shift in shifts],
        "Specificity": [_points(shift.specificity, "right replies") for shift in shifts],
        "Differs": ["yes" if shift.is_shown else "not shown" for shift in shifts],
        "May calibration be pooled?": [contrast.corrected.pooling for contrast in check.contrasts],
    }
    note = (
        f"Arm − {check.reference}. A judge that errs otherwise on one arm makes a gap of its own. "
        f"{as_sentence(level_of(check.level))}: Wilson's of both arms, squared and added, clustered "
        "on item; one of the two leaves out 0 by chance in up to one study of ten. They held the truth in 95 to "
        "99 % of drawn studies, sensitivity in 93 % as above."
    )
    return make_table("Does the judge err otherwise on an arm?", columns, note, limited)


def _contrast_table(check: JudgeCheck, limited: str | None) -> Table:
    contrasts = check.contrasts
    columns = {
        "Arm": [contrast.arm for contrast in contrasts],
        "As the judge says": [_points(c.corrected.judged, "replies") for c in contrasts],
        "Corrected per arm": [
            _points(c.corrected.per_arm, "calibrating replies") for c in contrasts
        ],
        "Corrected, calibration pooled": [
            _points(c.corrected.pooled, "calibrating replies") for c in contrasts
        ],
        "People and judge (PPI++)": [
            _points(c.powered.difference, "labelled replies") for c in contrasts
        ],
        "People alone": [_points(c.powered.human_alone, "labelled replies") for c in contrasts],
    }
    note = (
        f"Arm − {check.reference} in percentage points. Pooled calibration is less noisy, and wrong "
        f"where the judge errs otherwise on one arm. {as_sentence(level_of(check.level))}: delta "
        "method with t, clustered on item. With 40 labels an arm PPI++ held the gap in 93 to 94 % of "
        "drawn studies."
    )
    return make_table("Gap in error rate, corrected for the judge", columns, note, limited)


def swaps_as_json(flips: SwapFlips) -> dict[str, Any]:
    """Swap flips of a table for other programs: `format`, and the keys of `swap_flips` in
    `judge_as_json`."""
    return {"format": SWAP_FORMAT, **asdict(flips)}


def swap_table(flips: SwapFlips, limited: str | None) -> Table:
    """What swapping the sides of pairs does to a judge's answers, for people."""
    columns = {
        "Answer flips": [_share(flips.flipped, "pairs")],
        "Left, of those on one side twice": [_share(flips.chose_left, "pairs")],
        "Left twice / right twice": [f"{flips.n_left} / {flips.n_right}"],
        "Equal once": [str(flips.n_to_or_from_equal)],
        "Unanswered": [str(flips.n_unanswered)],
    }
    note = (
        "Pairs that the judge answered twice, sides swapped. A flip is any other answer about the "
        "replies; one side twice is the other reply. Near 50 % left where the side draws neither "
        f"way; {level_of(flips.flipped.level)}{methods_of([flips.flipped, flips.chose_left])}. Those of left "
        "held the truth in 95 to 98 % of drawn studies."
    )
    return make_table("Does the judge's answer hang on the side?", columns, note, limited)


def _consistency_table(consistency: SelfConsistency, limited: str | None) -> Table:
    estimates = (consistency.agreeing, consistency.agreement.alpha)
    columns = {
        "Agreeing answers": [_share(consistency.agreeing, "inputs")],
        "All answers the same": [_share(consistency.unanimous, "inputs")],
        "Alpha": [_coefficient(consistency.agreement.alpha)],
        "Could not be read": [str(consistency.n_unreadable)],
        "Inputs answered once": [str(consistency.n_answered_once)],
    }
    note = (
        "Share of pairs of answers to the same input that agree. "
        f"{count_of(consistency.n_answers, 'answer')} that could be read; "
        f"{level_of(consistency.agreeing.level)}{methods_of(estimates)}. Those of both shares held the "
        "truth in 95 to 99 % of drawn studies."
    )
    return make_table("Does the judge agree with itself?", columns, note, limited)


def _shares(cells: list[Confusion], of: Callable[[Confusion], Estimate], counted: str) -> list[str]:
    return [_share(of(cell), counted) for cell in cells]


def _share(estimate: Estimate, counted: str) -> str:
    return format_share(estimate, of_items(estimate, counted))


def _points(estimate: Estimate, counted: str) -> str:
    return format_points(estimate, of_items(estimate, counted))


def _coefficient(estimate: Estimate) -> str:
    return estimate.method if estimate.value is None else format_value(estimate)


def _power(power: float | None) -> str:
    return "none" if power is None else f"{power:.2f}"
