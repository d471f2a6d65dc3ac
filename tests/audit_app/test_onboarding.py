"""The steps before rating: their order, two attempts, and what a change of the texts undoes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from audit_app.onboarding import (
    last_comprehension,
    next_step,
    record_comprehension,
    record_consent,
    record_practice,
    unanswered,
)
from audit_app.rater_texts import read_rater_texts
from study.errors import BadInput, NotAllowed

TEXTS = read_rater_texts("packaged", "the lab", 3)
OTHER_TEXTS = replace(TEXTS, sha256="another version")
RIGHT = {question.name: question.right for question in TEXTS.comprehension}
WRONG = RIGHT | {"warmth": "What it states is true", "unknown": "I look it up on the web"}
WRONG_AGAIN = RIGHT | {"both_wrong": "“I cannot judge this”"}


@pytest.fixture
def anna(con, noon):
    """Takes steps as one rater, a minute apart."""

    class Anna:
        texts = TEXTS
        now = noon

        def step(self):
            return next_step(con, "anna", self.texts.sha256)

        def tick(self):
            self.now += timedelta(minutes=1)
            return self.now

        def consent(self, agrees=True):
            record_consent(con, "anna", self.texts, agrees, self.tick())
            return self.step()

        def answer(self, answers):
            return record_comprehension(con, "anna", self.texts, answers, self.tick())

        def practise(self):
            record_practice(con, "anna", self.texts, self.tick())
            return self.step()

        def rows(self):
            return con.execute(
                "SELECT step, attempt, passed FROM onboarding_steps ORDER BY recorded_at"
            ).fetchall()

    return Anna()


def test_a_rater_agrees_understands_practises_and_is_admitted(con, anna, noon):
    assert anna.step() == "consent"
    assert anna.consent() == "comprehension"
    assert anna.answer(RIGHT).passed
    assert anna.step() == "practice"
    assert anna.practise() == "admitted"
    assert anna.rows() == [("consent", 1, True), ("comprehension", 1, True), ("practice", 1, True)]
    stored = con.execute("SELECT DISTINCT rater_id, texts_sha256 FROM onboarding_steps").fetchall()
    assert stored == [("anna", TEXTS.sha256)]
    assert next_step(con, "ben", TEXTS.sha256) == "consent"


def test_who_declines_may_agree_later(con, anna):
    assert anna.consent(agrees=False) == "declined"
    with pytest.raises(NotAllowed, match=r"comprehension: .+ whose next is declined"):
        anna.answer(RIGHT)
    assert anna.consent(agrees=False) == "declined"
    assert anna.consent() == "comprehension"
    assert anna.rows() == [("consent", 1, False), ("consent", 2, True)]
    answers = con.execute("SELECT answers_json FROM onboarding_steps ORDER BY attempt").fetchall()
    assert answers == [('{"agrees": false}',), ('{"agrees": true}',)]


def test_no_step_can_be_jumped(anna):
    with pytest.raises(NotAllowed, match=r"comprehension: .+ whose next is consent"):
        anna.answer(RIGHT)
    with pytest.raises(NotAllowed, match=r"practice: .+ whose next is consent"):
        anna.practise()
    anna.consent()
    with pytest.raises(NotAllowed, match=r"practice: .+ whose next is comprehension"):
        anna.practise()
    anna.answer(WRONG)
    with pytest.raises(NotAllowed, match=r"practice: .+ whose next is comprehension"):
        anna.practise()
    assert anna.rows() == [("consent", 1, True), ("comprehension", 1, False)]


def test_a_first_failure_says_what_was_wrong_and_leaves_one_attempt(con, anna):
    anna.consent()
    failed = anna.answer(WRONG)
    assert (failed.passed, failed.wrong, failed.attempts_left) == (
        False,
        ("warmth", "unknown"),
        1,
    )
    assert last_comprehension(con, "anna", TEXTS) == failed
    assert last_comprehension(con, "ben", TEXTS) is None
    assert anna.step() == "comprehension"
    assert anna.answer(RIGHT).passed
    assert anna.step() == "practice"


def test_a_second_failure_refuses_for_good(anna):
    anna.consent()
    anna.answer(WRONG)
    assert anna.answer(WRONG_AGAIN).attempts_left == 0
    assert anna.step() == "refused"
    with pytest.raises(NotAllowed, match="whose next is refused"):
        anna.answer(RIGHT)
    with pytest.raises(NotAllowed, match="got one at refused"):
        anna.consent()
    anna.texts = OTHER_TEXTS
    assert anna.step() == "refused"
    assert len(anna.rows()) == 3


def test_the_same_answers_again_are_the_same_attempt(anna):
    anna.consent()
    assert anna.answer(WRONG) == anna.answer(WRONG)
    assert anna.step() == "comprehension"
    assert anna.answer(RIGHT) == anna.answer(RIGHT)
    assert anna.rows()[1:] == [("comprehension", 1, False), ("comprehension", 2, True)]


def test_an_open_or_made_up_answer_is_no_attempt(anna):
    anna.consent()
    some = {name: answer for name, answer in RIGHT.items() if name != "apart"}
    made_up = RIGHT | {"warmth": "What I say it is"}
    assert unanswered(TEXTS, some) == ("apart",)
    assert unanswered(TEXTS, made_up) == ("warmth",)
    for answers in (some, made_up):
        with pytest.raises(BadInput, match=r"expected one of the answers to choose from"):
            anna.answer(answers)
    assert anna.rows() == [("consent", 1, True)]


def test_what_is_sent_besides_the_answers_is_not_stored(con, anna):
    anna.consent()
    anna.answer(RIGHT | {"name": "Anna Maier"})
    stored = con.execute(
        "SELECT answers_json FROM onboarding_steps WHERE step = 'comprehension'"
    ).fetchall()
    assert "Maier" not in stored[0][0]


def test_steps_done_twice_are_stored_once(anna):
    anna.consent()
    anna.consent()
    anna.answer(RIGHT)
    anna.practise()
    assert anna.practise() == "admitted"
    assert anna.consent() == "admitted"
    assert len(anna.rows()) == 3


def test_who_agreed_does_not_take_it_back_by_an_old_page(anna):
    anna.consent()
    with pytest.raises(NotAllowed, match="got one at comprehension; to stop, just close the page"):
        anna.consent(agrees=False)


def test_a_change_of_the_texts_asks_again_from_consent_on(anna):
    anna.consent()
    anna.answer(RIGHT)
    anna.practise()
    anna.texts = OTHER_TEXTS
    assert anna.step() == "consent"
    assert anna.consent() == "comprehension"
    # attempts are counted anew: the questions may be others
    assert anna.answer(WRONG).attempts_left == 1
    anna.answer(RIGHT)
    assert anna.practise() == "admitted"
    assert [row[:2] for row in anna.rows()[3:]] == [
        ("consent", 2),
        ("comprehension", 2),
        ("comprehension", 3),
        ("practice", 2),
    ]


def test_a_newer_no_outlasts_the_return_of_texts_agreed_to(anna):
    anna.consent()
    anna.texts = OTHER_TEXTS
    anna.consent(agrees=False)
    anna.texts = TEXTS
    assert anna.step() == "consent"


def test_of_many_equal_submits_at_once_one_is_stored(con, anna, noon):
    anna.consent()
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: record_comprehension(con, "anna", TEXTS, WRONG, noon), range(8))
        )
    assert {one.attempts_left for one in made} == {1}
    assert len(anna.rows()) == 2
