import io
import re

from rich.console import Console

from audit_app import terminal
from audit_app.terminal import BothReports, TerminalReport
from study.errors import AppUnreachable
from study.progress import StageProgress


def shown(console_is_terminal, *progress):
    console = Console(file=io.StringIO(), force_terminal=console_is_terminal, width=100)
    with TerminalReport(console) as report:
        for one in progress:
            report(one)
    return console.file.getvalue()


RUNNING = StageProgress("train", "running", 10, 76, "steps, [loss] 2.1", 20.0)
DONE = StageProgress("train", "done", 76, 76, "76 steps", 160.4)


def test_without_a_terminal_a_stage_is_one_line_at_its_end():
    assert shown(False, RUNNING, RUNNING, DONE) == "✓ train: 76 steps 160 s\n"


def test_without_a_terminal_a_long_stage_says_now_and_then_how_far_it_is(monkeypatch):
    monkeypatch.setattr(terminal, "_SECONDS_BETWEEN_LINES", 0.0)
    later = StageProgress("train", "running", 1500, 3000, "steps, [loss] 1.9", 60.0)
    assert shown(False, RUNNING, later, DONE).splitlines() == [
        "▶ train: 1,500 of 3,000, steps, [loss] 1.9",
        "✓ train: 76 steps 160 s",
    ]


def test_on_a_terminal_the_stage_at_work_has_a_bar_that_goes_when_it_ends():
    text = shown(True, RUNNING, DONE)
    assert "10/76" in text
    assert "[loss] 2.1" in text
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text.rstrip().splitlines()[-1])
    assert last.endswith("✓ train: 76 steps 160 s")


def test_an_app_that_is_away_does_not_stop_a_stage():
    heard = []

    def away(progress):
        raise AppUnreachable("the app is away")

    report = BothReports(heard.append, away)
    report(RUNNING)
    report(DONE)
    assert heard == [RUNNING, DONE]


def test_the_app_hears_every_end_and_not_every_step():
    heard = []
    report = BothReports(lambda progress: None, heard.append)
    for done in range(50):
        report(StageProgress("train", "running", done, 50))
    report(DONE)
    assert heard[-1] == DONE
    assert len(heard) < 10
