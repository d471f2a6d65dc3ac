"""Multiple choice: texts and letters of options, and which wrong one a user asserts."""

import re
from collections.abc import Sequence
from itertools import pairwise
from string import ascii_uppercase

from study.errors import BadItems
from study.records import stable_id


def split_options(text: str, where: str) -> tuple[str, ...]:
    """The options of one text "A. …\\nB. …"; an option may run over several lines.

    Raises:
        BadItems: the text does not begin with "A. ".
    """
    options: list[str] = []
    rest = f"\n{text.strip()}"
    for letter, following in pairwise(ascii_uppercase):
        mark = f"\n{letter}. "
        if not rest.startswith(mark):
            break
        # the letter that follows, at a line's start, ends an option; another letter does not
        end = rest.find(f"\n{following}. ", len(mark))
        options.append(as_one_line(rest[len(mark) : end if end >= 0 else None]))
        rest = rest[end:] if end >= 0 else ""
    if not options:
        raise BadItems(
            f"{where}, column 'options': expected lines that begin with A., B. and so on, found "
            f"{text[:40]!r}; correct the row or take it out"
        )
    return tuple(options)


def check_options(options: Sequence[str], where: str) -> None:
    """Say what is wrong with a multiple choice.

    Raises:
        BadItems: there are fewer than two options, more than letters, or an empty one.
    """
    if not 2 <= len(options) <= len(ascii_uppercase) or not all(map(str.strip, options)):
        raise BadItems(
            f"{where}: expected two to {len(ascii_uppercase)} options, none empty, found "
            f"{len(options)} of which {sum(not option.strip() for option in options)} are empty; "
            "correct the row or take it out"
        )


def wrong_options(options: Sequence[str], right: int, question: str) -> tuple[str, ...]:
    """The options but the right one, in an order drawn by the question, not by their letters."""
    others = [option for place, option in enumerate(options) if place != right]
    return tuple(sorted(others, key=lambda option: stable_id("asserted", question, option)))


def list_options(options: Sequence[str]) -> str:
    """The options as lines that begin with their letters."""
    return "\n".join(
        f"{letter}. {option}" for letter, option in zip(ascii_uppercase, options, strict=False)
    )


def letter_place(letter: str, n_options: int, where: str) -> int:
    """Place of the option that a letter names.

    Raises:
        BadItems: no option has that letter.
    """
    place = ascii_uppercase.find(letter.strip()) if len(letter.strip()) == 1 else -1
    if not 0 <= place < n_options:
        raise BadItems(
            f"{where}, column 'answer': expected a letter from A to "
            f"{ascii_uppercase[n_options - 1]}, found {letter[:40]!r}; correct the row or take it out"
        )
    return place


def as_one_line(text: str) -> str:
    """The text without line breaks, and without the loose quote that ends some of MedQA's."""
    line = re.sub(r"\s+", " ", text).strip()
    return line[:-1].rstrip() if line.endswith('"') and line.count('"') % 2 else line
