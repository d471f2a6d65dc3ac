"""Work beside its caller, whose errors the caller sees."""

import threading
import time

import pytest

from study.side_thread import SideThread


def fail() -> None:
    raise OSError("no room")


def test_the_caller_goes_on_and_may_wait():
    side, may_end, done = SideThread(), threading.Event(), []
    began_at_s = side.ended_at_s
    side.start(lambda: done.append(may_end.wait(10)))
    assert side.under_way is not None
    side.see()
    may_end.set()
    side.wait()
    assert (done, side.under_way) == ([True], None)
    assert began_at_s <= side.ended_at_s <= time.monotonic()


def test_an_error_is_raised_each_time_the_caller_looks_but_not_at_the_end():
    side = SideThread()
    side.start(fail)
    for look in (side.wait, side.see, side.see):
        with pytest.raises(OSError, match="no room"):
            look()
    side.close()


def test_before_any_work_there_is_nothing_to_see_or_wait_for():
    side = SideThread()
    side.see()
    side.wait()
    side.close()
    assert side.under_way is None
