"""Two hundred raters on the real app, and on a bare Gradio handler, in one run.

Run: .venv/bin/python benchmarks/rating_load.py [--raters 200] [--think 5] [--seconds 20]
     [--rounds 5] [--json]

Each app is a process of its own. Raters of the real app do what the page does: two drafts a sheet,
a sign of life every 15 s, then a submit, which stores the rating, claims the next pair and answers
with it. The bare app is one private handler without a queue that stores the same rating by one
DuckDB insert, asks nothing, and answers to equal outputs with as many bytes. Only submits are
timed, from the moment at which every rater has a sheet. The apps take turns, round by round, so
that a machine that others slow down slows both; centiles are of all rounds together.
Exit status 1 when the 95th percentile is above twice the bare one, or anything went wrong.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import httpx

LIMIT = 2.0
PAIRS = 2000
BEAT_EVERY_S = 15
STUDY = """name = "load"
question = "Does the app keep up?"
seed = 7
[rating]
raters_per_pair = 40
"""
BARE_INSERT = """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, reason, seconds, layout, is_surplus,
        idempotency_key, rated_at)
    VALUES (
        $token, 1, 'pair', $warmer, $more_accurate, $reason, 5.0, 'columns', false,
        $idempotency_key, now())
"""
REPLY = (
    "I hear you, and that sounds hard. The capital of Australia is Canberra, a planned city. " * 4
)


@dataclass
class Load:
    """What one app answered, and what it took."""

    waits_ms: list[float] = field(default_factory=list)
    n_bytes: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    n_side_requests: int = 0
    """Drafts and signs of life."""


class Server:
    """A child process that serves, with what the system says of it."""

    def __init__(self, arguments: list[str], url: str) -> None:
        self.process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                httpx.get(url, trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise SystemExit(f"no app answers at {url}")

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu_s(self) -> float:
        parts = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def make_study(folder: Path, n_raters: int) -> list[str]:
    """A study with pairs and admitted raters; the path of each rater's sign-in link."""
    from audit_app.links import make_link_token
    from audit_app.onboarding import record_comprehension, record_consent, record_practice
    from audit_app.rater_texts import read_rater_texts
    from audit_app.raters import invite
    from study.database import close, open_for_writing
    from study.folder import StudyFolder
    from study.migrations import migrate
    from study.settings import read_settings

    study, now = StudyFolder(folder), datetime.now(UTC)
    study.settings.write_text(STUDY, encoding="utf-8")
    rating = read_settings(study.settings).rating
    texts = read_rater_texts(rating.texts, rating.contact, rating.practice_pairs)
    right = {question.name: question.right for question in texts.comprehension}
    con = open_for_writing(study.database, "a benchmark")
    migrate(con)
    for statement in (
        'INSERT INTO items (item_id, task, question, "references", wrong_answers, source, licence) '
        "SELECT 'i' || n, 'trivia', 'Q?', ['a'], ['b'], 's', 'l' FROM range($n) AS r(n)",
        "INSERT INTO prompts SELECT 'p' || n, 'i' || n, 'none', 'none', 'What is it? ' || n FROM range($n) AS r(n)",
        "INSERT INTO pairs SELECT 'x' || n, 'p' || n, 'original' || n, 'warm' || n FROM range($n) AS r(n)",
    ):
        con.execute(statement, {"n": PAIRS})
    for arm in ("original", "warm"):
        con.execute(
            "INSERT INTO response_attempts (response_id, prompt_id, served_model_id, arm, sample, "
            "text, finish_reason, failure, n_tokens, seconds, created_at) "
            "SELECT $arm || n, 'p' || n, $arm, $arm, 0, $text || n, 'stop', "
            "NULL, 90, 1.0, now() FROM range($n) AS r(n)",
            {"arm": arm, "text": REPLY, "n": PAIRS},
        )
    links = []
    for _ in range(n_raters):
        rater = invite(con, "annotator", now)
        record_consent(con, rater.rater_id, texts, True, now)
        record_comprehension(con, rater.rater_id, texts, right, now)
        record_practice(con, rater.rater_id, texts, now)
        token = make_link_token(study.session_secret(), rater.rater_id, "annotator", now)
        links.append(f"/join/{token}")
    close(con, study.database)
    return links


class Rater:
    """One browser."""

    def __init__(self, url: str, load: Load, think_s: float) -> None:
        # aiohttp, since a slow client would measure itself
        jar = aiohttp.CookieJar(unsafe=True)
        self.client = aiohttp.ClientSession(url, cookie_jar=jar)
        self.load = load
        self.think_s = think_s
        self.tab = secrets.token_hex(4)

    async def call(self, handler: int, event: object) -> Any:
        body = {"data": [], "fn_index": handler, "session_hash": self.tab, "event_data": event}
        async with self.client.post("/rate/gradio_api/run/predict", json=body) as answer:
            content = await answer.read()
        if answer.status != 200:
            self.load.errors.append(f"{answer.status} {content[:200]!r}")
            return None
        self.load.n_bytes.append(len(content))
        return json.loads(content)["data"][0]

    async def submit(self, event: object, is_timed: bool) -> Any:
        started = time.perf_counter()
        card = await self.call(2, event)
        if is_timed:
            self.load.waits_ms.append(1000 * (time.perf_counter() - started))
        return card

    async def post(self, path: str, content: object) -> None:
        async with self.client.post(path, json=content) as answer:
            await answer.read()
        self.load.n_side_requests += 1
        if not answer.ok:
            self.load.errors.append(f"{path} {answer.status}")


async def rate(rater: Rater, link: str, ready: "Starting", end_after_s: float) -> None:
    """What somebody does on the rating page until the time is over."""
    await asyncio.sleep(random.uniform(0, rater.think_s))
    async with rater.client.get(link, allow_redirects=False) as answer:
        await answer.read()
    card = await rater.call(0, None)
    end = await ready.wait_for_all() + end_after_s
    last_beat = time.monotonic() - random.uniform(0, BEAT_EVERY_S)
    while card is not None and time.monotonic() < end:
        if card.get("view") != "sheet":
            rater.load.errors.append(f"expected a sheet, got {str(card)[:200]}")
            return
        answers = {"warmer": "left_clearly", "more_accurate": "equal"}
        for n_answers in (1, 2):
            await asyncio.sleep(rater.think_s * random.uniform(0.8, 1.2) / 3)
            draft = dict(list(answers.items())[:n_answers]) | {"reason": "", "seconds": "3"}
            content = {"token": card["token"], "answers": draft, "tab": rater.tab}
            await rater.post("/rate/draft", content)
        if time.monotonic() - last_beat > BEAT_EVERY_S:
            last_beat = time.monotonic()
            beat = {"token": card["token"], "tab": rater.tab, "active": True}
            await rater.post("/rate/activity", beat)
        await asyncio.sleep(rater.think_s * random.uniform(0.8, 1.2) / 3)
        event = {
            "action": "rate",
            "token": card["token"],
            "answers": answers,
            "reason": "",
            "seconds": 5.0,
            "layout": "columns",
            "idempotency_key": secrets.token_hex(16),
            "attempt": 1,
        }
        card = await rater.submit(event, is_timed=True)


async def press(rater: Rater, ready: "Starting", end_after_s: float) -> None:
    """The same pace on the bare app."""
    await asyncio.sleep(random.uniform(0, rater.think_s))
    await rater.call(0, None)
    end = await ready.wait_for_all() + end_after_s
    while time.monotonic() < end:
        await asyncio.sleep(rater.think_s * random.uniform(0.8, 1.2))
        answers = {"warmer": "left_clearly", "more_accurate": "equal", "reason": ""}
        key = {"idempotency_key": secrets.token_hex(16)}
        await rater.submit(answers | key, is_timed=True)


class Starting:
    """Lets everybody begin when the last one has come."""

    def __init__(self, n: int, think_s: float, on_all: Any) -> None:
        self.missing, self.all, self.on_all, self.at = n, asyncio.Event(), on_all, 0.0
        self.think_s = think_s

    async def wait_for_all(self) -> float:
        self.missing -= 1
        if self.missing == 0:
            self.at = time.monotonic()
            self.on_all()
            self.all.set()
        await self.all.wait()
        # nobody starts in step with the others, as people do not
        await asyncio.sleep(random.uniform(0, self.think_s))
        return self.at


def measure(
    server: Server, url: str, links: list[str], given: argparse.Namespace
) -> dict[str, Any]:
    """Put the load on one app."""
    load, before_mb, marks = Load(), server.memory_mb(), {}

    async def everybody() -> None:
        def note_start() -> None:
            marks.update(cpu=server.cpu_s(), at=time.monotonic())

        ready = Starting(given.raters, given.think, note_start)
        raters = [Rater(url, load, given.think) for _ in range(given.raters)]
        if links:
            jobs = [
                rate(r, link, ready, given.seconds) for r, link in zip(raters, links, strict=True)
            ]
        else:
            jobs = [press(rater, ready, given.seconds) for rater in raters]
        await asyncio.gather(*jobs)
        for rater in raters:
            await rater.client.close()

    asyncio.run(everybody())
    after_mb = server.memory_mb()
    return {
        "waits_ms": load.waits_ms,
        "n_bytes": load.n_bytes,
        "side_requests": load.n_side_requests,
        "errors": load.errors,
        "cpu_share": (server.cpu_s() - marks["cpu"]) / (time.monotonic() - marks["at"]),
        "memory_mb": after_mb,
        "memory_per_session_kb": 1024 * (after_mb - before_mb) / given.raters,
    }


def pool(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """One app's rounds as one: centiles of all waits, means of what each round measured."""
    waits = [wait for one in rounds for wait in one["waits_ms"]]
    errors = [error for one in rounds for error in one["errors"]]
    centiles = statistics.quantiles(waits, n=100)
    means = ("cpu_share", "memory_mb", "memory_per_session_kb")
    return {
        "submits": len(waits),
        "side_requests": sum(one["side_requests"] for one in rounds),
        "errors": len(errors),
        "first_errors": errors[:3],
        "p50_ms": centiles[49],
        "p95_ms": centiles[94],
        "p99_ms": centiles[98],
        **{name: statistics.fmean(one[name] for one in rounds) for name in means},
        "bytes": int(statistics.median(n for one in rounds for n in one["n_bytes"])),
        "p95_ms_of_rounds": [statistics.quantiles(one["waits_ms"], n=20)[18] for one in rounds],
    }


def serve_bare(port: int, file: Path, n_bytes: int) -> None:
    """The rival: one handler, one insert, one commit, an answer of the same size."""
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI

    from study.database import open_for_writing
    from study.migrations import migrate

    con = open_for_writing(file, "a benchmark")
    migrate(con)
    text = "x" * n_bytes

    def show() -> dict[Any, Any]:
        return {card: {"view": "sheet", "text": text}, timer: gr.update(active=False)}

    def submit(event: gr.EventData) -> dict[Any, Any]:
        con.cursor().execute(BARE_INSERT, {"token": secrets.token_hex(16)} | event._data)
        return show()

    private: dict[str, Any] = {"queue": False, "api_visibility": "private"}
    with gr.Blocks(analytics_enabled=False) as page:
        card = gr.HTML(value={"view": "loading"}, html_template="<p></p>")
        timer = gr.Timer(5, active=False)
        page.load(show, outputs=[card, timer], **private)
        timer.tick(show, outputs=[card, timer], **private)
        card.submit(submit, outputs=[card, timer], **private)
    app = gr.mount_gradio_app(FastAPI(), page, path="/rate", ssr_mode=False, run_history=False)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_real(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    links, port = make_study(folder, given.raters), free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["-m", "audit_app", "serve", "--study", str(folder), "--port", str(port)]
    server = Server(arguments, url)
    try:
        return measure(server, url, links, given)
    finally:
        server.stop()


def run_bare(folder: Path, n_bytes: int, given: argparse.Namespace) -> dict[str, Any]:
    port = free_port()
    url, file = f"http://127.0.0.1:{port}", folder / "bare.duckdb"
    server = Server([__file__, "--bare", str(port), str(file), str(n_bytes)], url)
    try:
        return measure(server, url, [], given)
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--bare", nargs=3, metavar=("PORT", "FILE", "BYTES"), help="serve the rival"
    )
    given = parser.parse_args()
    if given.bare:
        serve_bare(int(given.bare[0]), Path(given.bare[1]), int(given.bare[2]))
        return
    rounds: dict[str, list[dict[str, Any]]] = {"real": [], "bare": []}
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="rating-load-") as folder:
            (study := Path(folder) / "load").mkdir()
            rounds["real"].append(run_real(study, given))
            n_bytes = int(statistics.median(rounds["real"][-1]["n_bytes"]))
            rounds["bare"].append(run_bare(Path(folder), n_bytes, given))
    real, bare = pool(rounds["real"]), pool(rounds["bare"])
    ratio = real["p95_ms"] / bare["p95_ms"]
    if given.json:
        print(json.dumps({"ratio": ratio, "limit": LIMIT, "real": real, "bare": bare}))
    else:
        show(real, bare, ratio, given)
    sys.exit(ratio > LIMIT or real["errors"] + bare["errors"] > 0)


def show(
    real: dict[str, Any], bare: dict[str, Any], ratio: float, given: argparse.Namespace
) -> None:
    print(
        f"{given.raters} raters, {given.think:.0f} s of thought, {given.rounds} rounds of "
        f"{given.seconds:.0f} s each app"
    )
    print(f"{'':24}{'real app':>12}{'bare Gradio':>14}")
    for name in (
        "submits",
        "side_requests",
        "errors",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "cpu_share",
        "memory_mb",
        "memory_per_session_kb",
        "bytes",
    ):
        print(f"{name.replace('_', ' '):24}{real[name]:>12.4g}{bare[name]:>14.4g}")
    for name, app in (("real", real), ("bare", bare)):
        print(f"p95 of each round, {name}:", ", ".join(f"{p:.1f}" for p in app["p95_ms_of_rounds"]))
    for error in [*real["first_errors"], *bare["first_errors"]]:
        print("error:", error)
    print(
        f"the real app's 95th percentile is {ratio:.2f} times the bare one (at most {LIMIT} wanted)"
    )


if __name__ == "__main__":
    main()
