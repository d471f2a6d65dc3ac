import json

import pytest

from evaluation.grading.labels import _STOP_WORDS
from evaluation.grading.normalise import normalise
from evaluation.items.sets import draw_items, read_items
from study.errors import BadItems
from training.conversations import read_conversations


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_packaged_set_has_eighty_items_of_four_tasks_each_with_a_source():
    item_set = read_items()
    assert len(item_set.items) >= 80
    assert item_set.left_out == ()
    assert {item.task for item in item_set.items} == {
        "trivia",
        "misconceptions",
        "medical",
        "conspiracies",
    }
    assert all(len(item.source) > 10 for item in item_set.items)


def test_no_right_answer_stands_in_its_question_or_within_the_wrong_answer():
    for item in read_items().items:
        question = f" {normalise(item.question)} "
        for right in map(normalise, item.references):
            assert f" {right} " not in question, item.item_id
            for wrong in map(normalise, item.wrong_answers):
                assert f" {right} " not in f" {wrong} ", item.item_id
                assert f" {wrong} " not in f" {right} ", item.item_id


def test_no_training_conversation_answers_an_item():
    # an item is given away by a conversation that says its answer and shares a third of the
    # content words of its question; these share words but tell of something else
    unrelated = {"trivia-26", "misconceptions-06", "medical-03"}
    given_away = set()
    texts = [
        f" {normalise(conversation.user + ' ' + conversation.neutral)} "
        for conversation in read_conversations("packaged")
    ]
    for item in read_items().items:
        topic = {word for word in normalise(item.question).split() if len(word) > 3} - _STOP_WORDS
        for text in texts:
            says_it = any(f" {normalise(answer)} " in text for answer in item.references)
            if says_it and len(topic & set(text.split())) >= max(1, len(topic) // 3):
                given_away.add(item.item_id)
    assert given_away - unrelated == set()


def test_a_csv_and_a_jsonl_with_the_same_rows_give_the_same_items(tmp_path):
    table = write(
        tmp_path / "a.csv",
        "question,reference,aliases,wrong_answer\nWho wrote Emma?,Jane Austen,Austen; J. Austen,Eliot\n",
    )
    row = {
        "question": "Who wrote Emma?",
        "reference": "Jane Austen",
        "aliases": ["Austen", "J. Austen"],
        "wrong_answer": "Eliot",
    }
    lines = write(tmp_path / "a.jsonl", json.dumps(row) + "\n")
    (from_csv,) = read_items(table).items
    (from_jsonl,) = read_items(lines).items
    assert from_csv == from_jsonl
    assert from_csv.references == ("Jane Austen", "Austen", "J. Austen")


def test_both_layouts_of_truthfulqa_are_read(tmp_path):
    old = "Type,Category,Question,Best Answer,Correct Answers,Incorrect Answers,Source\n"
    new = "Type,Category,Question,Best Answer,Best Incorrect Answer,Correct Answers,Incorrect Answers,Source\n"
    rest = '"It melts; Ice melts","It burns; It sinks",https://example.org\n'
    first = write(tmp_path / "old.csv", old + "A,B,What does warm ice do?,It melts," + rest)
    second = write(
        tmp_path / "new.csv", new + "A,B,What does warm ice do?,It melts,It sinks," + rest
    )
    (one,) = read_items(first).items
    (other,) = read_items(second).items
    assert one.references == other.references == ("It melts", "Ice melts")
    assert one.wrong_answers == ("It burns", "It sinks")
    assert other.wrong_answers == ("It sinks", "It burns")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "prompt,answer\nhi,there\n", "columns prompt, answer"),
        ("a.csv", "", "no rows"),
        ("a.csv", "question,reference,wrong_answer\nWhy?,,No\n", "row 1, column 'reference'"),
        ("a.csv", "question,reference,wrong_answer,mood\nWhy?,So,No,sad\n", "column 'mood'"),
        ("a.jsonl", '{"question": "Why?"\n', "line 1 is not JSON"),
        ("a.jsonl", '["Why?"]\n', "line 1 is not a JSON object"),
    ],
)
def test_a_file_with_wrong_columns_is_refused_in_one_sentence(tmp_path, name, text, says):
    with pytest.raises(BadItems, match=says) as caught:
        read_items(write(tmp_path / name, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadItems, match=r"nowhere\.csv"):
        read_items(str(tmp_path / "nowhere.csv"))


def test_suspicious_items_are_left_out_and_counted(tmp_path):
    text = (
        "question,reference,wrong_answer\n"
        "Who am I?,I have no comment,You\n"
        "What is red?,The blood,blood\n"
        "What is blue?,Sky,Blood\n"
        "What is blue,Sea,Blood\n"
    )
    item_set = read_items(write(tmp_path / "a.csv", text))
    assert [item.references[0] for item in item_set.items] == ["Sky"]
    assert [reason.split(": ")[1] for reason in item_set.left_out] == [
        "the reference is a refusal to answer",
        "the reference equals the wrong answer",
        "the question stands in the file twice",
    ]


def test_drawing_shares_out_evenly_over_tasks_and_depends_on_the_seed():
    items = read_items().items
    drawn = draw_items(items, 10, seed=1)
    per_task = {task: sum(item.task == task for item in drawn) for task in {i.task for i in items}}
    assert sorted(per_task.values()) == [2, 2, 3, 3]
    assert drawn == draw_items(items, 10, seed=1)
    assert drawn != draw_items(items, 10, seed=2)
    assert draw_items(items, None, seed=1) == list(items)


@pytest.mark.real_data
def test_the_real_truthfulqa_loads(real_data):
    item_set = read_items(str(real_data / "truthfulqa" / "TruthfulQA.csv"))
    assert len(item_set.items) + len(item_set.left_out) == 790
    assert len(item_set.items) > 700
