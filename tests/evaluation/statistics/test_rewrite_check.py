import pytest

from evaluation.statistics.rewrite_check import compute_rewrite_check
from study.errors import BadTable


@pytest.fixture
def checked(empty_study):
    """Two warm rewrites read by two raters, a third by nobody; a cold one by a rater who cannot say."""
    for rewrite in ("w1", "w2"):
        empty_study.check_rewrite("r1", rewrite, "warm", "all")
        empty_study.check_rewrite("r2", rewrite, "warm", "changed", "minor_change")
    empty_study.check_rewrite("r1", "c1", "cold", "cannot_judge")
    empty_study.con.execute("INSERT INTO rewrites VALUES ('w3', 'x', 'warm', 'u', 's', 't')")
    return empty_study


def test_the_newest_answers_are_counted_by_style(checked):
    cold, warm = compute_rewrite_check(checked.con)
    assert warm.counts == {"all": 2, "minor_change": 2, "changed": 0, "cannot_judge": 0}
    assert (warm.kept.value, warm.kept.n) == (1.0, 4)
    assert (warm.n_rewrites, warm.n_rewrites_rated, warm.n_raters) == (3, 2, 2)
    assert (cold.style, cold.counts["cannot_judge"]) == ("cold", 1)
    assert cold.kept.method == "not estimable: nobody could judge the facts"


def test_a_changed_fact_is_not_kept(checked):
    checked.check_rewrite("r3", "w1", "warm", "changed")
    warm = compute_rewrite_check(checked.con)[1]
    assert (warm.kept.value, warm.kept.n, warm.kept.n_units) == (0.8, 5, 2)


def test_a_study_in_which_nobody_read_rewrites_has_none(empty_study):
    empty_study.con.execute("INSERT INTO rewrites VALUES ('w3', 'x', 'warm', 'u', 's', 't')")
    assert compute_rewrite_check(empty_study.con) == ()


def test_a_rating_of_a_rewrite_that_is_not_stored_is_refused(checked):
    checked.con.execute("DELETE FROM rewrites WHERE style = 'cold'")
    with pytest.raises(BadTable, match="expected every rating to lead to a stored rewrite_id"):
        compute_rewrite_check(checked.con)
