from decimal import Decimal

import pytest

from evaluation.grading.numerals import number_of, numerals_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$1,250.00 and 25%", ["1250", "25"]),
        ("-5 degrees, 3x, 4th", ["-5", "3", "4"]),
        ("twenty-one or thirty two", ["21", "32"]),
        ("the one for 3 of us", ["3"]),
        ("the one of us", []),
        ("often, nobody is alone", []),
    ],
)
def test_the_numbers_of_a_text_are_read_in_order_words_only_where_no_digit_is(text, values):
    assert [one.value for one in numerals_of(text)] == [Decimal(value) for value in values]


def test_a_numeral_says_where_it_stands():
    (only,) = numerals_of("he has thirty-one pens")
    assert (only.start, only.end) == (7, 17)


def test_an_answer_is_a_number_where_it_is_one_alone():
    assert number_of("$1,250.00") == 1250
    assert number_of("3 of 4") is None
    assert number_of("three") is None
