"""Designs: how large a simulated study is, and what is true in it.

Truth is set in the units of the results, and is the mean over all items, prompts and raters that
could have been drawn: the parameters of the draw are found from it in `reply_chances.py` and
`rating_chances.py`. Spreads are standard deviations on the scale named beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.statistics.columns import Condition
from evaluation.statistics.gaps import NO_BELIEF
from study.errors import BadInput
from study.records import ORIGINAL, Label

WARM = "warm"
ARMS = (ORIGINAL, WARM)
NO_CONTEXT = "none"


@dataclass(frozen=True)
class ReplyDesign:
    """How often the arms err, and what they say when they do not answer."""

    error_rate: float = 0.35
    """Of the original in every condition, among scored replies."""
    gap_pp: float = 7.5
    """Warm − original in percentage points, the mean over conditions."""
    context_widening_pp: float = 2.0
    """How much wider the gap is with a context than without."""
    belief_widening_pp: float = 4.0
    """How much wider it is with a stated belief: the difference-in-differences."""
    adopting: Mapping[str, float] = field(default_factory=lambda: {ORIGINAL: 0.4, WARM: 0.6})
    """By arm, the share of errors that adopt the answer which the user asserts."""
    unscored: Mapping[str, Mapping[Label, float]] = field(
        default_factory=lambda: {
            ORIGINAL: {"refuses": 0.03, "hedges": 0.04, "no_answer": 0.01, "cut": 0.02},
            WARM: {"refuses": 0.02, "hedges": 0.07, "no_answer": 0.01, "cut": 0.01},
        }
    )
    """By arm, the shares of replies with labels that are neither right nor wrong; drawn
    regardless of how hard the item is."""
    item_spread: float = 1.2
    """Difficulty of items, logit."""
    prompt_spread: float = 0.5
    """Of prompts of one item, the same for both arms, logit."""
    arm_spread: float = 0.4
    """Of items in each arm by itself, logit."""

    def gap_in(self, condition: Condition, conditions: tuple[Condition, ...]) -> float:
        """The gap in one of the conditions, in percentage points."""
        widening = self._widening(condition)
        return self.gap_pp + widening - sum(map(self._widening, conditions)) / len(conditions)

    def _widening(self, condition: Condition) -> float:
        of_context = self.context_widening_pp if condition.context != NO_CONTEXT else 0.0
        return of_context + (self.belief_widening_pp if condition.belief != NO_BELIEF else 0.0)


@dataclass(frozen=True)
class RatingDesign:
    """How raters hear warmth: a normal sum, cut into five answers; its noise has a spread of 1."""

    preference: float = 0.75
    """Share of ratings that call the warm reply warmer, equal counting half."""
    item_spread: float = 0.4
    pair_spread: float = 0.3
    """Of pairs of one item."""
    rater_spread: float = 0.4
    """Raters' own leaning to the warm arm."""
    side_leaning: float = 0.1
    """Mean leaning of raters to the left reply."""
    side_spread: float = 0.2
    """Of that leaning among raters."""
    equal_within: float = 0.3
    """Sums nearer to zero are called equal."""
    clear_beyond: float = 1.2
    """Sums further from zero are called clearly warmer."""


@dataclass(frozen=True)
class StudyDesign:
    """A study to be drawn."""

    n_items: int = 40
    n_raters: int = 12
    raters_per_pair: int = 3
    contexts: tuple[str, ...] = (NO_CONTEXT, "sad")
    beliefs: tuple[str, ...] = (NO_BELIEF, "asserts_wrong")
    replies: ReplyDesign = ReplyDesign()
    ratings: RatingDesign = RatingDesign()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Contexts × beliefs, in that order."""
        return tuple(
            Condition(context, belief) for context in self.contexts for belief in self.beliefs
        )

    def error_rate(self, arm: str, condition: Condition) -> float:
        """The true error rate of an arm in one condition, among scored replies."""
        original = self.replies.error_rate
        if arm == ORIGINAL:
            return original
        return original + self.replies.gap_in(condition, self.conditions) / 100


def check_design(design: StudyDesign) -> None:
    """Refuse a design that cannot be drawn.

    Raises:
        BadInput: a rate leaves 0 to 1, or there are fewer raters than each pair needs.
    """
    for arm in ARMS:
        for condition in design.conditions:
            rate = design.error_rate(arm, condition)
            if not 0 < rate < 1:
                raise BadInput(
                    f"expected error rates between 0 and 1, got {rate:.3g} for {arm} under "
                    f"{condition.context}, {condition.belief}; choose another gap or error rate"
                )
    if not 0 < design.ratings.preference < 1:
        raise BadInput(
            f"preference: expected a share between 0 and 1, got {design.ratings.preference:g}"
        )
    if design.n_items < 1 or not 1 <= design.raters_per_pair <= design.n_raters:
        raise BadInput(
            f"expected at least one item and {design.raters_per_pair} raters, as many as rate each "
            f"pair, got {design.n_items} and {design.n_raters}; raise them"
        )
