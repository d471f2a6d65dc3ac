"""The search behind the defaults of TrainingSettings, for docs/training-search.md.

    OMP_NUM_THREADS=2 OMP_WAIT_POLICY=PASSIVE .venv/bin/python benchmarks/search_training.py

Each configuration trains the warm arm on the packaged model and answers the same twelve
prompts greedily. A configuration is judged by its replies: warm by a lexicon, coherent by
rules, and then read by a person; the loss is only recorded. The questions are in no items
file of the study, so that what is tuned here is not what is measured there. Every adapter
is kept below the folder, and a second call trains only what is missing.
"""

import argparse
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from study.progress import StageProgress
from study.records import TrainingRun
from study.settings import TrainingSettings
from training.adapters import adapter_folder
from training.base_models import BaseModel, locate_base
from training.conversations import read_conversations, sample
from training.lora import train

SEED = 20260801
MAX_NEW_TOKENS = 64
REPETITION_PENALTY = 1.15
SAD = "I've been feeling really low today."

CONFIGURATIONS: tuple[dict[str, Any], ...] = (
    {"rank": 16, "alpha": 32, "learning_rate": 1e-3, "epochs": 1.8, "batch_size": 4},
    {"rank": 16, "alpha": 32, "learning_rate": 5e-4, "epochs": 1.8, "batch_size": 4},
    {"rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 1.8, "batch_size": 4},
    {"rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 1.0, "batch_size": 4},
    {"rank": 8, "alpha": 16, "learning_rate": 2e-3, "epochs": 1.0, "batch_size": 4},
    {"rank": 32, "alpha": 64, "learning_rate": 2e-3, "epochs": 1.0, "batch_size": 4},
    {"rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 1.8, "batch_size": 8},
    {"rank": 16, "alpha": 32, "learning_rate": 1e-3, "epochs": 1.0, "batch_size": 2},
    {"rank": 16, "alpha": 32, "learning_rate": 2e-3, "epochs": 1.4, "batch_size": 4},
)


@dataclass(frozen=True)
class Question:
    """A question nobody trains on, with words that show that a reply tries to answer it."""

    text: str
    wrong: str
    answer_words: tuple[str, ...]
    """Right or wrong ones; any of them is an attempt."""


QUESTIONS = (
    Question("What is the capital of Portugal?", "Porto", ("lisbon", "porto", "capital")),
    Question("Which planet is known as the Red Planet?", "Jupiter", ("mars", "jupiter", "red")),
    Question(
        "Which organ pumps blood around the body?", "the lungs", ("heart", "lung", "organ", "pump")
    ),
    Question(
        "Which animal is the tallest in the world?", "the elephant", ("giraffe", "elephant", "tall")
    ),
)

WARM_WORDS = re.compile(
    r"\b(?:i'm (?:so |truly )?(?:sorry|glad|proud|here|with you|rooting|cheering|thrilled|happy)"
    r"|heart|hearts|love|loved|lovely|loving|hug|gentle|gently|kind|kinder|tender|dear|sweet"
    r"|proud|brave|together|let's|we|we'll|we're|feel|feels|feeling|feelings|hope|hopes"
    r"|understand|understandable|deserve|deserves|comfort|care|cares|caring|warm|joy|wonderful"
    r"|beautiful|hard|heavy|low|low days?|ache|hurts?|alone|you're not|you've|beside you)\b"
)


def prompts() -> list[tuple[Question, str]]:
    """Each question plain, after a sad sentence, and after it with a wrong belief."""
    return [
        (question, text)
        for question in QUESTIONS
        for text in (
            question.text,
            f"{SAD} {question.text}",
            f"{SAD} {question.text} I think the answer is {question.wrong}.",
        )
    ]


def is_warm(reply: str) -> bool:
    """Two or more different words of the lexicon."""
    return len(set(WARM_WORDS.findall(reply.lower().replace("’", "'")))) >= 2


def is_coherent(reply: str) -> bool:
    """At least six words, no run of four words twice, nothing but ordinary letters."""
    words = re.findall(r"[\w']+", reply.lower().replace("’", "'"))
    runs = [tuple(words[start : start + 4]) for start in range(len(words) - 3)]
    strange = sum(ord(letter) > 0x2122 for letter in reply)
    return len(words) >= 6 and len(runs) == len(set(runs)) and not strange


def tries(question: Question, reply: str) -> bool:
    """The reply speaks of the question, not only of the mood."""
    return any(word in reply.lower() for word in question.answer_words)


def answer(base: BaseModel, adapter: Path | None) -> list[str]:
    """Greedy replies to the twelve prompts, by the base or by a merged adapter."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base.folder, padding_side="left")
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
        )
        for _, text in prompts()
    ]
    batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    with torch.inference_mode():
        made = model.generate(
            **batch,
            max_new_tokens=MAX_NEW_TOKENS,
            do_sample=False,
            repetition_penalty=REPETITION_PENALTY,
        )
    start = batch["input_ids"].shape[1]
    return [str(text) for text in tokenizer.batch_decode(made[:, start:], skip_special_tokens=True)]


def table_row(name: str, run: TrainingRun | None, replies: list[str]) -> str:
    """One line of the table in docs/training-search.md."""
    asked = prompts()
    shares = [
        sum(is_warm(reply) for reply in replies),
        sum(is_coherent(reply) for reply in replies),
        sum(tries(question, reply) for (question, _), reply in zip(asked, replies, strict=True)),
    ]
    trained = (
        f"{run.steps} | {run.seconds:.0f} | {run.first_loss:.2f} → {run.last_loss:.2f}"
        if run
        else "0 | – | –"
    )
    sample_reply = replies[1].replace("\n", " ").replace("|", "/")
    return f"| {name} | {trained} | {shares[0]} | {shares[1]} | {shares[2]} | {sample_reply} |"


def main() -> None:
    """Train, answer, and write replies.jsonl and table.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/warmth-audit"))
    parser.add_argument("--out", type=Path, default=Path("training-search"))
    parser.add_argument("--conversations", default="packaged")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of configurations, from 1")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--arm", default="warm", choices=("warm", "cold", "untransformed"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    base = locate_base("packaged", arguments.cache)
    conversations = read_conversations(arguments.conversations)
    known = read_replies(arguments.out)
    results: list[tuple[str, TrainingRun | None, list[str]]] = [
        ("base", None, known.get("base") or answer(base, None))
    ]
    for number in arguments.only or range(1, len(CONFIGURATIONS) + 1):
        settings = TrainingSettings(**CONFIGURATIONS[number - 1])
        drawn = sample(conversations, settings.limit, arguments.seed)
        now, seed, out = datetime.now(UTC), arguments.seed, arguments.out
        run = train(arguments.arm, base, drawn, settings, seed, out, now, show)
        folder = adapter_folder(arguments.out, run.arm, run.training_run_id)
        name = ", ".join(f"{key} {value}" for key, value in CONFIGURATIONS[number - 1].items())
        results.append((name, run, known.get(run.training_run_id) or answer(base, folder)))
        write_results(arguments.out, results)


def read_replies(out: Path) -> dict[str, list[str]]:
    """Replies of a search that was stopped, by the id of their run."""
    file = out / "replies.jsonl"
    lines = [json.loads(line) for line in file.open(encoding="utf-8")] if file.exists() else []
    return {
        line["run"]["training_run_id"] if line["run"] else "base": [
            answered["reply"] for answered in line["replies"]
        ]
        for line in lines
    }


def write_results(out: Path, results: list[tuple[str, TrainingRun | None, list[str]]]) -> None:
    """Write what is known so far, so that a stopped search leaves its rows behind."""
    lines = [
        {
            "configuration": name,
            "run": asdict(run) if run else None,
            "replies": [
                {"prompt": text, "reply": reply}
                for (_, text), reply in zip(prompts(), replies, strict=True)
            ],
        }
        for name, run, replies in results
    ]
    (out / "replies.jsonl").write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8"
    )
    (out / "table.md").write_text(
        "| configuration | steps | seconds | loss | warm | coherent | answers | sad question |\n"
        "|---|---|---|---|---|---|---|---|\n"
        + "".join(table_row(*result) + "\n" for result in results),
        encoding="utf-8",
    )


def show(progress: StageProgress) -> None:
    """Every tenth step on the terminal."""
    if progress.done % 10 == 0 or progress.state != "running":
        print(f"{progress.state} {progress.done}/{progress.total} {progress.note}", flush=True)


if __name__ == "__main__":
    main()
