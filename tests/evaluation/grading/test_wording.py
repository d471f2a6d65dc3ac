"""One form for texts: short forms, signs and articles away, sentences apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.wording import plain, sentences_of, spoken_lines, spoken_words, words


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("It’s the Sydney Opera House, isn't it?", "it is sydney opera house is not it"),
        ("I can't; I won't; I'd rather not.", "i can not i will not i would rather not"),
        ("You're right, that's what I've said", "you are right that is what i have said"),
        ("Dont say it cannot be", "do not say it can not be"),
        ("Perth's not, Perth’s never, Perth's no", "perth is not perth is never perth is no"),
        ("Perth's a city, Perth's harbour is not", "perth is city perth s harbour is not"),
        ("Let's not, it's Perth's noblest", "let s not it is perth s noblest"),
        ("A well-known, “old” answer…", "well known old answer"),
    ],
)
def test_a_text_has_one_form(text, form):
    assert words(text) == form


def test_sentences_end_at_signs_before_or_behind_a_quote_but_not_at_a_title():
    text = plain('He said "No." Then Dr. Smith left! Why? (Nobody knows.) It is 3.5 km')
    assert sentences_of(text) == [
        'he said "no."',
        "then dr. smith left!",
        "why?",
        "(nobody knows.)",
        "it is 3.5 km",
    ]


@pytest.mark.parametrize(
    "other", ["It is 5 °C – cold…", "half a pair \ud83d here", "été, “oui”", ""]
)
def test_words_of_several_sentences_are_those_of_each(other):
    sentences = ["no: not that", other, "a (short) one"]
    assert spoken_lines("\n".join(sentences)) == [spoken_words(sentence) for sentence in sentences]


SHORT_FORMS = (
    ("cannot", "can not"), ("can't", "can not"), ("won't", "will not"), ("n't", " not"),
    *((f"{word}'s", f"{word} is") for word in ("it", "that", "this", "there", "what", "answer")),
    ("'re", " are"), ("'ve", " have"), ("i'd", "i would"), ("i'm", "i am"),
)  # fmt: skip


@given(
    st.lists(
        st.sampled_from(
            ["i", "it", "let", " a ", " not", "that", "this", "there", "what", "answer", "can", "won", "n", "not", "'t",
             "'s", "'re", "'ve", "'d", "'m", "'", "’", " "]
        ),
        max_size=20,
    )
)  # fmt: skip
def test_short_forms_are_written_out_as_one_after_the_other_would_be(pieces):
    text = "".join(pieces)
    expected = text.replace("’", "'")
    for short, full in SHORT_FORMS:
        expected = expected.replace(short, full)
    expected = re.sub(r"(?<!let)'s(?= (?:not|a)\b)", " is", expected)
    assert plain(text) == expected


@given(st.text(alphabet="ab .!?\"')*\n", max_size=40))
def test_a_sentence_ends_at_a_sign_that_at_most_one_closing_stands_behind(text):
    expected = text
    for closing in ("", '"', "'", ")", "*", "**"):
        for sign in ".!?":
            expected = expected.replace(f"{sign}{closing} ", f"{sign}{closing}\n")
    assert sentences_of(text) == [part for part in expected.split("\n") if part.strip()]


@given(st.lists(st.sampled_from(["the", "a", "an", "city", "than"]), max_size=12))
def test_no_article_is_left_in_a_text_of_one_form(spoken):
    text = " ".join(spoken)
    assert words(text).split() == re.sub(r"\b(?:the|an?)\b", " ", text).split()
