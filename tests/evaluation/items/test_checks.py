from dataclasses import replace

from evaluation.items.checks import check_items
from study.records import Item

RED = Item("1", "other", "What is red?", ("Blood",), ("Sky",), "a book", "CC0")


def doubts_of(*items, **arguments):
    checked = check_items(items, keep_suspicious=False, **arguments)
    assert len(checked.kept) + len(checked.doubts) == len(items)
    return [doubt.kind for doubt in checked.doubts]


def variant(number, **changes):
    return replace(RED, item_id=str(number), question=f"What is red, number {number}?", **changes)


def test_each_kind_of_doubt_has_a_name():
    items = [
        RED,
        variant(2, references=("I have no comment.", "Blood")),
        variant(3, wrong_answers=("the blood!",)),
        replace(RED, item_id="4"),
        replace(RED, question="What is blue?"),
        replace(RED, item_id="6", question=" … "),
        variant(7, references=()),
        variant(8, wrong_answers=()),
        variant(9, references=("A",)),
        variant(10),
    ]
    assert doubts_of(*items, loose_ids={"10"}) == [
        "no_comment",
        "same_answer",
        "repeated_question",
        "repeated_id",
        "no_question",
        "no_reference",
        "no_wrong_answer",
        "no_words",
        "loose_wrong_answer",
    ]


def test_a_question_may_stand_in_two_tasks():
    assert doubts_of(RED, replace(RED, item_id="2", task="disinformation")) == []


def test_options_are_compared_as_they_are_written():
    signs = replace(RED, answer_kind="option", references=("-1",), wrong_answers=("1", "0"))
    assert doubts_of(signs) == []
    assert doubts_of(replace(signs, wrong_answers=("0", "-1"))) == ["same_answer"]


def test_what_only_refuses_needs_no_answers():
    assert doubts_of(replace(RED, answer_kind="none", references=(), wrong_answers=())) == []


def test_only_questions_of_medqa_are_looked_at_for_pictures():
    text = "A photograph of the rash is shown. What is it?"
    assert doubts_of(replace(RED, question=text)) == []
    assert doubts_of(replace(RED, question=text, task="medqa")) == ["picture"]


def test_a_refusal_among_the_aliases_is_no_right_answer():
    ((_, kept),) = check_items(
        [replace(RED, references=("Blood", "I have no comment"))], keep_suspicious=False
    ).kept
    assert kept.references == ("Blood",)


def test_suspicious_items_are_kept_on_request_where_they_can_be_asked():
    gold = variant(2, references=("I have no comment",))
    checked = check_items([RED, gold, variant(3, wrong_answers=())], keep_suspicious=True)
    assert checked.kept == ((0, RED), (1, gold))
    assert [doubt.can_be_asked for doubt in checked.doubts] == [True, False]


def test_the_sentence_names_the_question_and_cuts_a_long_one():
    long = replace(RED, question="Why " * 100, wrong_answers=())
    (doubt,) = check_items([long], keep_suspicious=False).doubts
    assert doubt.sentence.startswith("“Why Why")
    assert doubt.sentence.endswith(
        "…”: there is no wrong answer, and no other item has one of its type"
    )
    assert len(doubt.sentence) < 220
