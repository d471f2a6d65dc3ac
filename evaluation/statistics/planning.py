"""Planning: power, and the sizes and effects that reach it.

What is planned for is what is computed later: the clustered t intervals of `preferences.py` and
`proportions.py`, of which an effect is found when they exclude "no effect". The error that a
share of ratings will have is told in `planned_ratings.py`, that of a gap in `planned_replies.py`.
Nothing here reads a study; how far its intervals keep what they promise, `evaluation/simulation`
shows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from study.errors import BadInput

MOST_ITEMS = 1_000_000
"""No study is planned with more."""

NEARLY_NONE = 1e-6
"""Searches stay so far from rates of 0 and 1."""


@dataclass(frozen=True)
class Aim:
    """What a study should be able to do."""

    power: float = 0.8
    """Chance of finding the effect if it is there."""
    level: float = 0.95
    """Of the interval that has to exclude "no effect"."""


def power_of(effect: float, error: float, degrees: float, level: float) -> float:
    """Chance that a t interval around an effect excludes zero.

    Args:
        effect, error: the true effect and its standard error, in one unit.
        degrees: of freedom, above 0.
        level: of the interval.
    Returns:
        In [0, 1], both sides counted; 1 − level where there is no effect.
    Source: Johnson, Kotz and Balakrishnan 1995, chapter 31: the noncentral t distribution.
    """
    if error == 0:
        return 1.0 if effect else 1 - level
    critical = float(stdtrit(degrees, (1 + level) / 2))
    shift = abs(effect) / error
    # scipy gives NaN for some chances below 1e-14, and for no larger one
    missed, opposite = np.nan_to_num(nctdtr(degrees, shift, np.array([critical, -critical])))
    return float(1 - missed + opposite)


def fewest(power: Callable[[int], float], aimed: float) -> int | None:
    """The smallest number of items that reach a power, None if `MOST_ITEMS` do not.

    Args:
        power: of a number of items; rises with it but for roundings, such as that of raters to
            whole ones, within which a smaller number may reach it too.
    """
    enough = 2
    while power(enough) < aimed:
        if enough == MOST_ITEMS:
            return None
        enough = min(2 * enough, MOST_ITEMS)
    too_few = enough // 2 if enough > 2 else 1
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        enough, too_few = (middle, too_few) if power(middle) >= aimed else (enough, middle)
    return enough


def smallest(
    power: Callable[[float], float], lowest: float, highest: float, aimed: float
) -> float | None:
    """The smallest effect between two that reaches a power, None if the highest does not.

    Args:
        power: of an effect; rises with it.
    """
    if highest <= lowest or power(highest) < aimed:
        return None
    return float(brentq(lambda effect: power(effect) - aimed, lowest, highest, xtol=1e-10))


def check_aim(aim: Aim) -> None:
    """Refuse an aim that cannot be meant.

    Raises:
        BadInput: power or level is no share, or the power is below what chance alone reaches.
    """
    for name in ("power", "level"):
        check_range(name, getattr(aim, name), 0.01, 0.9999)
    if aim.power <= 1 - aim.level:
        raise BadInput(
            f"power: expected more than {1 - aim.level:g}, which chance alone reaches, got "
            f"{aim.power:g}; 0.8 is usual"
        )


def check_range(name: str, value: float, lowest: float, highest: float) -> None:
    """Refuse a number of a plan that is out of its range, or is none.

    Raises:
        BadInput: the message names it.
    """
    if not lowest <= value <= highest:
        raise BadInput(f"{name}: expected {lowest:g} to {highest:g}, got {value:g}; correct it")
