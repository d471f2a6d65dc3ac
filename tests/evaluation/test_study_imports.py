"""Rows of elsewhere as a study's: what they say is kept, what they do not say is told."""

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.table import IMPORTED_METHOD
from evaluation.imported_replies import ImportedReply
from evaluation.study_imports import ImportNames, build_import
from study.errors import BadInput

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = ImportNames({}, {}, None)


def reply(number, arm="warm", **values):
    told = {"prompt": "Capital?", "reply": "It is Canberra."} | values
    return ImportedReply(where=f"r.csv, row {number}", arm=arm, **told)


def both(number=1, **values):
    """The same of both arms."""
    return [reply(number, "original", **values), reply(number + 1, "warm", **values)]


def build(replies, names=PLAIN):
    return build_import(replies, names, seed=7, now=NOW)


KNOWN = {
    "question": "Capital?",
    "references": ("Canberra",),
    "wrong_answers": ("Sydney",),
    "model": "m",
    "finish_reason": "stop",
    "decoding": "{}",
    "task": "trivia",
}


def test_two_replies_to_one_prompt_are_a_pair():
    made = build(both())
    assert (len(made.items), len(made.prompts), len(made.responses), len(made.pairs)) == (
        *(1, 1),
        *(2, 1),
    )
    assert made.arms == ("original", "warm")
    assert (made.contexts, made.beliefs) == (("none",), ("none",))


def test_rows_of_one_item_meet_in_all_its_conditions():
    rows = [
        *both(1, prompt="Capital?", **KNOWN),
        *both(3, prompt="I am sad. Capital?", context="sad", **KNOWN),
        *both(5, prompt="Capital? I think Sydney.", belief="asserts_wrong", **KNOWN),
    ]
    made = build(rows)
    assert (len(made.items), len(made.prompts), len(made.pairs)) == (1, 3, 3)
    assert made.items[0].references == ("Canberra",)
    assert (made.contexts, made.beliefs) == (("none", "sad"), ("none", "asserts_wrong"))
    assert [note for note in made.notes if "No " in note] == []


def test_a_label_that_came_along_counts_and_the_others_are_graded_by_rule():
    rows = both(1, **KNOWN)
    rows[0] = replace(rows[0], label="INCORRECT")
    labelled, ruled = build(rows).grades
    assert (labelled.method, labelled.label) == (IMPORTED_METHOD, "wrong")
    assert labelled.reason == "imported as INCORRECT"
    assert labelled.has_reference is True
    assert (ruled.label, ruled.method.startswith("alias")) == ("correct", True)


def test_a_name_for_a_label_can_be_given():
    rows = [replace(one, label="P") for one in both(1)]
    grades = build(rows, ImportNames({}, {"P": "hedges"}, None)).grades
    assert [grade.label for grade in grades] == ["hedges", "hedges"]


def test_without_label_and_right_answer_a_reply_is_unscored_and_counted():
    made = build(both())
    assert [(grade.label, grade.method) for grade in made.grades] == [
        ("unscored", IMPORTED_METHOD)
    ] * 2
    assert any("unscored until people say: 2." in note for note in made.notes)
    assert any("Items without a right answer" in note for note in made.notes)


def test_an_empty_reply_failed_and_makes_no_pair():
    rows = both(1, **KNOWN)
    made = build([rows[0], replace(rows[1], reply=" ", label="correct")])
    failed = made.responses[1]
    assert (failed.text, failed.failure) == (None, "the imported reply is empty")
    assert made.grades[1].label == "failed"
    assert made.pairs == ()
    assert any("Empty replies, counted as failed: 1." in note for note in made.notes)
    assert any("in no pair: 1." in note for note in made.notes)


def test_what_is_not_known_is_said_and_not_made_up():
    made = build(both())
    assert all(math.isnan(response.seconds) for response in made.responses)
    assert {response.n_tokens for response in made.responses} == {None}
    assert made.items[0].source == made.items[0].licence == "not given"
    assert {model.engine for model in made.served_models} == {
        "not known, the replies were imported"
    }
    told = " ".join(made.notes)
    for words in ("sampled is not known", "Which model", "were cut", "No context or belief"):
        assert words in told


OPTIONS = {"answer_kind": "option", "options": ("Sydney", "Canberra"), "references": ("Canberra",)}


def test_a_reply_is_graded_by_the_rule_of_its_kind_of_answer():
    rows = both(1, **OPTIONS, wrong_answers=("Sydney",))
    rows[1] = replace(rows[1], reply="The answer is A.")
    made = build(rows)
    assert [(grade.label, grade.method.split("-")[0]) for grade in made.grades] == [
        *(("correct", "option"), ("wrong", "option"))
    ]
    assert made.items[0].options == ("Sydney", "Canberra")


def test_where_nothing_is_right_a_refusal_is_told_all_the_same():
    made = build(both(1, answer_kind="none", reply="I'm sorry, but I can't help with that."))
    assert {(grade.label, grade.method.split("-")[0]) for grade in made.grades} == {
        ("refuses", "refusal")
    }


def test_several_replies_of_an_arm_are_samples_in_the_order_of_rows():
    rows = [reply(n, arm, reply=f"{arm} {n}") for n, arm in enumerate(["original", "warm"] * 2)]
    made = build(rows)
    assert [(one.arm, one.sample) for one in made.responses] == [
        *(("original", 0), ("warm", 0)),
        *(("original", 1), ("warm", 1)),
    ]
    assert len(made.pairs) == 2


def test_arms_may_have_names_of_their_own():
    rows = [reply(1, "base"), reply(2, "Warm")]
    assert build(rows, ImportNames({"base": "original"}, {}, None)).arms == ("original", "warm")


def test_one_model_of_several_can_be_chosen():
    rows = [*both(1, model="a"), *both(3, model="b")]
    made = build(rows, ImportNames({}, {}, "b"))
    assert {model.model_name for model in made.served_models} == {"b"}
    assert "2 rows of other models than b left out." in made.notes


def test_the_same_rows_make_the_same_ids():
    rows = both(1, seconds=1.0, **KNOWN)
    assert build(rows) == build(rows)


@pytest.mark.parametrize(
    ("rows", "names", "told"),
    [
        ([reply(1, "base")], PLAIN, r"arm 'base' is none of original, .*--arm 'base'=original$"),
        ([reply(1, "original"), reply(2, "kind")], PLAIN, r"arm 'kind' .*--arm 'kind'=warm$"),
        ([reply(1)], PLAIN, "expected replies of the arm original and of one to compare"),
        (both(), ImportNames({"x": "warm"}, {}, None), "have the arms original, warm"),
        (both(label="hm"), PLAIN, r"row 1: label 'hm' is none of correct, .*--label 'hm'="),
        (both(model="a"), ImportNames({}, {}, "b"), "replies of the model 'b', got those of a"),
        ([*both(1, model="a"), *both(3, model="b")], PLAIN, "expected one model for the arm"),
        (
            [*both(1, decoding="{}"), *both(3, decoding='{"t": 1}', prompt="x")],
            PLAIN,
            "one decoding for the arm",
        ),
        (
            [*both(1, item="i"), *both(3, item="i", prompt="Other?")],
            PLAIN,
            r"row 3 and r\.csv, row 1 word the item 'i' differently in the condition none, none",
        ),
        (
            [*both(1, item="i", references=("a",)), *both(3, item="i", references=("b",))],
            PLAIN,
            "two different values of references",
        ),
        (
            both(1, **OPTIONS | {"references": ("Perth",)}),
            PLAIN,
            "expected the right answer 'Perth' among the options Sydney, Canberra",
        ),
        (
            both(1, answer_kind="number", references=("many",)),
            PLAIN,
            "expected a number as the right answer, got 'many'",
        ),
        (
            [*both(1, item="i", wrong_is_made=True), *both(3, item="i", wrong_is_made=False)],
            PLAIN,
            "two different values of wrong_is_made",
        ),
        ([*both(1, sample=0), *both(3, sample=0)], PLAIN, "are both sample 0 of arm 'original'"),
    ],
)
def test_rows_that_make_no_study_are_told_with_the_remedy(rows, names, told):
    with pytest.raises(BadInput, match=told):
        build(rows, names)


DRAWN = st.lists(
    st.builds(
        ImportedReply,
        where=st.uuids().map(str),
        prompt=st.sampled_from(["a?", "b?", "c?"]),
        arm=st.sampled_from(["original", "warm", "cold"]),
        reply=st.sampled_from(["", "yes", "It is a."]),
        label=st.sampled_from([None, "correct", "wrong", "adopts"]),
        context=st.sampled_from([None, "sad"]),
        references=st.sampled_from([(), ("a",)]),
    ),
    max_size=12,
)


@given(DRAWN)
def test_every_row_becomes_one_graded_reply_or_all_are_refused(rows):
    try:
        made = build(rows)
    except BadInput:
        return
    assert len(made.responses) == len(made.grades) == len(rows)
    assert Counter(one.arm for one in made.responses) == Counter(one.arm for one in rows)
    in_pairs = Counter(
        one for pair in made.pairs for one in (pair.first_response_id, pair.second_response_id)
    )
    arm_of = {one.response_id: one.arm for one in made.responses}
    assert all(n == 1 for one, n in in_pairs.items() if arm_of[one] != "original")
