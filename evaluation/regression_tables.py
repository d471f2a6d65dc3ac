"""Tables of a study's regressions: terms, effects in percentage points, and the length of replies.

Nothing is computed here; numbers come from `statistics/error_regressions.py`.
"""

from collections.abc import Sequence

from evaluation.error_tables import words_of_definition
from evaluation.formats import (
    Table,
    belief_name,
    condition_name,
    format_number,
    format_points,
    level_of,
    make_table,
    methods_of,
    of_items,
)
from evaluation.statistics.error_findings import ErrorFindings
from evaluation.statistics.error_regressions import LOG_LENGTH, ErrorRegression
from evaluation.statistics.logit import Term
from evaluation.statistics.marginal_effects import MarginalEffect
from evaluation.statistics.results import StudyResults


def term_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """Coefficients and odds ratios of every regression."""
    regressions = _all(findings)
    rows = [(regression, term) for regression in regressions for term in regression.terms]
    columns = {
        "Regression": [regression.formula for regression, _ in rows],
        "Term": [term.name for _, term in rows],
        "Log-odds": [format_number(term.log_odds) for _, term in rows],
        "Error, unclustered": [format_number(term.se) for _, term in rows],
        "Error by item": [
            "only one item" if term.se_clustered is None else format_number(term.se_clustered)
            for _, term in rows
        ],
        "Odds ratio": [format_odds_ratio(term) for _, term in rows],
    }
    note = (
        f"{_notes_of(regressions)} {level_of(results.level)} of odds ratios by the error by item, "
        "with t; of a factor that is the same in all replies of an item, such as task, and of the length "
        "where errors are rare, they are likely too short with few items: with 20 they held the truth "
        "in 89 to 93 % of drawn studies. "
        f"{words_of_definition(findings)}"
    )
    return make_table(title, columns, note, results.limited)


def effect_table(findings: ErrorFindings, title: str, results: StudyResults) -> Table:
    """What each arm changes in percentage points, with the length held equal and without."""
    rows = [
        (regression, what, effect)
        for regression in _all(findings)
        for what, effects in (
            ("effect", regression.effects_pp),
            ("difference-in-differences", regression.difference_in_differences_pp),
        )
        for effect in effects
    ]
    columns = {
        "Regression": [regression.formula for regression, _, _ in rows],
        "Arm": [effect.arm for _, _, effect in rows],
        "What": [f"{what}, {_condition(what, effect)}" for _, what, effect in rows],
        "Percentage points": [
            format_points(effect.effect, of_items(effect.effect, "replies"))
            for _, _, effect in rows
        ],
        "Error, unclustered": [_points_of_error(effect.se) for _, _, effect in rows],
        "Error by item": [_points_of_error(effect.se_clustered) for _, _, effect in rows],
    }
    lengths = findings.regressions.mean_characters
    told = ", ".join(f"{arm} {length:.0f}" for arm, length in lengths.items())
    note = (
        "Average marginal effects: the mean change in the fitted chance of an error if all replies "
        "were the arm's instead of the original's, all else as it was"
        f"{methods_of(effect.effect for _, _, effect in rows)}. With {LOG_LENGTH}, the logarithm of "
        "the reply's length is held equal too; a length that warmth itself changes is part of what "
        f"warmth does. Mean characters of scored replies: {told or 'none'}. "
        f"{_notes_of(_all(findings))} {words_of_definition(findings)}"
    )
    return make_table(title, columns, note, results.limited)


def _all(findings: ErrorFindings) -> list[ErrorRegression]:
    of = findings.regressions
    return [one for one in (of.main, of.with_length, of.crossed) if one is not None]


def _notes_of(regressions: Sequence[ErrorRegression]) -> str:
    """Of each, what it is over, what it leaves out, or why there is none."""
    told = []
    for one in regressions:
        left_out = f", left out {', '.join(one.left_out)}" if one.left_out else ""
        told.append(f"{one.formula}: {one.reason or f'n = {one.n} replies{left_out}'}.")
    return " ".join(told)


def _condition(what: str, effect: MarginalEffect) -> str:
    if what == "effect":
        return condition_name(effect.condition)
    return belief_name(effect.condition)


def format_odds_ratio(term: Term) -> str:
    """An odds ratio, such as `1.532 [0.900, 2.600]`, or why it has no interval."""
    if term.odds_ratio_ci is None:
        return f"{format_number(term.odds_ratio)} ({term.method})"
    low, high = term.odds_ratio_ci
    return f"{format_number(term.odds_ratio)} [{format_number(low)}, {format_number(high)}]"


def _points_of_error(se: float | None) -> str:
    return "none" if se is None else f"{se:.2f} pp"
