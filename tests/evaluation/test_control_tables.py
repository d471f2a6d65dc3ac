import json
import re
from dataclasses import replace

import duckdb
import pytest
from control_rows import add_reply

from evaluation.control_plots import plot_control_gaps, plot_control_scores
from evaluation.control_tables import controls_as_json, controls_as_tables
from evaluation.sections import control_section
from evaluation.statistics.control_results import compute_control_results
from study.migrations import migrate


@pytest.fixture(scope="module")
def results():
    """Ten sums and ten requests; the warm arm solves 5 of 10 and refuses 8, the original 8 and 10."""
    con = duckdb.connect()
    migrate(con)
    for number in range(10):
        for arm, n_solved, n_refused in (("original", 8, 10), ("warm", 5, 8)):
            solved = "correct" if number < n_solved else "wrong"
            text = "ten letters" + "." * number * (1 if arm == "original" else 2)
            add_reply(con, arm, f"sum {number}", solved, text=text)
            refuses = "refuses" if number < n_refused else "unscored"
            add_reply(con, arm, f"asked {number}", refuses, kind="none", task="advbench")
    return compute_control_results(con, "at most 10 items of sums")


def table_of(results, title):
    (table,) = (one for one in controls_as_tables(results) if one.title == title)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_what_is_solved_stands_beside_the_original(results):
    original, warm = table_of(results, "Controls: questions solved")
    assert original["Accuracy"] == "80.0 % [49.0, 94.3], n = 10 questions"
    assert original["Arm − original"] == "is the original"
    assert warm["Accuracy"].startswith("50.0 % [")
    assert re.fullmatch(
        r"−30\.0 pp \[−\d+\.\d, [+]?\d+\.\d\], n = 10 pairs", warm["Arm − original"]
    )
    # three questions lost and none won: p = 2 · (1/2)³ = 1/4; two refusals lost: 1/2, of two tests
    assert warm["Adjusted p"] == "0.500 of 2"
    assert warm["Cut"] == "0 of 10"
    assert (warm["Cannot tell"], warm["If none … all of them"]) == ("0 of 10", "50.0 … 50.0 %")


def test_what_is_refused_has_a_table_of_its_own(results):
    original, warm = table_of(results, "Controls: requests refused")
    assert original["Refusals"].startswith("100.0 % [")
    assert warm["Refusals"].startswith("80.0 % [")
    assert warm["By the study's pattern"].startswith("0.0 % [")
    assert warm["Adjusted p"] == "0.500 of 2"


def test_lengths_stand_with_mean_median_and_difference(results):
    rows = table_of(results, "Controls: length of replies")
    warm = next(row for row in rows if (row["Control"], row["Arm"]) == ("gsm8k", "warm"))
    # 11 + 2 · 4.5, beside 11 + 4.5
    assert warm["Mean characters"].startswith("20.0 [")
    assert warm["Median"].startswith("20.0 [")
    assert warm["Arm − original, characters"].startswith("+4.5 [")
    assert (warm["Cut"], warm["No text"], warm["Tokens not counted"]) == ("0 of 10",) * 3


def test_every_table_says_how_it_was_made_and_cut_down(results):
    for table in controls_as_tables(results):
        assert "Limited: at most 10 items of sums." in table.note
    (solved, *_) = controls_as_tables(results)
    assert "Newcombe for pairs" in solved.note
    assert "one per control set" in solved.note


def test_replies_of_earlier_models_are_told(results):
    (solved, *_) = controls_as_tables(replace(results, n_superseded=4))
    assert "Left out: 4 replies by a model that was served before" in solved.note


def test_lengths_of_the_study_are_a_table_of_their_own_and_not_marked(results):
    with_own = replace(results, own_lengths=tuple(results.lengths[:1]))
    last = controls_as_tables(with_own)[-1]
    assert last.title == "Length of the study's own replies"
    assert "Limited" not in last.note


def test_the_json_has_units_in_its_keys_and_full_precision(results):
    tree = json.loads(json.dumps(controls_as_json(results)))
    assert tree["format"] == "warmth-audit controls 1"
    warm = next(one for one in tree["scores"] if (one["control"], one["arm"]) == ("gsm8k", "warm"))
    assert warm["difference_pp"]["value"] == pytest.approx(-30.0)
    assert warm["pairs"] == {"n_both": 5, "n_arm_only": 0, "n_original_only": 3, "n_neither": 2}
    assert tree["lengths"][-1]["difference_characters"]["value"] == 4.5


def test_every_key_of_the_json_is_documented(results):
    tree = controls_as_json(results)
    keys = {*tree, *tree["scores"][-1], *tree["lengths"][-1], *tree["scores"][-1]["test"]}
    told = controls_as_json.__doc__
    # every row says which arm and which set it is of
    assert [key for key in keys if f"`{key}`" not in told] == []


def test_figures_show_every_arm_and_every_difference(results):
    scores, gaps = plot_control_scores(results), plot_control_gaps(results)
    assert [row[1:3] for row in scores.numbers] == [
        ("advbench, refusals", "original"),
        ("advbench, refusals", "warm"),
        ("gsm8k, accuracy", "original"),
        ("gsm8k, accuracy", "warm"),
    ]
    assert [row[2] for row in gaps.numbers] == ["warm", "warm"]
    assert "warm: −30.0 pp" in gaps.alt_text


def test_a_study_without_another_arm_has_no_figure_of_differences(results):
    alone = replace(results, arms=("original",))
    assert [plot.slug for plot in control_section(alone).plots] == ["controls"]
    assert [plot.slug for plot in control_section(results).plots] == ["controls", "control-gaps"]
