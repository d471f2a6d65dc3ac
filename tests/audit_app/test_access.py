"""Both ways into a study: through its file, and through the app that holds it."""

import contextlib
import socket
import threading

import httpx
import pytest
from demo_process import StartedApp

from audit_app.access import AppAccess, FileAccess, find_access
from study.errors import AppUnreachable, BadInput, BadSettings, BadTable, DiskFull, NotAllowed
from study.folder import StudyFolder
from study.progress import StageProgress
from study.records import Item, Prompt
from study.run_files import RunFile
from study.settings import Settings, read_settings
from study.versions import Content

ITEM = Item("i1", "trivia", "Who wrote Emma?", ("Austen",), ("Eliot",), "a shelf", "CC0")
CONTENT = Content("items", "conversations", "wordings")
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


def test_refused_rows_are_set_aside_and_do_not_hold_up_the_next_run(folder, settings):
    access = FileAccess(folder, settings)
    run_file = RunFile(folder.run_file("prompts"), "prompts")
    run_file.append("prompts", [prompt(1)])
    access.hand_in(run_file)
    same_condition = Prompt("p9", "i1", "context 1", "none", "Who was it that wrote Emma?")
    run_file.append("prompts", [same_condition, prompt(2)])
    with pytest.raises(BadTable, match=r"set aside in .*prompts\.refused-1\.jsonl, correct"):
        access.hand_in(run_file)
    aside = folder.runs / "prompts.refused-1.jsonl"
    assert [line.count("Emma") for line in aside.read_text().splitlines()] == [1, 1]
    run_file.append("prompts", [prompt(2)])
    access.hand_in(run_file)
    assert prompt_ids(access) == ["p1", "p2"]


def test_settings_that_failed_before_any_row_may_be_corrected(folder, settings):
    mistyped = {"evaluation": settings.evaluation.model_copy(update={"contexts": ("gloomy",)})}
    FileAccess(folder, settings.model_copy(update=mistyped))
    access = FileAccess(folder, settings, CONTENT)
    hand_in_three(access, folder)
    with pytest.raises(BadSettings, match=r"in evaluation\.contexts"):
        FileAccess(folder, settings.model_copy(update=mistyped))
    with pytest.raises(BadSettings, match="the items are not those"):
        find_access(folder, settings, None, None, Content("other", "conversations", "wordings"))


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
    with pytest.raises(BadTable, match=r"refused: .*set aside in .*bad\.refused-1\.jsonl"):
        access.hand_in(bad)
    assert prompt_ids(access) == ["p1", "p2", "p3"]
    access.hand_in(bad)

    with pytest.raises(NotAllowed, match="owner token"):
        AppAccess(app, "guess", settings)
    ways = (("GET", "snapshot"), ("GET", "runs/x"), ("POST", "progress"), ("POST", "version"))
    for method, path in ways:
        answer = httpx.request(method, f"{app}/ingest/{path}", trust_env=False)
        assert answer.status_code == 401


@pytest.mark.slow
def test_a_running_app_lets_no_other_study_in(folder, settings, app, closing_later):
    other_seed = settings.model_copy(update={"seed": 99})
    with pytest.raises(BadSettings, match="than the app that holds the study, in seed"):
        find_access(folder, other_seed, None, None)
    hand_in_three(closing_later(find_access(folder, settings, app, None, CONTENT)), folder)
    with pytest.raises(BadSettings, match="than when this study began, in seed"):
        find_access(folder, other_seed, None, None)
    with pytest.raises(BadSettings, match="the items are not those"):
        find_access(folder, settings, None, None, Content("other", "conversations", "wordings"))


def test_an_app_that_is_gone_is_said_with_the_remedy(settings):
    with pytest.raises(AppUnreachable, match="warmth-audit serve"):
        AppAccess("http://127.0.0.1:9", "token", settings)


@pytest.mark.parametrize("has_token_of_its_own", [False, True])
def test_an_app_elsewhere_never_gets_the_token_of_this_study(
    folder, settings, has_token_of_its_own
):
    if has_token_of_its_own:
        folder.owner_token()
    with pytest.raises(NotAllowed, match="WARMTH_AUDIT_TOKEN"):
        find_access(folder, settings, "http://127.0.0.1:9", None)


@pytest.mark.parametrize("token", ["schlüssel", "two\nlines"])
def test_a_token_that_cannot_be_one_is_refused_in_one_sentence(settings, token):
    with pytest.raises(NotAllowed, match="made of ASCII letters"):
        AppAccess("http://127.0.0.1:9", token, settings)


def test_an_address_that_is_none_is_refused_in_one_sentence(settings):
    with pytest.raises(BadInput, match="not the address of an app"):
        AppAccess("http://localhost:port", "token", settings)


@contextlib.contextmanager
def answering(*answers):
    """A server on loopback that gives one HTTP status and JSON text per request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for status, text in answers:
                stream, _ = listener.accept()
                with stream:
                    stream.recv(1 << 16)
                    head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(text)}\r\n"
                    stream.sendall((head + "Connection: close\r\n\r\n" + text).encode())

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=10)


def test_an_app_whose_disk_is_full_costs_no_row(folder, settings, closing_later):
    run_file = RunFile(folder.run_file("prompts"), "prompts")
    run_file.append("prompts", [prompt(1)])
    before = run_file.path.read_bytes()
    answers = [(200, "{}"), (200, '{"bytes": 0}'), (507, '{"detail": "free some space"}')]
    with answering(*answers) as url:
        access = closing_later(AppAccess(url, "token", settings))
        with pytest.raises(DiskFull, match="free some space"):
            access.hand_in(run_file)
    assert run_file.path.read_bytes() == before


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_is_no_app_of_this_version_is_said_so(settings, status):
    with (
        answering((status, "no")) as url,
        pytest.raises(AppUnreachable, match=f"with status {status}"),
    ):
        AppAccess(url, "token", settings)
