"""Results as words, tables and JSON: for the terminal, the owner's page and other programs.

Nothing is computed here but the change of a proportion to per cent; every number comes from
`statistics/results.py`, and none is shown without what it counts. Figures are in `plots.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.statistics.agreement import Agreement
from evaluation.statistics.error_rates import ErrorRate
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, ERROR_DEFINITION, LABELS
from evaluation.statistics.results import ArmPreference, StudyResults
from evaluation.statistics.tables import Condition
from study.records import Estimate

JSON_FORMAT = "warmth-audit results 1"


@dataclass(frozen=True)
class Table:
    """Plain strings, ready to be shown; as untrusted as the names in them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    """What the numbers mean and how their intervals were made."""


def results_as_json(results: StudyResults) -> dict[str, Any]:
    """The results for other programs, at full precision.

    Keys: `format`, `seed`, `level`, `limited`, `arms`, `conditions`, then
    `preferences` (per compared arm: `warm_share`, `accuracy_share`, `agreement` with `alpha`,
    `n_items` (pairs that were rated), `n_pairable` and `note`, counts `n_…`), `left_share`,
    `n_ratings_without_original`, `error_rates` (per arm and condition: `rate`,
    `if_excluded_right`, `if_excluded_wrong`, `counts` by label, `n_…`), `gaps_pp`,
    `adoption_rates`, `difference_in_differences_pp`, `n_auditors_disagree`, `definitions`.
    A condition is {`context`, `belief`}, null where pooled. An estimate is {`value`, `low`,
    `high`, `level`, `n`, `n_units`, `unit`, `method`, `seed`}: shares as proportions, keys
    that end in `_pp` in percentage points, `value` null where `method` says why.
    """
    tree = asdict(results)
    return {
        "format": JSON_FORMAT,
        "seed": tree["seed"],
        "level": tree["level"],
        "limited": tree["limited"],
        "arms": list(tree["arms"]),
        "conditions": list(tree["conditions"]),
        "preferences": list(tree["preferences"]),
        "left_share": tree["left_share"],
        "n_ratings_without_original": tree["n_ratings_without_original"],
        "error_rates": list(tree["error_rates"]),
        "gaps_pp": list(tree["gaps"]),
        "adoption_rates": list(tree["adoption"]),
        "difference_in_differences_pp": list(tree["belief_effects"]),
        "n_auditors_disagree": tree["n_auditors_disagree"],
        "definitions": {"error": ERROR_DEFINITION, "adoption": ADOPTION_DEFINITION},
    }


def results_as_tables(results: StudyResults) -> list[Table]:
    """The results for people: seven tables, with every interval, count and definition."""
    tables = [
        _preference_table(results),
        _side_table(results),
        _error_table(results),
        _gap_table(results),
        _adoption_table(results),
        _belief_table(results),
        _label_table(results),
    ]
    if results.limited is None:
        return tables
    return [
        Table(table.title, table.columns, table.rows, f"{table.note} Limited: {results.limited}.")
        for table in tables
    ]


def format_share(estimate: Estimate, counted: str) -> str:
    """A proportion in per cent, such as `12.5 % [3.2, 38.1], n = 16 replies of 8 items`.

    Args:
        counted: what n counts, such as `replies of 8 items`.
    """
    if estimate.value is None:
        return estimate.method
    interval = _interval(estimate, lambda bound: f"{100 * bound:.1f}")
    return f"{100 * estimate.value:.1f} % {interval}, n = {estimate.n} {counted}"


def format_points(estimate: Estimate, counted: str) -> str:
    """A difference in percentage points, such as `+12.5 pp [−3.2, +28.1], n = 16 prompts`."""
    if estimate.value is None:
        return estimate.method
    interval = _interval(estimate, signed)
    return f"{signed(estimate.value)} pp {interval}, n = {estimate.n} {counted}"


def format_agreement(agreement: Agreement) -> str:
    """Alpha, such as `0.43 [0.10, 0.70], n = 36 comparable ratings, 12 pairs`, or why there is none."""
    if agreement.alpha.value is None:
        return agreement.alpha.method
    interval = _interval(agreement.alpha, lambda bound: f"{bound:.2f}".replace("-", "−"))
    value = f"{agreement.alpha.value:.2f}".replace("-", "−")
    pairs = count_of(agreement.n_items, "pair")
    return f"{value} {interval}, n = {agreement.n_pairable} comparable ratings, {pairs}"


def signed(points: float, digits: int = 1) -> str:
    """Percentage points with their sign; what rounds to zero has none."""
    shown = f"{points:+.{digits}f}".replace("-", "−")
    return shown if any(digit in shown for digit in "123456789") else shown[1:]


def count_of(number: int, noun: str) -> str:
    """A count with its noun: `1 rater`, `2 raters`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_items(estimate: Estimate, counted: str) -> str:
    """What an estimate counts that is clustered by item: `replies of 8 items`."""
    return f"{counted} of {count_of(estimate.n_units, 'item')}"


def by_raters(preference: ArmPreference) -> str:
    """What a share of ratings counts: `ratings by 3 raters of 8 items`."""
    return f"ratings by {count_of(preference.n_raters, 'rater')} of {count_of(preference.n_items, 'item')}"


def condition_name(condition: Condition) -> str:
    """A condition in words: `sad, asserts wrong`."""
    if condition.context is None and condition.belief is None:
        return "all conditions"
    return f"{context_name(condition)}, {belief_name(condition)}"


def context_name(condition: Condition) -> str:
    """A context in words."""
    return _part_name(condition.context, "context")


def belief_name(condition: Condition) -> str:
    """A belief in words."""
    return _part_name(condition.belief, "belief")


def _preference_table(results: StudyResults) -> Table:
    rows = [
        (
            preference.arm,
            format_share(preference.warm_share, by_raters(preference)),
            format_share(preference.accuracy_share, "ratings that could judge"),
            str(preference.n_cannot_judge),
            format_agreement(preference.agreement),
        )
        for preference in results.preferences
    ]
    methods = _methods(preference.warm_share for preference in results.preferences)
    alphas = _methods(preference.agreement.alpha for preference in results.preferences)
    return Table(
        "What people chose, arm beside original",
        ("Arm", "Called warmer", "Called more accurate", "Could not judge", "Agreement on warmth"),
        tuple(rows),
        f"Share of ratings for the arm, equal counting half; {_level(results)}{methods}. "
        f"Agreement over pairs, coded for the arm{alphas}; seed {results.seed}. "
        f"Ratings of pairs without the original, left out: {results.n_ratings_without_original}.",
    )


def _side_table(results: StudyResults) -> Table:
    return Table(
        "Which side people chose",
        ("Left reply called warmer",),
        ((format_share(results.left_share, "ratings"),),),
        "Equal counts half. Near 50 % when the side does not matter; "
        f"{_level(results)}{_methods([results.left_share])}.",
    )


def _error_table(results: StudyResults) -> Table:
    rows = [
        (
            cell.arm,
            context_name(cell.condition),
            belief_name(cell.condition),
            format_share(cell.rate, of_items(cell.rate, "replies")),
            f"{cell.n_scored} of {cell.n_replies}",
            _outer_bounds(cell),
        )
        for cell in results.error_rates
    ]
    return Table(
        "Error rates",
        (
            "Arm",
            "Context",
            "Belief",
            "Error rate",
            "Scored replies",
            "If the rest were right … wrong",
        ),
        tuple(rows),
        f"{_sentence(ERROR_DEFINITION)}; all others are left out and bounded in the last column. "
        f"{_sentence(_level(results))}: "
        "clustered on item, Wilson where all replies of a cell agree.",
    )


def _gap_table(results: StudyResults) -> Table:
    rows = [
        (
            gap.arm,
            context_name(gap.condition),
            belief_name(gap.condition),
            format_points(gap.difference, of_items(gap.difference, "prompts")),
            f"{gap.difference.n} of {gap.n_prompts}",
        )
        for gap in results.gaps
    ]
    return Table(
        "Gap in error rate, arm − original",
        ("Arm", "Context", "Belief", "Gap", "Prompts scored in both"),
        tuple(rows),
        "Percentage points, over prompts whose replies were scored in both arms, so that it can "
        f"differ from the difference of the rates above. {_sentence(_level(results))}: "
        "clustered on item.",
    )


def _adoption_table(results: StudyResults) -> Table:
    rows = [
        (
            adoption.arm,
            belief_name(Condition(None, adoption.belief)),
            format_share(adoption.rate, of_items(adoption.rate, "replies")),
        )
        for adoption in results.adoption
    ]
    return Table(
        "Adoption of the user's wrong answer",
        ("Arm", "Belief", "Adopts"),
        tuple(rows),
        f"{_sentence(ADOPTION_DEFINITION)}. {_sentence(_level(results))}: clustered on item.",
    )


def _belief_table(results: StudyResults) -> Table:
    rows = [
        (
            effect.arm,
            belief_name(Condition(None, effect.belief)),
            format_points(effect.difference, of_items(effect.difference, "matched sets")),
        )
        for effect in results.belief_effects
    ]
    return Table(
        "Does a stated belief widen the gap?",
        ("Arm", "Belief", "Gap with − gap without"),
        tuple(rows),
        "Difference-in-differences in percentage points, over items and contexts that were scored "
        f"in both arms with and without the belief. {_sentence(_level(results))}: "
        "clustered on item. The gap within the belief alone stands in the table of gaps.",
    )


def _label_table(results: StudyResults) -> Table:
    rows = [
        (
            cell.arm,
            context_name(cell.condition),
            belief_name(cell.condition),
            str(cell.n_replies),
            *(str(cell.counts[label]) for label in LABELS),
            str(cell.n_audited),
        )
        for cell in results.error_rates
    ]
    names = tuple(_words(label) for label in LABELS)
    return Table(
        "Labels of all replies",
        ("Arm", "Context", "Belief", "Replies", *names, "audited"),
        tuple(rows),
        "The newest decision of an auditor counts, else the grade. Replies on which auditors "
        f"disagree: {results.n_auditors_disagree}.",
    )


def _outer_bounds(cell: ErrorRate) -> str:
    if cell.if_excluded_right is None or cell.if_excluded_wrong is None:
        return "no replies yet"
    return f"{100 * cell.if_excluded_right:.1f} … {100 * cell.if_excluded_wrong:.1f} %"


def _interval(estimate: Estimate, show: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return f"({estimate.method})"
    return f"[{show(estimate.low)}, {show(estimate.high)}]"


def _methods(estimates: Iterable[Estimate]) -> str:
    told = [estimate.method for estimate in estimates if estimate.low is not None]
    return f": {'; '.join(dict.fromkeys(told))}" if told else ""


def _level(results: StudyResults) -> str:
    return f"{100 * results.level:g} % intervals"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _part_name(part: str | None, noun: str) -> str:
    if part is None:
        return f"any {noun}"
    return f"no {noun}" if part == "none" else _words(part)
