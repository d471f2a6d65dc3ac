import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.items.sets import SETS, draw_items, read_items
from study.errors import BadItems
from study.records import Item
from study.settings import ItemSource


def write(tmp_path, name, rows):
    file = tmp_path / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def generic(n, **changes):
    row = {"question": f"Question {n}?", "reference": "Right", "wrong_answer": "Wrong"}
    return row | changes


def trivia(n, answer):
    return {
        "context": f"Question: Who is number {n}?\nAnswer:",
        "answer": answer,
        "aliases": [answer],
    }


def items_of(**sizes):
    return [
        Item(f"{name}-{n}", "task", f"{name} {n}?", ("a",), ("b",), "s", "l", category=name)
        for name, size in sizes.items()
        for n in range(size)
    ]


def test_suspicious_items_are_left_out_counted_and_named(tmp_path):
    file = write(
        tmp_path,
        "a.jsonl",
        [generic(1), generic(2, reference="I have no comment"), generic(3, reference="wrong")],
    )
    item_set = read_items(file)
    assert [item.question for item in item_set.items] == ["Question 1?"]
    assert item_set.doubts == item_set.left_out
    assert [doubt.sentence for doubt in item_set.left_out] == [
        "“Question 2?”: the reference is a refusal to answer",
        "“Question 3?”: the reference equals the wrong answer",
    ]


def test_suspicious_items_that_are_asked_for_stay_doubts(tmp_path):
    rows = [generic(1), generic(2, reference="wrong"), generic(3, reference="")]
    item_set = read_items(write(tmp_path, "a.jsonl", rows), keep_suspicious=True)
    assert [item.question for item in item_set.items] == ["Question 1?", "Question 2?"]
    assert [doubt.kind for doubt in item_set.doubts] == ["same_answer", "no_reference"]
    assert [doubt.kind for doubt in item_set.left_out] == ["no_reference"]


def test_a_set_without_wrong_answers_gets_made_ones_by_seed(tmp_path):
    file = write(tmp_path, "a.jsonl", [trivia(n, f"Name{chr(65 + n)}") for n in range(20)])
    made = read_items(file, 1).items
    assert all(item.wrong_is_made for item in made)
    assert made == read_items(file, 1).items
    assert made != read_items(file, 2).items


def test_a_generic_file_without_the_column_gets_made_ones_too(tmp_path):
    rows = [
        {"question": "Who wrote Emma?", "reference": "Austen"},
        {"question": "Who wrote Middlemarch?", "reference": "Eliot"},
    ]
    made = read_items(write(tmp_path, "a.jsonl", rows)).items
    assert [item.wrong_answers for item in made] == [("Eliot",), ("Austen",)]


def test_a_set_whose_wrong_answers_cannot_be_made_is_refused(tmp_path):
    file = write(tmp_path, "a.jsonl", [{"question": "Who wrote Emma?", "reference": "Austen"}])
    with pytest.raises(BadItems, match=r"no_wrong_answer.*a column wrong_answer") as caught:
        read_items(file)
    assert file in str(caught.value)


def test_unknown_columns_and_sets_are_refused_with_what_was_expected(tmp_path):
    file = write(tmp_path, "a.jsonl", [{"prompt": "hi", "answer": "there"}])
    with pytest.raises(BadItems, match="columns prompt, answer; expected question, reference"):
        read_items(file)
    with pytest.raises(BadItems, match="columns prompt, answer; expected question, options"):
        read_items([ItemSource(source=file, set="medqa")])
    wide = write(tmp_path, "wide.jsonl", [{f"column\n{n}": "x" for n in range(50)}])
    with pytest.raises(BadItems, match=r"columns column 0, .*column 19, …; expected") as caught:
        read_items(wide)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadItems, match="no set is called 'medqq'; known are truthfulqa"):
        read_items([ItemSource(source=file, set="medqq")])


def test_a_name_that_is_neither_file_nor_hub_id_is_refused():
    for name in ("nowhere.csv", "./here/there", "/a/b", "word", "a/b/c"):
        with pytest.raises(BadItems, match="items file"):
            read_items(name)


def test_several_sets_have_a_limit_each(tmp_path):
    one = write(tmp_path, "a.jsonl", [generic(n, task="first") for n in range(9)])
    other = write(tmp_path, "b.jsonl", [generic(n, task="second") for n in range(9, 12)])
    items = read_items([ItemSource(source=one, limit=2), ItemSource(source=other)]).items
    assert Counter(item.task for item in items) == {"first": 2, "second": 3}


def test_a_question_of_two_sets_is_asked_once(tmp_path):
    one = write(tmp_path, "a.jsonl", [generic(1), generic(2)])
    other = write(tmp_path, "b.jsonl", [generic(2), generic(3)])
    item_set = read_items([ItemSource(source=one), ItemSource(source=other)])
    assert [item.question for item in item_set.items] == [f"Question {n}?" for n in (1, 2, 3)]
    assert [doubt.kind for doubt in item_set.doubts] == ["repeated_question"]


def test_a_folder_in_mmlus_layout_is_read_without_its_examples(tmp_path):
    for split in ("dev", "test"):
        (tmp_path / split).mkdir()
        for subject in ("anatomy", "law"):
            file = tmp_path / split / f"{subject}_{split}.csv"
            file.write_text(f"Which {subject} of {split}?,one,two,three,four,B\n", "utf-8")
    items = read_items(str(tmp_path)).items
    assert [item.category for item in items] == ["anatomy", "law"]
    assert all("of test?" in item.question for item in items)


def test_drawing_takes_turns_among_tasks_and_depends_on_the_seed():
    items = read_items().items
    drawn = draw_items(items, 10, seed=1)
    per_task = Counter(item.task for item in drawn)
    assert sorted(per_task.values()) == [2, 2, 3, 3]
    assert drawn == draw_items(items, 10, seed=1)
    assert drawn != draw_items(items, 10, seed=2)
    assert draw_items(items, None, seed=1) == list(items)


def test_a_draw_has_of_each_category_its_share():
    # a tenth of 60, 30 and 10
    drawn = draw_items(items_of(many=60, some=30, few=10), 10, seed=1)
    assert Counter(item.category for item in drawn) == {"many": 6, "some": 3, "few": 1}


@given(
    sizes=st.dictionaries(st.sampled_from("abcde"), st.integers(1, 30), min_size=1),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_any_draw_is_within_one_of_each_categorys_share_and_grows_with_the_limit(sizes, seed, data):
    items = items_of(**sizes)
    limit = data.draw(st.integers(1, len(items)))
    drawn = draw_items(items, limit, seed)
    assert len(drawn) == len({item.item_id for item in drawn}) == limit
    counts = Counter(item.category for item in drawn)
    for name, size in sizes.items():
        assert abs(counts[name] - limit * size / len(items)) <= 1
    if limit > 1:
        assert set(draw_items(items, limit - 1, seed)) < set(drawn)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


@given(
    rows=st.lists(
        st.fixed_dictionaries({"question": TEXTS, "reference": TEXTS, "wrong_answer": TEXTS}),
        min_size=1,
        max_size=6,
    ),
    keep=st.booleans(),
)
def test_every_row_is_asked_or_a_named_doubt(tmp_path_factory, rows, keep):
    file = write(tmp_path_factory.mktemp("rows"), "a.jsonl", rows)
    try:
        item_set = read_items(file, keep_suspicious=keep)
    except BadItems as error:
        said = str(error)
    else:
        said = "none of the "
        assert len(item_set.items) + len(item_set.left_out) == len(rows)
        assert all(item.references and item.wrong_answers for item in item_set.items)
    assert said.startswith("none of the ")
    assert "\n" not in said


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "n_items", "suspicious"),
    [
        ("truthfulqa/TruthfulQA.csv", 752, {"no_comment": 37, "same_answer": 1}),
        ("truthfulqa/disinfo_standin.jsonl", 103, {"no_comment": 7}),
        ("medqa/US_4options_test.jsonl", 1118, {"picture": 116, "needs_options": 39}),
        ("medqa/US_5options_test.jsonl", 1118, {"picture": 116, "needs_options": 39}),
        ("triviaqa/triviaqa_sm_sub.jsonl", 2093, {"loose_wrong_answer": 906, "no_words": 1}),
        ("mmlu", 2749, {"repeated_question": 78}),
        ("gsm8k/test.jsonl", 1319, {}),
        ("advbench/harmful_behaviors_goals.csv", 520, {}),
    ],
)
def test_every_real_set_loads(real_data, name, n_items, suspicious):
    item_set = read_items(str(real_data / name), 20261123)
    assert Counter(doubt.kind for doubt in item_set.left_out) == suspicious
    assert len(item_set.items) == n_items
    assert {item.task for item in item_set.items} <= set(SETS)
