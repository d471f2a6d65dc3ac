"""Meters of warmth in the report, from a real study file with ratings and scores."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from graded_study import study_of

from evaluation.meter_tables import texts_as_json, texts_as_tables
from evaluation.report import results_as_json, results_as_tables
from evaluation.sections import results_sections
from evaluation.statistics.results import compute_results
from evaluation.statistics.text_warmth import warmth_of_texts
from evaluation.text_scores import ScoredTexts
from evaluation.warmth import Measure, insert_warmth_scores, warmth_score
from study.errors import BadTable

MASKED = Measure("masked", 1, "packaged", "1a2b3c4d" + "0" * 56, None, 1)
PAPER = Measure("paper", 1, "gpt2", "5e6f7a8b" + "0" * 56, 7, 100)


@pytest.fixture(scope="module")
def results():
    """Six items; the warm reply scores higher in four of them, and both raters prefer it always."""
    con = study_of(["original", "warm"])
    rows = [
        warmth_score(f"i{number} none none {arm}", measure, value)
        for measure in (MASKED, PAPER)
        for number in range(6)
        for arm, value in (("original", 0.01), ("warm", 0.03 if number < 4 else 0.0))
    ]
    insert_warmth_scores(con.cursor(), map(asdict, rows))
    return compute_results(con, seed=7)


def cells(table):
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def table_of(results, title):
    (found,) = [table for table in results_as_tables(results) if table.title == title]
    return found


def test_people_and_meter_stand_side_by_side_in_the_report(results):
    by_paper, by_mask = cells(table_of(results, "Do meter and judge agree with people?"))
    assert by_mask["With"] == "SocioT masked, packaged (1a2b3c4d): warm"
    assert by_paper["With"] == "SocioT paper, gpt2 (5e6f7a8b), seed 7, passes 100: warm"
    # eight of twelve ratings are of pairs in which the meter says the same
    assert by_mask["Ratings that agree"].startswith("66.7 % [")
    assert "n = 12 ratings" in by_mask["Ratings that agree"]


def test_the_lift_stands_with_interval_and_counts(results):
    table = table_of(results, "Does a meter of warmth hear the arm as warmer?")
    _, by_mask = cells(table)
    # four differences of 0.02 and two of −0.01
    assert by_mask["Arm − original"].startswith("0.0100 [")
    assert by_mask["Arm − original"].endswith("n = 6 pairs of 6 items")
    assert by_mask["Arm scores higher"].startswith("66.7 % [")
    assert by_mask["Without a score"] == "0 pairs"
    assert "only the text's own tokens count" in table.note
    assert "as the released code" in table.note
    # gpt2 drew its dropout by a seed
    assert "padding count, dropout is on." in table.note
    # no warmth pair is in this study
    assert "optimistic" not in table.note


def test_the_report_for_programs_names_every_measure(results):
    tree = json.loads(json.dumps(results_as_json(results)))
    _, by_mask = tree["meters"]
    assert by_mask["measure"] == asdict(MASKED)
    assert by_mask["lift"]["value"] == pytest.approx(0.01)
    agreement = tree["warmth"]["meter_agreement"][f"{by_mask['name']}: {by_mask['arm']}"]
    assert agreement["share"]["value"] == pytest.approx(8 / 12)
    assert "agreement" not in by_mask


def test_the_section_says_whether_there_is_a_meter(results):
    def said(found):
        (section,) = [one for one in results_sections(found) if one.title == "What people heard"]
        return " ".join(section.said)

    assert "A meter of warmth scored the replies too" in said(results)
    without = compute_results(study_of(["original", "warm"], n_items=2), seed=7)
    assert "no meter's score is in this study" in said(without)
    assert results_as_json(without)["meters"] == []


def scored_texts(first, second=None):
    scores = {"warm": np.array(first)} | ({"plain": np.array(second)} if second else {})
    lengths = {column: np.full(len(first), 5.0) for column in scores}
    found = warmth_of_texts(MASKED, scores, lengths, np.arange(len(first)), seed=3)
    return ScoredTexts(found, {column: list(values) for column, values in scores.items()})


def test_texts_are_told_with_what_was_left_out():
    scored = scored_texts([0.1, 0.3, float("nan"), 0.2], [0.0, 0.4, 0.1, 0.1])
    means, ranks = texts_as_tables(scored.warmth)
    assert cells(means)[0]["Mean score"].startswith("0.2000 [")
    assert "1 row of 4 with an empty cell" in means.note
    by_score, by_length = cells(ranks)
    assert by_score["Ranked right"].startswith("66.7 % [")
    assert (by_length["Equal"], by_score["Equal"]) == ("3 pairs", "0 pairs")
    assert "seed 3" in ranks.note


def test_a_meter_without_dropout_is_not_said_to_draw_any():
    found = replace(scored_texts([0.1, 0.3]).warmth, measure=replace(PAPER, seed=None, passes=1))
    (means,) = texts_as_tables(found)
    assert "padding count." in means.note
    assert "dropout" not in means.note


def test_texts_for_programs_have_a_score_per_row():
    tree = texts_as_json(scored_texts([0.1, 0.3], [0.0, 0.4]))
    assert tree["format"] == "warmth-audit warmth 1"
    assert tree["scores"] == {"warm": [0.1, 0.3], "plain": [0.0, 0.4]}
    assert tree["ranking"]["paired_share"]["value"] == 0.5
    assert texts_as_json(scored_texts([0.1, 0.3]))["ranking"] is None


def test_a_table_without_any_text_is_told():
    with pytest.raises(BadTable, match="every row has an empty one"):
        scored_texts([float("nan")], [0.1])
