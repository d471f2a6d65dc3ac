import json
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evaluation.benchmark_export import AskedPrompt, read_asked, write_benchmark
from evaluation.imported_replies import read_reply_file
from evaluation.items import generic
from evaluation.items.sets import read_items
from evaluation.items.table import insert_items
from evaluation.prompts import build_prompts, insert_prompts, read_wordings
from evaluation.row_files import Table
from evaluation.study_imports import ImportNames, build_import
from study.errors import BadItems, MissingStage
from study.migrations import migrate
from study.records import Item, Prompt
from study.settings import DecodingSettings, EvaluationSettings, Settings

SETTINGS = Settings(name="pilot", question="Does warmth cost accuracy?", seed=7)
BELIEFS = ("none", "asserts_wrong", "denies_right")


@pytest.fixture(scope="module")
def asked():
    items = read_items().items[:4]
    of_id = {item.item_id: item for item in items}
    prompts = build_prompts(items, ("none", "sad"), BELIEFS, read_wordings(), seed=7)
    return [AskedPrompt(prompt, of_id[prompt.item_id]) for prompt in prompts]


def rows_of(folder):
    with (folder / "data" / "prompts.jsonl").open(encoding="utf-8", newline="\n") as lines:
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
        assert (row["answer_kind"], row["options"]) == (
            one.item.answer_kind,
            list(one.item.options),
        )


def test_the_target_is_the_option_as_the_prompt_shows_it(tmp_path):
    options = ("red", "Blue;Red", "Blue")
    item = Item("i", "t", "Which?", ("blue",), ("red",), "by hand", "CC0", "option", options)
    prompt = Prompt("p", "i", "none", "none", "Which?\nA. red\nB. Blue;Red\nC. Blue")
    write_benchmark([AskedPrompt(prompt, item)], SETTINGS, tmp_path)
    (row,) = rows_of(tmp_path)
    assert (row["target"], row["references"]) == (["Blue"], ["blue"])


def test_the_sampling_is_the_studys_and_the_card_says_what_inspect_cannot_send(asked, tmp_path):
    decoding = DecodingSettings(temperature=0.7, repetition_penalty=1.2, samples=3)
    sampled = SETTINGS.model_copy(update={"evaluation": EvaluationSettings(decoding=decoding)})
    write_benchmark(asked, sampled, tmp_path)
    assert json.loads((tmp_path / "sampling.json").read_text(encoding="utf-8")) == {
        "temperature": 0.7,
        "max_tokens": 64,
        "seed": 7,
        "repetition_penalty": 1.2,
        "samples": 3,
    }
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert """--extra-body '{"repetition_penalty": 1.2}'""" in card


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


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9)
# names are told without the blanks around them
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9).filter(str.strip)
NUMBERS = st.integers(-999, 9999).map(str)


@st.composite
def planned_items(draw):
    """Items as a generic file gives them, of every kind of answer."""
    rows = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["text", "option", "number"]))
        answers = NUMBERS if kind == "number" else TEXTS
        options = draw(st.lists(TEXTS, min_size=2, max_size=5)) if kind == "option" else []
        reference = draw(st.sampled_from(options)) if options else draw(answers)
        row = {"question": f"{draw(TEXTS)} {number}?", "reference": reference, "options": options}
        row |= {"answer_kind": kind, "category": draw(NAMES), "task": draw(NAMES)}
        row |= {"source": draw(NAMES), "licence": draw(NAMES)}
        if kind != "option":
            row |= {"wrong_answer": draw(answers), "aliases": draw(st.lists(answers, max_size=2))}
        rows.append(row)
    try:
        items = generic.load_items(Table("drawn.jsonl", rows))
    except BadItems:  # such as one of blanks alone
        items = []
    made = draw(st.booleans())
    return [replace(item, wrong_is_made=made) for item in items if item.references]


@given(planned_items())
def test_what_goes_out_comes_back_as_the_same_items(tmp_path_factory, items):
    assume(items)
    of_id = {item.item_id: item for item in items}
    prompts = build_prompts(items, ("none", "sad"), ("none",), read_wordings(), seed=7)
    folder = tmp_path_factory.mktemp("drawn")
    write_benchmark([AskedPrompt(one, of_id[one.item_id]) for one in prompts], SETTINGS, folder)
    replies = folder / "replies.jsonl"
    with replies.open("w", encoding="utf-8") as file:
        for row in rows_of(folder):
            for arm in ("original", "warm"):
                file.write(json.dumps(row | {"arm": arm, "reply": "yes"}) + "\n")
    read = read_reply_file(replies, {"prompt": "input"})
    made = build_import(
        read.replies, ImportNames({}, {}, None), 7, datetime(2026, 3, 1, tzinfo=UTC)
    )
    assert {item.item_id: item for item in made.items} == of_id
    assert {(one.item_id, one.context, one.text) for one in made.prompts} == {
        (one.item_id, one.context, one.text) for one in prompts
    }
