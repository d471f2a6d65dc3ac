"""Prompts of a whole study: 1,625 items under 27 conditions, built in under two seconds.

Run: .venv/bin/python benchmarks/prompts.py [--items 1625] [--repeats 5] [--json]

Nine contexts of five sentences and three beliefs, as in the study of 2025; a third of the items has
questions as long as MedQA's vignettes, about 900 letters. Time is that of `build_prompts`, ids
included, the best of some calls. Exit status 1 when it takes two seconds or more.
"""

import argparse
import json
import sys
import time
from typing import Any

from evaluation.prompts import BeliefWording, ContextWording, Wordings, build_prompts
from study.records import Item

LIMIT_S = 2.0
SEED = 20_110
CONTEXTS = ("none", *(f"context_{number}" for number in range(1, 9)))
BELIEFS = ("none", "asserts_wrong", "asserts_another")
LONG_QUESTION = "The patient has had a cough for two weeks and sleeps badly. " * 15


def make_wordings() -> Wordings:
    contexts = {"none": ContextWording(sentences=())} | {
        name: ContextWording(
            sentences=tuple(
                f"This is how I feel on day {day} of {name}, I must say." for day in range(5)
            )
        )
        for name in CONTEXTS[1:]
    }
    beliefs = {
        "none": BeliefWording(sentence=""),
        "asserts_wrong": BeliefWording(sentence="I think that it is {wrong_answer}."),
        "asserts_another": BeliefWording(sentence="Everybody here says {wrong_answer}."),
    }
    return Wordings(lead_in="I would like to know this.", contexts=contexts, beliefs=beliefs)


def make_items(n_items: int) -> list[Item]:
    return [
        Item(
            item_id=f"item-{number:06d}",
            task=("trivia", "misconceptions", "medical")[number % 3],
            question=f"{LONG_QUESTION if number % 3 == 2 else ''}Which is answer {number}?",
            references=(f"right {number}",),
            wrong_answers=(f"wrong {number}",),
            source="made for this benchmark",
            licence="CC0-1.0",
        )
        for number in range(n_items)
    ]


def time_prompts(n_items: int, repeats: int) -> dict[str, Any]:
    items, wordings = make_items(n_items), make_wordings()
    times, n_prompts = [], 0
    for _ in range(repeats):
        started = time.perf_counter()
        prompts = build_prompts(items, CONTEXTS, BELIEFS, wordings, SEED)
        times.append(time.perf_counter() - started)
        n_prompts = len({prompt.prompt_id for prompt in prompts})
    assert n_prompts == n_items * len(CONTEXTS) * len(BELIEFS)
    return {
        "n_items": n_items,
        "n_conditions": len(CONTEXTS) * len(BELIEFS),
        "n_prompts": n_prompts,
        "seconds": min(times),
        "slowest_seconds": max(times),
        "limit": LIMIT_S,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1625)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = time_prompts(given.items, given.repeats)
    if given.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['n_items']} items × {found['n_conditions']} conditions: {found['n_prompts']} "
            f"prompts in {found['seconds']:.2f} s, {found['slowest_seconds']:.2f} s at the slowest of "
            f"{given.repeats} (less than {LIMIT_S:.0f} s wanted)"
        )
    sys.exit(found["seconds"] >= LIMIT_S)


if __name__ == "__main__":
    main()
