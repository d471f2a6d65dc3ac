"""One served study per test that asks for it, and one Chromium for all that drive a browser."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect, sync_playwright

if TYPE_CHECKING:
    from study_server import ServedStudy

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# as the command sets it for itself: threads of torch that spin while they wait hold up the tests
# beside them
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# how long an example or a page takes says how busy the machine is
expect.set_options(timeout=30_000)
# a change is held to the same examples each time; `make soak` draws new ones, and more
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("drawn", deadline=None, max_examples=1_000)
settings.load_profile("same")


MARKS = {"browser", "model", "real_data", "slow"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files without a mark that `-m` asks for are left alone: to import all takes 20 s a process."""
    words = set(re.findall(r"\w+", config.option.markexpr)) - {"or"}
    if collection_path.suffix != ".py" or not words or not words <= MARKS:
        return None
    return None if words & marks_in(collection_path) else True


@cache
def marks_in(file: Path) -> set[str]:
    """The marks of `MARKS` that a file writes out."""
    text = file.read_text(encoding="utf-8")
    return {mark for mark in MARKS if f"mark.{mark}" in text}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that train, ask models or are slow first, or one would run on alone at the end."""
    for item in items:
        marks = {mark for mark in MARKS if item.get_closest_marker(mark)}
        if unseen := marks - marks_in(item.path):
            raise pytest.UsageError(
                f"{item.path} has the marks {unseen} by another way than `pytest.mark.NAME` in its "
                "text, so that `-m` would pass over it; write them out there"
            )
    long = {item.path for item in items if any(map(item.get_closest_marker, ("model", "slow")))}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture
def study_app(tmp_path: Path) -> Iterator["ServedStudy"]:
    from study_server import serve_study

    with serve_study(tmp_path / "study.duckdb") as study:
        yield study


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A system Chromium, the one of WARMTH_AUDIT_CHROMIUM, or Playwright's own.

    Not for the whole session: Playwright keeps an event loop running in this thread, in which
    tests of the chat client could not run theirs.
    """
    chromium = os.environ.get("WARMTH_AUDIT_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets, where there is one."""
    folder = Path(os.environ.get("WARMTH_REAL_DATA", "nowhere"))
    if not folder.is_dir():
        pytest.skip("WARMTH_REAL_DATA names no folder with the real data sets")
    return folder
