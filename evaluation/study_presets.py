"""Study presets: the size of a whole study over several sets and models, as data.

A preset is a TOML file in `presets/`, or one of the user's own in the same layout. It names what is
asked, of whom, and at which rates; what that comes to is computed in `study_costs.py`.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from study.errors import BadSettings
from study.settings import ArmName, CheckpointRule, DecodingSettings

_PRESETS = ("paper",)

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PresetSet(_Table):
    """Items of one task."""

    task: str
    items: Count
    words_per_question: Positive
    """Mean."""
    source: str | None = None
    """Where a study finds them: a hub id, file or folder; None where whoever runs it must say."""


class PresetModel(_Table):
    """A model that is trained, asked in every arm, and compared with itself."""

    id: str
    """On the hub, or as its provider knows it."""
    billion_parameters: Positive | None = None
    """None for a model behind its provider's interface: tokens are paid for, not GPU hours."""


class PresetTraining(_Table):
    """What every arm but the original is trained on."""

    replies: Count
    """Rewritten, one call each."""
    words_per_instruction: Positive
    """What each call reads beside the reply: the instruction and the turn before."""
    conversations: Count
    max_tokens: Count
    """Of one conversation."""
    epochs: Positive


class PresetWarmth(_Table):
    """Messages that are asked for warmth alone, compared by people and put to every checkpoint."""

    pairs: Count
    """Messages; each gives one pair of every arm beside the original."""
    raters_per_pair: Count
    pairs_per_rater: Count
    words_per_message: Positive
    """Mean."""
    checkpoints: tuple[Positive, ...] = ()
    """Epochs of the arm warm, the last among them; each replies to every message, as the original
    does beside them."""
    rule: CheckpointRule | None = None
    """Which of them is taken; None for the end of the run."""


class PresetJudge(_Table):
    """A model that reads every reply, with its question and the reference, and labels it."""

    words_per_instruction: Positive
    """With the reference."""
    reply_tokens: Count


class Rates(_Table):
    """What work takes and costs; every one is an option of `plan`."""

    tokens_per_word: Positive
    gpu_tflops: Positive
    """Peak of one GPU in the number format used, in 10^12 operations a second."""
    generating_share: Share
    """Of the peak, reached while replies are made."""
    training_share: Share
    """Of the peak, reached in training."""
    usd_per_gpu_hour: Annotated[float, Field(ge=0)]
    usd_per_million_in: Annotated[float, Field(ge=0)]
    """Of tokens that a provider's model reads."""
    usd_per_million_out: Annotated[float, Field(ge=0)]
    usd_per_million_trained: Annotated[float, Field(ge=0)]


class StudyPreset(_Table):
    """A whole study before anything of it is run."""

    name: str
    source: str
    """Where its figures come from."""
    n_graded: Count | None = None
    """Replies that the study itself graded, to hold the number of calls against."""
    arms: tuple[ArmName, ...]
    contexts: tuple[str, ...]
    beliefs: tuple[str, ...]
    decoding: DecodingSettings
    sets: Annotated[tuple[PresetSet, ...], Field(min_length=1)]
    controls: tuple[PresetSet, ...] = ()
    """Sets that every arm is asked once each, without context and belief."""
    models: Annotated[tuple[PresetModel, ...], Field(min_length=1)]
    training: PresetTraining
    warmth: PresetWarmth | None = None
    judge: PresetJudge
    rates: Rates

    def with_rates(
        self, rates: Mapping[str, float | None], reply_tokens: int | None
    ) -> "StudyPreset":
        """The same preset at other rates; one that is None stays.

        Raises:
            BadSettings: a rate is out of its range.
        """
        given = {name: value for name, value in rates.items() if value is not None}
        decoding = {} if reply_tokens is None else {"max_new_tokens": reply_tokens}
        try:
            return self.model_validate(
                self.model_dump()
                | {
                    "rates": self.rates.model_dump() | given,
                    "decoding": self.decoding.model_dump() | decoding,
                }
            )
        except ValidationError as error:
            problem = error.errors()[0]
            raise BadSettings(
                f"{problem['loc'][-1]}: {problem['msg']}, got {problem['input']!r}; choose another"
            ) from error

    @property
    def open_models(self) -> tuple[PresetModel, ...]:
        """Models whose weights can be had, so that they can be trained here."""
        return tuple(one for one in self.models if one.billion_parameters is not None)

    @property
    def n_items(self) -> int:
        """Items of all sets."""
        return sum(one.items for one in self.sets)

    @property
    def n_conditions(self) -> int:
        """Contexts × beliefs."""
        return len(self.contexts) * len(self.beliefs)


def read_preset(name: str) -> StudyPreset:
    """Read a preset.

    Args:
        name: `paper`, or the path of a TOML file in its layout.
    Raises:
        BadSettings: there is no such preset, or it lacks a part; the message names it.
    """
    try:
        if name in _PRESETS:
            text = resources.files("evaluation").joinpath(f"presets/{name}.toml").read_text("utf-8")
        elif name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        else:
            raise BadSettings(
                f"expected --preset {', '.join(_PRESETS)} or the path of a TOML file, got {name!r}; "
                "name one of these"
            )
        return StudyPreset.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"preset {name} cannot be read ({error}); correct it") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise BadSettings(f"preset {name}: {place}: {problem['msg']}; correct it") from error
