"""How well a meter of warmth ranks pairs of texts of which one is known to sound warmer.

Run: WARMTH_REAL_DATA=FOLDER .venv/bin/python benchmarks/warmth_meter.py [--meter packaged]
     [--pairs 100] [--scores build/warmth_meter.jsonl] [--kept] [--document docs/validity.md]

Every mode, on all sets of the folder `warmth` of the real data; of a set with more pairs than
`--pairs` that many are drawn by seed. Scores are kept by hash of the text and the model, so that a
run which is stopped goes on, and one with more pairs adds to it; with `--kept` nothing is scored, and
of each mode the pairs without scores are left out. What it prints for a set is what
`warmth-audit warmth FILE --text COL --against COL --item COL` says of those rows. `--document` puts the
table between the marks of a document.
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audit_app.warmth_stage import find_meter
from evaluation.formats import format_value, share_interval
from evaluation.outside_tables import read_outside_table
from evaluation.quotations import MODES
from evaluation.statistics.meter_scores import Ranking, rank_pairs
from evaluation.warmth import Meter, score_texts
from study.progress import silent
from study.records import MeterMode
from study.settings import PACKAGED, read_environment

SEED = 0
_GROUP = 8
_BEGIN, _END = "<!-- warmth meter -->", "<!-- end of warmth meter -->"


@dataclass(frozen=True)
class PairSet:
    """A file of pairs, and which of its columns sounds warmer."""

    name: str
    file: str
    warmer: str
    other: str
    item: str


SETS = (
    PairSet(
        "empathy probes, test",
        "empathy_probes_test_pairs.jsonl",
        *("empathic_text", "non_empathic_text", "scenario_id"),
    ),
    PairSet(
        "empathy probes, train",
        "empathy_probes_train_pairs.jsonl",
        *("empathic_text", "non_empathic_text", "scenario_id"),
    ),
    PairSet(
        "the same test, words of empathy removed",
        "empathy_probes_test_pairs_ablated.jsonl",
        *("empathic_text", "non_empathic_text", "scenario_id"),
    ),
    PairSet("humt_uf", "humt_uf_only_873.json", "rejected", "chosen", "prompt"),
)


@dataclass(frozen=True)
class Pairs:
    """The pairs of a set that are looked at."""

    warmer: list[str]
    other: list[str]
    items: np.ndarray
    n_in_file: int

    def __len__(self) -> int:
        return len(self.warmer)


class Scores:
    """Scores by mode and text in a file that is only added to."""

    def __init__(self, file: Path, meter: Meter) -> None:
        self._file, self._meter = file, meter
        self._known: dict[tuple[str, str], float] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if row["meter_sha256"] == meter.sha256:
                    self._known[row["mode"], row["text_sha256"]] = row["score"]

    def of(self, mode: MeterMode, texts: Sequence[str]) -> np.ndarray:
        """Shape (n_texts,); what is missing is scored and kept."""
        wanted = {_sha256(text): text for text in texts}
        missing = [sha256 for sha256 in wanted if (mode, sha256) not in self._known]
        for start in range(0, len(missing), _GROUP):
            group = missing[start : start + _GROUP]
            began = time.process_time()
            found = score_texts(self._meter, [wanted[one] for one in group], mode, SEED)
            seconds = (time.process_time() - began) / len(group)
            self._keep(mode, dict(zip(group, found, strict=True)), seconds)
        return np.array([self._known[mode, _sha256(text)] for text in texts])

    def has(self, mode: MeterMode, text: str) -> bool:
        """Whether a text has a score by a mode."""
        return (mode, _sha256(text)) in self._known

    def _keep(self, mode: MeterMode, found: dict[str, float], seconds: float) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            for sha256, score in found.items():
                row = {"mode": mode, "meter_sha256": self._meter.sha256, "text_sha256": sha256}
                file.write(json.dumps({**row, "score": score, "processor_s": seconds}) + "\n")
                self._known[mode, sha256] = score


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read_pairs(folder: Path, pair_set: PairSet, limit: int) -> Pairs:
    """Pairs with two texts; of more than the limit some are drawn, the first drawn always first."""
    columns = [pair_set.warmer, pair_set.other, pair_set.item]
    table = read_outside_table(folder / pair_set.file, columns)
    rows = np.flatnonzero(table.present(columns))
    if len(rows) > limit:
        rows = np.random.default_rng(SEED).permutation(rows)[:limit]
    warmer, other, items = (table.columns[column][rows] for column in columns)
    return Pairs(list(warmer), list(other), items.astype(str), len(table))


def kept_pairs(pairs: Pairs, scores: Scores, mode: MeterMode) -> Pairs:
    """Those whose texts have scores by a mode."""
    kept = [
        place
        for place, both in enumerate(zip(pairs.warmer, pairs.other, strict=True))
        if all(scores.has(mode, text) for text in both)
    ]
    return Pairs(
        [pairs.warmer[place] for place in kept],
        [pairs.other[place] for place in kept],
        pairs.items[kept],
        pairs.n_in_file,
    )


def as_markdown(rows: Iterator[tuple[PairSet, Pairs, str, Ranking]]) -> str:
    """A row per set and number that ranks it."""
    lines = [
        "| set | by | pairs | items | ranked right | area, pooled | first − second |",
        "|---|---|---:|---:|---|---|---|",
    ]
    for pair_set, pairs, by, ranking in rows:
        n = f"{len(pairs)}" + ("" if len(pairs) == pairs.n_in_file else f" of {pairs.n_in_file}")
        share = ranking.paired_share
        assert share.value is not None
        right = f"{100 * share.value:.1f} % {share_interval(share).removesuffix(' %')}"
        digits = 1 if by == "length" else 4
        lines.append(
            f"| {pair_set.name} | {by} | {n} | {share.n_units} | {right} "
            f"| {format_value(ranking.pooled_auc)} "
            f"| {format_value(ranking.mean_difference, digits)} |"
        )
    return "\n".join(lines)


def rankings(
    folder: Path, scores: Scores, limit: int, only_kept: bool
) -> Iterator[tuple[PairSet, Pairs, str, Ranking]]:
    """Every set by every mode and by length."""
    for pair_set in SETS:
        drawn = read_pairs(folder, pair_set, limit)
        for mode in MODES:
            pairs = kept_pairs(drawn, scores, mode) if only_kept else drawn
            if len(pairs):
                both = scores.of(mode, [*pairs.warmer, *pairs.other]).reshape(2, -1)
                yield pair_set, pairs, mode, rank_pairs(*both, pairs.items, SEED)
        lengths = np.array(
            [[float(len(text)) for text in side] for side in (drawn.warmer, drawn.other)]
        )
        yield pair_set, drawn, "length", rank_pairs(*lengths, drawn.items, SEED)


def put_into(document: Path, table: str) -> None:
    """Put the table between the two marks of a document, in place of the one that is there."""
    before, rest = document.read_text(encoding="utf-8").split(_BEGIN)
    _, after = rest.split(_END)
    document.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--meter", default=PACKAGED)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--scores", type=Path, default=Path("build/warmth_meter.jsonl"))
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--document", type=Path)
    given = parser.parse_args()
    folder = Path(os.environ["WARMTH_REAL_DATA"]) / "warmth"
    meter = find_meter(given.meter, read_environment().cache.expanduser(), silent)
    table = as_markdown(rankings(folder, Scores(given.scores, meter), given.pairs, given.kept))
    if given.document:
        put_into(given.document, table)
    print(table)


if __name__ == "__main__":
    main()
