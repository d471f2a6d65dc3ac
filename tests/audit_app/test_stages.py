from datetime import UTC, datetime, timedelta

import pytest

from audit_app.pages.markup import stages_html
from audit_app.stages import StageBoard
from study.progress import StageProgress

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    """Tells the time that a test sets."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_latest_word_of_a_stage_counts(clock):
    board = StageBoard(clock)
    board.update(StageProgress("train", "running", 1, 75))
    board.update(StageProgress("train", "running", 2, 75))
    assert [stage.progress.done for stage in board.snapshot()] == [2]


@pytest.mark.parametrize("state", ["running", "waiting"])
def test_a_stage_that_falls_silent_at_work_is_gone_until_it_speaks(clock, state):
    board = StageBoard(clock)
    board.update(StageProgress("train", state, 21, 75))
    clock.now = NOON + timedelta(seconds=120)
    assert board.at_work()
    clock.now = NOON + timedelta(seconds=121)
    assert not board.at_work()
    assert "no news since 12:00:00 UTC" in stages_html(board.snapshot())
    board.update(StageProgress("train", state, 22, 75))
    assert board.at_work()
    assert f"<td>{state}</td>" in stages_html(board.snapshot())


def test_a_stage_that_ended_is_not_missed(clock):
    board = StageBoard(clock)
    board.update(StageProgress("train", "done", 75, 75))
    clock.now = NOON + timedelta(hours=1)
    assert [stage.is_silent for stage in board.snapshot()] == [False]
    assert not board.at_work()
