import pytest
from rating_room import Clock

from audit_app.state_watch import StateWatch
from audit_app.study_events import record_event


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(con, clock):
    return StateWatch(con, clock)


def test_a_study_of_which_nothing_is_on_record_is_open(watch):
    assert watch.state() == "open"


def test_a_change_shows_after_a_second_and_not_before(con, clock, watch):
    assert watch.state() == "open"
    record_event(con, "paused", "owner", "lunch", clock())
    clock.advance(seconds=0.9)
    assert watch.state() == "open"
    clock.advance(seconds=0.1)
    assert watch.state() == "paused"


def test_every_state_has_a_name(con, clock, watch):
    for event, state in [("paused", "paused"), ("resumed", "open"), ("closed", "closed")]:
        record_event(con, event, "owner", "as it was planned", clock.advance(seconds=1))
        assert watch.state() == state


def test_a_clock_that_is_set_back_does_not_keep_an_old_state(con, clock, watch):
    assert watch.state() == "open"
    record_event(con, "paused", "owner", "lunch", clock())
    clock.advance(hours=-1)
    assert watch.state() == "paused"
