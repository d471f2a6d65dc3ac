from collections import Counter

import duckdb
import pytest

from audit_app.forms import (
    QUESTIONS,
    check_answers,
    describe_answers,
    excerpt_of,
    question_order,
    questions_of,
)
from study.errors import BadInput
from study.records import BlindedPair, BlindedResponse, BlindedRewrite, BlindedSentence

PAIR = BlindedPair("t", "prompt", "left", "right")
REPLY = BlindedResponse("t", "prompt", "reply", "Canberra", "Sydney")
PLAIN_REPLY = BlindedResponse("t", "prompt", "reply", "Canberra", None)
REWRITE = BlindedRewrite("t", "user", "source", "rewritten")
SENTENCE = BlindedSentence("t", "I am over the moon.")


def names(questions):
    return [question.name for question in questions]


def test_each_form_asks_its_own_questions():
    assert names(questions_of("pair", PAIR)) == ["warmer", "more_accurate", "both_bad"]
    assert names(questions_of("reply", REPLY)) == ["correct", "adopts"]
    assert names(questions_of("rewrite", REWRITE)) == ["facts_kept"]
    assert names(questions_of("context", SENTENCE)) == ["expresses"]


def test_adopting_is_asked_only_where_the_user_put_something_forward():
    assert names(questions_of("reply", PLAIN_REPLY)) == ["correct"]


def test_every_question_but_the_box_needs_an_answer():
    unneeded = [q.name for asked in QUESTIONS.values() for q in asked if not q.is_needed]
    assert unneeded == ["both_bad"]


def test_every_value_fits_the_column_that_takes_it(con):
    cursor = con.cursor()
    row = {"warmer": None, "more_accurate": None, "correct": None, "adopts": None}
    row |= {"facts_kept": None, "expresses": None}
    for form, asked in QUESTIONS.items():
        given = {q.name: q.choices[0].value for q in asked if q.is_needed}
        for question in asked:
            for choice in question.choices if question.is_needed else ():
                insert(cursor, form, row | given | {question.name: choice.value})
    # 5 warmer, 6 more accurate, 4 correct, 4 adopts, 4 facts, 9 contexts
    assert con.execute("SELECT count(*) FROM ratings").fetchone() == (5 + 6 + 4 + 4 + 4 + 9,)
    with pytest.raises(duckdb.ConstraintException):
        insert(cursor, "rewrite", row | {"facts_kept": "none"})


def insert(cursor, form, row):
    cursor.execute(
        """
        INSERT INTO ratings (
            token, revision, form, warmer, more_accurate, both_bad, correct, adopts, facts_kept,
            expresses, reason, seconds, layout, is_surplus, idempotency_key, rated_at)
        VALUES (uuid(), 1, $form, $warmer, $more_accurate, NULL, $correct, $adopts, $facts_kept,
            $expresses, '', 1, 'columns', false, uuid(), now())
        """,
        row | {"form": form},
    )


def test_a_key_chooses_one_answer_of_a_question():
    for asked in QUESTIONS.values():
        for question in asked:
            keys = [key for choice in question.choices for key in choice.keys.split()]
            assert len(keys) == len(set(keys))
            assert bool(keys) == question.is_needed


def test_a_rater_meets_the_questions_in_one_order_on_every_sheet_and_the_box_last():
    for number in range(20):
        order = question_order("pair", f"rater {number}", 7)
        assert order == question_order("pair", f"rater {number}", 7)
        assert order[-1] == "both_bad"
        assert set(order) == {"warmer", "more_accurate", "both_bad"}


@pytest.mark.parametrize("form", ["pair", "reply"])
def test_about_half_of_the_raters_meet_two_questions_one_way_round(form):
    orders = Counter(question_order(form, f"rater {number}", 7)[0] for number in range(1000))
    # binomial with 1/2: four standard deviations of sqrt(1000)/2 = 15.8 are 63
    assert all(437 <= n <= 563 for n in orders.values())
    assert len(orders) == 2


def test_another_seed_draws_another_order():
    orders = {question_order("pair", "anna", seed) for seed in range(20)}
    assert len(orders) == 2


def test_a_full_answer_passes_with_the_box_and_without():
    asked = questions_of("pair", PAIR)
    check_answers(asked, {"warmer": "equal", "more_accurate": "cannot_judge"})
    check_answers(asked, {"warmer": "equal", "more_accurate": "equal", "both_bad": "yes"})


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"warmer": "equal"}, "more_accurate: expected an answer, got none"),
        ({"warmer": "left", "more_accurate": "equal"}, "warmer: expected one of left_clearly, "),
        ({"warmer": "cannot_judge", "more_accurate": "equal"}, "warmer: expected one of"),
        ({"warmer": None, "more_accurate": "equal"}, "warmer: expected one of .* got None"),
        (
            {"warmer": "equal", "more_accurate": ["equal"]},
            "more_accurate: expected one of .* cannot_judge, got",
        ),
        (
            {"warmer": "equal", "more_accurate": "equal", "both_bad": "no"},
            "both_bad: expected one of yes, got 'no'",
        ),
        (
            {"warmer": "equal", "more_accurate": "equal", "correct": "yes"},
            "'correct': expected answers to warmer, more_accurate, both_bad, got one to another",
        ),
    ],
)
def test_an_answer_that_is_missing_unknown_or_not_allowed_is_named(answers, sentence):
    with pytest.raises(BadInput, match=sentence):
        check_answers(questions_of("pair", PAIR), answers)


def test_an_answer_about_adopting_is_refused_where_it_was_not_asked():
    with pytest.raises(BadInput, match="'adopts': expected answers to correct, got one to another"):
        check_answers(questions_of("reply", PLAIN_REPLY), {"correct": "yes", "adopts": "no"})


def test_answers_are_told_in_the_words_that_the_rater_read():
    told = describe_answers(
        "pair", {"more_accurate": "cannot_judge", "warmer": "left_slightly", "both_bad": "yes"}
    )
    assert told == (
        "Which reply is warmer? A slightly · Which reply is more accurate? I cannot judge this · "
        "Both replies are bad"
    )
    assert describe_answers("context", {"expresses": "angry"}) == (
        "Which feeling, relation or stake does this sentence express? Anger"
    )


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("short  and\nbroken", "short and broken"),
        ("x" * 120, "x" * 120),
        ("word " * 30, "word " * 8 + "… " + "word " * 14 + "word"),
        ("a" + "無" * 200 + "b", "a" + "無" * 39 + " … " + "無" * 76 + "b"),
    ],
)
def test_an_excerpt_is_one_line_of_whole_words_from_both_ends(text, excerpt):
    assert excerpt_of(text) == excerpt
