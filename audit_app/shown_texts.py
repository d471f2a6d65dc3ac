"""Shown texts: what raters and auditors see of a text, without the habits that would tell a model.

A model that begins each reply with an empty line, or indents it, is known after a few pairs. What
is stored stays as it came; quotes are looked for in what was shown.
"""

import re

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")
_LINE_ENDS = re.compile(r"[^\S\n]+$", re.MULTILINE)


def as_shown(text: str) -> str:
    """A text without blanks around it and at line ends, and with at most one empty line in a row."""
    level = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("", level)).strip()
