"""A reply's text in one form: its sentences, and its words without case, signs or short forms.

Answers, questions and replies are all compared in this form. What clauses say is told in
`clauses.py`; the form of TriviaQA's own evaluation is in `normalise.py`.
"""

import re
import string
from collections.abc import Sequence


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for looking up others among them."""
    return frozenset(text.split())


_PLAIN_SIGNS = (("’", "'"), ("‘", "'"), ("´", "'"), ("`", "'"), ("“", '"'), ("”", '"'), ("„", '"'),
    ("«", '"'), ("»", '"'), ("‐", "-"), ("‑", "-"))  # fmt: skip
# replaced one after the other: searches for a fixed text take a tenth of the time of one pattern
# that offers all of them; each group by what all of it have
_SHORT_FORMS = (
    ("n't", (("can't", "can not"), ("won't", "will not"), ("n't", " not"))),
    ("'s", (("it's", "it is"), ("that's", "that is"), ("this's", "this is"),
        ("there's", "there is"), ("what's", "what is"), ("answer's", "answer is"))),
    ("'re", (("'re", " are"),)), ("'ve", (("'ve", " have"),)),
    ("i'", (("i'd", "i would"), ("i'm", "i am"))),
)  # fmt: skip
_BARE_FORMS = {"cant": "can not", "wont": "will not"} | {
    f"{verb}nt": f"{verb} not"
    for verb in ("is", "are", "was", "were", "do", "does", "did", "could", "would", "should")
}
_BARE = re.compile(rf"\b(?:{'|'.join(_BARE_FORMS)})\b")
# as bytes, which takes an eighth of the time that text takes
_BLANKS = bytes(32 if chr(code) in string.punctuation else code for code in range(256))
_OTHER_BLANKS = "‘’´–—…•·"
_ARTICLES = (" the ", " a ", " an ")
_CLOSINGS = tuple(
    (closing[0], f"{closing} ", [(f"{sign}{closing} ", f"{sign}{closing}\n") for sign in ".!?"])
    for closing in ('"', "'", ")", "*", "**")
)
BARE_FORMS = frozenset(_BARE_FORMS)
"""Words that `spell_out` changes."""
_SHORTENED = (" mt.", " st.", " dr.", " mr.", " ms.", " mrs.", " u.s.", " u.k.", " e.g.", " i.e.")


def plain(text: str) -> str:
    """The text in lower case, typographic signs made plain and short forms written out."""
    lower = text.lower().replace("cannot", "can not")
    if not lower.isascii():
        for sign, plain_sign in _PLAIN_SIGNS:
            lower = lower.replace(sign, plain_sign)
    if "'" in lower:
        for sign, forms in _SHORT_FORMS:
            if sign in lower:
                for short, full in forms:
                    lower = lower.replace(short, full)
    return lower


def spell_out(text: str) -> str:
    """A plain text with short forms that lack their apostrophe written out."""
    return _BARE.sub(lambda match: _BARE_FORMS[match[0]], text)


def words(text: str) -> str:
    """The text as words of one form: signs, articles and case away, short forms written out."""
    return words_of_plain(spell_out(plain(text)))


def words_of_plain(text: str) -> str:
    """The same of a text that is `plain` already."""
    return without_articles(spoken_words(text))


def without_articles(spoken: Sequence[str]) -> str:
    """Words as one text, the articles left out."""
    form = f" {' '.join(spoken)} "
    for article in _ARTICLES:
        while article in form:
            form = form.replace(article, " ")
    return form[1:-1]


def spoken_words(text: str) -> list[str]:
    """All words of a text that is `plain`, articles too."""
    return _without_signs(text).split()


def spoken_words_of(sentences: Sequence[str]) -> list[list[str]]:
    """The same of each of several sentences, none of which has a line break."""
    if not sentences:
        return []
    return [sentence.split() for sentence in _without_signs("\n".join(sentences)).split("\n")]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text that is `plain`; a cut one at the end is one too."""
    text = text.replace(". ", ".\n")
    for sign in "!?":
        if sign in text:
            text = text.replace(f"{sign} ", f"{sign}\n")
    for sign, closing, ends in _CLOSINGS:
        # looking for one sign is nearly free
        if sign in text and closing in text:
            for end, end_of_line in ends:
                text = text.replace(end, end_of_line)
    sentences: list[str] = []
    is_open = False
    for part in text.split("\n"):
        if is_open:
            sentences[-1] += f" {part}"
        elif part and not part.isspace():
            sentences.append(part)
        is_open = bool(sentences) and part.endswith(_SHORTENED)
    return sentences


def _without_signs(text: str) -> str:
    """The text with a blank in place of every sign."""
    if text.isascii():
        return text.encode().translate(_BLANKS).decode()
    # JSON can hold half a surrogate pair
    text = text.encode(errors="surrogatepass").translate(_BLANKS).decode(errors="surrogatepass")
    for sign in _OTHER_BLANKS:
        text = text.replace(sign, " ")
    return text
