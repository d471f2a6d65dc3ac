"""kill -9 of the app after ratings that it said were saved: all of them are there again.

Five rounds here; `make soak` sets WARMTH_AUDIT_KILLS to do many.
"""

import os
import re

import duckdb
import pytest
from demo_process import StartedApp
from playwright.sync_api import expect
from study_server import fill_study, plain_replies

from study.migrations import migrate

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KILLS = int(os.environ.get("WARMTH_AUDIT_KILLS", "5"))
PER_ROUND = 3


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "studies" / "kills"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text('name = "kills"\nquestion = "Is it there?"\nseed = 7\n')
    con = duckdb.connect(str(folder / "study.duckdb"))
    migrate(con)
    fill_study(con, plain_replies(KILLS * PER_ROUND))
    con.close()
    return folder


def test_a_killed_app_has_every_rating_that_it_said_was_saved(study, browser):
    for done in range(0, KILLS * PER_ROUND, PER_ROUND):
        with StartedApp("serve", study) as app:
            page = browser.new_context().new_page()
            app.wait_for("Ctrl-C ends it")
            page.goto(app.link("annotator"))
            heading = page.get_by_role("heading", level=1)
            for number in range(done + 1, done + PER_ROUND + 1):
                expect(heading).to_have_text(re.compile(rf"Pair {number} of"), timeout=30_000)
                page.keyboard.press("2")
                page.keyboard.press("4")
                page.keyboard.press("Control+Enter")
            is_last = done + PER_ROUND == KILLS * PER_ROUND
            expect(heading).to_have_text(
                re.compile("Thank you" if is_last else rf"Pair {done + PER_ROUND + 1} of")
            )
            app.kill()
            page.context.close()
    con = duckdb.connect(str(study / "study.duckdb"))
    rows = con.execute("SELECT count(*), count(DISTINCT token), max(revision) FROM ratings")
    assert rows.fetchone() == (KILLS * PER_ROUND, KILLS * PER_ROUND, 1)
    con.close()
