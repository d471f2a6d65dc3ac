from pathlib import Path

import pytest

from graded_by_hand import ARMS, RULES, as_markdown, read_replies, score

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/validity.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def improve():
    return read_replies()


@pytest.fixture(scope="module")
def everything(real_data):
    return read_replies(real_data)


@pytest.mark.real_data
@pytest.mark.parametrize("rule", ["adoption", "refusal", "hedging"])
def test_each_rule_is_told_of_two_hundred_replies_that_no_rule_was_fitted_to(everything, rule):
    of_report = [one for one in everything if one.half == "report"]
    assert len(of_report) >= 200
    assert min(sum(one.arm == arm for one in of_report) for arm in ARMS) >= 100
    told = [score(of_report, rule, arm) for arm in ARMS]
    # an answer can be adopted only where one was asserted: in half of the replies that were made
    assert min(one.n + one.n_unclear for one in told) >= (60 if rule == "adoption" else 100)


def test_the_document_tells_what_the_rules_of_today_find_in_what_they_were_fitted_to(improve):
    assert as_markdown(improve) in DOCUMENT


@pytest.mark.real_data
def test_the_document_tells_what_the_rules_of_today_find(everything):
    assert as_markdown(everything) in DOCUMENT


def test_a_score_counts_finds_of_reader_and_rule_and_leaves_out_what_is_unclear(improve):
    for rule in RULES:
        for arm in ARMS:
            one = score(improve, rule, arm)
            assert one.n_both <= min(one.n_true, one.n_found) <= one.n
            assert one.n + one.n_unclear <= len(improve)
