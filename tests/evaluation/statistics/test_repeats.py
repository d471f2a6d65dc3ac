import pytest

from evaluation.statistics.repeats import compute_repeat_consistency
from study.errors import BadTable


def sides(item):
    return f"{item}-none-none-warm-0", f"{item}-none-none-original-0"


@pytest.fixture
def repeated(known_study):
    """Four pairs of the known study again, sides swapped; what was said first stands beside."""

    def again(rater, item, *answers, warm_is_left):
        warm, original = sides(item)
        left, right = (warm, original) if warm_is_left else (original, warm)
        known_study.add_rating(rater, left, right, *answers, purpose="repeat")

    # warm clearly warmer, cannot judge: the same, slightly
    again("r1", "i1", ("right_slightly", "left_clearly"), warm_is_left=False)
    # warm warmer, original more accurate: now the original both times
    again("r1", "i2", ("right_clearly", "right_slightly"), warm_is_left=True)
    # warm warmer, equally accurate: equal both
    again("r2", "i3", ("equal", "equal"), warm_is_left=True)
    # equal, original more accurate: equal after a second thought, warm more accurate
    again("r1", "i4", ("left_clearly", "equal"), ("equal", "left_slightly"), warm_is_left=True)
    return known_study


def test_the_share_that_chose_the_same_reply_again_has_an_interval_by_item_and_rater(repeated):
    warmer = compute_repeat_consistency(repeated.con, level=0.5).warmer
    # r1 1 0 1, r2 0: each item's residual is ±1/2 and cancels with its intersection; raters sum
    # to ±1/2, so 1/2 · 2 over 4² = 1/16. The quartile of t with 1 degree of freedom is 1, and there
    # Wilson's interval of a half with variance V is 1/2 ± sqrt(V / (1 + 4 V)) = 1/2 ± sqrt(1/20)
    assert (warmer.value, warmer.n, warmer.n_units) == (0.5, 4, 2)
    assert (warmer.low, warmer.high) == pytest.approx((0.5 - 0.05**0.5, 0.5 + 0.05**0.5))


def test_accuracy_is_compared_where_it_could_be_judged_both_times(repeated):
    consistency = compute_repeat_consistency(repeated.con)
    # i2 the original again, i3 equal again, i4 the other
    assert consistency.more_accurate.value == pytest.approx(2 / 3)
    assert (consistency.more_accurate.n, consistency.n_cannot_judge) == (3, 1)
    assert consistency.n_raters == 2


def test_naming_the_arms_otherwise_changes_nothing(repeated):
    before = compute_repeat_consistency(repeated.con)
    repeated.con.execute("UPDATE response_attempts SET arm = 'cold' WHERE arm = 'original'")
    assert compute_repeat_consistency(repeated.con) == before


def test_a_repeat_that_is_not_rated_yet_waits(known_study):
    known_study.add_assignment("r1", "pair", "/".join(sorted(sides("i1"))), "repeat", True)
    consistency = compute_repeat_consistency(known_study.con)
    assert consistency.warmer.method == "not estimable: no repeats yet"
    assert (consistency.n_raters, consistency.n_cannot_judge) == (0, 0)


def test_when_no_repeat_could_be_judged_both_times_that_is_said(known_study):
    warm, original = sides("i1")
    answers = ("right_clearly", "equal")
    known_study.add_rating("r1", original, warm, answers, purpose="repeat")
    accurate = compute_repeat_consistency(known_study.con).more_accurate
    assert accurate.method == "not estimable: nobody could judge accuracy both times"


def test_a_repeat_of_a_pair_that_is_not_stored_is_refused(repeated):
    repeated.con.execute("DELETE FROM pairs WHERE pair_id LIKE 'i1-%'")
    with pytest.raises(BadTable, match="expected every repeat to lead to a stored item_id"):
        compute_repeat_consistency(repeated.con)
