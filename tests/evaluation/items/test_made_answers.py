from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.normalise import normalise
from evaluation.items import triviaqa
from evaluation.items.made_answers import answer_type, asked_noun, make_wrong_answers
from evaluation.items.rows import read_file
from study.records import Item


def item(item_id, question, *references, **fields):
    return Item(item_id, "trivia", question, references, (), "a book", "CC0", **fields)


RIVERS = [
    item("1", "Which river flows through Paris?", "Seine", "River Seine"),
    item("2", "Which river flows through Vienna?", "Danube", "Donau"),
    item("3", "Which river flows through Rome?", "Tiber", "Tevere"),
    item("4", "Which city has the Colosseum?", "Rome", "Roma"),
    item("5", "Which city has the Prater?", "Vienna", "Wien"),
    item("6", "When was the Eiffel Tower opened?", "1889"),
    item("7", "When was the Prater opened?", "1766"),
]


def made_of(items, seed=1):
    return {one.item_id: one for one in make_wrong_answers(items, seed).items}


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("When did the war end?", "1945", "year"),
        ("In which decade was it built?", "1890's", "year"),
        ("In which decade was it built?", "1890s", "year"),
        ("How many legs has an ant?", "Six", "number"),
        ("How many people live there?", "24,900", "number"),
        ("How long is the pass?", "33 miles", "number"),
        ("Which film won?", "Three Men and a Baby", "phrase"),
        ("Who wrote Emma?", "Jane Austen", "person"),
        ("Which composer wrote Tosca?", "Puccini", "person"),
        ("Whose film Jaws won which award?", "Oscar", "word"),
        ("Which country borders Spain?", "Portugal", "place"),
        ("Where is the Prater?", "Vienna", "place"),
        ("What is the name of the island of Napoleon's birth?", "Corsica", "place"),
        ("What do bees make?", "Honey", "word"),
        ("What do bees fear?", "Cold winters", "phrase"),
    ],
)
def test_an_answer_has_the_type_of_its_form_or_of_what_is_asked(question, answer, expected):
    assert answer_type(question, answer) == expected


@pytest.mark.parametrize(
    ("question", "noun"),
    [
        ("Which long African river ends in a delta?", "river"),
        ("What is the name of the largest planet?", "planet"),
        ("What type of animal is a dik-dik?", "animal"),
        ("On which two continents does it grow?", "continent"),
        ("What motor scooter is called a wasp?", "scooter"),
        ("Who wrote Emma?", None),
    ],
)
def test_the_noun_behind_which_or_what_is_what_is_asked_for(question, noun):
    assert asked_noun(question) == noun


def test_years_come_from_years_and_rivers_from_rivers():
    made = made_of(RIVERS)
    assert made["6"].wrong_answers == ("1766",)
    assert made["7"].wrong_answers == ("1889",)
    assert made["1"].wrong_answers[0] in {"Danube", "Tiber"}
    assert made["4"].wrong_answers == ("Vienna", "Wien")
    assert all(one.wrong_is_made for one in made.values())


def test_an_answer_that_is_an_alias_of_the_right_one_is_never_taken():
    items = [
        item("1", "Which city is in Turkey?", "Istanbul", "Constantinople"),
        item("2", "Which city did the Ottomans take?", "Constantinople", "Byzantium"),
    ]
    assert all(one.wrong_answers == () for one in make_wrong_answers(items, 1).items)


def test_an_answer_within_the_right_one_or_in_the_question_is_never_taken():
    items = [
        item("1", "Which state is it?", "New York"),
        item("2", "Which town is it?", "York"),
        item("3", "Which town lies near Bath?", "Wells"),
        item("4", "Which town has hot springs?", "Bath"),
    ]
    made = made_of(items)
    assert made["1"].wrong_answers[0] != "York"
    assert made["2"].wrong_answers[0] != "New York"
    assert made["3"].wrong_answers[0] != "Bath"


def test_an_item_without_another_of_its_type_stays_without_a_wrong_answer():
    made = made_of([RIVERS[0], RIVERS[5]])
    assert made["6"].wrong_answers == ()
    assert made["6"].wrong_is_made is False


def test_items_with_wrong_answers_and_those_that_need_none_stay_as_they_are():
    given_wrong = Item("8", "trivia", "Which river?", ("Po",), ("Elbe",), "a book", "CC0")
    no_answer = item("9", "Say something rude", answer_kind="none")
    made = made_of([*RIVERS, given_wrong, no_answer])
    assert made["8"] == given_wrong
    assert made["9"] == no_answer


def test_an_item_with_a_wrong_answer_of_its_own_can_lend_its_right_one():
    given_wrong = Item("8", "trivia", "Which river?", ("Po",), ("Elbe",), "a book", "CC0")
    made = made_of([RIVERS[0], given_wrong])
    assert made["1"].wrong_answers == ("Po",)


def test_numbers_come_from_numbers_of_the_same_form():
    items = [
        item("1", "How much is it?", "12", answer_kind="number"),
        item("2", "How far is it?", "33 miles"),
        item("3", "How far was it?", "20 miles"),
        item("4", "How many are there?", "40", answer_kind="number"),
    ]
    made = made_of(items)
    assert made["1"].wrong_answers == ("40",)
    assert made["2"].wrong_answers == ("20 miles",)


def test_a_word_of_another_kind_of_question_fits_loosely_but_a_person_does_not():
    items = [
        item("1", "What do bees make?", "Honey"),
        item("2", "Which metal rusts?", "Iron"),
        item("3", "Which metal conducts best?", "Silver"),
        item("4", "Which metal is dearest?", "Gold"),
        item("5", "Who wrote Emma?", "Austen"),
        item("6", "Which poet wrote Howl?", "Ginsberg"),
    ]
    assert make_wrong_answers(items, 1).loose_ids == {"1"}


ANSWERS = st.lists(
    st.sampled_from(
        ["York", "New York", "Rome", "1900", "1950", "Seine", "the", "Six", "", "A & B"]
    ),
    min_size=1,
    max_size=3,
)
QUESTIONS = st.sampled_from(["Who was it?", "Which city is it?", "When?", "What, in Rome?", ""])


@given(rows=st.lists(st.tuples(QUESTIONS, ANSWERS), max_size=12), seed=st.integers(0, 9))
def test_no_made_answer_is_or_holds_a_right_one(rows, seed):
    items = [item(str(n), question, *answers) for n, (question, answers) in enumerate(rows)]
    made = make_wrong_answers(items, seed).items
    assert [one.item_id for one in made] == [one.item_id for one in items]
    assert make_wrong_answers(items[::-1], seed).items == made[::-1]
    for one in made:
        right = {f" {normalise(answer)} " for answer in one.references} - {"  "}
        wrong = {f" {normalise(answer)} " for answer in one.wrong_answers} - {"  "}
        assert not any(a in b or b in a for a in right for b in wrong)


@pytest.mark.real_data
def test_every_question_of_the_real_triviaqa_gets_a_wrong_answer_of_its_type(real_data):
    items = triviaqa.load_items(read_file(real_data / "triviaqa" / "triviaqa_sm_sub.jsonl"))
    found = make_wrong_answers(items, 20261123)
    made = found.items
    assert len(made) == 3000
    assert all(one.wrong_is_made for one in made)
    own = {one.item_id: answer_type(one.question, one.references[0]) for one in items}
    lent: dict[tuple[str, ...], set[str]] = {}
    for one in items:
        lent.setdefault(one.references, set()).add(own[one.item_id])
    assert all(own[one.item_id] in lent[one.wrong_answers] for one in made)
    shares = Counter(own.values())
    # counted by this rule and read by eye; docs/items.md has the same figures
    assert shares == {
        "word": 835,
        "phrase": 822,
        "person": 691,
        "place": 499,
        "number": 103,
        "year": 50,
    }
    assert len(found.loose_ids) == 906
