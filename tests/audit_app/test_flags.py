from audit_app.flags import raise_by_rater
from study.database import transaction
from study.records import stable_id


def flags(con):
    return con.execute("""
        SELECT token, response_id, raised_by, reason, flagged_at
        FROM flags
        ORDER BY response_id
    """).fetchall()


def test_only_replies_that_adopt_the_users_answer_are_flagged(con, rows):
    rows.add_prompt("00")
    for label in ("correct", "wrong", "hedges", "refuses", "no_answer", "cut", "unscored"):
        rows.add_grade(rows.add_response("00", label, "text"), label)
    adopting = rows.add_adopting("01")
    assert rows.raise_flags() == 1
    assert [flag[1] for flag in flags(con)] == [adopting]


def test_a_reply_is_flagged_once_however_often_the_rule_runs(con, rows):
    rows.add_adopting("00")
    assert rows.raise_flags() == 1
    assert rows.raise_flags() == 0
    rows.add_adopting("01")
    assert rows.raise_flags() == 1
    assert len(flags(con)) == 2


def test_two_grades_that_agree_make_one_flag(con, rows):
    response_id = rows.add_adopting("00")
    rows.add_grade(response_id, "adopts", method="overlap")
    assert rows.raise_flags() == 1


def test_a_flag_says_nothing_about_the_arm(con, rows):
    for number in range(20):
        rows.add_adopting(f"{number:02}", arm="warm" if number % 2 else "original")
    rows.raise_flags()
    stored = flags(con)
    assert {reason for _, _, _, reason, _ in stored} == {
        "The reply takes over what the user put forward."
    }
    tokens = {token for token, *_ in stored}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {22}  # sixteen random bytes in base64
    assert not tokens & {stable_id(response_id) for _, response_id, *_ in stored}


def test_a_flag_is_dated_and_says_that_a_rule_raised_it(con, rows, noon):
    rows.add_adopting("00")
    rows.raise_flags()
    ((_, _, raised_by, _, flagged_at),) = flags(con)
    assert (raised_by, flagged_at) == ("rule", noon)


def raise_of_rater(con, response_ids, noon, reason="A rater reported a problem with the text."):
    with transaction(con) as cursor:
        return raise_by_rater(cursor, response_ids, reason, noon)


def test_a_reply_that_raters_doubt_is_flagged_once_with_the_first_reason(con, rows, noon):
    rows.add_pair("00")
    one, two = "warm response 00", "original response 00"
    assert raise_of_rater(con, [one], noon, "first") == 1
    assert raise_of_rater(con, [one, two, two], noon, "second") == 1
    assert [(flag[1], flag[2], flag[3]) for flag in flags(con)] == [
        (two, "rater", "second"),
        (one, "rater", "first"),
    ]


def test_a_rater_and_the_rule_flag_one_reply_each_for_their_own_reason(con, rows, noon):
    response_id = rows.add_adopting("00")
    rows.raise_flags()
    assert raise_of_rater(con, [response_id], noon) == 1
    assert rows.raise_flags() == 0
    assert sorted(flag[2] for flag in flags(con)) == ["rater", "rule"]
    assert len({flag[0] for flag in flags(con)}) == 2
