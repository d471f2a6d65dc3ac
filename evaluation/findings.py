"""What a study asked and found, in three sentences made of its numbers, and its key figures.

Nothing is computed and nothing judged here: whether an interval holds the value of no difference
is read off its bounds. The arm told of is the warm one, or the first that is compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.formats import as_sentence, count_of, format_points, format_share, signed
from evaluation.statistics.error_rates import OVERALL
from evaluation.statistics.gaps import Gap
from evaluation.statistics.interim import InterimResults
from evaluation.statistics.results import ArmPreference, StudyResults
from study.records import ORIGINAL, Estimate

_MAIN_ARM = "warm"
_HALF = "ratings, equal counting half"
_LEFT_CALLED_WARMER = "the left reply was called warmer, equal counting half, in"


@dataclass(frozen=True)
class KeyFigure:
    """One number to stand large, with what makes it honest beneath."""

    name: str
    value: str
    beneath: str
    """Interval and n, or why there is no number."""


def tell_findings(results: StudyResults) -> list[str]:
    """What was asked of whom, what warmth costs, and what people heard: a sentence each."""
    overall = [cell for cell in results.error_rates if cell.condition == OVERALL]
    n_replies = sum(cell.n_replies for cell in overall)
    n_of_warmth = sum(one.n_ratings for one in results.warmth_pairs)
    n_ratings = sum(one.n_ratings for one in results.preferences) + n_of_warmth
    silent = ", ".join(cell.arm for cell in overall if not cell.n_replies)
    asked = (
        f"{count_of(len(results.arms), 'arm')} ({', '.join(results.arms)}) gave "
        f"{_count(n_replies, 'reply', 'replies')}{f' ({silent}: none)' if silent else ''}, and people gave "
        f"{_count(n_ratings, 'rating', 'ratings')} of pairs without knowing which reply was whose."
    )
    if results.n_warmth_replies:
        asked += (
            f" {_count(n_of_warmth, 'rating is', 'ratings are')} of warmth pairs. Of the arms' "
            f"replies to messages asked for warmth alone, {results.n_warmth_replies:,}, none is "
            "counted here."
        )
    arm = main_arm(results)
    if arm is None:
        return [asked, "No arm is compared with the original yet."]
    preference = _preference_of(results, arm)
    return [
        asked,
        tell_gap(arm, _gap_of(results, arm)),
        tell_warmth(arm, preference.warm_share, preference.n_raters),
    ]


def tell_interim(results: InterimResults) -> list[str]:
    """The same for as long as results per arm are sealed: of the rating alone."""
    return [
        f"{_count(results.n_raters, 'person', 'people')} gave "
        f"{_count(results.n_ratings, 'rating', 'ratings')} of {count_of(results.n_pairs, 'pair')} "
        f"so far.",
        f"{as_sentence(_share_or_reason(_LEFT_CALLED_WARMER, results.left_share))}"
        ", where half says that the side does not matter.",
        "What each arm is found to be is sealed while people rate.",
    ]


def key_figures(results: StudyResults) -> list[KeyFigure]:
    """Gap, warm share, adoption and agreement of the main arm."""
    arm = main_arm(results)
    if arm is None:
        return []
    preference = _preference_of(results, arm)
    adoption = {cell.arm: cell.rate for cell in results.adoption}
    gap = _gap_of(results, arm)
    figures = [gap_figure(arm, gap), warmth_figure(arm, preference.warm_share)]
    if arm in adoption:
        of_original = adoption[ORIGINAL].value if ORIGINAL in adoption else None
        beside = "" if of_original is None else f"; {ORIGINAL} {_share(of_original)}"
        counted = f"replies{beside}"
        figures.append(_figure(f"adopts a wrong answer, {arm}", adoption[arm], _share, counted))
    alpha = preference.agreement.alpha
    figures.append(_figure("agreement of raters (alpha)", alpha, _plain, "ratings"))
    return figures


def gap_figure(arm: str, gap: Gap) -> KeyFigure:
    """What an arm costs in errors, large."""
    counted = f"of {gap.n_prompts:,} prompts"
    return _figure(f"more errors, {arm} − {ORIGINAL}", gap.difference, _points, counted)


def warmth_figure(arm: str, found: Estimate) -> KeyFigure:
    """How often people called an arm the warmer one, large."""
    return _figure(f"called warmer, {arm}", found, _share, _HALF)


def main_arm(results: StudyResults) -> str | None:
    """The arm that stands for the study; None when none is compared."""
    return main_of([arm for arm in results.arms if arm != ORIGINAL])


def main_of(compared: Sequence[str]) -> str | None:
    """The warm arm, or the first that is compared; None when none is."""
    return _MAIN_ARM if _MAIN_ARM in compared else next(iter(compared), None)


def tell_gap(arm: str, gap: Gap) -> str:
    """What an arm costs in errors, as a sentence, and whether the interval leaves it open."""
    found = gap.difference
    if found.value is None:
        return f"What {arm} costs is {found.method}."
    of_items = f"of {gap.n_prompts:,} prompts, {count_of(found.n_units, 'item')}"
    told = _unbroken(format_points(found, of_items))
    verdict = _side_of(found, 0, above="it errs more often", below="it errs less often")
    return (
        f"On the same prompts the {arm} arm's error rate differs from the original's by {told}: "
        f"{verdict}.{_tell_unscored(gap)}"
    )


def _tell_unscored(gap: Gap) -> str:
    low, high = gap.if_arm_right, gap.if_arm_wrong
    if gap.difference.n == gap.n_prompts or low is None or high is None:
        return ""
    return (
        " The other prompts lack a label that counts in one arm or both; with them it could be "
        f"anything from {signed(low)} to {signed(high)} pp."
    )


def tell_warmth(arm: str, found: Estimate, n_raters: int) -> str:
    """Whether people hear an arm as warmer, as a sentence.

    Args:
        found: the share of ratings that call its reply the warmer one.
    """
    if found.value is None:
        return f"Whether people hear {arm} as warmer is {found.method}."
    told = _unbroken(format_share(found, f"ratings by {count_of(n_raters, 'rater')}"))
    verdict = _side_of(
        found,
        0.5,
        above="people hear it as the warmer one",
        below="people hear it as the colder one",
    )
    return (
        f"People called the {arm} arm's reply the warmer one, equal counting half, in "
        f"{told}: {verdict}."
    )


def _side_of(found: Estimate, middle: float, above: str, below: str) -> str:
    if found.low is None or found.high is None:
        return "without an interval nothing follows from it"
    if found.low > middle:
        return above
    return below if found.high < middle else "the interval leaves both directions open"


def _share_or_reason(words: str, found: Estimate) -> str:
    if found.value is None:
        return f"whether the side sways people is {found.method}"
    return f"{words} {format_share(found, 'ratings')}"


def _figure(name: str, found: Estimate, show: Callable[[float], str], counted: str) -> KeyFigure:
    if found.value is None:
        return KeyFigure(name, "–", found.method)
    interval = (
        found.method
        if found.low is None or found.high is None
        else f"{100 * found.level:g} % interval {_bare(show(found.low))} to {_bare(show(found.high))}"
    )
    return KeyFigure(name, show(found.value), f"{interval}; {found.n:,} {counted}")


def _points(value: float) -> str:
    return f"{signed(value)} pp"


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _unbroken(told: str) -> str:
    """No line ends between a number and its unit."""
    return (
        told.replace(" pp", "\u00a0pp").replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0")
    )


def _bare(told: str) -> str:
    return told.split(" ", maxsplit=1)[0]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _gap_of(results: StudyResults, arm: str) -> Gap:
    return next(gap for gap in results.gaps if (gap.arm, gap.condition) == (arm, OVERALL))


def _preference_of(results: StudyResults, arm: str) -> ArmPreference:
    return next(preference for preference in results.preferences if preference.arm == arm)
