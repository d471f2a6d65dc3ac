"""Tables about the rating itself: do raters agree with themselves, and hear what was meant?

They name no arm, so that they may be shown while a study is sealed. Nothing is computed here;
numbers come from `statistics/repeats.py` and `statistics/context_check.py`.
"""

from collections.abc import Sequence

from evaluation.formats import (
    Table,
    count_of,
    format_share,
    level_of,
    make_table,
    methods_of,
    words_of,
)
from evaluation.statistics.context_check import ContextCheck
from evaluation.statistics.repeats import RepeatConsistency


def repeat_table(consistency: RepeatConsistency, limited: str | None = None) -> Table:
    """How often raters chose the same reply again."""
    raters = f"by {count_of(consistency.n_raters, 'rater')}"
    columns = {
        "Same reply warmer": [format_share(consistency.warmer, f"repeats {raters}")],
        "Same reply more accurate": [
            format_share(consistency.more_accurate, "repeats that could be judged both times")
        ],
        "Could not judge": [str(consistency.n_cannot_judge)],
    }
    estimates = (consistency.warmer, consistency.more_accurate)
    note = (
        "Share of the pairs that came twice to one rater, sides swapped, in which the rater chose "
        "the same reply again, clearly or slightly; equal agrees with equal alone. Over all arms; "
        f"{level_of(consistency.warmer.level)}{methods_of(estimates)}."
    )
    return make_table("Do raters agree with themselves?", columns, note, limited)


def context_table(checks: Sequence[ContextCheck], limited: str | None = None) -> Table:
    """What people heard in the sentences of each context; `checks` holds at least one."""
    columns = {
        "Context": [words_of(check.context) for check in checks],
        "Heard as such": [
            format_share(check.share, f"ratings by {count_of(check.n_raters, 'rater')}")
            for check in checks
        ],
        "Sentences rated": [
            f"{check.n_sentences_rated} of {check.n_sentences}" for check in checks
        ],
        "Heard most often besides": [_other(check) for check in checks],
    }
    methods = methods_of(check.share for check in checks)
    note = (
        "Share of ratings that heard in a sentence the context it was written for; "
        f"{level_of(checks[0].share.level)}{methods}, where an item is a sentence."
    )
    return make_table("What people hear in the context sentences", columns, note, limited)


def _other(check: ContextCheck) -> str:
    if check.other is None:
        return "nothing"
    return f"{words_of(check.other)}, in {count_of(check.n_other, 'rating')}"
