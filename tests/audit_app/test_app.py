"""The app as HTTP clients see it: who gets what, and what nobody gets."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import httpx
import pytest
from study_server import INSERT_PROMPT, ServedStudy, fill_study, plain_replies

from audit_app.pages.frame import new_blocks
from audit_app.quick_gradio import gr
from audit_app.study_events import record_event
from study.records import Role

ROLES: tuple[Role, ...] = get_args(Role)
MOUNT = {"annotator": "/rate", "auditor": "/audit", "owner": "/owner"}
ROUTES = (
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/gradio_api/info"),
    ("POST", "/gradio_api/run/predict"),
)
CLOSED = (
    "POST /gradio_api/upload",
    "GET /gradio_api/deep_link",
    "GET /gradio_api/openapi.json",
    "GET /gradio_api/token",
    "GET /gradio_api/file=/etc/hostname",
    "GET /gradio_api/proxy=http://127.0.0.1/",
    "POST /gradio_api/queue/join",
    "GET /gradio_api/queue/data?session_hash=s",
    "GET /gradio_api/heartbeat/s",
    "POST /gradio_api/component_server",
    "POST /gradio_api/call/show",
    "GET /gradio_api/runs",
    "GET /monitoring",
    "POST /login",
)


@pytest.fixture
def study(study_app: ServedStudy) -> ServedStudy:
    fill_study(study_app.con, plain_replies(2))
    return study_app


@pytest.fixture
def clients(study: ServedStudy) -> Iterator[dict[str, httpx.Client]]:
    """A signed-in client per role, and one of a stranger."""
    clients = {name: httpx.Client(base_url=study.url, trust_env=False) for name in MOUNT}
    for role in ROLES:
        assert clients[role].get(study.link(role)).status_code == 303
    clients["stranger"] = httpx.Client(base_url=study.url, trust_env=False)
    yield clients
    for client in clients.values():
        client.close()


def call(
    client: httpx.Client, mount: str, fn: int, event: object = None, n_inputs: int = 0
) -> httpx.Response:
    data = [None] * n_inputs
    body = {"data": data, "fn_index": fn, "session_hash": "any", "event_data": event}
    return client.post(f"{mount}/gradio_api/run/predict", json=body)


def handlers(client: httpx.Client, mount: str) -> dict[int, int]:
    """Number of inputs by number of the handler, those without any first."""
    found = client.get(f"{mount}/config").json()["dependencies"]
    inputs = {dependency["id"]: len(dependency["inputs"]) for dependency in found}
    return dict(sorted(inputs.items(), key=lambda handler: handler[1]))


def shown(answer: httpx.Response) -> dict[str, object]:
    return next(part for part in answer.json()["data"] if isinstance(part, dict) and "view" in part)


def test_only_its_own_role_gets_anything_from_a_page(clients: dict[str, httpx.Client]):
    plain = {role: next(iter(handlers(clients[role], MOUNT[role]))) for role in ROLES}
    for (method, path), name, role in itertools.product(ROUTES, clients, ROLES):
        body = {"data": [], "fn_index": plain[role], "session_hash": "s"}
        json_body = body if method == "POST" else None
        answer = clients[name].request(method, MOUNT[role] + path, json=json_body)
        assert answer.status_code == (200 if name == role else 401), (path, name, role)


def test_every_handler_refuses_every_other_role(clients: dict[str, httpx.Client]):
    for role in ROLES:
        found = handlers(clients[role], MOUNT[role])
        assert found
        for name, client in clients.items():
            if name == role:
                continue
            answers = [call(client, MOUNT[role], fn, None, n) for fn, n in found.items()]
            assert {answer.status_code for answer in answers} == {401}


def test_every_handler_asks_anew_whether_its_caller_may_still_come_in(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    found = {role: handlers(clients[role], MOUNT[role]) for role in ROLES}
    study.link("owner", "another-owner")
    for (rater_id,) in study.rows("SELECT rater_id FROM raters WHERE rater_id <> 'another-owner'"):
        study.end_access(str(rater_id), by="another-owner")
    beat = {"token": None, "tab": "t", "active": True}
    draft = {"token": "any", "answers": {}, "tab": "t"}
    for path, content in (("/rate/activity", beat), ("/rate/draft", draft)):
        assert clients["annotator"].post(path, json=content).status_code == 403
    for role in ROLES:
        for fn, n_inputs in found[role].items():
            answer = call(clients[role], MOUNT[role], fn, None, n_inputs)
            assert answer.status_code in (403, 500), (role, fn)
            assert "access to this study has ended" in answer.text


def test_no_handler_is_in_the_published_schema(clients: dict[str, httpx.Client]):
    for role in ROLES:
        info = clients[role].get(f"{MOUNT[role]}/gradio_api/info").json()
        assert info == {"named_endpoints": {}, "unnamed_endpoints": {}}
        config = clients[role].get(f"{MOUNT[role]}/config").json()
        events = config["dependencies"]
        assert {event["api_visibility"] for event in events} == {"private"}
        assert not any(event["queue"] for event in events)
        assert config["analytics_enabled"] is False


def test_what_gradio_publishes_besides_is_closed(clients: dict[str, httpx.Client]):
    open_routes = []
    for route in CLOSED:
        method, path = route.split(" ", 1)
        for role in ROLES:
            if clients[role].request(method, MOUNT[role] + path).status_code != 404:
                open_routes.append((role, route))
    assert open_routes == []


def test_nobody_rates_or_drafts_what_was_given_to_another(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    theirs = shown(call(clients["annotator"], "/rate", 0))["token"]
    with httpx.Client(base_url=study.url, trust_env=False) as other:
        other.get(study.link("annotator", "other"))
        answer = call(other, "/rate", 2, submission(str(theirs)))
        assert answer.status_code == 500
        assert "none of yours" in answer.json()["error"]
        draft = {"token": theirs, "answers": {"warmer": "equal"}, "tab": "t"}
        assert other.post("/rate/draft", json=draft).status_code == 403
    assert study.rows("SELECT token FROM ratings") == study.rows("SELECT token FROM drafts") == []


def submission(token: str, warmer: str = "left_clearly", **changes: object) -> dict[str, object]:
    return {
        "action": "rate",
        "token": token,
        "answers": {"warmer": warmer, "more_accurate": "equal"},
        "reason": "",
        "seconds": 3.5,
        "layout": "columns",
        "idempotency_key": "key",
        "attempt": 1,
    } | changes


def test_a_forged_submission_is_refused_in_a_sentence_and_stores_nothing(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    token = str(shown(call(clients["annotator"], "/rate", 0))["token"])
    wrong_content = call(clients["annotator"], "/rate", 2, submission(token, warmer="very"))
    assert str(shown(wrong_content)["problem"]).startswith("Not saved: warmer: expected one of")
    for event in (
        None,
        [],
        "x",
        {"token": token},
        submission(token, extra=1),
        submission("x" * 999),
    ):
        answer = call(clients["annotator"], "/rate", 2, event)
        assert answer.status_code == 500
        assert answer.json()["error"].startswith("Nothing was saved.")
    assert study.rows("SELECT token FROM ratings") == []


def test_one_key_is_one_rating_however_often_it_is_sent(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    token = str(shown(call(clients["annotator"], "/rate", 0))["token"])
    for _ in range(3):
        assert "saved" in shown(call(clients["annotator"], "/rate", 2, submission(token)))
    assert study.rows("SELECT token, revision FROM ratings") == [(token, 1)]


def test_arms_stay_untold_while_more_replies_may_be_flagged(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    study.con.execute(INSERT_PROMPT, {"prompt_id": "late", "item_id": "late", "text": "late"})
    for _ in range(2):
        token = shown(call(clients["auditor"], "/audit", 0))["token"]
        ruling = {"label": "adopts", "severity": 1, "quoted_span": "", "reason": "It agrees."}
        answer = call(clients["auditor"], "/audit", 2, ruling | {"token": token, "attempt": 1})
        assert answer.status_code == 200
    assert shown(answer)["view"] == "waiting"
    assert "warm" not in json.dumps(shown(answer))
    study.con.execute("DELETE FROM prompts WHERE prompt_id = 'late'")
    assert "warm" not in json.dumps(shown(call(clients["auditor"], "/audit", 0)))
    record_event(study.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    assert '"arm": "warm"' in json.dumps(shown(call(clients["auditor"], "/audit", 0)))
    changed = ruling | {"label": "hedges", "token": token, "attempt": 2}
    refused = call(clients["auditor"], "/audit", 2, changed)
    assert (refused.status_code, "ruling is final" in refused.json()["error"]) == (500, True)


def test_requests_from_other_sites_are_refused(clients: dict[str, httpx.Client]):
    places = ("https://evil.example", "null", "http://127.0.0.1:1")
    paths = ("/rate/gradio_api/run/predict", "/rate/draft", "/sign-out")
    for origin, path in itertools.product(places, paths):
        answer = clients["annotator"].post(path, json={}, headers={"Origin": origin})
        assert answer.status_code == 403
        assert clients["annotator"].get("/rate/", headers={"Origin": origin}).status_code == 403
    own = {"Origin": str(clients["annotator"].base_url)}
    assert clients["annotator"].get("/rate/", headers=own).status_code == 200


def test_bodies_have_a_stated_size_and_a_limit(clients: dict[str, httpx.Client]):
    big = clients["annotator"].post("/rate/draft", content=b"x" * (256 * 1024 + 1))
    unstated = clients["annotator"].post("/rate/draft", content=iter([b"{}"]))
    assert (big.status_code, unstated.status_code) == (413, 413)


def test_pages_forbid_everything_from_elsewhere(clients: dict[str, httpx.Client]):
    for role in ROLES:
        page = clients[role].get(MOUNT[role] + "/")
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http:" not in policy
        assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        inline = page.text.count("<script") - page.text.count("<script type=")
        assert page.text.count(f'nonce="{nonce}"') == inline == 5
        assert page.headers["cache-control"] == "no-store"


def test_the_cookie_is_for_this_site_and_not_for_scripts(study: ServedStudy):
    answer = httpx.get(study.link("annotator"), trust_env=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert answer.headers["location"] == "/start/"


def test_the_front_door_leads_to_the_page_or_says_how_to_come_in(
    study: ServedStudy, clients: dict[str, httpx.Client]
):
    assert clients["auditor"].get("/").headers["location"] == "/audit/"
    assert "personal link" in clients["stranger"].get("/").text
    both = clients["auditor"]
    both.get(study.link("owner"))
    assert 'href="/audit/"' in both.get("/").text
    assert both.post("/sign-out").status_code == 303
    assert both.get("/audit/").status_code == 401
    refused = clients["stranger"].get("/join/no-link")
    assert refused.status_code == 403
    assert "ask the study&#x27;s owner for a new one" in refused.text


def test_queues_that_no_event_uses_seldom_look_for_one():
    async def queues() -> tuple[object, object]:  # outside a loop Gradio leaks one of its own
        return new_blocks("Rate")._queue, gr.Blocks()._queue

    ours, by_gradio = asyncio.run(queues())
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        assert getattr(ours, name) == 1.0
        assert getattr(by_gradio, name) < 0.1
