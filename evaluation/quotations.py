"""Quotations: a text as said by somebody warm and by somebody cold, as rows of tokens for a language
model.

In mode `paper` the sentences are those of the released code of SocioT: "My friend" but "The" for
all others of eight speakers, and everything in them counts, the padding after a shorter one too. In
mode `masked` sentences differ in nothing but who speaks, and the text's own tokens alone count. Mode
`manner` is no SocioT: a warm and a cold way of speaking stand in place of the speakers, and a chat model
is asked for both.
Small models, which know little of how a mentor speaks, hear warmth by it that they miss by the others.

Source: Cheng, Yu and Jurafsky 2025, arXiv:2502.13259, but for `manner`, which is this project's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from study.records import MeterMode

MODES: tuple[MeterMode, ...] = get_args(MeterMode)

WARM_SPEAKERS = ("friend", "lover", "mentor", "idol")
COLD_SPEAKERS = ("stranger", "enemy", "examiner", "dictator")
SPEAKERS = WARM_SPEAKERS + COLD_SPEAKERS
MANNERS = (
    ('They answered in a warm, caring way: "', 'They answered in a cold, distant way: "'),
    (
        'A kind, compassionate person who cares about others said, "',
        'A cold, unfeeling person who cares about nobody said, "',
    ),
)
"""Warm and cold beginnings of a quotation."""
REQUESTS = (
    "Say it in a warm, caring and empathetic way.",
    "Say it in a cold, distant and unfeeling way.",
)
"""The same as a user asks a model that has a template."""
N_CHARACTERS = 300
"""Of each text, from its beginning."""


@dataclass(frozen=True)
class TokenRow:
    """One sequence of tokens, and which of them are looked at."""

    token_ids: tuple[int, ...]
    n_attended: int
    """How many, from the front, later tokens may look at; those behind are padding."""
    first: int
    """Tokens from here to the end count, padding included; at least 1, since nothing foretells the
    first."""


@dataclass(frozen=True)
class Quoting:
    """How texts become tokens of one model."""

    tokenizer: Any
    max_tokens: int | None
    """What the model can read; None when it does not say."""

    def rows_of(self, text: str, mode: MeterMode) -> list[TokenRow]:
        """As many rows for the warm as for the cold, the warm first; none of a text that says nothing."""
        quoted = quoted_part(text)
        if not quoted.strip():
            return []
        if mode == "paper":
            return self._paper_rows(quoted)
        return self._masked_rows(
            quoted, self._said_by() if mode == "masked" else self._in_manners()
        )

    def _said_by(self) -> list[list[int]]:
        return [
            self._start() + self._encode(f'The {speaker} said, "', add_special_tokens=False)
            for speaker in SPEAKERS
        ]

    def _in_manners(self) -> list[list[int]]:
        """The warm ones, then the cold ones."""
        return [ids for side in (0, 1) for ids in self._of_manner(side)]

    def _of_manner(self, side: int) -> list[list[int]]:
        quoted = [
            self._start() + self._encode(pair[side], add_special_tokens=False) for pair in MANNERS
        ]
        if not self.tokenizer.chat_template:
            return quoted
        asked = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": REQUESTS[side]}],
            tokenize=False,
            add_generation_prompt=True,
        )
        return [*quoted, self._encode(asked, add_special_tokens=False)]

    def _masked_rows(self, quoted: str, prefixes: Sequence[list[int]]) -> list[TokenRow]:
        """Rows that end with the same tokens, the text's, which alone are looked at."""
        # a mark such as <|im_end|> in a text is no mark
        text_ids = self._encode(quoted, add_special_tokens=False, split_special_tokens=True)
        if self.max_tokens is not None:
            text_ids = text_ids[: max(0, self.max_tokens - max(map(len, prefixes)))]
        if not text_ids:
            return []
        return [
            TokenRow((*prefix, *text_ids), len(prefix) + len(text_ids), len(prefix))
            for prefix in prefixes
        ]

    def _paper_rows(self, quoted: str) -> list[TokenRow]:
        """Whole sentences, those of one side padded to the longest."""
        rows = []
        for side in (WARM_SPEAKERS, COLD_SPEAKERS):
            sentences = [
                f'{"My" if speaker == "friend" else "The"} {speaker} said, "{quoted}"'
                for speaker in side
            ]
            ids = [self._encode(one)[: self.max_tokens] for one in sentences]
            width = max(map(len, ids))
            for own in ids:
                padding = (self._padding(),) * (width - len(own))
                rows.append(TokenRow((*own, *padding), len(own), 1))
        return rows

    def _start(self) -> list[int]:
        """The token that the tokenizer puts before every text; none where there is no such token."""
        start = self._encode("", add_special_tokens=True)[:1]
        return start if start == [self.tokenizer.bos_token_id] else []

    def _padding(self) -> int:
        # GPT-2 has no padding of its own and takes the token that ends a text
        candidates = (self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        return next(token_id for token_id in candidates if token_id is not None)

    def _encode(self, text: str, **options: bool) -> list[int]:
        return list(self.tokenizer(text, **options)["input_ids"])


def quoted_part(text: str) -> str:
    """What of a text is quoted."""
    return text[:N_CHARACTERS]
