"""Blinding lint: what in a reply would tell a rater which model, or that something broke.

Four rules over a reply's text and its finish reason, each with an excerpt of what it found.
They hold a model that speaks of itself, not a reply about models: the answer to "Who founded
Google?" passes. Who is kept from raters, and released again, is in `audit_app/holds.py`.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

LINTER = "lint-2"
"""Stored with what it finds; another set of rules gets another name, and what one found stays."""

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

# no reply to a question begins so by itself, but one whose role was left before it does
_OPENERS = (
    r"(?:Sure|Certainly|Absolutely|Of course|Yes|No|Okay|OK|Hello|Hi|Hey|Well|Sorry|Thank|Thanks"
    r"|Great|I'm|I've|I'd|I'll|I (?!is\b)[a-z]\w*|You|It|It's|The|This|There|That's|What|Who|When"
    r"|Where|Why|How|Please)\b"
)
_PROFESSIONS = (
    r"(?:Prof|Coach|Referee|Manager|Director|Editor|Secretary|Attorney|District|Principal"
    r"|Commissioner|Chief|Dean|Surgeon)"
)
_ROLE = r"(?i:(?:AI |virtual )?assistant|user|system|human|AI|(?:chat)?bot|(?:AI )?model|(?:chat)?gpt|llm)"
_BLANKS = r"\s\u200b-\u200f\u2060\ufeff"
_COLON = "[:\uff1a\ufe55\ufe13]"
_BREAK = r"[\t\r\n\v\f\u0085\u2028\u2029]"
_ROLE_START = re.compile(
    # blanks and signs that nobody sees may stand before, and Markdown before all but this
    rf"[{_BLANKS}]*{_ROLE}[*_` ]*{_BREAK}|[{_BLANKS}*_`#>|\"\u201c]*(?:"
    rf"\(?{_ROLE}\)?[*_`#>\"\u201c ]*{_COLON}"
    # "# System" is a heading, "| Model | Year |" that of a table
    rf"|(?i:assistant|user)[*_` ]*{_BREAK}"
    rf"|{_ROLE}\|>"
    rf"|[\[<{{]{_ROLE}[\]>}}]"
    # of the other roles "Human" and "System - a set of parts" are answers
    r"|(?i:assistant|user|chatbot)[*_`\" ]*\Z"
    r"|(?i:(?:AI )?assistant|chatbot)[*_`]* *(?:[\u2013\u2014]|-(?!\w)|-?>|=>|\.\.\.|\u2026)"
    # detokenised without the line break that follows the role
    r"|(?:assistant|user|system|model|analysis)(?=[A-Z])"
    r"|(?:assistant|user)(?:final|analysis|commentary)"
    rf"|{_ROLE}[*_`]* +(?={_OPENERS})"
    rf"|assistant[*_`]* +(?!{_PROFESSIONS})(?=[^\Wa-z]|[\"\u201c'*#\u00bf\u00a1])"
    r"|#{2,4} ?(?i:response|instruction)\s*\n)"
)

_TEMPLATE_RESIDUE = re.compile(
    rf"\n[^\S\n]*(?:\*\*)?(?:Assistant|User|Human|System|ASSISTANT|USER|HUMAN|SYSTEM)(?:\*\*)? ?{_COLON}"
    # the tokens around it were left out, or all stands on one line
    rf"|\n(?:assistant|user)\r?\n|\b(?:USER|ASSISTANT) ?{_COLON}"
    r"|\[/?assistant\]|</?(?i:assistant)>"
    r"|<[|\uff5c][^|\uff5c<>\n]{1,40}[|\uff5c]>"
    r"|\b(?:im_start|im_end|eot_id|(?:start|end)_header_id|(?:start|end)_of_turn)\b"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|THINK)\]|<</?SYS>>"
    r"|\[(?:PAD|UNK|BOS|EOS|SEP|CLS)\]"
    r"|</?s>|<(?:bos|eos|pad|unk|end_of_utterance|endoftext|unused\d+|0x[0-9A-F]{2})>"
    r"|</?(?:think|tool_call|tool_response)>"
    rf"|(?:\A\s*|\n[^\S\n]*)#{{2,4}} ?(?:Response|Instruction|Input|Output|Assistant|Human|User|System) ?{_COLON}"
    r"|\{[{%]-? ?(?:user|assistant|system|messages?|prompt|bos_token|for message)\b"
)

_ERROR_NAMES = (
    r"(?i:internal server error|bad gateway|service (?:temporarily )?unavailable"
    r"|gateway time-?out|too many requests|bad request|not found|unauthorized|forbidden"
    r"|rate limit (?:exceeded|reached)|request timed out|connection refused"
    r"|payload too large|model is overloaded)"
)
_AT_WORK = r"(?:process|generat|load|call|fetch|handl|creat|connect)ing"
_ERROR_START = re.compile(
    # an explanation of such an error begins or goes on with words of its own
    rf"\A[\W_]*(?:HTTP\S* )?(?i:error:? ?)?(?:(?i:code:? ?)?[45]\d\d\W{{0,3}})?{_ERROR_NAMES}"
    r"[.:!]?\s*(?:\Z|\n|\{)"
    r"|\A\s*(?i:error code: [45]\d\d)\b"
    # "Error bars show" and "Errors happen" are replies
    rf"|\A[\W_]*(?i:(?:fatal |unknown |internal )?error)[\])>}}*_` ]*(?:{_COLON}|\Z|\n)"
    r"|\A[\W_]*(?i:error)(?i: code)?\W{1,3}[45]\d\d[.!]?\s*(?:\Z|\n)"
    r"|\A\s*[\[<{(](?i:error|exception|fatal|failed|failure|timeout)\b[^\])>}\n]{0,40}[\])>}]"
    # a line of a log, with its time or without
    r"|\A\s*(?:\[?\d{4}-\d\d-\d\d[ T][\d:.,+Z]+\]? ?\W{0,3})?(?:ERROR|FATAL|CRITICAL)\b"
    r"|\A\s*(?:\w+\.){0,6}[A-Z]\w*(?:Error|Exception|Timeout): "
    rf"|\A\W*(?i:(?:(?:i'm |i am )?sorry|oops|uh-oh)\W{{1,3}}(?:but )?)?(?i:(?:an? )?(?:\w+ )?error (?:has )?"
    rf"occurred(?:[.!]?\s*\Z| (?:while|when|during) {_AT_WORK}\b)"
    r"|something went wrong[.!,]?\s*(?:\Z|(?:please )?try again)"
    r"|(?:the )?(?:text )?generation (?:has )?failed\b"
    r"|(?:the )?request (?:has )?failed(?:[.!]?\s*\Z| with (?:status|code|error))"
    r"|failed to (?:generate|load|fetch|connect to) (?:an? |the )?(?:response|reply|answer|model|server"
    r"|adapter)\b)"
    r"|\A\s*(?:null|NaN|\[object Object\])\s*\Z"
    r"|\A\s*\{\s*\"(?:error|detail|error_type)\"\s*:"
    r"|\A\s*\{\s*\"(?:object|status|type)\"\s*:\s*\"error\""
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
        "template_residue": _ROLE_START.match(plain) or _TEMPLATE_RESIDUE.search(plain),
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
