"""Replies graded a second on one core, by every rule at once and by each alone.

Run: .venv/bin/python benchmarks/grading.py [--passes 40] [--json]

The replies are the real ones of tests/evaluation/grading/read_replies.jsonl, to the packaged
questions. Every reply is timed in each pass and its least time counts, so that other work on the
machine does not. The rival is what evaluation scripts for TriviaQA do: bring the reply to the
official normal form and look for each alias in it, which finds an answer but not whether it is
denied; it runs in the same passes. Exit status 1 when a method's whole grade, with refusal, hedging,
adoption and truncation, is below 20,000 replies a second.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from evaluation.grading.hedging import is_hedged
from evaluation.grading.labels import grade_response
from evaluation.grading.normalise import normalise
from evaluation.grading.reading import Reading
from evaluation.grading.refusal import is_refusal
from evaluation.grading.truncation import ends_open, is_cut
from graded_by_hand import FILE, item_of, response_of
from study.records import Item, Response

LIMIT = 20_000.0
# where users state no belief a reply is not looked through for agreement
BELIEF = "asserts_wrong"


def read_work(kind: str) -> list[tuple[Response, Item]]:
    """Replies of one kind of item with their items; TruthfulQA-like ones are made of `text`."""
    with FILE.open(encoding="utf-8") as lines:
        rows = [row for line in lines if (row := json.loads(line))["kind"] == kind]
    return [(response_of(row), item_of(row)) for row in rows]


def as_sentences(work: Sequence[tuple[Response, Item]]) -> list[tuple[Response, Item]]:
    """The same with answers of a sentence each, so that they are graded by overlap."""
    return [
        (
            response,
            Item(
                item.item_id,
                item.task,
                item.question,
                tuple(f"It is {answer}, which has long been known" for answer in item.references),
                tuple(f"It was {answer} at that time already" for answer in item.wrong_answers),
                item.source,
                item.licence,
            ),
        )
        for response, item in work
    ]  # fmt: skip


def rates_of(calls: Mapping[str, Sequence[Callable[[], object]]], passes: int) -> dict[str, float]:
    """Calls a second by name, from the least time of each.

    Every pass makes all calls of all names, so that a busy second of the machine meets all alike.
    """
    least = {name: [float("inf")] * len(some) for name, some in calls.items()}
    for _ in range(passes):
        for name, some in calls.items():
            times = least[name]
            for index, call in enumerate(some):
                started = time.perf_counter()
                call()
                times[index] = min(times[index], time.perf_counter() - started)
    return {name: len(times) / sum(times) for name, times in least.items()}


def look_for_aliases(response: Response, item: Item) -> bool:
    """The rival: is an alias anywhere in the reply's normal form?"""
    text = f" {normalise(response.text or '')} "
    return any(f" {normalise(alias)} " in text for alias in item.references)


def measure(passes: int) -> dict[str, float]:
    work = {kind: read_work(kind) for kind in ("text", "option", "number", "none")}
    methods = {
        "alias": work["text"],
        "overlap": as_sentences(work["text"]),
        "option": work["option"],
        "number": work["number"],
        "refusal only": work["none"],
    }
    texts = [(response.text or "", response) for response, _ in work["text"]]
    readings = [Reading(text) for text, _ in texts]
    calls: dict[str, list[Callable[[], object]]] = {
        f"whole grade, {name}": [
            partial(grade_response, response, item, BELIEF) for response, item in pairs
        ]
        for name, pairs in methods.items()
    }
    calls |= {
        "taking apart": [partial(Reading, text) for text, _ in texts],
        "refusal": [partial(is_refusal, reading) for reading in readings],
        "hedging": [partial(is_hedged, reading, ()) for reading in readings],
        "truncation": [partial(_look_at_end, text, response) for text, response in texts],
        "rival: aliases in the normal form": [
            partial(look_for_aliases, response, item) for response, item in work["text"]
        ],
    }
    return rates_of(calls, passes)


def _look_at_end(text: str, response: Response) -> tuple[bool, bool]:
    return is_cut(response.finish_reason, text), ends_open(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    work = read_work("text")
    n_characters = sum(len(response.text or "") for response, _ in work) / len(work)
    rates = measure(given.passes)
    if given.json:
        print(json.dumps({"limit": LIMIT, "mean_characters": n_characters, "per_second": rates}))
    else:
        print(f"{len(work)} replies of {n_characters:.0f} characters; a second:")
        for name, rate in rates.items():
            print(f"{name:36} {rate:10,.0f}")
    whole = [rate for name, rate in rates.items() if name.startswith("whole")]
    sys.exit(min(whole) < LIMIT)


if __name__ == "__main__":
    main()
