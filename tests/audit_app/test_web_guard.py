import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from entry_app import SECRET, build_entry_app, new_browser
from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from quick_server import running_app

from audit_app.links import make_link_token
from audit_app.raters import invite, revoke
from audit_app.sign_in import build_sign_in_router
from audit_app.throttle import SignInThrottle

LIMIT = 256 * 1024
PAGE = "<html><script>1</script><script type=x></script><gradio-app></gradio-app></html>"


def build_pages() -> APIRouter:
    """Stands where mounted pages and the routes beside them do in the real app."""
    router = APIRouter()

    @router.get("/rate/")
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    for path in ("/rate/config", "/rate/assets/x.js", "/rate/upload", "/rate/export/a.csv"):
        router.add_api_route(path, lambda: {"reached": True}, methods=["GET"])

    async def take(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    for path in ("/rate/gradio_api/run/predict", "/rate/draft", "/start/", "/ingest/runs/1"):
        router.add_api_route(path, take, methods=["POST"])
    return router


@pytest.fixture
def url(con, noon) -> Iterator[str]:
    entry = build_sign_in_router(con, SECRET, 3600.0, lambda: noon, SignInThrottle())
    app = build_entry_app(
        con,
        entry,
        build_pages(),
        mounts={"/rate": "annotator"},
        own_routes={"/rate/draft": None, "/rate/export/": None},
        body_limits={"/ingest/": 2 * LIMIT},
    )
    with running_app(app) as url:
        yield url


@pytest.fixture
def anna(con, noon, url):
    """A browser in which an annotator is signed in."""
    invite(con, "annotator", noon, "anna")
    with new_browser(url) as browser:
        browser.get(f"/join/{make_link_token(SECRET, 'anna', 'annotator', noon)}")
        yield browser


@pytest.mark.parametrize("path", ["/rate/draft", "/start/", "/sign-out", "/nowhere", "/rate/no"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_posts_from_other_sites_are_refused_everywhere(anna, path, origin):
    refused = anna.post(path, json={}, headers={"Origin": origin})
    assert (refused.status_code, "other sites" in refused.text) == (403, True)


def test_a_page_of_this_site_may_post(anna, url):
    for path in ("/rate/draft", "/start/"):
        assert anna.post(path, content=b"12", headers={"Origin": url}).json() == {"bytes": 2}


@pytest.mark.parametrize("path", ["/rate/draft", "/rate/gradio_api/run/predict", "/start/"])
def test_bodies_have_a_limit_below_a_mount_and_beside_it(anna, path):
    assert anna.post(path, content=b"x" * LIMIT).json() == {"bytes": LIMIT}
    assert anna.post(path, content=b"x" * (LIMIT + 1)).status_code == 413
    assert anna.post(path, content=iter([b"{}"])).status_code == 413
    assert anna.post("/nowhere", content=b"x" * (LIMIT + 1)).status_code == 413


def test_a_path_may_have_a_limit_of_its_own(anna):
    size = 2 * LIMIT
    assert anna.post("/ingest/runs/1", content=b"x" * size).json() == {"bytes": size}
    assert anna.post("/ingest/runs/1", content=b"x" * (size + 1)).status_code == 413


@pytest.mark.parametrize(
    "lengths", ["Content-Length: -1", "Content-Length: 1e3", "Transfer-Encoding: chunked"]
)
def test_a_size_that_is_none_is_refused(url, lengths):
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as wire:
        wire.sendall(f"POST /start/ HTTP/1.1\r\nHost: {place.netloc}\r\n{lengths}\r\n\r\n".encode())
        assert wire.recv(100).split()[1] in (b"400", b"413")


def test_a_mounted_page_is_for_its_role(con, noon, url, anna):
    assert anna.get("/rate/").status_code == 200
    invite(con, "owner", noon, "olga")
    with new_browser(url) as olga:
        olga.get(f"/join/{make_link_token(SECRET, 'olga', 'owner', noon)}")
        refused = olga.get("/rate/")
        assert refused.status_code == 401
        assert "This page is for an annotator" in refused.text
        for path in ("/rate/config", "/rate/upload", "/rate/export/a.csv"):
            assert olga.get(path).status_code == 401
        assert olga.post("/rate/draft").status_code == 401


def test_only_named_routes_are_open_below_a_mount(anna):
    assert anna.get("/rate/config").json() == {"reached": True}
    assert anna.get("/rate/export/a.csv").json() == {"reached": True}
    for path in ("/rate/upload", "/rate/export", "/rate/draft/x"):
        assert anna.get(path).json() == {"detail": "there is no such route"}


def test_a_revoked_person_gets_no_page_and_is_told_so(con, noon, anna):
    revoke(con, "anna", "Asked to leave.", "olga", noon)
    refused = anna.get("/rate/")
    assert refused.status_code == 401
    assert "Your access to this study has ended" in refused.text
    assert anna.get("/rate/config").status_code == 401
    # events and own routes ask by themselves, and say it in their own way
    assert anna.post("/rate/gradio_api/run/predict").status_code == 200


def test_inline_scripts_of_a_page_get_the_nonce_of_its_policy(anna):
    answers = [anna.get("/rate/") for _ in range(2)]
    nonces = set()
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        nonce = policy.split("'nonce-")[1].split("'")[0]
        assert f'<script nonce="{nonce}">1</script><script type=x>' in answer.text
        nonces.add(nonce)
    assert len(nonces) == 2


def test_pages_are_kept_in_no_cache_and_tell_other_sites_nothing(anna):
    for path in ("/rate/", "/start/", "/", "/nowhere"):
        headers = anna.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "cache-control" not in anna.get("/rate/assets/x.js").headers


def test_no_websocket_is_taken_up_even_where_the_app_behind_has_one(con):
    router = build_pages()
    reached = []

    @router.websocket("/rate/ws")
    @router.websocket("/ws")
    async def talk(opened: WebSocket) -> None:
        reached.append(opened.url.path)
        await opened.accept()

    app = build_entry_app(con, router, mounts={"/rate": "annotator"})
    with TestClient(app) as client:
        for path in ("/rate/ws", "/ws", "/rate/", "/nowhere"):
            with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(path):
                pass
            assert refused.value.code == 1008
    assert reached == []
