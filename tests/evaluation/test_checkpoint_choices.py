import json
from dataclasses import asdict, replace

import duckdb
import pytest
from made_choice import NOON, make_choice, make_run, make_settings, scored

from evaluation.checkpoint_choices import (
    choose_checkpoint,
    insert_checkpoint_choices,
    measures_of,
    read_newest_choice,
)
from evaluation.checkpoint_tables import checkpoint_table, checkpoints_as_json
from study.migrations import migrate


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    yield con
    con.close()


def test_a_choice_carries_the_rule_its_inputs_and_the_hash_of_the_settings():
    choice = make_choice(0.1, 0.45, 0.5)
    assert (choice.rule, choice.chosen_epochs, choice.chosen_sha256) == (
        "first_within_one_se",
        1,
        "sha-1",
    )
    assert choice.settings_sha256 == make_settings().sha256
    assert make_settings().sha256 != make_settings("best").sha256
    assert (choice.meter_sha256, choice.mode, choice.seed) == ("meter-hash", "manner", 7)
    assert [point.epochs for point in measures_of(choice).points] == [0.5, 1, 2]
    assert measures_of(choice).sha256 == ("sha-0.5", "sha-1", "sha-2")


def test_only_messages_count_that_all_replied_to_with_a_score():
    quiet = scored(0, 0.0, n=12, left_out=("p0",))
    run = make_run(0.1, 0.5, n=11, n_prompts=12, original=quiet)
    measured = measures_of(choose_checkpoint(run, make_settings(), NOON))
    # twelve asked: one original says nothing, one has no reply of the checkpoints
    assert (measured.n_prompts, measured.n_left_out) == (12, 2)
    assert {point.warmth.n for point in measured.points} == {10}
    # each is told apart: the original has eleven scores, checkpoints eleven of twelve
    assert (measured.n_original_without, measured.n_without) == (1, (1, 1))


def test_the_same_measures_under_the_same_settings_are_one_choice(con):
    choice, other = make_choice(0.1, 0.5), make_choice(0.1, 0.5, rule="best")
    assert make_choice(0.1, 0.5) == choice
    assert insert_checkpoint_choices(con, [asdict(choice), asdict(choice), asdict(other)]) == 2
    assert {choice.choice_id, other.choice_id} == {
        row[0] for row in con.execute("SELECT choice_id FROM checkpoint_choices").fetchall()
    }


def test_the_newest_choice_is_read_as_it_was_written(con):
    assert read_newest_choice(con) is None
    choice = make_choice(0.1, 0.5, n=9)
    insert_checkpoint_choices(con, [asdict(choice)])
    found = read_newest_choice(con)
    assert found.chosen_epochs is None
    assert (found.reason, measures_of(found)) == (choice.reason, measures_of(choice))


def test_the_table_says_what_was_taken_and_why():
    table = checkpoint_table(make_choice(0.1, 0.45, 0.5))
    assert [row[-1] for row in table.rows] == ["no", "yes", "no"]
    assert [row[3] for row in table.rows] == ["0 messages"] * 3
    assert [row[2] for row in table.rows] == ["0.1000"] * 3
    assert "the first that is not below +0.4000, one standard error (0.1000) under" in table.note
    assert "10 messages asked, 0 left out" in table.note


def test_a_mode_by_which_the_packaged_meter_does_not_rank_is_told_with_the_choice():
    caution = "by mode masked the packaged meter does not rank texts by warmth"
    chosen = choose_checkpoint(make_run(0.1, 0.5), make_settings(mode="masked"), NOON)
    assert caution in chosen.reason
    other = replace(make_run(0.1, 0.5), meter="gpt2")
    assert caution not in choose_checkpoint(other, make_settings(mode="masked"), NOON).reason
    assert caution not in make_choice(0.1, 0.5).reason
    assert "docs/validity.md has how well it ranks" in checkpoint_table(make_choice(0.1, 0.5)).note


def test_json_keeps_full_precision():
    document = json.loads(json.dumps(checkpoints_as_json(make_choice(0.1, 0.45, 0.5))))
    assert [one["is_chosen"] for one in document["checkpoints"]] == [False, True, False]
    assert document["checkpoints"][1]["warmth"]["value"] == pytest.approx(0.45, abs=1e-12)
    assert document["bar"] == pytest.approx(0.4)
    assert set(document) == {
        *("format", "arm", "training_run_id", "settings_sha256", "rule", "mode", "meter_sha256"),
        *("seed", "chosen_epochs", "chosen_sha256", "reason", "chosen_at", "meter", "engine"),
        *("n_prompts", "n_left_out", "n_original_without_score", "bar", "checkpoints"),
    }
