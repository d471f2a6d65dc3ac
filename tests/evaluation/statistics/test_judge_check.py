import numpy as np
import pytest

from evaluation.statistics.corrected_rates import contrast_corrected, correct_rate
from evaluation.statistics.judge_check import check_judge
from evaluation.statistics.judge_errors import confuse
from evaluation.statistics.judge_labels import code_judge_labels, make_judge_labels, select_labels
from evaluation.statistics.self_consistency import compute_swap_flips
from study.errors import BadTable


def drawn_labels(seed=3, n_items=80):
    """Two arms on the same items, two tasks; people label a third of the replies."""
    random = np.random.default_rng(seed)
    arm = np.repeat(["warm", "original"], n_items)
    item = np.tile(np.arange(n_items), 2)
    human = (random.random(2 * n_items) < 0.4).astype(float)
    judged = np.where(random.random(2 * n_items) < 0.85, human, 1 - human)
    human[random.random(2 * n_items) > 0.6] = np.nan
    task = np.where(item % 2 == 0, "medical", "trivia")
    return make_judge_labels(arm, task, item, judged, human)


def test_a_check_holds_what_its_parts_compute():
    labels = drawn_labels()
    flips = compute_swap_flips(np.array([1.0, 0.0]), np.array([0.0, 0.0]), np.arange(2))
    check = check_judge(labels, "grades by rule", swap_flips=flips)
    assert [arm.arm for arm in check.arms] == ["original", "warm"]
    assert [contrast.arm for contrast in check.contrasts] == ["warm"]
    original, warm = check.arms
    assert (original.n_replies, original.n_judged) == (80, 80)
    assert original.n_labelled == int((~np.isnan(labels.human[80:])).sum())
    assert warm.corrected == correct_rate(labels, "warm")
    assert warm.corrected.corrected.value is not None
    assert [cell.task for cell in warm.by_task] == ["medical", "trivia"]
    assert warm.by_task[0] == confuse(labels, "warm", "medical")
    assert sum(cell.n_found for cell in warm.by_task) == warm.confusion.n_found
    assert check.overall.n_found == original.confusion.n_found + warm.confusion.n_found
    assert check.contrasts[0].corrected == contrast_corrected(labels, "warm", "original")
    assert (check.swap_flips, check.consistency) == (flips, None)


def test_the_order_of_replies_does_not_matter():
    labels = drawn_labels()
    order = np.random.default_rng(1).permutation(len(labels))
    a, b = (check_judge(given, "judge") for given in (labels, select_labels(labels, order)))
    for one, other in zip(a.arms, b.arms, strict=True):
        assert one.confusion.n_found == other.confusion.n_found
        assert one.powered.rate.low == pytest.approx(other.powered.rate.low, abs=1e-12)
        assert one.corrected.corrected.high == pytest.approx(
            other.corrected.corrected.high, abs=1e-12
        )


def test_a_study_whose_people_labelled_nothing_says_so_everywhere():
    words = np.array(["wrong", "correct"] * 10)
    arm = np.repeat(["warm", "original"], 10)
    labels = code_judge_labels(arm, arm, np.arange(20), words, np.full(20, ""))
    check = check_judge(labels, "grades by rule")
    assert all(arm.corrected.corrected.value is None for arm in check.arms)
    assert "people found 0 errors" in check.arms[0].corrected.corrected.method
    assert check.arms[0].corrected.judged.value == 0.5
    assert check.contrasts[0].powered.difference.value is None
    assert "not estimable" in check.contrasts[0].corrected.pooling


def test_a_study_without_its_reference_is_refused():
    labels = drawn_labels()
    with pytest.raises(BadTable, match=r"'cold'.*'original', 'warm'"):
        check_judge(labels, "judge", reference="cold")
    nothing = select_labels(labels, np.zeros(len(labels), dtype=bool))
    with pytest.raises(BadTable, match="no replies"):
        check_judge(nothing, "judge")


def test_one_arm_alone_has_no_contrast():
    labels = drawn_labels()
    check = check_judge(select_labels(labels, labels.arm == "original"), "judge")
    assert (len(check.arms), check.contrasts) == (1, ())
