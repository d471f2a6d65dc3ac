"""A reply taken apart: its sentences, words, clauses and parts.

Every reply is taken apart once, for all rules. What few rules ask for is made when it is first
asked for. How a text is brought to one form is told in `wording.py`.
"""

from itertools import repeat
from typing import NamedTuple

from evaluation.grading.clauses import clauses_of, parts_of, stands_alone
from evaluation.grading.wording import (
    BARE_FORMS,
    plain_of_lower,
    sentences_of,
    spell_out,
    spoken_lines,
    without_articles,
)

# words of the next sentence: it calls an answer false, if at all, at its beginning
_SEEN_OF_NEXT = 15


# a tuple, as in mentions.py
class Piece(NamedTuple):
    """A sentence of a reply, or a part of one between contrasts."""

    sentence: int
    """Number of the sentence."""
    text: str
    """In plain form."""
    vocabulary: frozenset[str]
    """Its words."""
    later: str
    """The part behind it; empty where there is none."""


class Reading:
    """A reply taken apart. Most rules are settled by its vocabulary: no "not", no denial."""

    __slots__ = (
        "_alone",
        "_clauses",
        "_forms",
        "_pieces",
        "_vocabularies",
        "hints",
        "lower",
        "reply",
        "sentences",
        "spoken",
        "vocabulary",
    )

    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.lower = reply.lower()
        text = plain_of_lower(self.lower)
        self._take_apart(text)
        if not BARE_FORMS.isdisjoint(self.vocabulary):
            self._take_apart(spell_out(text))

    def _take_apart(self, text: str) -> None:
        self.sentences = sentences_of(text)
        self.spoken = spoken_lines("\n".join(self.sentences)) if self.sentences else []
        self.vocabulary: set[str] = set().union(*self.spoken)
        self.hints: set[str] | None = None
        self._alone: dict[int, bool] = {}
        self._forms: dict[int, str] = {}
        self._clauses: dict[int, list[list[str]]] = {}
        self._pieces: dict[int, list[Piece]] = {}
        self._vocabularies: list[frozenset[str]] | None = None

    def form(self, number: int) -> str:
        """One sentence as `words`."""
        if number not in self._forms:
            self._forms[number] = without_articles(self.spoken[number])
        return self._forms[number]

    def clauses(self, number: int) -> list[list[str]]:
        """Clauses of one sentence, the words of each without articles."""
        if number not in self._clauses:
            self._clauses[number] = clauses_of(self.sentences[number], self.spoken[number])
        return self._clauses[number]

    def vocabularies(self) -> list[frozenset[str]]:
        """The words of each sentence."""
        if self._vocabularies is None:
            self._vocabularies = list(map(frozenset, self.spoken))
        return self._vocabularies

    def pieces(self, number: int) -> list[Piece]:
        """One sentence, followed by its parts where it has several."""
        if number not in self._pieces:
            sentence = self.sentences[number]
            pieces = [Piece(number, sentence, self.vocabularies()[number], "")]
            if parts := parts_of(sentence):
                spoken = spoken_lines("\n".join(parts))
                later = [*parts[1:], ""]
                pieces.extend(map(Piece, repeat(number), parts, map(frozenset, spoken), later))
            self._pieces[number] = pieces
        return self._pieces[number]

    def stands_alone(self, number: int) -> bool:
        """Whether nothing takes back what a sentence says, as its words alone can tell."""
        if number not in self._alone:
            self._alone[number] = "?" not in self.sentences[number] and stands_alone(
                self.spoken[number], self.opening_of(number + 1)
            )
        return self._alone[number]

    def opening_of(self, number: int) -> list[str]:
        """First words of a sentence; none behind the last."""
        return self.spoken[number][:_SEEN_OF_NEXT] if number < len(self.spoken) else []
