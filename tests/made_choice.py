"""A checkpoint choice out of scores made here: ten messages, three checkpoints."""

from datetime import UTC, datetime

from evaluation.checkpoint_choices import MeasuredRun, ScoredReplies, choose_checkpoint
from study.settings import Settings, WarmthSettings

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def make_settings(rule="first_within_one_se", mode="manner"):
    warmth = WarmthSettings(prompts="packaged", rule=rule, mode=mode)
    return Settings(name="a", question="?", seed=7, warmth=warmth)


def scored(epochs, mean, n=10, left_out=()):
    """Warmer than nothing by the mean, ± 0.3 in turn: by hand the standard error is 0.1 at ten."""
    scores = {f"p{i}": mean + (0.3 if i % 2 else -0.3) * (epochs > 0) for i in range(n)}
    scores |= dict.fromkeys(left_out, float("nan"))
    return ScoredReplies(epochs, f"sha-{epochs:g}" if epochs else "", scores)


def make_run(*means, n=10, n_prompts=None, epochs=(0.5, 1, 2, 4), original=None):
    return MeasuredRun(
        training_run_id="run",
        original=original or scored(0, 0.0, n),
        checkpoints=[scored(one, mean, n) for one, mean in zip(epochs, means, strict=False)],
        n_prompts=n_prompts or n,
        engine="by hand",
        meter="packaged",
        meter_sha256="meter-hash",
    )


def make_choice(*means, rule="first_within_one_se", **run):
    return choose_checkpoint(make_run(*means, **run), make_settings(rule), NOON)
