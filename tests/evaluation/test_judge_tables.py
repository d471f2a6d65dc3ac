import json

import numpy as np
import pytest

from evaluation.judge_tables import JSON_FORMAT, judge_as_json, judge_as_tables
from evaluation.statistics.judge_check import check_judge
from evaluation.statistics.judge_labels import make_judge_labels
from evaluation.statistics.self_consistency import compute_self_consistency, compute_swap_flips


@pytest.fixture
def check():
    """Both arms: 16 errors found, 4 missed, 3 false alarms, 27 cleared; warm has more besides."""
    times = [16, 4, 3, 27]
    judged = np.concatenate([np.repeat([1.0, 0, 1, 0], times)] * 2 + [np.ones(10)])
    human = np.concatenate([np.repeat([1.0, 1, 0, 0], times)] * 2 + [np.full(10, np.nan)])
    arm = np.repeat(["original", "warm"], [50, 60])
    item = np.concatenate([np.arange(50), np.arange(60)])
    labels = make_judge_labels(arm, np.full(110, "trivia"), item, judged, human)
    flips = compute_swap_flips(np.array([1.0, 0, 1, 1]), np.array([0.0, 1, 1, 1]), np.arange(4))
    answers = np.array([["a", "a"], ["a", "b"], ["b", "b"]])
    consistency = compute_self_consistency(answers, np.arange(3), seed=1)
    return check_judge(labels, "grades by rule", swap_flips=flips, consistency=consistency)


def test_tables_show_every_number_with_its_interval_and_count(check):
    tables = {table.title: table for table in judge_as_tables(check, "first 20 items")}
    assert len(tables) == 6
    assert all(table.note.endswith("Limited: first 20 items.") for table in tables.values())
    errs = tables["How the judge errs"]
    original = dict(zip(errs.columns, errs.rows[1], strict=True))
    assert (original["Arm"], original["Task"]) == ("original", "all tasks")
    assert original["Found / missed"] == "16 / 4"
    assert original["Sensitivity"].startswith("80.0 % [")
    assert original["Sensitivity"].endswith("n = 20 errors of 20 items")
    assert original["Kappa"].startswith("0.706 [")
    rates = tables["Rates of error, corrected for the judge"]
    warm = dict(zip(rates.columns, rates.rows[1], strict=True))
    assert warm["Labelled by judge / people"] == "60 / 50"
    # (29/60 + 0.9 − 1) / 0.7
    assert warm["Corrected (Rogan–Gladen)"].startswith("54.8 % [")
    assert "at least 10 errors" in rates.note
    gap = tables["Gap in error rate, corrected for the judge"]
    assert gap.rows[0][0] == "warm"
    assert gap.rows[0][2].startswith("+14.8 pp [")
    swap = tables["Does the judge's answer hang on the side?"]
    assert swap.rows[0][0].startswith("50.0 % [")
    assert swap.rows[0][2] == "2 / 0"
    itself = tables["Does the judge agree with itself?"]
    assert itself.rows[0][0].startswith("66.7 % [")


def test_one_arm_that_nobody_labelled_is_told_in_words():
    judged = np.repeat([0.0, 1.0], [8, 4])
    arm = np.full(12, "original")
    labels = make_judge_labels(arm, arm, np.arange(12), judged, np.full(12, np.nan))
    errs, rates = judge_as_tables(check_judge(labels, "a model"))
    assert "not estimable: no reply has a label by both" in errs.rows[0]
    assert rates.rows[0][4].startswith("not estimable: people found 0 errors")
    assert rates.rows[0][3].startswith("33.3 % [")
    assert errs.note.startswith("A model beside people")


def test_json_has_the_documented_keys(check):
    tree = json.loads(json.dumps(judge_as_json(check)))
    assert tree["format"] == JSON_FORMAT
    assert set(tree) == {
        "format", "limited", "judge", "level", "reference", "rule", "overall", "arms",
        "contrasts_pp", "swap_flips", "consistency",
    }  # fmt: skip
    assert set(tree["arms"][0]) == {
        "arm", "n_replies", "n_judged", "n_labelled", "confusion", "by_task", "corrected", "powered",
    }  # fmt: skip
    assert tree["overall"]["kappa"]["value"] == check.overall.kappa.value
    assert set(tree["contrasts_pp"][0]) == {"arm", "shift", "corrected", "powered"}
    documented = judge_as_json.__doc__
    for part in (tree["overall"], tree["swap_flips"], tree["consistency"], *tree["contrasts_pp"]):
        assert all(f"`{key}`" in documented for key in part)
