"""Ways to say one thing, each a pattern that is asked only of sentences that can have it.

Each way names words of which a sentence needs one, and partners of which it needs another; words
are looked up for a tenth of what a pattern costs, and most replies have none.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from evaluation.grading.reading import Reading
from evaluation.grading.wording import word_set


# a tuple, as in mentions.py
class Way(NamedTuple):
    """One of the ways."""

    words: frozenset[str]
    """The rarer kind."""
    partners: frozenset[str]
    pattern: re.Pattern[str]
    is_loose: bool
    """Says as much of anything else: it counts in the first sentence, and in one about the question."""


def way(words: str, partners: str, pattern: str, *, is_loose: bool = False) -> Way:
    """A way from its words as text."""
    return Way(word_set(words), word_set(partners), re.compile(pattern), is_loose)


class Ways:
    """Ways to say one thing."""

    def __init__(self, *ways: Way) -> None:
        self.ways = ways
        self._words = frozenset[str]().union(*(one.words for one in ways))
        self._of_word = {
            word: tuple(one for one in ways if word in one.words) for word in self._words
        }

    def are_in(
        self,
        reading: Reading,
        text_of: Callable[[int], str],
        about: frozenset[str] = frozenset(),
    ) -> bool:
        """Whether a sentence of the reply says it in one of the ways.

        Args:
            text_of: the text of a sentence, by its number, in which patterns are looked for.
            about: words of the question, of which a loose way needs one behind the first sentence.
        """
        vocabulary = reading.vocabulary
        for word in self._words & vocabulary:
            for one in self._of_word[word]:
                if one.partners.isdisjoint(vocabulary):
                    continue
                for number, spoken in enumerate(reading.spoken):
                    if word not in spoken or one.partners.isdisjoint(spoken):
                        continue
                    if number and one.is_loose and about.isdisjoint(spoken):
                        continue
                    if one.pattern.search(text_of(number)):
                        return True
        return False
