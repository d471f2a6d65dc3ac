"""What goes to a server with a chat request, and how its answer or its silence comes back."""

import asyncio
import socket
from typing import Any

import openai
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from quick_server import running_app

from evaluation.serving.connection import Connection
from evaluation.serving.endpoint import EndpointInfo

BODY = {"model": "warm", "messages": [{"role": "user", "content": "Où est Canberra?"}]}


class Listener:
    """A server that keeps what comes to it and answers as it is told."""

    def __init__(self, answer: Response) -> None:
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self._answer = answer

    def app(self) -> FastAPI:
        app = FastAPI()
        app.add_api_route("/v1/chat/completions", self.hear, methods=["POST"])
        app.add_api_route("/moved", self.hear_moved, methods=["POST"])
        return app

    async def hear(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.json())
        return self._answer

    async def hear_moved(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        return JSONResponse({"choices": [], "moved": True})


def post(url: str, *bodies: dict[str, Any], timeout_s: float = 5.0, api_key: str | None = None):
    info = EndpointInfo(url, "base", "tgi", "3.3.7", "", 128, "tgi")

    async def post_all():
        async with Connection(info, timeout_s, api_key) as connection:
            return [await connection.post_chat(body) for body in bodies]

    return asyncio.run(post_all())


def test_the_key_and_the_body_go_there_and_nothing_about_this_machine():
    listener = Listener(JSONResponse({"choices": []}))
    with running_app(listener.app()) as url:
        answers = post(url, BODY, {**BODY, "model": "tgi"}, api_key="secret")
    assert [answer.body for answer in answers] == [{"choices": []}] * 2
    assert listener.bodies == [BODY, {**BODY, "model": "tgi"}]
    for headers in listener.headers:
        assert headers["authorization"] == "Bearer secret"
        assert headers["content-type"] == "application/json"
        assert not [name for name in headers if name.startswith("x-stainless")]


def test_a_cookie_is_not_sent_back():
    listener = Listener(JSONResponse({"choices": []}, headers={"set-cookie": "who=me"}))
    with running_app(listener.app()) as url:
        post(url, BODY, BODY)
    assert "cookie" not in listener.headers[1]


def test_a_request_follows_where_the_server_sends_it():
    listener = Listener(RedirectResponse("/moved", 307))
    with running_app(listener.app()) as url:
        (answer,) = post(url, BODY)
    assert answer.body == {"choices": [], "moved": True}
    assert listener.bodies == [BODY, BODY]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (JSONResponse({"error": "too long"}, 422), {"error": "too long"}),
        (Response("gateway is down\n", 502), "gateway is down"),
    ],
)
def test_a_refusal_keeps_its_status_and_what_was_said(answer, said):
    with (
        running_app(Listener(answer).app()) as url,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        post(url, BODY)
    assert (caught.value.status_code, caught.value.body) == (answer.status_code, said)


def test_nobody_there_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(openai.APIConnectionError):
        post(f"http://127.0.0.1:{port}", BODY)


def test_a_server_that_stays_silent_takes_too_long():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(openai.APITimeoutError),
    ):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}", BODY, timeout_s=0.2)


def test_half_a_surrogate_pair_is_no_text():
    with pytest.raises(ValueError, match="surrogates"):
        post("http://127.0.0.1:9", {"messages": "\ud83d"})
