from datetime import timedelta

import duckdb
import pytest
from control_rows import NOON, add_reply

from evaluation.controls.replies import describe_control_limits
from study.migrations import migrate

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    return con


def add_one_of_two(con, arm, question, **row):
    add_reply(con, arm, question, "correct", n_in_set=2, **row)


def test_a_set_that_every_arm_answered_whole_has_no_limit(con):
    for arm in ("original", "warm"):
        for question in ("first", "second"):
            add_one_of_two(con, arm, question)
    assert describe_control_limits(con) is None


def test_where_arms_answered_unequally_many_the_fewest_are_told(con):
    add_one_of_two(con, "original", "first")
    add_one_of_two(con, "original", "second")
    add_one_of_two(con, "warm", "first")
    assert describe_control_limits(con) == "1 of 2 questions of gsm8k"


def test_replies_of_a_model_that_was_served_anew_do_not_count(con):
    for question in ("first", "second"):
        add_one_of_two(con, "original", question, model="before")
    add_one_of_two(con, "original", "first", model="now", served_at=LATER)
    assert describe_control_limits(con) == "1 of 2 questions of gsm8k"


def test_a_set_that_the_newest_model_was_not_asked_at_all_says_so(con):
    add_reply(con, "warm", "request", "refuses", kind="none", task="advbench", model="before")
    add_reply(con, "warm", "sum", "correct", model="now", served_at=LATER)
    assert describe_control_limits(con) == "0 of 1 questions of advbench"
