"""What is kept of a shard while a worker asks it; whole runs: test_generation_by_ray.py."""

import pytest

from evaluation.serving.completions import ChatRequest, without_text
from evaluation.serving.ray_shards import Shard, ShardUnderWay
from study.errors import ClusterUnreachable

REQUESTS = [ChatRequest(f"r{number}", "warm", "why?", number) for number in range(3)]


def test_after_a_loss_what_has_come_is_not_asked_again():
    shard = ShardUnderWay(Shard(1, REQUESTS))
    shard.take([without_text("r1", "refused", 0.1)])
    assert shard.rest_after_loss(OSError()) == [REQUESTS[0], REQUESTS[2]]


def test_three_losses_in_a_row_without_a_reply_end_the_run():
    shard = ShardUnderWay(Shard(7, REQUESTS))
    shard.rest_after_loss(OSError())
    shard.rest_after_loss(OSError())
    with pytest.raises(ClusterUnreachable, match=r"3 Ray workers in a row .* of shard 7"):
        shard.rest_after_loss(OSError())


def test_a_reply_between_losses_lets_the_shard_go_on():
    shard = ShardUnderWay(Shard(1, REQUESTS))
    for number in range(3):
        shard.rest_after_loss(OSError())
        shard.rest_after_loss(OSError())
        shard.take([without_text(f"r{number}", "refused", 0.1)])
    assert shard.rest_after_loss(OSError()) == []
