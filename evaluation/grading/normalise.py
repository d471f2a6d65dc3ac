"""One form for texts that are compared: the normal form of TriviaQA's evaluation.

Lower case, underscores and punctuation to blanks, the articles a, an and the dropped, runs
of blanks to one. Equal to the official script on its published examples, typographic quotes
included where that script covers them. Source: Joshi et al., "TriviaQA", ACL 2017.
"""

import re
import string

_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "‘’´`", " "))
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalise(text: str) -> str:
    """The text as answers are compared; empty when nothing but articles and signs was there."""
    without_signs = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", without_signs).split())
