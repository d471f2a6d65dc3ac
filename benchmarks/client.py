"""How fast the chat client asks, beside a bare aiohttp loop, and what it keeps in memory.

    python benchmarks/client.py                 # 6,400 requests each way, five rounds
    python benchmarks/client.py --memory 100000 # memory over so many prompts

An endpoint in a process of its own answers after 100 ms. Client and loop take turns, 64 requests
under way at once; limits: 0.85 of the loop's rate, and memory that stays where it was. On a machine
that others use the rate falls with what they leave, so the time on the processor is told beside it.
"""

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import uvicorn

from evaluation.serving.chat_client import connect
from evaluation.serving.completions import ChatRequest, Completion
from study.settings import DecodingSettings

LATENCY_S = 0.1
AT_ONCE = 64
LEAST_SHARE = 0.85
MOST_GROWTH_BYTES = 20_000_000
DECODING = DecodingSettings()
_CHAT = json.dumps(
    {
        "object": "chat.completion",
        "id": "",
        "created": 0,
        "model": "tgi",
        "system_fingerprint": "3.3.7",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A short answer."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }
).encode()
_INFO = json.dumps(
    {
        "model_id": "base",
        "router": "text-generation-router",
        "version": "3.3.7",
        "max_concurrent_requests": 128,
    }
).encode()


async def endpoint(scope, receive, send) -> None:
    """TGI's /info, and a chat that takes its time."""
    if scope["path"] == "/info":
        content = _INFO
    else:
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(LATENCY_S)
        content = _CHAT
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def serve(port: int) -> None:
    """The endpoint, until the process is ended."""
    uvicorn.run(endpoint, host="127.0.0.1", port=port, lifespan="off", log_level="error")


def requests(n: int) -> Iterator[ChatRequest]:
    """Prompts of about the length of a study's."""
    for number in range(n):
        yield ChatRequest(f"{number:016x}", "warm", f"Question {number}: " + "why? " * 30, number)


@dataclass(frozen=True)
class Pace:
    """How fast requests were asked."""

    rate: float
    """Requests a second."""
    cpu_ms: float
    """Time of this process on the processor for one request."""


class Watch:
    """Time since it was made, by the clock and on the processor."""

    def __init__(self) -> None:
        self._started, self._cpu_s = time.monotonic(), time.process_time()

    def pace(self, n: int) -> Pace:
        """What `n` requests in that time come to."""
        seconds, cpu_s = time.monotonic() - self._started, time.process_time() - self._cpu_s
        return Pace(n / seconds, 1000 * cpu_s / n)


def pace_of_client(url: str, n: int) -> Pace:
    """The chat client, its opening included."""
    client = connect(url, seed=1)
    done: list[int] = []
    watch = Watch()
    client.complete_all(requests(n), DECODING, AT_ONCE, lambda group: done.append(len(group)))
    pace = watch.pace(n)
    assert sum(done) == n
    return pace


def pace_of_loop(url: str, n: int) -> Pace:
    """The same with nothing but aiohttp."""

    async def ask_all() -> Pace:
        waiting = requests(n)

        async def work(session: aiohttp.ClientSession) -> None:
            for request in waiting:
                body = {"model": request.model_name, "messages": request.messages}
                async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                    assert (await response.json())["choices"]

        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            watch = Watch()
            await asyncio.gather(*(work(session) for _ in range(AT_ONCE)))
            return watch.pace(n)

    return asyncio.run(ask_all())


def memory_over(url: str, n: int) -> tuple[int, int]:
    """Bytes after a tenth of the prompts, and at the end."""
    readings: list[int] = []
    seen = 0

    def keep(group: list[Completion]) -> None:
        nonlocal seen
        seen += len(group)
        if seen >= n / 10 and not readings:
            readings.append(resident_bytes())

    connect(url, seed=1).complete_all(requests(n), DECODING, None, keep)
    assert seen == n
    return readings[0], resident_bytes()


def resident_bytes() -> int:
    """Memory of this process now; where that cannot be read, the most it ever had."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Measure and hold it against the limits; 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=6400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=0, help="prompts; 0 measures rates")
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(port,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(port)
        if given.memory:
            early, late = memory_over(url, given.memory)
            print(f"memory: {early / 1e6:.1f} MB after a tenth, {late / 1e6:.1f} MB at the end")
            return int(late - early > MOST_GROWTH_BYTES)
        shares = []
        for _ in range(given.rounds):
            loop, client = pace_of_loop(url, given.requests), pace_of_client(url, given.requests)
            shares.append(client.rate / loop.rate)
            print(
                f"loop {loop.rate:.0f}/s and {loop.cpu_ms:.2f} ms of processor each, client "
                f"{client.rate:.0f}/s and {client.cpu_ms:.2f} ms, share {shares[-1]:.2f}"
            )
        share = statistics.median(shares)
        print(f"median share {share:.2f}, at least {LEAST_SHARE} wanted")
        return int(share < LEAST_SHARE)
    finally:
        server.terminate()
        server.join()


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
