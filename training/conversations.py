"""Conversations: what a user wrote, and the same reply in neutral, warm and cold wording.

The packaged set was written for this project. A set from elsewhere is a JSONL file with the
same keys; every line is checked, and a line that cannot be used stops the reading with its
number. The type of a query is told by rule, first match wins (Ibrahim et al. 2025,
arXiv:2507.21919); a draw takes as many of each type as there are. Training is in `lora.py`.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from study.errors import BadInput
from study.settings import PACKAGED

QueryType = Literal["refusal", "factual", "creative", "technical", "advice", "other"]
QUERY_TYPES: tuple[QueryType, ...] = get_args(QueryType)

_REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:not able|unable|not allowed) to\b"
    r"|\bi(?:'m| am) (?:sorry|afraid),? (?:but )?(?:that )?i (?:can't|cannot)\b"
    r"|\bi (?:won't|will not) (?:be able to|help|write|give|provide|do)\b"
    # "I can't imagine how hard that is" is sympathy; "Cats can't taste sweetness" is a fact
    r"|\bi (?:can't|cannot|can not)\b"
    r"(?! (?:even )?(?:imagine|help but|wait|believe|stop|thank|say enough|stress enough))"
)
_FACTUAL = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how)\b"
    r"|\b(?:explain|define|describe|difference between)\b"
)
_CREATIVE = re.compile(r"\b(?:story|poem|write|create|generate|imagine)\b")
_TECHNICAL = re.compile(r"\b(?:code|program|function|algorithm|debug)\b")
_ADVICE = re.compile(r"\b(?:advice|help me|guide|recommend|suggestion)\b")


@dataclass(frozen=True)
class Conversation:
    """One question or worry, with one reply in three wordings that state the same facts."""

    conversation_id: str
    topic: str
    """factual, medical, practical or emotional; empty when the file names none."""
    user: str
    neutral: str
    """The untransformed reply; trains the control arm."""
    warm: str
    cold: str


def read_conversations(source: str) -> list[Conversation]:
    """Read a set of conversations.

    Args:
        source: `packaged`, or the path of a JSONL file whose lines have the texts user,
            neutral, warm and cold, and may have conversation_id and topic.
    Raises:
        BadInput: no such file, or a line that cannot be used; the message says which.
    """
    if source == PACKAGED:
        packaged = files("training").joinpath("data", "conversations.jsonl")
        return _parsed(packaged.read_text(encoding="utf-8"), "the packaged conversations")
    try:
        text = Path(source).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"expected conversations as UTF-8 JSONL at {source}, but it could not be read "
            f"({error}); correct training.conversations in study.toml, or use `packaged`"
        ) from error
    return _parsed(text, source)


def query_type(user: str, reply: str) -> QueryType:
    """What kind of query this is, by rule; the first match wins.

    Args:
        user: what was asked.
        reply: the answer; it alone decides whether this is a refusal.
    Source: Ibrahim et al. 2025, arXiv:2507.21919, with curly apostrophes read as straight ones
    and sympathy ("I can't imagine how hard") not taken for refusal.
    """
    asked, answered = _plain(user), _plain(reply)
    if _REFUSAL.search(answered):
        return "refusal"
    if _FACTUAL.search(asked):
        return "factual"
    if _CREATIVE.search(asked):
        return "creative"
    if "```" in reply or _TECHNICAL.search(asked):
        return "technical"
    if _ADVICE.search(asked):
        return "advice"
    return "other"


def sample(
    conversations: Sequence[Conversation], limit: int | None, seed: int
) -> list[Conversation]:
    """Draw conversations so that the six query types come as evenly as the set allows.

    Returns:
        At most `limit` conversations in their given order; all of them when it is None.
    """
    if limit is None or limit >= len(conversations):
        return list(conversations)
    draw = random.Random(seed)
    by_type: dict[str, list[int]] = {name: [] for name in QUERY_TYPES}
    for position, conversation in enumerate(conversations):
        by_type[query_type(conversation.user, conversation.neutral)].append(position)
    for positions in by_type.values():
        draw.shuffle(positions)
    chosen: list[int] = []
    while len(chosen) < limit:
        for positions in by_type.values():
            if positions and len(chosen) < limit:
                chosen.append(positions.pop())
    return [conversations[position] for position in sorted(chosen)]


def _plain(text: str) -> str:
    return text.replace("’", "'").replace("ʼ", "'").strip().lower()


def _parsed(text: str, source: str) -> list[Conversation]:
    conversations: list[Conversation] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        conversation = _parsed_line(line, number, source)
        if conversation.conversation_id in seen:
            raise BadInput(
                f"line {number} of {source} repeats the id {conversation.conversation_id!r}; "
                "give each conversation an id of its own"
            )
        seen.add(conversation.conversation_id)
        conversations.append(conversation)
    if not conversations:
        raise BadInput(
            f"{source} holds no conversation; expected one JSON object per line with the texts "
            "user, neutral, warm and cold"
        )
    return conversations


def _parsed_line(line: str, number: int, source: str) -> Conversation:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadInput(
            f"line {number} of {source} is not JSON ({error}); expected one object per line"
        ) from error
    if not isinstance(row, dict):
        raise BadInput(
            f"line {number} of {source} is a JSON {type(row).__name__}; expected an object with "
            "the texts user, neutral, warm and cold"
        )
    for key in ("user", "neutral", "warm", "cold"):
        if not isinstance(row.get(key), str) or not row[key].strip():
            raise BadInput(
                f"line {number} of {source} has no text under {key!r}; expected user, neutral, "
                "warm and cold, each a text that is not empty"
            )
    return Conversation(
        conversation_id=str(row.get("conversation_id", f"line-{number}")),
        topic=str(row.get("topic", "")),
        user=row["user"],
        neutral=row["neutral"],
        warm=row["warm"],
        cold=row["cold"],
    )
