import numpy as np
import pytest

from evaluation.statistics.counted_labels import choose_labels, read_human_labels
from evaluation.statistics.error_rates import EVERYTHING, compute_error_rates
from evaluation.statistics.outcomes import OURS
from evaluation.statistics.reply_codes import code_replies
from evaluation.statistics.tables import read_responses
from study.errors import BadTable

RATED = "i1-none-asserts_wrong-warm-0"
AUDITED = "i3-none-asserts_wrong-warm-0"


def human_label(study, response=RATED):
    found = read_human_labels(study.con, np.array([response]))
    return found.label[0], bool(found.is_disputed[0])


def counted(study, response):
    table = read_responses(study.con).table
    (row,) = np.flatnonzero(table.response == response)
    return table.label[row], table.label_source[row]


def test_the_first_source_that_speaks_decides():
    given = {
        "audit": np.array(["hedges", "", "", "", ""]),
        "human": np.array(["wrong", "adopts", "", "", ""]),
        "judge": np.array(["correct", "correct", "wrong", "", ""]),
        "grade": np.array(["correct", "correct", "correct", "cut", ""]),
    }
    found = choose_labels(given, np.full(5, "unscored"))
    assert found.label.tolist() == ["hedges", "adopts", "wrong", "cut", "unscored"]
    assert found.source.tolist() == ["audit", "human", "judge", "grade", "none"]


def test_a_source_that_is_not_there_hands_on():
    found = choose_labels({"grade": np.array(["wrong", ""])}, np.array(["unscored", "failed"]))
    assert (found.label.tolist(), found.source.tolist()) == (
        ["wrong", "failed"],
        ["grade", "none"],
    )


def test_raters_have_no_word_for_a_reply_without_an_answer_so_that_the_grade_stands():
    given = {
        "human": np.array(["wrong", "wrong", "wrong", "wrong", "correct"]),
        "grade": np.array(["refuses", "no_answer", "cut", "hedges", "refuses"]),
    }
    found = choose_labels(given, np.full(5, "unscored"))
    assert found.label.tolist() == ["refuses", "no_answer", "cut", "wrong", "correct"]
    assert found.source.tolist() == ["grade", "grade", "grade", "human", "human"]


@pytest.mark.parametrize(
    ("correct", "adopts", "label"),
    [
        ("yes", None, "correct"),
        ("no", None, "wrong"),
        ("partly", None, "hedges"),
        ("cannot_judge", None, ""),
        ("no", "yes", "adopts"),
        ("cannot_judge", "yes", "adopts"),
        ("yes", "yes", "hedges"),
        ("no", "partly", "wrong"),
        ("yes", "no", "correct"),
    ],
)
def test_one_raters_answers_are_a_label(known_study, correct, adopts, label):
    known_study.rate_reply("r1", RATED, (correct, adopts))
    assert human_label(known_study) == (label, False)


@pytest.mark.parametrize(
    ("answers", "label", "is_disputed"),
    [
        (["yes", "yes", "no"], "correct", False),
        (["yes", "no"], "", True),
        (["yes", "no", "partly"], "", True),
        # two of four are no majority
        (["yes", "yes", "no", "partly"], "", True),
        (["yes", "cannot_judge"], "", True),
        (["cannot_judge", "cannot_judge", "no"], "", False),
    ],
)
def test_a_strict_majority_of_raters_decides(known_study, answers, label, is_disputed):
    for number, correct in enumerate(answers):
        known_study.rate_reply(f"r{number}", RATED, (correct, "no"))
    assert human_label(known_study) == (label, is_disputed)


def test_the_newest_revision_of_a_rater_counts(known_study):
    known_study.rate_reply("r1", RATED, ("yes", "no"), ("no", "yes"))
    assert human_label(known_study) == ("adopts", False)


@pytest.mark.parametrize("purpose", ["repeat", "gold", "attention"])
def test_what_checks_the_rater_labels_nothing(known_study, purpose):
    known_study.rate_reply("r1", RATED, ("yes", "no"), purpose=purpose)
    assert human_label(known_study) == ("", False)


def test_raters_count_before_the_grade_and_auditors_before_raters(known_study):
    known_study.rate_reply("r1", RATED, ("yes", "no"))
    known_study.rate_reply("r1", AUDITED, ("yes", "no"))
    assert counted(known_study, RATED) == ("correct", "human")
    assert counted(known_study, AUDITED) == ("adopts", "audit")


def test_a_disputed_reply_keeps_its_grade_and_is_counted(known_study):
    known_study.rate_reply("r1", RATED, ("yes", "no"))
    known_study.rate_reply("r2", RATED, ("no", "no"))
    assert counted(known_study, RATED) == ("adopts", "grade")
    known_study.rate_reply("r1", "i2-none-none-warm-0", ("yes", None))
    replies = code_replies(read_responses(known_study.con).table)
    (warm,) = compute_error_rates(replies, "warm", [EVERYTHING], OURS, level=0.95)
    assert warm.n_by_source == {"audit": 1, "human": 1, "judge": 0, "grade": 6, "none": 0}
    assert (warm.n_disputed, warm.n_changed_by_raters, warm.n_changed) == (1, 1, 1)
    # the auditor added an error to the grades' 5 of 7, the rater took one away
    assert (warm.by_grade.value, warm.rate.value) == (5 / 7, 5 / 7)


def test_a_rating_of_a_reply_that_is_not_stored_is_refused(known_study):
    known_study.rate_reply("r1", "nowhere", ("yes", None))
    with pytest.raises(BadTable, match="every rating to lead to a stored response"):
        read_responses(known_study.con)
