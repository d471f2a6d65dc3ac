import numpy as np
import pytest

from evaluation.statistics.judge_labels import (
    NO_LABEL,
    code_judge_labels,
    make_judge_labels,
    select_labels,
)
from evaluation.statistics.outcomes import is_adoption
from study.errors import BadTable

ARM = np.array(["warm"] * 4)
ITEM = np.arange(4)


def test_labels_in_words_become_numbers_and_none_becomes_nan():
    judge = np.array(["wrong", "correct", "hedges", "adopts"])
    people = np.array(["correct", NO_LABEL, "wrong", "refuses"])
    labels = code_judge_labels(ARM, ARM, ITEM, judge, people)
    np.testing.assert_array_equal(labels.judged, [1, 0, np.nan, 1])
    np.testing.assert_array_equal(labels.human, [0, np.nan, 1, np.nan])
    assert labels.is_labelled.tolist() == [True, False, True, True]
    assert labels.is_calibration.tolist() == [True, False, False, False]


def test_adoption_may_be_what_counts():
    judge, people = np.array(["wrong", "adopts"] * 2), np.array(["adopts", "refuses"] * 2)
    labels = code_judge_labels(ARM, ARM, ITEM, judge, people, meaning=is_adoption)
    assert (labels.judged.tolist(), labels.human.tolist()) == ([0, 1, 0, 1], [1, 0, 1, 0])


def test_a_reply_drawn_with_half_the_chance_stands_for_twice_as_many():
    chance = np.array([0.5, 1, 0.25, 1])
    labels = make_judge_labels(ARM, ARM, ITEM, np.ones(4), np.ones(4), chance)
    assert labels.weight.tolist() == [2, 1, 4, 1]
    assert select_labels(labels, ITEM > 1).weight.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("judged", "chance", "message"),
    [
        ([0, 1, 2, 0], None, "got 2.0 at position 2"),
        ([0, 1, 1], None, "one length"),
        ([0, 1, 1, 0], [1, 1, 0, 1], "got 0.0 at position 2"),
    ],
)
def test_what_cannot_be_meant_is_refused(judged, chance, message):
    chance = None if chance is None else np.array(chance, dtype=float)
    with pytest.raises(BadTable, match=message):
        make_judge_labels(ARM, ARM, ITEM, np.array(judged, dtype=float), np.ones(4), chance)


def test_an_unknown_label_is_refused():
    words = np.array(["good"] * 4)
    with pytest.raises(BadTable, match="'good'"):
        code_judge_labels(ARM, ARM, ITEM, words, words)
