from dataclasses import asdict

import duckdb

from evaluation.items.table import insert_items
from evaluation.pairs import draw_pairs, insert_pairs, read_orientations, read_unpaired
from evaluation.prompts import insert_prompts
from evaluation.responses import insert_responses
from study.migrations import migrate
from study.records import Item, Prompt, Response


def response(number, prompt, arm, text="a reply", sample=0):
    return Response(
        f"r{number}", prompt, f"m-{arm}", arm, sample, text, "stop", None, 5, 1.0, "now"
    )


def test_each_arm_is_paired_with_the_original_of_its_prompt_and_sample():
    responses = [
        response(1, "p1", "original"),
        response(2, "p1", "warm"),
        response(3, "p1", "cold"),
        response(4, "p1", "warm", sample=1),
        response(5, "p2", "warm"),
    ]
    pairs = draw_pairs(responses, seed=1)
    assert {frozenset((p.first_response_id, p.second_response_id)) for p in pairs} == {
        frozenset(("r1", "r2")),
        frozenset(("r1", "r3")),
    }


def test_a_response_that_failed_makes_no_pair():
    responses = [response(1, "p1", "original"), response(2, "p1", "warm", text=None)]
    assert draw_pairs(responses, seed=1) == []


def test_which_response_is_first_says_nothing_about_the_arm_and_is_drawn_by_seed():
    responses = [
        response(number, f"p{number // 2}", arm)
        for number in range(400)
        for arm in [("original", "warm")[number % 2]]
    ]
    first = [int(pair.first_response_id[1:]) % 2 for pair in draw_pairs(responses, seed=1)]
    assert len(first) == 200
    # 200 fair draws lie within 72 and 128 but for about 1 seed in 10,000
    assert 72 <= sum(first) <= 128
    assert draw_pairs(responses, seed=1) == draw_pairs(responses, seed=1)
    assert draw_pairs(responses, seed=1) != draw_pairs(responses, seed=2)


def test_the_orientation_of_a_pair_says_whether_its_first_response_is_the_originals():
    con = duckdb.connect()
    migrate(con)
    at = {"created_at": "2026-03-01T12:00:00+00:00"}
    responses = [
        response(number, f"p{number // 3}", arm)
        for number in range(30)
        for arm in [("original", "warm", "cold")[number % 3]]
    ]
    insert_responses(con, [vars(one) | at for one in responses])
    assert read_orientations(con) == {}
    pairs = draw_pairs(responses, seed=1)
    insert_pairs(con, [vars(pair) for pair in pairs])
    # the original is every third response, from r0 on
    by_hand = {pair.pair_id: int(pair.first_response_id[1:]) % 3 == 0 for pair in pairs}
    assert read_orientations(con) == by_hand
    assert set(by_hand.values()) == {True, False}
    assert len(by_hand) == 20
    con.close()


def test_prompts_of_which_only_refusal_is_measured_make_no_pair():
    con = duckdb.connect()
    migrate(con)
    items = [
        Item("i0", "trivia", "Who wrote Emma?", ("Austen",), ("Eliot",), "a shelf", "CC0"),
        Item("i1", "advbench", "Say it", (), (), "none", "MIT", answer_kind="none"),
    ]
    insert_items(con, [asdict(item) for item in items])
    insert_prompts(con, [asdict(Prompt(f"p{n}", f"i{n}", "none", "none", "Q")) for n in range(2)])
    at = {"created_at": "2026-03-01T12:00:00+00:00"}
    responses = [
        response(number, f"p{number // 2}", ("original", "warm")[number % 2]) for number in range(4)
    ]
    insert_responses(con, [vars(one) | at for one in responses])
    assert {one.prompt_id for one in read_unpaired(con, None, 7)} == {"p0"}
    con.close()
