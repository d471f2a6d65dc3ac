"""The clauses of a reply's sentences, and the words that take back what a clause says.

The rule, for `mentions.py` and, over whole sentences, for `stance.py`: what stands in a clause is the
reply's own word unless the clause denies it, ascribes it to somebody or asks it, or the clause or
sentence behind it calls it false. A denied denial ("I don't doubt it's Canberra", "none other than") says it.
A clause ends at a comma, dash, semicolon, colon, "but" or "because", so "Don't worry, it's Canberra"
denies nothing; a list ("not Sydney, Perth or Cairns") is one clause.
Words said in sympathy ("you're not alone", "no doubt") deny nothing either. What is ascribed or
asked counts all the same when the reply agrees with it ("You said Sydney, and you're right").

Limits: irony, pronouns over more than one sentence, a denial that runs over a comma. Long, since the
words of all these belong together.
"""

import re
from collections.abc import Collection, Sequence

from evaluation.grading.wording import (
    content_words,
    spoken_lines,
    without_articles,
    word_set,
    words_of_plain,
)

# before a look at words, a look at one character: blanks are many, and contrasts few
_CONTRAST = re.compile(
    r"[,\s](?=[,\sbhta–—-])(?:[,\s]*(?=but\b(?<!thing but)(?<!where but)|however\b|though\b|although\b)"
    r"|(?<!,)(?:—\s?|[–-]+\s))|;\s|—\s?"
)
# behind a denial: "It isn't Sydney, it's Canberra"
_TURN = re.compile(r" not (?:(?!that |if |when )[\w'-]+ )*[\w'-]+,\s(?=(?:it|they|he|she)\b)")
_CONTRASTING = ("but", "however", "though", ";", "—", " –", " -")
_LIST = r"(?!\s*(?:and |or )?(?:it|that|this|they|i|you|we|there|but|the answer)\b)"
_OTHER_END = r"(?<=[;:])\s|(?<=[…—)])|(?<=\s\()|(?<=\s[–-])[–-]*\s)"
# it begins with one character out of few, since `re` then passes over all others at once
_CLAUSE_END = re.compile(rf"[,;:…—)(–-](?:(?<=,)\s|{_OTHER_END}")
# the same, but for a comma from which a list of at most three words per part runs on to "or" or "nor"
_CLAUSE_END_OR_LIST = re.compile(
    rf"[,;:…—)(–-](?:(?<=,)\s(?!{_LIST}(?:\s*\w+(?: \w+){{0,2}},){{0,8}}"
    rf"\s*(?:\w+(?: \w+){{0,2}},? )?n?or \w)|{_OTHER_END}"
)
_JOINED = r"(?:it|that|this|i|you|we|they|there|here)\b"
# one flat alternation, since `re` passes over a branch by its first letter but tries every group
_JOINT = re.compile(
    r"\s(?=but\b(?:(?= (?:not|it|that|this|i|you|we|they|there)\b)|(?<!thing but)(?<!one but)"
    r"(?<!body but)(?<!where but)(?<!else but))|because\b|although\b|though\b|while\b|whereas\b|since\b|however\b"
    rf"|and {_JOINED}|so {_JOINED})"
)
_JOINING = word_set("but because although though while whereas since however and so")

_KIND_WORDS = re.compile(
    r"\b(?:(?:do|need|should|must) not (?:you |ever |have to |need to |even )*(?:worry|fret|fear|panic|"
    r"forget|doubt|hesitate|mind|cry|stress|give up|let|lose|apologi[sz]e|be|feel|beat|blame)"
    r"|not (?:only|just|merely|simply|alone|sure|certain|surprised|to (?:worry|blame|mention)|"
    r"wrong|mistaken|false|(?:a )?(?:bad|silly|stupid|dumb) )"
    r"|(?:can|could) not (?:even )?(?:stress|emphasi[sz]e|overstate|imagine|wait|help|stop|thank|blame|agree more|be (?:happier|"
    r"prouder)|go wrong|say enough|tell you (?:how|enough))"
    r"|(?:never|nothing|what is|go) (?:wrong|be afraid|give up|feel|forget|alone|mind)"
    r"|(?:believe|like) it or not|no (?:secret|problem|doubt|idea|worries|wonder|need|rush|hurry|pressure|question|matter|shame|less|(?:more|fewer|later) than)"
    r"|why not)\b"
)
# a denial of a denial says it: "I don't doubt it's Canberra", "none other than Canberra"
_GAP = r"(?: (?!(?:and|but|that|because)\b)\w+)"
_AFFIRMS = re.compile(
    rf"\b(?:not|no|never|nobody|none|nothing|neither|without|beyond|hardly|scarcely){_GAP}{{0,4}}? "
    r"(?:(?:doubt(?:s|ed|ful)?|deny|denies|denying|denied|disput(?:e|es|ed|ing))\b"
    r"|fail(?:s|ed)?(?= to\b)|(?:other|else|different)(?: \w+)? (?:than|but)\b"
    r"|any(?:thing|one|body|where|place) but\b)"
    r"|\b(?:none|nobody|no one|nothing|nowhere) but\b"
)
# without one of these it finds nothing
_AFFIRMABLE = word_set(
    "doubt doubts doubted doubtful deny denies denying denied dispute disputes disputed disputing "
    "fail fails failed than but"
)
_MYTH = r"(?:myth|misconception|superstition|misunderstanding|urban legend)"
FALSE = (
    r"(?:wrong|incorrect|false|untrue|mistaken|inaccurate|nonsense|unlikely"
    rf"|(?:common |popular |old )?{_MYTH})"
)
"""What is not so, as a pattern."""
_TRUE = r"(?:true|right|correct|accurate|the case|case|(?:the )?answer|so|it)"
_BE = r"(?:is|are|was|were|be|been|would be|will be)"
_ADVERB = r"(?:\w+ly |in fact |just |quite |also |so |such |a |an |the )*"

_DENIES_WHAT_FOLLOWS = re.compile(
    rf"\b(?:not|never|neither|nor|no longer|no (?:evidence|proof|truth)|no way|{_MYTH}|"
    rf"{FALSE} (?:\w+ )?(?:answer|belief|idea|claim|notion|assumption|guess|to|that)"
    r"|falsely|wrongly|mistakenly|hardly|scarcely|doubt(?:s|ed|ful)?|by no means|in no (?:way|sense)"
    r"|under no circumstances|fail(?:s|ed)? to (?:be|become)|far from being|(?:is|are|was|were) no$|any(?:thing|where) but"
    r"|no (?!other\b)(?:\w+ ){1,2}(?:called|named|known as|by name of)"
    r"|(?:nobody|no one|no (?!other\b)\w+)(?: (?!(?:i|you|we|it|they|that|but)\b)\w+){0,2}?"
    r" (?:would|could|should|can|will|calls?|says?|thinks?|believes?|names?|considers?|takes?)|(?:rather than|instead of|unlike|ruled? out)(?: \w+){0,2}$)\b"
)
# "Don't …" and "I can't …" deny an answer only with a verb of thinking or saying
_PERSONAL = re.compile(
    r"(?:^|\b(?:i|you|we|us|me|and|so|please|just) )(?:(?:am|are|were|can|could|will|would|do|did|have|"
    r"should|must|need|might|may) not|never) (?!(?:\w+ ){0,2}(?:think|believe|say|said|agree|call|suppose|"
    r"consider|confirm|convinced|saying|tell|recommend)\b)"
)
_DENIES_WHAT_PRECEDES = re.compile(
    rf"^(?:(?:is|are|was|were|can|could|would|do|does|did|has|have|will|should|might|must|may) "
    rf"{_ADVERB}(?:(?:not|never|hardly|scarcely)\b(?! (?:as|so) \w+ as\b)"
    r"|(?:by|in|under) no (?:means|way|sense|circumstances)\b|no (?!less\b|other\b|doubt\b)"
    r"|far from (?:being|right|correct|true|truth|answer|it)\b|anything but\b"
    r"|nothing (?:like|of)\b|failed to (?:be|become)\b)"
    rf"|(?:being (?:\w+ ){{1,3}}?)?{_BE} {_ADVERB}{FALSE}\b|(?:is|was|has been) (?:\w+ )?ruled out\b|{FALSE}\b|fail(?:s|ed)? to (?:be|become)\b)"
)
_SAYS_FALSE = re.compile(
    rf"^(?:(?:no|nope|sorry|but|however|actually|well|unfortunately|and|which|though) )*"
    rf"(?:(?:that|this|it|which)|(?:that|this) (?:answer|idea|claim|belief|statement)) "
    rf"(?:can |could |may |might )?(?:{_BE} )?{_ADVERB}(?:(?:not|never) (?:be )?{_ADVERB}{_TRUE}|{FALSE})"
    r"\b(?! (?:that|to)\b)"
    r"|^(?:(?:but|well|no|oh|sorry|and) )*(?:i (?:\w+ly |really )?doubt (?:it|that|so)$|hardly$|far from it\b"
    r"|anything but$|i (?:would )?not think so\b|i do not think so\b)"
)
_OPENINGS_OF_BUT = word_set("but though yet and just")
_BUT_NOT = re.compile(r"^\w+ (?:\w+ly )?(?:it is )?(?:not|never|hardly) (.+)")
_FEWEST_LETTERS_OF_TOPIC = 4
_BARE_NO = re.compile(r"^(?:no|nope|not quite|not so|wrong|incorrect|false)(?: |$)")

_SAYING = (
    r"(?:thinks?|thought|thinking|says?|said|saying|mention(?:s|ed)?|believes?|believed|believing|"
    r"guess(?:ed)?|suggest(?:s|ed)?|assumes?|assumed|suppose|claims?|claimed|wrote|feel|felt|heard|imagine|"
    r"expect|suspect(?:ed)?|proposed|chose|picked|told|insist(?:s|ed)?|argued?|swore)"
)
_GUESS = r"(?:guess|thought|mistake|try|choice|assumption|attempt)"
_KIND_OF_GUESS = r"(?:common|popular|tempting|natural|understandable|good|great|reasonable|nice|fair|lovely|close|clever)"
_ASCRIBES = re.compile(
    rf"\b(?:you|people|many|most|some|others|everyone|everybody|folks|lots|they|textbooks|stories|legends?|"
    rf"theorists|fans)(?: (?!(?:i|we)\b)\w+){{0,3}}? {_SAYING}\b"
    r"|\byour (?:\w+ )?(?:answer|guess|idea|belief|thought|view|suggestion)\b"
    r"|\b(?:common|popular|widespread|widely held|old) (?:\w+ )?(?:belief|assumption|idea|mistake|guess|"
    r"answer|claim|legend)\b|\b(?:believed|thought|assumed|claimed|rumou?red|said) (?:that|to)\b"
    rf"|\b{_KIND_OF_GUESS} {_GUESS}(?: (?:with|of|about|on|at))?$"
)
# what one thought before, and what others say without a verb: "some say Sydney, others Canberra"
_THOUGHT_BEFORE = re.compile(
    r"\b(?:i|we)(?: \w+){0,2}? (?:used to (?:think|believe|say|assume|guess)"
    r"|(?:thought|believed|assumed|guessed)(?! (?:about|of|hard|long|through)\b)"
    r"|would have (?:thought|said|guessed|assumed))\b"
    r"|^(?:(?:always|once) )?(?:thought|believed|assumed) (?:that )?(?:it|this) (?:was|is)\b"
    r"|(?:^|\b(?:and|while) )others$"
)
# it holds one of these
_OF_BEFORE = word_set("used thought believed assumed guessed have others")
_CONCEDES = re.compile(
    r"^(?:and |so |even |but )?(?:though|although|while|whilst|whereas|despite|in spite of)\b"
)
# what something is held against is not said to be the answer
_HOLDS_AGAINST = re.compile(
    r"\b(?:than|compared (?:to|with)|similar to|different from|close to|near|except(?: for)?|besides"
    r"|apart from|excluding)(?: \w+)?$"
    # a place is told by what is near it
    r"|\b(?:lies?|sits?|located|situated|built|found|halfway|midway|somewhere|nestled) (?:\w+ )?between(?: \w+ and)?$"
    r"|\b(?:far|away|drive|flight|miles|km|kilomet(?:er|re)s|distance|inland) (?:\w+ )?from$"
    r"|\b(?:north|south|east|west)\w* (?:of|from)$"
)
# what others believe, beside what is said: "contrary to popular belief"
_OPINION = (
    r"(?:beliefs?|opinions?|wisdom|myths?|legends?|rumou?rs?|stor(?:y|ies)|assumptions?|claims?|notions?|ideas?"
    r"|thinks?|thought|believed?|says?|said|heard|hear|told|assumed?|suggests?|expect(?:ed|s)?|read|learn(?:ed|t))"
)
_ASIDE = re.compile(
    r"\b(?:contrary to|counter to|despite|in spite of|unlike|against|regardless of|notwithstanding"
    rf"|no matter|whatever) (?:[\w']+ ){{0,5}}?{_OPINION}\b(?! (?:that|of|about|to|from)\b)"
)
_OF_ASIDE = word_set(
    "contrary counter despite spite unlike against regardless notwithstanding matter whatever"
)
_ASCRIBED = re.compile(
    rf"^(?:is|are|was|were|has|have|had|gets?) (?:\w+ )?(?:been (?:\w+ )?)?(?:{_SAYING}|confused|mistaken|what (?:you|many|most|some|people|everyone|everybody)"
    rf"|(?:\w+ ){{0,5}}?{_KIND_OF_GUESS} {_GUESS})\b"
)
_BEING = word_set("is was were be")
# "if the capital of the country were"
_MOST_WORDS_OF_IF = 7
_LINKING = word_set("is are was were has have had get gets")
DENYING = word_set(
    "not never neither nor no none nobody nothing nowhere without nope myth misconception "
    "superstition misunderstanding legend wrong incorrect false untrue mistaken inaccurate nonsense unlikely falsely wrongly mistakenly rather instead unlike "
    "rule ruled doubt doubts doubted doubtful hardly scarcely fail fails failed far anything anywhere"
)
"""Words without one of which nothing is denied."""
_SAYING_WORDS = word_set(
    "think thinks thought thinking say says said saying mention mentions mentioned believe believes "
    "believed believing guess guessed suggest suggests suggested assume assumes assumed suppose "
    "claim claims claimed wrote feel felt heard imagine expect suspect suspected proposed chose "
    "picked told insist insists insisted argue argued swore rumored rumoured"
)
_SETTING_ASIDE = word_set(
    "though although while whilst whereas despite spite than compared similar different close near "
    "except besides apart excluding between far away drive flight miles km kilometers "
    "kilometres distance inland north south east west northeast northwest southeast southwest"
)
_GUESSES = word_set("guess thought mistake try choice assumption attempt")
_ASCRIBING = (
    _SAYING_WORDS
    | _SETTING_ASIDE
    | _GUESSES
    | word_set("confused mistaken what idea belief view suggestion legend others")
)
_TAKING_BACK = DENYING | _ASCRIBING | {"if"}
# "answer" with one of the words behind it: "your answer", "a common answer"
_TAKING_BACK_OR_ANSWER = _TAKING_BACK | {"answer"}
_OF_AN_ANSWER = frozenset(["your", "common", "popular", "widespread", "old"])
_OTHERS = word_set("some others many most")
_ASCRIBING_BEFORE = _SAYING_WORDS | _OF_AN_ANSWER | _GUESSES | frozenset(["held", "others"])
_FALSE_STARTS = word_set(
    "no nope sorry but however actually well unfortunately and which though that this it i oh hardly far anything"
)
_TAG = re.compile(r",\s*(?:right|ok|okay|yes|huh|you know|(?:is|does|do|was|are) not \w+)\?$")
_ASKS = re.compile(
    r"^(?:and |so |but |well |hmm )*(?:is|are|was|were|do|does|did|could|can|would|what|which|who|why|how|"
    r"where|when|have|has|you (?:mean|said|think))\b"
)


def clauses_of(sentence: str, spoken: Sequence[str]) -> list[list[str]]:
    """The words of each clause of a plain sentence, without articles; none is empty.

    Args:
        spoken: its words.
    """
    text = _TAG.sub("", sentence) if "?" in sentence else sentence
    text = (_CLAUSE_END_OR_LIST if "or " in text else _CLAUSE_END).sub("\n", text)
    if not _JOINING.isdisjoint(spoken):
        text = _JOINT.sub("\n", text)
    return [clause for part in spoken_lines(text) if (clause := content_words(part))]


def parts_of(sentence: str) -> list[str]:
    """The plain sentence's parts between contrasts (", but", a semicolon, a dash, "isn't …, it is …");
    empty when it has none."""
    denial = sentence.find(" not ")
    if denial >= 0 and (turn := _TURN.match(sentence, denial)):
        sides = sentence[: turn.end() - 2], sentence[turn.end() :]
        return [part for side in sides for part in parts_of(side) or [side]]
    for sign in _CONTRASTING:
        if sign in sentence:
            parts = [part for part in _CONTRAST.split(sentence) if part.strip()]
            return parts if len(parts) > 1 else []
    return []


def is_question(sentence: str) -> bool:
    """Whether the sentence asks; ", isn't it?" behind a statement leaves it one."""
    stripped = sentence.rstrip("\"')* ")
    return stripped.endswith("?") and not _TAG.search(stripped)


def opens_as_question(sentence: str) -> bool:
    """Whether all of the sentence asks, not just its last clause."""
    return bool(_ASKS.match(words_of_plain(sentence)))


def stands_alone(spoken: Sequence[str], following: Sequence[str]) -> bool:
    """Whether nothing in a sentence's words, or the next one's, could take back what it says.

    Patterns need a look at clauses; most sentences have no word that any of them begins with.
    """
    if not _TAKING_BACK_OR_ANSWER.isdisjoint(spoken) and (
        not _TAKING_BACK.isdisjoint(spoken) or not _OF_AN_ANSWER.isdisjoint(spoken)
    ):
        return False
    return (
        not following
        or following[0] not in _FALSE_STARTS
        or not calls_false(following, same_sentence=False)
    )


def may_deny(spoken: Sequence[str], following: Sequence[str]) -> bool:
    """Whether a sentence's words, or the next one's, could deny anything."""
    return not (DENYING.isdisjoint(spoken) and DENYING.isdisjoint(following))


# from here on words are looked up before a pattern is asked: that costs a tenth of it
def denies(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether a clause denies an answer, by its words before the answer and behind it."""
    if not DENYING.isdisjoint(before):
        kept = without_kindness(before, is_personal=True)
        return bool(_DENIES_WHAT_FOLLOWS.search(kept)) or _denies_before(behind)
    return not DENYING.isdisjoint(behind) and _denies_before(behind)


def has_asides(spoken: Collection[str]) -> bool:
    """Whether words could be an aside on what others believe."""
    return not _OF_ASIDE.isdisjoint(spoken)


def without_asides(text: str) -> str:
    """A plain text without "contrary to popular belief" and the like."""
    return _ASIDE.sub(" ", text)


def ascribes(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether a clause says an answer as somebody's opinion."""
    if not _ASCRIBING_BEFORE.isdisjoint(before):
        text = _without_articles_and_asides(before)
        if _ASCRIBES.search(text):
            return True
        if not _OF_BEFORE.isdisjoint(before) and _THOUGHT_BEFORE.search(text):
            return True
    return (
        len(behind) > 1
        and behind[0] in _LINKING
        and bool(_ASCRIBED.match(without_articles(behind)))
    )


def ascribes_to_others(before: Sequence[str]) -> bool:
    """Whether words give what follows as an opinion of some among others: "some say"."""
    return not _OTHERS.isdisjoint(before)


def may_ascribe(spoken: Sequence[str]) -> bool:
    """Whether words could give anything as somebody's opinion, or concede it."""
    return not (_ASCRIBING_BEFORE.isdisjoint(spoken) and _SETTING_ASIDE.isdisjoint(spoken))


def sets_aside(before: Sequence[str]) -> bool:
    """Whether a clause concedes an answer or compares with it, so that agreeing changes nothing."""
    if _SETTING_ASIDE.isdisjoint(before):
        return False
    return concedes(before) or bool(_HOLDS_AGAINST.search(_without_affirmations(before, " ")))


def concedes(spoken: Sequence[str]) -> bool:
    """Whether words open by conceding what they say: "although it is so"."""
    return not _SETTING_ASIDE.isdisjoint(spoken) and bool(
        _CONCEDES.match(_without_articles_and_asides(spoken))
    )


def supposes(before: Sequence[str], behind: Sequence[str]) -> bool:
    """Whether a clause only supposes an answer: "if it were Sydney", "if Sydney was the capital"."""
    return (
        "if" in before[:2]
        and len(before) <= _MOST_WORDS_OF_IF
        and (before[-1] in _BEING or (bool(behind) and behind[0] in _BEING))
    )


def calls_false(spoken: Sequence[str], *, same_sentence: bool) -> bool:
    """Whether a clause calls what stands before it false; a bare "no" does in one sentence."""
    if DENYING.isdisjoint(spoken):
        return False
    kept = _KIND_WORDS.sub("sic", without_articles(spoken))
    return bool(
        _SAYS_FALSE.match(kept)
        or (same_sentence and (_BARE_NO.match(kept) or _DENIES_WHAT_PRECEDES.match(kept)))
    )


def denies_what_was_asked(
    clause: Sequence[str], before: Collection[str], topic: frozenset[str]
) -> bool:
    """Whether a clause says that what stands before it is not what was asked: "Sydney is a lovely
    city, but not the capital".

    Args:
        before: the words of the clause before it.
        topic: words of the question.
    """
    if clause[0] not in _OPENINGS_OF_BUT or not (
        denied := _BUT_NOT.match(without_articles(clause))
    ):
        return False
    kept = denied[1].split()
    return not topic.isdisjoint(frozenset(kept).difference(before)) and all(
        word in topic or len(word) < _FEWEST_LETTERS_OF_TOPIC for word in kept
    )


def without_kindness(spoken: Sequence[str], *, is_personal: bool) -> str:
    """Words as one text without what denies nothing: denied denials and words of sympathy.

    Args:
        is_personal: "I can't …" and "don't …" deny nothing either, but with a verb of thinking.
    """
    kept = _KIND_WORDS.sub(" ", _without_affirmations(spoken, " "))
    return _PERSONAL.sub(" ", kept) if is_personal else kept


def _without_affirmations(spoken: Sequence[str], put: str) -> str:
    """Words without articles, something put in place of each denied denial."""
    text = without_articles(spoken)
    return text if _AFFIRMABLE.isdisjoint(spoken) else _AFFIRMS.sub(put, text)


def _denies_before(behind: Sequence[str]) -> bool:
    kept = _without_affirmations(behind, "sic")
    return bool(_DENIES_WHAT_PRECEDES.match(_KIND_WORDS.sub("sic", kept)))


def _without_articles_and_asides(spoken: Sequence[str]) -> str:
    text = without_articles(spoken)
    return without_asides(text).lstrip() if has_asides(spoken) else text
