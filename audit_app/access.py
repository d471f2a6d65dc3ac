"""How a batch stage reads the study and hands its results in.

Through the study file itself when no app runs, through the app that holds it otherwise; the
stages cannot tell the difference. Both ways are resumable: a run file goes on from the byte
up to which the study has taken it in. Neither way lets a stage in whose settings or contents
are not the study's.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb
import httpx

from audit_app.ingest import writers
from audit_app.record_door import COMMAND_LINE
from audit_app.stages import utc_now
from audit_app.study_events import Event, record_event
from study.database import close, open_for_writing, open_read_only, read_holder
from study.errors import (
    AppUnreachable,
    BadInput,
    BadSettings,
    BadTable,
    DiskFull,
    NotAllowed,
    StudyError,
)
from study.folder import StudyFolder
from study.migrations import migrate
from study.progress import StageProgress
from study.run_files import Chunk, RunFile, bytes_taken, take_in
from study.settings import Settings
from study.versions import Content, record_version

_TIMEOUT_S = 60.0
_REFUSALS: dict[int, type[StudyError]] = {
    409: BadSettings,
    413: BadTable,
    422: BadTable,
    507: DiskFull,
}


class StudyAccess(Protocol):
    """What a stage may do with a study."""

    @property
    def has_pages(self) -> bool:
        """Whether an app shows the study's results to its owner."""

    @property
    def arguments(self) -> list[str]:
        """Command-line arguments by which another process finds the same way in."""

    @property
    def environment(self) -> dict[str, str]:
        """What such a process needs in its environment besides."""

    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """The study's rows as of now, to read."""

    def hand_in(self, run_file: RunFile) -> None:
        """Bring the rest of a run file into the study.

        Raises:
            BadTable: the study refused rows; they are set aside, so that the next run is not
                held up by them.
        """

    def record_event(self, event: Event, reason: str) -> None:
        """Put on the study's record what the owner asks for, and why.

        Raises:
            BadInput: it makes no sense in the study's state, or the reason says nothing.
        """

    def report(self, progress: StageProgress) -> None:
        """Tell whoever watches how far a stage has come."""

    def close(self) -> None:
        """Let go of whatever is held open."""


class FileAccess:
    """The study file, opened for as long as a read or a hand-in takes."""

    def __init__(
        self,
        folder: StudyFolder,
        settings: Settings,
        content: Content | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Make the study file if it is new, and check that the settings are those of its rows.

        Raises:
            StudyLocked: another process holds it.
            BadSettings: it has rows made with others.
        """
        self._file = folder.database
        self._clock = clock
        with self._writing() as con:
            migrate(con)
            record_version(con, settings, clock(), content)

    @property
    def has_pages(self) -> bool:
        """No app runs."""
        return False

    @property
    def arguments(self) -> list[str]:
        """None: the study's folder is enough."""
        return []

    @property
    def environment(self) -> dict[str, str]:
        """Nothing."""
        return {}

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The study file, read-only."""
        con = open_read_only(self._file)
        try:
            yield con
        finally:
            con.close()

    def hand_in(self, run_file: RunFile) -> None:
        """Take in what the study does not have yet."""
        with self._writing() as con:
            for chunk in run_file.chunks_from(bytes_taken(con, run_file.run_id)):
                try:
                    take_in(con, chunk, writers(self._clock), self._clock())
                except BadTable as error:
                    raise _set_aside(run_file, chunk, error) from error

    def record_event(self, event: Event, reason: str) -> None:
        """Write the event into the file."""
        with self._writing() as con:
            record_event(con, event, COMMAND_LINE, reason, self._clock())

    def report(self, progress: StageProgress) -> None:
        """Nobody watches."""

    def close(self) -> None:
        """Nothing is held open."""

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        con = open_for_writing(self._file, "warmth-audit stage")
        try:
            yield con
        finally:
            close(con, self._file)


class AppAccess:
    """A running app, here or elsewhere, that holds the study file."""

    def __init__(
        self, url: str, token: str, settings: Settings, content: Content | None = None
    ) -> None:
        """Check that the app's study has the settings that the stages will work with.

        Raises:
            AppUnreachable: no app answers there.
            NotAllowed: the token is not its owner's.
            BadSettings: its study has others.
        """
        self._url = url.rstrip("/")
        self._token = token
        self._client = _connect(self._url, token)
        message = {
            "settings": settings.model_dump(mode="json"),
            "content": asdict(content) if content else None,
        }
        try:
            self._send("POST", "/version", json=message)
        except StudyError:
            self.close()
            raise

    @property
    def has_pages(self) -> bool:
        """The app has them."""
        return True

    @property
    def arguments(self) -> list[str]:
        """Where the app is."""
        return ["--app", self._url]

    @property
    def environment(self) -> dict[str, str]:
        """The token, which does not belong on a command line."""
        return {"WARMTH_AUDIT_TOKEN": self._token}

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A snapshot that the app makes and sends."""
        with tempfile.TemporaryDirectory(prefix="warmth-audit-") as scratch:
            file = Path(scratch) / "snapshot.duckdb"
            file.write_bytes(self._send("GET", "/snapshot").content)
            con = open_read_only(file)
            try:
                yield con
            finally:
                con.close()

    def hand_in(self, run_file: RunFile) -> None:
        """Send what the app does not have yet, chunk by chunk."""
        path = f"/runs/{run_file.run_id}"
        taken = self._send("GET", path).json()["bytes"]
        for chunk in run_file.chunks_from(taken):
            where = {"stage": chunk.stage, "start_byte": chunk.start_byte}
            try:
                answer = self._send("POST", path, params=where, content=chunk.content)
            except BadTable as error:
                raise _set_aside(run_file, chunk, error) from error
            if answer.json()["bytes"] != chunk.end_byte:
                raise BadTable(
                    f"another process hands in run {run_file.run_id} at the same time; let one end "
                    "and run this command again"
                )

    def record_event(self, event: Event, reason: str) -> None:
        """Have the app put it on its study's record."""
        self._send("POST", "/record", json={"event": event, "reason": reason})

    def report(self, progress: StageProgress) -> None:
        """Show the progress on the owner's page."""
        self._send("POST", "/progress", json=asdict(progress))

    def close(self) -> None:
        """Close the connections to the app."""
        self._client.close()

    def _send(self, method: str, path: str, **content: object) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **content)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise AppUnreachable(
                f"the app at {self._url} did not answer ({type(error).__name__}); start it with "
                "`warmth-audit serve` and run this command again, it goes on from here"
            ) from error
        if answer.status_code == 401:
            raise NotAllowed(
                f"the app at {self._url} did not accept the token; give the study's owner token "
                "with --token or WARMTH_AUDIT_TOKEN"
            )
        if refusal := _REFUSALS.get(answer.status_code):
            raise refusal(f"the app at {self._url} refused: {_detail(answer)}")
        if not answer.is_success:
            raise AppUnreachable(
                f"the app at {self._url} answered {path} with status {answer.status_code}; see "
                "that it is a warmth-audit app of this version, and what it printed"
            )
        return answer


def find_access(
    folder: StudyFolder,
    settings: Settings,
    app_url: str | None,
    token: str | None,
    content: Content | None = None,
) -> StudyAccess:
    """The way into a study: the app named, the app that holds its file, or the file.

    Args:
        content: hashes of the items, conversations and wordings that the stages will work with;
            None for a stage that reads none of them.
    Raises:
        StudyLocked: the file is held by a process that is no app.
        NotAllowed: an app elsewhere is named without a token.
        BadSettings: the study's rows were made with other settings or contents.
        AppUnreachable: the app does not answer.
    """
    holder = read_holder(folder.database)
    own_url = holder.url if holder else None
    if app_url is None and own_url is None:
        return FileAccess(folder, settings, content)
    url = app_url or own_url
    assert url is not None
    if token is None and own_url is not None and url.rstrip("/") == own_url:
        token = folder.owner_token()
    if token is None:
        raise NotAllowed(
            f"the app at {url} asks for the owner's token; give it with --token or "
            "WARMTH_AUDIT_TOKEN"
        )
    return AppAccess(url, token, settings, content)


def _connect(url: str, token: str) -> httpx.Client:
    if not (token.isascii() and token.isprintable()):
        raise NotAllowed(
            "the owner's token is made of ASCII letters, got others; copy it again from owner.token "
            "in the study's folder"
        )
    try:
        return httpx.Client(
            base_url=url + "/ingest",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
            trust_env=False,
        )
    except httpx.InvalidURL as error:
        raise BadInput(
            f"{url!r} is not the address of an app ({error}); expected one like "
            "http://localhost:7860"
        ) from error


def _set_aside(run_file: RunFile, chunk: Chunk, error: BadTable) -> BadTable:
    aside = run_file.set_aside(chunk.start_byte)
    return BadTable(
        f"{error}; these rows of {run_file.path} are set aside in {aside}, correct what they were "
        "made from and run the command again"
    )


def _detail(answer: httpx.Response) -> str:
    """The sentence of a refusal; FastAPI lists what it finds wrong with a message itself."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text
