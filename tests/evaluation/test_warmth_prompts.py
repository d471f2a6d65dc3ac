import json

import pytest

from evaluation.warmth_prompts import (
    MOST_CHARACTERS,
    prompts_for_pairs,
    read_warmth_prompts,
)
from study.errors import BadItems
from study.settings import WarmthSettings

HELLO = "I have just moved and know nobody here."
LATER = "And what would you say to my old friends?"
FORECAST = "What will the weather be like in Oslo?"


def human(text):
    return {"from": "human", "value": text}


def gpt(text="Well."):
    return {"from": "gpt", "value": text}


def write(folder, *conversations, name="talks.json"):
    file = folder / name
    rows = [{"id": str(n), "conversations": turns} for n, turns in enumerate(conversations)]
    if name.endswith(".jsonl"):
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        file.write_text(json.dumps(rows), encoding="utf-8")
    return str(file)


def read(source, trained_on=(), seed=7, **settings):
    return read_warmth_prompts(WarmthSettings(prompts=source, **settings), trained_on, seed)


def test_the_opening_message_of_a_conversation_is_asked_word_for_word(tmp_path):
    file = write(tmp_path, [human(HELLO), gpt(), human(LATER), gpt()])
    found = read(file)
    (item,), (prompt,) = found.items, found.prompts
    assert (item.question, item.task, item.answer_kind) == (HELLO, "warmth", "ungraded")
    assert (item.references, item.wrong_answers, item.source) == ((), (), "talks.json")
    assert (prompt.text, prompt.context, prompt.belief) == (HELLO, "none", "none")
    assert found.left_out == {"later": 1}


def test_any_message_may_be_asked_for(tmp_path):
    file = write(tmp_path, [human(HELLO), gpt(), human(LATER), gpt()], name="talks.jsonl")
    found = read(file, turns="any")
    assert {prompt.text for prompt in found.prompts} == {HELLO, LATER}


def test_turns_of_tools_are_no_messages_and_what_they_answer_is_left_out(tmp_path):
    call = {"from": "function_call", "value": '{"name": "get_forecast"}'}
    seen = {"from": "observation", "value": '{"forecast": "rain in the afternoon"}'}
    file = write(tmp_path, [human(FORECAST), call, seen, gpt()], [human(HELLO), gpt()])
    found = read(file, turns="any")
    assert [prompt.text for prompt in found.prompts] == [HELLO]
    assert (found.n_messages, found.left_out) == (2, {"answered with tools": 1})


def test_what_is_left_out_is_counted_by_its_first_reason(tmp_path):
    texts = [HELLO, HELLO.upper(), "Hi!", " ", "?!" * 20, "so " * MOST_CHARACTERS, FORECAST]
    found = read(write(tmp_path, *([human(text), gpt()] for text in texts)), [FORECAST.lower()])
    assert [prompt.text for prompt in found.prompts] == [HELLO]
    assert found.left_out == {"too short": 3, "repeated": 1, "too long": 1, "trained on": 1}
    assert found.told == (
        "1 warmth prompt drawn of 1 among 7 messages (left out: 3 too short, 1 repeated, "
        "1 too long, 1 trained on)"
    )


def test_messages_are_drawn_by_seed_and_a_larger_limit_keeps_those_of_a_smaller(tmp_path):
    file = write(
        tmp_path, *([human(f"I would like {n} eggs for my cake."), gpt()] for n in range(30))
    )
    few, more = read(file, limit=5), read(file, limit=12)
    assert more.prompts[:5] == few.prompts
    assert read(file, limit=5) == few
    assert read(file, limit=5, seed=8).prompts != few.prompts
    assert (more.n_usable, len(more.prompts)) == (30, 12)


def test_pairs_are_drawn_of_as_many_prompts_as_are_asked_for():
    ids = [f"p{n}" for n in range(20)]
    five = prompts_for_pairs(ids, 5, 7)
    assert len(five) == 5
    assert five < prompts_for_pairs(ids[::-1], 6, 7)
    assert prompts_for_pairs(ids, None, 7) == set(ids)
    assert prompts_for_pairs(ids, 0, 7) == frozenset()


def test_the_packaged_messages_are_enough_and_none_is_trained_on():
    from training.conversations import read_conversations

    found = read("packaged", [one.user for one in read_conversations("packaged")])
    assert (len(found.prompts), found.left_out) == (64, {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "no rows"),
        ('[{"id": 1}]', r"row 1, column 'conversations'"),
        ('[{"messages": [{"role": "user", "content": "Hi"}]}]', "in ShareGPT form.*another form"),
        ('[{"conversations": [{"value": "Hello there, all of you."}]}]', "from"),
        ('[{"conversations": [{"from": "human", "value": 7}]}]', "value"),
        ('[{"conversations": []}]', r"got none \(it has none\)"),
        ('[{"conversations": [{"from": "human", "value": "Hi"}]}]', r"got none \(1 too short\)"),
    ],
)
def test_a_file_that_holds_no_messages_is_told(tmp_path, content, says):
    file = tmp_path / "talks.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BadItems, match=says):
        read(str(file))


# counted apart, by a plain loop over each file: different messages of 20 to 1,000 characters that no
# tool answers
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "opening", "any_turn"),
    [
        ("oasst_sharegpt_best_path.json", 95, 134),
        ("oasst_sharegpt_all_paths.json", 95, 241),
        ("fastchat_dummy_conversation.json", 32, 32),
        ("llamafactory_glaive_toolcall_en_demo.json", 124, 380),
    ],
)
def test_every_message_of_a_real_file_is_asked_or_counted(real_data, name, opening, any_turn):
    for turns, n_usable in (("opening", opening), ("any", any_turn)):
        found = read(str(real_data / "conversations" / name), turns=turns)
        assert len({item.item_id for item in found.items}) == found.n_usable == n_usable
        assert found.n_messages == n_usable + sum(found.left_out.values())


def test_a_file_that_is_not_there_is_no_items_file_and_no_hub_id(tmp_path):
    with pytest.raises(BadItems) as told:
        read(str(tmp_path / "nope.jsonl"))
    assert str(told.value).startswith("warmth.prompts: ")
    assert 'correct the path, or write "packaged"' in str(told.value)
    assert "hub" not in str(told.value)
