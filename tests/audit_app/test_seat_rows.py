"""What may be given at all: forms in order, draws by seed, what is held back, one of a prompt."""

import pytest
from raters_at_work import hold, rate, rate_all, rate_some, rate_together, release, subjects
from rating_room import open_room

from audit_app.seat_rows import read_subjects

INSERT_REWRITE = """
    INSERT INTO rewrites (rewrite_id, conversation_id, style, user_text, source_text, text)
    VALUES ($rewrite_id, 'a conversation', 'warm', 'Hello?', 'Yes.', 'Yes, dear.')
"""
INSERT_SENTENCE = """
    INSERT INTO context_sentences (sentence_id, context, text)
    VALUES ($sentence_id, 'sad', 'I feel low today.')
"""
INSERT_PAIR = """
    INSERT INTO pairs (pair_id, prompt_id, first_response_id, second_response_id)
    VALUES ($pair_id, $prompt_id, $first_response_id, $second_response_id)
"""


@pytest.fixture
def four_arms(con, rows):
    """Three prompts, each answered by four arms: nine pairs, three with each prompt's original."""
    for name in ("00", "01", "02"):
        rows.add_prompt(name)
        original = rows.add_response(name, "original", f"the original on {name}")
        for arm in ("warm", "cold", "untransformed"):
            other = rows.add_response(name, arm, f"{arm} on {name}")
            row = {"pair_id": f"{arm} pair {name}", "prompt_id": f"prompt {name}"}
            both = {"first_response_id": original, "second_response_id": other}
            con.execute(INSERT_PAIR, row | both)


def add_rewrites(con, numbers):
    for number in numbers:
        con.execute(INSERT_REWRITE, {"rewrite_id": f"rewrite {number:02}"})


def test_a_rater_gets_all_of_one_form_before_the_next(con, rows):
    rows.add_pairs(3)
    add_rewrites(con, range(2))
    con.execute(INSERT_SENTENCE, {"sentence_id": "a sentence"})
    with open_room(con, forms=("context", "rewrite", "pair", "reply")) as room:
        seen = rate_all(room)
    assert [given.form for given in seen] == [
        "context",
        *["rewrite"] * 2,
        *["pair"] * 3,
        *["reply"] * 3,
    ]
    assert {given.first_is_left for given in seen if given.form != "pair"} == {None}
    assert [given.position for given in seen] == list(range(9))


def test_replies_of_which_only_refusal_is_measured_are_shown_to_nobody(con, rows):
    rows.add_pairs(2)
    con.execute("""
        INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence,
            answer_kind)
        VALUES ('harm', 'advbench', 'Say it', [], [], 'none', 'MIT', 'none')
    """)
    con.execute("INSERT INTO prompts VALUES ('harm', 'harm', 'none', 'none', 'Say it')")
    con.execute("UPDATE response_attempts SET prompt_id = 'harm' WHERE prompt_id = 'prompt 00'")
    with open_room(con, forms=("reply",)) as room:
        assert len(rate_all(room)) == 1


def test_every_form_has_seats_of_its_own_and_fills_them(con, rows):
    rows.add_pairs(2)
    add_rewrites(con, range(2))
    con.execute(INSERT_SENTENCE, {"sentence_id": "a sentence"})
    with open_room(con, seats=2, forms=("pair", "reply", "rewrite", "context")) as room:
        seen = rate_together(room, ["anna", "bert", "carl", "dora", "emil"], seed=1)
    # 2 pairs, 4 replies, 2 rewrites and 1 sentence of 2 seats
    assert len(seen) == 2 * (2 + 4 + 2 + 1)


def test_of_four_arms_a_rater_never_gets_two_pairs_of_one_prompt(con, four_arms):
    with open_room(con) as room:
        for number in range(9):
            seen = rate_all(room, f"rater {number}")
            assert sorted(pair[-2:] for pair in subjects(seen)) == ["00", "01", "02"]
        # 9 raters, each with 3 of 9 pairs, fill the 27 seats
        assert rate_all(room, "one too many") == []


def test_of_four_arms_a_rater_never_gets_two_single_replies_to_one_prompt(con, four_arms):
    with open_room(con, forms=("reply",), seats=1) as room:
        for number in range(4):
            seen = rate_all(room, f"rater {number}")
            assert sorted(reply[-2:] for reply in subjects(seen)) == ["00", "01", "02"]
        assert rate_all(room, "one too many") == []


def test_replies_without_text_are_no_subjects(con, rows):
    rows.add_pairs(1)
    con.execute(
        "UPDATE response_attempts SET text = NULL, failure = 'no answer' WHERE arm = 'warm'"
    )
    with open_room(con, forms=("reply",)) as room:
        assert subjects(rate_all(room)) == ["original response 00"]


def test_a_reply_that_came_when_it_was_asked_again_is_a_subject_and_the_failure_is_none(con, rows):
    rows.add_pairs(1)
    con.execute(
        "UPDATE response_attempts SET text = NULL, failure = 'no answer' WHERE arm = 'warm'"
    )
    con.execute("""
        INSERT INTO response_attempts
        SELECT * REPLACE ('again' AS response_id, 2 AS attempt, 'Yes.' AS text, NULL AS failure)
        FROM responses
        WHERE arm = 'warm'
    """)
    found = read_subjects(con.cursor(), "reply", None, 7, {})
    assert [one.subject_id for one in found] == ["again", "original response 00"]


@pytest.mark.parametrize("form", ["reply", "rewrite"])
def test_a_limit_draws_by_seed_and_additions_change_few_of_them(con, rows, form):
    def given_to_all(seed):
        con.execute("DELETE FROM assignments")
        con.execute("DELETE FROM ratings")
        limits = {"reply_limit": 6, "rewrite_limit": 6}
        with open_room(con, seed=seed, forms=(form,), seats=1, **limits) as room:
            seen = rate_together(room, ["anna", "bert"], seed=1)
        assert len(seen) == 6
        return set(subjects(seen))

    rows.add_pairs(10)
    add_rewrites(con, range(20))
    drawn = given_to_all(seed=7)
    assert given_to_all(seed=7) == drawn
    assert given_to_all(seed=8) != drawn
    rows.add_pair("10")
    add_rewrites(con, range(20, 22))
    # two more of twenty displace at most two
    assert len(given_to_all(seed=7) & drawn) >= 4


def test_a_pair_with_a_held_reply_is_never_given_before_its_release(con, rows):
    rows.add_pairs(3)
    hold(con, "original response 01")
    hold(con, "warm response 02")
    with open_room(con) as room:
        assert subjects(rate_all(room)) == ["pair 00"]
        release(con, "original response 01")
        room.seating.forget()
        assert subjects(rate_all(room)) == ["pair 01"]
        release(con, "warm response 02")
        room.seating.forget()
        assert subjects(rate_all(room)) == ["pair 02"]


def test_a_held_reply_is_never_given_alone_before_its_release(con, rows):
    rows.add_pairs(1)
    hold(con, "original response 00")
    with open_room(con, forms=("reply",)) as room:
        assert subjects(rate_all(room, "anna")) == ["warm response 00"]
        release(con, "original response 00")
        room.seating.forget()
        assert room.next("anna") is None
        # of twice three seats one is taken
        assert len({room.give(f"rater {number}").subject_id for number in range(5)}) == 2


def test_a_held_reply_leaves_its_place_in_the_draw_to_another(con, rows):
    rows.add_pairs(4)
    with open_room(con, forms=("reply",), reply_limit=1) as room:
        drawn = room.give("anna").subject_id
        hold(con, drawn)
        room.seating.forget()
        assert room.give("bert").subject_id != drawn


def test_a_rated_pair_that_is_held_back_later_comes_neither_again_nor_as_a_repeat(con, rows):
    rows.add_pairs(10)
    with open_room(con, repeat_share=0.1) as room:
        seen = rate_some(room, "anna", 10)
        # due now; the pairs rated eight sheets ago are those at 0, 1 and 2
        repeat = room.give("anna")
        assert repeat.subject_id in subjects(seen[:3])
        hold(con, f"warm response {repeat.subject_id[-2:]}")
        room.seating.forget()
        assert room.next("anna") is None
        assert rate(room, repeat).is_surplus is False


def test_a_repeat_is_drawn_only_from_pairs_that_may_be_shown(con, rows):
    rows.add_pairs(10)
    with open_room(con, repeat_share=0.1) as room:
        seen = rate_some(room, "anna", 10)
        for pair in subjects(seen[:2]):
            hold(con, f"warm response {pair[-2:]}")
        room.seating.forget()
        assert subjects(rate_all(room, "anna")) == [seen[2].subject_id]


def test_the_prompt_of_a_pair_that_is_held_back_later_stays_known_to_its_rater(con, four_arms):
    with open_room(con, seats=9) as room:
        seen = rate_all(room, "anna")
        for pair in subjects(seen):
            arm, _, name = pair.split()
            hold(con, f"{arm} response {name}")
        room.seating.forget()
        assert room.next("anna") is None
        assert len(rate_all(room, "bert")) == 3


def test_the_prompt_of_a_reply_that_is_drawn_no_more_stays_known_to_its_rater(con, rows):
    rows.add_pairs(1)
    with open_room(con, forms=("reply",), reply_limit=1) as room:
        rate(room, room.give())
        hold(con, room.rows("SELECT subject_id FROM assignments")[0][0])
        room.seating.forget()
        assert room.next() is None
        assert room.next("bert") is not None


def test_pairs_that_come_in_meanwhile_are_given(con, rows):
    with open_room(con) as room:
        assert room.next() is None
        rows.add_pairs(2)
        assert room.next() is None
        room.seating.forget()
        assert len(rate_all(room)) == 2
        rows.add_pair("02")
        room.seating.forget()
        assert subjects(rate_all(room)) == ["pair 02"]
