"""Logs of Inspect AI as imported replies; read by inspect_ai itself, the extra `inspect`.

A log holds one model; every sample is a reply. The benchmark that `benchmark_export.py` writes keeps
item, condition and answers in the samples' metadata, so that its logs bring all of them back.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluation.formats import count_of
from evaluation.imported_replies import ImportedReply, ReplyFile, parse_reply
from study.errors import BadInput, MissingExtra

_LABELS = {"C": "correct", "I": "wrong", "N": "no_answer"}
"""Inspect's verdicts; its partial answer has no one label here."""
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty")
_FROM_METADATA = (
    *("item", "question", "task", "context", "belief", "references", "wrong_answers", "source"),
    *("licence", "answer_kind", "options", "wrong_is_made", "category"),
)


def read_inspect_log(path: Path, scorer: str | None) -> ReplyFile:
    """Read a log, .eval or .json.

    Args:
        scorer: take its verdicts as labels; None takes none.
    Raises:
        MissingExtra: inspect_ai is not installed.
        BadInput: the file is no whole log, or has no such scorer.
    """
    log = _read_log(path)
    if log.status != "success" or log.samples is None:
        raise BadInput(
            f"expected the log of a run that came to its end, {path} says {log.status!r}; finish it "
            "with `inspect eval-retry`"
        )
    decoding = _decoding(log)
    reasons: Counter[str] = Counter()
    replies = []
    for sample in log.samples:
        prompt = _prompt(sample)
        if prompt is None:
            reasons["have more than one message of the user"] += 1
        elif sample.error is not None or sample.invalidation is not None:
            reasons["ended with an error or were taken back"] += 1
        else:
            replies.append(_reply(path, log, sample, prompt, decoding, scorer))
    if not replies:
        raise BadInput(f"expected replies in {path}, got none that can be used; name another log")
    return ReplyFile(tuple(replies), (), tuple(_notes(path, log, reasons, scorer)))


def _read_log(path: Path) -> Any:
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise MissingExtra(
            "reading logs of Inspect AI needs the package inspect-ai; install it with `pip install "
            "'warmth-audit[inspect]'`"
        ) from error
    if not path.is_file():
        raise BadInput(f"expected a log at {path}, found none; correct the path")
    try:
        return read_eval_log(str(path), resolve_attachments=True)
    except Exception as error:  # whatever its zip, JSON and models raise is told in one sentence
        reason = " ".join(str(error).split())
        raise BadInput(
            f"expected {path} to be a log of Inspect AI, which says {reason!r:.300}; name another"
        ) from error


def _prompt(sample: Any) -> str | None:
    """The one message of the user; None where there are more, or none."""
    if isinstance(sample.input, str):
        return sample.input
    said = [message.text for message in sample.input if message.role == "user"]
    others = [message for message in sample.input if message.role not in ("user", "system")]
    return said[0] if len(said) == 1 and not others else None


def _reply(
    path: Path, log: Any, sample: Any, prompt: str, decoding: str, scorer: str | None
) -> ImportedReply:
    where = f"{path}, sample {sample.id} epoch {sample.epoch}"
    output = sample.output
    metadata = sample.metadata
    target = [sample.target] if isinstance(sample.target, str) else list(sample.target)
    values: dict[str, Any] = {name: metadata.get(name) for name in _FROM_METADATA}
    return parse_reply(
        where,
        values
        | {
            "prompt": prompt,
            "arm": str(metadata.get("arm") or log.eval.model),
            "reply": output.completion,
            "label": None if scorer is None else _label(where, sample, scorer),
            "item": values["item"] or str(sample.id),
            "references": values["references"] or target,
            "model": log.eval.model,
            "sample": sample.epoch - 1,
            "finish_reason": None if output.stop_reason == "unknown" else output.stop_reason,
            "n_tokens": output.usage.output_tokens if output.usage else None,
            "seconds": output.time,
            "created_at": sample.completed_at,
            "decoding": decoding,
        },
    )


def _label(where: str, sample: Any, scorer: str) -> str | None:
    score = (sample.scores or {}).get(scorer)
    if score is None:
        raise BadInput(
            f"{where}: expected a score by {scorer!r}, got {', '.join(sample.scores or ()) or 'none'}; "
            "name one of these with --scorer"
        )
    return _LABELS.get(str(score.value), str(score.value))


def _decoding(log: Any) -> str:
    """What the log says of sampling, its plan before its model's settings."""
    sampling: dict[str, Any] = {}
    for config in (log.eval.model_generate_config, log.plan.config):
        given: Mapping[str, Any] = config.model_dump(exclude_none=True)
        sampling |= {name: given[name] for name in _SAMPLING if name in given}
    return json.dumps(sampling or {"not_known": "the log names no sampling"}, sort_keys=True)


def _notes(path: Path, log: Any, reasons: Counter[str], scorer: str | None) -> Iterator[str]:
    for reason, n in reasons.items():
        yield f"{path.name}: {count_of(n, 'sample')} left out, since they {reason}."
    n_led = sum(
        not isinstance(sample.input, str) and any(one.role == "system" for one in sample.input)
        for sample in log.samples
    )
    if n_led:
        yield f"{path.name}: {count_of(n_led, 'sample')} began with a system message, not shown."
    scorers = sorted({name for sample in log.samples for name in sample.scores or ()})
    if scorers and scorer is None:
        yield f"{path.name}: scores by {', '.join(scorers)} left out; --scorer takes one as labels."
