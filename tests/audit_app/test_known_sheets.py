import pytest
from rating_room import open_room

from audit_app.known_sheets import KnownSheets
from study.errors import NotAllowed


@pytest.fixture
def room(con, rows):
    rows.add_pair("00")
    with open_room(con) as room:
        yield room


@pytest.fixture
def known(con):
    return KnownSheets(con)


def test_an_assignment_is_known_to_its_own_rater_alone_however_often_it_is_asked_for(room, known):
    given = room.give("anna")
    for _ in range(2):
        assert known.assignment(given.token, "anna") == given
        for stranger, token in [("bert", given.token), ("anna", "unknown"), ("anna", "\ud83d")]:
            with pytest.raises(NotAllowed):
                known.assignment(token, stranger)


def test_each_sheet_of_a_pair_has_its_own_token_and_its_own_sides(room, known):
    given = [room.give(rater_id) for rater_id in ("anna", "bert", "carl")]
    assert {assignment.first_is_left for assignment in given} == {True, False}
    for _ in range(2):
        for assignment in given:
            sheet = known.sheet(assignment)
            left = "first reply 00" if assignment.first_is_left else "second reply 00"
            assert (sheet.token, sheet.left_text) == (assignment.token, left)
            assert sheet.left_text != sheet.right_text


def test_an_assignment_that_is_remembered_is_not_looked_up(room, known, con):
    given = room.give("anna")
    known.remember(given)
    con.execute("DELETE FROM assignments")
    assert known.assignment(given.token, "anna") is given


def test_pairs_are_read_many_together(con, rows):
    rows.add_pairs(9)
    with open_room(con) as room:
        known = KnownSheets(con)
        sheets = [known.sheet(room.give(name)) for name in ("anna", "bert", "carl")]
        first = known.sheet(room.give("dora"))
        con.execute("UPDATE response_attempts SET text = 'other words'")
        # whatever was read with the first of them is shown as it was
        again = known.sheet(room.give("dora"))
    assert again == first
    assert all(sheet.token for sheet in sheets)
