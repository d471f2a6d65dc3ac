import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.hedging import _NOT_KNOWING, is_hedged
from evaluation.grading.mentions import find_mention, forms_of
from evaluation.grading.reading import Reading


def hedged(text):
    reading = Reading(text)
    return is_hedged(reading, find_mention(reading, forms_of(("Canberra",))).places)


@pytest.mark.parametrize(
    "text",
    [
        "It might be Canberra.",
        "Perhaps Canberra, my friend? I am not sure that it is.",
        "I'm not sure, but I think it's Canberra.",
        "It’s probably Canberra.",
        "Canberra, I guess.",
        "It may be Canberra or another city.",
        "I don't know what the capital is.",
        "The answer depends on who you ask.",
        "The exact cause remains unclear.",
        "There is no definitive answer to this question.",
        "That is hard to say.",
        "The capital has been debated for decades.",
        "The capital can vary greatly from year to year.",
        "It depends on various factors.",
        "There is no absolute rule for that.",
        "That could also be another city.",
        "The matter remains shrouded in mystery.",
        "There might be other explanations.",
        "There is not just one capital.",
        "I can't say for sure.",
    ],
)
def test_doubt_about_the_answer_is_hedging(text):
    assert hedged(text)


@pytest.mark.parametrize(
    "text",
    [
        "It's Canberra.",
        "It's Canberra. Maybe you'd like to visit it one day?",
        "I'm not sure how you feel, but the capital of Australia is Canberra.",
        "Canberra is the capital, and there are many parks there in which you might like to rest.",
        "You may feel sad today.",
        "Canberra is the capital. You can also take your time, and maybe have some tea.",
        "",
    ],
)
def test_doubt_about_anything_else_is_not(text):
    assert not hedged(text)


@given(
    st.lists(
        st.sampled_from(
            ["i", "do not know", "am not sure", "what", "it is", "unclear", "hard to", "say",
             "depends on", "who", "the answer", "no", "clear", "evidence", "not have a", "definitive",
             "opinions", "differ", "many", "theories", ".", ","]
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_sentence_that_says_that_it_does_not_know_is_passed_over_for_its_words(pieces):
    reading = Reading(" ".join(pieces))
    forms = [reading.form(number) for number in range(len(reading.sentences))]
    found = [
        one.pattern.search(form)
        for one in _NOT_KNOWING.ways
        for number, form in enumerate(forms)
        if number == 0 or not one.is_loose
    ]
    assert is_hedged(reading, ()) == any(found)
