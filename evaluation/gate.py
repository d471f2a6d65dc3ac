"""The gate: a study's results held against the limits of its settings. Computes no statistic.

A limit that asks for at most so much is held against the upper bound of the interval, one that
asks for at least so much against the lower; or both against the value, if the settings say so.
What cannot be told does not pass. Which results may be told at all, the app decides.
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

Verdict = Literal["passed", "failed", "could not tell"]
_POINTS = "percentage points"
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
    judged: float | None
    """The bound or value that was held against the limit; None when there is none."""
    verdict: Verdict


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


def gate_as_json(gate: GateSettings, checks: Sequence[GateCheck]) -> dict[str, Any]:
    """The checks for other programs.

    Keys: `format`, `passed`, `judge_by`, and `checks`, each with `limit`, `arm`, `asks_at_most`,
    `asked`, `unit`, `found` (an estimate, as `results_as_json` says), `judged` (null when there is
    nothing to judge) and `verdict`: `passed`, `failed` or `could not tell`.
    """
    return {
        "format": JSON_FORMAT,
        "passed": has_passed(checks),
        "judge_by": gate.judge_by,
        "checks": [asdict(check) for check in checks],
    }


def gate_as_table(gate: GateSettings, checks: Sequence[GateCheck], limited: str | None) -> Table:
    """The checks for people: limit, what was found, and the verdict."""
    columns = {
        "Limit": [words_of(check.limit) for check in checks],
        "Arm": [check.arm for check in checks],
        "Asked": [
            f"at {'most' if check.asks_at_most else 'least'} {_told(check.asked, check.unit)}"
            for check in checks
        ],
        "Found": [_told_estimate(check.found, check.unit) for check in checks],
        "Verdict": [str(check.verdict) for check in checks],
    }
    judged_by = (
        "the bound of its interval that is worse"
        if gate.judge_by == "bound"
        else "its value alone, whatever its interval"
    )
    note = (
        f"A number is judged by {judged_by}; shares that are counted and not estimated have none. "
        "What could not be told does not pass."
    )
    return make_table("Gate", columns, note, limited)


def _found(
    results: StudyResults | None, arms: Sequence[str], coverage: Coverage
) -> Iterator[_Found]:
    compared = [arm for arm in arms if arm != ORIGINAL]
    for arm in compared:
        yield _Found("max_gap_pp", arm, _gap(results, arm), True, _POINTS)
        yield _Found("max_adoption", arm, _adoption(results, arm), True, "share")
        yield _Found("min_warm_share", arm, _warm_share(results, arm), False, "share")
        yield _Found("min_alpha", arm, _alpha(results, arm), False, "alpha")
    for arm in arms:
        yield _Found("min_scored_share", arm, _scored_share(results, arm), False, "share")
    given = _counted(coverage.n_ratings, coverage.n_seats, "rating", "the study has no pairs")
    yield _Found("min_ratings_share", WHOLE_STUDY, given, False, "share")


def _check(gate: GateSettings, found: _Found, asked: float) -> GateCheck:
    judged = found.estimate.value
    if gate.judge_by == "bound" and not _is_counted(found.estimate):
        judged = found.estimate.high if found.asks_at_most else found.estimate.low
    verdict: Verdict = "could not tell"
    if judged is not None:
        is_kept = judged <= asked if found.asks_at_most else judged >= asked
        verdict = "passed" if is_kept else "failed"
    return GateCheck(
        limit=found.limit,
        arm=found.arm,
        asks_at_most=found.asks_at_most,
        asked=asked,
        unit=found.unit,
        found=found.estimate,
        judged=judged,
        verdict=verdict,
    )


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


def _told_estimate(estimate: Estimate, unit: str) -> str:
    if estimate.value is None:
        return estimate.method
    value = _told(estimate.value, unit)
    if estimate.low is None or estimate.high is None:
        return f"{value} ({estimate.method}), n = {estimate.n}"
    low, high = _told(estimate.low, unit), _told(estimate.high, unit)
    return f"{value} [{low}, {high}], n = {estimate.n}"
