import signal
import subprocess
import sys
import threading
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path

import pytest

from audit_app.assignment import next_pair
from audit_app.ratings import Answers, save_rating
from study.database import close, open_for_writing
from study.errors import BadInput, NotAllowed
from study.records import Rating

ROOT = Path(__file__).parent.parent.parent
ANSWERS = Answers("left_slightly", "cannot_judge", "kinder words", 12.5, "columns")


@pytest.fixture
def token(con, rows, noon):
    """A pair that is open for anna."""
    rows.add_pair("00")
    return next_pair(con, "anna", 7, 3, noon).token


def n_ratings(con):
    return con.execute("SELECT count(*) FROM ratings").fetchone()[0]


def test_a_rating_is_returned_as_it_is_stored(con, token, noon):
    rating = save_rating(con, "anna", token, ANSWERS, "key 1", noon)
    assert rating == Rating(
        token=token,
        revision=1,
        warmer="left_slightly",
        more_accurate="cannot_judge",
        reason="kinder words",
        seconds=12.5,
        layout="columns",
        idempotency_key="key 1",
        rated_at="2026-03-01T12:00:00+00:00",
    )
    stored = con.execute(
        "SELECT token, revision, warmer, more_accurate, reason, seconds, layout, idempotency_key "
        "FROM ratings"
    )
    assert stored.fetchall() == [astuple(rating)[:-1]]


def test_a_retry_answers_with_the_first_rating_unchanged(con, token, noon):
    first = save_rating(con, "anna", token, ANSWERS, "key 1", noon)
    other = replace(ANSWERS, warmer="right_clearly")
    later = noon + timedelta(minutes=1)
    assert save_rating(con, "anna", token, other, "key 1", later) == first
    assert n_ratings(con) == 1


def test_a_changed_mind_is_a_new_revision_and_the_old_one_stays(con, token, noon):
    save_rating(con, "anna", token, ANSWERS, "key 1", noon)
    changed = replace(ANSWERS, warmer="equal")
    second = save_rating(con, "anna", token, changed, "key 2", noon + timedelta(minutes=1))
    assert (second.revision, second.warmer) == (2, "equal")
    assert con.execute("SELECT revision, warmer FROM ratings ORDER BY revision").fetchall() == [
        (1, "left_slightly"),
        (2, "equal"),
    ]


def test_nobody_else_rates_a_pair(con, token, noon):
    save_rating(con, "anna", token, ANSWERS, "key 1", noon)
    with pytest.raises(NotAllowed):
        save_rating(con, "bert", token, ANSWERS, "key 2", noon)
    with pytest.raises(NotAllowed):
        save_rating(con, "bert", token, ANSWERS, "key 1", noon)
    with pytest.raises(NotAllowed):
        save_rating(con, "anna", "unknown", ANSWERS, "key 3", noon)
    assert n_ratings(con) == 1


def test_a_key_of_another_pair_is_refused(con, rows, token, noon):
    save_rating(con, "anna", token, ANSWERS, "key 1", noon)
    rows.add_pair("01")
    second = next_pair(con, "anna", 7, 3, noon).token
    with pytest.raises(NotAllowed, match="expected an idempotency key of this pair"):
        save_rating(con, "anna", second, ANSWERS, "key 1", noon)
    assert n_ratings(con) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"warmer": "left"}, "warmer: expected one of left_clearly, left_slightly, equal,"),
        ({"warmer": "cannot_judge"}, "warmer: expected one of"),
        ({"warmer": None}, "warmer: expected one of .* got None"),
        ({"more_accurate": ["equal"]}, "more_accurate: expected one of .* cannot_judge"),
        ({"layout": "grid"}, "layout: expected one of columns, stacked, got 'grid'"),
        ({"reason": "x" * 2001}, "reason: expected at most 2000 characters, got 2001"),
        ({"reason": "\ud83d"}, "reason: expected text, got half of a character"),
        ({"reason": None}, "reason: expected text"),
        ({"seconds": -1.0}, "seconds: expected a finite number of at least 0, got -1.0"),
        ({"seconds": float("nan")}, "seconds: expected a finite number"),
        ({"seconds": float("inf")}, "seconds: expected a finite number"),
        ({"seconds": "12"}, "seconds: expected a finite number"),
    ],
)
def test_an_answer_that_is_not_allowed_is_named_and_nothing_is_stored(
    con, token, noon, change, sentence
):
    with pytest.raises(BadInput, match=sentence):
        save_rating(con, "anna", token, replace(ANSWERS, **change), "key 1", noon)
    assert n_ratings(con) == 0


@pytest.mark.parametrize("key", ["", "k" * 101, "käse", "a\nb"])
def test_a_key_that_no_page_would_draw_is_refused(con, token, noon, key):
    with pytest.raises(BadInput, match="idempotency_key: expected 1 to 100 printable ASCII"):
        save_rating(con, "anna", token, ANSWERS, key, noon)


def test_a_reason_keeps_every_character(con, token, noon):
    reason = ("🙂 'x' \"y\"; DROP TABLE ratings; -- \x00\r\n" * 60)[:2000]
    assert save_rating(con, "anna", token, replace(ANSWERS, reason=reason), "k", noon).reason == (
        reason
    )
    assert con.execute("SELECT reason FROM ratings").fetchone() == (reason,)


def test_sixteen_submits_of_one_key_at_once_store_one_rating(con, token, noon):
    ratings = submit_at_once(con, token, noon, ["key 1"] * 16)
    assert len(ratings) == 16
    assert len(set(ratings)) == 1
    assert n_ratings(con) == 1


def test_sixteen_submits_of_different_keys_at_once_are_sixteen_revisions(con, token, noon):
    ratings = submit_at_once(con, token, noon, [f"key {number}" for number in range(16)])
    assert sorted(rating.revision for rating in ratings) == list(range(1, 17))
    assert n_ratings(con) == 16


def submit_at_once(con, token, noon, keys):
    ratings = []
    barrier = threading.Barrier(len(keys))

    def submit(key):
        barrier.wait()
        ratings.append(save_rating(con, "anna", token, ANSWERS, key, noon))

    threads = [threading.Thread(target=submit, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ratings


RATE_UNTIL_KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from audit_app.assignment import next_pair
from audit_app.ratings import Answers, save_rating
from study.database import open_for_writing

con = open_for_writing(Path(sys.argv[1]), command="rates until killed")
now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
answers = Answers("equal", "equal", "", 1.0, "columns")
while pair := next_pair(con, "anna", 7, 3, now):
    key = "key of " + pair.token
    save_rating(con, "anna", pair.token, answers, key, now)
    print(key, flush=True)
"""


def test_no_acknowledged_rating_is_lost_when_the_process_is_killed(con, rows, study_file):
    rows.add_pairs(100)
    close(con, study_file)
    acknowledged = set()
    for n_before_kill in (3, 5, 7, 9, 11):
        acknowledged |= rate_until_killed(study_file, n_before_kill)
        con = open_for_writing(study_file, command="pytest")
        stored = {key for (key,) in con.execute("SELECT idempotency_key FROM ratings").fetchall()}
        per_token = con.execute(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM ratings GROUP BY token)"
        )
        assert acknowledged <= stored
        assert per_token.fetchone() == (1,)
        close(con, study_file)
    assert len(acknowledged) >= 3 + 5 + 7 + 9 + 11


def rate_until_killed(study_file, n_before_kill):
    process = subprocess.Popen(
        [sys.executable, "-c", RATE_UNTIL_KILLED, str(study_file)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        keys = [process.stdout.readline() for _ in range(n_before_kill)]
        process.send_signal(signal.SIGKILL)
        keys += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    # the kill may cut the last line, and what was not said whole was not acknowledged
    return {key.removesuffix("\n") for key in keys if key.endswith("\n")}
