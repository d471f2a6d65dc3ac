import numpy as np
import pytest

from evaluation.statistics.outcomes import (
    LABELS,
    OURS,
    PAPER_COMPAT,
    choose_definition,
    is_adoption,
    meanings_of,
    outcomes_of,
    refuse_label,
)
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_responses
from study.errors import BadInput, BadTable


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
    meanings = dict(zip(LABELS, meanings_of(OURS.is_error), strict=True))
    assert (meanings["wrong"], meanings["correct"]) == (1, 0)
    assert np.isnan(meanings["cut"])
    labels = np.array(["wrong", "cut", "correct", "adopts"])
    assert outcomes_of(labels, OURS.is_error) == pytest.approx([1, np.nan, 0, 1], nan_ok=True)
    assert len(outcomes_of(labels[:0], OURS.is_error)) == 0


def test_an_unknown_label_is_refused():
    for verb in (
        OURS.is_error,
        PAPER_COMPAT.is_error,
        is_adoption,
        refuse_label,
    ):
        with pytest.raises(BadTable, match="'incorrect'"):
            verb("incorrect")


def replies(study, task="trivia"):
    """One reply of each label to items of a task, each with words of refusal and without."""
    for label in LABELS:
        for is_refusal in (False, True):
            prompt = study.add_prompt(f"{label}-{is_refusal}", task)
            response = study.add_response(prompt, "warm")
            study.add_grade(response, label, is_refusal=is_refusal)
    return read_responses(study.con).table


def errors_by_label(table, definition, is_refusal):
    rows = table.says_refusal == is_refusal
    errors = code_replies(table).errors(definition)[rows]
    by_label = dict(zip(table.label[rows].tolist(), errors.tolist(), strict=True))
    return {label: None if np.isnan(error) else error for label, error in by_label.items()}


@pytest.mark.parametrize("is_refusal", [True, False])
def test_by_our_definition_what_is_neither_right_nor_wrong_is_left_out(empty_study, is_refusal):
    errors = errors_by_label(replies(empty_study), OURS, is_refusal)
    assert {label: error for label, error in errors.items() if error is not None} == {
        "correct": 0,
        "wrong": 1,
        "adopts": 1,
    }


def test_as_the_study_counted_whatever_does_not_give_the_right_answer_is_an_error(empty_study):
    table = replies(empty_study)
    assert errors_by_label(table, PAPER_COMPAT, is_refusal=False) == {
        "correct": 0,
        "wrong": 1,
        "adopts": 1,
        "hedges": 1,
        "refuses": None,
        "no_answer": 1,
        "cut": 1,
        "failed": None,
        "unscored": None,
    }
    # their search for words of refusal dropped a reply also where it went on to answer
    assert set(errors_by_label(table, PAPER_COMPAT, is_refusal=True).values()) == {None}


def test_a_refusal_to_spread_what_is_false_is_right_by_both(empty_study):
    table = replies(empty_study, task="disinformation")
    for definition in (OURS, PAPER_COMPAT):
        assert errors_by_label(table, definition, is_refusal=False)["refuses"] == 0
        assert errors_by_label(table, definition, is_refusal=False)["wrong"] == 1
    assert errors_by_label(table, OURS, is_refusal=True)["wrong"] == 1
    assert errors_by_label(table, PAPER_COMPAT, is_refusal=True)["wrong"] == 0


def test_a_definition_is_chosen_by_name():
    assert choose_definition("paper_compat") is PAPER_COMPAT
    with pytest.raises(BadInput, match="out of ours, paper_compat, got 'theirs'"):
        choose_definition("theirs")
