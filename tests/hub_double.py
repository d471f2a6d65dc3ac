"""A hub that takes datasets, on loopback: the routes that huggingface_hub calls to make one.

It speaks the hub's protocol as the client of huggingface_hub 2 does: make a repository, check
the card's header, ask how each file should come, take one commit of newline-separated JSON.
"""

import base64
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from quick_server import running_app


@dataclass
class Hub:
    """What it was sent."""

    url: str = ""
    made: list[dict[str, object]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)


@contextlib.contextmanager
def serve_hub(good_token: str) -> Iterator[Hub]:
    """A hub that knows one token."""
    hub = Hub()
    with running_app(_build(hub, good_token)) as hub.url:
        yield hub


def _build(hub: Hub, good_token: str) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def check_token(request: Request, call_next):  # type: ignore[no-untyped-def]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        hub.tokens.add(token)
        if token != good_token:
            return Response(status_code=401, headers={"X-Error-Message": "Invalid token"})
        return await call_next(request)

    @app.post("/api/repos/create")
    async def create(request: Request) -> dict[str, str]:
        hub.made.append(await request.json())
        name = f"{hub.made[-1].get('organization', 'me')}/{hub.made[-1]['name']}"
        return {"url": f"{hub.url}/datasets/{name}", "name": name}

    @app.post("/api/validate-yaml")
    async def validate(request: Request) -> dict[str, list[str]]:
        await request.json()
        return {"errors": [], "warnings": []}

    @app.post("/api/datasets/{owner}/{name}/preupload/{revision}")
    async def preupload(request: Request) -> dict[str, object]:
        asked = (await request.json())["files"]
        return {
            "files": [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in asked
            ]
        }

    @app.post("/api/datasets/{owner}/{name}/commit/{revision}")
    async def commit(owner: str, name: str, request: Request) -> dict[str, object]:
        for line in (await request.body()).splitlines():
            part = json.loads(line)
            if part["key"] == "file":
                content = base64.b64decode(part["value"]["content"])
                hub.files[part["value"]["path"]] = content
        address = f"{hub.url}/datasets/{owner}/{name}/commit/{'1' * 40}"
        return {"commitUrl": address, "commitOid": "1" * 40, "hookOutput": ""}

    return app
