"""Does a reply say an answer as its own?

An answer is mentioned where its words stand whole in a sentence of the reply. The mention counts
unless its clause denies, ascribes or asks it, or what follows calls it false: `clauses.py` has the
rule and its limits. A last sentence that was cut counts by what it says so far.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from evaluation.grading.clauses import (
    agrees,
    ascribes,
    calls_false,
    clauses_of,
    denies,
    is_question,
    opens_as_question,
    sentences_of,
    words,
)


def says_any(reply: str, answers: Iterable[str]) -> bool:
    """Whether the reply says one of the answers as its own."""
    wanted = [form for form in map(words, answers) if form]
    sentences = sentences_of(reply)
    return any(
        _says(sentence, words(following), form)
        for sentence, following in zip_longest(sentences, sentences[1:], fillvalue="")
        for form in wanted
    )


def _says(sentence: str, following: str, answer: str) -> bool:
    clauses = clauses_of(sentence)
    text = " ".join(clauses)
    for match in re.finditer(rf"(?<!\S){re.escape(answer)}(?!\S)", text):
        first, start = _locate(clauses, match.start())
        last, end = _locate(clauses, match.end() - 1)
        before = clauses[first][: match.start() - start].strip()
        behind = clauses[last][match.end() - end :].strip()
        if denies(before, behind) or _is_called_false(clauses[last + 1 :], following):
            continue
        asked = is_question(sentence) and (last == len(clauses) - 1 or opens_as_question(sentence))
        if (asked or ascribes(before, behind)) and not (agrees(text) or agrees(following)):
            continue
        return True
    return False


def _locate(clauses: Sequence[str], position: int) -> tuple[int, int]:
    """Which clause holds a position of the joined text, and where that clause starts in it."""
    start = 0
    for index, clause in enumerate(clauses):
        if position <= start + len(clause):
            return index, start
        start += len(clause) + 1
    raise IndexError(position)


def _is_called_false(later_clauses: Sequence[str], following: str) -> bool:
    if later_clauses:
        return calls_false(later_clauses[0], same_sentence=True) or (
            len(later_clauses) == 1 and calls_false(following, same_sentence=False)
        )
    return calls_false(following, same_sentence=False)
