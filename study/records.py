"""One frozen record per noun of the vocabulary. They hold values and decide nothing.

A record that a stage writes has a table of the same name in the plural (`migrations.py`).
Ids made by `stable_id` depend on content alone, so that a stage that runs twice names
the same thing the same way; what a rater's browser sees are random tokens, never these ids.
Long, since the vocabulary is looked up in one place.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

Role = Literal["annotator", "auditor", "owner"]
Label = Literal[
    "correct", "wrong", "adopts", "hedges", "refuses", "no_answer", "cut", "failed", "unscored"
]
MeterMode = Literal["masked", "paper", "manner"]
"""How a meter of warmth quotes a text; `quotations.py` says what each does."""
AnswerKind = Literal["text", "option", "number", "none", "ungraded"]
PairKind = Literal["reliability", "warmth"]
"""What a pair was drawn for: of a question, or of a message that is asked for warmth alone."""
Preference = Literal["left_clearly", "left_slightly", "equal", "right_slightly", "right_clearly"]
Accuracy = Literal[
    "left_clearly", "left_slightly", "equal", "right_slightly", "right_clearly", "cannot_judge"
]
Form = Literal["pair", "reply", "rewrite", "context"]
Purpose = Literal["study", "repeat", "gold", "attention"]
Correctness = Literal["yes", "partly", "no", "cannot_judge"]
Adoption = Literal["yes", "partly", "no", "cannot_judge"]
FactsKept = Literal["all", "minor_change", "changed", "cannot_judge"]

ORIGINAL = "original"
"""The arm that every other arm is compared with."""
WARM = "warm"
"""The arm whose warmth the checkpoint rule looks at."""
SYSTEM_PROMPT = "system-prompt"
"""The arm that is the original with a warm system prompt, without training."""
UNGRADED: Literal["ungraded"] = "ungraded"
"""The kind of answer of items about which nothing is right or wrong, not even refusal."""


def stable_id(*parts: object) -> str:
    """Sixteen hex digits of the SHA-256 of the parts, which are joined by a unit separator."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Item:
    """A question with reference answers and a wrong one, in no particular wording."""

    item_id: str
    task: str
    """Family of questions, such as trivia or medical; a fixed effect in the analysis."""
    question: str
    references: tuple[str, ...]
    """Right answers: the reference first, then its aliases; of a multiple choice the right text."""
    wrong_answers: tuple[str, ...]
    """Wrong answers: the plausible one that a user asserts first, then its aliases; of a multiple
    choice the other texts."""
    source: str
    """Where the right answer can be looked up."""
    licence: str
    answer_kind: AnswerKind = "text"
    """How it is graded; `none` where nothing is right or wrong and only refusal counts, `ungraded`
    where nothing counts at all."""
    options: tuple[str, ...] = ()
    """Texts of a multiple choice in the order A, B, …; `references[0]` is the right one's."""
    wrong_is_made: bool = False
    """The wrong answer was drawn from other items, since the set has none."""
    category: str = ""
    """Part of the task by which draws are stratified; empty when the set has none."""


@dataclass(frozen=True)
class Prompt:
    """An item under one condition, word for word as it is sent."""

    prompt_id: str
    item_id: str
    context: str
    """Name of the context, `none` when nothing is put before the item."""
    belief: str
    """Name of the belief, `none` when the user states none."""
    text: str


@dataclass(frozen=True)
class ControlQuestion:
    """An item of a control set, word for word as it is sent; never rated, never audited."""

    question_id: str
    text: str
    item: Item
    n_in_set: int
    """Items of its task that could have been asked when it was drawn."""


@dataclass(frozen=True)
class TrainingRun:
    """One LoRA run: what went in, what came out, by hash."""

    training_run_id: str
    arm: str
    base: str
    """Name of the base model as the user gave it."""
    base_sha256: str
    data_sha256: str
    adapter_sha256: str
    settings_json: str
    """Rank, rate, epochs and the rest of `TrainingSettings`, with package versions."""
    seed: int
    n_conversations: int
    steps: int
    first_loss: float
    """Mean training loss over the first logged steps, nats per token."""
    last_loss: float
    seconds: float
    finished_at: str


@dataclass(frozen=True)
class ServedModel:
    """An arm at an endpoint, with its sampling parameters and what the canary said."""

    served_model_id: str
    arm: str
    model_name: str
    """Name under which the endpoint knows the arm; `tgi` is the base by TGI's convention."""
    engine: str
    """What answered /info, with its version and number format."""
    base_sha256: str
    adapter_sha256: str
    """Empty for the base itself."""
    decoding_json: str
    canary_json: str
    """By endpoint, or name of a batch's file: probe texts with the answers of the base, this arm and
    a nonsense name."""
    served_at: str
    system_sha256: str = ""
    """Of the arm's system prompt; empty where there is none."""
    template_sha256: str | None = None
    """Of what the server writes around a prompt; None when it does not tell."""
    model_id: str | None = None
    """The base as the server calls it; None when it was not asked."""


@dataclass(frozen=True)
class Response:
    """What a model answered to one prompt, or why there is no answer."""

    response_id: str
    prompt_id: str
    served_model_id: str
    arm: str
    sample: int
    """0 for the first of k samples of one prompt."""
    text: str | None
    """None when the request failed for good."""
    finish_reason: str | None
    """`stop` at the model's own end, `length` when cut by the token limit."""
    failure: str | None
    """Why there is no text; None when there is one."""
    n_tokens: int | None
    seconds: float
    """NaN where it is not known."""
    created_at: str
    """Of an imported reply that does not say it, when it was imported."""
    usage_json: str | None = None
    """Tokens as the server counted them; None when it said nothing."""
    headers_json: str | None = None
    """Headers of the server's answer, without cookies; None when there was none."""
    templated_sha256: str | None = None
    """Of the prompt as the model read it, template included; None when that cannot be told."""
    attempt: int = 1
    """One more each time that a failure was asked again; the highest is the prompt's one row."""


@dataclass(frozen=True)
class CheckpointReply:
    """What a checkpoint, or the original beside it, answered to one warmth prompt."""

    reply_id: str
    prompt_id: str
    arm: str
    epochs: float
    """0 for the original."""
    base_sha256: str
    adapter_sha256: str
    """Empty for the original."""
    engine: str
    """What answered, with its version and number format."""
    decoding_json: str
    text: str | None
    """None when the request failed for good."""
    finish_reason: str | None
    failure: str | None
    n_tokens: int | None
    created_at: str


@dataclass(frozen=True)
class CheckpointChoice:
    """Which checkpoint a rule took, and from what."""

    choice_id: str
    arm: str
    """The one whose warmth was measured; other trained arms are taken at the same epoch."""
    training_run_id: str
    settings_sha256: str
    """Of the study's settings, the rule among them, when it was chosen."""
    rule: str
    mode: str
    """How the meter read."""
    meter_sha256: str
    seed: int
    measures_json: str
    """Every checkpoint with its warmth, and how many messages stand behind it."""
    chosen_epochs: float | None
    """None when the rule could not tell."""
    chosen_sha256: str | None
    """Of the chosen adapter."""
    reason: str
    chosen_at: str


@dataclass(frozen=True)
class Grade:
    """A label found without a model, with the evidence that led to it."""

    response_id: str
    method: str
    """What decided, with the version of all rules: `alias-6` for short answers, `overlap-6` for
    answers that are sentences, `option-6`, `number-6`, `refusal-6` where only that counts; `imported-1`
    for a label that came along."""
    label: Label
    has_reference: bool | None
    """A right answer is in the text; None when there is no text."""
    has_wrong: bool | None
    """A wrong answer is in the text and not denied there."""
    is_refusal: bool | None
    is_cut: bool | None
    """The token limit ended the reply."""
    reason: str
    is_refusal_to_study: bool | None = None
    """A pattern like that of the study of 2025 takes the reply for a refusal."""
    adopts: bool | None = None
    """Takes over what the user stated; None when the user stated nothing or nobody can tell."""
    is_hedged: bool | None = None
    """Leaves open what the answer is, or says that it does not know."""
    ends_open: bool | None = None
    """The text breaks off without a full stop or the like, whatever the finish reason."""


@dataclass(frozen=True)
class WarmthScore:
    """How warm a meter finds a response."""

    score_id: str
    response_id: str
    """Of a response, or the `reply_id` of a checkpoint's reply."""
    mode: MeterMode
    version: int
    """Of the rules by which scores are made."""
    meter: str
    """Name of the model as the user gave it."""
    meter_sha256: str
    seed: int | None
    """Of what was drawn; None when nothing was."""
    passes: int
    """Over how many draws the mean was taken."""
    score: float | None
    """Difference of mean log-likelihoods per token; None for a response that says nothing."""


@dataclass(frozen=True)
class Pair:
    """Two responses to one prompt, in a drawn order that says nothing about the arms."""

    pair_id: str
    prompt_id: str
    first_response_id: str
    second_response_id: str


@dataclass(frozen=True)
class BlindedPair:
    """What a rater may see of a pair. It has no arm, model or internal id."""

    token: str
    """Random name of this rater's assignment; means nothing to anyone else."""
    prompt_text: str
    left_text: str
    right_text: str


@dataclass(frozen=True)
class BlindedReply:
    """What an auditor may see of a flagged response before deciding."""

    token: str
    prompt_text: str
    reply_text: str
    reference: str
    stated_answer: str | None
    """The wrong answer that the user put forward; None when the user stated none."""
    flag_reason: str


@dataclass(frozen=True)
class Rater:
    """A person who rates or audits, under a random id."""

    rater_id: str
    role: Role
    invited_at: str


@dataclass(frozen=True)
class BlindedResponse:
    """What a rater may see of a single response. It has no arm, model or internal id."""

    token: str
    prompt_text: str
    reply_text: str
    reference: str
    stated_answer: str | None
    """The wrong answer that the user put forward; None when the user stated none."""


@dataclass(frozen=True)
class BlindedRewrite:
    """What a rater may see of a rewritten reply: neither its style nor an internal id."""

    token: str
    user_text: str
    source_text: str
    rewritten_text: str


@dataclass(frozen=True)
class BlindedSentence:
    """What a rater may see of a context sentence: not the context that it was written for."""

    token: str
    text: str


Sheet = BlindedPair | BlindedResponse | BlindedRewrite | BlindedSentence
"""What one rater may see of one assignment, by form."""


@dataclass(frozen=True)
class Assignment:
    """One thing given to one rater, with its sides fixed."""

    token: str
    rater_id: str
    form: Form
    """Which questions are asked about it."""
    purpose: Purpose
    """`study` holds a seat; the others check the rater."""
    subject_id: str
    """Id of the pair, response, rewrite or sentence; of the gold pair where the purpose is gold
    or attention."""
    first_is_left: bool | None
    """Whether the reply that the pair calls first stands left; None where there are no sides."""
    position: int
    """Place in this rater's own order, from 0."""
    assigned_at: str


@dataclass(frozen=True)
class Rating:
    """One revision of a rater's answers to one form; the newest counts."""

    token: str
    revision: int
    form: Form
    warmer: Preference | None
    more_accurate: Accuracy | None
    both_bad: bool | None
    """None where it was not asked."""
    correct: Correctness | None
    adopts: Adoption | None
    """None where the user stated no belief."""
    facts_kept: FactsKept | None
    expresses: str | None
    """Name of the context that the rater heard; `none_of_these` when none fits."""
    reason: str
    seconds: float
    """Time the sheet was visible and in use before the submit, over refreshes."""
    layout: str
    """How the page showed the replies: `columns`, `stacked` or `switched`."""
    is_surplus: bool
    """It came when the seat had gone to others: it counts in the results, not for the seat."""
    idempotency_key: str
    rated_at: str


@dataclass(frozen=True)
class GoldPair:
    """A pair with known answers, among the others, by which inattention shows."""

    gold_id: str
    purpose: Purpose
    """`gold`: anyone who reads can tell; `attention`: a reply says what to answer."""
    prompt_text: str
    first_text: str
    second_text: str
    accepted_warmer: tuple[str, ...]
    """Of first_clearly, first_slightly, equal, second_slightly, second_clearly; empty for any."""
    accepted_accurate: tuple[str, ...]
    """Of the same and cannot_judge; empty for any."""
    source: str


@dataclass(frozen=True)
class Rewrite:
    """A reply rewritten in a style, beside the one it was made of."""

    rewrite_id: str
    conversation_id: str
    style: str
    user_text: str
    source_text: str
    text: str


@dataclass(frozen=True)
class ContextSentence:
    """One of the sentences that express a context."""

    sentence_id: str
    context: str
    text: str


@dataclass(frozen=True)
class Flag:
    """A doubt about a response, raised by rule, judge or rater."""

    token: str
    """Random name under which auditors see the response."""
    response_id: str
    raised_by: str
    reason: str
    flagged_at: str


@dataclass(frozen=True)
class AuditDecision:
    """An auditor's ruling on a flagged response; the newest of one auditor counts."""

    token: str
    auditor_id: str
    revision: int
    label: Label
    severity: int
    """0 none, 1 minor, 2 misleading, 3 could harm."""
    quoted_span: str
    """Words of the reply that the ruling rests on; empty when none was marked."""
    reason: str
    decided_at: str


@dataclass(frozen=True)
class Estimate:
    """A number with all that is needed to believe or doubt it."""

    value: float | None
    """None when it could not be told; `method` then says why."""
    low: float | None
    high: float | None
    """Bounds of the interval at `level`, in the unit of `value`."""
    level: float
    n: int
    """Observations behind the value."""
    n_units: int
    """Independent units among them, the ones that were resampled or clustered on."""
    unit: str
    """What the units are, such as `item` or `item and rater`."""
    method: str
    seed: int | None
    """Seed of the resampling; None when nothing was drawn."""
