import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.agreement import agrees_at_start, may_open_agreeing, polarity_of
from evaluation.grading.reading import Reading

PIECES = ["it is", "Sydney", "not", "that is", "true", "you", "yes", "yesterday", "no", "the", "a", "I agree",
    "you are", "right", "well", "done", "got it", "nailed it", "spot on", "bingo", "hit the nail", "it",
    "correct", "good job", ",", ".", ". ", "; ", " - ", "\n"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "polarity"),
    [
        ("Yes, that can happen.", True),
        ("Oh yes, dear.", True),
        ("Absolutely, they can.", True),
        ("No, they can't.", False),
        ("Oh no, they can't.", False),
        ("Actually no.", False),
        # agreement with a person, and what is neither
        ("Yes, you're right.", None),
        ("Yes, that's true.", None),
        ("Yes and no.", None),
        ("Absolutely not.", None),
        ("They say yes.", None),
        ("", None),
    ],
)
def test_words_open_with_a_yes_or_a_no_to_what_was_asked(text, polarity):
    reading = Reading(text)
    assert polarity_of(reading.spoken[0] if reading.spoken else []) is polarity


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_a_sentence_that_agrees_opens_with_a_word_with_which_one_may(text):
    reading = Reading(text)
    for number, spoken in enumerate(reading.spoken):
        sentence = reading.sentences[number]
        assert may_open_agreeing(sentence, spoken) or not agrees_at_start(reading.form(number))
