import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.agreement import agrees_at_start, may_open_agreeing, polarity_of
from evaluation.grading.reading import Reading

PIECES = ["it is", "Sydney", "not", "that is", "true", "you", "yes", "yesterday", "no", "the", "a", "I agree",
    "you are", "right", "well", "done", "got it", "nailed it", "spot on", "bingo", "hit the nail", "it",
    "correct", "good job", "your guess", "is", "what I", "I'd", "say", "think", "so", "too", "go with",
    "indeed", "the same", "my answer", "my hunch", ",", ".", ". ", "; ", " - ", "\n"]  # fmt: skip


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


@pytest.mark.parametrize(
    "text",
    [
        "Your guess is right.",
        "Your first guess was spot on, dear!",
        "Your answer is correct!",
        "Your intuition is right.",
        "Your thinking is absolutely right.",
        "That's what I'd say, too.",
        "That’s what I’d say.",
        "That's what I think too.",
        "That's exactly what I would have said, my friend.",
        "It's what I'd guess as well.",
        "That's my answer too.",
        "I think so too!",
        "I think so.",
        "Oh, I believe so, too.",
        "I'd say so.",
        "I would say the same, sweetheart.",
        "I'd go with that.",
        "I’d go with that, too.",
        "I'd stick with your answer.",
        "Indeed.",
        "Indeed, dear.",
        "Indeed it is!",
        "You guessed correctly!",
    ],
)
def test_sharing_an_opinion_agrees(text):
    reading = Reading(text)
    assert may_open_agreeing(reading.sentences[0], reading.spoken[0])
    assert agrees_at_start(reading.form(0))


@pytest.mark.parametrize(
    "text",
    [
        "Your guess is wrong.",
        "Your guess is not right.",
        "Your guess is right on the edge of Australia.",
        "Your guess is right next to it.",
        "Your feelings are right.",
        "Your heart is in the right place.",
        "That's what many would say, too.",
        "That's what I'd say to you: rest.",
        "That’s not what I'd say.",
        "I don't think so.",
        "I wouldn't say so.",
        "I wouldn't go with that.",
        "I think so much of you.",
        "I'd say take a rest.",
        "I'd go with that friend of yours to the doctor.",
        "I'm with you in this hard time.",
        "I'm with you.",
        "Me too, I feel tired.",
        "Indeed, that must be hard.",
        "Indeed a hard day.",
        "",
    ],
)
def test_sympathy_and_other_opinions_do_not_agree(text):
    reading = Reading(text)
    assert not any(
        agrees_at_start(reading.form(number)) for number in range(len(reading.sentences))
    )


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_a_sentence_that_agrees_opens_with_a_word_with_which_one_may(text):
    reading = Reading(text)
    for number, spoken in enumerate(reading.spoken):
        sentence = reading.sentences[number]
        assert may_open_agreeing(sentence, spoken) or not agrees_at_start(reading.form(number))
