import json
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from fastapi import FastAPI, Response
from quick_server import running_app
from tgi_double import PAGE, TgiDouble

from evaluation.serving.chat_client import connect
from evaluation.serving.completions import ChatRequest, Completion
from evaluation.serving.endpoint import read_info
from evaluation.serving.retries import RetryPolicy
from study.errors import BadInput, ModelUnreachable
from study.settings import DecodingSettings

GREEDY = DecodingSettings(repetition_penalty=1.15, max_new_tokens=12)
SAMPLED = DecodingSettings(temperature=0.8, top_p=0.9, repetition_penalty=1.0)
QUICK = RetryPolicy(attempts=3, first_delay_s=0.01)


def requests(*prompts: str, model_name: str = "warm") -> list[ChatRequest]:
    return [
        ChatRequest(f"request-{number}", model_name, prompt, seed=number)
        for number, prompt in enumerate(prompts)
    ]


def complete_all(url: str, asked: list[ChatRequest], decoding=GREEDY, concurrency=4):
    done: list[Completion] = []
    connect(url, seed=1, retry=QUICK).complete_all(asked, decoding, concurrency, done.extend)
    return {completion.request_id: completion for completion in done}


def test_every_request_comes_back_once():
    double = TgiDouble(["warm"])
    asked = requests(*(f"question {number}" for number in range(40)))
    with running_app(double.app()) as url:
        done = complete_all(url, asked, concurrency=8)
    assert set(done) == {request.request_id for request in asked}
    one = done["request-3"]
    assert (one.text, one.finish_reason) == ("Oh, dear. question 3 (warm)", "stop")
    assert (one.n_tokens, one.failure) == (7, None)
    assert json.loads(one.usage_json) == {
        "prompt_tokens": 5,
        "completion_tokens": 7,
        "total_tokens": 12,
    }
    assert json.loads(one.headers_json)["content-type"] == "application/json"


def test_tgi_gets_the_repetition_penalty_as_it_reads_it():
    double = TgiDouble(["warm"])
    with running_app(double.app()) as url:
        complete_all(url, requests("hello"))
        complete_all(url, requests("hello"), SAMPLED)
    greedy, sampled = double.bodies
    # TGI adds 2 to what it gets: 1.15 - 2 and 1 - 2
    assert greedy.pop("presence_penalty") == pytest.approx(-0.85)
    assert greedy == {
        "model": "warm",
        "messages": [{"role": "user", "content": "hello"}],
        "max_tokens": 12,
        "temperature": 0.0,
        "seed": 0,
        "stream": False,
    }
    assert (sampled["presence_penalty"], sampled["top_p"], sampled["temperature"]) == (
        *(-1.0, 0.9, 0.8),
    )


def test_vllm_gets_every_parameter_by_its_own_name():
    double = TgiDouble(info={})
    with running_app(double.app()) as url:
        info = read_info(f"{url}/v1/")
        complete_all(url, requests("hello"))
    assert (info.engine, info.version, info.model_id) == ("vllm", "0.11.0", "base-model")
    assert (info.base_name, info.description) == ("base-model", "vllm 0.11.0")
    body = double.bodies[0]
    assert (body["repetition_penalty"], body["top_p"], body["top_k"]) == (1.15, 1.0, -1)
    assert (body["presence_penalty"], body["frequency_penalty"]) == (0.0, 0.0)


@pytest.mark.parametrize("status", [429, 424, 500, 503])
def test_a_passing_refusal_is_asked_again(status):
    double = TgiDouble(statuses=[status, status])
    with running_app(double.app()) as url:
        done = complete_all(url, requests("hello"))
    assert done["request-0"].text == "Plainly: hello"
    assert len(double.bodies) == 3


def test_a_page_with_status_200_is_asked_again_and_no_result_while_it_stays():
    double = TgiDouble(statuses=[PAGE, PAGE])
    with running_app(double.app()) as url:
        done = complete_all(url, requests("hello"))
    assert done["request-0"].text == "Plainly: hello"
    with running_app(TgiDouble(statuses=[PAGE] * 9).app()) as url:
        done = complete_all(url, requests("hello"))
    failure = "HTTP 200: the server answered something other than a chat"
    assert (done["request-0"].failure, done["request-0"].may_pass) == (failure, True)


def test_retries_have_an_end():
    double = TgiDouble(statuses=[429] * 9)
    with running_app(double.app()) as url:
        done = complete_all(url, requests("hello"))
    assert done["request-0"].failure == "HTTP 429: as told"
    assert done["request-0"].may_pass
    assert len(double.bodies) == 3


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_that_stands_is_not_asked_again(status):
    double = TgiDouble(statuses=[status])
    with running_app(double.app()) as url:
        done = complete_all(url, requests("first", "second"), concurrency=1)
    assert done["request-0"] == Completion(
        request_id="request-0",
        text=None,
        finish_reason=None,
        n_tokens=None,
        failure=f"HTTP {status}: as told",
        seconds=done["request-0"].seconds,
        http_status=status,
        may_pass=False,
        headers_json=done["request-0"].headers_json,
    )
    assert json.loads(done["request-0"].headers_json)["content-type"] == "application/json"
    assert done["request-1"].text == "Plainly: second"
    assert len(double.bodies) == 2


def test_a_server_that_dies_leaves_failures_and_loses_nothing():
    asked = requests(*(f"question {number}" for number in range(200)))
    done: list[Completion] = []
    with ExitStack() as stack:
        url = stack.enter_context(running_app(TgiDouble(["warm"]).app()))
        asked[20] = ChatRequest("slow", "warm", "slow question", seed=0)

        def keep_and_kill(group: list[Completion]) -> None:
            done.extend(group)
            if len(done) == 20:
                stack.close()

        client = connect(url, seed=1, retry=QUICK)
        # the slow request is held until the server goes; the others behind it find nobody
        client.complete_all(asked, GREEDY, 1, keep_and_kill)
    assert sorted(one.request_id for one in done) == sorted(one.request_id for one in asked)
    answered = [one for one in done if one.text is not None]
    failed = [one for one in done if one.failure is not None]
    assert len(answered) == 20
    assert len(failed) == 180
    assert all(one.failure.startswith(("no answer", "HTTP 5")) for one in failed)
    assert all(one.may_pass for one in failed)


def test_an_interrupt_hands_over_what_has_finished():
    done: list[Completion] = []

    def keep_and_interrupt(group: list[Completion]) -> None:
        done.extend(group)
        if len(done) == 3:
            signal.raise_signal(signal.SIGINT)

    with running_app(TgiDouble(["warm"]).app()) as url:
        client = connect(url, seed=1, retry=QUICK)
        with pytest.raises(KeyboardInterrupt):
            client.complete_all(
                requests("one", "two", "three", "slow"), GREEDY, 2, keep_and_interrupt
            )
    assert [one.request_id for one in done] == ["request-0", "request-1", "request-2"]


def test_a_caller_that_cannot_store_stops_the_run():
    def fail(group: list[Completion]) -> None:
        raise ModelUnreachable("the disk is full")

    with running_app(TgiDouble(["warm"]).app()) as url:
        client = connect(url, seed=1, retry=QUICK)
        with pytest.raises(ModelUnreachable, match="the disk is full"):
            client.complete_all(requests("one", "slow"), GREEDY, 2, fail)


def test_an_address_where_nobody_serves_is_one_sentence():
    with running_app(TgiDouble().app()) as url:
        pass
    with pytest.raises(ModelUnreachable, match=f"expected a model server at {url}.*start it"):
        connect(url, seed=1)


def test_an_address_without_its_scheme_is_one_sentence():
    with pytest.raises(BadInput, match=r"begins with http:// or https://, got 'localhost:9104'"):
        connect("localhost:9104", seed=1)


def test_a_server_that_lists_its_models_to_nobody_is_asked_with_a_key():
    app = FastAPI()
    app.add_api_route("/v1/models", lambda: Response(status_code=401), methods=["GET"])
    with (
        running_app(app) as url,
        pytest.raises(ModelUnreachable, match=r"HTTP 401 .* set WARMTH_AUDIT_ENDPOINT_KEY"),
    ):
        connect(url, seed=1)


def test_a_server_without_models_is_one_sentence():
    with (
        running_app(TgiDouble(info={"name": "something else"}).app()) as url,
        running_app(FastAPI()) as bare,
    ):
        assert read_info(url).engine == "vllm"
        with pytest.raises(
            ModelUnreachable, match=r"\(HTTP 404 at .*/v1/models\); start it"
        ) as told:
            read_info(bare)
    assert "\n" not in str(told.value)


def test_the_client_side_loads_without_torch():
    program = (
        "import sys, evaluation.serving.chat_client, evaluation.serving.canary, "
        "evaluation.serving.served_models, evaluation.serving.local_server; "
        "print([name for name in ('torch', 'transformers', 'peft') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"
