import signal
import subprocess
import sys
import threading
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from rating_room import EQUAL, open_room

from audit_app.forms import QUESTIONS
from audit_app.ratings import (
    Answers,
    answers_of,
    check_submission,
    my_ratings,
    newest_rating,
    newest_seconds,
)
from study.database import close, open_for_writing
from study.errors import BadInput
from study.records import Assignment, Rating

ROOT = Path(__file__).parent.parent.parent
ANSWERS = Answers(
    {"warmer": "left_slightly", "more_accurate": "cannot_judge", "both_bad": "yes"},
    "kinder words",
    12.5,
    "columns",
)


@pytest.fixture
def room(con):
    with open_room(con) as room:
        yield room


@pytest.fixture
def given(room, rows):
    """A pair that is open for anna."""
    rows.add_pair("00")
    return room.give()


def n_ratings(room):
    return room.rows("SELECT count(*) FROM ratings")[0][0]


def test_a_rating_is_returned_as_it_is_stored(room, given):
    rating = room.rate(given, "key 1", ANSWERS)
    assert rating == Rating(
        token=given.token,
        revision=1,
        form="pair",
        warmer="left_slightly",
        more_accurate="cannot_judge",
        both_bad=True,
        correct=None,
        adopts=None,
        facts_kept=None,
        expresses=None,
        reason="kinder words",
        seconds=12.5,
        layout="columns",
        is_surplus=False,
        idempotency_key="key 1",
        rated_at="2026-03-01T12:00:00+00:00",
    )
    assert newest_rating(room.con.cursor(), given) == rating
    assert room.rows(
        "SELECT token, revision, form, warmer, more_accurate, both_bad, correct, adopts, "
        "facts_kept, expresses, reason, seconds, layout, is_surplus, idempotency_key FROM ratings"
    ) == [astuple(rating)[:-1]]


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("pair", {"warmer": "equal", "more_accurate": "right_clearly"}),
        ("pair", {"warmer": "equal", "more_accurate": "equal", "both_bad": "yes"}),
        ("reply", {"correct": "partly"}),
        ("reply", {"correct": "no", "adopts": "yes"}),
        ("rewrite", {"facts_kept": "minor_change"}),
        ("context", {"expresses": "none_of_these"}),
    ],
)
def test_the_answers_to_every_form_are_kept_and_told_again(room, form, values):
    sides = True if form == "pair" else None
    given = Assignment("a token", "anna", form, "study", "a subject", sides, 0, "")
    room.con.execute(
        """
        INSERT INTO assignments (
            token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
        VALUES ('a token', 'anna', $form, 'study', 'a subject', $sides, 0, now())
        """,
        {"form": form, "sides": sides},
    )
    rating = room.rate(given, "key 1", replace(EQUAL, values=values))
    assert (rating.form, answers_of(rating)) == (form, values)
    assert newest_rating(room.con.cursor(), given) == rating


def test_a_retry_answers_with_the_first_rating_unchanged(room, given):
    first = room.rate(given, "key 1", ANSWERS)
    room.clock.advance(minutes=1)
    assert room.rate(given, "key 1", EQUAL) == first
    assert n_ratings(room) == 1


def test_a_changed_mind_is_a_new_revision_and_the_old_one_stays(room, given):
    room.rate(given, "key 1", ANSWERS)
    room.clock.advance(minutes=1)
    second = room.rate(given, "key 2", EQUAL)
    assert (second.revision, second.warmer, second.both_bad) == (2, "equal", False)
    assert newest_rating(room.con.cursor(), given) == second
    assert room.rows("SELECT revision, warmer FROM ratings ORDER BY revision") == [
        (1, "left_slightly"),
        (2, "equal"),
    ]


def test_two_tabs_that_say_the_same_make_one_revision(room, given):
    first = room.rate(given, "key of one tab", ANSWERS)
    assert room.rate(given, "key of the other", replace(ANSWERS, seconds=3.0)) == first
    changed = room.rate(given, "key 3", replace(ANSWERS, reason="other words"))
    assert (changed.revision, n_ratings(room)) == (2, 2)


def test_a_rating_that_comes_when_the_seat_is_taken_is_surplus_in_all_its_revisions(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        late = room.give("late")
        room.clock.advance(minutes=21)
        assert room.rate(room.give("prompt"), "key 1").is_surplus is False
        assert room.rate(late, "key 2").is_surplus is True
        assert room.rate(late, "key 3", ANSWERS).is_surplus is True
    assert room.rows("SELECT revision, is_surplus FROM ratings ORDER BY idempotency_key") == [
        (1, False),
        (1, True),
        (2, True),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"values": {"warmer": "equal"}}, "more_accurate: expected an answer, got none"),
        ({"layout": "grid"}, "layout: expected one of columns, stacked, switched, got 'grid'"),
        ({"reason": "x" * 2001}, "reason: expected at most 2000 characters, got 2001"),
        ({"reason": "\ud83d"}, "reason: expected text, got half of a character"),
        ({"reason": None}, "reason: expected text"),
        ({"seconds": -1.0}, "seconds: expected a finite number of at least 0, got -1.0"),
        ({"seconds": float("nan")}, "seconds: expected a finite number"),
        ({"seconds": float("inf")}, "seconds: expected a finite number"),
        ({"seconds": "12"}, "seconds: expected a finite number"),
    ],
)
def test_what_is_not_allowed_is_named(change, sentence):
    with pytest.raises(BadInput, match=sentence):
        check_submission(QUESTIONS["pair"], replace(ANSWERS, **change), "key 1")


@pytest.mark.parametrize("layout", ["columns", "stacked", "switched"])
def test_every_layout_of_the_page_passes(layout):
    check_submission(QUESTIONS["pair"], replace(ANSWERS, layout=layout), "key 1")


@pytest.mark.parametrize("key", ["", "k" * 101, "käse", "a\nb"])
def test_a_key_that_no_page_would_draw_is_refused(key):
    with pytest.raises(BadInput, match="idempotency_key: expected 1 to 100 printable ASCII"):
        check_submission(QUESTIONS["pair"], ANSWERS, key)


def test_a_reason_keeps_every_character(room, given):
    reason = ("🙂 'x' \"y\"; DROP TABLE ratings; -- \x00\r\n" * 60)[:2000]
    answers = replace(ANSWERS, reason=reason)
    check_submission(QUESTIONS["pair"], answers, "key 1")
    assert room.rate(given, "key 1", answers).reason == reason
    assert room.rows("SELECT reason FROM ratings") == [(reason,)]


def test_a_rater_finds_the_newest_revision_of_each_own_rating_the_sheet_rated_last_first(
    room, rows
):
    rows.add_pairs(3)
    first = room.give("anna")
    room.rate(first, "key 1", ANSWERS)
    room.clock.advance(seconds=10)
    second = room.give("anna")
    room.rate(second, "key 2", EQUAL)
    room.rate(room.give("bert"), "key 3")
    room.clock.advance(seconds=10)
    changed = room.rate(first, "key 4", EQUAL)
    mine = my_ratings(room.con, "anna")
    assert [(own.number, own.rating.token) for own in mine] == [
        (2, second.token),
        (1, first.token),
    ]
    assert mine[1].rating == changed
    name = first.subject_id.removeprefix("pair ")
    assert mine[1].excerpt == f"question {name}"


def test_an_excerpt_is_how_the_sheet_begins_and_ends(room, rows, con):
    rows.add_pair("00")
    con.execute("UPDATE prompts SET text = repeat('word ', 100)")
    room.rate(room.give(), "key 1")
    assert my_ratings(con, "anna")[0].excerpt == "word " * 8 + "… " + "word " * 14 + "word"


def test_the_seconds_of_the_last_sheets_are_told_in_the_order_of_rating(room, rows):
    rows.add_pairs(3)
    tokens = []
    for number in range(3):
        given = room.give()
        tokens.append(given.token)
        room.rate(given, f"key {number}", replace(EQUAL, seconds=float(10 * (number + 1))))
        room.clock.advance(seconds=1)
    room.rate(given, "a change", replace(EQUAL, seconds=99.0))
    assert newest_seconds(room.con, "anna", 20) == dict(zip(tokens, (10, 20, 30), strict=True))
    assert list(newest_seconds(room.con, "anna", 2).items()) == [(tokens[1], 20), (tokens[2], 30)]
    assert newest_seconds(room.con, "bert", 20) == {}


def test_sixteen_submits_of_one_key_at_once_store_one_rating(room, given):
    ratings = submit_at_once(room, given, ["key 1"] * 16)
    assert len(ratings) == 16
    assert len(set(ratings)) == 1
    assert n_ratings(room) == 1


def test_sixteen_submits_of_different_keys_at_once_are_sixteen_revisions(room, given):
    ratings = submit_at_once(room, given, [f"key {number}" for number in range(16)])
    assert sorted(rating.revision for rating in ratings) == list(range(1, 17))
    assert n_ratings(room) == 16


def submit_at_once(room, given, keys):
    ratings = []
    barrier = threading.Barrier(len(keys))

    def submit(key):
        barrier.wait()
        ratings.append(room.rate(given, key, replace(EQUAL, reason=key)))

    threads = [threading.Thread(target=submit, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ratings


RATE_UNTIL_KILLED = """
import sys
from pathlib import Path
from rating_room import open_room
from study.database import open_for_writing

con = open_for_writing(Path(sys.argv[1]), command="rates until killed")
with open_room(con) as room:
    while True:
        given = room.give()
        key = "key of " + given.token
        room.rate(given, key)
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
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
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
