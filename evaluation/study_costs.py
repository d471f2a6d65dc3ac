"""Study costs: calls, tokens, GPU hours and money that a preset comes to, before anything runs.

A GPU does 2 operations per parameter and token in generating and 6 in training (Kaplan et al. 2020,
arXiv:2001.08361, section 2.1), at a share of its peak that is assumed; a provider is paid by token.
Every reply is taken to reach the limit of tokens, so that the sums are upper bounds of what the
assumed rates give. What raters have to do is in `study_plans.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.prompts import Wordings
from evaluation.study_presets import PresetModel, StudyPreset
from study.errors import BadSettings
from study.settings import ControlSettings

_GENERATING = 2
_TRAINING = 6


@dataclass(frozen=True)
class StageCost:
    """What one stage takes of one model."""

    stage: str
    """rewrite, train, checkpoints, generate, warmth, controls or judge."""
    model: str
    """Its id; `a strong model` for one that the preset does not name."""
    calls: int
    """Requests to a model; 0 in training."""
    tokens_in: float
    """Tokens read, those trained on included."""
    tokens_out: float
    gpu_hours: float | None
    """None where a provider's model does the work."""
    usd: float


@dataclass(frozen=True)
class WarmthSizes:
    """Messages that are asked for warmth alone, and what people do with the replies."""

    n_prompts: int
    n_replies: int
    """Of all arms, checkpoints apart."""
    n_pairs: int
    n_ratings: int
    n_raters: int | None
    """None where a rater has no limit of pairs."""


def size_of_warmth(
    n_prompts: int,
    n_arms: int,
    samples: int,
    pairs: int | None,
    raters_per_pair: int,
    pairs_per_rater: int | None,
) -> WarmthSizes:
    """What so many messages come to.

    Args:
        n_arms: the original among them.
        pairs: so many messages make pairs, at most; None for all.
        pairs_per_rater: of this kind; None for no limit.
    """
    n_paired = n_prompts if pairs is None else min(pairs, n_prompts)
    n_pairs = n_paired * (n_arms - 1) * samples
    n_ratings = n_pairs * raters_per_pair
    n_raters = None if pairs_per_rater is None else -(-n_ratings // pairs_per_rater)
    return WarmthSizes(n_prompts, n_prompts * n_arms * samples, n_pairs, n_ratings, n_raters)


@dataclass(frozen=True)
class StudyCost:
    """What a whole preset takes."""

    n_items: int
    n_conditions: int
    n_prompts: int
    """Items × conditions: what one arm of one model is asked."""
    words_per_prompt: float
    """Mean over all of them."""
    stages: tuple[StageCost, ...]
    warmth: WarmthSizes | None
    """What people do for warmth alone, for each model; None where there are no such messages."""

    @property
    def total(self) -> StageCost:
        """All stages together."""
        hours = [stage.gpu_hours for stage in self.stages if stage.gpu_hours is not None]
        return StageCost(
            stage="all",
            model="",
            calls=sum(stage.calls for stage in self.stages),
            tokens_in=sum(stage.tokens_in for stage in self.stages),
            tokens_out=sum(stage.tokens_out for stage in self.stages),
            gpu_hours=sum(hours) if hours else None,
            usd=sum(stage.usd for stage in self.stages),
        )


def compute_cost(preset: StudyPreset, wordings: Wordings) -> StudyCost:
    """What a preset takes, worded as these wordings do.

    Raises:
        BadSettings: the wordings lack a context or belief of the preset.
    """
    n_prompts = preset.n_items * preset.n_conditions
    words = _words_per_prompt(preset, wordings)
    tokens_in = preset.rates.tokens_per_word * words
    trained = [arm for arm in preset.arms if arm != "original"]
    calls = n_prompts * preset.decoding.samples * len(preset.arms)
    generating = [
        _generating(preset, model, calls, tokens_in, preset.decoding.max_new_tokens)
        for model in preset.models
    ]
    return StudyCost(
        n_items=preset.n_items,
        n_conditions=preset.n_conditions,
        n_prompts=n_prompts,
        words_per_prompt=words,
        stages=(
            _rewriting(preset, len(trained)),
            *(_training(preset, model, len(trained)) for model in preset.models),
            *generating,
            *_hearing(preset),
            *_controlling(preset),
            _judging(preset, calls * len(preset.models)),
        ),
        warmth=_warmth_sizes(preset),
    )


def _warmth_sizes(preset: StudyPreset) -> WarmthSizes | None:
    asked = preset.warmth
    if asked is None:
        return None
    n_arms, samples = len(preset.arms), preset.decoding.samples
    seats, per_rater = asked.raters_per_pair, asked.pairs_per_rater
    return size_of_warmth(asked.pairs, n_arms, samples, None, seats, per_rater)


def _hearing(preset: StudyPreset) -> list[StageCost]:
    """Messages to every checkpoint, with the original beside them, and to every arm; no judge
    reads the replies."""
    asked, sizes = preset.warmth, _warmth_sizes(preset)
    if asked is None or sizes is None:
        return []
    tokens_in = preset.rates.tokens_per_word * asked.words_per_message
    calls = {"warmth": sizes.n_replies}
    if asked.checkpoints:
        calls = {"checkpoints": asked.pairs * (len(asked.checkpoints) + 1)} | calls
    return [
        _generating(preset, model, n, tokens_in, preset.decoding.max_new_tokens, stage)
        for stage, n in calls.items()
        for model in preset.models
    ]


def _controlling(preset: StudyPreset) -> list[StageCost]:
    """Every control question to every arm once; no judge reads the replies."""
    if not preset.controls:
        return []
    n_items = sum(one.items for one in preset.controls)
    words = sum(one.items * one.words_per_question for one in preset.controls) / n_items
    tokens_in, tokens_out = preset.rates.tokens_per_word * words, ControlSettings().max_new_tokens
    calls = n_items * len(preset.arms)
    return [
        _generating(preset, model, calls, tokens_in, tokens_out, "controls")
        for model in preset.models
    ]


def _words_per_prompt(preset: StudyPreset, wordings: Wordings) -> float:
    """Question, lead-in, and the mean sentence of the contexts and of the beliefs."""
    for kind, names, known in (
        ("context", preset.contexts, wordings.contexts),
        ("belief", preset.beliefs, wordings.beliefs),
    ):
        for name in names:
            if name not in known:
                raise BadSettings(
                    f"preset {preset.name} names {kind} {name!r}, the wordings know "
                    f"{', '.join(known)}; use one of these"
                )
    of_contexts = _mean([_sentence_words(wordings.contexts[c].sentences) for c in preset.contexts])
    of_beliefs = _mean([len(wordings.beliefs[b].sentence.split()) for b in preset.beliefs])
    lead_in = len(wordings.lead_in.split())
    return of_contexts + lead_in + _mean_question_words(preset) + of_beliefs


def _mean_question_words(preset: StudyPreset) -> float:
    return sum(one.items * one.words_per_question for one in preset.sets) / preset.n_items


def _sentence_words(sentences: Sequence[str]) -> float:
    return _mean([len(sentence.split()) for sentence in sentences]) if sentences else 0.0


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def _rewriting(preset: StudyPreset, n_styles: int) -> StageCost:
    """Every reply once per style; a reply is as long as the limit of replies, at most."""
    calls = preset.training.replies * n_styles
    words = preset.training.words_per_instruction
    written = calls * float(preset.decoding.max_new_tokens)
    read = calls * preset.rates.tokens_per_word * words + written
    usd = _price(preset, read, written)
    return StageCost("rewrite", "a strong model", calls, read, written, None, usd)


def _training(preset: StudyPreset, model: PresetModel, n_runs: int) -> StageCost:
    training, rates = preset.training, preset.rates
    tokens = n_runs * training.conversations * training.max_tokens * training.epochs
    if model.billion_parameters is None:
        usd = tokens * rates.usd_per_million_trained / 1e6
        return StageCost("train", model.id, 0, tokens, 0.0, None, usd)
    hours = _gpu_hours(preset, model.billion_parameters, tokens, _TRAINING, rates.training_share)
    return StageCost("train", model.id, 0, tokens, 0.0, hours, hours * rates.usd_per_gpu_hour)


def _generating(
    preset: StudyPreset,
    model: PresetModel,
    calls: int,
    tokens_in: float,
    tokens_out: int,
    stage: str = "generate",
) -> StageCost:
    read, written = calls * tokens_in, calls * float(tokens_out)
    if model.billion_parameters is None:
        usd = _price(preset, read, written)
        return StageCost(stage, model.id, calls, read, written, None, usd)
    share = preset.rates.generating_share
    hours = _gpu_hours(preset, model.billion_parameters, read + written, _GENERATING, share)
    usd = hours * preset.rates.usd_per_gpu_hour
    return StageCost(stage, model.id, calls, read, written, hours, usd)


def _judging(preset: StudyPreset, calls: int) -> StageCost:
    """One call per reply: instruction and question in words, the reply at its limit."""
    words = preset.judge.words_per_instruction + _mean_question_words(preset)
    read = calls * (preset.rates.tokens_per_word * words + preset.decoding.max_new_tokens)
    written = calls * float(preset.judge.reply_tokens)
    usd = _price(preset, read, written)
    return StageCost("judge", "a strong model", calls, read, written, None, usd)


def _gpu_hours(
    preset: StudyPreset, billions: float, tokens: float, operations: int, share: float
) -> float:
    seconds = operations * billions * 1e9 * tokens / (preset.rates.gpu_tflops * 1e12 * share)
    return seconds / 3600


def _price(preset: StudyPreset, tokens_in: float, tokens_out: float) -> float:
    rates = preset.rates
    return (tokens_in * rates.usd_per_million_in + tokens_out * rates.usd_per_million_out) / 1e6
