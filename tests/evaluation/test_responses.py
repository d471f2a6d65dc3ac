"""Shards of what is to be asked, and how much was; generation itself is tested over a server double."""

from graded_study import add_reply, study_of
from hypothesis import given
from hypothesis import strategies as st

from evaluation.asking import cut_shards
from evaluation.responses import ServedArm, describe_limits, find_complete_arms, plan_requests
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
