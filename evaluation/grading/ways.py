"""Ways to say one thing, each a pattern that is asked only of sentences that can have it.

Each way names words of which a sentence needs one, and partners of which it needs another; words
are looked up for a tenth of what a pattern costs, and most replies have none. The words of all ways
of all kinds are looked up at once in a reply, which costs no more than looking up those of one kind.
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


# those of every `Ways` that was made
_EVERY_WORD: set[str] = set()


class Ways:
    """Ways to say one thing. They are made as modules load, before any reply is read."""

    def __init__(self, *ways: Way) -> None:
        self.ways = ways
        words = frozenset[str]().union(*(one.words for one in ways))
        self._of_word = {word: tuple(one for one in ways if word in one.words) for word in words}
        _EVERY_WORD.update(words)

    def are_in(
        self,
        reading: Reading,
        text_of: Callable[[int], str],
        about: frozenset[str] = frozenset(),
        kept_of: Callable[[int], str] | None = None,
    ) -> bool:
        """Whether a sentence of the reply says it in one of the ways.

        Args:
            text_of: the text of a sentence, by its number, in which patterns are looked for.
            about: words of the question, of which a loose way needs one behind the first sentence.
            kept_of: what counts of a sentence in which a way was found: it must be there too.
        """
        vocabulary, spoken, of_word = reading.vocabulary, reading.spoken, self._of_word
        if reading.hints is None:
            reading.hints = _EVERY_WORD & vocabulary
        asked: set[tuple[int, int]] = set()
        for word in reading.hints:
            if word not in of_word:
                continue
            ways = [one for one in of_word[word] if not one.partners.isdisjoint(vocabulary)]
            if not ways:
                continue
            for number, sentence in enumerate(reading.sentences):
                # a look through the text passes over most at a tenth of what its words cost
                if word not in sentence or word not in spoken[number]:
                    continue
                for one in ways:
                    if one.partners.isdisjoint(spoken[number]):
                        continue
                    if number and one.is_loose and about.isdisjoint(spoken[number]):
                        continue
                    # several words of a way may stand in one sentence
                    if (question := (id(one), number)) in asked:
                        continue
                    asked.add(question)
                    text = text_of(number)
                    if not one.pattern.search(text):
                        continue
                    kept = kept_of(number) if kept_of else text
                    if kept is text or one.pattern.search(kept):
                        return True
        return False
