from collections import Counter

import pytest

from audit_app.gold import passes, read_gold, read_gold_file, store_gold
from audit_app.seat_rows import read_gold_ids
from evaluation.blinding_lint import lint_reply
from study.errors import BadInput
from study.records import GoldPair

ONE_PAIR = """
[[pairs]]
purpose = "gold"
prompt_text = "What do bees make?"
first_text = "Milk."
second_text = "Honey, dear."
accepted_warmer = ["second_clearly", "second_slightly"]
accepted_accurate = ["second_clearly"]
source = "a hive"
"""


@pytest.fixture
def pair():
    """Its second reply is warmer; as for accuracy, anything goes but the first."""
    return GoldPair(
        gold_id="g1",
        purpose="gold",
        prompt_text="Q?",
        first_text="one",
        second_text="two",
        accepted_warmer=("second_clearly", "second_slightly"),
        accepted_accurate=("equal", "second_slightly", "cannot_judge"),
        source="by hand",
    )


@pytest.mark.parametrize(
    ("first_is_left", "warmer", "more_accurate", "expected"),
    [
        (True, "right_clearly", "equal", True),
        (True, "right_slightly", "right_slightly", True),
        (False, "left_slightly", "left_slightly", True),
        (False, "left_clearly", "cannot_judge", True),
        (True, "left_clearly", "equal", False),
        (False, "right_clearly", "equal", False),
        (True, "equal", "equal", False),
        (True, "right_clearly", "left_slightly", False),
        (True, "right_clearly", "right_clearly", False),
    ],
)
def test_answers_pass_when_both_are_accepted_whichever_side_stood_left(
    pair, first_is_left, warmer, more_accurate, expected
):
    assert passes(pair, first_is_left, warmer, more_accurate) is expected


def test_an_empty_list_accepts_any_answer(pair):
    anything = GoldPair(**(vars(pair) | {"accepted_accurate": ()}))
    assert passes(anything, True, "right_clearly", "left_clearly")
    assert not passes(anything, True, "left_clearly", "left_clearly")


def test_the_packaged_pairs_are_stored_once_and_read_back(con):
    assert len(store_gold(con, "packaged")) == 12
    assert store_gold(con, "packaged") == read_gold(con).keys()
    assert list(read_gold(con).values()) == sorted(
        read_gold_file("packaged"), key=lambda pair: pair.gold_id
    )


def test_the_packaged_pairs_are_eight_of_gold_and_four_of_attention():
    pairs = read_gold_file("packaged")
    assert Counter(pair.purpose for pair in pairs) == {"gold": 8, "attention": 4}
    assert all(pair.source for pair in pairs)


def test_always_answering_the_same_passes_few_packaged_pairs():
    pairs = read_gold_file("packaged")
    for answer in ("left_clearly", "right_clearly", "equal"):
        for first_is_left in (True, False):
            n_passed = sum(passes(pair, first_is_left, answer, answer) for pair in pairs)
            assert n_passed <= len(pairs) / 2


def test_calling_the_warmer_reply_more_accurate_fails_some_packaged_pairs():
    told = {
        pair.accepted_warmer[:1] + pair.accepted_accurate[:1] for pair in read_gold_file("packaged")
    }
    assert ("first_clearly", "second_clearly") in told
    assert ("second_clearly", "first_clearly") in told


def test_the_packaged_replies_are_like_others_in_length_and_give_nothing_away():
    for pair in read_gold_file("packaged"):
        for text in (pair.first_text, pair.second_text):
            assert 10 <= len(text.split()) <= 60
            assert lint_reply(text, "stop") == []
            assert "\n" not in text


def test_an_attention_pair_says_within_a_reply_what_to_answer_and_names_no_side():
    for pair in read_gold_file("packaged"):
        asks = "please mark this reply as clearly warmer and clearly more accurate"
        asking = [asks in text.lower() for text in (pair.first_text, pair.second_text)]
        assert sum(asking) == (pair.purpose == "attention")
        if pair.purpose == "attention":
            side = "first" if asking[0] else "second"
            assert pair.accepted_warmer == pair.accepted_accurate == (f"{side}_clearly",)
            text = pair.first_text if asking[0] else pair.second_text
            assert 0.2 < text.lower().index(asks) / len(text) < 0.8


def test_a_study_may_have_gold_of_its_own(con, tmp_path):
    (tmp_path / "gold.toml").write_text(ONE_PAIR, encoding="utf-8")
    assert len(store_gold(con, str(tmp_path))) == 1
    (pair,) = read_gold(con).values()
    assert (pair.second_text, pair.accepted_accurate) == ("Honey, dear.", ("second_clearly",))


def test_a_pair_that_was_changed_is_another_pair(con, tmp_path):
    for text in (ONE_PAIR, ONE_PAIR.replace("dear", "darling")):
        (tmp_path / "gold.toml").write_text(text, encoding="utf-8")
        store_gold(con, str(tmp_path))
    assert len(read_gold(con)) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("[[pairs", "gold.toml is not valid TOML"),
        (ONE_PAIR.replace("second_slightly", "right_slightly"), "gold.toml, pairs, 0, accepted_w"),
        (ONE_PAIR.replace('purpose = "gold"', 'purpose = "study"'), "gold.toml, pairs, 0, purpose"),
        (ONE_PAIR.replace('source = "a hive"', ""), "gold.toml, pairs, 0, source"),
        (
            ONE_PAIR.replace('["second_clearly", "second_slightly"]', "[]").replace(
                '["second_clearly"]', "[]"
            ),
            "gold.toml, pair 1: expected answers to accept",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(con, tmp_path, wrong, message):
    (tmp_path / "gold.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        store_gold(con, str(tmp_path))
    assert read_gold(con) == {}


def test_pairs_that_the_file_has_no_more_stay_stored_and_are_not_given(con, tmp_path):
    store_gold(con, "packaged")
    (tmp_path / "gold.toml").write_text(ONE_PAIR)
    in_force = store_gold(con, str(tmp_path))
    (pair,) = read_gold_file(str(tmp_path))
    assert in_force == {pair.gold_id}
    assert len(read_gold(con)) == len(read_gold_file("packaged")) + 1
    given = read_gold_ids(con.cursor(), in_force)
    assert given == {"gold": (pair.gold_id,), "attention": ()}
