"""The commands that look ahead, as a shell sees them; their keys are a promise."""

import io
import json
from datetime import UTC, datetime

import pytest
from command_line import run_command
from rich.console import Console

from audit_app.options import draw_table
from audit_app.simulated_studies import simulate_studies
from evaluation.simulation.designs import StudyDesign
from evaluation.simulation_reports import simulation_as_tables
from study.settings import read_settings


@pytest.fixture
def study_file(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(
        'name = "mine"\nquestion = "?"\nseed = 1\narms = ["original", "warm", "cold"]\n'
        '[evaluation]\nitem_limit = 30\nbeliefs = ["none"]\n'
        "[rating]\nraters_per_pair = 4\npairs_per_rater = 20\n",
        encoding="utf-8",
    )
    return file


def test_plan_of_effects_alone():
    found = json.loads(
        run_command("plan", "--gap", 5, "--preference", 0.6, "--power", 0.8, "--json").stdout
    )
    assert found["format"] == "warmth-audit plan 1"
    assert (found["gap_pp"], found["preference"], found["power"], found["level"]) == (
        *(5, 0.6),
        *(0.8, 0.95),
    )
    needed = found["needed"]
    assert needed["items"] == max(needed["items_for_gap"], needed["items_for_preference"])
    assert needed["prompts"] == needed["pairs"] == 4 * needed["items"]
    assert needed["ratings"] == 3 * needed["pairs"]
    assert needed["raters"] == -(-needed["ratings"] // 40)
    assert found["study"] is None
    assert found["assumptions"]["replies"]["prompts_per_item"] == 4


def test_plan_of_a_study_as_it_is_set(study_file):
    found = json.loads(run_command("plan", study_file, "--json").stdout)
    study = found["study"]
    # 30 items × 2 contexts, 4 raters per pair; of 20 pairs a rater has 10 in each comparison
    assert (study["items"], study["pairs"], study["ratings"], study["raters"]) == (30, 60, 240, 24)
    assert study["detectable_gap_pp"] > found["gap_pp"]
    assert 0 < study["gap_power"] < 0.8
    assert (study["detectable_preference"] <= 0.6) == (study["preference_power"] >= 0.8)
    shown = run_command("plan", study_file).stdout
    assert "What the study as set finds with power 0.8" in shown
    assert "30 items, 60 pairs, 240 ratings by 24 raters" in shown
    assert "Needed for power 0.8" in shown


def test_plan_with_too_few_raters_ends_with_one_sentence():
    done = run_command("plan", "--raters", 4)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "plan for more raters" in done.stderr


def test_simulate_tells_how_the_analysis_does():
    done = run_command(
        "simulate",
        *("--studies", 3, "--items", 8, "--raters", 4, "--gap", 20, "--seed", 3, "--json"),
    )
    found = json.loads(done.stdout)
    assert found["format"] == "warmth-audit simulate 1"
    assert (found["studies"], found["seed"]) == (3, 3)
    assert found["design"]["n_items"] == 8
    gap = next(one for one in found["targets"] if one["name"] == "gap_pp")
    assert (gap["arm"], gap["context"], gap["belief"]) == ("warm", None, None)
    assert gap["truth"] == pytest.approx(20)
    assert gap["bias"] == pytest.approx(gap["mean"] - gap["truth"])
    assert gap["coverage_ci"][0] <= gap["coverage"] <= gap["coverage_ci"][1]
    assert gap["n_estimated"] == gap["n_intervals"] == 3
    assert set(gap) == {
        *("name", "arm", "context", "belief", "is_headline", "truth", "no_effect"),
        *("n_estimated", "n_intervals", "mean", "bias", "bias_error", "coverage", "coverage_ci"),
        *("power", "power_ci", "mean_width", "share_not_estimable"),
    }
    assert "3 studies" in done.stderr


def test_simulate_for_people():
    shown = run_command("simulate", "--studies", 1, "--items", 4, "--raters", 3).stdout
    assert "Headline numbers" in shown
    assert "By condition" in shown
    assert "7.50 pp" in shown


def test_nothing_is_cut_of_simulated_studies_at_100_columns():
    design = StudyDesign(n_items=4, n_raters=3)
    found = simulate_studies(design, 2, 0, datetime(2026, 3, 1, tzinfo=UTC), lambda _: None)
    paper = Console(width=100, file=io.StringIO(), record=True)
    for table in simulation_as_tables(found, design, 0):
        paper.print(draw_table(table))
    shown = paper.export_text()
    assert "belief" in shown
    assert "…" not in shown


def test_an_impossible_study_ends_with_one_sentence():
    done = run_command("simulate", "--gap", 70)
    assert done.returncode == 2
    assert "choose another gap or error rate" in done.stderr


def test_plan_of_the_study_of_2025_says_what_it_takes_before_anything_runs():
    found = json.loads(run_command("plan", "--preset", "paper", "--json").stdout)
    cost = found["cost"]
    # 1,625 items × 9 contexts × 3 beliefs, of two arms of five models
    assert (cost["items"], cost["conditions"], cost["prompts"]) == (1625, 27, 43_875)
    generating = [stage for stage in cost["stages"] if stage["stage"] == "generate"]
    assert sum(stage["calls"] for stage in generating) == 438_750
    assert (cost["decoding"]["temperature"], cost["decoding"]["max_new_tokens"]) == (0.8, 300)
    assert cost["total"]["gpu_hours"] > 0
    study = found["study"]
    assert (study["items"], study["prompts"]) == (1625, 43_875)
    # what people rated there: 200 pairs × 3, ten pairs a person
    assert (study["pairs"], study["ratings"], study["raters"]) == (200, 600, 60)
    shown = run_command("plan", "--preset", "paper", "--gpu-price", "4").stdout
    assert "1,625 items × 27 conditions = 43,875 prompts" in shown
    told = " ".join(shown.split())
    assert "at 4 USD an hour" in told
    assert "200 pairs of messages that are asked for warmth alone" in told
    assert "600 ratings by 60 raters; 10 pairs per rater" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--preset", "papers"], "expected --preset paper or the path"),
        (["--gpu-price", "4"], "go with --preset"),
        (["--base", "packaged"], "go with --write"),
        (["--write", "x"], "name one with --preset"),
        (["--preset", "paper", "--write", "x"], "the preset paper has meta-llama/Llama-3.1-8B"),
        (["--preset", "paper", "--generating-share", "2"], "generating_share"),
    ],
)
def test_a_plan_that_cannot_be_made_ends_with_one_sentence(options, told):
    done = run_command("plan", *options)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_a_study_in_the_size_of_a_preset_is_set_up_by_one_command(tmp_path):
    folder = tmp_path / "paper"
    command = ("plan", "--preset", "paper", "--write", folder, "--base", "packaged")
    shown = " ".join(run_command(*command).stdout.split())
    # 1,625 items but for the 125 of disinformation
    assert "1,500 items × 27 conditions = 40,500 prompts" in shown
    assert "Left out, of the plan too: disinformation," in shown
    assert "Left out, of the plan too: warmth," in shown
    assert "Messages that are asked for warmth alone" not in shown
    assert f"warmth-audit run --study {folder}" in shown
    assert 'write shape = "paper_compat" into [evaluation]' in shown
    assert "40,500 pairs, 121,500 ratings" in shown
    assert read_settings(folder / "study.toml").seed == 1
    again = run_command(*command)
    assert again.returncode == 2
    assert "name another with --write" in again.stderr
    other = tmp_path / "other"
    own = tmp_path / "own.jsonl"
    own.write_text("", encoding="utf-8")
    named = ("--items", f"disinformation={own}", "--items", f"warmth={own}")
    options = (*named, "--seed", 5, "--json")
    found = json.loads(run_command(*command[:4], other, *command[5:], *options).stdout)
    assert found["written"] == {"folder": str(other), "left_out": []}
    assert (found["cost"]["items"], found["cost"]["warmth"]["n_ratings"]) == (1625, 600)
    assert found["assumptions"]["ratings"]["pairs_per_rater"] == 10
    assert read_settings(other / "study.toml").seed == 5


def test_a_preset_beside_a_study_is_refused(study_file):
    done = run_command("plan", study_file, "--preset", "paper")
    assert done.returncode == 2
    assert "not both" in done.stderr
