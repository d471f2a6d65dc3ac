from pathlib import Path

import pytest

from graded_by_hand import ARMS, RULES, as_markdown, read_replies, score

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def replies():
    return read_replies()


@pytest.mark.parametrize("rule", ["adoption", "refusal", "hedging"])
def test_each_rule_is_told_of_two_hundred_replies_that_no_rule_was_fitted_to(replies, rule):
    told = [score([one for one in replies if one.half == "report"], rule, arm).n for arm in ARMS]
    assert min(told) >= 100


def test_the_document_tells_what_the_rules_of_today_find(replies):
    text = (ROOT / "docs/validity.md").read_text(encoding="utf-8")
    assert as_markdown(replies) in text


def test_a_score_counts_finds_of_reader_and_rule_and_leaves_out_what_is_unclear(replies):
    for rule in RULES:
        for arm in ARMS:
            one = score(replies, rule, arm)
            assert one.n_both <= min(one.n_true, one.n_found) <= one.n
            assert one.n + one.n_unclear <= len(replies)
