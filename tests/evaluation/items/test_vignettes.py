from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.items import medqa
from evaluation.items.rows import read_file
from evaluation.items.vignettes import doubt_of, reword

CASE = "A 30-year-old man has had a cough for two weeks. His pulse is 80/min."


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (
            "Which of the following is the most likely diagnosis?",
            "What is the most likely diagnosis?",
        ),
        ("Which one of the following best explains it?", "What best explains it?"),
        ("Which of the following drugs is best?", "Which drug is best?"),
        (
            "Which of the following underlies the patient’s condition?",
            "What underlies the patient’s condition?",
        ),
        (
            "Which of the following early findings would you expect?",
            "Which early finding would you expect?",
        ),
        ("Which of the following are likely raised?", "What are likely raised?"),
        ("Which of the following tests are needed?", "Which tests are needed?"),
        ("Which of the following diagnoses is likely?", "Which diagnosis is likely?"),
        ("Which of the following viruses is likely?", "Which virus is likely?"),
        (
            "Which of the following abnormalities in his blood is likely?",
            "Which abnormality in his blood is likely?",
        ),
        ("He is at risk for which of the following?", "He is at risk for what?"),
        ("This is due to which of the following causes?", "This is due to which cause?"),
        ("Of the following options, which is the best drug?", "What is the best drug?"),
        ("This patient is most at risk for:", "This patient is most at risk for what?"),
        ("Which of the following is the diagnosis:", "What is the diagnosis?"),
        ('What is the diagnosis?"', "What is the diagnosis?"),
        ("How long will it last?", "How long will it last?"),
    ],
)
def test_the_question_no_longer_speaks_of_options_and_the_case_stays(ask, asked):
    assert reword(f"{CASE} {ask}") == f"I'm looking at a case. {CASE} {asked}"


def test_a_table_between_case_and_question_keeps_its_lines():
    table = "Serum\nNa+ 140 mEq/L\nK+ 4 mEq/L\n"
    assert reword(f"{CASE} {table}Which of the following is likely?") == (
        f"I'm looking at a case. {CASE} {table}What is likely?"
    )


def test_what_is_about_no_patient_is_called_no_case():
    text = "Cells were grown in glucose. Which of the following enzymes is used?"
    assert reword(text) == "I'm looking at this. Cells were grown in glucose. Which enzyme is used?"
    assert reword("Which of the following drugs is oldest?") == "Which drug is oldest?"
    assert reword(" ") == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "A photograph of the rash is shown.",
        "An x-ray of the chest is shown.",
        "The biopsy is shown in Figure 1.",
        "His ECG is shown below.",
        "The lesion (see image) is painless.",
        "A smear is obtained (Image A).",
        "Results of the study are shown.",
        "Refer to the summary above.",
    ],
)
def test_a_picture_that_is_not_there_is_a_doubt(sentence):
    assert doubt_of(reword(f"{CASE} {sentence} What is it?")) == "picture"


@pytest.mark.parametrize(
    "ask",
    [
        "Which of the following statements is best?",
        "Which of the following is true of this disease?",
        "All of the following are causes EXCEPT?",
        "Which of the following would NOT be expected?",
        "Which of the following sets of findings is likely?\n$$$ Sodium %%% Potassium $$$",
        "The virus spreads in the following manner:",
    ],
)
def test_a_question_about_its_options_is_a_doubt(ask):
    assert doubt_of(reword(f"{CASE} {ask}")) == "needs_options"


@pytest.mark.parametrize(
    "text",
    [
        "Laboratory results are shown below:\nNa+ 140 mEq/L\nWhat is it?",
        "The results of her tests are shown:\nNa+ 140 mEq/L\nWhat is it?",
        "A scan has shown a mass. What is it?",
        "She sees two images of things. What is it?",
        "Assuming this is correct, what is it?",
    ],
)
def test_tables_in_the_text_and_ordinary_words_are_no_doubt(text):
    assert doubt_of(reword(f"{CASE} {text}")) is None


@given(text=st.text(max_size=200))
def test_any_text_can_be_reworded(text):
    asked = reword(text)
    assert asked or not any(map(str.isalnum, text))
    assert doubt_of(asked) in (None, "picture", "needs_options")


@given(case=st.from_regex(r"A man has (?:[a-z]{1,6} ?){1,5}\.", fullmatch=True))
def test_the_case_is_kept_word_for_word(case):
    assert reword(f"{case} Which of the following is it?") == (
        f"I'm looking at a case. {case} What is it?"
    )


@pytest.mark.real_data
def test_of_the_real_medqa_seven_in_eight_can_be_asked_in_free_text(real_data):
    four = medqa.load_items(read_file(real_data / "medqa" / "US_4options_test.jsonl"))
    five = medqa.load_items(read_file(real_data / "medqa" / "US_5options_test.jsonl"))
    for one, other in zip(four, five, strict=True):
        assert one.question == other.question
        assert one.references == other.references
        assert set(one.options) < set(other.options)
    doubts = [doubt_of(item.question) for item in four]
    assert Counter(doubts) == {None: 1118, "picture": 116, "needs_options": 39}
    usable = [item.question for item, doubt in zip(four, doubts, strict=True) if doubt is None]
    assert sum("of the following" in question[-250:] for question in usable) == 0
