from datetime import timedelta

import pytest

from audit_app.assignment import next_pair
from audit_app.drafts import MAX_DRAFT_BYTES, read_draft, save_draft
from audit_app.ratings import Answers, save_rating
from study.errors import BadInput, NotAllowed


@pytest.fixture
def token(con, rows, noon):
    """A pair that is open for anna."""
    rows.add_pair("00")
    return next_pair(con, "anna", 7, 3, noon).token


def test_without_a_draft_there_is_nothing_chosen(con, token):
    assert read_draft(con, "anna", token) == {}


def test_a_draft_is_read_as_it_was_saved(con, token, noon):
    answers = {"warmer": "left_slightly", "reason": "„Na so was“ 🙂\n\x00 'quoted'"}
    save_draft(con, "anna", token, answers, noon)
    assert read_draft(con, "anna", token) == answers


def test_the_latest_draft_replaces_the_one_before(con, token, noon):
    save_draft(con, "anna", token, {"warmer": "equal", "reason": "hm"}, noon)
    save_draft(con, "anna", token, {"warmer": "left_clearly"}, noon + timedelta(seconds=1))
    assert read_draft(con, "anna", token) == {"warmer": "left_clearly"}
    assert con.execute("SELECT count(*) FROM drafts").fetchone() == (1,)


def test_the_draft_of_a_rated_pair_is_passed_over(con, token, noon):
    save_draft(con, "anna", token, {"warmer": "equal"}, noon)
    save_rating(con, "anna", token, Answers("equal", "equal", "", 1.0, "columns"), "k", noon)
    assert read_draft(con, "anna", token) == {}


def test_nobody_else_reads_or_writes_a_draft(con, token, noon):
    save_draft(con, "anna", token, {"warmer": "equal"}, noon)
    with pytest.raises(NotAllowed):
        save_draft(con, "bert", token, {"warmer": "right_clearly"}, noon)
    with pytest.raises(NotAllowed):
        read_draft(con, "bert", token)
    with pytest.raises(NotAllowed):
        save_draft(con, "anna", "unknown", {"warmer": "equal"}, noon)
    assert read_draft(con, "anna", token) == {"warmer": "equal"}


def test_a_draft_holds_eight_kibibytes_and_no_more(con, token, noon):
    # {"reason": ""} is 14 bytes
    full = {"reason": "x" * (MAX_DRAFT_BYTES - 14)}
    save_draft(con, "anna", token, full, noon)
    with pytest.raises(BadInput, match="expected at most 8192 bytes, got 8193"):
        save_draft(con, "anna", token, {"reason": full["reason"] + "x"}, noon)
    assert read_draft(con, "anna", token) == full


def test_the_longest_reason_allowed_fits_a_draft_in_any_script(con, token, noon):
    # 2,000 characters of four bytes each
    save_draft(con, "anna", token, {"warmer": "right_slightly", "reason": "🙂" * 2000}, noon)
    assert read_draft(con, "anna", token)["reason"] == "🙂" * 2000


@pytest.mark.parametrize("answer", [None, 3, ["a"], {"a": "b"}])
def test_an_answer_that_is_not_text_is_refused(con, token, noon, answer):
    with pytest.raises(BadInput, match="draft: expected text as the answer to each field"):
        save_draft(con, "anna", token, {"warmer": answer}, noon)


def test_half_a_character_is_refused(con, token, noon):
    with pytest.raises(BadInput, match="draft: expected text, got half of a character"):
        save_draft(con, "anna", token, {"reason": "\ud83d"}, noon)
