"""Examination questions in the words of somebody who asks about a case, by rule.

The case stays word for word; the question behind it no longer speaks of options ("Which of the
following drugs is best?" becomes "Which drug is best?"), and a few words go before the case. An
item is reworded once, when it is loaded, so it reads the same in every condition. What cannot be
asked without its options, or without a picture, is told by `doubt_of`.
"""

import re

_CASE = "I'm looking at a case."
_TEXT = "I'm looking at this."

_PATIENT = re.compile(
    r"\b(?:\w+[- ](?:year|month|week|day)s?[- ]old|patient|man|woman|boy|girl|infant|newborn|child|"
    r"mother|gravida|primigravid|G\d P\d)\b",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<!\bvs\.)(?<!\bDr\.)(?<!\bSt\.)(?<=[.?!:\"])\s+(?=[\"“(A-Z0-9])|\n+")
# what ends the noun in "which of the following early findings would …"; "causes" is a verb before
# other words, and the noun itself at the end
_AFTER_NOUN = (
    "is are was were would will should could can may might must has have had does do did best most "
    "more also likely directly correctly accurately currently primarily normally typically in on of "
    "to for from with by at about that explains? describes? represents? accounts? confirms? "
    "requires? contribute[sd]? cause[sd]? increases? decreases? supports? suggests? indicates? "
    "predispose[sd]? led serves? occurs? occurred corresponds? characterizes? provides? prevents? "
    "produces? inhibits? shows? follows? given found seen associated responsible used concerning "
    "regarding after during if when as"
).replace(" ", "|")
_OPTIONS = re.compile(
    r"\b(?P<first>[Ww])hich (?:one )?(?:of )?(?:(?:the|these) )?following\b(?: (?:options?|choices?))?"
    r"(?P<noun>(?: [\w'’/-]+)*?)"
    rf"(?P<next>$|[ ]?[?:.,;(]| (?:{_AFTER_NOUN})\b(?!\s*(?:[?:.]|$))"
    # any verb: "which of the following underlies the patient’s condition"
    r"| \w+ (?:the|this|these|his|her|their|an?)\b)"
)
_AMONG_OPTIONS = re.compile(
    r"^(?:Of|Given|Among|From) the following(?: (?:options|choices))?, (?:which|what)\b", re.I
)
_ASKS = re.compile(r"\b[Ww]hich of\b")
_PLURAL_VERBS = frozenset(["are", "were", "have", "do"])
_IRREGULAR = {
    "criteria": "criterion",
    "bacteria": "bacterium",
    "diagnoses": "diagnosis",
    "analyses": "analysis",
    "prognoses": "prognosis",
    "viruses": "virus",
    "biases": "bias",
    "indices": "index",
}

_PICTURE = "figure|image|exhibit|photograph|picture|illustration|diagram|graph"
_TAKEN = (
    "photo\\w*|x-ray|radiograph|ecg|ekg|electrocardiogram|scan|mri|ct|smear|biopsy|ultraso\\w+|"
    "micrograph|histology|specimen|tracing|pedigree|rash|lesions?|section|loop"
)
_PICTURED = "shown|depicted|pictured|illustrated"
_SHOWN = f"{_PICTURED}|displayed|provided"
_NEEDS_PICTURE = re.compile(
    # "Figure 1", "the image below"
    rf"\b(?:{_PICTURE}|figures|images) (?:[A-Z]\b|\d|above|below)"
    # "see image", "shown in the picture", "shown on the ultrasound"
    rf"|\b(?:see|view|refer to|(?:seen|{_SHOWN}) (?:in|on)) (?:the )?(?:\w+ )?"
    rf"(?:{_PICTURE}|photo|ultrasound|arrow)s?\b"
    # "An x-ray of the chest is shown", "Results are shown.", "shown below", "as shown"
    rf"|\b(?:{_PICTURE}|{_TAKEN})\b[^.?!]{{0,80}}?\b(?:is|are) (?:{_SHOWN})\b"
    rf"|\b(?:is|are) (?:{_PICTURED})(?: (?:here|below|above))?(?=[.,;])"
    rf"|\b(?:{_PICTURED}) (?:here|below|above)\b|\bas (?:{_PICTURED})\b"
    # "Refer to the summary above", "the dashed line"
    r"|\b(?:refer to|according to|based on) the \w+ above\b"
    r"|\b(?:dashed|dotted|solid|red|blue) (?:line|curve)",
    re.I,
)
# "Laboratory results are shown below:" goes before text
_TABLE_FOLLOWS = re.compile(
    r"\b(?:laborator|studies|results?|values?|levels?|tests?|table|rates?)\w*\b[^.?!:]*\b(?:is|are) "
    r"(?:shown|provided|displayed)(?: (?:here|below|above|as follows))?:",
    re.I,
)
_NEEDS_OPTIONS = re.compile(
    # "in the following manner:", "causes EXCEPT?", "would NOT be expected"
    r"\bthe following\b[^.?!]*[?:\"]?\s*$|\b(?:EXCEPT|NOT|LEAST)\b|\bexcept\s*[:?]?\s*$|\bleast likely\b"
    # "what is most likely true", "which statement", "the most accurate statement"
    r"|\b[Ww]h(?:at|ich)\b[^.?!]*\b(?:is|are) "
    r"(?:not|false|incorrect|(?:most |also |likely |necessarily |to be )*(?:true|correct|accurate))\b"
    r"|\b[Ww]hich (?:\w+ ){0,3}?(?:statement|set|combination|pair|choice|option|row|curve|graph|point|"
    r"letter)s?\b|\b(?:true|correct|accurate) statement"
    # marks of options that are rows of a table
    r"|\$\$\$|%%%"
)
_STILL_AMONG = re.compile(r"\bwhich (?:one )?of (?:the|these) following\b", re.I)


def reword(question: str) -> str:
    """The question as a user would ask it; empty when it is empty."""
    tidy = _without_loose_quote(question)
    if not tidy:
        return ""
    case, ask = _split(tidy)
    asked = _as_question(_OPTIONS.sub(_without_options, _AMONG_OPTIONS.sub("What", ask)))
    if not case:
        return asked
    lead = _CASE if _PATIENT.search(case) else _TEXT
    return f"{lead} {case}{asked}"


def doubt_of(question: str) -> str | None:
    """Why a reworded question cannot be asked in free text.

    Returns:
        `picture` or `needs_options`; None when it can.
    """
    without_tables = _TABLE_FOLLOWS.sub(" ", question)
    if _NEEDS_PICTURE.search(without_tables):
        return "picture"
    if _STILL_AMONG.search(question) or _NEEDS_OPTIONS.search(_split(question)[1]):
        return "needs_options"
    return None


def _split(text: str) -> tuple[str, str]:
    """The case with the blanks behind it, and the question: the last sentence that asks, and on."""
    starts = [0, *(found.end() for found in _SENTENCE_END.finditer(text))]
    ends = [*starts[1:], len(text)]
    asks = [
        start
        for start, end in zip(starts, ends, strict=True)
        if "?" in text[start:end] or _ASKS.search(text[start:end])
    ]
    start = asks[-1] if asks else starts[-1]
    return text[:start].lstrip(), text[start:].strip()


def _without_options(found: re.Match[str]) -> str:
    first, noun, behind = found["first"], found["noun"].strip(), found["next"]
    if not noun:
        return ("What" if first == "W" else "what") + behind
    if behind.strip().lower() not in _PLURAL_VERBS:
        noun = _singular(noun)
    return f"{first}hich {noun}{behind}"


def _singular(noun: str) -> str:
    """Words with the last one in the singular; unchanged where it is none in the plural."""
    *before, last = noun.split(" ")
    lower = last.lower()
    if lower in _IRREGULAR:
        last = _IRREGULAR[lower]
    elif lower.endswith("ies"):
        last = last[:-3] + "y"
    elif re.search(r"(?:sses|xes|ches|shes)$", lower):
        last = last[:-2]
    elif lower.endswith("s") and not re.search(r"(?:ss|us|is)$", lower):
        last = last[:-1]
    return " ".join([*before, last])


def _as_question(ask: str) -> str:
    """A question mark in the place of a colon, and "what?" behind a sentence left open."""
    if not ask.endswith(":"):
        return ask
    open_end = ask[:-1].rstrip()
    has_asked = re.search(r"\b(?:what|which)\b", open_end, re.I)
    return f"{open_end}?" if has_asked else f"{open_end} what?"


def _without_loose_quote(question: str) -> str:
    text = question.strip()
    if text.count('"') % 2:
        if text.endswith('"'):
            text = text[:-1].rstrip()
        elif text.startswith('"'):
            text = text[1:].lstrip()
    return text
