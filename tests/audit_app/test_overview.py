"""What the owner watches while people rate: counts, people, items, remarks; by hand."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from audit_app.item_progress import ItemProgress, list_items, read_study_progress
from audit_app.overview import count_stored, read_people, read_remarks
from audit_app.pages.owner_parts import remarks_html
from audit_app.raters import invite

INSERT_ASSIGNMENT = """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    VALUES ($token, $rater_id, $form, $purpose, $subject_id,
        if($form = 'pair', true, NULL), $position, $moment)
"""
INSERT_RATING = """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, correct, reason, seconds, layout, is_surplus,
        idempotency_key, rated_at)
    VALUES ($token, $revision, $form, if($form = 'pair', 'equal', NULL),
        if($form = 'pair', 'equal', NULL), if($form = 'reply', 'yes', NULL), '', 9.0, 'columns',
        $is_surplus, $token || $revision, $moment)
"""
INSERT_REMARK = """
    INSERT INTO remarks (token, kind, number, reason, text, idempotency_key, remarked_at)
    VALUES ($token, $kind, 1, $reason, $text, $token || $kind, $moment)
"""
INSERT_SECOND_SKIP = """
    INSERT INTO remarks (token, kind, number, reason, text, idempotency_key, remarked_at)
    VALUES ($token, 'skip', 2, $reason, $text, $token || 'skip 2', $moment)
"""
INSERT_HOLD = """
    INSERT INTO holds (response_id, rule, excerpt, linter, held_at)
    VALUES ($response_id, $rule, 'As an AI', 'by hand', $moment)
"""
INSERT_RELEASE = """
    INSERT INTO hold_releases (response_id, released_by, reason, released_at)
    VALUES ($response_id, 'olga', 'harmless', $moment)
"""
INSERT_STEP = """
    INSERT INTO onboarding_steps (
        rater_id, step, attempt, passed, texts_sha256, answers_json, recorded_at)
    VALUES ($rater_id, $step, $attempt, $passed, 'hash', '{}', $moment)
"""
INSERT_STATE = """
    INSERT INTO rater_states (rater_id, revision, state, reason, changed_by, changed_at)
    VALUES ($rater_id, $revision, $state, $reason, 'olga', $moment)
"""


@dataclass(frozen=True)
class SoFar:
    """What the seating would say of one rater."""

    done: int
    total: int


class WorkRows:
    """What raters leave in the tables."""

    def __init__(self, con, noon):
        self.con = con
        self.noon = noon
        self.n = 0

    def give(self, rater, subject, purpose="study", form="pair"):
        self.n += 1
        row = {"token": f"sheet {self.n}", "rater_id": rater, "form": form, "purpose": purpose}
        place = {"subject_id": subject, "position": self.n, "moment": self.noon}
        self.con.execute(INSERT_ASSIGNMENT, row | place)
        return f"sheet {self.n}"

    def rate(self, token, minute=0, *, form="pair", revision=1, is_surplus=False):
        row = {"token": token, "form": form, "revision": revision, "is_surplus": is_surplus}
        self.con.execute(INSERT_RATING, row | {"moment": self.at(minute)})

    def put(self, statement, minute=0, **values):
        self.con.execute(statement, values | {"moment": self.at(minute)})

    def at(self, minute):
        return self.noon + timedelta(minutes=minute)


@pytest.fixture
def work(con, noon):
    return WorkRows(con, noon)


def people_of(con):
    return {
        person.rater.rater_id: person
        for person in read_people(con, lambda rater_id: SoFar(len(rater_id), 9))
    }


def test_a_changed_rating_counts_once_among_the_sheets_and_twice_among_the_rows(con, rows, work):
    rows.add_pairs(2)
    work.rate(work.give("ada", "pair 00"))
    work.rate("sheet 1", revision=2)
    work.rate(work.give("ada", "pair 01"))
    counts = count_stored(con)
    assert (counts.pairs, counts.rated, counts.rating_rows) == (2, 2, 3)


def test_people_are_annotators_and_auditors_with_what_they_have_done(con, noon):
    invite(con, "owner", noon, "olga")
    invite(con, "auditor", noon + timedelta(1), "alf")
    invite(con, "annotator", noon, "ada")
    people = people_of(con)
    assert list(people) == ["ada", "alf"]
    assert (people["ada"].done, people["ada"].of) == (3, 9)
    assert (people["alf"].done, people["alf"].of) == (0, 0)


def test_a_person_was_last_seen_at_the_newest_rating_draft_or_ruling(con, rows, work, noon):
    rows.add_pairs(2)
    for name in ("ada", "ben", "eve"):
        invite(con, "annotator", noon, name)
    work.rate(work.give("ada", "pair 00"), minute=3)
    con.execute(
        "INSERT INTO drafts (token, answers_json, saved_at) VALUES ($token, '{}', $moment)",
        {"token": work.give("ada", "pair 01"), "moment": work.at(5)},
    )
    work.rate(work.give("ben", "pair 00"), minute=4)
    people = people_of(con)
    assert people["ada"].last_seen == work.at(5).isoformat()
    assert people["ben"].last_seen == work.at(4).isoformat()
    assert people["eve"].last_seen is None


def test_the_standing_says_how_far_into_the_study_somebody_came(con, rows, work, noon):
    rows.add_pairs(1)
    names = ("new", "no", "reads", "failed", "second time", "works", "gone", "back")
    for name in names:
        invite(con, "annotator", noon, name.replace(" ", "-"))
    steps = [("no", "consent", 1, False), ("reads", "consent", 1, True)]
    steps += [(name, "consent", 1, True) for name in ("failed", "second-time")]
    steps += [("failed", "comprehension", attempt, False) for attempt in (1, 2)]
    steps += [("second-time", "comprehension", attempt, attempt > 2) for attempt in (1, 2, 3)]
    for rater_id, step, attempt, passed in steps:
        work.put(INSERT_STEP, rater_id=rater_id, step=step, attempt=attempt, passed=passed)
    work.rate(work.give("works", "pair 00"))
    for rater_id, revision, state in (("gone", 1, "revoked"), ("back", 1, "revoked")):
        work.put(INSERT_STATE, rater_id=rater_id, revision=revision, state=state, reason="a bot")
    work.put(INSERT_STATE, rater_id="back", revision=2, state="active", reason="no bot")
    assert {rater_id: person.standing for rater_id, person in people_of(con).items()} == {
        "new": "invited",
        "no": "declined to take part",
        "reads": "in the introduction",
        "failed": "failed the comprehension check",
        "second-time": "in the introduction",
        "works": "at work",
        "gone": "revoked: a bot",
        "back": "invited",
    }


def test_pairs_are_counted_by_their_ratings_and_surplus_apart(con, rows, work):
    rows.add_pairs(4)
    for rater in ("ada", "ben"):
        work.rate(work.give(rater, "pair 00"))
    work.rate(work.give("eve", "pair 00"), is_surplus=True)
    work.rate(work.give("ada", "pair 01"))
    work.rate("sheet 4", revision=2)
    work.give("ada", "pair 02")  # open, not rated
    work.rate(work.give("ada", "pair 00", purpose="repeat"))
    work.rate(work.give("ada", "warm response 03", form="reply"), form="reply")
    progress = read_study_progress(con, 2)
    assert progress.pairs_by_ratings == (2, 1, 1)
    assert (progress.n_ratings, progress.n_pairs, progress.seats) == (3, 4, 2)
    assert progress.n_surplus == 1
    assert progress.other_forms == (("reply", 1),)


def test_a_pair_with_a_held_back_reply_has_no_seats_until_it_is_released(con, rows, work):
    rows.add_pairs(3)
    for rule in ("role_word", "cut"):
        work.put(INSERT_HOLD, response_id="warm response 00", rule=rule)
    work.put(INSERT_HOLD, response_id="original response 01", rule="cut")
    progress = read_study_progress(con, 3)
    assert (progress.pairs_by_ratings, progress.n_pairs_held) == ((1, 0, 0, 0), 2)
    work.put(INSERT_RELEASE, response_id="original response 01")
    progress = read_study_progress(con, 3)
    assert (progress.n_pairs, progress.n_pairs_held) == (2, 1)


def test_the_least_complete_items_come_first_and_the_others_are_counted(con, rows, work):
    rows.add_pairs(60)
    con.execute("UPDATE items SET question = 'Capital of ' || item_id || '?'")
    for number in range(59):
        work.rate(work.give("ada", f"pair {number:02}"))
    listed = list_items(read_study_progress(con, 2), "")
    assert (len(listed.items), listed.n_matching, listed.n_items) == (50, 60, 60)
    assert listed.items[0] == ItemProgress("Capital of item 59?", 1, 0, 2, 0)
    assert listed.items[1] == ItemProgress("Capital of item 00?", 1, 1, 2, 0)
    found = list_items(read_study_progress(con, 2), " ITEM 4")
    assert (len(found.items), found.n_matching, found.n_items) == (10, 10, 60)


def test_skips_are_counted_by_reason_and_problems_told_with_what_was_shown(con, rows, work):
    rows.add_pairs(2)
    first, second = work.give("ada", "pair 00"), work.give("ben", "pair 01")
    for token, reason in ((first, "unclear"), (second, "unclear")):
        work.put(INSERT_REMARK, token=token, kind="skip", reason=reason, text="")
    work.put(INSERT_REMARK, 1, token=first, kind="problem", reason="text", text="cut off?")
    reply = work.give("ben", "warm response 01", form="reply")
    work.put(INSERT_REMARK, 2, token=reply, kind="problem", reason="other", text="")
    remarks = read_remarks(con)
    assert remarks.skips == (("unclear", 2),)
    told = [(one.rater_id, one.reason, one.text, one.shown) for one in remarks.problems]
    assert told == [
        ("ben", "other", "", "question 01"),
        ("ada", "text", "cut off?", "question 00"),
    ]
    assert remarks.n_problems == 2
    assert remarks.given_up == ()


def test_what_was_skipped_twice_and_goes_to_no_auditor_is_told(con, rows, work):
    rows.add_pairs(1)
    con.execute("INSERT INTO rewrites VALUES ('w', 'c', 'warm', 'Hello?', 'Yes.', 'Yes, dear.')")
    con.execute("INSERT INTO context_sentences VALUES ('s', 'sad', 'I feel low today.')")
    for minutes, rater_id, subject, form in (
        (2, "ada", "pair 00", "pair"),
        (3, "ada", "w", "rewrite"),
        (4, "ben", "s", "context"),
        (5, "ben", "w", "rewrite"),
    ):
        token = work.give(rater_id, subject, form=form)
        work.put(INSERT_REMARK, 1, token=token, kind="skip", reason="unclear", text="")
        if (rater_id, subject) != ("ben", "w"):
            words = {"reason": "distressing", "text": f"no {form}"}
            work.put(INSERT_SECOND_SKIP, minutes, token=token, **words)
    remarks = read_remarks(con)
    told = [(one.rater_id, one.reason, one.text, one.shown) for one in remarks.given_up]
    assert told == [
        ("ben", "distressing", "no context", "I feel low today."),
        ("ada", "distressing", "no rewrite", "Yes."),
    ]
    assert (remarks.n_given_up, remarks.n_problems) == (2, 0)
    page = remarks_html(remarks)
    assert "2 of 2 skipped twice that are no replies of the study" in page
    assert "I feel low today." in page


def test_an_empty_study_has_nothing_to_tell(con):
    assert read_people(con, lambda rater_id: SoFar(0, 0)) == []
    assert read_remarks(con).n_problems == 0
    assert read_study_progress(con, 3).pairs_by_ratings == (0, 0, 0, 0)
