import json
from dataclasses import replace

import duckdb
import pytest
from inspect_runs import need_inspect, run_task

from evaluation.benchmark_export import AskedPrompt, read_asked, write_benchmark
from evaluation.items.sets import read_items
from evaluation.items.table import insert_items
from evaluation.prompts import build_prompts, insert_prompts, read_wordings
from study.errors import MissingStage
from study.migrations import migrate
from study.settings import EvaluationSettings, Settings

SETTINGS = Settings(name="pilot", question="Does warmth cost accuracy?", seed=7)
BELIEFS = ("none", "asserts_wrong", "denies_right")


@pytest.fixture(scope="module")
def asked():
    items = read_items().items[:4]
    of_id = {item.item_id: item for item in items}
    prompts = build_prompts(items, ("none", "sad"), BELIEFS, read_wordings(), seed=7)
    return [AskedPrompt(prompt, of_id[prompt.item_id]) for prompt in prompts]


def rows_of(folder):
    lines = (folder / "data" / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_prompt_goes_out_as_it_was_sent(asked, tmp_path):
    written = write_benchmark(asked, SETTINGS, tmp_path)
    assert (written.n_prompts, written.n_items, written.n_left_out) == (24, 4, 0)
    rows = rows_of(tmp_path)
    assert [row["input"] for row in rows] == [one.prompt.text for one in asked]
    assert len({row["id"] for row in rows}) == 24
    for row, one in zip(rows, asked, strict=True):
        assert (row["context"], row["belief"]) == (one.prompt.context, one.prompt.belief)
        assert row["target"] == row["references"] == list(one.item.references)
        assert row["wrong_answers"] == list(one.item.wrong_answers)


def test_the_card_counts_what_is_in_there_and_says_under_which_terms(asked, tmp_path):
    write_benchmark(asked, SETTINGS, tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    head = card.split("---")[1]
    assert "license: apache-2.0" in head
    assert "data_files: data/prompts.jsonl" in head
    for words in ("4 questions", "6 conditions", "24 prompts", "| context sad | 12 |"):
        assert words in card
    assert "Apache-2.0 (4 items)" in card
    assert SETTINGS.sha256 in card
    assert "differ in nothing but the condition" in card
    assert "$" not in card


def test_the_card_of_a_study_in_another_shape_says_so(asked, tmp_path):
    shaped = SETTINGS.model_copy(update={"evaluation": EvaluationSettings(shape="paper_compat")})
    write_benchmark(asked, shaped, tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "Limited: prompts in the shape of paper_compat" in card


def test_prompts_without_a_right_answer_are_left_out_and_counted(asked, tmp_path):
    first = asked[0].item
    open_ones = [
        replace(one, item=replace(one.item, references=(), licence="MIT"))
        if one.item == first
        else one
        for one in asked
    ]
    written = write_benchmark(open_ones, SETTINGS, tmp_path)
    assert (written.n_prompts, written.n_left_out) == (18, 6)
    assert "6 prompts of items without a right answer are left out" in (
        tmp_path / "README.md"
    ).read_text(encoding="utf-8")
    with pytest.raises(MissingStage, match="right answer in the study pilot, got 6 without"):
        write_benchmark([one for one in open_ones if not one.item.references], SETTINGS, tmp_path)


def test_what_a_study_has_stored_is_what_goes_out(asked):
    con = duckdb.connect()
    migrate(con)
    assert read_asked(con) == []
    insert_items(
        con, [vars(item) for item in {one.item.item_id: one.item for one in asked}.values()]
    )
    insert_prompts(con, [vars(one.prompt) for one in asked])
    assert sorted(read_asked(con), key=lambda one: one.prompt.prompt_id) == sorted(
        asked, key=lambda one: one.prompt.prompt_id
    )
    con.close()


@pytest.mark.slow
def test_inspect_loads_the_task_and_asks_every_prompt(asked, tmp_path):
    need_inspect()
    from inspect_ai.log import read_eval_log

    folder = tmp_path / "benchmark"
    folder.mkdir()
    write_benchmark(asked, SETTINGS, folder)
    (file,) = run_task(folder, ["warm"], tmp_path / "logs")
    log = read_eval_log(str(file))
    assert log.status == "success"
    assert {sample.input for sample in log.samples} == {one.prompt.text for one in asked}
    assert log.plan.config.max_tokens == SETTINGS.evaluation.decoding.max_new_tokens
    names = {name for score in log.results.scores for name in score.metrics}
    assert {"accuracy", "stderr", "context sad", "belief denies_right"} <= names
