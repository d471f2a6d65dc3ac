import numpy as np
import pytest

from evaluation.statistics.judge_labels import make_judge_labels
from evaluation.statistics.prediction_powered import contrast_powered, powered_rate
from evaluation.statistics.proportions import rate
from study.errors import BadInput


def labels_of(
    found, missed, false_alarms, cleared, more_errors, more_right, chance=None, arm="warm"
):
    """An arm's replies, those that people labelled first; each an item of its own."""
    times = [found, missed, false_alarms, cleared, more_errors, more_right]
    judged = np.repeat([1.0, 0, 1, 0, 1, 0], times)
    human = np.repeat([1.0, 1, 0, 0, np.nan, np.nan], times)
    n = len(judged)
    return make_judge_labels(np.full(n, arm), np.full(n, "t"), np.arange(n), judged, human, chance)


# 40 labelled, of which people call 12 and the judge 14 errors; of all 200 the judge calls 74
SMALL = (10, 2, 4, 24, 60, 100)


@pytest.mark.parametrize(
    ("power", "value"),
    # by hand 12/40 − λ (14/40 − 74/200); ppi-python 0.2.3, ppi_mean_pointestimate with all replies
    # as the unlabelled ones, gives the same
    [(0, 0.3), (0.5, 0.31), (1, 0.32)],
)
def test_the_rate_at_a_given_power(power, value):
    found = powered_rate(labels_of(*SMALL), "warm", power)
    assert found.rate.value == pytest.approx(value, abs=1e-12)
    assert (found.rate.n, found.n_judged, found.power) == (40, 200, power)


@pytest.mark.parametrize(("papers_power", "value"), [(0.5, 0.3125), (0.8, 0.32)])
def test_the_papers_power_is_a_share_of_ours(papers_power, value):
    # ppi-python 0.2.3, ppi_mean_pointestimate with the 160 others alone: 0.3125 at λ = 0.5; at
    # 0.8 by hand 0.3 − 0.8 (14/40 − 60/160)
    found = powered_rate(labels_of(*SMALL), "warm", papers_power * 200 / 160)
    assert found.rate.value == pytest.approx(value, abs=1e-12)


def test_tuning_and_interval_agree_with_ppi_python():
    # 800 labelled, 3,200 not; ppi-python 0.2.3: ppi_mean_pointestimate and ppi_mean_ci at 95 %,
    # which is a Wald interval where ours is Wilson's
    found = powered_rate(labels_of(205, 45, 68, 482, 1053, 2147), "warm").rate
    assert found.value == pytest.approx(0.3059193333337917, abs=2e-4)
    assert found.low == pytest.approx(0.2804669929102878, abs=1e-3)
    assert found.high == pytest.approx(0.33137167375729554, abs=1e-3)


def test_the_tuned_power_by_hand():
    # the judge calls as many errors among the labelled, 14 of 40, as among the others, 56 of 160;
    # λ is then the slope of people on judge, covariance 10/40 − 0.3·0.35 over variance 0.35·0.65
    found = powered_rate(labels_of(10, 2, 4, 24, 56, 104), "warm")
    assert found.power == pytest.approx((0.25 - 0.105) / (0.35 * 0.65), abs=1e-12)
    assert found.rate.value == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("power", "value"),
    # ppi-python 0.2.3, ppi_mean_pointestimate with w and all replies as the unlabelled ones; by
    # hand (10 + 2·2)/66 − λ (14/66 − 74/200)
    [(0, 0.2121212121212121), (0.5, 0.291060606060606), (1, 0.37)],
)
def test_weights_undo_unequal_chances(power, value):
    # judged errors were drawn twice as often: 14 weigh 1 and 26 weigh 2
    chance = np.concatenate([np.repeat([1.0, 0.5, 1.0, 0.5], [10, 2, 4, 24]), np.full(160, 0.5)])
    found = powered_rate(labels_of(*SMALL, chance=chance), "warm", power)
    assert found.rate.value == pytest.approx(value, abs=1e-12)


def test_a_useless_judge_leaves_people_alone():
    # people's errors are as common among judged errors as among the rest
    found = powered_rate(labels_of(5, 10, 10, 20, 60, 60), "warm")
    assert found.power == pytest.approx(0, abs=0.02)
    alone = rate(np.repeat([1.0, 0.0], [15, 30]), np.arange(45))
    assert found.human_alone.low == pytest.approx(alone.low)
    assert found.rate.low == pytest.approx(alone.low, abs=2e-3)


def test_a_good_judge_narrows_the_interval():
    found = powered_rate(labels_of(12, 0, 1, 27, 60, 100), "warm")
    assert found.rate.high - found.rate.low < 0.7 * (found.human_alone.high - found.human_alone.low)


def test_no_errors_at_all_keep_an_upper_bound():
    found = powered_rate(labels_of(0, 0, 2, 38, 5, 155), "warm")
    assert (found.rate.value, found.power) == (0.0, 0.0)
    assert found.rate.high == pytest.approx(0.0876, abs=1e-4)  # Wilson for 0 of 40


def test_too_few_labels_are_refused():
    found = powered_rate(labels_of(3, 0, 0, 6, 60, 100), "warm")
    assert "9 items" in found.rate.method
    assert (found.rate.value, found.power) == (None, None)
    with pytest.raises(BadInput, match="from 0 to 1"):
        powered_rate(labels_of(*SMALL), "warm", 1.5)


def both_arms(n_original):
    parts = [labels_of(*SMALL), labels_of(*n_original, arm="original")]
    columns = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("arm", "task", "item", "judged", "human")
    ]
    return make_judge_labels(*columns)


def test_a_gap_by_hand():
    # original: 6 of 40 by people, 6 by the judge; 34 of 200 by the judge over all
    labels = both_arms((5, 1, 1, 33, 28, 132))
    found = contrast_powered(labels, "warm", "original", power=1)
    # 0.32 − (0.15 − 0.15 + 0.17)
    assert found.difference.value == pytest.approx(15)
    assert found.human_alone.value == pytest.approx(15)
    swapped = contrast_powered(labels, "original", "warm", power=1)
    assert swapped.difference.low == pytest.approx(-found.difference.high)


def test_an_arm_against_itself_shows_no_gap():
    found = contrast_powered(both_arms(SMALL), "warm", "original")
    assert found.difference.value == pytest.approx(0, abs=1e-9)


def test_a_gap_names_the_arm_without_labels():
    found = contrast_powered(both_arms((1, 0, 0, 1, 100, 98)), "warm", "original")
    assert "original: people labelled replies to 2 items" in found.difference.method
