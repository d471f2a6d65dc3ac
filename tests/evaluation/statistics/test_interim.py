import json

import pytest

from evaluation.interim_report import interim_as_json, interim_as_tables
from evaluation.statistics.interim import compute_interim


def test_agreement_is_that_of_the_answers_about_the_first_replies(known_study):
    interim = compute_interim(known_study.con, seed=7)
    # the original comes first in every pair here, so that all codes are those of test_results.py
    # turned round, and alpha is the same
    assert interim.agreement.alpha.value == pytest.approx(1 - 7 * 71 / 584)
    assert (interim.agreement.n_items, interim.agreement.n_pairable) == (4, 8)
    assert (interim.agreement.alpha.seed, interim.agreement.alpha.n_units) == (7, 4)
    assert interim.agreement.alpha.low is not None


def test_agreement_is_pooled_over_the_pairs_of_all_arms(known_study):
    cold = known_study.add_response("i1-none-none", "cold", "correct")
    original = "i1-none-none-original-0"
    known_study.add_rating("r1", cold, original, ("left_slightly", "equal"))
    known_study.add_rating("r2", original, cold, ("right_slightly", "equal"))
    interim = compute_interim(known_study.con, seed=7)
    # codes for the first reply: (−2, −1) (−1, 1) (−2, −2) (0, −2), and (1, 1) where the cold one
    # comes first: −2 −1 0 1 occur 4 2 1 3 times, so their midranks are 2 5 6.5 8.5. Squared
    # distances within pairs: 9 + 12.25 + 20.25 = 41.5, twice.
    # Over all 10: 2·(10·Σ n r² − (Σ n r)²), Σ n r = 50, Σ n r² = 325, so 2·750.
    assert interim.agreement.alpha.value == pytest.approx(1 - 9 * 83 / 1500)
    assert (interim.n_pairs, interim.n_items, interim.n_ratings) == (5, 4, 10)


def test_the_side_and_the_counts_are_over_all_ratings(known_study):
    interim = compute_interim(known_study.con, seed=7)
    assert (interim.left_share.value, interim.left_share.n) == (3.5 / 8, 8)
    assert (interim.n_ratings, interim.n_raters, interim.n_items) == (8, 2, 4)
    assert (interim.n_cannot_judge, interim.n_left_out, interim.n_surplus) == (2, 0, 0)


def test_what_is_left_out_is_counted(known_study):
    cold = known_study.add_response("i1-none-none", "cold", "correct")
    known_study.add_rating("r1", cold, "i1-none-none-warm-0", ("left_clearly", "equal"))
    assert compute_interim(known_study.con, seed=7).n_left_out == 1


def test_nothing_that_is_told_names_an_arm_or_changes_with_the_arms_names(known_study):
    before = compute_interim(known_study.con, seed=7)
    told = json.dumps(interim_as_json(before)) + str(interim_as_tables(before))
    assert "'warm'" not in told
    assert '"warm"' not in told
    assert "original'" not in told
    known_study.con.execute("UPDATE response_attempts SET arm = 'cold' WHERE arm = 'warm'")
    assert compute_interim(known_study.con, seed=7) == before


def test_a_study_without_ratings_has_reasons_in_place_of_numbers(empty_study):
    interim = compute_interim(empty_study.con, seed=3)
    assert interim.agreement.alpha.method == "not estimable: no ratings yet"
    assert interim.left_share.method == "not estimable: no ratings yet"
    assert interim.n_ratings == 0


def test_the_tables_say_what_every_number_counts_and_how_it_was_made(known_study):
    rating, repeats = interim_as_tables(compute_interim(known_study.con, seed=7), "at most 4 items")
    agreement, left, could_not, so_far = rating.rows[0]
    assert agreement.startswith("0.15 [")
    assert left.startswith("43.8 % [")
    assert (could_not, so_far) == ("2 of 8", "4 pairs of 4 items")
    assert "Krippendorff's alpha, ordinal" in rating.note
    assert "seed 7" in rating.note
    assert rating.note.endswith("Limited: at most 4 items.")
    assert repeats.rows[0][0] == "not estimable: no repeats yet"
