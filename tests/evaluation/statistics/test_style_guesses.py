import pytest

from evaluation.statistics.style_guesses import CHANCE_OF_TWO, compute_style_guesses


def guess(study, rater, *guesses):
    for revision, answer in enumerate(guesses, start=1):
        study.con.execute(
            "INSERT INTO exit_surveys VALUES (?, ?, ?, '', '', '2026-03-02')",
            [rater, revision, answer],
        )


@pytest.fixture
def five_raters(known_study):
    """Beside r1 and r2 three more raters of one pair."""
    for rater in ("r3", "r4", "r5"):
        known_study.add_rating(
            rater, "i1-none-none-warm-0", "i1-none-none-original-0", ("equal", "equal")
        )
    return known_study


def test_the_share_is_of_raters_who_answered_no_idea_included(five_raters):
    for rater, answer in (("r1", "warmer"), ("r2", "no_idea"), ("r3", "cooler"), ("r4", "warmer")):
        guess(five_raters, rater, answer)
    found = compute_style_guesses(five_raters.con)
    assert found.counts == {"cooler": 1, "no_idea": 1, "warmer": 2}
    assert found.n_silent == 1
    assert (found.named_warmer.value, found.named_warmer.n) == (2 / 4, 4)
    # Wilson for 2 of 4: 1/2 ± z / (2 sqrt(4 + z²))
    half = 1.959964 / (2 * 7.841459**0.5)
    assert found.named_warmer.low == pytest.approx(1 / 2 - half, rel=1e-6)
    assert found.named_warmer.unit == "rater"
    assert (found.warmer_of_two.value, found.warmer_of_two.n) == (2 / 3, 3)
    assert CHANCE_OF_TWO == 1 / 2


def test_the_newest_answer_of_a_rater_counts(known_study):
    guess(known_study, "r1", "no_idea", "warmer")
    assert compute_style_guesses(known_study.con).counts == {"warmer": 1}


def test_who_has_rated_no_pair_of_the_study_is_not_asked(known_study):
    known_study.hear_context("reader", "I lost my job.", "sad", "sad")
    known_study.add_rating(
        "checked",
        "i1-none-none-warm-0",
        "i1-none-none-original-0",
        ("equal", "equal"),
        purpose="gold",
    )
    for rater in ("reader", "checked", "stranger"):
        guess(known_study, rater, "warmer")
    found = compute_style_guesses(known_study.con)
    assert (found.counts, found.n_silent) == ({}, 2)


@pytest.mark.parametrize(("study", "n_silent"), [("known_study", 2), ("empty_study", 0)])
def test_without_answers_the_reason_is_said(study, n_silent, request):
    found = compute_style_guesses(request.getfixturevalue(study).con)
    assert found.n_silent == n_silent
    assert found.named_warmer.method == "not estimable: no rater has answered yet"
    assert found.warmer_of_two.method == (
        "not estimable: nobody named the warmer or the cooler style"
    )


def test_without_either_style_only_that_share_is_missing(known_study):
    guess(known_study, "r1", "longer")
    found = compute_style_guesses(known_study.con)
    assert found.named_warmer.value == 0.0
    assert found.warmer_of_two.value is None
