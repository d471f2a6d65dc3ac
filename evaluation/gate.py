"""The gate: a study's results held against the limits of its settings. Computes no statistic.

A limit that asks for at most so much is held against the upper bound of the interval, one that
asks for at least so much against the lower; or both against the value, if the settings say so. What
is beyond its limit by its value has failed; by its bound alone, it is not shown to be within. An
interval that calls itself too short tells nothing by its bound. What cannot be told does not pass. Which results may be told at all, the app decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from evaluation.formats import Table, make_table, signed, words_of
from evaluation.statistics.error_rates import OVERALL
from evaluation.statistics.intervals import not_estimable
from evaluation.statistics.results import StudyResults
from study.errors import BadSettings
from study.records import ORIGINAL, Estimate
from study.settings import GateSettings

JSON_FORMAT = "warmth-audit gate 1"
WHOLE_STUDY = "all arms"

Verdict = Literal["passed", "failed", "not shown", "could not tell"]
_POINTS = "percentage points"
_TOO_SHORT = "likely too short"
"""In a method, of an interval that holds the truth more rarely than its level says."""
_PLAIN = {_POINTS: "pp", "share": "%", "alpha": ""}


@dataclass(frozen=True)
class GateCheck:
    """One limit held against what was found."""

    limit: str
    """Its name in `[gate]`."""
    arm: str
    """Whose number it is; `all arms` where it is the study's."""
    asks_at_most: bool
    """Whether less is better; else more is."""
    asked: float
    unit: str
    """Of `asked` and `judged`: `percentage points`, `share` (a proportion) or `alpha`."""
    found: Estimate
    counted: str
    """What its n counts, such as `prompts`."""
    judged: float | None
    """What decided: the value where it failed, else the bound; None where nothing could."""
    verdict: Verdict
    """`failed`: the value is beyond the limit; `not shown`: only the bound is."""


@dataclass(frozen=True)
class Coverage:
    """How many of the ratings that the study's pairs should have were given."""

    n_ratings: int
    n_seats: int


@dataclass(frozen=True)
class _Found:
    """A limit with what there is to hold against it."""

    limit: str
    arm: str
    estimate: Estimate
    asks_at_most: bool
    unit: str
    counted: str


@dataclass(frozen=True)
class _Judged:
    """What decided, and how."""

    number: float | None
    verdict: Verdict


def check_gate(
    gate: GateSettings, results: StudyResults | None, arms: Sequence[str], coverage: Coverage
) -> tuple[GateCheck, ...]:
    """Hold every limit that is set against the results.

    Args:
        results: None while they are sealed; then nothing that is an arm's can be told.
        arms: the study's, the original among them.
    Raises:
        BadSettings: no limit is set.
    """
    checks = tuple(
        _check(gate, found, asked)
        for found in _found(results, arms, coverage)
        if (asked := getattr(gate, found.limit)) is not None
    )
    if not checks:
        raise BadSettings(
            "gate: expected at least one limit in [gate] of study.toml, got none; set one, such as "
            "max_gap_pp = 5.0"
        )
    return checks


def has_passed(checks: Iterable[GateCheck]) -> bool:
    """Whether every limit is kept; one that could not be told is not."""
    return all(check.verdict == "passed" for check in checks)


def gate_as_json(
    gate: GateSettings, checks: Sequence[GateCheck], limited: str | None
) -> dict[str, Any]:
    """The checks for other programs.

    Keys: `format`, `limited` (as `results_as_json` says), `passed`,
    `judge_by`, and `checks`, each with `limit`, `arm`, `asks_at_most`,
    `asked`, `unit`, `found` (an estimate, as `results_as_json` says), `counted` (what its n counts),
    `judged` (what decided; null where nothing could) and `verdict`: `passed`, `failed` (the value
    is beyond the limit), `not shown` (its bound alone is) or `could not tell`.
    """
    return {
        "format": JSON_FORMAT,
        "limited": limited,
        "passed": has_passed(checks),
        "judge_by": gate.judge_by,
        "checks": [asdict(check) for check in checks],
    }


def gate_as_table(gate: GateSettings, checks: Sequence[GateCheck], limited: str | None) -> Table:
    """The checks for people: limit, what was found and how, and the verdict."""
    columns = {
        "Limit": [words_of(check.limit) for check in checks],
        "Arm": [check.arm for check in checks],
        "Asked": [
            f"at {'most' if check.asks_at_most else 'least'} {_told(check.asked, check.unit)}"
            for check in checks
        ],
        "Found": [_told_estimate(check) for check in checks],
        "Verdict": [str(check.verdict) for check in checks],
    }
    judged_by = (
        "the bound of its interval that is worse"
        if gate.judge_by == "bound"
        else "its value alone, whatever its interval"
    )
    note = (
        f"A number is judged by {judged_by}; shares that are counted and not estimated have none. "
        "Failed: the value itself is beyond the limit. Not shown: only the bound is. What is not "
        f"shown or could not be told does not pass.{_told_methods(checks)}"
    )
    return make_table("Gate", columns, note, limited)


def _found(
    results: StudyResults | None, arms: Sequence[str], coverage: Coverage
) -> Iterator[_Found]:
    compared = [arm for arm in arms if arm != ORIGINAL]
    for arm in compared:
        yield _Found("max_gap_pp", arm, _gap(results, arm), True, _POINTS, "prompts")
        yield _Found("max_adoption", arm, _adoption(results, arm), True, "share", "replies")
        yield _Found("min_warm_share", arm, _warm_share(results, arm), False, "share", "ratings")
        yield _Found("min_alpha", arm, _alpha(results, arm), False, "alpha", "comparable ratings")
    # each kind of pair by itself: a limit is kept by both or not at all
    for one in results.warmth_pairs if results else ():
        share, alpha, of = one.warm_share, one.agreement.alpha, "of warmth pairs"
        yield _Found("min_warm_share", one.arm, share, False, "share", f"ratings {of}")
        yield _Found("min_alpha", one.arm, alpha, False, "alpha", f"comparable ratings {of}")
    for arm in arms:
        yield _Found(
            "min_scored_share", arm, _scored_share(results, arm), False, "share", "replies"
        )
    given = _counted(coverage.n_ratings, coverage.n_seats, "rating", "the study has no pairs")
    yield _Found("min_ratings_share", WHOLE_STUDY, given, False, "share", "ratings asked for")


def _check(gate: GateSettings, found: _Found, asked: float) -> GateCheck:
    judged = _judge(found, asked, by_bound=gate.judge_by == "bound")
    return GateCheck(
        limit=found.limit,
        arm=found.arm,
        asks_at_most=found.asks_at_most,
        asked=asked,
        unit=found.unit,
        found=found.estimate,
        counted=found.counted,
        judged=judged.number,
        verdict=judged.verdict,
    )


def _judge(found: _Found, asked: float, *, by_bound: bool) -> _Judged:
    estimate = found.estimate
    if estimate.value is None:
        return _Judged(None, "could not tell")
    if not _is_kept(found, estimate.value, asked):
        return _Judged(estimate.value, "failed")
    if not by_bound or _is_counted(estimate):
        return _Judged(estimate.value, "passed")
    bound = estimate.high if found.asks_at_most else estimate.low
    if bound is None or _TOO_SHORT in estimate.method:
        return _Judged(None, "could not tell")
    return _Judged(bound, "passed" if _is_kept(found, bound, asked) else "not shown")


def _is_kept(found: _Found, number: float, asked: float) -> bool:
    return number <= asked if found.asks_at_most else number >= asked


def _gap(results: StudyResults | None, arm: str) -> Estimate:
    overall = (
        gap.difference
        for gap in (results.gaps if results else ())
        if gap.arm == arm and gap.condition == OVERALL
    )
    return next(overall, _nothing(results, "no replies yet"))


def _adoption(results: StudyResults | None, arm: str) -> Estimate:
    rates = (cell.rate for cell in (results.adoption if results else ()) if cell.arm == arm)
    return next(rates, _nothing(results, "the study asserts no wrong answer"))


def _warm_share(results: StudyResults | None, arm: str) -> Estimate:
    preferences = results.preferences if results else ()
    shares = (preference.warm_share for preference in preferences if preference.arm == arm)
    return next(shares, _nothing(results, "no ratings yet"))


def _alpha(results: StudyResults | None, arm: str) -> Estimate:
    preferences = results.preferences if results else ()
    alphas = (preference.agreement.alpha for preference in preferences if preference.arm == arm)
    return next(alphas, _nothing(results, "no ratings yet"))


def _scored_share(results: StudyResults | None, arm: str) -> Estimate:
    overall = (
        _counted(cell.n_scored, cell.n_replies, "reply", "no replies yet")
        for cell in (results.error_rates if results else ())
        if cell.arm == arm and cell.condition == OVERALL
    )
    return next(overall, _nothing(results, "no replies yet"))


def _nothing(results: StudyResults | None, reason: str) -> Estimate:
    if results is None:
        reason = "results per arm are sealed while people rate"
    return not_estimable(reason, "item")


_COUNTED = "counted, not estimated"


def _counted(part: int, whole: int, unit: str, reason: str) -> Estimate:
    if not whole:
        return not_estimable(reason, unit)
    return Estimate(part / whole, None, None, 0.95, whole, whole, unit, _COUNTED, None)


def _is_counted(estimate: Estimate) -> bool:
    return estimate.method == _COUNTED


def _told(number: float, unit: str) -> str:
    if unit == _POINTS:
        return f"{signed(number)} {_PLAIN[unit]}"
    if unit == "share":
        return f"{100 * number:.1f} {_PLAIN[unit]}"
    return f"{number:.2f}".replace("-", "−")


def _told_estimate(check: GateCheck) -> str:
    found, unit = check.found, check.unit
    if found.value is None:
        return found.method
    value, n = _told(found.value, unit), f"n = {found.n} {check.counted}"
    if found.low is None or found.high is None:
        return f"{value} ({found.method}), {n}"
    _, is_doubted, why = found.method.partition(_TOO_SHORT)
    doubt = f"; interval {_TOO_SHORT}{why}" if is_doubted else ""
    return f"{value} [{_told(found.low, unit)}, {_told(found.high, unit)}], {n}{doubt}"


def _told_methods(checks: Sequence[GateCheck]) -> str:
    """How each interval was made and over how many units; empty where there is none."""
    told = [
        f"{words_of(check.limit)}, {check.arm}: {100 * check.found.level:g} %, "
        f"units: {check.found.n_units} ({check.found.unit}), {check.found.method}"
        + ("" if check.found.seed is None else f", seed {check.found.seed}")
        for check in checks
        if check.found.low is not None
    ]
    return f" Intervals: {'; '.join(told)}." if told else ""
