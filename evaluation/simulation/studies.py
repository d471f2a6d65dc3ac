"""Studies: the rows of one study, drawn from a design by seed.

Rows are the records that real stages make, with texts that say nothing. Errors and what raters
hear are drawn from the chances in `reply_chances.py` and `rating_chances.py`; the order of replies
within a pair is drawn where it always is, in `evaluation/pairs.py`, and who rates which pair with
which side left is decided by whoever seats raters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from evaluation.pairs import draw_pairs
from evaluation.prompts import build_prompts, read_wordings
from evaluation.simulation.designs import ARMS, WARM, StudyDesign, check_design
from evaluation.simulation.rating_chances import (
    RatingChances,
    answer_code,
    find_rating_chances,
)
from evaluation.simulation.reply_chances import ReplyChances, find_reply_chances
from evaluation.statistics.columns import Condition
from evaluation.statistics.error_rates import ASSERTS_WRONG
from study.records import (
    ORIGINAL,
    Grade,
    Item,
    Label,
    Pair,
    Preference,
    Prompt,
    Response,
    ServedModel,
    stable_id,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_METHOD = "simulated-1"
_ANSWERS: dict[float, Preference] = {
    -2.0: "right_clearly",
    -1.0: "right_slightly",
    0.0: "equal",
    1.0: "left_slightly",
    2.0: "left_clearly",
}


@dataclass(frozen=True)
class Chances:
    """What the studies of one design are drawn from; the same for all of them."""

    design: StudyDesign
    replies: ReplyChances
    ratings: RatingChances


def find_chances(design: StudyDesign) -> Chances:
    """Solve for the parameters that make a design true.

    Raises:
        BadInput: the design cannot be drawn.
    """
    check_design(design)
    ratings = find_rating_chances(design.ratings, design.raters_per_pair)
    return Chances(design, find_reply_chances(design), ratings)


class SimulatedRaters:
    """What raters say of a study's pairs; each answer is drawn when it is asked for."""

    def __init__(
        self,
        chances: Chances,
        item_of_pair: Mapping[str, str],
        warm_is_first: Mapping[str, bool],
        random: np.random.Generator,
    ) -> None:
        """Draw what items, pairs and raters are like.

        Args:
            item_of_pair: item id by pair id.
            warm_is_first: by pair id, whether its first reply is the warm arm's.
        """
        design = chances.design.ratings
        self._design, self._leaning, self._random = design, chances.ratings.leaning, random
        self._warm_is_first = warm_is_first
        items = list(dict.fromkeys(item_of_pair.values()))
        of_item = dict(zip(items, random.normal(0, design.item_spread, len(items)), strict=True))
        of_pair = random.normal(0, design.pair_spread, len(item_of_pair))
        self._of_pair = {
            pair_id: float(of_item[item_id] + own)
            for (pair_id, item_id), own in zip(item_of_pair.items(), of_pair, strict=True)
        }
        n_raters = chances.design.n_raters
        self.ids = tuple(f"rater-{number:04d}" for number in range(n_raters))
        to_warm = random.normal(0, design.rater_spread, n_raters)
        to_left = random.normal(design.side_leaning, design.side_spread, n_raters)
        self._of_rater = dict(zip(self.ids, zip(to_warm, to_left, strict=True), strict=True))

    def answer(self, rater_id: str, pair_id: str, first_is_left: bool) -> Preference:
        """Which reply a rater calls warmer; every call draws anew."""
        warm_is_left = self._warm_is_first[pair_id] == first_is_left
        to_warm, to_left = self._of_rater[rater_id]
        heard = self._leaning + self._of_pair[pair_id] + to_warm + self._random.standard_normal()
        code = answer_code(heard + (to_left if warm_is_left else -to_left), self._design)
        return _ANSWERS[code if warm_is_left else -code]


@dataclass(frozen=True)
class SimulatedStudy:
    """One study, but for its ratings, which are asked for as raters are seated."""

    seed: int
    design: StudyDesign
    items: tuple[Item, ...]
    prompts: tuple[Prompt, ...]
    served_models: tuple[ServedModel, ...]
    responses: tuple[Response, ...]
    grades: tuple[Grade, ...]
    pairs: tuple[Pair, ...]
    raters: SimulatedRaters


def draw_study(chances: Chances, seed: int, now: datetime) -> SimulatedStudy:
    """Draw one study.

    Args:
        now: when everything in it happened.
    """
    design, random = chances.design, np.random.default_rng(seed)
    items = [_item(number) for number in range(design.n_items)]
    prompts = build_prompts(items, design.contexts, design.beliefs, read_wordings(), seed)
    models = [_served_model(arm, now) for arm in ARMS]
    labels = _draw_labels(chances, prompts, random)
    responses = [
        _response(prompt, model, label, now)
        for model in models
        for prompt, label in zip(prompts, labels[model.arm], strict=True)
    ]
    every_label = [label for model in models for label in labels[model.arm]]
    pairs = draw_pairs(responses, seed)
    arm_of = {response.response_id: response.arm for response in responses}
    item_of = {prompt.prompt_id: prompt.item_id for prompt in prompts}
    return SimulatedStudy(
        seed=seed,
        design=design,
        items=tuple(items),
        prompts=tuple(prompts),
        served_models=tuple(models),
        responses=tuple(responses),
        grades=tuple(map(_grade, responses, every_label)),
        pairs=tuple(pairs),
        raters=SimulatedRaters(
            chances,
            {pair.pair_id: item_of[pair.prompt_id] for pair in pairs},
            {pair.pair_id: arm_of[pair.first_response_id] == WARM for pair in pairs},
            random,
        ),
    )


def _draw_labels(
    chances: Chances, prompts: Sequence[Prompt], random: np.random.Generator
) -> dict[str, list[Label]]:
    """By arm, a label for each prompt."""
    replies = chances.design.replies
    item_ids, item = np.unique([prompt.item_id for prompt in prompts], return_inverse=True)
    shared = random.normal(0, replies.item_spread, len(item_ids))[item]
    shared = shared + random.normal(0, replies.prompt_spread, len(prompts))
    labels: dict[str, list[Label]] = {}
    for arm in (ORIGINAL, WARM):
        own = random.normal(0, replies.arm_spread, len(item_ids))[item]
        intercepts = [
            chances.replies.intercepts[arm, Condition(prompt.context, prompt.belief)]
            for prompt in prompts
        ]
        errs = random.random(len(prompts)) < expit(np.array(intercepts) + shared + own)
        adopts = random.random(len(prompts)) < replies.adopting[arm]
        unscored = _draw_unscored(replies.unscored[arm], len(prompts), random)
        labels[arm] = [
            other or _scored_label(bool(err), bool(adopt), prompt)
            for prompt, err, adopt, other in zip(prompts, errs, adopts, unscored, strict=True)
        ]
    return labels


def _draw_unscored(
    shares: Mapping[Label, float], n: int, random: np.random.Generator
) -> list[Label | None]:
    """A label that is neither right nor wrong, or None for a reply that is scored."""
    labels: list[Label | None] = [*shares, None]
    drawn = np.searchsorted(np.cumsum(list(shares.values())), random.random(n), side="right")
    return [labels[index] for index in drawn]


def _scored_label(errs: bool, adopts: bool, prompt: Prompt) -> Label:
    if not errs:
        return "correct"
    return "adopts" if adopts and prompt.belief == ASSERTS_WRONG else "wrong"


def _item(number: int) -> Item:
    return Item(
        item_id=f"item-{number:06d}",
        task="simulated",
        question=f"Which is answer {number}?",
        references=("right",),
        wrong_answers=("wrong",),
        source="simulated",
        licence="CC0-1.0",
    )


def _served_model(arm: str, now: datetime) -> ServedModel:
    return ServedModel(
        served_model_id=f"simulated-{arm}",
        arm=arm,
        model_name=arm,
        engine="simulated",
        base_sha256="",
        adapter_sha256="",
        decoding_json="{}",
        canary_json="{}",
        served_at=now.isoformat(),
    )


def _response(prompt: Prompt, model: ServedModel, label: Label, now: datetime) -> Response:
    return Response(
        response_id=stable_id("response", prompt.prompt_id, model.served_model_id, 0),
        prompt_id=prompt.prompt_id,
        served_model_id=model.served_model_id,
        arm=model.arm,
        sample=0,
        text="A simulated reply.",
        finish_reason="length" if label == "cut" else "stop",
        failure=None,
        n_tokens=4,
        seconds=0.0,
        created_at=now.isoformat(),
    )


def _grade(response: Response, label: Label) -> Grade:
    return Grade(
        response_id=response.response_id,
        method=_METHOD,
        label=label,
        has_reference=label == "correct",
        has_wrong=label in ("wrong", "adopts"),
        is_refusal=label == "refuses",
        is_cut=label == "cut",
        reason="simulated",
    )
