"""Blinding lint: what in a reply would tell a rater which model, or that something broke.

Four rules over a reply's text and its finish reason, each with an excerpt of what it found.
They hold a model that speaks of itself, not a reply about models: the answer to "Who founded
Google?" passes. Who is kept from raters, and released again, is in `audit_app/holds.py`.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

LINTER = "lint-1"
"""Stored with what it finds; another set of rules gets another name."""

Rule = Literal["self_identification", "template_residue", "truncation", "error_text"]
RULES: tuple[Rule, ...] = get_args(Rule)

_EXCERPT_CHARACTERS = 100

_MACHINE = (
    r"(?:(?i:responsible|helpful|harmless|honest|ethical|friendly|trained|free|open(?:-source)?"
    r"|advanced|and),? ){0,4}"
    r"(?i:(?:AI|artificial intelligence)(?: \(AI\))?(?:[ -]?(?:powered|based))?"
    r"(?: (?:(?:large )?language|text-based|chat|virtual|digital|conversational))?"
    r"(?: (?:model|assistant|chat ?bot|bot|system|program|entity|tool))?"
    r"|(?:large |small )?language model|chat ?bot|computer program|neural network"
    r"|(?:virtual|digital|conversational|helpful) assistant)"
)
# "I am an AI researcher" and "an AI assistant manager" go on with what a person is
_ENDS = (
    r"(?=\s*(?:[.,;:!?)\"\u2014-]|$)|\s+(?i:and|but|so|that|who|which|with|without|trained|created"
    r"|developed|made|built|designed|programmed|here|named|called|by|from|in|to|I|not)\b)"
)
_MAKERS = (
    r"(?:Smol ?LM\w*|Open ?Assistant|Hugging ?Face|Chat ?GPT|GPT-?\d\w*|Open ?AI|L[lL]a[mM][aA](?:[ -]?\d\S*)?"
    r"|Meta(?: AI)?|Mi[sx]tral(?: AI)?|Qwen\S*|Alibaba(?: Cloud)?|Tongyi|Gemma|Gemini|Bard|Google"
    r"|DeepMind|Vicuna|DeepSeek|Claude|Anthropic|Microsoft|Copilot|xAI|Grok)"
)
_MADE = r"(?i:made|created|trained|developed|built|designed|programmed|fine-?tuned)"

_SELF_IDENTIFICATION = re.compile(
    # whoever says it, no question of a study is about this project's base model
    r"\bSmol ?LM\w*"
    rf"|\b(?i:as) (?i:an?|your) {_MACHINE}(?:,? {_MADE} by [^.,\n]{{1,60}})?,?\s+(?i:I|my|we)\b"
    # at the start of a sentence nobody else can be meant
    rf"|(?:\A|[.!?:\n(]\s*|\b(?i:but|sorry|sorry,|remember|that) )(?i:as an?) {_MACHINE}(?:,| designed to)"
    rf"|\b(?:[Mm]y [\w' ]{{1,40}}"
    r"|[Ii](?: can't| cannot| don't| do not| am not|'m not| have no| lack| only)\b[^.!?\n]{1,80})"
    rf" (?i:as an?) {_MACHINE}{_ENDS}"
    rf"|\b[Ii](?:'m| am)(?: (?i:just|only|merely|simply|still|actually|also))?"
    rf" (?i:an?|your|the) {_MACHINE}{_ENDS}"
    # a name that goes on, as in "I am Claude Monet", is another's
    rf"|\b(?i:I am|I'm|my name is|you can call me|I am called|I'm called) {_MAKERS}\b(?! [A-Z])"
    rf"|\b(?i:I am|I'm|my name is|call me|refer to me as) [A-Z][\w-]*, (?i:an?|your) {_MACHINE}{_ENDS}"
    rf"|\b(?i:as) {_MAKERS}, I\b"
    rf"|\b[Ii](?: was| am|'m| have been|'ve been) {_MADE} (?i:by|at) (?:[\w'-]+ ){{0,5}}{_MAKERS}\b"
    r"|\b[Ii](?: was| am|'m| have been|'ve been) (?i:trained|programmed|fine-?tuned) "
    r"(?i:on (?:[\w'-]+ ){0,5}(?:data|datasets?|texts?|corpus|conversations)\b"
    r"|to (?:assist|help|answer|respond|provide|give|generate)\b)"
    r"|\b(?i:my training data|my knowledge cut-?off)\b"
)

# one of these stands in all that the pattern can find; looking for them first takes an eighth of
# the time, and an app that starts over 20,000 replies looks at each
_SELF_HINTS = (
    *(" ai", "artificial intelligence", "language model", "chat bot", "chatbot", "assistant"),
    *("computer program", "neural network", "training data", "knowledge cut"),
    *("trained", "programmed", "tuned", "smol", "gpt", "openai", "open ai", "hugging"),
    *("llama", "meta", "mistral", "mixtral", "qwen", "alibaba", "tongyi", "gemma", "gemini"),
    *("bard", "google", "deepmind", "deepseek", "vicuna", "claude", "anthropic", "microsoft"),
    *("copilot", "xai", "grok"),
)

_TEMPLATE_RESIDUE = re.compile(
    r"\A\s*(?i:assistant|user|system|human|ai|bot)[ *]*(?::|\n|\Z)"
    r"|\A\s*model\s*\n"
    # detokenised without the line break that follows the role
    r"|\A\s*(?:assistant|user|system)(?=[A-Z])"
    r"|\n\s*(?:\*\*)?(?:Assistant|User|Human|System)(?:\*\*)? ?:"
    r"|<\|[^|<>\n]{1,40}\|>"
    r"|\[/?INST\]|<</?SYS>>|\[(?:PAD|UNK|BOS|EOS|SEP|CLS)\]"
    r"|</?s>|<(?:bos|eos|pad|unk|start_of_turn|end_of_turn|endoftext)>|</?think>"
    r"|(?:\A|\n)\s*#{2,4} ?(?:Response|Instruction|Input|Output|Assistant|Human|User|System) ?:"
    r"|\{[{%]-? ?(?:user|assistant|system|messages?|prompt|bos_token|for message)\b"
)

_ERROR_NAMES = (
    r"(?i:internal server error|bad gateway|service (?:temporarily )?unavailable"
    r"|gateway time-?out|too many requests|bad request|not found|unauthorized|forbidden"
    r"|rate limit (?:exceeded|reached)|request timed out|connection refused"
    r"|payload too large|model is overloaded)"
)
_ERROR_START = re.compile(
    # an explanation of such an error begins or goes on with words of its own
    rf"\A[\W_]*(?:HTTP\S* )?(?i:error:? ?)?(?:(?i:code:? ?)?[45]\d\d\W{{0,3}})?{_ERROR_NAMES}"
    r"[.:!]?\s*(?:\Z|\n|\{)"
    r"|\A\s*(?i:error code: [45]\d\d)\b"
    r"|\A\s*\{\s*\"(?:error|detail|error_type)\"\s*:"
    r"|\A\s*Traceback \(most recent call last\):"
    r"|\A\s*(?:RuntimeError: |torch\.\S+: )?CUDA (?:error|out of memory)"
    r"|\A\s*upstream connect error"
    r"|\A\s*<(?:!(?i:doctype) )?(?i:html)\b(?s:.){0,400}<(?i:title|h1)[^>]*>[^<]{0,80}"
    r"(?i:error|[45]\d\d|gateway|forbidden|not found|unavailable|too many)"
)
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\s+File \"")


@dataclass(frozen=True)
class Offence:
    """One rule that a reply breaks."""

    rule: Rule
    excerpt: str
    """The words that break it, on one line, with some of what stands around them."""


def lint_reply(text: str, finish_reason: str | None) -> list[Offence]:
    """What would give the reply away; each rule at most once, empty when it may be shown.

    Args:
        finish_reason: `length` when the token limit cut the reply.
    """
    plain = text.replace("’", "'").replace("ʼ", "'")
    found: dict[Rule, re.Match[str] | None] = {
        "self_identification": _search_self_identification(plain),
        "template_residue": _TEMPLATE_RESIDUE.search(plain),
        "error_text": _ERROR_START.match(plain) or _TRACEBACK.search(plain),
    }
    offences = [
        Offence(rule, _excerpt(text, match.start(), match.end()))
        for rule, match in found.items()
        if match
    ]
    if not text.strip():
        offences.append(Offence("error_text", "(nothing but blanks)"))
    if finish_reason == "length":
        offences.append(Offence("truncation", _excerpt(text, len(text), len(text))))
    return offences


def _search_self_identification(plain: str) -> re.Match[str] | None:
    lower = plain.lower()
    if not any(hint in lower for hint in _SELF_HINTS):
        return None
    return _SELF_IDENTIFICATION.search(plain)


def _excerpt(text: str, start: int, end: int) -> str:
    begin = max(0, min(start, end - _EXCERPT_CHARACTERS) - 20)
    stop = min(len(text), begin + _EXCERPT_CHARACTERS + 20)
    words = " ".join(text[begin:stop].split())
    return f"{'…' if begin else ''}{words}{'…' if stop < len(text) else ''}"
