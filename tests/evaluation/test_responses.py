"""What is to be asked, again too, and how much was; generation itself is tested over a server double."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import permutations

import duckdb
import pytest
from graded_study import add_reply, study_of
from hypothesis import given
from hypothesis import strategies as st

from evaluation.asking import cut_shards
from evaluation.responses import (
    ServedArm,
    choose_missing,
    describe_limits,
    find_complete_arms,
    insert_responses,
    plan_requests,
    read_answered,
    read_failed,
)
from evaluation.serving.completions import Completion
from study.database import transaction
from study.errors import BadTable
from study.migrations import migrate
from study.records import Prompt, ServedModel
from study.settings import Settings


def requests(n_prompts, n_arms):
    prompts = [Prompt(f"p{number}", "item", "none", "none", "why?") for number in range(n_prompts)]
    arms = [
        ServedArm(ServedModel(f"m{number}", f"arm{number}", "m", "tgi", "", "", "{}", "", ""))
        for number in range(n_arms)
    ]
    return list(plan_requests(prompts, arms, samples=2))


def test_seven_prompts_in_three_shards_are_two_two_and_three():
    shards = cut_shards(requests(7, n_arms=1), 3)
    assert [[one.prompt.prompt_id for one in shard[::2]] for shard in shards] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4", "p5", "p6"],
    ]


@given(st.integers(0, 30), st.integers(1, 3), st.integers(1, 12))
def test_shards_hold_every_request_once_in_order_and_keep_prompts_whole(n_prompts, n_arms, n):
    asked = requests(n_prompts, n_arms)
    shards = cut_shards(asked, n)
    assert [one for shard in shards for one in shard] == asked
    assert len(shards) == min(n, n_prompts)
    of_shards = [{one.prompt.prompt_id for one in shard} for shard in shards]
    assert sum(map(len, of_shards)) == n_prompts
    sizes = list(map(len, of_shards)) or [0]
    assert max(sizes) - min(sizes) <= 1


def test_an_arm_is_complete_where_one_of_its_models_lacks_nothing():
    prompt = Prompt("p", "item", "none", "none", "why?")
    served = [
        ServedArm(ServedModel(model, arm, "m", "tgi", "", "", "{}", "", ""))
        for model, arm in (("old", "warm"), ("new", "warm"), ("base", "original"))
    ]
    first, later, of_base = plan_requests([prompt], served, samples=1)
    assert find_complete_arms(served, []) == {"warm", "original"}
    # the model before answered all, the one of today not yet
    assert find_complete_arms(served, [later]) == {"warm", "original"}
    assert find_complete_arms(served, [first, later]) == {"original"}
    assert find_complete_arms(served, [first, later, of_base]) == frozenset()


STUDY = Settings(name="counted", question="How many were asked?", seed=1)
INSERT_MODEL = """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at)
    VALUES ($model, $arm, $arm, 'engine', 'base', '', '{}', '{}', $now)
"""
INSERT_LATER_RESPONSE = """
    INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, text,
        finish_reason, failure, n_tokens, seconds, created_at)
    VALUES ('later', 'i0 none none', 'later', 'warm', 0, 'text', 'stop', NULL, 9, 1.0, '2026-03-02')
"""


def test_a_study_whose_arms_answered_every_prompt_is_whole():
    assert describe_limits(study_of(("original", "warm"), n_items=3), STUDY) is None


def test_where_arms_answered_unequally_many_prompts_the_fewest_are_told():
    con = study_of(("original",), n_items=3)
    add_reply(con, "i0 none none", "warm", "correct")
    assert describe_limits(con, STUDY) == "1 of 3 prompts asked"


def test_prompts_that_only_an_earlier_model_answered_are_not_asked():
    con = study_of(("original", "warm"), n_items=3)
    for model, day in (("warm", "2026-03-01"), ("later", "2026-03-02")):
        con.execute(INSERT_MODEL, {"model": model, "arm": "warm", "now": day})
    con.execute(INSERT_LATER_RESPONSE)
    assert describe_limits(con, STUDY) == "1 of 3 prompts asked"


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def answer(request, text=None):
    """The row of what a request came to; a failure without text."""
    failure = "HTTP 400: filtered" if text is None else None
    reason = "stop" if text else None
    return asdict(request.as_response(Completion("", text, reason, 3, failure, 1.0), NOW))


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    return con


@pytest.fixture
def request_():
    return requests(n_prompts=1, n_arms=1)[0]


def stored(con):
    return con.execute("SELECT attempt, text, failure FROM responses").fetchall()


def test_a_reply_takes_the_place_of_a_failure_that_stays_on_record(con, request_):
    insert_responses(con, [answer(request_)])
    insert_responses(con, [answer(request_.again(2), "Since it is so.")])
    assert stored(con) == [(2, "Since it is so.", None)]
    query = "SELECT attempt, failure, created_at FROM response_attempts ORDER BY attempt"
    assert con.execute(query).fetchall() == [(1, "HTTP 400: filtered", NOW), (2, None, NOW)]


def test_what_failed_again_is_still_one_row_and_can_be_asked_once_more(con, request_):
    insert_responses(con, [answer(request_)])
    insert_responses(con, [answer(request_.again(2))])
    assert stored(con) == [(2, None, "HTTP 400: filtered")]
    assert read_failed(con) == {request_.asked: 2}
    (third,) = choose_missing([request_], read_answered(con), read_failed(con))
    assert (third.attempt, third.as_chat(7).seed) == (3, request_.as_chat(7).seed)
    insert_responses(con, [answer(third, "Since it is so.")])
    assert read_failed(con) == {}
    assert choose_missing([request_], read_answered(con), read_failed(con)) == []


def test_failures_are_asked_again_only_where_that_is_wanted(con):
    one, *others = requests(n_prompts=2, n_arms=1)
    insert_responses(con, [answer(one)])
    assert choose_missing([one, *others], read_answered(con), {}) == others
    again = choose_missing([one, *others], read_answered(con), read_failed(con))
    assert again == [one.again(2), *others]
    assert len({request.response_id for request in again}) == len(again)


def test_files_handed_in_in_any_order_and_twice_come_to_the_same_row(request_):
    rows = [answer(request_), answer(request_.again(2)), answer(request_.again(3), "So.")]
    for order in permutations(rows):
        con = duckdb.connect()
        migrate(con)
        for row in (*order, *order):
            insert_responses(con, [row])
        assert stored(con) == [(3, "So.", None)]
        # each failure is on record, whenever it came
        assert con.execute("SELECT count(failure) FROM response_attempts").fetchone() == (2,)


def test_no_later_attempt_takes_the_place_of_a_reply(con, request_):
    insert_responses(con, [answer(request_, "First.")])
    assert insert_responses(con, [answer(request_.again(2), "Second.")]) == 0
    assert insert_responses(con, [answer(request_.again(2))]) == 0
    assert stored(con) == [(1, "First.", None)]


def test_a_file_of_before_attempts_were_counted_holds_first_ones(con, request_):
    row = answer(request_)
    del row["attempt"]
    insert_responses(con, [row])
    assert stored(con) == [(1, None, "HTTP 400: filtered")]


@pytest.mark.parametrize("attempt", [0, "two"])
def test_an_attempt_that_is_no_number_from_one_on_is_refused(con, request_, attempt):
    with pytest.raises(BadTable), transaction(con) as cursor:
        insert_responses(cursor, [answer(request_) | {"attempt": attempt}])
