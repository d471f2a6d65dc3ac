import pytest

from evaluation.statistics.context_check import compute_context_check
from study.errors import BadTable


@pytest.fixture
def heard(empty_study):
    """Two sad sentences heard by three raters, a happy one by two; an angry one by nobody."""
    for rater, first, second in (
        ("r1", "sad", "sad"),
        ("r2", "sad", "none_of_these"),
        ("r3", "angry", "angry"),
    ):
        empty_study.hear_context(rater, "I lost my job.", "sad", first)
        empty_study.hear_context(rater, "I miss her.", "sad", second)
    empty_study.hear_context("r1", "It is a girl!", "happy", "happy")
    empty_study.hear_context("r2", "It is a girl!", "happy", "happy")
    empty_study.con.execute("INSERT INTO context_sentences VALUES ('a', 'angry', 'My car!')")
    return empty_study


def test_the_share_that_heard_what_was_meant_has_an_interval_by_sentence_and_rater(heard):
    sad = compute_context_check(heard.con, level=0.5)[2]
    assert (sad.context, sad.share.value, sad.share.n) == ("sad", 0.5, 6)
    # residuals of ±1/2: sentences sum to 1/2 −1/2, raters to 1 0 −1; over 6², with G/(G−1):
    # 1/2 · 2 + 2 · 3/2 − 6/4 · 6/5 = 2.2. The quartile of t with 1 degree of freedom is 1, and there
    # Wilson's interval of a half with variance V is 1/2 ± sqrt(V / (1 + 4 V)), 2.2 of 36 + 8.8
    half = (2.2 / 44.8) ** 0.5
    assert (sad.share.low, sad.share.high) == pytest.approx((0.5 - half, 0.5 + half))
    assert (sad.n_sentences, sad.n_sentences_rated, sad.n_raters) == (2, 2, 3)


def test_what_was_heard_most_often_besides_is_named_and_counted(heard):
    angry, happy, sad = compute_context_check(heard.con)
    assert (sad.other, sad.n_other) == ("angry", 2)
    assert (happy.other, happy.n_other, happy.share.value) == (None, 0, 1.0)
    assert (angry.other, angry.n_other) == (None, 0)


def test_a_context_that_nobody_rated_is_listed_with_the_reason(heard):
    angry = compute_context_check(heard.con)[0]
    assert angry.share.method == "not estimable: no ratings yet"
    assert (angry.n_sentences, angry.n_sentences_rated, angry.n_raters) == (1, 0, 0)


def test_the_newest_revision_counts(heard):
    heard.hear_context("r3", "It is a girl!", "happy", "angry", "happy")
    happy = compute_context_check(heard.con)[1]
    assert (happy.share.value, happy.share.n) == (1.0, 3)


def test_a_study_that_asks_for_none_has_none(empty_study):
    assert compute_context_check(empty_study.con) == ()


def test_a_rating_of_a_sentence_that_is_not_stored_is_refused(heard):
    heard.con.execute("DELETE FROM context_sentences WHERE context = 'happy'")
    with pytest.raises(BadTable, match="expected every rating to lead to a stored sentence_id"):
        compute_context_check(heard.con)
