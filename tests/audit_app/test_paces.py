from dataclasses import replace

import pytest
from rating_room import EQUAL, open_room

from audit_app.paces import Paces


@pytest.fixture
def paces(con):
    return Paces(con)


def test_before_three_sheets_no_time_is_told(paces):
    for number in range(2):
        paces.note("anna", f"sheet {number}", 30.0)
        assert paces.minutes("anna", 10) is None
    paces.note("anna", "sheet 2", 30.0)
    assert paces.minutes("anna", 10) == 5  # 10 × 30 s


def test_the_median_counts_so_that_one_long_sheet_does_not(paces):
    for number, seconds in enumerate((20.0, 3000.0, 40.0)):
        paces.note("anna", f"sheet {number}", seconds)
    assert paces.minutes("anna", 7) == 5  # 7 × 40 s = 280 s, rounded up
    assert paces.minutes("anna", 0) == 0


def test_only_the_newest_twenty_sheets_count(paces):
    for number in range(30):
        paces.note("anna", f"sheet {number}", 600.0 if number < 10 else 60.0)
    assert paces.minutes("anna", 5) == 5


def test_a_sheet_noted_twice_counts_once(paces):
    for _ in range(3):
        paces.note("anna", "sheet", 60.0)
    assert paces.minutes("anna", 1) is None


def test_everybody_has_a_pace_of_their_own(paces):
    for number in range(3):
        paces.note("anna", f"sheet {number}", 60.0)
    assert paces.minutes("bert", 1) is None


def test_a_pace_is_known_again_after_a_restart(con, rows):
    rows.add_pairs(4)
    with open_room(con) as room:
        for number in range(3):
            given = room.give("anna")
            room.rate(given, f"key {number}", replace(EQUAL, seconds=60.0))
        assert Paces(con).minutes("anna", 2) == 2
