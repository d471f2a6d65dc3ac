"""A hub that gives datasets, on loopback: the routes that `datasets` 5 calls to load one.

It speaks the hub's protocol as huggingface_hub 2 asks for it: a file's head with commit and ETag,
its body, the repository at a commit, the folders of its tree. Gated sets answer 403 as the hub does.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping

from fastapi import FastAPI, Request, Response
from quick_server import running_app

COMMIT = "1" * 40

Sets = Mapping[str, Mapping[str, bytes]]
"""Files of each set by their paths, by the set's id."""


@contextlib.contextmanager
def serve_sets(sets: Sets, gated: frozenset[str] = frozenset()) -> Iterator[str]:
    """The address of a hub that has these sets."""
    with running_app(_build(sets, gated)) as url:
        yield url


def _build(sets: Sets, gated: frozenset[str]) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def check_access(request: Request, call_next):  # type: ignore[no-untyped-def]
        parts = request.url.path.removeprefix("/api").split("/")
        name = "/".join(parts[2:4])
        if name in gated:
            return _refused(403, "GatedRepo", f"Access to dataset {name} is restricted")
        if name not in sets:
            return _refused(404, "RepoNotFound", "Repository not found")
        return await call_next(request)

    @app.get("/api/datasets/{owner}/{name}/revision/{revision}")
    async def repository(owner: str, name: str) -> dict[str, object]:
        files = [{"rfilename": path} for path in sets[f"{owner}/{name}"]]
        return {"id": f"{owner}/{name}", "sha": COMMIT, "siblings": files, "private": False}

    @app.get("/api/datasets/{owner}/{name}/tree/{revision}/{folder:path}")
    async def tree(owner: str, name: str, folder: str) -> list[dict[str, object]]:
        return [
            {"type": "file", "path": path, "size": len(content), "oid": _etag(content)}
            for path, content in sets[f"{owner}/{name}"].items()
            if path.startswith(f"{folder}/")
        ]

    @app.api_route(
        "/datasets/{owner}/{name}/resolve/{revision}/{path:path}", methods=["GET", "HEAD"]
    )
    async def resolve(owner: str, name: str, path: str, request: Request) -> Response:
        content = sets[f"{owner}/{name}"].get(path)
        if content is None:
            return _refused(404, "EntryNotFound", "Entry not found")
        headers = {
            "X-Repo-Commit": COMMIT,
            "ETag": f'"{_etag(content)}"',
            "Content-Length": str(len(content)),
        }
        return Response(content if request.method == "GET" else b"", headers=headers)

    return app


def _etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def _refused(status: int, code: str, message: str) -> Response:
    return Response(status_code=status, headers={"X-Error-Code": code, "X-Error-Message": message})
