"""Shards of what is to be asked; generation itself is tested over a server double."""

from hypothesis import given
from hypothesis import strategies as st

from evaluation.asking import cut_shards
from evaluation.responses import ServedArm, plan_requests
from study.records import Prompt, ServedModel


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
