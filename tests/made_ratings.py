"""Ratings of pairs made up by a known model, and records compared number by number."""

from dataclasses import asdict

import numpy as np
import pytest

from evaluation.statistics.columns import PreferenceTable, select_rows


def make_ratings(
    seed=1, n_items=12, n_raters=6, arms=("warm",), warmth=0.5, side=0.3, length=0.4, longer=0.0
):
    """Ratings of every item by every rater, of an arm drawn for each; some calls are equal.

    Warmth, side and length, per doubling, shift the lean to the arm; replies of the arm are longer
    by so many doublings.
    """
    random = np.random.default_rng(seed)
    item, rater = np.repeat(np.arange(n_items), n_raters), np.tile(np.arange(n_raters), n_items)
    n = len(item)
    arm, arm_is_left = random.choice(arms, n), random.random(n) < 0.5
    arm_characters, original_characters = random.integers(50, 400, (2, n)).astype(float)
    arm_characters *= 2**longer
    lean = (
        warmth + 0.7 * random.normal(size=n_items)[item] + 0.7 * random.normal(size=n_raters)[rater]
    )
    lean += side * np.where(arm_is_left, 0.5, -0.5)
    lean += length * np.log2(arm_characters / original_characters) + random.logistic(size=n)
    code = np.clip(np.round(lean), -2, 2)
    return ratings_of(
        item=item,
        rater=rater,
        arm=arm,
        code=code,
        arm_is_left=arm_is_left,
        arm_characters=arm_characters,
        original_characters=original_characters,
        position=np.argsort(random.random(n)),
        seconds=random.lognormal(3, 0.5, n),
    )


def ratings_of(item, rater, code, arm="warm", **columns):
    """A table of ratings; of columns that are not given every row has the same."""
    code = np.asarray(code, dtype=float)
    n = len(code)
    item, rater = np.char.mod("i%s", item), np.char.mod("r%s", rater)
    arm = np.broadcast_to(np.asarray(arm), n)
    warmer = (np.sign(code) + 1) / 2
    arm_is_left = np.asarray(columns.get("arm_is_left", np.ones(n, dtype=bool)))

    def column(name, default):
        return np.array(np.broadcast_to(columns.get(name, default), n))

    return PreferenceTable(
        pair=np.char.add(item, arm),
        item=item,
        task=np.where(np.char.endswith(item, "1"), "medical", "trivia"),
        context=np.where(np.char.endswith(item, "2"), "sad", "none"),
        belief=np.full(n, "none"),
        rater=rater,
        arm=arm,
        warmer_code=code,
        first_code=code,
        accurate_code=code,
        warmer=warmer,
        accurate=warmer,
        both_bad=column("both_bad", False),
        arm_is_left=arm_is_left,
        chose_left=np.where(arm_is_left, warmer, 1 - warmer),
        arm_characters=column("arm_characters", 100.0),
        original_characters=column("original_characters", 100.0),
        position=column("position", np.arange(n)),
        rated_at_s=column("rated_at_s", 0.0),
        seconds=column("seconds", 9.0),
    )


def shuffle(table, seed):
    """The same rows in another order."""
    return select_rows(table, np.random.default_rng(seed).permutation(len(table)))


def approx_record(record):
    """A record as nested dicts whose numbers compare up to rounding."""
    return _approx(asdict(record))


def _approx(value):
    if isinstance(value, dict):
        return {key: _approx(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_approx(inner) for inner in value]
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-7, abs=1e-9)
    return value


def plain(record):
    """A record as nested dicts and lists."""
    return _plain(asdict(record))


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
