"""How carefully each rater works, in numbers and in doubts. Reads only.

Sides are undone by a pair's own first reply (`evaluation/statistics/sides.py`); nothing here reads
an arm, so it may be watched while people rate. A doubt marks a rater for the owner to look
at: no rating is ever deleted or left out for it. Speed is that of first answers: who comes back to
change one has read it before.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from audit_app.gold import passes, read_gold
from audit_app.word_counts import WordCounts
from evaluation.statistics.sides import undo_sides
from study.records import GoldPair

FASTEST_S_PER_WORD = 0.1
"""Six hundred words a minute, twice what quick readers read."""
_FEWEST_FOR_SPEED = 5
_FAST_SHARE = 1 / 5
_SUSPECT_RUN = 8
_FEWEST_GOLD = 3
_GOLD_SHARE = 2 / 3


@dataclass(frozen=True)
class Passed:
    """How many of those that were shown and answered went well."""

    n: int
    of: int


@dataclass(frozen=True)
class LongestRun:
    """The longest run of one side among the sides that a rater chose, equal passed over."""

    side: str
    """`left` or `right`; empty when no side was chosen."""
    length: int
    of: int
    """Sides chosen."""
    probability: float
    """Of a run at least as long, of either side, if sides were tosses of a fair coin."""


@dataclass(frozen=True)
class RaterQuality:
    """What one rater's sheets say about how they were filled in."""

    rater_id: str
    n_rated: int
    """Sheets of all purposes, each once."""
    total_seconds: float
    """Over first answers."""
    median_seconds: float
    seconds_per_word: float | None
    """Total time over the words shown; None when no words are known."""
    first_third_seconds: float | None
    """Median of the first third of the sheets; None below three sheets."""
    last_third_seconds: float | None
    n_fast: int
    """Sheets in less than `FASTEST_S_PER_WORD` per word shown."""
    left: Passed
    """Times that the left reply was called warmer, of those with a side; checks left out."""
    run: LongestRun
    gold: Passed
    attention: Passed
    repeats: Passed
    """Pairs that came again and got the same reply called warmer, or equal both times."""
    n_repeats_half: int
    """Repeats, not among the consistent, that were equal at one time and had a side at the other."""
    cannot_judge: Passed
    """Sheets with an answer `cannot_judge`, of those that could have one; checks left out."""
    n_skips: int
    doubts: tuple[str, ...]
    """Sentences; empty when nothing is noticed."""


# One row per rated sheet. The newest answers count, the first ones tell the time that reading took.
_SELECT_SHEETS = """
    WITH rated AS (
        SELECT
            token,
            arg_min(seconds, revision) AS seconds,
            min(rated_at) AS rated_at,
            arg_max(warmer, revision) AS warmer,
            arg_max(more_accurate, revision) AS more_accurate,
            arg_max(
                coalesce(
                    'cannot_judge' IN (more_accurate, correct, adopts, facts_kept), false),
                revision) AS cannot_judge
        FROM ratings
        GROUP BY token
    )
    SELECT
        a.rater_id, a.form, a.purpose, a.subject_id, a.first_is_left, rated.seconds, rated.warmer,
        rated.more_accurate, rated.cannot_judge
    FROM rated
    JOIN assignments AS a ON a.token = rated.token
    ORDER BY a.rater_id, rated.rated_at, a.position
"""


@dataclass(frozen=True)
class _Sheet:
    rater_id: str
    form: str
    purpose: str
    subject_id: str
    first_is_left: bool | None
    seconds: float
    warmer: str | None
    more_accurate: str | None
    cannot_judge: bool

    @property
    def is_check(self) -> bool:
        """Whether its right answer is known."""
        return self.purpose in ("gold", "attention")

    @property
    def subject(self) -> tuple[str, str]:
        """What was shown."""
        return ("gold" if self.is_check else self.form, self.subject_id)


_COUNT_SKIPS = """
    SELECT a.rater_id, count(*)
    FROM remarks AS r
    JOIN assignments AS a ON a.token = r.token
    WHERE r.kind = 'skip'
    GROUP BY a.rater_id
"""


def read_quality(con: duckdb.DuckDBPyConnection, words: WordCounts) -> dict[str, RaterQuality]:
    """The quality of every rater who has rated or skipped something, by rater id.

    Args:
        words: kept by the caller from one look to the next.
    """
    cursor = con.cursor()
    sheets = [_Sheet(*row) for row in cursor.execute(_SELECT_SHEETS).fetchall()]
    gold = read_gold(con)
    skips: dict[str, int] = dict(cursor.execute(_COUNT_SKIPS).fetchall())
    n_words = words.of(con, {sheet.subject for sheet in sheets})
    by_rater: dict[str, list[_Sheet]] = defaultdict(list)
    for sheet in sheets:
        by_rater[sheet.rater_id].append(sheet)
    return {
        rater_id: _quality_of(rater_id, by_rater[rater_id], n_words, gold, skips.get(rater_id, 0))
        for rater_id in [*by_rater, *(skips.keys() - by_rater.keys())]
    }


def run_probability(length: int, n: int) -> float:
    """Chance that n tosses of a fair coin have a run of at least `length` equal sides.

    Such a run is one of length − 1 repetitions among the n − 1 tosses that can repeat the one
    before, each with chance a half; the runs of repetitions follow the usual recurrence.

    Source: Feller, An Introduction to Probability Theory and Its Applications I, section XIII.7.
    """
    if length <= 1:
        return 1.0 if n >= length else 0.0
    needed, tosses = length - 1, n - 1
    without = [1.0] * needed  # without[m]: chance that m tosses have no run of `needed`
    for m in range(needed, tosses + 1):
        before = without[m - needed - 1] if m > needed else 1.0
        ends = 2.0**-needed if m == needed else before * 2.0 ** -(needed + 1)
        without.append(without[m - 1] - ends)
    return 1 - without[tosses] if tosses >= needed else 0.0


def _quality_of(
    rater_id: str,
    sheets: Sequence[_Sheet],
    n_words: Mapping[tuple[str, str], int],
    gold: Mapping[str, GoldPair],
    n_skips: int,
) -> RaterQuality:
    seconds = [sheet.seconds for sheet in sheets]
    total_words = sum(n_words[sheet.subject] for sheet in sheets)
    n_fast = sum(s.seconds < FASTEST_S_PER_WORD * n_words[s.subject] for s in sheets)
    own = [sheet for sheet in sheets if not sheet.is_check]
    sides = [side for sheet in own if (side := _side(sheet.warmer)) in ("left", "right")]
    judging = [sheet for sheet in own if sheet.form != "context"]
    third = len(sheets) // 3
    run, left = _longest_run(sides), Passed(sides.count("left"), len(sides))
    passed = {
        purpose: _checks_passed([s for s in sheets if s.purpose == purpose], gold)
        for purpose in ("gold", "attention")
    }
    repeats, n_half = _compare_repeats(own)
    return RaterQuality(
        rater_id=rater_id,
        n_rated=len(sheets),
        total_seconds=sum(seconds),
        median_seconds=statistics.median(seconds) if seconds else 0.0,
        seconds_per_word=sum(seconds) / total_words if total_words else None,
        first_third_seconds=statistics.median(seconds[:third]) if third else None,
        last_third_seconds=statistics.median(seconds[-third:]) if third else None,
        n_fast=n_fast,
        left=left,
        run=run,
        **passed,
        repeats=repeats,
        n_repeats_half=n_half,
        cannot_judge=Passed(sum(sheet.cannot_judge for sheet in judging), len(judging)),
        n_skips=n_skips,
        doubts=tuple(_doubts(len(sheets), n_fast, run, passed["gold"], passed["attention"])),
    )


def _side(answer: str | None) -> str:
    """The side that an answer names, or `equal`; empty where nothing was asked."""
    return (answer or "").partition("_")[0]


def _coded(sheet: _Sheet, answer: str | None) -> str:
    """An answer by the pair's own order; empty where nothing was asked."""
    if answer is None or sheet.first_is_left is None:
        return ""
    return undo_sides(answer, sheet.first_is_left)


def _longest_run(sides: Sequence[str]) -> LongestRun:
    runs = [(side, len(list(run))) for side, run in groupby(sides)]
    side, length = max(runs, key=lambda run: run[1], default=("", 0))
    return LongestRun(side, length, len(sides), run_probability(length, len(sides)))


def _checks_passed(sheets: Sequence[_Sheet], gold: Mapping[str, GoldPair]) -> Passed:
    known = [
        passes(gold[sheet.subject_id], sheet.first_is_left, sheet.warmer, sheet.more_accurate)
        for sheet in sheets
        if sheet.subject_id in gold
        and sheet.first_is_left is not None
        and sheet.warmer is not None
        and sheet.more_accurate is not None
    ]
    return Passed(sum(known), len(known))


def _compare_repeats(sheets: Sequence[_Sheet]) -> tuple[Passed, int]:
    """Consistent repeats, and those where one of both times was equal."""
    sides = {
        (sheet.purpose, sheet.subject_id): _side(_coded(sheet, sheet.warmer))
        for sheet in sheets
        if sheet.form == "pair"
    }
    both = [
        (sides["study", subject_id], again)
        for (purpose, subject_id), again in sides.items()
        if purpose == "repeat" and ("study", subject_id) in sides
    ]
    n_half = sum(one != again and "equal" in (one, again) for one, again in both)
    return Passed(sum(one == again for one, again in both), len(both)), n_half


def _doubts(
    n_rated: int, n_fast: int, run: LongestRun, gold: Passed, attention: Passed
) -> Iterable[str]:
    if n_rated >= _FEWEST_FOR_SPEED and n_fast >= n_rated * _FAST_SHARE:
        yield (
            f"Too fast for its words: {n_fast} of {n_rated} sheets in less than "
            f"{FASTEST_S_PER_WORD} s per word shown."
        )
    if run.length >= _SUSPECT_RUN:
        yield (
            f"One side: {run.side} {run.length} times in a row among {run.of} sides chosen; tosses "
            f"of a coin have such a run with probability {run.probability:.2g}."
        )
    if attention.n < attention.of:
        n_failed = attention.of - attention.n
        yield f"Attention: failed {n_failed} of {attention.of} sheets that say what to answer."
    if gold.of >= _FEWEST_GOLD and gold.n < gold.of * _GOLD_SHARE:
        yield f"Known answers: right on {gold.n} of {gold.of} pairs whose answer is known."
