import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from rating_room import EQUAL, open_room

from audit_app.drafts import (
    MAX_DRAFT_BYTES,
    Draft,
    DraftBox,
    draft_json,
    read_draft,
    save_drafts,
)
from study.database import close, open_for_writing
from study.errors import BadInput, StudyClosed

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def room(con):
    with open_room(con) as room:
        yield room


@pytest.fixture
def given(room, rows):
    """A pair that is open for anna."""
    rows.add_pair("00")
    return room.give()


def keep(room, given, answers):
    now = room.clock()
    answers_json = draft_json(answers)
    room.commits.run(lambda cursor: save_drafts(cursor, [Draft(given.token, answers_json, now)]))


def kept(room, given):
    return read_draft(room.con.cursor(), given)


def test_without_a_draft_there_is_nothing_chosen(room, given):
    assert kept(room, given) == {}


def test_a_draft_is_read_as_it_was_saved(room, given):
    answers = {"warmer": "left_slightly", "reason": "„Na so was“ 🙂\n\x00 'quoted'"}
    keep(room, given, answers)
    assert kept(room, given) == answers


def test_the_latest_draft_counts(room, given):
    keep(room, given, {"warmer": "equal", "reason": "hm"})
    room.clock.advance(seconds=1)
    keep(room, given, {"warmer": "left_clearly"})
    assert kept(room, given) == {"warmer": "left_clearly"}


def test_drafts_that_were_replaced_go_when_the_app_starts_anew(room, rows):
    rows.add_pairs(2)
    sheets = [room.give(name) for name in ("anna", "bert")]
    for word in ("first", "second", "third"):
        room.clock.advance(seconds=1)
        for sheet in sheets:
            keep(room, sheet, {"reason": word})
    assert room.rows("SELECT count(*) FROM drafts") == [(6,)]
    DraftBox(room.commits)
    assert room.rows("SELECT count(*), min(saved_at) FROM drafts") == [(2, room.clock())]
    assert [kept(room, sheet) for sheet in sheets] == [{"reason": "third"}] * 2


def test_of_drafts_of_one_sheet_in_one_commit_the_last_stays(room, given):
    now = room.clock()

    def keep_both(cursor):
        save_drafts(cursor, [Draft(given.token, draft_json({"warmer": "equal"}), now)])
        save_drafts(cursor, [Draft(given.token, draft_json({"warmer": "left_clearly"}), now)])

    for _ in range(2):
        room.commits.run(keep_both)
        assert kept(room, given) == {"warmer": "left_clearly"}


def test_the_draft_of_a_submitted_sheet_is_passed_over_until_something_new_is_chosen(room, given):
    keep(room, given, {"warmer": "equal"})
    room.rate(given, "key 1")
    assert kept(room, given) == {}
    room.clock.advance(seconds=1)
    keep(room, given, {"warmer": "left_clearly"})
    assert kept(room, given) == {"warmer": "left_clearly"}
    room.clock.advance(seconds=1)
    room.rate(given, "key 2", EQUAL)
    assert kept(room, given) == {}


def test_a_draft_keeps_the_seat_over_a_restart(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        given = room.give("anna")
        room.clock.advance(minutes=15)
        keep(room, given, {"warmer": "equal"})
        started_anew = room.clock.advance(minutes=15)
    with open_room(con, seats=1) as room:
        room.clock.now = started_anew
        assert room.next("bert") is None
        room.clock.now = started_anew + timedelta(minutes=6)
        assert room.give("bert").subject_id == given.subject_id


def test_a_draft_holds_eight_kibibytes_and_no_more():
    # {"reason": ""} is 14 bytes
    full = {"reason": "x" * (MAX_DRAFT_BYTES - 14)}
    assert len(draft_json(full)) == MAX_DRAFT_BYTES
    with pytest.raises(BadInput, match="expected at most 8192 bytes, got 8193"):
        draft_json({"reason": full["reason"] + "x"})


def test_the_longest_reason_allowed_fits_a_draft_in_any_script():
    # 2,000 characters of four bytes each
    longest = {"warmer": "right_slightly", "both_bad": "yes", "reason": "🙂" * 2000}
    assert json.loads(draft_json(longest)) == longest


@pytest.mark.parametrize("answers", [{"warmer": 1}, {"warmer": None}, {7: "equal"}, {"a": ["b"]}])
def test_a_draft_holds_nothing_but_text(answers):
    with pytest.raises(BadInput, match="draft: expected text as the answer to each field"):
        draft_json(answers)


def test_half_a_character_is_no_text():
    with pytest.raises(BadInput, match="draft: expected text, got half of a character"):
        draft_json({"reason": "\ud83d"})


DRAFT_UNTIL_KILLED = """
import sys
from pathlib import Path
from audit_app.drafts import Draft, draft_json, save_drafts
from rating_room import open_room
from study.database import open_for_writing

con = open_for_writing(Path(sys.argv[1]), command="drafts until killed")
with open_room(con) as room:
    given = room.give()
    for number in range(int(sys.argv[2]), 10**6):
        now = room.clock.advance(seconds=1)
        answers = draft_json({"reason": str(number)})
        room.commits.run(lambda cursor: save_drafts(cursor, [Draft(given.token, answers, now)]))
        print(number, flush=True)
"""


def test_an_acknowledged_draft_survives_the_kill_of_the_process(con, rows, study_file):
    rows.add_pair("00")
    close(con, study_file)
    acknowledged = 0
    for n_before_kill in (3, 5, 7):
        acknowledged = draft_until_killed(study_file, acknowledged + 1, n_before_kill)
        con = open_for_writing(study_file, command="pytest")
        ((newest,),) = con.execute("SELECT arg_max(answers_json, saved_at) FROM drafts").fetchall()
        # the one after the last acknowledged may have been stored, too late to be said
        assert int(json.loads(newest)["reason"]) in (acknowledged, acknowledged + 1)
        close(con, study_file)
    assert acknowledged >= 3 + 5 + 7


def draft_until_killed(study_file, first, n_before_kill):
    process = subprocess.Popen(
        [sys.executable, "-c", DRAFT_UNTIL_KILLED, str(study_file), str(first)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        told = [process.stdout.readline() for _ in range(n_before_kill)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return max(int(line) for line in told if line.endswith("\n"))


def test_drafts_of_many_raters_are_stored_together_and_the_newest_of_a_sheet_counts(room, rows):
    rows.add_pairs(3)
    sheets = [room.give(name) for name in ("anna", "bert", "carl")]
    box = DraftBox(room.commits, gather_s=0.05)
    asked = [
        box.put(Draft(sheet.token, draft_json({"reason": word}), room.clock()), "tab")
        for word in ("first", "second")
        for sheet in sheets
    ]
    for future in asked:
        future.result(10)
    assert [kept(room, sheet) for sheet in sheets] == [{"reason": "second"}] * 3


def test_a_draft_is_acknowledged_only_when_it_is_stored(room, given):
    box = DraftBox(room.commits, gather_s=0.3)
    asked = box.put(Draft(given.token, draft_json({"warmer": "equal"}), room.clock()), "tab")
    assert not asked.done()
    assert kept(room, given) == {}
    asked.result(10)
    assert kept(room, given) == {"warmer": "equal"}


def test_who_is_about_to_read_a_draft_need_not_wait_for_others(room, given):
    box = DraftBox(room.commits, gather_s=60)
    asked = box.put(Draft(given.token, draft_json({"warmer": "equal"}), room.clock()), "tab")
    box.settle("another sheet")
    assert kept(room, given) == {}
    box.settle(given.token)
    assert asked.done()
    assert kept(room, given) == {"warmer": "equal"}


def test_a_draft_that_cannot_be_stored_says_so_to_all_who_wait(con, rows):
    with open_room(con) as room:
        box = DraftBox(room.commits, gather_s=0.05)
    # the room is closed, and its commits with it
    asked = [box.put(Draft(name, "{}", room.clock()), "tab") for name in ("a", "b")]
    for future in asked:
        with pytest.raises(StudyClosed):
            future.result(10)
