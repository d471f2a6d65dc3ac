import pytest
from rating_room import Clock

from audit_app.watch import Watch


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state():
    return {"is": "open"}


@pytest.fixture
def watch(clock, state):
    return Watch(lambda: state["is"], clock)


def test_a_change_shows_after_a_second_and_not_before(clock, state, watch):
    assert watch.now() == "open"
    state["is"] = "paused"
    clock.advance(seconds=0.9)
    assert watch.now() == "open"
    clock.advance(seconds=0.1)
    assert watch.now() == "paused"


def test_a_clock_that_is_set_back_does_not_keep_what_is_old(clock, state, watch):
    assert watch.now() == "open"
    state["is"] = "paused"
    clock.advance(hours=-1)
    assert watch.now() == "paused"
