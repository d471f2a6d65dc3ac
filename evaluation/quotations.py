"""Quotations: a text as said by each of eight speakers, as rows of tokens for a language model.

In mode `paper` the sentences are those of the released code of SocioT: "My friend" but "The" for
all others, and everything in them counts, the padding after a shorter one too. In mode `masked`
sentences differ in nothing but who speaks, and the text's own tokens alone count.

Source: Cheng, Yu and Jurafsky 2025, arXiv:2502.13259.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

Mode = Literal["masked", "paper"]
MODES: tuple[Mode, ...] = get_args(Mode)

WARM_SPEAKERS = ("friend", "lover", "mentor", "idol")
COLD_SPEAKERS = ("stranger", "enemy", "examiner", "dictator")
SPEAKERS = WARM_SPEAKERS + COLD_SPEAKERS
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

    def rows_of(self, text: str, mode: Mode) -> list[TokenRow]:
        """A row per speaker, in the order of SPEAKERS; none of a text that says nothing."""
        quoted = quoted_part(text)
        if not quoted.strip():
            return []
        return self._masked_rows(quoted) if mode == "masked" else self._paper_rows(quoted)

    def _masked_rows(self, quoted: str) -> list[TokenRow]:
        """Rows that end with the same tokens, the text's, which alone are looked at."""
        # a mark such as <|im_end|> in a text is no mark
        text_ids = self._encode(quoted, add_special_tokens=False, split_special_tokens=True)
        starts = self._start()
        prefixes = [
            starts + self._encode(f'The {speaker} said, "', add_special_tokens=False)
            for speaker in SPEAKERS
        ]
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
