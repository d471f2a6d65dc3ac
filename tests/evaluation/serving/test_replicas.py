import asyncio

import pytest

from evaluation.serving.endpoint import EndpointInfo
from evaluation.serving.replicas import COOL_DOWN_S, AdaptiveLimit, NobodyLeft, Replica, Replicas


def replica(url: str, most: int = 2) -> Replica:
    info = EndpointInfo(url, "base-model", "tgi", "3.3.7", "", 128, "tgi")
    return Replica(info, AdaptiveLimit(most))


def test_a_limit_starts_low_and_doubles_while_all_is_well():
    limit = AdaptiveLimit(96)
    sizes = [limit.value]
    for _ in range(3):
        for _ in range(limit.value):
            limit.grow(0.0)
        sizes.append(limit.value)
    assert sizes == [16, 32, 64, 96]


def test_a_429_takes_a_fifth_and_the_many_of_one_moment_count_once():
    limit = AdaptiveLimit(20)
    for _ in range(12):
        limit.grow(0.0)
    for _ in range(9):
        limit.shrink(1.0)
    assert limit.value == 16  # 0.8 × 20


def test_after_a_429_a_limit_waits_and_then_grows_by_one_a_round():
    limit = AdaptiveLimit(20)
    limit.shrink(0.0)  # 0.8 × 16 = 12.8
    limit.grow(COOL_DOWN_S - 0.1)
    assert limit.value == 12
    for _ in range(13):  # 12.8 + 1/12.8 + … : thirteen answers make it about one more
        limit.grow(COOL_DOWN_S)
    assert limit.value == 13


def test_a_limit_never_falls_below_one():
    limit = AdaptiveLimit(2)
    for second in range(20):
        limit.shrink(second * COOL_DOWN_S)
    assert limit.value == 1


@pytest.mark.parametrize(
    ("takes", "engine", "most"),
    [(128, "tgi", 96), (10, "tgi", 7), (128, "local server", 32)],
)
def test_a_quarter_of_what_a_server_takes_is_left_to_others(takes, engine, most):
    assert EndpointInfo("", "base", engine, "", "", takes, "tgi").most_at_once == most


def test_the_least_busy_replica_gets_the_next_request():
    async def taken() -> list[str]:
        replicas = Replicas((replica("a"), replica("b")))
        first, second = await replicas.take(), await replicas.take()
        await replicas.give_back(second)
        third = await replicas.take()
        return [one.info.url for one in (first, second, third)]

    assert asyncio.run(taken()) == ["a", "b", "b"]


def test_a_lost_replica_gets_nothing_until_it_is_found():
    async def taken() -> list[str]:
        lost, other = replica("a"), replica("b")
        replicas = Replicas((lost, other))
        assert await replicas.lose(lost)
        assert not await replicas.lose(lost)
        during = [await replicas.take() for _ in range(2)]
        waiting = asyncio.create_task(replicas.take())
        await asyncio.sleep(0)
        await replicas.find(lost)
        return [one.info.url for one in (*during, await waiting)]

    assert asyncio.run(taken()) == ["b", "b", "a"]


def test_who_waits_hears_that_nobody_is_left():
    async def wait() -> None:
        only = replica("a")
        replicas = Replicas((only,))
        await replicas.lose(only)
        waiting = asyncio.create_task(replicas.take())
        await asyncio.sleep(0)
        await replicas.give_up(only)
        await waiting

    with pytest.raises(NobodyLeft):
        asyncio.run(wait())


def test_a_server_that_takes_all_at_once_is_given_it_from_the_start():
    assert AdaptiveLimit(32, first=32).value == 32
    assert AdaptiveLimit(8, first=32).value == 8
