"""How fast the local server answers, beside plain batched `generate` of the same models.

    python benchmarks/local_server.py BASE ADAPTER   # folders of a base and of a LoRA adapter

Both arms are queued whole; each batch is one arm's. The same prompts, the same batch of 16 and the
same number of new tokens, in one process, taking turns; limit: 0.9 of the tokens a second.
torch's threads do not spin while they wait, as in `warmth-audit serve-models`.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

# before torch is loaded, which reads it
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from evaluation.serving.chat_client import connect
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.engine import MAX_BATCH, Engine
from evaluation.serving.local_app import build_local_app
from evaluation.serving.local_server import running_app
from evaluation.serving.resident_models import ResidentModels, load_resident_models
from study.progress import silent
from study.settings import DecodingSettings

LEAST_SHARE = 0.9
NEW_TOKENS = 64
DECODING = DecodingSettings(repetition_penalty=1.0, max_new_tokens=NEW_TOKENS)


def prompts(n: int) -> list[str]:
    """Questions of different lengths."""
    return [
        f"Question {number}: " + "why is the sky blue? " * (1 + number % 5) for number in range(n)
    ]


def tokens_of_server(url: str, arms: list[str], texts: list[str]) -> float:
    """Tokens a second over HTTP, both arms asked at once."""
    done: list[Completion] = []
    asked = [
        ChatRequest(f"{arm}/{number}", arm, text, 0)
        for number, text in enumerate(texts)
        for arm in arms
    ]
    client = connect(url, seed=1)
    started = time.monotonic()
    client.complete_all(asked, DECODING, None, done.extend)
    seconds = time.monotonic() - started
    assert all(one.text is not None for one in done)
    return sum(one.n_tokens or 0 for one in done) / seconds


def tokens_of_generate(models: ResidentModels, texts: list[str]) -> float:
    """Tokens a second of transformers' own loop, batch after batch."""
    tokenizer = models.tokenizer
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    n_tokens, started = 0, time.monotonic()
    for start in range(0, len(texts), MAX_BATCH):
        chats = [[{"role": "user", "content": text}] for text in texts[start : start + MAX_BATCH]]
        batch = tokenizer.apply_chat_template(
            chats, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        for model in models.by_name.values():
            n_tokens += new_tokens(model, batch, models.eos_ids)
    return n_tokens / (time.monotonic() - started)


def new_tokens(model: Any, batch: Any, eos_ids: frozenset[int]) -> int:
    """Answers one batch greedily; the tokens up to each row's end are counted."""
    with torch.inference_mode():
        answered = model.generate(**batch, max_new_tokens=NEW_TOKENS, do_sample=False)
    n_tokens = 0
    for row in answered[:, batch["input_ids"].shape[1] :].tolist():
        ends = [place for place, token_id in enumerate(row) if token_id in eos_ids]
        n_tokens += ends[0] + 1 if ends else len(row)
    return n_tokens


def main() -> int:
    """Measure and hold it against the limit; 1 when it is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", choices=["auto", "bf16", "fp32"], default="auto")
    given = parser.parse_args()
    models = load_resident_models(given.base, {"warm": given.adapter}, given.dtype, silent)
    texts = prompts(given.prompts)
    engine = Engine(models, seed=0)
    shares = []
    try:
        with running_app(build_local_app(engine)) as url:
            tokens_of_generate(models, texts[:MAX_BATCH])  # the first batch of all is slow
            for _ in range(given.rounds):
                plain = tokens_of_generate(models, texts)
                served = tokens_of_server(url, ["tgi", "warm"], texts)
                shares.append(served / plain)
                print(
                    f"generate {plain:.0f}/s, server {served:.0f}/s, share {served / plain:.2f}",
                    flush=True,
                )
    finally:
        engine.close()
    share = statistics.median(shares)
    print(f"{models.dtype}: median share {share:.2f}, at least {LEAST_SHARE} wanted")
    return int(share < LEAST_SHARE)


if __name__ == "__main__":
    sys.exit(main())
