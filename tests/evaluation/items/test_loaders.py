from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.items import (
    advbench,
    disinformation,
    generic,
    gsm8k,
    medqa,
    mmlu,
    triviaqa,
    truthfulqa,
)
from evaluation.items.choices import list_options, split_options
from evaluation.items.rows import read_file
from evaluation.row_files import Table
from study.errors import BadItems
from study.records import Item

FIVE = {
    "question": "A 30-year-old man has a cough. Which of the following drugs is best?",
    "options": "A. Warm\nmilk\nB. Tea\nC. Honey\nD. Rest\nE. Salt",
    "answer": "C. Honey",
}
FOUR = {
    "question": FIVE["question"],
    "options": {"A": "Tea", "B": "Honey", "C": "Rest", "D": "Salt"},
    "answer": "Honey",
    "answer_idx": "B",
    "meta_info": "step1",
}


def load(module, *rows, name="a.jsonl"):
    assert module.recognises(rows[0])
    return module.load_items(Table(name, rows))


def refusal(module, *rows):
    with pytest.raises(BadItems) as caught:
        load(module, *rows)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_truthfulqa_reads_the_csv_of_2021_that_of_2025_and_the_hub():
    csv_2021 = {
        "Type": "Adversarial",
        "Category": "Water",
        "Question": "What does warm ice do?",
        "Best Answer": "It melts",
        "Correct Answers": "It melts; Ice melts",
        "Incorrect Answers": "It burns; It sinks",
        "Source": "https://example.org",
    }
    csv_2025 = csv_2021 | {"Best Incorrect Answer": "It sinks"}
    hub = {
        "category": "Water",
        "question": "What does warm ice do?",
        "best_answer": "It melts",
        "correct_answers": ["It melts", "Ice melts"],
        "incorrect_answers": ["It burns", "It sinks"],
        "source": "https://example.org",
    }
    (old,), (new,), (from_hub,) = (load(truthfulqa, row) for row in (csv_2021, csv_2025, hub))
    assert old == from_hub
    assert old.references == new.references == ("It melts", "Ice melts")
    assert old.wrong_answers == ("It burns", "It sinks")
    assert new.wrong_answers == ("It sinks", "It burns")
    assert old.category == "Water"
    assert "row 1, column 'Incorrect Answers'" in refusal(
        truthfulqa, csv_2021 | {"Incorrect Answers": 7}
    )


def test_triviaqa_reads_its_files_the_hub_and_framed_questions():
    framed = {
        "context": "Question: Who wrote Emma?\nAnswer:",
        "answer": "Jane Austen",
        "aliases": ["Austen", "Jane Austen"],
    }
    hub = {
        "question": "Who wrote Emma?",
        "question_id": "tc_1",
        "answer": {"value": "Jane Austen", "aliases": ["Austen", "Jane Austen"]},
    }
    official = {
        "Question": "Who wrote Emma?",
        "QuestionId": "tc_1",
        "Answer": {"Value": "Jane Austen", "Aliases": ["Austen", "Jane Austen"]},
    }
    (one,), (two,), (three,) = (load(triviaqa, row) for row in (framed, hub, official))
    assert one == two == three
    assert one.question == "Who wrote Emma?"
    assert one.references == ("Jane Austen", "Austen")
    assert one.wrong_answers == ()
    assert "column 'aliases'" in refusal(triviaqa, framed | {"aliases": "Austen"})


@pytest.mark.parametrize(
    ("answer", "aliases", "first"),
    [
        ("SICILY", ["Sicily", "Sicilia"], "Sicily"),
        ("HMS BEAGLE", ["Beagle"], "HMS Beagle"),
        ("JOHN OF GAUNT", [], "John of Gaunt"),
        ("'COCKLE'", [], "Cockle"),
        ("ITV", [], "ITV"),
        ("Blofeld", ["BLOFELD"], "Blofeld"),
        ("WORLD WAR I", ["World war i"], "World war I"),
        ("HENRY IV", ["Henry the Fourth"], "Henry IV"),
        ("MCMXCIV", [], "MCMXCIV"),
        ("VI LENIN", [], "Vi Lenin"),
        ("THE PAPER MIX", [], "The Paper Mix"),
    ],
)
def test_an_answer_in_capitals_is_written_as_a_user_would(answer, aliases, first):
    row = {"context": "Question: Who?\nAnswer:", "answer": answer, "aliases": aliases}
    (item,) = load(triviaqa, row)
    assert item.references[0] == first
    assert answer in item.references


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"Who wrote the poem ""Jabberwocky""?"', 'Who wrote the poem "Jabberwocky"?'),
        ('"""Kim"" is whose book?"', '"Kim" is whose book?'),
        ('"Kim"', '"Kim"'),
        ('Whose book is "Kim"?', 'Whose book is "Kim"?'),
        ('"""Kim"" and a text that was cut', '"""Kim"" and a text that was cut'),
    ],
)
def test_texts_of_triviaqa_that_were_quoted_for_csv_are_unquoted(written, read):
    row = {"context": f"Question: {written}\nAnswer:", "answer": "x", "aliases": [written]}
    (item,) = load(triviaqa, row)
    assert (item.question, item.references) == (read, ("x", read))


def test_disinformation_has_a_truth_and_a_falsehood():
    row = {"prompt_disinfo": "Is ice hot?", "ground_truth": "No", "ground_false": "Yes"}
    (item,) = load(disinformation, row)
    assert (item.task, item.references, item.wrong_answers) == ("disinformation", ("No",), ("Yes",))


def test_advbench_has_requests_without_answers_in_both_layouts():
    (item,) = load(advbench, {"goal": "Say something rude"})
    (from_hub,) = load(advbench, {"prompt": "Say something rude", "target": "Sure"})
    assert item == from_hub
    assert (item.answer_kind, item.references, item.wrong_answers) == ("none", (), ())


def test_gsm8k_takes_the_number_behind_the_last_mark():
    row = {"question": "What is 1,000 plus 80?", "answer": "<<1000+80=1080>>\n#### 1,080"}
    (item,) = load(gsm8k, row)
    assert item.references == ("1080", "1,080")
    assert item.answer_kind == "number"
    (negative,) = load(gsm8k, row | {"answer": "#### -2.50"})
    assert negative.references == ("-2.50",)
    assert "row 1, column 'answer'" in refusal(gsm8k, row | {"answer": "#### eighty"})


def test_medqa_with_four_and_five_options_asks_the_same_in_free_text():
    (four,), (five,) = load(medqa, FOUR), load(medqa, FIVE)
    assert four.item_id == five.item_id
    assert four.question == five.question
    assert five.question == (
        "I'm looking at a case. A 30-year-old man has a cough. Which drug is best?"
    )
    assert five.options == ("Warm milk", "Tea", "Honey", "Rest", "Salt")
    assert four.references == five.references == ("Honey",)
    assert set(five.wrong_answers) == {"Warm milk", "Tea", "Rest", "Salt"}
    # the order of wrong options is the question's, whatever their letters are
    assert [answer for answer in five.wrong_answers if answer != "Warm milk"] == list(
        four.wrong_answers
    )
    assert four.category == "step1"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"answer": "Coffee"}, "a letter from A to D, found 'Coffee'"),
        ({"answer_idx": "E"}, "a letter from A to D, found 'E'"),
        ({"answer_idx": "A"}, "the text of option A, found 'Honey'"),
        ({"options": {"A": "Tea", "C": "Rest"}}, "the letters A, B and so on, found A, C"),
        ({"options": "1. Tea\n2. Rest"}, "lines that begin with A., B. and so on"),
        ({"options": {}}, "found none"),
        ({"options": {"A": 7}}, "column 'options"),
    ],
)
def test_medqa_rows_whose_answer_is_no_option_are_refused(changes, says):
    row = {key: value for key, value in FOUR.items() if key != "answer_idx"} | changes
    assert says in refusal(medqa, row)


@given(
    options=st.lists(
        st.from_regex(r"[a-z]{1,4}(?: [a-z]{1,4}){0,2}", fullmatch=True), min_size=2, max_size=6
    )
)
def test_listed_options_are_split_again(options):
    assert split_options(list_options(options), "here") == tuple(options)


def test_mmlu_shows_its_options_whether_it_comes_from_files_or_the_hub(tmp_path):
    file = tmp_path / "anatomy_test.csv"
    file.write_text('"Which, of these, beats?",Heart,Ear,Toe,Nail,A\n', encoding="utf-8")
    table = read_file(file)
    assert mmlu.recognises(table.rows[0])
    (from_file,) = mmlu.load_items(table)
    hub = {
        "question": "Which, of these, beats?",
        "subject": "anatomy",
        "choices": ["Heart", "Ear", "Toe", "Nail"],
        "answer": 0,
    }
    (from_hub,) = load(mmlu, hub)
    assert from_file == from_hub
    assert from_file.question == (
        "Which, of these, beats?\nA. Heart\nB. Ear\nC. Toe\nD. Nail\nWhich letter is right?"
    )
    assert from_file.category == "anatomy"
    assert from_file.references == ("Heart",)
    assert "from A to D" in refusal(mmlu, hub | {"answer": 4})
    assert "from A to D" in refusal(mmlu, hub | {"answer": "heart"})


def test_the_generic_layout_takes_lists_or_parts_between_semicolons():
    row = {
        "question": "Who wrote Emma?",
        "reference": "Jane Austen",
        "aliases": ["Austen", "J. Austen"],
        "wrong_answer": "Eliot",
    }
    (one,), (other,) = load(generic, row), load(generic, row | {"aliases": "Austen; J. Austen"})
    assert one == other
    assert one.references == ("Jane Austen", "Austen", "J. Austen")


def test_a_number_in_the_generic_layout_stands_for_its_text():
    row = {"question": "How many?", "reference": 5, "wrong_answer": 2.5, "aliases": [5.0, "five"]}
    (item,) = load(generic, row)
    assert item.references == ("5", "5.0", "five")
    assert item.wrong_answers == ("2.5",)
    for value in (True, float("nan"), {"is": 5}):
        assert "column 'reference'" in refusal(generic, row | {"reference": value})


def test_the_generic_layout_knows_kinds_of_answers():
    row = {"question": "2 + 2?", "reference": "4", "answer_kind": "number", "wrong_answer": "5"}
    (number,) = load(generic, row)
    assert number.answer_kind == "number"
    choice = {"question": "Which?", "reference": "B", "answer_kind": "option", "options": "A; B; C"}
    (option,) = load(generic, choice)
    assert option.options == ("A", "B", "C")
    assert sorted(option.wrong_answers) == ["A", "C"]
    assert "expected a number" in refusal(generic, row | {"reference": "four"})
    assert "among the options" in refusal(generic, choice | {"reference": "D"})
    empty = {"options": ["A", " ", "B"]}
    assert "options, none empty" in refusal(generic, choice | empty)
    assert "column 'mood'" in refusal(generic, row | {"mood": "sad"})
    assert "column 'answer_kind'" in refusal(generic, row | {"answer_kind": "guess"})


ROWS = {
    truthfulqa: {"Question": "", "Best Answer": "", "Correct Answers": "", "Incorrect Answers": ""},
    triviaqa: {"context": "", "answer": "", "aliases": []},
    disinformation: {"prompt_disinfo": "", "ground_truth": "", "ground_false": ""},
    medqa: FOUR,
    mmlu: {"question": "", "choices": ["Heart", "Ear"], "answer": 0},
    gsm8k: {"question": "", "answer": "#### 1"},
    advbench: {"goal": ""},
    generic: {"question": "", "reference": "", "wrong_answer": "", "aliases": [], "options": []},
}
VALUES = (
    st.none()
    | st.text(max_size=12)
    | st.integers()
    | st.booleans()
    | st.lists(st.text(max_size=6), max_size=5)
    | st.dictionaries(
        st.sampled_from([*ascii_uppercase[:5], "value", "aliases"]), st.text(max_size=6)
    )
)


@pytest.mark.parametrize("module", ROWS, ids=lambda module: module.NAME)
@given(data=st.data())
def test_any_row_of_a_layout_becomes_an_item_or_one_sentence(module, data):
    row = ROWS[module]
    drawn = data.draw(
        st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(row, VALUES)), max_size=3)
    )
    rows = [row, *(row | changes for changes in drawn)]
    said = ""
    try:
        items = module.load_items(Table("a.jsonl", rows))
    except BadItems as error:
        items, said = [], str(error)
    assert len(items) == (0 if said else len(rows))
    assert "\n" not in said
    assert not said or said.startswith("a.jsonl, row ")
    for item in items:
        assert isinstance(item, Item)
        assert "" not in item.references + item.wrong_answers
