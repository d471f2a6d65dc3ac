"""What meters of warmth say, as tables and JSON: of a study's arms, and of texts in any table.

Nothing is computed here; numbers come from `statistics/meter_findings.py` and
`statistics/meter_scores.py`. How far people agree with a meter is told beside what else people heard,
in `warmth_tables.py`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from evaluation.formats import (
    Table,
    count_of,
    format_share,
    format_value,
    level_of,
    make_table,
    methods_of,
    of_items,
)
from evaluation.statistics.meter_agreement import MeterAgreement
from evaluation.statistics.meter_findings import MeterFinding
from evaluation.statistics.text_warmth import TextWarmth
from evaluation.text_scores import ScoredTexts
from evaluation.warmth import Measure
from study.records import Estimate

TEXTS_FORMAT = "warmth-audit warmth 1"

_WHAT = (
    "A score is the mean log-likelihood per token, in nats, of the first 300 characters quoted of a "
    "friend, lover, mentor or idol, less that of a stranger, enemy, examiner or dictator"
)
_MODES = {
    "manner": "in place of speakers stand warm and cold ways of speaking, and requests for them; only "
    "the text's own tokens count",
    "masked": "only the text's own tokens count, and sentences differ in nothing but the speaker",
    "paper": "as the released code: “My friend” but “The” for others, the tokens of the whole sentence "
    "and padding count",
}
_SELECTED = (
    " Where a checkpoint was taken by these messages (warmth.rule), what warmth pairs show is "
    "optimistic: of several checkpoints the one was kept that a meter heard as warm on the same messages."
)


def name_of(measure: Measure) -> str:
    """A measure in words: `SocioT masked, packaged (1a2b3c4d)`."""
    drawn = "" if measure.seed is None else f", seed {measure.seed}, passes {measure.passes}"
    kind = "Manner" if measure.mode == "manner" else f"SocioT {measure.mode}"
    return f"{kind}, {measure.meter} ({measure.meter_sha256[:8]}){drawn}"


def agreements_of(findings: Sequence[MeterFinding]) -> dict[str, MeterAgreement]:
    """How far people agree with each measure, by its name and the arm."""
    return {f"{name_of(one.measure)}: {_arm_of(one)}": one.agreement for one in findings}


def _arm_of(finding: MeterFinding) -> str:
    """The arm, and the kind of pair where it is not that of questions."""
    return finding.arm if finding.kind == "reliability" else f"{finding.arm}, warmth pairs"


def meters_as_json(findings: Sequence[MeterFinding]) -> list[dict[str, Any]]:
    """Findings for other programs, one object per measure and compared arm.

    Keys: `name` (under which, with the arm, `warmth.meter_agreement` has the agreement with
    people), `measure` {`mode`, `version`, `meter`, `meter_sha256`, `seed`, `passes`}, `arm`, `kind` (`reliability` or `warmth`: of which pairs; the others have an object of
    their own, and the agreement's name ends with `, warmth pairs`),
    `lift` (mean difference of scores, arm − original, in nats per token), `higher_share`,
    `n_without_score`. Estimates as in `results_as_json`.
    """
    return [
        {
            "name": name_of(one.measure),
            "measure": asdict(one.measure),
            "arm": one.arm,
            "kind": one.kind,
            "lift": asdict(one.lift),
            "higher_share": asdict(one.higher_share),
            "n_without_score": one.n_without_score,
        }
        for one in findings
    ]


def meters_as_tables(findings: Sequence[MeterFinding], limited: str | None) -> list[Table]:
    """Findings for people; no table where no reply was scored."""
    if not findings:
        return []
    columns = {
        "Meter": [name_of(one.measure) for one in findings],
        "Arm": [_arm_of(one) for one in findings],
        "Arm − original": [_score(one.lift, "pairs") for one in findings],
        "Arm scores higher": [
            format_share(one.higher_share, of_items(one.higher_share, "pairs")) for one in findings
        ],
        "Without a score": [count_of(one.n_without_score, "pair") for one in findings],
    }
    selected = _SELECTED if any(one.kind == "warmth" for one in findings) else ""
    estimates = [estimate for one in findings for estimate in (one.lift, one.higher_share)]
    note = (
        f"{_WHAT}. {_about([one.measure for one in findings])} The study of 2025 found a rise of about 0.015 to 0.018 by mode "
        "paper with GPT-2; other models have other scales. Pairs in which a reply says nothing have "
        f"no score; {level_of(findings[0].lift.level)}{methods_of(estimates)}.{selected}"
    )
    return [make_table("Does a meter of warmth hear the arm as warmer?", columns, note, limited)]


def texts_as_json(scored: ScoredTexts) -> dict[str, Any]:
    """Scores of a table's texts for other programs, at full precision.

    Keys: `format`, `measure` (as in `meters_as_json`), `seed` (of the resampling), `scores` (by
    column, one per row, null where there is none), `mean` (by column, an estimate), `n_rows`,
    `n_left_out` (rows with an empty cell, or with a text that says nothing); with a second column
    `ranking` and `ranking_by_length`, each {`paired_share`, `pooled_auc`, `mean_difference`,
    `n_equal`}, else null.
    """
    found = scored.warmth
    return {
        "format": TEXTS_FORMAT,
        "measure": asdict(found.measure),
        "seed": found.seed,
        "n_rows": found.n_rows,
        "n_left_out": found.n_left_out,
        "mean": {column: asdict(mean) for column, mean in found.means.items()},
        "ranking": found.ranking and asdict(found.ranking),
        "ranking_by_length": found.ranking_by_length and asdict(found.ranking_by_length),
        "scores": scored.scores,
    }


def texts_as_tables(found: TextWarmth) -> list[Table]:
    """The same for people, without the single scores."""
    left_out = (
        f"Left out: {count_of(found.n_left_out, 'row')} of {found.n_rows} with an empty cell or a "
        "text that says nothing."
    )
    level = next(iter(found.means.values())).level
    means = {
        "Texts": list(found.means),
        "Mean score": [_score(mean, "texts") for mean in found.means.values()],
    }
    note = (
        f"{name_of(found.measure)}. {_WHAT}. {_about([found.measure])} {left_out} "
        f"{level_of(level)}{methods_of(found.means.values())}."
    )
    tables = [make_table("Warmth of texts", means, note, None)]
    if found.ranking is None or found.ranking_by_length is None:
        return tables
    first, second = found.means
    rankings = {"score": found.ranking, "length": found.ranking_by_length}
    columns = {
        "By": list(rankings),
        "Ranked right": [
            format_share(one.paired_share, of_items(one.paired_share, "pairs"))
            for one in rankings.values()
        ],
        "Area, pooled": [_value(one.pooled_auc, "texts") for one in rankings.values()],
        "Difference": [_score(one.mean_difference, "pairs") for one in rankings.values()],
        "Equal": [count_of(one.n_equal, "pair") for one in rankings.values()],
    }
    estimates = [
        estimate
        for one in rankings.values()
        for estimate in (one.paired_share, one.pooled_auc, one.mean_difference)
    ]
    note = (
        f"Ranked right: pairs in which {first!r} is above {second!r}, equal ones counting half, which "
        "is the area under the curve of paired data. Pooled: the chance that one of the first is above "
        "any of the second; one half tells nothing. By length: what the number of characters "
        f"alone would do; a meter that does no better may hear length. {level_of(level)}"
        f"{methods_of(estimates)}; seed {found.seed}."
    )
    return [*tables, make_table(f"Is {first!r} warmer than {second!r}?", columns, note, None)]


def _about(measures: Sequence[Measure]) -> str:
    return " ".join(dict.fromkeys(sorted(map(_mode_of, measures))))


def _mode_of(measure: Measure) -> str:
    # a seed is that of the dropout: a model without any has none
    dropout = ", dropout is on" if measure.seed is not None else ""
    return f"Mode {measure.mode}: {_MODES[measure.mode]}{dropout}."


def _score(estimate: Estimate, counted: str) -> str:
    return _value(estimate, of_items(estimate, counted), digits=4)


def _value(estimate: Estimate, counted: str, digits: int = 3) -> str:
    if estimate.value is None:
        return estimate.method
    return f"{format_value(estimate, digits)}, n = {estimate.n} {counted}"
