"""Both ways into a study: through its file, and through the app that holds it."""

import contextlib

import httpx
import pytest
from demo_process import StartedApp

from audit_app.access import AppAccess, FileAccess, find_access
from study.errors import AppUnreachable, BadTable, NotAllowed
from study.folder import StudyFolder
from study.progress import StageProgress
from study.records import Item, Prompt
from study.run_files import RunFile
from study.settings import Settings, read_settings

ITEM = Item("i1", "trivia", "Who wrote Emma?", ("Austen",), ("Eliot",), "a shelf", "CC0")
STUDY = 'name = "access"\nquestion = "Do both ways lead in?"\nseed = 7\n'


def prompt(number):
    return Prompt(f"p{number}", "i1", f"context {number}", "none", f"Who wrote Emma? ({number})")


@pytest.fixture
def folder(tmp_path):
    folder = StudyFolder(tmp_path / "studies" / "access")
    folder.root.mkdir(parents=True)
    folder.settings.write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture
def settings(folder) -> Settings:
    return read_settings(folder.settings)


@pytest.fixture
def closing_later():
    """Closes every access that a test has opened, at its end."""
    with contextlib.ExitStack() as stack:
        yield lambda access: stack.enter_context(contextlib.closing(access))


def prompt_ids(access):
    with access.reading() as con:
        rows = con.execute("SELECT prompt_id FROM prompts ORDER BY prompt_id").fetchall()
    return [prompt_id for (prompt_id,) in rows]


def hand_in_three(access, folder):
    run_file = RunFile(folder.run_file("prompts"), "prompts")
    run_file.append("items", [ITEM])
    run_file.append("prompts", [prompt(1), prompt(2)])
    access.hand_in(run_file)
    access.hand_in(run_file)
    run_file.append("prompts", [prompt(3)])
    access.hand_in(RunFile(folder.run_file("prompts"), "prompts"))


def test_without_an_app_rows_go_into_the_file(folder, settings):
    access = find_access(folder, settings, None, None)
    assert isinstance(access, FileAccess)
    hand_in_three(access, folder)
    assert prompt_ids(access) == ["p1", "p2", "p3"]


@pytest.fixture
def app(folder):
    with StartedApp("serve", folder.root) as app:
        app.wait_for("Ctrl-C ends it")
        url = app.wait_for(r"opens at (\S+?);")[1]
        for _ in range(600):
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:
                app.wait_for("opens at")
        yield url


@pytest.mark.slow
def test_a_running_app_is_found_and_takes_rows_in(folder, settings, app, closing_later):
    access = closing_later(find_access(folder, settings, None, None))
    assert isinstance(access, AppAccess)
    hand_in_three(access, folder)
    access.report(StageProgress("prompts", "done", 3, 3))
    assert prompt_ids(access) == ["p1", "p2", "p3"]

    bad = RunFile(folder.run_file("bad"), "prompts")
    bad.append("items", [prompt(4)])
    with pytest.raises(BadTable, match="refused"):
        access.hand_in(bad)
    assert prompt_ids(access) == ["p1", "p2", "p3"]

    with pytest.raises(NotAllowed, match="owner token"):
        closing_later(AppAccess(app, "guess")).hand_in(bad)
    for method, path in (("GET", "snapshot"), ("GET", "runs/x"), ("POST", "progress")):
        answer = httpx.request(method, f"{app}/ingest/{path}", trust_env=False)
        assert answer.status_code == 401


def test_an_app_that_is_gone_is_said_with_the_remedy(folder, closing_later):
    access = closing_later(AppAccess("http://127.0.0.1:9", "token"))
    with pytest.raises(AppUnreachable, match="warmth-audit serve"):
        access.hand_in(RunFile(folder.run_file("prompts"), "prompts"))


def test_an_app_elsewhere_asks_for_a_token(folder, settings):
    with pytest.raises(NotAllowed, match="WARMTH_AUDIT_TOKEN"):
        find_access(folder, settings, "http://127.0.0.1:9", None)
