"""Replicas that refuse, fail, die and come back while a run is under way."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from tgi_double import TgiDouble

from evaluation.serving.canary import plan_canary, run_canary
from evaluation.serving.chat_client import ChatClient, connect
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.local_server import running_app
from evaluation.serving.retries import RetryPolicy
from study.errors import BadInput, CanaryFailed
from study.settings import DecodingSettings

GREEDY = DecodingSettings(max_new_tokens=12)
QUICK = RetryPolicy(attempts=4, first_delay_s=0.02, longest_delay_s=0.1)
CANARY = plan_canary("tgi", ["warm"], seed=1)


def requests(n: int) -> list[ChatRequest]:
    return [ChatRequest(f"r{number}", "warm", f"question {number}", number) for number in range(n)]


def check(replica: ChatClient) -> None:
    run_canary(replica, CANARY, GREEDY)


def complete_all(urls, asked, retry=QUICK, on_done=lambda group: None):
    done: list[Completion] = []

    def keep(group: list[Completion]) -> None:
        done.extend(group)
        on_done(done)

    connect(urls, seed=1, retry=retry).complete_all(asked, GREEDY, None, keep, check)
    return done


def assert_each_once(done: list[Completion], n: int) -> None:
    assert sorted(one.request_id for one in done) == sorted(f"r{number}" for number in range(n))


def test_replicas_share_the_work():
    doubles = [TgiDouble(["warm"], delay_s=0.02) for _ in range(2)]
    with running_app(doubles[0].app()) as first, running_app(doubles[1].app()) as second:
        done = complete_all([first, second], requests(80))
    assert_each_once(done, 80)
    shares = [len(double.bodies) for double in doubles]
    assert sum(shares) == 80
    assert min(shares) > 25


def test_a_replica_that_dies_in_the_middle_loses_nothing():
    doubles = [TgiDouble(["warm"], delay_s=0.02) for _ in range(2)]
    with running_app(doubles[0].app()) as first, ExitStack() as stack:
        second = stack.enter_context(running_app(doubles[1].app()))
        done = complete_all(
            [first, second],
            requests(300),
            on_done=lambda done: stack.close() if len(done) > 40 else None,
        )
    assert_each_once(done, 300)
    assert all(one.text is not None for one in done)


def test_a_replica_that_comes_back_without_its_adapter_stops_the_run():
    with ExitStack() as stack:
        url = stack.enter_context(running_app(TgiDouble(["warm"]).app()))
        port = urlsplit(url).port

        def replace_server(done: list[Completion]) -> None:
            if port is not None and len(done) >= 1 and not swapped:
                swapped.append(True)
                stack.close()
                again.enter_context(running_app(TgiDouble().app(), port=port))

        swapped: list[bool] = []
        with ExitStack() as again, pytest.raises(CanaryFailed, match=f"'warm' .* so {url} puts"):
            complete_all([url], requests(400), RetryPolicy(9, 0.1, 0.5), replace_server)
    assert swapped


def test_a_replica_that_comes_back_as_it_was_goes_on():
    second = TgiDouble(["warm"])
    with ExitStack() as stack:
        url = stack.enter_context(running_app(TgiDouble(["warm"]).app()))

        def restart_server(done: list[Completion]) -> None:
            if not restarted:
                restarted.append(True)
                stack.close()
                again.enter_context(running_app(second.app(), port=urlsplit(url).port))

        restarted: list[bool] = []
        with ExitStack() as again:
            done = complete_all([url], requests(400), RetryPolicy(9, 0.1, 0.5), restart_server)
    assert_each_once(done, 400)
    assert all(one.text is not None for one in done)
    # the probes of the base, the arm and the nonsense name came before anything else
    probes = [body["messages"][0]["content"] for body in second.bodies[:24]]
    assert not any(probe.startswith("question") for probe in probes)


def test_a_server_that_takes_few_at_once_is_given_fewer_and_answers_all():
    double = TgiDouble(["warm"], takes_at_once=12, delay_s=0.01)
    with running_app(double.app()) as url:
        done = complete_all([url], requests(300), RetryPolicy(9, 0.05, 0.3))
    assert all(one.text is not None for one in done)
    assert double.n_refused > 0


def test_no_more_is_under_way_than_three_quarters_of_what_the_server_takes():
    info = {"model_id": "base-model", "router": "text-generation-router", "version": "3.3.7"}
    double = TgiDouble(["warm"], info={**info, "max_concurrent_requests": 16}, delay_s=0.02)
    with running_app(double.app()) as url:
        complete_all([url], requests(200))
    assert double.most_under_way == 12


@pytest.mark.parametrize(
    ("prompt", "n_sent", "may_pass"),
    [("failed question", 3, False), ("broken question", 4, False), ("cut question", 4, True)],
)
def test_a_failure_that_stays_is_the_requests_own_where_the_server_is_in_health(
    prompt, n_sent, may_pass
):
    double = TgiDouble(["warm"])
    with running_app(double.app()) as url:
        done = complete_all([url], [ChatRequest("r0", "warm", prompt, 0)])
    sent = [body for body in double.bodies if body["messages"][0]["content"] == prompt]
    assert (len(sent), done[0].text, done[0].may_pass) == (n_sent, None, may_pass)


def test_failures_before_any_answer_are_nobodys_until_the_server_answers():
    n_sent = QUICK.attempts * 6  # six workers, so that six requests fail before any is answered
    double = TgiDouble(["warm"], statuses=[500] * n_sent)
    done: list[Completion] = []
    with running_app(double.app()) as url:
        connect(url, seed=1, retry=QUICK).complete_all(requests(30), GREEDY, 6, done.extend, check)
    assert_each_once(done, 30)
    assert done[0].text is not None
    assert [one.may_pass for one in done if one.text is None] == [False] * 6


@pytest.mark.parametrize("n", [3, 200])
def test_a_server_that_answers_nothing_has_no_final_failures(n):
    double = TgiDouble(["warm"], statuses=[500] * 100_000)
    with running_app(double.app()) as url:
        done = complete_all([url], requests(n), RetryPolicy(2, 0.01))
    assert_each_once(done, n)
    assert all(one.may_pass and "HTTP 500" in one.failure for one in done)
    assert len(double.bodies) < 200  # of 200, those under way when ten had failed


def test_a_replica_that_answers_nothing_leaves_the_work_to_the_other():
    broken = TgiDouble(["warm"], statuses=[500] * 100_000)
    sound = TgiDouble(["warm"], delay_s=0.02)
    with running_app(broken.app()) as first, running_app(sound.app()) as second:
        done = complete_all([first, second], requests(300), RetryPolicy(2, 0.01))
    assert_each_once(done, 300)
    failed = [one for one in done if one.text is None]
    assert all(one.may_pass for one in failed)
    assert 10 <= len(failed) < 100


def test_what_comes_while_the_caller_fails_is_handed_over_too():
    kept: list[str] = []

    def keep(group: list[Completion]) -> None:
        kept.extend(one.request_id for one in group)
        if len(kept) == len(group):
            # the other forty come in this time, and then ten that nobody answers for a minute
            time.sleep(1)
            raise OSError("the first group")

    held = [ChatRequest(f"s{number}", "warm", "slow", number) for number in range(10)]
    with running_app(TgiDouble(["warm"]).app()) as url, pytest.raises(OSError, match="first group"):
        connect(url, seed=1).complete_all(requests(40) + held, GREEDY, 10, keep)
    assert sorted(kept) == sorted(f"r{number}" for number in range(40))


def test_no_more_is_asked_while_the_caller_has_a_backlog_but_what_comes_is_handed_over():
    backlog: Future[None] = Future()
    n_kept = 0

    def keep(group: list[Completion]) -> Future[None]:
        nonlocal n_kept
        n_kept += len(group)
        return backlog

    double = TgiDouble(["warm"], delay_s=0.02)
    with running_app(double.app()) as url, ThreadPoolExecutor() as thread:
        asking = thread.submit(connect(url, seed=1).complete_all, requests(400), GREEDY, 16, keep)
        time.sleep(1)
        n_sent = len(double.bodies)
        assert n_kept == n_sent < 100
        time.sleep(0.2)
        assert len(double.bodies) == n_sent
        backlog.set_result(None)
        asking.result()
    assert n_kept == 400


def test_replicas_of_different_servers_are_refused():
    other = {"model_id": "another", "router": "text-generation-router", "version": "3.3.7"}
    with (
        running_app(TgiDouble().app()) as first,
        running_app(TgiDouble(info=other).app()) as second,
        pytest.raises(BadInput, match="expected the same model and engine at every address"),
    ):
        connect([first, second], seed=1)
