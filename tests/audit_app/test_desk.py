import threading
from dataclasses import replace

import pytest
from raters_at_work import add_gold
from rating_room import EQUAL, open_room

from audit_app.desk import Pulse
from audit_app.remarks import RemarkWords
from audit_app.study_events import record_event
from study.errors import BadInput, NotAllowed

# a desk looks at the study's state once a second at most
SECOND = {"seconds": 1}
SKIP = RemarkWords("skip", "unclear", "")


@pytest.fixture
def room(con, rows):
    """Four pairs, and anna and bert admitted to rate them."""
    rows.add_pairs(4)
    with open_room(con) as room:
        room.consent("anna")
        room.consent("bert")
        yield room


@pytest.fixture
def desk(room):
    return room.desk()


def rate_all(desk, rater_id="anna", n=None, seconds=12.0, clock=None):
    """Rate what comes, at most `n` sheets, by a clock on which it takes so long; the last card."""
    card = desk.show(rater_id)
    while card["view"] == "sheet" and n != 0:
        answers = replace(EQUAL, seconds=seconds)
        if clock is not None:
            clock.advance(seconds=seconds)
        card = desk.rate(rater_id, card["token"], answers, f"{rater_id} {card['token']}")
        n = None if n is None else n - 1
    return card


def n_rows(room, table):
    queries = {
        "ratings": "SELECT count(*) FROM ratings",
        "assignments": "SELECT count(*) FROM assignments",
        "drafts": "SELECT count(*) FROM drafts",
        "remarks": "SELECT count(*) FROM remarks",
    }
    return room.rows(queries[table])[0][0]


def test_who_has_not_agreed_is_sent_to_the_start(desk, room):
    assert desk.show("newcomer") == {"view": "go", "to": "/start/"}
    for look in (desk.mine, desk.undo, desk.show):
        assert look("newcomer") == {"view": "go", "to": "/start/"}
    assert n_rows(room, "assignments") == 0


def test_a_sheet_is_all_that_the_page_needs_and_no_more(desk, room):
    card = desk.show("anna")
    ((token, subject_id, first_is_left),) = room.rows(
        "SELECT token, subject_id, first_is_left FROM assignments"
    )
    name = subject_id.removeprefix("pair ")
    replies = [f"first reply {name}", f"second reply {name}"]
    left, right = replies if first_is_left else reversed(replies)
    scale = ["A clearly", "A slightly", "About equal", "B slightly", "B clearly"]
    questions = {question["name"]: question for question in card.pop("questions")}
    assert [choice["label"] for choice in questions["warmer"]["choices"]] == scale
    assert questions["more_accurate"] == {
        "name": "more_accurate",
        "legend": "Which reply is more accurate?",
        "kind": "five",
        "choices": [
            {"value": "left_clearly", "label": "A clearly", "keys": "1"},
            {"value": "left_slightly", "label": "A slightly", "keys": "2"},
            {"value": "equal", "label": "About equal", "keys": "3"},
            {"value": "right_slightly", "label": "B slightly", "keys": "4"},
            {"value": "right_clearly", "label": "B clearly", "keys": "5"},
            {"value": "cannot_judge", "label": "I cannot judge this", "keys": "6 0"},
        ],
    }
    assert len(questions) == 2
    assert card == {
        "view": "sheet",
        "token": token,
        "form": "pair",
        "number": 1,
        "total": 4,
        "minutes_left": None,
        "break_due": False,
        "practice": None,
        "changing": False,
        "can_undo": False,
        "texts": {"prompt": f"question {name}", "left": left, "right": right},
        "checkbox": {"name": "both_bad", "label": "Both replies are bad"},
        "answers": {},
    }


def test_a_sheet_left_open_is_shown_again_with_its_draft_even_by_another_desk(desk, room):
    card = desk.show("anna")
    room.clock.advance(seconds=1)
    desk.keep_draft("anna", card["token"], {"warmer": "equal", "seconds": "31.5"}, "tab").result()
    assert room.desk().show("anna") == card | {"answers": {"warmer": "equal", "seconds": "31.5"}}
    # the second is what stands ready for after it
    assert n_rows(room, "assignments") == 2


def test_a_submit_is_stored_and_the_next_sheet_comes_with_the_time_of_storing(desk, room):
    first = desk.show("anna")
    room.clock.advance(minutes=1)
    second = desk.rate("anna", first["token"], EQUAL, "key 1")
    assert second["saved"] == "2026-03-01T12:01:00+00:00"
    assert (second["number"], second["total"], second["can_undo"]) == (2, 4, True)
    assert second["token"] != first["token"]
    assert room.rows("SELECT token FROM ratings") == [(first["token"],)]


def test_a_submit_that_is_sent_twice_answers_twice_alike_and_counts_once(desk, room):
    token = desk.show("anna")["token"]
    answers = []
    barrier = threading.Barrier(8)

    def submit():
        barrier.wait()
        answers.append(desk.rate("anna", token, EQUAL, "key 1"))

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer["token"] == answers[0]["token"] for answer in answers)
    assert all(answer["number"] == 2 for answer in answers)
    assert (n_rows(room, "ratings"), n_rows(room, "assignments")) == (1, 2)


def test_a_submit_that_is_not_complete_stores_nothing_and_leaves_the_sheet(desk, room):
    token = desk.show("anna")["token"]
    with pytest.raises(BadInput, match="more_accurate: expected an answer, got none"):
        desk.rate("anna", token, replace(EQUAL, values={"warmer": "equal"}), "key 1")
    assert desk.show_again("anna", token)["token"] == token
    assert n_rows(room, "ratings") == 0


def test_nobody_touches_a_sheet_of_somebody_else(desk, room):
    token = desk.show("anna")["token"]
    desk.rate("anna", token, EQUAL, "key 1")
    for stranger in (token, "unknown", "\ud83d"):
        for touch in (
            lambda name: desk.rate("bert", name, EQUAL, "key 2"),
            lambda name: desk.remark("bert", name, SKIP, "key 2"),
            lambda name: desk.reopen("bert", name),
            lambda name: desk.show_again("bert", name),
            lambda name: desk.keep_draft("bert", name, {"warmer": "equal"}, "tab").result(),
            lambda name: desk.hear("bert", name, "tab", True),
        ):
            with pytest.raises(NotAllowed):
                touch(stranger)
    assert [n_rows(room, table) for table in ("ratings", "drafts", "remarks")] == [1, 0, 0]


def test_a_key_that_was_used_for_another_sheet_counts_for_this_one(desk, room):
    card = desk.show("anna")
    following = desk.rate("anna", card["token"], EQUAL, "key 1")
    after = desk.rate("anna", following["token"], EQUAL, "key 1")
    assert desk.rate("anna", following["token"], EQUAL, "key 1")["token"] == after["token"]
    assert n_rows(room, "ratings") == 2
    desk.remark("anna", after["token"], SKIP, "key 2")
    desk.remark("anna", desk.show("anna")["token"], SKIP, "key 2")
    assert n_rows(room, "remarks") == 2


def test_who_has_rated_everything_is_sent_to_the_end_unless_more_is_to_come(desk, room):
    assert desk.outlook("anna") != "done"
    assert rate_all(desk)["view"] == "go"
    assert desk.show("anna") == {"view": "go", "to": "/finish/"}
    assert desk.outlook("anna") == "done"
    room.more_to_come = True
    card = desk.show("anna")
    assert (card["view"], card["done"], card["heading"]) == ("waiting", 4, "More is being made")
    assert desk.outlook("anna") != "done"


def test_a_closed_study_is_done_for_everybody_who_has_rated_something(desk, room):
    rate_all(desk, n=1)
    assert desk.outlook("anna") == desk.outlook("bert") == "to_do"
    record_event(room.con, "closed", "owner", "all done", room.clock.advance(**SECOND))
    assert (desk.outlook("anna"), desk.outlook("bert")) == ("done", "closed")


def test_who_comes_when_all_is_rated_by_others_does_not_wait(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        desk = room.desk()
        for rater_id in ("anna", "bert"):
            room.consent(rater_id)
        rate_all(desk)
        assert desk.show("bert") == {"view": "go", "to": "/finish/"}
        assert (desk.outlook("anna"), desk.outlook("bert")) == ("done", "no_work")
        room.more_to_come = True
        assert (desk.show("bert")["view"], desk.outlook("bert")) == ("waiting", "more")


def test_who_comes_when_others_have_every_seat_waits_for_one(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        desk = room.desk()
        for rater_id in ("anna", "bert"):
            room.consent(rater_id)
        desk.show("anna")
        card = desk.show("bert")
        assert (card["view"], card["done"]) == ("waiting", 0)
        assert "A place becomes free when one of them leaves" in card["text"]
        assert desk.outlook("bert") == "place"
        room.clock.advance(minutes=21)
        assert desk.outlook("bert") == "to_do"
        assert desk.show("bert")["view"] == "sheet"


def test_a_seat_at_what_a_rater_has_skipped_for_good_is_none_to_wait_for(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        desk = room.desk()
        for rater_id in ("anna", "bert"):
            room.consent(rater_id)
        for number in range(2):
            desk.remark("bert", desk.show("bert")["token"], SKIP, f"key {number}")
        desk.show("anna")
        assert desk.outlook("bert") == "no_work"


def test_who_has_rated_as_many_as_one_person_should_does_not_wait_for_more(con, rows):
    rows.add_pairs(4)
    with open_room(con, pairs_per_rater=2) as room:
        room.consent("anna")
        room.more_to_come = True
        desk = room.desk()
        assert rate_all(desk).items() >= {"view": "go", "to": "/finish/"}.items()
        assert desk.outlook("anna") == "done"
        assert n_rows(room, "ratings") == 2


def test_who_comes_before_there_is_anything_to_rate_waits(con):
    with open_room(con) as room:
        room.consent("anna")
        card = room.desk().show("anna")
        assert (card["view"], card["done"], card["heading"]) == ("waiting", 0, "More is being made")


@pytest.mark.parametrize(
    ("event", "view"),
    [
        ("paused", {"view": "paused"}),
        ("closed", {"view": "go", "to": "/finish/"}),
    ],
)
def test_a_study_that_stands_still_gives_no_sheet_but_keeps_what_is_submitted(
    desk, room, event, view
):
    token = desk.show("anna")["token"]
    record_event(room.con, event, "owner", "lunch", room.clock.advance(**SECOND))
    answer = desk.rate("anna", token, EQUAL, "key 1")
    assert answer["saved"] == "2026-03-01T12:00:01+00:00"
    for card in (answer, *(look("anna") for look in (desk.show, desk.mine, desk.undo))):
        assert view.items() <= card.items()
        assert "token" not in card
    assert desk.reopen("anna", token)["view"] == view["view"]
    assert (n_rows(room, "ratings"), n_rows(room, "assignments")) == (1, 1)


def test_a_study_that_goes_on_gives_sheets_again(desk, room):
    record_event(room.con, "paused", "owner", "lunch", room.clock())
    assert desk.show("anna")["view"] == "paused"
    record_event(room.con, "resumed", "owner", "lunch is over", room.clock.advance(**SECOND))
    assert desk.show("anna")["view"] == "sheet"


def test_a_submit_after_the_seat_went_to_somebody_else_is_kept_as_surplus(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        for rater_id in ("late", "prompt"):
            room.consent(rater_id)
        desk = room.desk()
        token = desk.show("late")["token"]
        room.clock.advance(minutes=21)
        rate_all(desk, "prompt")
        assert desk.rate("late", token, EQUAL, "a late key")["saved"]
    stored = "SELECT is_surplus FROM ratings ORDER BY is_surplus"
    assert room.rows(stored) == [(False,), (True,)]


@pytest.mark.parametrize(("is_active", "is_free"), [(True, False), (False, True)])
def test_a_page_with_somebody_at_it_keeps_its_seat_and_another_does_not(
    con, rows, is_active, is_free
):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        for rater_id in ("anna", "bert"):
            room.consent(rater_id)
        desk = room.desk()
        token = desk.show("anna")["token"]
        room.clock.advance(minutes=15)
        desk.hear("anna", token, "tab", is_active)
        room.clock.advance(minutes=15)
        assert (desk.show("bert")["view"] == "sheet") == is_free


def test_a_draft_keeps_its_seat(con, rows):
    rows.add_pair("00")
    with open_room(con, seats=1) as room:
        for rater_id in ("anna", "bert"):
            room.consent(rater_id)
        desk = room.desk()
        token = desk.show("anna")["token"]
        room.clock.advance(minutes=15)
        desk.keep_draft("anna", token, {"warmer": "equal"}, "tab").result()
        room.clock.advance(minutes=15)
        assert desk.show("bert")["view"] != "sheet"


def test_a_page_hears_of_a_second_tab_and_of_the_studys_state(desk, room):
    token = desk.show("anna")["token"]
    assert desk.hear("anna", token, "one", True) == Pulse(False, "open")
    assert desk.hear("anna", None, "two", True) == Pulse(True, "open")
    assert desk.hear("bert", None, "one", True) == Pulse(False, "open")
    record_event(room.con, "paused", "owner", "lunch", room.clock())
    room.clock.advance(seconds=46)
    assert desk.hear("anna", token, "one", True) == Pulse(False, "paused")
    record_event(room.con, "closed", "owner", "all done", room.clock.advance(**SECOND))
    assert desk.hear("anna", "practice-1", "one", True) == Pulse(False, "closed")


def test_undo_opens_the_sheet_submitted_last_as_it_was_answered(desk, room):
    first = desk.show("anna")
    room.clock.advance(minutes=1)
    desk.rate("anna", first["token"], EQUAL, "key 1")
    card = rate_again = desk.undo("anna")
    assert card["token"] == first["token"]
    assert (card["number"], card["changing"], card["can_undo"]) == (1, True, False)
    assert card["answers"] == {
        "warmer": "equal",
        "more_accurate": "equal",
        "reason": "",
        "seconds": "12.0",
    }
    assert {name: rate_again[name] for name in ("texts", "questions", "form")} == {
        name: first[name] for name in ("texts", "questions", "form")
    }


def test_undo_follows_the_submits_and_not_the_order_of_the_sheets(desk, room):
    first = desk.show("anna")
    second = desk.rate("anna", first["token"], EQUAL, "key 1")
    room.clock.advance(minutes=1)
    desk.rate("anna", second["token"], EQUAL, "key 2")
    room.clock.advance(minutes=1)
    desk.rate("anna", first["token"], replace(EQUAL, reason="hm"), "key 3")
    assert desk.undo("anna")["token"] == first["token"]


def test_undo_with_nothing_rated_shows_what_is_due(desk):
    assert desk.undo("anna") == desk.show("anna")


def test_a_changed_rating_is_a_new_revision_and_the_open_sheet_comes_back(desk, room):
    first = desk.show("anna")["token"]
    second = desk.rate("anna", first, EQUAL, "key 1")["token"]
    changed = replace(EQUAL, values={"warmer": "left_clearly", "more_accurate": "equal"})
    card = desk.rate("anna", desk.undo("anna")["token"], changed, "key 2")
    assert (card["token"], card["number"], card["said"]) == (second, 2, "Your change is saved.")
    assert room.rows("SELECT token, revision, warmer FROM ratings ORDER BY revision") == [
        (first, 1, "equal"),
        (first, 2, "left_clearly"),
    ]


def test_a_change_that_is_not_submitted_is_kept_as_a_draft(desk, room):
    token = desk.show("anna")["token"]
    desk.rate("anna", token, EQUAL, "key 1")
    room.clock.advance(minutes=1)
    desk.keep_draft("anna", token, {"warmer": "left_clearly", "reason": "hm"}, "tab").result()
    card = desk.reopen("anna", token)
    assert card["answers"] == {"warmer": "left_clearly", "reason": "hm"}
    assert card["changing"]
    room.clock.advance(minutes=1)
    desk.rate("anna", token, EQUAL, "key 2")
    assert desk.reopen("anna", token)["answers"]["warmer"] == "equal"


UNTOUCHED = {"reason": "", "seconds": "4.0"}


def test_an_untouched_page_takes_the_place_of_no_draft(desk, room):
    token = desk.show("anna")["token"]
    chosen = {"warmer": "left_clearly", "reason": "long words", "seconds": "30"}
    desk.keep_draft("anna", token, chosen, "phone").result()
    for a_desk in (desk, room.desk()):  # even one that is started anew
        room.clock.advance(seconds=1)
        a_desk.keep_draft("anna", token, UNTOUCHED, "laptop").result()
        assert a_desk.show("anna")["answers"] == chosen
    assert n_rows(room, "drafts") == 1


def test_what_a_tab_had_chosen_it_can_take_back(desk, room):
    token = desk.show("anna")["token"]
    desk.keep_draft("anna", token, {"reason": "too frank"}, "tab").result()
    room.clock.advance(seconds=1)
    desk.keep_draft("anna", token, UNTOUCHED, "tab").result()
    assert desk.show("anna")["answers"] == UNTOUCHED


@pytest.mark.parametrize("left", [UNTOUCHED, {"reason": "half a thought", "seconds": "4.0"}])
def test_a_page_that_was_left_without_an_answer_does_not_hide_the_rating(desk, room, left):
    token = desk.show("anna")["token"]
    desk.keep_draft("anna", token, {"warmer": "equal"}, "tab").result()
    room.clock.advance(seconds=12)
    desk.rate("anna", token, replace(EQUAL, reason="mine"), "key 1")
    room.clock.advance(seconds=1)
    desk.keep_draft("anna", token, left, "tab").result()
    rated = {"warmer": "equal", "more_accurate": "equal", "reason": "mine", "seconds": "12.0"}
    assert desk.undo("anna")["answers"] == rated
    desk.rate("anna", token, replace(EQUAL, reason="mine"), "the key of another tab")
    assert n_rows(room, "ratings") == 1


def test_a_draft_that_says_what_is_rated_is_no_change(desk, room):
    token = desk.show("anna")["token"]
    room.clock.advance(seconds=12)
    desk.rate("anna", token, EQUAL, "key 1")
    room.clock.advance(seconds=60)
    desk.keep_draft("anna", token, {**EQUAL.values, "reason": "", "seconds": "60"}, "tab").result()
    assert desk.undo("anna")["answers"]["seconds"] == "12.0"
    desk.rate("anna", token, EQUAL, "the key of another tab")
    assert n_rows(room, "ratings") == 1


def test_my_ratings_are_the_raters_own_the_last_one_first(desk, room):
    card = rate_all(desk, n=2)
    rate_all(desk, "bert", n=1)
    mine = desk.mine("anna")
    assert mine["view"] == "mine"
    assert [own["number"] for own in mine["ratings"]] == [2, 1]
    own = mine["ratings"][1]
    assert own.keys() == {"token", "number", "form", "excerpt", "answers", "rated_at"}
    assert own["answers"] == (
        "Which reply is warmer? About equal · Which reply is more accurate? About equal"
    )
    assert own["rated_at"] == "2026-03-01T12:00:00+00:00"
    assert desk.reopen("anna", own["token"])["number"] == 1
    assert desk.show("anna")["token"] == card["token"]


def test_a_break_is_due_once_after_every_so_many_sheets(con, rows):
    rows.add_pairs(5)
    with open_room(con) as room:
        room.consent("anna")
        desk = room.desk(break_every=2)
        card = desk.show("anna")
        due = [card["break_due"]]
        for number in range(4):
            card = desk.rate("anna", card["token"], EQUAL, f"key {number}")
            due.append(card["break_due"])
            assert desk.show("anna")["break_due"] is False
        # after the second and the fourth of the four rated
        assert due == [False, False, True, False, True]
        last = room.rows("SELECT token FROM ratings LIMIT 1")[0][0]
        assert desk.rate("anna", last, EQUAL, "a change")["break_due"] is False


def test_the_time_left_is_the_own_median_pace_times_the_sheets_left(con, rows):
    rows.add_pairs(10)
    with open_room(con) as room:
        room.consent("anna")
        desk = room.desk()
        card = desk.show("anna")
        told = []
        for number, seconds in enumerate((20.0, 500.0, 40.0, 60.0)):
            room.clock.advance(seconds=seconds)
            card = desk.rate("anna", card["token"], replace(EQUAL, seconds=seconds), f"{number}")
            told.append(card["minutes_left"])
        # none before three; median 40 s × 7 left = 280 s; median (40 + 60)/2 = 50 s × 6 = 300 s
        assert told == [None, None, 5, 5]
        assert room.desk().show("anna")["minutes_left"] == 5


def test_only_the_newest_twenty_sheets_make_the_pace(con, rows):
    rows.add_pairs(50)
    with open_room(con) as room:
        room.consent("anna")
        desk = room.desk()
        rate_all(desk, n=19, seconds=6.0, clock=room.clock)
        # of the newest twenty after it, ten took 6 s and ten 600 s: median 303 s, 21 sheets left
        card = rate_all(desk, n=10, seconds=600.0, clock=room.clock)
        assert card["minutes_left"] == 107
        room.clock.advance(minutes=1)
        assert room.desk().show("anna")["minutes_left"] is not None


def test_no_sheet_took_longer_than_it_has_been_given(desk, room):
    card = desk.show("anna")
    room.clock.advance(seconds=30)
    desk.rate("anna", card["token"], replace(EQUAL, seconds=1e9), "key 1")
    assert room.rows("SELECT seconds FROM ratings") == [(30.0,)]


def test_a_draft_holds_the_fields_of_its_form_alone(desk, room):
    card = desk.show("anna")
    with pytest.raises(BadInput, match=r"draft: expected answers out of .*, got 'facts_kept'"):
        desk.keep_draft("anna", card["token"], {"facts_kept": "all"}, "tab")
    assert n_rows(room, "drafts") == 0


def test_a_skip_shows_another_sheet_and_says_what_becomes_of_this_one(desk, room):
    first = desk.show("anna")
    card = desk.remark("anna", first["token"], SKIP, "key 1")
    assert card["said"] == "Skipped. It comes back once, later."
    assert card["token"] != first["token"]
    assert card["number"] == 1
    card = desk.remark("anna", first["token"], SKIP, "key 2")
    assert card["said"] == "Skipped. It will not come again."
    assert n_rows(room, "remarks") == 2


def test_a_sheet_that_is_rated_cannot_be_skipped(desk, room):
    token = desk.show("anna")["token"]
    desk.rate("anna", token, EQUAL, "key 1")
    with pytest.raises(BadInput, match="skip: expected a sheet that is open to you"):
        desk.remark("anna", token, SKIP, "key 2")
    assert n_rows(room, "remarks") == 0


def test_a_report_leaves_the_sheet_and_what_is_chosen(desk, room):
    card = desk.show("anna")
    room.clock.advance(seconds=1)
    desk.keep_draft("anna", card["token"], {"warmer": "equal"}, "tab").result()
    problem = RemarkWords("problem", "display", "a box is missing")
    answer = desk.remark("anna", card["token"], problem, "key 1")
    assert answer["said"] == "Thank you, your report is stored. You can still answer."
    assert (answer["token"], answer["answers"]) == (card["token"], {"warmer": "equal"})


def test_checks_of_the_rater_look_like_every_other_sheet(con, rows):
    rows.add_pairs(4)
    con.execute("""
        INSERT INTO gold_pairs (
            gold_id, purpose, prompt_text, first_text, second_text, accepted_warmer,
            accepted_accurate, source)
        VALUES ('a gold id', 'gold', 'the prompt', 'one', 'two', ['first_clearly'], [], 'us')
    """)
    with open_room(con, check_every=2) as room:
        room.consent("anna")
        desk = room.desk()
        cards = [desk.show("anna")]
        while (card := cards[-1])["view"] == "sheet":
            cards.append(desk.rate("anna", card["token"], EQUAL, card["token"]))
        purposes = dict(room.rows("SELECT token, purpose FROM assignments"))
        sheets = cards[1:-1]
        assert "gold" in {purposes[card["token"]] for card in sheets}
        assert len({frozenset(card) for card in sheets}) == 1
        assert not any("gold" in repr(card) for card in [*cards, desk.mine("anna")])


def test_practice_comes_pair_by_pair_with_what_to_learn_and_is_not_stored(room):
    room.consent("carl", practised=False)
    desk = room.desk()
    pairs = room.texts.practice
    for number, pair in enumerate(pairs, start=1):
        card = desk.show("carl")
        assert (card["view"], card["token"]) == ("sheet", f"practice-{number}")
        assert card["practice"] == {"number": number, "total": len(pairs)}
        assert card["texts"]["left"] == pair.left_text
        assert (card["can_undo"], card["minutes_left"]) == (False, None)
        desk.keep_draft("carl", card["token"], {"warmer": "equal"}, "tab").result()
        right = {
            "warmer": pair.accepted_warmer[0],
            "more_accurate": pair.accepted_accurate[0],
        }
        told = desk.rate("carl", card["token"], replace(EQUAL, values=right), f"key {number}")
        assert told["view"] == "feedback"
        assert told["practice"] == card["practice"]
        assert told["explanation"] == pair.explanation
        assert [item["right"] for item in told["items"]] == [True, True]
        assert "saved" not in told
    assert desk.show("carl")["practice"] is None
    assert [n_rows(room, table) for table in ("ratings", "drafts")] == [0, 0]
    assert room.desk().show("carl")["practice"] is None


def test_a_wrong_answer_in_practice_is_told_beside_the_right_one(room):
    room.consent("carl", practised=False)
    desk = room.desk()
    pair = room.texts.practice[0]
    wrong = next(
        value
        for value in ("left_clearly", "right_clearly", "equal")
        if value not in pair.accepted_warmer
    )
    values = {"warmer": wrong, "more_accurate": pair.accepted_accurate[0]}
    item = desk.rate("carl", "practice-1", replace(EQUAL, values=values), "key 1")["items"][0]
    labels = {"left_clearly": "A clearly", "right_clearly": "B clearly", "equal": "About equal"}
    assert (item["legend"], item["yours"], item["right"]) == (
        "Which reply is warmer?",
        labels[wrong],
        False,
    )
    assert item["yours"] not in item["ours"].split(" or ")


def test_a_practice_pair_can_be_neither_skipped_nor_left_open(room):
    room.consent("carl", practised=False)
    desk = room.desk()
    with pytest.raises(BadInput, match="expected a sheet of the study, got a practice pair"):
        desk.remark("carl", "practice-1", SKIP, "key 1")
    with pytest.raises(BadInput, match="warmer: expected an answer"):
        desk.rate("carl", "practice-1", replace(EQUAL, values={}), "key 1")
    assert desk.show_again("carl", "practice-1") == desk.show("carl")


def test_practice_goes_on_where_it_was_after_a_restart_in_the_middle(room):
    room.consent("carl", practised=False)
    room.desk().rate("carl", "practice-1", EQUAL, "key 1")
    desk = room.desk()
    for number in (2, 3, 1):
        desk.rate("carl", f"practice-{number}", EQUAL, f"key {number}")
    assert desk.show("carl")["practice"] is None


def test_checks_do_not_count_against_what_one_person_should_rate(con, rows):
    """Nine pairs of ten, and two checks: the tenth may still come."""
    rows.add_pairs(9)
    add_gold(con, 3, 0)
    with open_room(con, pairs_per_rater=10, check_every=4) as room:
        room.consent("anna")
        room.more_to_come = True
        desk = room.desk()
        assert rate_all(desk)["view"] == "waiting"
        purposes = [purpose for (purpose,) in room.rows("SELECT purpose FROM assignments")]
        assert (purposes.count("study"), purposes.count("gold")) == (9, 2)
        assert desk.outlook("anna") != "done"
        rows.add_pair("one more")
        room.seating.forget()
        assert rate_all(desk)["view"] == "go"
