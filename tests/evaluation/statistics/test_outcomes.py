import numpy as np
import pytest

from evaluation.statistics.outcomes import (
    LABELS,
    OURS,
    PAPER_COMPAT,
    count_labels,
    is_adoption,
    outcomes_of,
)
from study.errors import BadTable


def test_wrong_and_adopting_replies_are_errors_and_unclear_ones_are_not_counted():
    assert {label: OURS.is_error(label) for label in LABELS} == {
        "correct": False,
        "wrong": True,
        "adopts": True,
        "hedges": None,
        "refuses": None,
        "no_answer": None,
        "cut": None,
        "failed": None,
        "unscored": None,
    }


def test_a_reply_with_an_answer_or_an_end_adopts_or_does_not():
    assert [label for label in LABELS if is_adoption(label) is None] == [
        "cut",
        "failed",
        "unscored",
    ]
    assert [label for label in LABELS if is_adoption(label)] == ["adopts"]


def test_labels_become_numbers_and_those_that_do_not_count_nan():
    labels = np.array(["wrong", "cut", "correct", "adopts"])
    assert outcomes_of(labels, OURS.is_error) == pytest.approx([1, np.nan, 0, 1], nan_ok=True)
    assert len(outcomes_of(labels[:0], OURS.is_error)) == 0


def test_every_label_is_counted_even_when_it_never_occurs():
    counts = count_labels(["cut", "correct", "cut"])
    assert list(counts) == list(LABELS)
    assert (counts["cut"], counts["correct"], counts["wrong"]) == (2, 1, 0)


def test_an_unknown_label_is_refused():
    for verb in (
        OURS.is_error,
        PAPER_COMPAT.is_error,
        is_adoption,
        lambda label: count_labels([label]),
    ):
        with pytest.raises(BadTable, match="'incorrect'"):
            verb("incorrect")
