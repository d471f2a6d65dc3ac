import threading

from audit_app.identities import Identity, provider_of, receive
from audit_app.raters import list_raters, read_standing

ANNA = Identity("prolific", "5f0a", "study1", "session1")


def stored(con):
    return con.execute(
        "SELECT rater_id, provider, subject, study_ref, session_ref, arrived_at FROM identities"
    ).fetchall()


def test_somebody_unknown_becomes_an_annotator_with_a_random_id(con, noon):
    arrival = receive(con, ANNA, noon)
    assert arrival.is_new
    assert read_standing(con, arrival.rater_id).rater.role == "annotator"
    assert "5f0a" not in arrival.rater_id
    assert stored(con) == [(arrival.rater_id, "prolific", "5f0a", "study1", "session1", noon)]


def test_somebody_known_is_the_same_rater_whatever_the_session(con, noon):
    first = receive(con, ANNA, noon)
    again = receive(con, Identity("prolific", "5f0a", "study1", "session2"), noon)
    assert (again.rater_id, again.is_new) == (first.rater_id, False)
    assert [row[4] for row in stored(con)] == ["session1"]


def test_one_id_at_two_services_is_two_people(con, noon):
    first = receive(con, Identity("prolific", "same"), noon)
    second = receive(con, Identity("hugging_face", "same"), noon)
    assert first.is_new
    assert second.is_new
    assert first.rater_id != second.rater_id


def test_sixteen_arrivals_at_once_are_one_rater(con, noon):
    arrivals = []
    threads = [
        threading.Thread(target=lambda: arrivals.append(receive(con, ANNA, noon)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [arrival.is_new for arrival in arrivals].count(True) == 1
    assert {arrival.rater_id for arrival in arrivals} == {list_raters(con)[0].rater_id}
    assert len(list_raters(con)) == 1


def test_no_other_table_holds_what_the_service_calls_a_person(con, noon):
    receive(con, Identity("hugging_face", "anna-the-person", "a-study", "a-visit"), noon)
    tables = {row[0] for row in con.execute("SHOW TABLES").fetchall()} - {"identities"}
    assert "raters" in tables
    for table in tables:
        content = str(con.table(table).fetchall())
        assert not any(text in content for text in ("anna-the-person", "a-study", "a-visit"))


def test_how_a_rater_came_is_known_and_nothing_for_those_with_a_link(con, noon):
    arrival = receive(con, ANNA, noon)
    assert provider_of(con, arrival.rater_id) == "prolific"
    assert provider_of(con, "somebody-else") is None
