"""The command `warmth` on tables, as a shell sees it, with a tiny GPT-2; its keys are a promise."""

import csv
import json
import math

import pytest
from command_line import run_command
from tiny_model import make_tiny_gpt2

from evaluation.warmth import load_meter, score_texts

pytestmark = pytest.mark.model


def warmth(*arguments):
    return run_command("warmth", *arguments)


@pytest.fixture(scope="module")
def meter(tmp_path_factory):
    return make_tiny_gpt2(tmp_path_factory.mktemp("models") / "tiny-gpt2", seed=3)


ROWS = [
    ("We are with you, friend.", "The answer is right.", "a"),
    ("", "No.", "a"),
    ('He said "help", and why.', "One hundred.", "b"),
    ("That sounds hard.", " ", "b"),
    ("Bread is still the same for you.", "Yeast makes a gas.", "c"),
]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "pairs.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("warm", "plain", "scene"), *ROWS])
    return path


def test_pairs_are_scored_ranked_and_counted(table, meter):
    done = warmth(
        *(table, "--text", "warm", "--against", "plain", "--item", "scene"),
        *("--meter", meter, "--json", "--seed", "4"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["measure"]["meter"] == "tiny-gpt2"
    assert (found["measure"]["mode"], found["measure"]["seed"], found["seed"]) == (
        "manner",
        None,
        4,
    )
    assert (found["n_rows"], found["n_left_out"]) == (5, 2)
    loaded = load_meter(meter)
    assert found["measure"]["meter_sha256"] == loaded.sha256
    for column, name in enumerate(("warm", "plain")):
        expected = score_texts(loaded, [row[column] for row in ROWS], "manner", seed=0)
        expected = [None if math.isnan(score) else score for score in expected]
        assert found["scores"][name] == pytest.approx(expected, abs=1e-6)
    higher = [
        one > two
        for one, two in zip(found["scores"]["warm"], found["scores"]["plain"], strict=True)
        if one is not None and two is not None
    ]
    share = found["ranking"]["paired_share"]
    assert (share["value"], share["n"], share["n_units"]) == (sum(higher) / 3, 3, 3)
    assert found["ranking_by_length"]["paired_share"]["value"] == 1.0


def test_the_paper_mode_says_what_it_drew_and_people_see_tables(table, meter):
    done = warmth(
        *(table, "--text", "warm", "--meter", meter, "--mode", "paper", "--passes", "2"),
        *("--seed", "5"),
    )
    assert done.returncode == 0, done.stderr
    assert "Warmth of texts" in done.stdout
    assert "seed 5, passes 2" in " ".join(done.stdout.split())
    assert "warmer than" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--text", "warmth"), "expected a column 'warmth'"),
        ((), "expected --text, the column of pairs.csv to score"),
        (("--text", "warm", "--against", "warm"), "got 'warm' twice"),
        (
            ("--text", "warm", "--study", "x"),
            "--study goes without a FILE; leave out the one or the other",
        ),
        (("--text", "warm", "--passes", "3"), "--passes goes with --mode paper, got manner"),
        (("--text", "warm", "--meter", "./nowhere"), "expected a model folder at ./nowhere"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(table, meter, arguments, says):
    given = arguments if "--meter" in arguments else (*arguments, "--meter", meter)
    done = warmth(table, *given)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())


def test_options_of_a_file_need_one():
    done = warmth("--text", "warm")
    assert (done.returncode, "--text goes with a FILE" in done.stderr) == (2, True)


def test_numbers_in_a_text_column_are_refused(tmp_path, meter):
    path = tmp_path / "a.jsonl"
    path.write_text('{"warm": 1}\n{"warm": 2}\n')
    done = warmth(path, "--text", "warm", "--meter", meter)
    assert done.returncode == 2
    assert "expected texts in column 'warm' of a.jsonl, got 1 in row 1" in done.stderr


def test_a_list_of_objects_is_a_table_too(tmp_path, meter):
    path = tmp_path / "a.json"
    path.write_text('[{"warm": "you"}, {"warm": "We are here."}]')
    found = json.loads(warmth(path, "--text", "warm", "--meter", meter, "--json").stdout)
    assert len(found["scores"]["warm"]) == found["n_rows"] == 2
