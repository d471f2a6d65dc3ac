"""One form for texts: short forms, signs and articles away, sentences apart."""

import pytest

from evaluation.grading.wording import plain, sentences_of, spoken_lines, spoken_words, words


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("It’s the Sydney Opera House, isn't it?", "it is sydney opera house is not it"),
        ("I can't; I won't; I'd rather not.", "i can not i will not i would rather not"),
        ("You're right, that's what I've said", "you are right that is what i have said"),
        ("Dont say it cannot be", "do not say it can not be"),
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
