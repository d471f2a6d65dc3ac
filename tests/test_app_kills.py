"""kill -9 of the app, at rest and under load: what it said was saved is there again, and once.

Five rounds here; `make soak` sets WARMTH_AUDIT_KILLS to do many.
"""

import json
import os
import random
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from demo_process import StartedApp
from playwright.sync_api import expect
from study_server import admit, fill_study, plain_replies

from audit_app.links import make_link_token
from audit_app.raters import invite
from study.database import close, open_for_writing, open_read_only
from study.folder import StudyFolder
from study.migrations import migrate
from study.settings import read_settings

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("WARMTH_AUDIT_KILLS", "5"))
PER_ROUND = 3
RATERS = 12
SEATS = 3
PAIRS_PER_ROUND = 40
BREAK_EVERY = 20
STUDY = f"""
name = "kills"
question = "Is it there?"
seed = 7
[rating]
raters_per_pair = {SEATS}
break_every = {BREAK_EVERY}
"""


def make_study(parent, n_pairs, n_raters, text=STUDY):
    """A study with pairs and admitted annotators; its folder, and the raters' ids."""
    folder = StudyFolder(parent / "studies" / "kills")
    folder.root.mkdir(parents=True)
    folder.settings.write_text(text, encoding="utf-8")
    settings = read_settings(folder.settings)
    con = open_for_writing(folder.database, "a test")
    migrate(con)
    fill_study(con, plain_replies(n_pairs))
    raters = [invite(con, "annotator", datetime.now(UTC)).rater_id for _ in range(n_raters)]
    for rater_id in raters:
        admit(con, settings, rater_id)
    close(con, folder.database)
    return folder, raters


@pytest.mark.browser
def test_a_killed_app_has_every_rating_that_it_said_was_saved(tmp_path, browser):
    # nothing comes between the pairs or twice, so that their number is known
    text = STUDY + "repeat_share = 0\ncheck_every = 0\n"
    folder, _ = make_study(tmp_path, KILLS * PER_ROUND, 1, text)
    for done in range(0, KILLS * PER_ROUND, PER_ROUND):
        with StartedApp("serve", folder.root) as app:
            page = browser.new_context().new_page()
            app.wait_for("Ctrl-C ends it")
            page.goto(app.link("annotator"))
            heading = page.get_by_role("heading", level=1)
            for number in range(done + 1, done + PER_ROUND + 1):
                expect(heading).to_have_text(re.compile(rf"^Pair {number} of"), timeout=30_000)
                page.keyboard.press("2")
                page.keyboard.press("4")
                page.keyboard.press("Control+Enter")
                if number % BREAK_EVERY == 0 and number < KILLS * PER_ROUND:
                    page.locator("[data-part=continue]").click()
            if done + PER_ROUND == KILLS * PER_ROUND:
                page.wait_for_url("**/finish/")
            else:
                expect(heading).to_have_text(re.compile(rf"^Pair {done + PER_ROUND + 1} of"))
            app.kill()
            page.context.close()
    con = open_read_only(folder.database)
    rows = con.execute("SELECT count(*), count(DISTINCT token), max(revision) FROM ratings")
    assert rows.fetchone() == (KILLS * PER_ROUND, KILLS * PER_ROUND, 1)
    con.close()


class Rater:
    """One browser that rates as fast as it can, and remembers what it was told is saved."""

    def __init__(self, rater_id: str, link: str, seed: str) -> None:
        self.rater_id = rater_id
        self.link = link
        self.random = random.Random(seed)
        self.client = httpx.Client(trust_env=False, timeout=60)
        self.saved: dict[str, dict[str, Any]] = {}
        """Acknowledged submits by idempotency key."""
        self.pending: dict[str, Any] | None = None
        """The submit that was sent and not acknowledged."""
        self.token: str | None = None
        """The open sheet, with the numbers of its newest drafts."""
        self.draft_sent = self.draft_saved = self.n_drafts = 0

    def come(self, url: str) -> Any:
        """Sign in at an app that was started, and submit again what had no answer."""
        self.client.base_url = url
        assert self.client.get(self.link).status_code == 303
        card = self.call(0, None)
        if self.pending is None or card["token"] == self.pending["token"]:
            self.check_draft(card)
        if self.pending is not None:
            card = self.submit(self.pending)
        if self.saved:
            # so does a page whose submit was saved and whose answer got lost on the way
            card = self.submit(self.saved[next(reversed(self.saved))])
        return card

    def check_draft(self, card: Any) -> None:
        """What is shown of the sheet that was open is what was saved, or sent after that."""
        assert self.token in (None, card["token"])
        if self.draft_saved:
            assert self.draft_saved <= int(card["answers"]["reason"]) <= self.draft_sent

    def work(self, card: Any) -> None:
        """Rate until the app is gone."""
        try:
            while True:
                assert card["view"] == "sheet", card
                if card["token"] != self.token:
                    self.token, self.draft_sent, self.draft_saved = card["token"], 0, 0
                # without drafts too: they are gathered for a while, so most kills would fall there
                for _ in range(self.random.randrange(3)):
                    self.draft()
                card = self.submit(self.rating())
        except httpx.TransportError:
            return

    def draft(self) -> None:
        self.draft_sent += 1
        answers = {"warmer": "equal", "reason": str(self.draft_sent), "seconds": "3"}
        content = {"token": self.token, "answers": answers, "tab": "one"}
        assert self.client.post("/rate/draft", json=content).status_code == 204
        self.draft_saved = self.draft_sent
        self.n_drafts += 1

    def rating(self) -> dict[str, Any]:
        sides = ("left_clearly", "equal", "right_slightly")
        key = secrets.token_hex(16)
        return {
            "action": "rate",
            "token": self.token,
            "answers": {"warmer": self.random.choice(sides), "more_accurate": "equal"},
            "reason": f"the words of {key}",
            "seconds": 5.0,
            "layout": "columns",
            "idempotency_key": key,
            "attempt": 1,
        }

    def submit(self, event: dict[str, Any]) -> Any:
        """Send a rating; the card that follows it."""
        if event["idempotency_key"] not in self.saved:
            self.pending = event
        card = self.call(2, event)
        assert "saved" in card, card
        self.saved[event["idempotency_key"]] = event
        if event is self.pending:
            self.pending, self.token, self.draft_sent, self.draft_saved = None, None, 0, 0
        return card

    def call(self, handler: int, event: object) -> Any:
        body = {"data": [], "fn_index": handler, "session_hash": "one", "event_data": event}
        answer = self.client.post("/rate/gradio_api/run/predict", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"][0]


SELECT_RATINGS = """
    SELECT r.idempotency_key, a.rater_id, r.token, r.revision, r.warmer, r.reason, r.is_surplus
    FROM ratings AS r
    JOIN assignments AS a ON a.token = r.token
"""
SELECT_GIVEN_TWICE = """
    SELECT rater_id, form, purpose, subject_id
    FROM assignments
    GROUP BY rater_id, form, purpose, subject_id
    HAVING count(*) > 1
"""
SELECT_OVER_SEATS = """
    SELECT subject_id
    FROM assignments
    WHERE purpose = 'study'
    GROUP BY subject_id
    HAVING count(*) > $seats
"""


def check_file(folder, raters):
    """Compare what is stored with what raters were told; how much they were not told of."""
    con = open_read_only(folder.database)
    rows = con.execute(SELECT_RATINGS).fetchall()
    drafts = dict(con.execute("SELECT token, answers_json FROM drafts ORDER BY rowid").fetchall())
    assert con.execute(SELECT_GIVEN_TWICE).fetchall() == []
    assert con.execute(SELECT_OVER_SEATS, {"seats": SEATS}).fetchall() == []
    con.close()
    # a key is stored behind the token of its sheet
    stored = {key.split()[1]: row for key, *row in rows}
    assert len(stored) == len(rows)
    assert len({row[1] for row in stored.values()}) == len(rows)
    rated = {row[1] for row in stored.values()}
    n_untold_ratings = n_untold_drafts = 0
    for rater in raters:
        told = {key: as_row(rater, event) for key, event in rater.saved.items()}
        own = {key: row for key, row in stored.items() if row[0] == rater.rater_id}
        if rater.pending and rater.pending["idempotency_key"] in own:
            told[rater.pending["idempotency_key"]] = as_row(rater, rater.pending)
            n_untold_ratings += 1
        assert own == told
        if rater.token and rater.token not in rated:
            kept = json.loads(drafts[rater.token])["reason"] if rater.token in drafts else "0"
            assert rater.draft_saved <= int(kept) <= rater.draft_sent
            n_untold_drafts += int(kept) > rater.draft_saved
    return n_untold_ratings, n_untold_drafts


def as_row(rater, event):
    """The one row that a submit must have left."""
    answers = event["answers"]
    return [rater.rater_id, event["token"], 1, answers["warmer"], event["reason"], False]


def serving(app):
    """The address of an app that has come up."""
    app.wait_for("Ctrl-C ends it")
    return app.link("annotator").split("/join/")[0]


def test_an_app_killed_under_load_has_all_that_it_said_was_saved_once(tmp_path, request):
    moment = random.Random(7)
    folder, rater_ids = make_study(tmp_path, KILLS * PAIRS_PER_ROUND, RATERS)
    secret, now = folder.session_secret(), datetime.now(UTC)
    raters = [
        Rater(one, f"/join/{make_link_token(secret, one, 'annotator', now)}", f"rater {number}")
        for number, one in enumerate(rater_ids)
    ]
    untold = []
    for _ in range(KILLS):
        n_before = sum(len(rater.saved) for rater in raters)
        with ThreadPoolExecutor(RATERS) as pool, StartedApp("serve", folder.root) as app:
            url = serving(app)
            cards = list(pool.map(lambda rater, url=url: rater.come(url), raters))
            working = [
                pool.submit(rater.work, card) for rater, card in zip(raters, cards, strict=True)
            ]
            time.sleep(moment.uniform(0.5, 2))
            app.kill()
            for one in working:
                one.result()
        assert sum(len(rater.saved) for rater in raters) > n_before
        untold.append(check_file(folder, raters))

    with StartedApp("serve", folder.root) as app, ThreadPoolExecutor(RATERS) as pool:
        url = serving(app)
        list(pool.map(lambda rater: send_all_again(rater, url), raters))
        assert app.press_ctrl_c() == 130
    assert all(rater.pending is None for rater in raters)
    check_file(folder, raters)
    for rater in raters:
        rater.client.close()
    say(request, raters, untold)


def send_all_again(rater, url):
    """What was saved is submitted once more, which must add nothing."""
    rater.come(url)
    for event in list(rater.saved.values()):
        rater.submit(event)


def say(request, raters, untold):
    """Show the figures, which pytest would keep to itself."""
    n_ratings = sum(len(rater.saved) for rater in raters)
    n_drafts = sum(rater.n_drafts for rater in raters)
    line = (
        f"{KILLS} kills under load: {n_ratings} ratings and {n_drafts} drafts acknowledged, all "
        f"there; {sum(n for n, _ in untold)} ratings and {sum(n for _, n in untold)} drafts "
        "stored without an answer."
    )
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\n{line}")
