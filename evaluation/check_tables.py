"""Tables about the rating itself, and about what people think of sentences and rewrites.

But for the rewrites, whose styles are those of arms, they name no arm, so that they may be shown
while a study is sealed. Nothing is computed here; numbers come from `statistics/repeats.py`,
`statistics/context_check.py` and `statistics/rewrite_check.py`.
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
from evaluation.statistics.rewrite_check import RewriteCheck

_FACTS_KEPT = {
    "all": "All kept",
    "minor_change": "Minor change",
    "changed": "Changed",
    "cannot_judge": "Could not judge",
}


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


def rewrite_table(checks: Sequence[RewriteCheck], limited: str | None = None) -> Table:
    """What people said of the rewrites that arms are trained on; `checks` holds at least one."""
    columns = {
        "Style": [check.style for check in checks],
        "Facts kept": [
            format_share(check.kept, f"ratings by {count_of(check.n_raters, 'rater')}")
            for check in checks
        ],
        **{
            words: [str(check.counts[answer]) for check in checks]
            for answer, words in _FACTS_KEPT.items()
        },
        "Rewrites rated": [f"{check.n_rewrites_rated} of {check.n_rewrites}" for check in checks],
    }
    note = (
        "Share of ratings that find the facts of the source kept, all of them or but for a minor "
        f"change, of those that could judge; {level_of(checks[0].kept.level)}"
        f"{methods_of(check.kept for check in checks)}, where an item is a rewrite."
    )
    return make_table("Do rewrites keep the facts?", columns, note, limited)


def _other(check: ContextCheck) -> str:
    if check.other is None:
        return "nothing"
    return f"{words_of(check.other)}, in {count_of(check.n_other, 'rating')}"
