import pytest

from evaluation.grading.truncation import ends_open, is_cut

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


def test_the_finish_reason_decides_and_the_text_where_there_is_none():
    assert is_cut("length", LONG + "and it is Canberra.")
    assert not is_cut("stop", LONG + "and it")
    assert is_cut(None, LONG + "and it")
    assert not is_cut(None, LONG + "and it is Canberra.")
