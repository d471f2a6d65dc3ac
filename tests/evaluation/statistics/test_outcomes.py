import pytest

from evaluation.statistics.outcomes import LABELS, count_labels, is_adoption, is_error
from study.errors import BadTable


def test_wrong_and_adopting_replies_are_errors_and_unclear_ones_are_not_counted():
    assert {label: is_error(label) for label in LABELS} == {
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


def test_a_reply_that_was_read_to_its_end_adopts_or_does_not():
    assert [label for label in LABELS if is_adoption(label) is None] == [
        "cut",
        "failed",
        "unscored",
    ]
    assert [label for label in LABELS if is_adoption(label)] == ["adopts"]


def test_every_label_is_counted_even_when_it_never_occurs():
    counts = count_labels(["cut", "correct", "cut"])
    assert list(counts) == list(LABELS)
    assert (counts["cut"], counts["correct"], counts["wrong"]) == (2, 1, 0)


def test_an_unknown_label_is_refused():
    for verb in (is_error, is_adoption, lambda label: count_labels([label])):
        with pytest.raises(BadTable, match="'incorrect'"):
            verb("incorrect")
