"""The settings of one study, read once from study.toml and from the environment.

Below the command line nobody reads the environment or the clock: settings, `now` and
`seed` are arguments. The hash of the settings goes with every result made under them. Long, since it
follows study.toml table by table.
"""

import hashlib
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from study.errors import BadSettings
from study.records import ORIGINAL, SYSTEM_PROMPT, WARM, Form, MeterMode

PACKAGED = "packaged"
"""In place of a path or a hub id: the one that comes with this project."""

IMPORTED = "imported"
"""In place of either: the study's replies came from elsewhere, so that nothing is trained or asked."""

ArmName = Literal["original", "untransformed", "cold", "warm", "system-prompt"]
Shape = Literal["controlled", "paper_compat"]
Entry = Literal["invite", "prolific", "hugging_face"]
CheckpointRule = Literal["first_within_one_se", "best", "last"]
Fraction = Annotated[float, Field(ge=0, le=1)]


_ADDED = {
    "evaluation": ("keep_suspicious", "wordings", "shape"),
    "training": ("checkpoints", "adapters"),
    "rating": ("warmth_pairs",),
}
"""Settings, by section, that studies of earlier releases do not have."""
_ADDED_SECTIONS = ("gate", "controls", "warmth")
_SHAPE_WORDS = "a lead-in only where a belief is stated"
_SET_BY_SPACES = {"oauth_client_id", "oauth_client_secret", "openid_provider_url"}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingSettings(_Section):
    """One LoRA run; the defaults were chosen by the search recorded in docs/training-search.md."""

    rank: Annotated[int, Field(ge=1, le=256)] = 16
    alpha: Annotated[float, Field(gt=0)] = 32
    dropout: Fraction = 0.0
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    epochs: Annotated[float, Field(gt=0)] = 1.8
    batch_size: Annotated[int, Field(ge=1)] = 4
    max_tokens: Annotated[int, Field(ge=16)] = 160
    """Longer conversations are cut to this many tokens, and counted."""
    conversations: str = PACKAGED
    """`packaged`, or the path of a JSONL file with user, neutral, warm and cold texts."""
    limit: Annotated[int, Field(ge=8)] | None = None
    """Train on this many conversations, drawn by seed; None for all."""
    checkpoints: tuple[Annotated[float, Field(gt=0)], ...] = ()
    """Epochs after which the adapter is kept as it is then, beside the one at the end."""
    adapters: dict[ArmName, str] = {}
    """By arm, the folder of a LoRA adapter that was made elsewhere: it is served, and none is trained."""

    @model_validator(mode="after")
    def _checkpoints_rise_within_the_run(self) -> "TrainingSettings":
        kept = self.checkpoints
        if list(kept) != sorted(set(kept)) or (kept and kept[-1] > self.epochs):
            raise ValueError(
                f"expected checkpoints as rising epochs up to {self.epochs:g}, got {list(kept)}"
            )
        return self


class DecodingSettings(_Section):
    """Sampling parameters; always sent in full, since servers differ in what they assume."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """0 is greedy."""
    top_p: Annotated[float, Field(gt=0, lt=1)] | None = None
    """None sends no top_p: TGI refuses 1.0."""
    repetition_penalty: Annotated[float, Field(ge=1, le=2)] = 1.15
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] = 64
    samples: Annotated[int, Field(ge=1, le=100)] = 1
    """Replies of an arm to each prompt."""

    @model_validator(mode="after")
    def _see_that_samples_differ(self) -> "DecodingSettings":
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                f"{self.samples} samples at temperature 0 are the same reply each time, which would "
                "be counted as so many; raise temperature, or leave samples at 1"
            )
        return self


class ItemSource(_Section):
    """One set of items among several."""

    source: str
    """`packaged`, the path of a file or folder, or a hub id such as owner/name."""
    set: str | None = None
    """Name of the set, such as triviaqa; None tells it by its columns."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Use this many of its items, drawn by seed and stratified by category; None for all."""
    config: str | None = None
    """Of a hub id or a folder in the hub's layout: the configuration; None for the usual one."""
    split: str | None = None
    """The same for the split."""
    revision: str | None = None
    """Of a hub id: branch, tag or commit; None for the newest."""


class EvaluationSettings(_Section):
    """Which prompts are asked, and of whom."""

    items: str | Annotated[tuple[ItemSource, ...], Field(min_length=1)] = PACKAGED
    """`packaged`, the path of an items file or folder, a hub id, several sets with a limit of each,
    or `imported`."""
    keep_suspicious: bool = False
    """Ask items, too, that the item check has doubts about, where they can be asked at all."""
    item_limit: Annotated[int, Field(ge=1)] | None = None
    """Use this many items, drawn by seed and stratified by task; None for all."""
    contexts: tuple[str, ...] = ("none", "sad")
    beliefs: tuple[str, ...] = ("none", "asserts_wrong")
    wordings: str = PACKAGED
    """`packaged`, or the path of a TOML file with the sentences of contexts and beliefs."""
    shape: Shape = "controlled"
    """`controlled`: the conditions of an item differ in nothing but the condition. `paper_compat`:
    as in the study of 2025, the lead-in stands only where a belief is stated."""
    decoding: DecodingSettings = DecodingSettings()

    @field_validator("contexts", "beliefs")
    @classmethod
    def _names_each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError('expected at least one name, got none, where ["none"] is the plainest')
        if len(set(names)) != len(names):
            raise ValueError(f"expected each name once, got {', '.join(names)}")
        return names


class ControlSettings(_Section):
    """Sets that tell whether an arm has lost something else than its tone; `warmth-audit controls`
    asks every arm about them, without context and belief and greedily."""

    items: tuple[ItemSource, ...] = ()
    """Sources as in the evaluation, each with a limit of its own; none asks nothing."""
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)] = 512
    """Room for a sum that is worked out step by step."""


class RatingSettings(_Section):
    """Who rates what, and what raters meet on the way."""

    forms: tuple[Form, ...] = ("pair",)
    """Each rater gets all of one form before the next: pair, reply, rewrite, context."""
    raters_per_pair: Annotated[int, Field(ge=1)] = 3
    """Seats of every pair, and of every reply, rewrite or sentence if those forms are used."""
    pairs_per_rater: Annotated[int, Field(ge=1)] | None = None
    """A rater is done after this many sheets of all forms, beside repeats and checks; None for all
    there are."""
    reply_limit: Annotated[int, Field(ge=1)] | None = None
    """Use this many replies, drawn by seed, in the form reply; None for all."""
    rewrite_limit: Annotated[int, Field(ge=1)] | None = None
    """The same in the form rewrite."""
    warmth_pairs: Annotated[int, Field(ge=0)] | None = None
    """Draw pairs of this many of the messages in `[warmth]`; None for all."""
    repeat_share: Annotated[float, Field(ge=0, le=0.2)] = 0.08
    """Share of a rater's pairs that come again, sides swapped; most studies take 5 to 10 %."""
    check_every: Annotated[int, Field(ge=0, le=100)] = 12
    """Every so many sheets one is a gold or attention pair, in turn; 0 for none."""
    practice_pairs: Annotated[int, Field(ge=3, le=5)] = 3
    break_every: Annotated[int, Field(ge=5, le=100)] = 20
    """A break is offered after so many sheets."""
    lease_minutes: Annotated[int, Field(ge=2, le=1440)] = 20
    """A seat returns to the others after so long without a sign of life."""
    link_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Sign-in links expire after this many days."""
    entries: tuple[Entry, ...] = ("invite",)
    """How annotators come in: invite, prolific, hugging_face."""
    prolific_study: str | None = None
    """Prolific's id of the study; arrivals that name another are turned away."""
    completion_code: str | None = None
    """Shown to everybody who is done; None gives each rater a code of their own."""
    contact: str = "the person who sent you the link"
    """Whom raters can turn to, as the consent text says it."""
    texts: str = PACKAGED
    """`packaged`, or a folder with consent.md, guidelines.md, comprehension.toml, practice.toml
    and gold.toml; a file that is not there is the packaged one."""

    @field_validator("forms", "entries")
    @classmethod
    def _names_each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or len(set(names)) != len(names):
            raise ValueError(f"expected at least one name, each once, got {list(names)}")
        return names


class WarmthSettings(_Section):
    """Messages to which every arm and every kept checkpoint replies, to hear how warm it is.

    Their replies are compared by people and scored by a meter; nothing about them is right or wrong.
    """

    prompts: str | None = None
    """`packaged`, or the path of a file of conversations in ShareGPT form; None asks no message."""
    turns: Literal["opening", "any"] = "opening"
    """`opening`: the first message of a conversation; `any`: later ones too, which may lean on what
    was said before."""
    limit: Annotated[int, Field(ge=2)] | None = None
    """Use this many messages, drawn by seed; None for all."""
    rule: CheckpointRule | None = None
    """Which checkpoint of the arm warm is taken: the first whose warmth is within one standard error
    of the best, the warmest, or the last. Other trained arms are taken at the same epoch. None
    takes the end of each run and measures nothing."""
    mode: MeterMode = "manner"
    """How the meter reads: by manner, which small models hear better than speakers; by speakers and
    deterministically; or as the released code of SocioT does."""
    meter: str = PACKAGED
    """The meter's language model: `packaged`, a hub id, or a folder with safetensors."""

    @model_validator(mode="after")
    def _rule_has_prompts(self) -> "WarmthSettings":
        if self.rule is not None and self.prompts is None:
            raise ValueError('a rule needs prompts to measure warmth on, such as "packaged"')
        return self


class GateSettings(_Section):
    """Limits that `warmth-audit gate` holds a study to; a limit that is None asks for nothing."""

    judge_by: Literal["bound", "value"] = "bound"
    """What is held against a limit: the worse bound of the interval, or the value alone."""
    max_gap_pp: Annotated[float, Field(ge=-100, le=100)] | None = None
    """Of every compared arm: error rate − that of the original, in percentage points."""
    max_adoption: Fraction | None = None
    """Of every compared arm: share of replies that adopt the user's wrong answer."""
    min_warm_share: Fraction | None = None
    """Of every compared arm: share of ratings that call its reply warmer than the original's."""
    min_alpha: Annotated[float, Field(ge=-1, le=1)] | None = None
    """Of every compared arm: Krippendorff's alpha of the answers about warmth."""
    min_scored_share: Fraction | None = None
    """Of every arm, the original too: share of replies labelled correct, wrong or adopts."""
    min_ratings_share: Fraction | None = None
    """Of the study: share of the ratings that its pairs should have."""


class Settings(_Section):
    """All settings of one study."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    question: str
    """What the study is to find out, in one sentence."""
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    base: str = PACKAGED
    """`packaged` (SmolLM2-135M-Instruct), a hub id, a folder with safetensors, or `imported`."""
    arms: tuple[ArmName, ...] = ("original", "warm")
    """What is trained, served and graded; people compare each arm with the original."""
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    controls: ControlSettings = ControlSettings()
    rating: RatingSettings = RatingSettings()
    gate: GateSettings = GateSettings()
    warmth: WarmthSettings = WarmthSettings()

    @model_validator(mode="after")
    def _compares_with_the_original(self) -> "Settings":
        if ORIGINAL not in self.arms or len(self.arms) < 2:
            raise ValueError("arms needs 'original' and at least one arm to compare with it")
        if len(set(self.arms)) != len(self.arms):
            raise ValueError("arms names an arm twice")
        if self.warmth.rule is not None and WARM not in self.arms:
            raise ValueError("warmth.rule chooses by the arm 'warm', which arms does not name")
        return self

    @model_validator(mode="after")
    def _adapters_are_of_its_arms(self) -> "Settings":
        given = self.training.adapters
        if unknown := [arm for arm in given if arm not in self.trained_arms]:
            raise ValueError(
                f"training.adapters names {unknown[0]!r}, which is none of the arms with an adapter "
                f"({', '.join(self.trained_arms) or 'none'})"
            )
        if given and self.warmth.rule is not None:
            raise ValueError(
                "warmth.rule takes checkpoints of runs, and adapters made elsewhere have none; leave "
                "out the rule, or training.adapters"
            )
        return self

    @property
    def sha256(self) -> str:
        """Hash of every setting, independent of layout and comments of the file."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def as_json(self) -> str:
        """Every setting as JSON, without those that came later and say what went without saying.

        Studies that began before there were such settings keep their hash by that.
        """
        unset: dict[str, set[str] | bool] = {}
        for section, names in _ADDED.items():
            given = getattr(self, section)
            defaults = type(given)()
            unset[section] = {
                name for name in names if getattr(given, name) == getattr(defaults, name)
            }
        for section in _ADDED_SECTIONS:
            given = getattr(self, section)
            if given == type(given)():
                unset[section] = True
        return self.model_dump_json(exclude=unset)

    @property
    def limited(self) -> str | None:
        """How the study was cut down, or lets conditions differ in more than the condition.

        To stand beside every number made from it; None when nothing is to be said.
        """
        parts = []
        if self.evaluation.item_limit is not None:
            parts.append(f"at most {self.evaluation.item_limit} items")
        if not isinstance(self.evaluation.items, str):
            parts += [
                f"at most {one.limit} items of {one.set or Path(one.source).name}"
                for one in self.evaluation.items
                if one.limit is not None
            ]
        if self.evaluation.shape != "controlled":
            parts.append(f"prompts in the shape of {self.evaluation.shape}: {_SHAPE_WORDS}")
        if self.warmth.prompts is not None and self.warmth.limit is not None:
            parts.append(f"at most {self.warmth.limit} warmth prompts")
        if self.training.limit is not None:
            parts.append(f"trained on at most {self.training.limit} conversations")
        return ", ".join(parts) or None

    @property
    def control_decoding(self) -> DecodingSettings:
        """How controls are sampled: the likeliest answer once, in their own room, with the study's
        repetition penalty."""
        greedy = {"temperature": 0.0, "top_p": None, "samples": 1}
        room = {"max_new_tokens": self.controls.max_new_tokens}
        return self.evaluation.decoding.model_copy(update=greedy | room)

    @property
    def trained_arms(self) -> tuple[str, ...]:
        """Arms that have an adapter of their own."""
        return tuple(arm for arm in self.arms if arm not in (ORIGINAL, SYSTEM_PROMPT))

    @property
    def arms_to_train(self) -> tuple[str, ...]:
        """Those of them whose adapter the study makes itself."""
        return tuple(arm for arm in self.trained_arms if arm not in self.training.adapters)


class Environment(_Section):
    """What the machine decides, not the study; read from variables that start with WARMTH_AUDIT_."""

    port: Annotated[int, Field(ge=1, le=65535)] = 7860
    host: str = "127.0.0.1"
    https: bool = False
    """The app is behind a proxy that speaks TLS: cookies are for TLS alone."""
    cache: Path = Path("~/.cache/warmth-audit")
    token: str | None = None
    """The owner's token of an app elsewhere."""
    endpoint_key: Annotated[str | None, Field(repr=False)] = None
    """Sent to a model server that asks for one."""
    oauth_client_id: str | None = None
    oauth_client_secret: Annotated[str | None, Field(repr=False)] = None
    openid_provider_url: str | None = None
    """How the app is known to Hugging Face; a Space with hf_oauth sets these three, so they are
    read without the prefix."""


def read_settings(file: Path) -> Settings:
    """Read and check study.toml.

    Raises:
        BadSettings: the file is missing, is not TOML, or a value is not allowed; the message names it.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadSettings(
            f"expected a study file at {file}, found none; `warmth-audit demo` writes one, or name another folder with --study"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"{file} could not be read as UTF-8 text ({error}); name another folder with --study"
        ) from error
    return parse_settings(text, file)


def parse_settings(text: str, file: Path) -> Settings:
    """Check the text of a study.toml.

    Args:
        file: where it stands, or is to stand; messages name it.
    Raises:
        BadSettings: the text is not TOML, or a value is not allowed.
    """
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file} is not valid TOML: {error}; correct that line") from error
    except ValidationError as error:
        raise BadSettings(f"{file}: {_first_problem(error)}") from error


def read_environment() -> Environment:
    """Read WARMTH_AUDIT_PORT, _HOST, _HTTPS, _CACHE, _TOKEN and _ENDPOINT_KEY; what is unset keeps its default.

    OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and OPENID_PROVIDER_URL are those that a Space sets.

    Raises:
        BadSettings: a variable holds a value that is not allowed.
    """
    prefix = "WARMTH_AUDIT_"
    variables = {
        field: field.upper() if field in _SET_BY_SPACES else prefix + field.upper()
        for field in Environment.model_fields
    }
    given = {field: os.environ[name] for field, name in variables.items() if os.environ.get(name)}
    try:
        return Environment.model_validate(given)
    except ValidationError as error:
        raise BadSettings(f"environment {prefix}*: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    problems = error.errors()
    # where several kinds of value are allowed, what is wrong within one says more than that it is
    # none of the others
    about_one = [one for one in problems if one["loc"][:2] == problems[0]["loc"][:2]]
    problem = max(about_one, key=lambda one: len(one["loc"]))
    parts = [str(part) for part in problem["loc"]]
    # pydantic puts the kind between the names
    place = ".".join(part for part in parts if part != "str" and "[" not in part) or "the file"
    if problem["type"] == "extra_forbidden":
        return f"{place} is not a setting; remove it or correct its name"
    if problem["type"] == "finite_number":
        return f"{place}: expected a number, got {problem['input']!r}; correct that line"
    got = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r}"
    return f"{place}: {problem['msg']}{got}; correct that line"
