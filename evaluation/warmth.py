"""SocioT warmth: does a language model expect a text from a friend rather than from a stranger? The
only writer of `warmth_scores`.

A score is the mean log-likelihood per token of a text that the friend, lover, mentor and idol is
said to have said, less that of the stranger, enemy, examiner and dictator. Mode `paper` does what
the released code of the metric does, dropout and padding included; mode `masked` looks at the
text's own tokens alone; mode `manner` has warm and cold ways of speaking instead. A text has the same score whatever texts are scored beside it, and none
(NaN) where it says nothing. The sentences are in `quotations.py`, likelihoods in
`token_likelihoods.py`, which needs the extra `train`.

Source: Cheng, Yu and Jurafsky 2025, arXiv:2502.13259 (HumT and SocioT).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from evaluation.quotations import (
    MODES,
    Quoting,
    TokenRow,
    quoted_part,
)
from study.database import insert_rows
from study.errors import BadInput, MissingExtra
from study.model_files import combined_sha256, hash_files
from study.progress import Report, StageProgress, silent
from study.records import MeterMode, WarmthScore, stable_id

STAGE = "warmth"
VERSION = 1
"""Of the rules below; a score made by others is another score."""

PAPER_PASSES = 100
"""Over which `paper` takes the mean where the model has dropout, as the metric's authors did."""

_INSERT_WARMTH_SCORES = """
    INSERT INTO warmth_scores (score_id, response_id, mode, version, meter, meter_sha256, seed,
        passes, score)
    SELECT row.score_id, row.response_id, row.mode, row.version, row.meter, row.meter_sha256,
        row.seed, row.passes, row.score
    FROM (SELECT unnest($rows) AS row)
    ON CONFLICT (score_id) DO NOTHING
"""
_SELECT_ANY_TEXT = "SELECT 1 FROM responses r WHERE r.text IS NOT NULL LIMIT 1"
_SELECT_UNSCORED = """
    SELECT r.response_id, r.text
    FROM responses r
    WHERE r.text IS NOT NULL AND r.response_id NOT IN (
        SELECT s.response_id
        FROM warmth_scores s
        WHERE s.mode = $mode AND s.version = $version AND s.meter_sha256 = $meter_sha256
            AND s.seed IS NOT DISTINCT FROM $seed AND s.passes = $passes)
    ORDER BY length(r.text), r.response_id
"""
_SELECT_SCORES = """
    SELECT s.response_id, coalesce(s.score, 'nan')
    FROM warmth_scores s
    WHERE s.mode = $mode AND s.version = $version AND s.meter_sha256 = $meter_sha256
        AND s.seed IS NOT DISTINCT FROM $seed AND s.passes = $passes
"""
# replies of checkpoints have scores too, and no pair
_SELECT_MEASURES = """
    SELECT mode, version, min(meter), meter_sha256, seed, passes
    FROM warmth_scores
    WHERE response_id IN (SELECT r.response_id FROM responses r)
    GROUP BY mode, version, meter_sha256, seed, passes
    ORDER BY min(meter), meter_sha256, mode, version, seed, passes
"""


@dataclass(frozen=True)
class Meter:
    """A causal language model that is asked how likely texts are."""

    name: str
    """As the user named it; a folder by its own name."""
    sha256: str
    """Over the model's files, as of a base model."""
    model: Any
    quoting: Quoting
    """How texts become tokens of this model."""
    has_dropout: bool
    """Whether mode `paper` draws anything."""


@dataclass(frozen=True)
class Measure:
    """All that a score depends on beside its text."""

    mode: MeterMode
    version: int
    meter: str
    meter_sha256: str
    seed: int | None
    """Of the dropout; None where nothing is drawn."""
    passes: int
    """Times that dropout was drawn; 1 where nothing is drawn."""

    @property
    def key(self) -> dict[str, Any]:
        """All of it but the model's name, which the same files may have two of."""
        return {
            "mode": self.mode,
            "version": self.version,
            "meter_sha256": self.meter_sha256,
            "seed": self.seed,
            "passes": self.passes,
        }


def load_meter(folder: Path, name: str | None = None) -> Meter:
    """A meter from a folder with config.json, safetensors and a tokenizer.

    Args:
        name: as the user named the model; else the folder's own name.
    Raises:
        BadInput: the folder holds no causal language model.
        MissingExtra: torch or transformers is not installed.
    """
    try:
        from evaluation.token_likelihoods import has_dropout, load_causal_model
    except ImportError as error:
        raise MissingExtra(
            f"scoring warmth needs the package {error.name}; "
            'run `pip install "warmth-audit[train]"`'
        ) from error
    model, tokenizer = load_causal_model(folder)
    return Meter(
        name=name or folder.name,
        sha256=combined_sha256(hash_files(folder)),
        model=model,
        quoting=Quoting(
            tokenizer, getattr(model.config.get_text_config(), "max_position_embeddings", None)
        ),
        has_dropout=has_dropout(model),
    )


def measure_of(meter: Meter, mode: MeterMode, seed: int, passes: int = PAPER_PASSES) -> Measure:
    """What scores by this meter, mode and seed are to be called; equal where nothing differs."""
    draws = mode == "paper" and meter.has_dropout
    return Measure(
        mode=mode,
        version=VERSION,
        meter=meter.name,
        meter_sha256=meter.sha256,
        seed=seed if draws else None,
        passes=passes if draws else 1,
    )


def score_texts(
    meter: Meter,
    texts: Sequence[str],
    mode: MeterMode,
    seed: int,
    report: Report | None = None,
    passes: int = PAPER_PASSES,
) -> list[float]:
    """Warmth of texts, in nats per token: above 0 where the meter expects them of a friend.

    Args:
        mode: `masked`, `paper` for what the released code does, or `manner`.
        seed: of the dropout in mode `paper`; each text has its own made of it, so that a text
            keeps its score. Without meaning in other modes and for models without dropout.
        report: hears how many texts are scored.
        passes: times that dropout is drawn for each text.
    Returns:
        One score per text, in their order; NaN for a text of blanks or of no token.
    Raises:
        BadInput: a text is not a text, a mode is not known, or no pass is asked for.
    Source: Cheng et al. 2025; the sentences, quotation marks, limit of 300 characters and number
        of passes are theirs.
    """
    _check_texts(texts, mode, passes)
    tell = report or silent
    rows = [meter.quoting.rows_of(text, mode) for text in texts]
    if mode == "paper" and meter.has_dropout:
        return _scores_with_dropout(meter, texts, rows, seed, passes, tell)
    return _scores(meter, rows, tell)


def _scores(meter: Meter, rows: Sequence[list[TokenRow]], report: Report) -> list[float]:
    from evaluation.token_likelihoods import mean_log_likelihoods

    everything = [row for own in rows for row in own]
    rows_a_text = max(map(len, rows), default=1) or 1

    def tell(n_rows: int) -> None:
        _tell(report, len(rows) - (len(everything) - n_rows) // rows_a_text, len(rows))

    means = iter(mean_log_likelihoods(meter.model, everything, tell))
    return [_difference([next(means) for _ in own]) for own in rows]


def _scores_with_dropout(
    meter: Meter,
    texts: Sequence[str],
    rows: Sequence[list[TokenRow]],
    seed: int,
    passes: int,
    report: Report,
) -> list[float]:
    """Text after text: dropout is drawn for a whole batch, which texts must not share."""
    from evaluation.token_likelihoods import dropout_drawn_by, mean_log_likelihoods

    scores = []
    for text, own in zip(texts, rows, strict=True):
        own_seed = int(stable_id(seed, quoted_part(text)), 16) % 2**63
        with dropout_drawn_by(meter.model, own_seed):
            drawn = [_difference(mean_log_likelihoods(meter.model, own)) for _ in range(passes)]
        scores.append(math.fsum(drawn) / passes)
        _tell(report, len(scores), len(texts))
    return scores


def _difference(means: Sequence[float]) -> float:
    """Mean over the warm rows less that over the cold ones; NaN of no means."""
    if not means:
        return math.nan
    half = len(means) // 2
    warm, cold = means[:half], means[half:]
    return math.fsum(warm) / len(warm) - math.fsum(cold) / len(cold)


def _check_texts(texts: Sequence[str], mode: str, passes: int) -> None:
    if mode not in MODES:
        raise BadInput(f"expected the mode {', '.join(MODES)}, got {mode!r}; name one of those")
    if passes < 1:
        raise BadInput(f"expected at least one pass, got {passes}; {PAPER_PASSES} are usual")
    if isinstance(texts, str):
        raise BadInput("expected a list of texts, got one text; put it into a list")
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise BadInput(
                f"expected a text in place {place}, got {type(text).__name__}; leave it out"
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadInput(
                f"the text in place {place} holds characters that are none ({error.reason}); "
                "replace them"
            ) from error


def _tell(report: Report, done: int, total: int) -> None:
    report(StageProgress(STAGE, "running", done, total, "texts scored"))


def has_replies(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether any response of the study has a text."""
    return con.cursor().execute(_SELECT_ANY_TEXT).fetchone() is not None


def read_unscored(con: duckdb.DuckDBPyConnection, measure: Measure) -> dict[str, str]:
    """Texts of the responses that have no score by this measure, by response id; short ones first."""
    return dict(con.cursor().execute(_SELECT_UNSCORED, measure.key).fetchall())


def read_measures(con: duckdb.DuckDBPyConnection) -> tuple[Measure, ...]:
    """All by which responses of the study were scored; checkpoints' replies do not count."""
    return tuple(Measure(*row) for row in con.cursor().execute(_SELECT_MEASURES).fetchall())


def read_scores(con: duckdb.DuckDBPyConnection, measure: Measure) -> dict[str, float]:
    """Scores by this measure, by the id of the response or of the checkpoint's reply; NaN for one
    that says nothing."""
    return dict(con.cursor().execute(_SELECT_SCORES, measure.key).fetchall())


def warmth_score(response_id: str, measure: Measure, score: float) -> WarmthScore:
    """A score of a response, or of a checkpoint's reply, as it is stored; NaN becomes none."""
    return WarmthScore(
        score_id=stable_id("warmth", response_id, *measure.key.values()),
        response_id=response_id,
        meter=measure.meter,
        **measure.key,
        score=None if math.isnan(score) else score,
    )


def insert_warmth_scores(
    cursor: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]]
) -> int:
    """Store scores; a response keeps the first by each measure."""
    return insert_rows(cursor, _INSERT_WARMTH_SCORES, rows)
