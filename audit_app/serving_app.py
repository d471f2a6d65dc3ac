"""The app as a running server: opens the study file, prints the links, serves until Ctrl-C."""

import contextlib
import gc
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import uvicorn
from fastapi import FastAPI

from audit_app.app import AppKeys, build_app
from audit_app.gold import gold_sha256
from audit_app.links import make_link_token
from audit_app.oauth import OAuthSettings
from audit_app.rater_texts import read_rater_texts
from audit_app.raters import invite, list_raters, revoked_raters
from audit_app.stages import StageBoard
from study.commits import GroupCommit
from study.database import close, open_for_writing
from study.errors import BadInput, BadSettings, PortTaken
from study.folder import StudyFolder
from study.migrations import migrate
from study.records import Role
from study.settings import RatingSettings, Settings
from study.versions import Content, record_version

_SWITCH_INTERVAL_S = 0.0005
"""A submit's thread leaves the interpreter several times to work in DuckDB, and waits up to this long
behind the event loop to come back: 17 ms in the mean under load, and 24 at the default of 5 ms."""

_ROLES: tuple[Role, ...] = ("annotator", "auditor", "owner")


@dataclass(frozen=True)
class RunningApp:
    """An app that holds its study file and its port."""

    app: FastAPI
    listener: socket.socket
    url: str
    links: dict[Role, str]
    """A sign-in link per role; none for one whose first rater was revoked."""
    is_behind_proxy: bool
    """Headers that say whom a request came from are read of proxies that uvicorn trusts: one on
    this machine, or those of FORWARDED_ALLOW_IPS. Otherwise of nobody, since anybody can send them."""

    def serve(self, on_ready: Callable[[], None] | None = None) -> None:
        """Answer requests until SIGINT or SIGTERM.

        Args:
            on_ready: called once, from another thread, when the app answers.
        """
        # addresses hold sign-in links and ids of Prolific: no request is logged
        config = uvicorn.Config(
            self.app,
            log_level="warning",
            access_log=False,
            proxy_headers=self.is_behind_proxy,
            timeout_graceful_shutdown=3,
            # longer than people think, so that a submit needs no new connection
            timeout_keep_alive=75,
        )
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        server = uvicorn.Server(config)
        if on_ready is not None:
            threading.Thread(target=_call_when_started, args=(server, on_ready)).start()
        server.run(sockets=[self.listener])


@contextlib.contextmanager
def open_app(
    folder: StudyFolder,
    settings: Settings,
    host: str,
    port: int,
    https_only: bool,
    oauth: OAuthSettings | None = None,
) -> Iterator[RunningApp]:
    """Open the study and its app; nothing is served yet.

    Args:
        https_only: browsers reach the app over TLS alone, by a proxy, and so do their cookies.
        oauth: how the app is known to Hugging Face; needed where annotators come in that way.
    Raises:
        BadSettings: annotators should come in by Hugging Face, and `oauth` is missing.
        PortTaken: another process listens there.
        StudyLocked: another process holds the study file.
        BadInput: the study's own texts for raters cannot be used.
    """
    if oauth is None and "hugging_face" in settings.rating.entries:
        raise BadSettings(
            "rating.entries lets annotators in by hugging_face, which needs OAUTH_CLIENT_ID, "
            "OAUTH_CLIENT_SECRET and OPENID_PROVIDER_URL in the environment; set them (a Space "
            "with hf_oauth does), or take hugging_face out of rating.entries"
        )
    listener = _listen(host, port)
    shown_host = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host
    url = f"http://{shown_host}:{listener.getsockname()[1]}"
    with contextlib.closing(listener):
        con = open_for_writing(folder.database, "warmth-audit serve", url)
        try:
            migrate(con)
            # many small statements, each of which a second thread makes slower by a tenth
            con.execute("SET threads = 1")
            record_version(con, settings, datetime.now(UTC), _read_content(settings.rating))
            stages = StageBoard()
            keys = AppKeys(folder.session_secret(), folder.owner_token())
            with GroupCommit(con) as commits:
                app = build_app(
                    con, commits, settings, keys, stages, https_only=https_only, oauth=oauth
                )
                # of the libraries' million objects none goes away: to look through them again takes
                # a fifth of a second, in which nobody is answered
                gc.freeze()
                yield RunningApp(app, listener, url, _links(con, keys.secret, url), https_only)
        finally:
            close(con, folder.database)


def _read_content(rating: RatingSettings) -> Content:
    """Hashes of what raters read and are checked with, as the app that starts now gives it."""
    texts = read_rater_texts(rating.texts, rating.contact, rating.practice_pairs)
    return Content(rater_texts_sha256=texts.sha256, gold_sha256=gold_sha256(rating.texts))


def _links(con: duckdb.DuckDBPyConnection, secret: str, url: str) -> dict[Role, str]:
    """The oldest rater of each role keeps the same work from start to start.

    The owner's link works once: it stays in the terminal's history, and often in a log.
    """
    now = datetime.now(UTC)
    raters, revoked = list_raters(con), revoked_raters(con)
    links: dict[Role, str] = {}
    for role in _ROLES:
        known = [rater for rater in raters if rater.role == role]
        if role == "owner":
            known = [rater for rater in known if rater.rater_id not in revoked]
        rater = known[0] if known else invite(con, role, now)
        # the next oldest is somebody else, whose work the terminal must not open
        if rater.rater_id in revoked:
            continue
        token = make_link_token(secret, rater.rater_id, role, now, once=role == "owner")
        links[role] = f"{url}/join/{token}"
    return links


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except socket.gaierror as error:
        listener.close()
        raise BadInput(
            f"{host} is no address that this machine can listen at; use 127.0.0.1, or 0.0.0.0 for "
            "every network it is in"
        ) from error
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"port {port} of {host} cannot be used ({error.strerror}); end what listens there, or "
            "choose another port with --port or WARMTH_AUDIT_PORT"
        ) from error
    return listener


def _call_when_started(server: uvicorn.Server, on_ready: Callable[[], None]) -> None:
    while not server.started and not server.should_exit:
        time.sleep(0.05)
    if server.started:
        on_ready()
