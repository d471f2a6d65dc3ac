"""A judge beside people, and beside itself: errors, coefficients, corrected rates, flips.

People's labels are the truth. A judge finds an error with its sensitivity and clears a right reply
with its specificity; errors, and whether the judge is right, go together within items. Two arms
answer each item in four conditions, and people label some replies of each arm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evaluation.statistics.judge_check import JudgeCheck, check_judge
from evaluation.statistics.judge_labels import JudgeLabels, make_judge_labels
from evaluation.statistics.self_consistency import compute_self_consistency, compute_swap_flips
from scenarios import Scenario, Study
from scenarios.agreement import Rating, draw_values, truth_of_unanimous, truths_of_nominal
from scenarios.made_outcomes import draw_outcomes
from study.records import Estimate

N_CONDITIONS = 4
_ICC = 0.1


@dataclass(frozen=True)
class Judged:
    """How often arms err, how well the judge finds it, and what people label."""

    n_items: int
    n_labels: int
    """Replies of each arm that people label."""
    rates: tuple[float, float]
    """Of errors: the original's, the arm's."""
    sensitivity: float
    specificity: float
    sensitivity_of_arm: float
    prefers_errors: bool
    """Replies that the judge calls errors are drawn for people twice as often."""


def scenarios() -> Iterator[Scenario]:
    for n_items, n_labels in ((40, 40), (200, 200)):
        for name, rates, of_arm, prefers in (
            ("nothing differs", (0.3, 0.3), 0.8, False),
            ("gap 10 pp, judge finds fewer errors of the arm", (0.3, 0.4), 0.65, False),
            ("gap 10 pp, judged errors labelled twice as often", (0.3, 0.4), 0.8, True),
        ):
            judged = Judged(n_items, n_labels, rates, 0.8, 0.9, of_arm, prefers)
            setting = f"{n_items} items, {n_labels} labels an arm, {name}"
            yield Scenario(setting, truths_of_judge(judged), _study(judged))
    for n_items in (20, 40, 200):
        setting = f"{n_items} items, two pairs each"
        yield Scenario(
            f"{setting}, flips 0.15", {"flips": 0.15, "flips_left": 0.7}, _flips(n_items)
        )
    for n_items in (20, 40, 200):
        rating = Rating((0.3, 0.3, 0.4), 0.85, 3)
        truths = truths_of_nominal(rating)
        told = {
            "answers_agreeing": truths["percent"],
            "answers_unanimous": truth_of_unanimous(rating),
            "answers_alpha": truths["alpha_nominal"],
        }
        setting = f"{n_items} items, two inputs each, asked three times"
        yield Scenario(setting, told, _answers(rating, n_items))


def truths_of_judge(judged: Judged) -> dict[str, float]:
    """What a check of this judge should tell of the arm, and of the arm less the original."""
    share, sensitivity, specificity = judged.rates[1], judged.sensitivity_of_arm, judged.specificity
    of_judge = share * sensitivity + (1 - share) * (1 - specificity)
    agree = share * sensitivity + (1 - share) * specificity
    by_chance = share * of_judge + (1 - share) * (1 - of_judge)
    middle = (share + of_judge) / 2
    gap = 100 * (judged.rates[1] - judged.rates[0])
    truths = {
        "judge_sensitivity": sensitivity,
        "judge_specificity": specificity,
        "judge_youden": sensitivity + specificity - 1,
        "judge_prevalence": share,
        "judge_kappa": (agree - by_chance) / (1 - by_chance),
        "judge_ac1": (agree - 2 * middle * (1 - middle)) / (1 - 2 * middle * (1 - middle)),
        "judge_shift_sensitivity": 100 * (sensitivity - judged.sensitivity),
        "judge_shift_specificity": 0.0,
        "judge_rate": of_judge,
        "corrected_rate": share,
        "corrected_gap": gap,
        "powered_rate": share,
        "powered_gap": gap,
        "people_rate": share,
        "people_gap": gap,
    }
    if sensitivity == judged.sensitivity:
        # elsewhere pooling is wrong, and told to be
        truths["corrected_gap_pooled"] = gap
    return truths


def _study(judged: Judged) -> Study:
    names = tuple(truths_of_judge(judged))

    def study(random: np.random.Generator):
        found = check_judge(_draw(random, judged), "judge")
        told = _estimates(found)
        return {name: (told[name],) for name in names}

    return study


def _draw(random: np.random.Generator, judged: Judged) -> JudgeLabels:
    shape = (judged.n_items, N_CONDITIONS)
    shares = np.concatenate([np.full(shape, rate) for rate in judged.rates], axis=1)
    errors = draw_outcomes(random, shares, _ICC)
    found = np.full(shares.shape, judged.sensitivity)
    found[:, N_CONDITIONS:] = judged.sensitivity_of_arm
    is_right = draw_outcomes(random, np.where(errors == 1, found, judged.specificity), _ICC)
    said = np.where(is_right == 1, errors, 1 - errors)
    # a reply that counts twice is drawn twice as often: its chance is twice that of the others
    weight = 1.0 + (said if judged.prefers_errors else 0.0 * said)
    human, chances = np.full(errors.shape, np.nan), np.ones(errors.shape)
    for columns in (slice(0, N_CONDITIONS), slice(N_CONDITIONS, 2 * N_CONDITIONS)):
        chance = judged.n_labels * weight[:, columns] / weight[:, columns].sum()
        chances[:, columns] = chance
        drawn = random.random(chance.shape) < chance
        human[:, columns][drawn] = errors[:, columns][drawn]
    arms = np.tile(np.repeat(["original", "warm"], N_CONDITIONS), judged.n_items)
    items = np.repeat(np.arange(judged.n_items), 2 * N_CONDITIONS)
    tasks = np.full(len(items), "one")
    flat = (said.reshape(-1), human.reshape(-1), chances.reshape(-1))
    # items stay numbers, which are looked up more quickly than texts
    return replace(make_judge_labels(arms, tasks, items, *flat), item=items)


def _estimates(found: JudgeCheck) -> dict[str, Estimate]:
    arm, contrast = found.arms[1], found.contrasts[0]
    return {
        "judge_sensitivity": arm.confusion.sensitivity,
        "judge_specificity": arm.confusion.specificity,
        "judge_youden": arm.confusion.youden,
        "judge_prevalence": arm.confusion.prevalence,
        "judge_kappa": arm.confusion.kappa,
        "judge_ac1": arm.confusion.ac1,
        "judge_shift_sensitivity": contrast.shift.sensitivity,
        "judge_shift_specificity": contrast.shift.specificity,
        "judge_rate": arm.corrected.judged,
        "corrected_rate": arm.corrected.corrected,
        "corrected_gap": contrast.corrected.per_arm,
        "corrected_gap_pooled": contrast.corrected.pooled,
        "powered_rate": arm.powered.rate,
        "powered_gap": contrast.powered.difference,
        "people_rate": arm.powered.human_alone,
        "people_gap": contrast.powered.human_alone,
    }


def _flips(n_items: int) -> Study:
    items = np.repeat(np.arange(n_items), 2)

    def study(random: np.random.Generator):
        flipped = draw_outcomes(random, np.full((n_items, 2), 0.15), 0.2).reshape(-1) == 1
        first = (random.random(len(items)) < np.where(flipped, 0.7, 0.5)).astype(np.float64)
        found = compute_swap_flips(first, np.where(flipped, first, 1 - first), items)
        return {"flips": (found.flipped,), "flips_left": (found.chose_left,)}

    return study


def _answers(rating: Rating, n_items: int) -> Study:
    items = np.repeat(np.arange(n_items), 2)

    def study(random: np.random.Generator):
        answers = draw_values(random, rating, 2 * n_items).astype(np.str_)
        found = compute_self_consistency(answers, items, int(random.integers(2**31)))
        return {
            "answers_agreeing": (found.agreeing,),
            "answers_unanimous": (found.unanimous,),
            "answers_alpha": (found.agreement.alpha,),
        }

    return study
