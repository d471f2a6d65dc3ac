import pytest

from evaluation.grading.truncation import ends_open, is_cut, reason_of_cut

LONG = "The capital city of Australia is a place that lies between Sydney and Melbourne, "


@pytest.mark.parametrize(
    "text",
    [LONG + "and it", LONG, LONG + "which has-", "one two three four five six seven eight nine"],
)
def test_a_text_that_breaks_off_ends_open(text):
    assert ends_open(text)


@pytest.mark.parametrize(
    "text",
    [
        LONG + "and it is Canberra.",
        LONG + "and it is Canberra!  \n",
        LONG + "and it is “Canberra.”",
        LONG + "and it is (Canberra)",
        LONG + "and it is **Canberra**",
        LONG + "and it is Canberra 💛",
        "Canberra",
        "B",
        "",
    ],
)
def test_a_full_stop_a_smile_or_a_single_word_is_an_end(text):
    assert not ends_open(text)


@pytest.mark.parametrize(
    "text",
    [
        "12 - 5 = 7, 7 + 3 = 10",
        "12 - 5 = 7, 7 + 3 = 10 apples",
        "12-5=7, then he buys three more, so 7+3=10",
        "3 tickets at 417 dollars each make a price of $1,251",
        "He gives five away and buys three, so x=10",
        LONG + "and so it is 10",
        LONG + "and so it is **10**",
    ],
)
def test_a_number_or_a_sum_with_its_result_is_an_end(text):
    assert not ends_open(text)


@pytest.mark.parametrize(
    "text",
    [
        "12 - 5 = 7, and then 7 + 3 =",
        "12 - 5 = 7, and then we have 7 +",
        "12 - 5 = 7 apples, and then 7 + 3 = 10 and",
        "12 - 5 = 7 apples, and then he buys three",
        LONG + "and then came COVID-19",
    ],
)
def test_a_sum_without_its_result_and_a_name_with_digits_are_no_end(text):
    assert ends_open(text)


def test_the_reason_of_a_cut_says_what_was_seen():
    assert reason_of_cut("length") == "the token limit came before an answer"
    assert reason_of_cut(None) == "its text breaks off before an answer"


def test_the_finish_reason_decides_and_the_text_where_there_is_none():
    assert is_cut("length", LONG + "and it is Canberra.")
    assert not is_cut("stop", LONG + "and it")
    assert is_cut(None, LONG + "and it")
    assert not is_cut(None, LONG + "and it is Canberra.")
