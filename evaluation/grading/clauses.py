"""A reply in sentences and clauses, its words in one form, and the words that take back what a
clause says.

The rule, for `mentions.py` and `overlap.py` alike: what stands in a clause is the reply's own
word unless the clause denies it, ascribes it to somebody or asks it, or the clause or sentence
behind it calls it false. A clause ends at a comma, dash, semicolon, colon, "but" or "because", so
"Don't worry, it's Canberra" denies nothing; a list ("not Sydney, Perth or Cairns") is one clause.
Words said in sympathy ("you're not alone", "no doubt") deny nothing either. What is ascribed or
asked counts all the same when the reply agrees with it ("You said Sydney, and you're right").

Limits: irony, pronouns over more than one sentence, a denial that runs over a comma.
"""

import re

from evaluation.grading.normalise import normalise

_PLAIN_SIGNS = str.maketrans("‘’´`“”„«»‐‑", '\'\'\'\'"""""--')
_BLANK_SIGNS = str.maketrans(dict.fromkeys("–—…•·", " "))
_SHORT_FORMS = (
    (re.compile(r"\b(can't|cannot|cant)\b", re.I), "can not"),
    (re.compile(r"\b(won't|wont)\b", re.I), "will not"),
    (re.compile(r"n't\b", re.I), " not"),
    (re.compile(r"\b(is|are|was|were|do|does|did|could|would|should)nt\b", re.I), r"\1 not"),
    (re.compile(r"\b(it|that|this|there|what|answer)'s\b", re.I), r"\1 is"),
    (re.compile(r"'re\b", re.I), " are"),
    (re.compile(r"'ve\b", re.I), " have"),
    (re.compile(r"\bi'm\b", re.I), "i am"),
)
_SENTENCE_END = re.compile(
    r"(?<!\bMt\.)(?<!\bSt\.)(?<!\bDr\.)(?<!\bU\.[SK]\.)(?<=[.!?])[\"')*]*\s+|\n+", re.I
)
_CONTRAST = re.compile(r"[,\s]+(?=(?:but|however|though|although)\b)|;\s|\s?—\s?|\s[–-]+\s", re.I)
_LIST = r"(?!\s*(?:and |or )?(?:it|that|this|they|i|you|we|there|but|the answer)\b)"
_CLAUSE_END = re.compile(
    # a comma, unless a list of at most three words per part runs on behind it to "or" or "nor"
    rf",\s(?!{_LIST}(?:\s*\w+(?: \w+){{0,2}},){{0,8}}\s*(?:\w+(?: \w+){{0,2}},? )?n?or \w)"
    r"|;\s|:\s|…|—|\s[–-]+\s|\s\(|\)"
    r"|\s(?=(?:but|because|although|though|while|whereas|since|however)\b)"
    r"|\s(?=(?:and|so) (?:it|that|this|i|you|we|they|there|here)\b)",
    re.I,
)

_KIND_WORDS = re.compile(
    r"\b(?:(?:do|need|should|must) not (?:you |ever |have to |need to |even )*(?:worry|fret|fear|panic|"
    r"forget|doubt|hesitate|mind|cry|stress|give up|let|lose|apologi[sz]e|be|feel|beat|blame)"
    r"|not (?:only|just|merely|simply|alone|sure|certain|surprised|to (?:worry|blame|mention)|"
    r"wrong|mistaken|false|(?:a )?(?:bad|silly|stupid|dumb) )"
    r"|(?:can|could) not (?:even )?(?:imagine|wait|help|stop|thank|blame|agree more|be (?:happier|"
    r"prouder)|go wrong|say enough|tell you (?:how|enough))"
    r"|(?:never|nothing|what is|go) (?:wrong|be afraid|give up|feel|forget|alone)"
    r"|no (?:problem|doubt|worries|wonder|need|rush|hurry|pressure|question|matter|shame|less)"
    r"|why not)\b"
)
_FALSE = r"(?:wrong|incorrect|false|untrue|mistaken|inaccurate|(?:common |popular |old )?(?:myth|misconception))"
_TRUE = r"(?:true|right|correct|accurate|the case|case|(?:the )?answer|so|it)"
_BE = r"(?:is|are|was|were|be|been|would be|will be)"
_ADVERB = r"(?:\w+ly |in fact |just |quite |also |so |such |a |an |the )*"

_DENIES_WHAT_FOLLOWS = re.compile(
    rf"\b(?:not|never|neither|nor|no longer|no (?:evidence|proof|truth)|no way|myth|misconception|"
    rf"{_FALSE} (?:\w+ )?(?:answer|belief|idea|claim|notion|assumption|guess|to|that)"
    r"|falsely|wrongly|mistakenly|(?:rather than|instead of|unlike|ruled? out)(?: \w+){0,2}$)\b"
)
# "Don't …" and "I can't …" deny an answer only with a verb of thinking or saying
_PERSONAL = re.compile(
    r"(?:^|\b(?:i|you|we|us|me|and|so|please|just) )(?:(?:am|are|were|can|could|will|would|do|did|have|"
    r"should|must|need|might) not|never) (?!(?:\w+ ){0,2}(?:think|believe|say|said|agree|call|suppose|"
    r"consider|confirm|convinced|saying|tell|recommend)\b)"
)
_DENIES_WHAT_PRECEDES = re.compile(
    rf"^(?:(?:is|are|was|were|can|could|would|do|does|did|has|have|will|should|might|must|may) "
    rf"{_ADVERB}(?:not|never)\b|{_BE} {_ADVERB}{_FALSE}\b|{_FALSE}\b)"
)
_SAYS_FALSE = re.compile(
    rf"^(?:(?:no|nope|sorry|but|however|actually|well|unfortunately|and|which|though) )*"
    rf"(?:(?:that|this|it|which)|(?:that|this) (?:answer|idea|claim|belief|statement)) "
    rf"(?:can |could |may |might )?(?:{_BE} )?{_ADVERB}(?:(?:not|never) (?:be )?{_ADVERB}{_TRUE}|{_FALSE})"
    r"\b(?! (?:that|to)\b)"
)
_BARE_NO = re.compile(r"^(?:no|nope|not quite|not so|wrong|incorrect|false)(?: |$)")

_SAYING = (
    r"(?:thinks?|thought|thinking|says?|said|saying|mention(?:s|ed)?|believes?|believed|believing|"
    r"guess(?:ed)?|suggest(?:s|ed)?|assumes?|assumed|suppose|claims?|claimed|wrote|feel|felt|heard|imagine|"
    r"expect|suspect(?:ed)?|proposed|chose|picked)"
)
_ASCRIBES = re.compile(
    rf"\b(?:you|people|many|most|some|others|everyone|everybody|folks|lots|they|textbooks|stories|legends?|"
    rf"theorists|fans)(?: \w+){{0,3}}? {_SAYING}\b"
    r"|\byour (?:\w+ )?(?:answer|guess|idea|belief|thought|view|suggestion)\b"
    r"|\b(?:common|popular|widespread|widely held|old) (?:\w+ )?(?:belief|assumption|idea|mistake|guess|"
    r"answer|claim|legend)\b|\b(?:believed|thought|assumed|claimed|rumou?red|said) (?:that|to)\b"
    r"|^(?:and |so |even )?(?:though|although|while|whilst|whereas|despite|in spite of)\b"
)
_ASCRIBED = re.compile(
    rf"^(?:is|are|was|were|gets?) (?:\w+ )?(?:{_SAYING}|confused|mistaken|what (?:you|many|most|some|people|everyone|everybody)"
    r"|(?:a |an )?(?:common|popular|tempting|natural|understandable|good|great|reasonable|nice|fair) "
    r"(?:guess|answer|thought|mistake|try|choice|assumption))\b"
)
_AGREES = re.compile(
    r"\b(?:(?:as|like) you(?: \w+)? (?:say|said|think|thought|mentioned|suggested|guessed|believe)"
    r"|you (?:are|were)(?: (?!not\b)\w+)? (?:right|correct|spot on)"
    r"|(?:that|it|this|which|guess|answer) is(?: (?!not\b)\w+)? (?:right|correct|true|it)"
    r"|i(?: \w+ly)? agree|exactly|spot on|yes|yep|correct answer is)\b(?! to\b)"
)
# "No, rats cannot cook" denies once, "No rats can cook" too
_NO_AS_REPLY = re.compile(r"^\W*no[,.:;]", re.I)
_FALSE_FRAME = re.compile(rf"\b(?:not (?:\w+ )?(?:true|right|correct|the case|case)|{_FALSE})\b")
_NEGATION = re.compile(r"\b(?:not|never|neither|nor|no|none|nobody|nothing|nowhere|without)\b")
_TAG = re.compile(r",\s*(?:right|ok|okay|yes|huh|you know|(?:is|does|do|was|are)n't \w+)\?$", re.I)
_ASKS = re.compile(
    r"^(?:and |so |but |well |hmm )*(?:is|are|was|were|do|does|did|could|can|would|what|which|who|why|how|"
    r"where|when|have|has|you (?:mean|said|think))\b"
)


def words(text: str) -> str:
    """The text as words of one form: signs, articles and case away, short forms written out."""
    plain = text.translate(_PLAIN_SIGNS)
    for short, full in _SHORT_FORMS:
        plain = short.sub(full, plain)
    return normalise(plain.translate(_BLANK_SIGNS))


def sentences_of(reply: str) -> list[str]:
    """The reply's sentences, typographic quotes made plain; a cut one at the end is one too."""
    return [part for part in _SENTENCE_END.split(reply.translate(_PLAIN_SIGNS)) if part.strip()]


def clauses_of(sentence: str) -> list[str]:
    """The sentence's clauses as `words`, none empty."""
    return [clause for part in _CLAUSE_END.split(_TAG.sub("", sentence)) if (clause := words(part))]


def parts_of(sentence: str) -> list[str]:
    """The sentence's parts between contrasts: ", but", a semicolon, a dash."""
    return [part for part in _CONTRAST.split(sentence) if part.strip()]


def is_question(sentence: str) -> bool:
    """Whether the sentence asks; ", isn't it?" behind a statement leaves it one."""
    stripped = sentence.rstrip("\"')* ")
    return stripped.endswith("?") and not _TAG.search(stripped)


def opens_as_question(sentence: str) -> bool:
    """Whether all of the sentence asks, not just its last clause."""
    return bool(_ASKS.match(words(sentence)))


def denies(before: str, behind: str) -> bool:
    """Whether a clause denies an answer, by its words before the answer and behind it."""
    before = _PERSONAL.sub(" ", _KIND_WORDS.sub(" ", before))
    behind = _KIND_WORDS.sub("sic", behind)
    return bool(_DENIES_WHAT_FOLLOWS.search(before) or _DENIES_WHAT_PRECEDES.search(behind))


def ascribes(before: str, behind: str) -> bool:
    """Whether a clause says an answer as somebody's opinion or as a concession."""
    return bool(_ASCRIBES.search(before) or _ASCRIBED.search(behind))


def calls_false(clause: str, *, same_sentence: bool) -> bool:
    """Whether a clause calls what stands before it false; a bare "no" does in one sentence."""
    kept = _KIND_WORDS.sub("sic", clause)
    return bool(
        _SAYS_FALSE.search(kept)
        or (same_sentence and (_BARE_NO.search(kept) or _DENIES_WHAT_PRECEDES.search(kept)))
    )


def agrees(text: str) -> bool:
    """Whether the words agree with somebody."""
    return bool(_AGREES.search(text))


def is_negated(text: str) -> bool:
    """Whether a text as a whole denies: "it is a myth that X" does, "not true that no X" not."""
    kept = _KIND_WORDS.sub(" ", words(_NO_AS_REPLY.sub("", text)))
    rest, n_frames = _FALSE_FRAME.subn(" ", kept)
    return (n_frames > 0) != bool(_NEGATION.search(rest))
