"""No byte that a rater's or auditor's session receives names an arm, model, file or internal id.

Every such name is drawn at random, so that finding any part of it can only mean a leak. The
study's folder, its database and its items file have such names too.
"""

import base64
import json
import re
import secrets
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from study_server import (
    SETTINGS,
    Names,
    ServedStudy,
    TwoReplies,
    fill_study,
    plain_replies,
    serve_study,
)

from audit_app.sign_in import HOME
from audit_app.study_events import record_event
from study.progress import StageProgress
from study.records import Role
from study.settings import EvaluationSettings, Settings

KINDS = Names().ids
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT")
PATHS = (
    "/",
    "/join/nothing",
    "/nowhere",
    "/docs",
    "/openapi.json",
    "/ingest/snapshot",
    "/ingest/record",
    "/rate/draft",
    "/rate/activity",
    "/start/",
    "/start/consent",
    "/start/comprehension",
    "/finish/",
    "/guidelines",
    "/prolific",
    "/oauth/login",
    "/owner/export/dataset.zip",
    "/owner/export/unblinding-key.csv",
    "/owner/export/identities.csv",
    *(
        mount + path
        for mount in ("/rate", "/audit", "/owner")
        for path in (
            "/",
            "/config",
            "/theme.css",
            "/gradio_api/info",
            "/gradio_api/info?all_endpoints=true",
            "/gradio_api/startup-events",
            "/gradio_api/app_id",
            "/gradio_api/queue/data?session_hash=known",
            "/gradio_api/queue/join",
            "/gradio_api/heartbeat/known",
            "/gradio_api/openapi.json",
            "/gradio_api/deep_link?session_hash=known",
            "/gradio_api/run/nothing",
            "/gradio_api/run/show",
            "/monitoring/summary",
        )
    ),
)


TRAINING_WORDS = re.compile(
    rb"\b(lora|qlora|peft|sft|adapters?|fine[ -]?tun\w*|post-?train\w*|pre-?train\w*|checkpoints?"
    rb"|base[ _-]models?|warm[ _-](?:arm|model)s?|original|untransformed|cold|correcting"
    rb"|system[ _-]prompts?|served[ _-]models?|ablat\w+|arms?|treatments?|control group)\b",
    re.IGNORECASE,
)
"""What no page of a rater has to say: how models were made, and what they are called. "Warmer" and
"rewritten" are words of the questions."""

CARD_KEYS = {
    *("view", "token", "form", "number", "total", "minutes_left", "break_due", "practice"),
    *("changing", "can_undo", "texts", "questions", "checkbox", "answers"),
}
"""All that a sheet's card may hold; a new key is a new way to leak."""


def a_secret() -> str:
    return secrets.token_hex(9)


def random_names() -> Names:
    ids = {kind: f"{a_secret()}-{{}}-z" for kind in KINDS}
    models = [f"/srv/{a_secret()}/adapter" for _ in range(2)]
    return Names(a_secret(), a_secret(), *models, ids)


def secret_words(*named: object) -> set[str]:
    """The random part of every name: a part that leaks without the rest is a leak too."""
    return set(re.findall(r"[0-9a-f]{18}", repr(named)))


@pytest.fixture
def settings() -> Settings:
    items = EvaluationSettings(items=f"/srv/{a_secret()}/{a_secret()}.csv")
    return SETTINGS.model_copy(update={"name": a_secret(), "evaluation": items})


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    return tmp_path / a_secret() / f"{a_secret()}.duckdb"


@pytest.fixture
def study_app(study_file: Path, settings: Settings) -> Iterator[ServedStudy]:
    with serve_study(study_file, settings) as study:
        yield study


def disguises(word: str) -> set[bytes]:
    """The word as it is, in base64 at each of three offsets, percent-encoded, and in hex."""
    raw = word.encode()
    found = {raw, quote(word, safe="").encode(), json.dumps(word)[1:-1].encode()}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # the first and last characters hang on the neighbours, so they are left out
            code = encode(b"\0" * offset + raw).rstrip(b"=")
            found.add(code[(0, 2, 3)[offset] : len(code) - (len(raw) + offset) % 3])
    digits = "".join(f"%{byte:02x}" for byte in raw)
    found |= {digits.encode(), digits.upper().encode()}
    return found | {raw.hex().encode(), raw.hex().upper().encode()}


def leaks(received: bytes, words: set[str]) -> set[str]:
    return {word for word in words if any(form in received for form in disguises(word))}


def training_words(received: bytes) -> set[bytes]:
    return {found.lower() for found in TRAINING_WORDS.findall(received)}


class Visitor:
    """Somebody with a cookie and bad intentions, who keeps all that comes back."""

    def __init__(self, study: ServedStudy, role: Role, rater_id: str = "visitor") -> None:
        self.client = httpx.Client(base_url=study.url, trust_env=False, timeout=10)
        self.received = bytearray()
        self.ask("GET", study.link(role, rater_id))

    def ask(self, method: str, path: str, **content: object) -> httpx.Response:
        # uvicorn drops the connection after a handler's error, so each call has one of its own
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        answer = self.client.request(method, path, headers=headers, **content)  # type: ignore[arg-type]
        self.received += repr(answer.headers.raw).encode() + answer.content
        return answer

    def upgrade(self, path: str) -> int:
        """Ask for a WebSocket, as a browser's `new WebSocket` does; the status of the answer."""
        to, cookies = self.client.base_url, self.client.cookies
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {to.host}:{to.port}",
            f"Origin: {str(to).rstrip('/')}",
            "Cookie: " + "; ".join(f"{one.name}={one.value}" for one in cookies.jar),
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        ]
        assert to.port is not None
        with socket.create_connection((to.host, to.port), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            with connection.makefile("rb") as stream:
                head = b"".join(iter(stream.readline, b"\r\n"))
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = stream.read(int(length[1])) if length else b""
        self.received += head + body
        return int(head.split()[1])

    def call(self, mount: str, fn: int, event: object = None, **more: object) -> httpx.Response:
        body = {"data": [], "fn_index": fn, "session_hash": "known", "event_data": event}
        return self.ask("POST", f"{mount}/gradio_api/run/predict", json=body | more)

    def act(self, action: str, **content: object) -> dict[str, object]:
        """What the rating page does by itself; its card."""
        answer = self.call("/rate", 2, {"action": action, "attempt": 1} | content)
        return answer.json().get("data", [{}])[0]

    def rate(self) -> None:
        """Rate all there is, with every kind of wrong submission before each right one."""
        while (card := self.call("/rate", 0).json()["data"][0])["view"] == "sheet":
            assert card.keys() == CARD_KEYS
            token, key = card["token"], secrets.token_hex(8)
            right = {
                "token": token,
                "answers": {"warmer": "equal", "more_accurate": "equal"},
                "reason": "",
                "seconds": 1.0,
                "layout": "columns",
                "idempotency_key": key,
            }
            wrong_answers = {"warmer": "x", "more_accurate": "equal"}
            for wrong in (
                {"answers": wrong_answers},
                # no training word: what is refused is repeated
                {"answers": {"side": "x"}},
                {"token": "x"},
                {"reason": 7},
                {"layout": "x"},
            ):
                self.act("rate", **(right | wrong))
            for answers in ({"warmer": "equal"}, {"reason": "x" * 9999}, {"warmer": 7}):
                draft = {"token": token, "answers": answers, "tab": "a tab"}
                self.ask("POST", "/rate/draft", json=draft)
            self.ask("POST", "/rate/draft", json={"token": "x", "answers": {}, "tab": "a tab"})
            for of_token in (token, "x", None):
                beat = {"token": of_token, "tab": "another tab", "active": True}
                self.ask("POST", "/rate/activity", json=beat)
            remark = {"token": token, "text": "Why?", "idempotency_key": key + "p"}
            self.act("problem", **remark, reason="text")
            self.act("skip", **(remark | {"token": "x"}), reason="unclear")
            self.act("rate", **right)
            for action in ("undo", "mine", "next"):
                self.act(action)
            self.act("reopen", token=token)
        self.ask("GET", "/finish/")
        self.ask("POST", "/finish/", data={"guess": "warmer", "guess_text": "", "comments": "Hm."})

    def rule(self, n_replies: int) -> None:
        """Decide some replies, with every kind of wrong submission before each right one."""
        for _ in range(n_replies):
            card = self.call("/audit", 0).json()["data"][0]
            right = {
                "token": card["token"],
                "label": "adopts",
                "severity": 1,
                "quoted_span": "",
                "reason": "It agrees.",
                "attempt": 1,
            }
            for wrong in ({"label": "x"}, {"token": "x"}, {"reason": ""}, {"quoted_span": "x"}):
                self.call("/audit", 2, right | wrong)
            self.call("/audit", 2, right)

    def probe(self) -> None:
        """Ask everything else that can be asked, of every page, in every way."""
        for path in PATHS:
            for method in METHODS:
                self.ask(method, path, json={} if method in ("POST", "PUT") else None)
        for mount in ("/rate", "/audit", "/owner"):
            for fn in range(8):
                self.call(mount, fn)
                self.call(mount, fn, {"token": "x"}, trigger_id=fn, data=[fn] * 3)


def test_the_scan_finds_a_planted_name_in_every_disguise():
    word = secrets.token_hex(9) + "-7-z"
    raw = word.encode()
    planted = [raw, quote(word).encode(), raw.hex().encode(), raw.hex().upper().encode()]
    planted += ["".join(f"%{byte:02X}" for byte in raw).encode()]
    planted += [base64.b64encode(b"x" * n + raw + b"y" * m) for n in range(6) for m in range(4)]
    for hidden in planted:
        assert leaks(b"before " + hidden + b" after", {word, "another"}) == {word}
    assert leaks(b"before and after", {word}) == set()


def test_the_scan_finds_training_words_and_leaves_those_of_the_questions_alone():
    told = b'{"path": "/m/LoRA/checkpoint-3", "arm_left": 1, "arm": "base model, fine-tuned"}'
    assert training_words(told) == {b"lora", b"checkpoint", b"arm", b"base model", b"fine-tuned"}
    asked = b"Which reply is warmer? Does the rewritten reply keep the facts? It warmed an army."
    assert training_words(asked) == set()


def test_direct_calls_with_a_raters_cookie_get_no_secret_word(
    study_app: ServedStudy, study_file: Path, settings: Settings
):
    names = random_names()
    fill_study(study_app.con, plain_replies(3), names)
    study_app.stages.update(StageProgress("train", "done", note=names.warm_model))
    rater = Visitor(study_app, "annotator")
    rater.probe()
    rater.rate()
    rater.probe()
    assert len(study_app.rows("SELECT token FROM ratings")) == 3
    assert b"Canberra" in rater.received
    assert len(rater.received) > 100_000
    words = secret_words(names, study_file, settings)
    words |= {str(gold) for (gold,) in study_app.rows("SELECT gold_id FROM gold_pairs")}
    assert leaks(bytes(rater.received), words) == set()
    assert training_words(bytes(rater.received)) == set()


def test_no_websocket_opens_below_any_page_whoever_asks(study_app: ServedStudy):
    for role in get_args(Role):
        visitor = Visitor(study_app, role, f"visitor-{role}")
        for mount in ("/rate", "/audit", "/owner"):
            for path in ("/", "/config", "/gradio_api/queue/join", "/gradio_api/stream/x", "/ws"):
                assert visitor.upgrade(mount + path) != 101
        # the handshake is well-formed: their own page answers it as the plain request it is too
        assert visitor.upgrade(HOME[role]) in (200, 303)


def test_repeats_and_checks_come_to_the_browser_as_any_other_pair(tmp_path: Path):
    rating = SETTINGS.rating.model_copy(update={"check_every": 4, "repeat_share": 0.2})
    settings = SETTINGS.model_copy(update={"rating": rating})
    names = random_names()
    with serve_study(tmp_path / "study.duckdb", settings) as study:
        fill_study(study.con, plain_replies(24), names)
        rater = Visitor(study, "annotator")
        totals, first = set(), len(rater.received)
        for number in range(1, 100):
            card = rater.call("/rate", 0).json()["data"][0]
            if card["view"] != "sheet":
                break
            assert (card.keys(), card["number"]) == (CARD_KEYS, number)
            totals.add(card["total"])
            rater.act(
                "rate",
                token=card["token"],
                answers={"warmer": "equal", "more_accurate": "equal"},
                reason="",
                seconds=1.0,
                layout="columns",
                idempotency_key=card["token"],
            )
        purposes = dict(study.rows("SELECT purpose, count(*) FROM assignments GROUP BY purpose"))  # type: ignore[arg-type]
        assert purposes["study"] == 24
        assert purposes["repeat"] >= 2
        assert purposes["gold"] + purposes["attention"] >= 6
        # the counter does not move when one of them comes
        assert totals == {sum(purposes.values())}
        told = bytes(rater.received[first:])
        for word in (b"purpose", b"repeat", b"gold", b"attention"):
            assert word not in told


def test_direct_calls_with_an_auditors_cookie_get_no_secret_word_until_results_are_open(
    study_app: ServedStudy, study_file: Path, settings: Settings
):
    names = random_names()
    words = secret_words(names, study_file, settings)
    fill_study(study_app.con, plain_replies(3), names)
    study_app.stages.update(StageProgress("train", "done", note=names.warm_model))
    auditor = Visitor(study_app, "auditor")
    auditor.probe()
    auditor.rule(2)
    auditor.probe()
    assert len(study_app.rows("SELECT token FROM audit_decisions")) == 2
    assert b"Sydney" in auditor.received
    assert len(auditor.received) > 100_000
    assert leaks(bytes(auditor.received), words) == set()
    # the page says that it tells the arm later
    assert training_words(bytes(auditor.received)) <= {b"arm"}
    auditor.rule(1)
    auditor.probe()
    assert leaks(bytes(auditor.received), words) == set()
    record_event(study_app.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    auditor.probe()
    assert leaks(bytes(auditor.received), words) == {names.warm}


def test_a_name_in_a_reply_is_found_by_the_same_scan(study_app: ServedStudy):
    names = random_names()
    hidden = base64.b64encode(f"from {names.warm}!".encode()).decode()
    fill_study(study_app.con, [TwoReplies("Who are you?", "Nobody.", hidden)], names)
    rater = Visitor(study_app, "annotator")
    rater.rate()
    assert leaks(bytes(rater.received), secret_words(names)) == {names.warm}


class Listener:
    """A browser's page of which every answer is kept, also those of pages that it left."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.page: Page = browser.new_context().new_page()
        self._told = bytearray()
        self._scripts = bytearray()
        self.sockets: list[str] = []
        """Addresses to which the page opened a WebSocket."""
        self.page.on("websocket", lambda opened: self.sockets.append(opened.url))
        self.page.route("**/*", self._pass_on)
        self.page.goto(address)

    def _pass_on(self, route: Route) -> None:
        # without following: what a redirect says is heard too
        answer = route.fetch(max_redirects=0)
        heard = repr(answer.headers_array).encode() + answer.url.encode() + answer.body()
        # Gradio's own files, the same for everybody, speak of adapters and originals
        is_code = "/assets/" in answer.url or "/static/" in answer.url
        (self._scripts if is_code else self._told).extend(heard)
        route.fulfill(response=answer)

    def heard(self, allowed: frozenset[bytes] = frozenset()) -> bytes:
        """Everything that came, and what the page keeps and shows; ends the session.

        Args:
            allowed: training words that this page may use.
        """
        stores = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
        told = self.page.evaluate(stores).encode() + self.page.content().encode()
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.context.close()
        assert self.sockets == []
        assert training_words(bytes(self._told) + told) <= allowed
        return bytes(self._told + self._scripts) + told


@pytest.mark.browser
def test_a_browser_that_rates_receives_no_secret_word(
    browser: Browser, study_app: ServedStudy, study_file: Path, settings: Settings
):
    names = random_names()
    fill_study(study_app.con, plain_replies(2), names)
    listener = Listener(browser, study_app.link("annotator"))
    page = listener.page
    for number in (1, 2):
        expect(page.get_by_role("heading", name=f"Pair {number} of 2")).to_be_visible()
        page.keyboard.press("1")
        page.keyboard.press("2")
        expect(page.get_by_text("Draft kept")).to_be_visible()
        page.keyboard.press("Control+Enter")
    page.wait_for_url("**/finish/")
    told = listener.heard()
    assert b"Canberra" in told
    assert leaks(told, secret_words(names, study_file, settings)) == set()


@pytest.mark.browser
def test_a_browser_that_audits_receives_no_secret_word_before_the_last_ruling(
    browser: Browser, study_app: ServedStudy, study_file: Path, settings: Settings
):
    names = random_names()
    fill_study(study_app.con, plain_replies(2), names)
    listener = Listener(browser, study_app.link("auditor"))
    page = listener.page
    expect(page.get_by_role("heading", name="Reply 1 of 2")).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("1")
    page.keyboard.type("It agrees.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Reply 2 of 2")).to_be_visible()
    told = listener.heard(frozenset({b"arm"}))
    assert b"Sydney" in told
    assert leaks(told, secret_words(names, study_file, settings)) == set()
