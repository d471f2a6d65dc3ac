import numpy as np
import pytest

from evaluation.statistics.sides import code_for_first, undo_sides


@pytest.mark.parametrize(
    ("answer", "first_is_left", "told"),
    [
        ("left_clearly", True, "first_clearly"),
        ("left_clearly", False, "second_clearly"),
        ("right_slightly", True, "second_slightly"),
        ("right_slightly", False, "first_slightly"),
        ("equal", False, "equal"),
        ("cannot_judge", False, "cannot_judge"),
    ],
)
def test_an_answer_is_told_by_the_pairs_own_order(answer, first_is_left, told):
    assert undo_sides(answer, first_is_left) == told


def test_answers_become_numbers_for_the_first_reply():
    answers = ["left_clearly", "left_clearly", "right_slightly", "equal", "cannot_judge"]
    codes = code_for_first(answers, [True, False, True, False, True])
    assert codes == pytest.approx([2, -2, -1, 0, np.nan], nan_ok=True)


def test_a_word_that_is_no_answer_has_no_number():
    with pytest.raises(KeyError):
        code_for_first(["left_very"], [True])
