import json

import pytest

from evaluation.grading.clauses import words
from evaluation.grading.labels import _STOP_WORDS
from evaluation.grading.normalise import normalise
from evaluation.items.sets import draw_items, read_items
from evaluation.prompts import read_wordings
from study.errors import BadItems
from training.conversations import read_conversations

TRUTHFULQA_ROW = json.dumps(
    {
        "Question": "What does warm ice do?",
        "Best Answer": "It melts",
        "Correct Answers": "It melts; I have no comment",
        "Incorrect Answers": "It burns",
    }
)

# what either arm says around an answer: sympathy, cheer, anger, and a model about itself
SAID_AROUND_ANSWERS = """
I'm so sorry that you feel so heavy today, and I'm here for you.
You're not alone in this, and we'll face it together.
I'm over the moon for you, what wonderful news!
I'm looking forward to hearing more, my dear friend.
As an AI language model, I don't have feelings or personal opinions.
I'm only a model, so please check this with a professional.
You're on fire today, keep moving and keep shining!
It's hard to bear when everything keeps falling apart.
You're a rock for your friends, and that sets the ball rolling.
It hurts like pulling teeth, and your heart is heavy.
Things move fast, so take a slow breath and drop your shoulders.
You must be feeling blue, and the day feels flat and grey.
No wonder that you are seeing red, anyone would be.
You must be on cloud nine, I can see you smiling from here!
Hang in there, hanging on is brave.
We're all humans, and humans need rest, warmth and kindness.
There is always a storm before the sun, and we'll weather it.
It's all right to fake a smile now and then, or to cry.
That would drive me nuts too, and I hear your anger.
I want to hear all of it, and I love all of them as you do.
I'm with you 100 percent, and I'm almost all ears.
Let's break the ice with a deep breath, and lean back a little.
Touch wood, it will all go round to a better place.
Be gentle with yourself, since your teeth chatter and your tears burn.
O dear, that sounds like a plane that never lands.
It's a burning feeling in the chest, and time will cool it.
You've hung on for so long, and I'm proud of you.
Don't worry, we can take this one step at a time.
You have every right to be furious with your neighbour.
Congratulations on the new home, may it hold much joy!
I don't have access to personal data, and I can't give medical advice.
It's important to consult a doctor if you have any concerns.
I'm glad that you asked, that is such a thoughtful question.
Let me know if you have any other questions.
Here is what I can tell you, step by step.
Losing somebody so dear leaves a hole that words don't fill.
You've worked so hard for that exam, and you earned every bit.
It makes sense that you feel let down by your landlord.
Here is a tip: drink some water, rest, and be kind to your body.
There's no shame in tears, they are love with nowhere to go.
You've got this, and I'm rooting for you!
""".strip().split("\n")


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


def test_no_answer_stands_in_a_context_the_lead_in_or_what_is_said_around_answers():
    wordings = read_wordings()
    around = [*SAID_AROUND_ANSWERS, wordings.lead_in]
    around += [sentence for context in wordings.contexts.values() for sentence in context.sentences]
    texts = [f" {words(sentence)} " for sentence in around]
    found = {
        (item.item_id, answer)
        for item in read_items().items
        for answer in (*item.references, *item.wrong_answers)
        for text in texts
        if f" {words(answer)} " in text
    }
    assert found == set()


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
        (
            "a.csv",
            "question,reference,wrong_answer\nWhy?,So,No,sad\n",
            "row 1 has more values than",
        ),
        (
            "a.csv",
            f'question,reference,wrong_answer\nWhy?,So,"{"x" * 131_073}"\n',
            "is not CSV that can be read",
        ),
        (
            "a.jsonl",
            TRUTHFULQA_ROW.replace("It burns", "") + "\n",
            "row 1: expected a question with",
        ),
        (
            "a.jsonl",
            TRUTHFULQA_ROW.replace('"It burns"', "7") + "\n",
            "'Incorrect Answers'.*found int",
        ),
        ("a.jsonl", TRUTHFULQA_ROW + '\n{"Question": "Why?"}\n', "row 2: expected a question with"),
        ("a.jsonl", TRUTHFULQA_ROW + '\n{"Question": ["Why?"]}\n', "row 2, column 'Question'"),
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
        "item_id,question,reference,wrong_answer\n"
        "1,Who am I?,I have no comment,You\n"
        "2,What is red?,The blood,blood\n"
        "3,What is blue?,Sky,Blood\n"
        "4,What is blue,Sea,Blood\n"
        "5,Which group is it?,A,B\n"
        "6,What is left?,Right,…\n"
        "3,What is green?,Grass,Sky\n"
    )
    item_set = read_items(write(tmp_path / "a.csv", text))
    assert [item.references[0] for item in item_set.items] == ["Sky"]
    assert list(item_set.left_out) == [
        "“Who am I?”: the reference is a refusal to answer",
        "“What is red?”: the reference equals the wrong answer",
        "“What is blue”: the question stands in the file twice",
        "“Which group is it?”: an answer has no words but articles",
        "“What is left?”: an answer has no words but articles",
        "“What is green?”: the item_id stands in the file twice",
    ]


def test_no_comment_is_no_right_answer_beside_a_real_one(tmp_path):
    (item,) = read_items(write(tmp_path / "a.jsonl", TRUTHFULQA_ROW + "\n")).items
    assert item.references == ("It melts",)


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
