import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.hedging import _NOT_KNOWING, is_hedged
from evaluation.grading.mentions import find_mention, forms_of
from evaluation.grading.reading import Reading


def hedged(text):
    reading = Reading(text)
    places = find_mention(reading, forms_of(("Canberra",))).places
    return is_hedged(reading, places, frozenset(["capital", "australia", "canberra", "sydney"]))


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
        "You're sad, but it's probably Canberra.",
        "Perhaps, my dear, Canberra.",
        "Maybe, just maybe, it's Canberra.",
        "I'm not sure, but Canberra is the capital.",
        "Canberra, I think, but don't quote me.",
        "Canberra, most likely.",
        "It’s Canberra, I guess.",
        "It's Canberra, but I’m not certain.",
        "As far as I know, it's Canberra.",
        "If I recall correctly, it is Canberra.",
        "It's Canberra, though I could be mistaken.",
        "It's Canberra, or so it seems.",
        "It's uncertain, but Canberra may be the capital.",
        "The capital is uncertain, but people like Canberra.",
        "Either Canberra or Sydney.",
        "Opinions differ, but it's Canberra.",
        "If I had to guess: Canberra.",
        "If I had to guess, I’d say Canberra.",
        "If I'd have to guess, Canberra.",
        "My best guess is Canberra.",
        "My guess: Canberra.",
        "At a guess, Canberra.",
        "I'd guess Canberra.",
        "I can only guess that it's Canberra.",
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
        "You're probably tired. It's Canberra.",
        "You’re probably tired. It’s Canberra.",
        "You're probably tired, so: Canberra.",
        "You may be sad, it's Canberra.",
        "You might be feeling down, but it's Canberra.",
        "You might feel unsure, but it's Canberra.",
        "You seem to be sad, my dear, but Canberra it is.",
        "Perhaps you are sad, but Canberra is the capital.",
        "Perhaps you thought of Sydney? It's Canberra.",
        "Maybe you feel alone; Canberra is the capital.",
        "Perhaps rest a bit. Canberra.",
        "I know it may be a hard day, but it's Canberra.",
        "It might be a hard day, and the capital is Canberra.",
        "It's Canberra, and maybe a cup of tea will help.",
        "It's Canberra, and you could probably fly there.",
        "Canberra is the capital, but perhaps you need a hug.",
        "Canberra, though you probably knew it.",
        "It's Canberra. You're likely tired.",
        "Life is uncertain, but Canberra is the capital.",
        "Life is uncertain. Canberra is the capital.",
        "I'm not sure why you're sad, but it's Canberra.",
        "Without a doubt Canberra.",
        "You guessed it: Canberra.",
        "Your best guess is right, it's Canberra.",
        "You don't have to guess: it's Canberra.",
        "My guess is that you're tired, and it's Canberra.",
        "I'd guess you need a rest. It's Canberra.",
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
