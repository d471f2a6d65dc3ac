"""A reply's text in one form: its sentences, and its words without case, signs or short forms.

Answers, questions and replies are all compared in this form. What clauses say is told in
`clauses.py`; the form of TriviaQA's own evaluation is in `normalise.py`.
"""

import re
import string
from collections.abc import Iterable, Sequence
from itertools import filterfalse


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for looking up others among them."""
    return frozenset(text.split())


PEOPLE = word_set("i you your we us our my me let yourself myself")
"""Words about those who talk."""
_PLAIN_SIGNS = (("’", "'"), ("‘", "'"), ("´", "'"), ("ʼ", "'"), ("`", "'"), ("“", '"'), ("”", '"'), ("„", '"'),
    ("«", '"'), ("»", '"'), ("‐", "-"), ("‑", "-"))  # fmt: skip
# each begins with the apostrophe, which `re` finds at once
_SHORT = re.compile(
    r"'(?:re|ve|[dm](?<=i'[dm])"
    r"|s(?:(?<=it's)|(?<=that's)|(?<=this's)|(?<=there's)|(?<=what's)|(?<=answer's)"
    # what is owned has no article and no "not" before it; "let's not" is "let us not"
    r"|(?<!let's)(?= (?:not|never|no|an?|the|what|anything|nothing|hardly)\b)))"
)
_SHORT_FORMS = {"'re": " are", "'ve": " have", "'s": " is", "'d": " would", "'m": " am"}
_BARE_FORMS = {"cant": "can not", "wont": "will not"} | {
    f"{verb}nt": f"{verb} not"
    for verb in ("is", "are", "was", "were", "do", "does", "did", "could", "would", "should")
}
_BARE = re.compile(rf"\b(?:{'|'.join(_BARE_FORMS)})\b")
ENDEARMENTS = word_set("my dear dearest friend sweetheart sweetie honey hon darling love buddy")
"""Words with which one is called in the middle of what is said."""
STOP_WORDS = word_set(
    "what which does that this with from have many much there when where most into than your "
    "about would should could will they their them were been being"
)
"""Words that say little of what a text is about."""
SHORT_STOP_WORDS = word_set(
    "and are but can did does for get had has have her him his how its not one our out she the was "
    "way who why yes you your all any may just like make people said say says think"
)
"""Others of three letters, and words of talk."""
# as bytes, which takes an eighth of the time that text takes
_BLANKS = bytes(32 if chr(code) in string.punctuation else code for code in range(256))
_OTHER_BLANKS = "–—…•·"
_ARTICLES = frozenset(["a", "an", "the"])
_END = re.compile(r"[.!?](?:[\"')]|\*\*?)? ")
BARE_FORMS = frozenset(_BARE_FORMS)
"""Words that `spell_out` changes."""
_SHORTENED = (" mt.", " st.", " dr.", " mr.", " ms.", " mrs.", " u.s.", " u.k.", " e.g.", " i.e.")


def plain(text: str) -> str:
    """The text in lower case, typographic signs made plain and short forms written out."""
    return plain_of_lower(text.lower())


def plain_of_lower(text: str) -> str:
    """The same of a text in lower case."""
    text = text.replace("cannot", "can not")
    if not text.isascii():
        for sign, plain_sign in _PLAIN_SIGNS:
            text = text.replace(sign, plain_sign)
    if "'" not in text:
        return text
    if "n't" in text:
        text = text.replace("can't", "can not").replace("won't", "will not").replace("n't", " not")
    return _SHORT.sub(lambda match: _SHORT_FORMS[match[0]], text)


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
    return " ".join(filterfalse(_ARTICLES.__contains__, spoken))


def content_words(spoken: Sequence[str]) -> list[str]:
    """Words without the articles."""
    return list(filterfalse(_ARTICLES.__contains__, spoken))


def first_word(spoken: Iterable[str]) -> str:
    """The first of words that is no article; empty where there is none."""
    for word in spoken:
        if word not in _ARTICLES:
            return word
    return ""


def spoken_words(text: str) -> list[str]:
    """All words of a text that is `plain`, articles too."""
    return _without_signs(text).split()


def spoken_lines(text: str) -> list[list[str]]:
    """The same of each line of such a text."""
    return [line.split() for line in _without_signs(text).split("\n")]


def sentences_of(text: str) -> list[str]:
    """The sentences of a text that is `plain`; a cut one at the end is one too."""
    parts = _END.sub(_end_line, text).split("\n")
    for part in parts:
        if part.endswith(_SHORTENED):
            parts = _join_titles(parts)
            break
    return [part for part in parts if part and not part.isspace()]


def _end_line(end: re.Match[str]) -> str:
    return end[0][:-1] + "\n"


def _join_titles(parts: Iterable[str]) -> list[str]:
    """The parts of a text, what ends with a title joined to what stands behind it."""
    joined: list[str] = []
    is_open = False
    for part in parts:
        if is_open:
            joined[-1] += f" {part}"
        else:
            joined.append(part)
        is_open = part.endswith(_SHORTENED)
    return joined


def _without_signs(text: str) -> str:
    """The text with a blank in place of every sign."""
    if text.isascii():
        return text.encode().translate(_BLANKS).decode()
    # JSON can hold half a surrogate pair
    text = text.encode(errors="surrogatepass").translate(_BLANKS).decode(errors="surrogatepass")
    for sign in _OTHER_BLANKS:
        text = text.replace(sign, " ")
    return text
