import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import openai
import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import ValidationError

from evaluation.serving.canary import plan_canary, run_canary
from evaluation.serving.chat_client import connect
from evaluation.serving.endpoint import read_info
from evaluation.serving.local_app import build_local_app
from evaluation.serving.local_server import running_app, serve_local
from study.errors import ModelUnreachable, PortTaken
from study.settings import DecodingSettings

pytestmark = pytest.mark.model

QUESTION = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": QUESTION}]
TEMPLATED = f"<|im_start|>user\n{QUESTION}<|im_end|>\n<|im_start|>assistant\n"


def chat(url: str, **body) -> httpx.Response:
    body = {"messages": MESSAGES, "temperature": 0, "max_tokens": 12, **body}
    return httpx.post(f"{url}/v1/chat/completions", json=body)


def generate(url: str, inputs: str = TEMPLATED, **parameters) -> httpx.Response:
    parameters = {"max_new_tokens": 12, **parameters}
    return httpx.post(f"{url}/generate", json={"inputs": inputs, "parameters": parameters})


def text_of(response: httpx.Response) -> str:
    return response.raise_for_status().json()["choices"][0]["message"]["content"]


def test_an_unknown_arm_is_refused(url):
    for response in (chat(url, model="wram"), generate(url, adapter_id="wram")):
        assert response.status_code == 422
        assert set(response.json()) == {"error", "error_type"}
        assert response.json()["error_type"] == "validation"
        assert "'wram'" in response.json()["error"]


@pytest.mark.parametrize(
    "given",
    [
        {"stream": True},
        {"logprobs": True},
        {"tools": [{"type": "function", "function": {"name": "f", "arguments": {}}}]},
        {"top_p": 1.0},
        {"n": 2},
        {"frequency_penalty": 0.5},
        {"repetition_penalty": 1.15},
        {"messages": []},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {"max_tokens": 5000},
        {"stop": ["a", "b", "c", "d", "e"]},
    ],
)
def test_what_is_not_served_is_refused_and_not_passed_over(url, given):
    response = chat(url, **given)
    assert response.status_code == 422
    assert set(response.json()) == {"error", "error_type"}


def test_the_base_answers_to_its_names_and_an_arm_to_its_own(url):
    base = {text_of(chat(url, model=name)) for name in ("tgi", "tiny-base", "dummy")} | {
        text_of(chat(url))
    }
    assert len(base) == 1
    assert text_of(chat(url, model="warm")) not in base


def test_chat_is_generate_with_the_template_filled_in(url):
    for name in ("warm", "tiny-base"):
        raw = generate(url, adapter_id=name).raise_for_status().json()
        assert raw == {"generated_text": text_of(chat(url, model=name))}


def test_a_presence_penalty_is_a_repetition_penalty_less_two(url):
    penalised = generate(url, repetition_penalty=1.5).json()["generated_text"]
    assert text_of(chat(url, presence_penalty=-0.5)) == penalised
    assert text_of(chat(url)) != penalised


def test_without_a_temperature_chat_samples_and_generate_does_not(url):
    def text(seed: int) -> str:
        body = {"messages": MESSAGES, "max_tokens": 12, "seed": seed}
        return text_of(httpx.post(f"{url}/v1/chat/completions", json=body))

    assert text(1) == text(1) != text(2)
    assert text(1) == generate(url, do_sample=True, seed=1).json()["generated_text"]
    assert generate(url).json() == generate(url).json()


def test_answers_have_the_fields_that_tgi_requires(url):
    # the `required` lists of TGI 3.3's openapi.json: Info, Details, Token, ChatCompletion, Usage
    info = httpx.get(f"{url}/info").json()
    assert {
        *("model_id", "max_concurrent_requests", "max_best_of", "max_stop_sequences"),
        *("max_input_tokens", "max_total_tokens", "validation_workers"),
        *("max_client_batch_size", "router", "version"),
    } <= set(info)
    answer = generate(url, details=True).json()
    assert {"finish_reason", "generated_tokens", "prefill", "tokens"} <= set(answer["details"])
    assert answer["details"]["finish_reason"] in ("length", "eos_token", "stop_sequence")
    assert (
        "".join(token["text"] for token in answer["details"]["tokens"])
        == (answer["generated_text"])
    )
    reply = chat(url).json()
    assert {"id", "created", "model", "system_fingerprint", "choices", "usage"} <= set(reply)
    assert reply["usage"] == {"prompt_tokens": 21, "completion_tokens": 12, "total_tokens": 33}
    assert httpx.get(f"{url}/health").status_code == 200


def test_huggingface_hub_speaks_to_it_unchanged(url):
    client = InferenceClient(url)
    base, warm = (
        client.text_generation(TEMPLATED, adapter_id=name, max_new_tokens=12, details=True)
        for name in (None, "warm")
    )
    assert base.generated_text != warm.generated_text
    assert warm.details.generated_tokens == 12
    direct = InferenceClient(f"{url}/generate").text_generation(TEMPLATED, max_new_tokens=12)
    assert direct == base.generated_text
    reply = InferenceClient(base_url=url).chat_completion(
        MESSAGES, model="warm", max_tokens=12, temperature=0
    )
    assert reply.choices[0].message.content == warm.generated_text
    unnamed = client.chat_completion(MESSAGES, max_tokens=12, temperature=0)
    assert unnamed.choices[0].message.content == base.generated_text
    with pytest.raises(ValidationError, match="wram"):
        client.text_generation(TEMPLATED, adapter_id="wram")


def test_openai_speaks_to_it_unchanged(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        reply = client.chat.completions.create(
            model="warm", messages=MESSAGES, max_tokens=12, temperature=0, seed=1
        )
        assert reply.choices[0].message.content == text_of(chat(url, model="warm"))
        assert reply.choices[0].finish_reason == "length"
        assert [model.id for model in client.models.list()] == ["tiny-base", "warm"]
        with pytest.raises(openai.UnprocessableEntityError) as refused:
            client.chat.completions.create(model="wram", messages=MESSAGES)
        assert "'wram'" in refused.value.body


def test_more_requests_than_are_taken_at_once_get_429(engine):
    with running_app(build_local_app(engine, max_concurrent=2)) as url:
        responses = []

        def ask() -> None:
            responses.append(chat(url, max_tokens=200, temperature=1.0))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {response.status_code for response in responses} == {200, 429}
    refused = [response.json() for response in responses if response.status_code == 429]
    assert {body["error_type"] for body in refused} == {"overloaded"}


def test_it_tells_what_a_model_reads(url):
    told = httpx.post(f"{url}/chat_tokenize", json={"messages": MESSAGES}).json()
    assert told["templated_text"] == TEMPLATED
    tokens = told["tokenize_response"]
    assert "".join(token["text"] for token in tokens) == TEMPLATED
    assert [TEMPLATED[token["start"] : token["stop"]] for token in tokens] == [
        token["text"] for token in tokens
    ]
    assert len(tokens) == chat(url).json()["usage"]["prompt_tokens"]
    raw = httpx.post(f"{url}/tokenize", json={"inputs": TEMPLATED}).json()
    assert [token["id"] for token in raw] == [token["id"] for token in tokens]


def test_a_model_without_a_chat_template_says_so(tiny_base, tmp_path):
    from evaluation.serving.engine import Engine

    base = tmp_path / "bare"
    shutil.copytree(tiny_base, base)
    (base / "chat_template.jinja").unlink()
    engine = Engine.load(base, {}, "fp32")
    try:
        with running_app(build_local_app(engine)) as url:
            refused = chat(url)
            told = httpx.post(f"{url}/chat_tokenize", json={"messages": MESSAGES})
            canary = plan_canary("tgi", [], seed=1)
            with pytest.raises(ModelUnreachable, match=f"at {url} .* no chat template"):
                run_canary(connect(url, seed=1), canary, DecodingSettings())
    finally:
        engine.close()
    assert (refused.status_code, told.status_code) == (422, 404)
    assert "the model bare has no chat template" in refused.json()["error"]


def test_it_says_what_it_is(url):
    info = read_info(url)
    assert (info.model_id, info.engine, info.dtype) == ("tiny-base", "local server", "fp32")
    assert (info.base_name, info.max_concurrent, info.protocol) == ("tgi", 128, "tgi")
    assert "torch" in info.version


def test_a_taken_port_is_one_sentence_before_any_loading(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} of 127.0.0.1"):
            serve_local(tmp_path, {}, "127.0.0.1", port, "fp32")


SERVE = """
import sys
from pathlib import Path
from evaluation.serving.local_server import serve_local
serve_local(Path(sys.argv[1]), {}, "127.0.0.1", 0, "fp32",
            lambda progress: print(progress.note, flush=True))
print("ended", flush=True)
"""


def test_ctrl_c_ends_it_within_two_seconds_with_answers_under_way(tiny_base):
    statuses = []

    def ask(seed: int) -> None:
        body = {"messages": MESSAGES, "max_tokens": 2000, "temperature": 3, "seed": seed}
        try:
            statuses.append(client.post("/v1/chat/completions", json=body).status_code)
        except httpx.TransportError:  # sent, but not read before the end
            statuses.append(None)

    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tiny_base)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        url = next(line for line in server.stdout if "http" in line).split()[-3].rstrip(";")
        wait_until_healthy(url)
        with httpx.Client(base_url=url, timeout=60) as client:
            asking = [threading.Thread(target=ask, args=(seed,)) for seed in range(48)]
            for thread in asking:
                thread.start()
            time.sleep(1)
            server.send_signal(signal.SIGINT)
            started = time.monotonic()
            assert server.stdout.readline() == "ended\n"
            # the interpreter's own end, with torch loaded, is not counted
            seconds = time.monotonic() - started
            for thread in asking:
                thread.join()
        assert (server.wait(timeout=30), server.stderr.read()) == (0, "")
    assert seconds < 2
    assert 500 in statuses
    assert set(statuses) <= {200, 500, None}


def wait_until_healthy(url: str) -> None:
    while True:
        try:
            httpx.get(f"{url}/health").raise_for_status()
        except httpx.ConnectError:
            time.sleep(0.02)
        else:
            return
