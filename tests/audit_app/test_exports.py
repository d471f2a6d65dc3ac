"""What leaves the study: codes instead of names, no formula, nothing half-written."""

import csv
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from hub_double import serve_hub

from audit_app.dataset import write_dataset
from audit_app.exports import (
    export_blinded,
    write_identities,
    write_key,
    write_whole,
)
from audit_app.forms import question_order
from study.errors import BadInput
from study.settings import Settings

SECRET = "the owner's"
SETTINGS = Settings(name="exported", question="Does it travel?", seed=7)
ASSIGN = """
    INSERT INTO assignments (
        token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
    VALUES ($token, $rater, 'pair', $purpose, $subject, $first_is_left, $position, $at_time)
"""
RATE = """
    INSERT INTO ratings (
        token, revision, form, warmer, more_accurate, both_bad, reason, seconds, layout,
        is_surplus, idempotency_key, rated_at)
    VALUES ($token, $revision, 'pair', $warmer, 'equal', false, $reason, 9.5, 'columns', false,
        $token || $revision, $at_time)
"""


@pytest.fixture
def study(con: duckdb.DuckDBPyConnection, rows, noon):
    """Two raters on one pair, the second with the sides swapped, a change of mind and a name."""
    rows.add_pair("zz")
    con.execute(
        "INSERT INTO raters VALUES ('anna-b', 'annotator', $t), ('carl-d', 'annotator', $t)",
        {"t": noon},
    )
    con.execute(
        "INSERT INTO identities VALUES ('anna-b', 'prolific', 'pid0001', 'st', 'se', $t)",
        {"t": noon},
    )
    sides = (("t1", "anna-b", True), ("t2", "carl-d", False))
    for token, rater, first_is_left in sides:
        values = {"token": token, "rater": rater, "first_is_left": first_is_left, "position": 0}
        con.execute(ASSIGN, values | {"purpose": "study", "subject": "pair zz", "at_time": noon})
    rate(con, noon, "t1", 1, "left_clearly", "=1+1")
    rate(con, noon, "t2", 1, "equal", "")
    rate(con, noon, "t2", 2, "right_clearly", "plain, with a comma")
    return con


def rate(con, noon, token, revision, warmer, reason):
    values = {"token": token, "revision": revision, "warmer": warmer, "reason": reason}
    con.execute(RATE, values | {"at_time": noon + timedelta(minutes=revision)})


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_ratings_go_out_under_codes_with_sides_as_they_were_seen(study, tmp_path):
    export_blinded(study, SETTINGS, SECRET, tmp_path)
    ratings = read_csv(tmp_path / "ratings.csv")
    assert len(ratings) == 3
    by_answer = {row["warmer"]: row for row in ratings}
    anna, carl = by_answer["left_clearly"], by_answer["right_clearly"]
    assert anna["left_reply"] == carl["right_reply"] != anna["right_reply"] == carl["left_reply"]
    assert anna["subject"] == carl["subject"]
    assert (by_answer["equal"]["is_newest"], carl["is_newest"]) == ("false", "true")
    assert {len(row["rater"]) for row in ratings} == {16}
    replies = {row["reply"]: row["reply_text"] for row in read_csv(tmp_path / "replies.csv")}
    assert replies[anna["left_reply"]] == "first reply zz"


def test_what_is_not_there_has_no_code(study, noon, tmp_path):
    gold = {"token": "t3", "rater": "anna-b", "first_is_left": True, "position": 1}
    study.execute(ASSIGN, gold | {"purpose": "gold", "subject": "g1", "at_time": noon})
    rate(study, noon, "t3", 1, "right_slightly", "")
    export_blinded(study, SETTINGS, SECRET, tmp_path)
    by_answer = {row["warmer"]: row for row in read_csv(tmp_path / "ratings.csv")}
    assert by_answer["left_clearly"]["single_reply"] == ""
    check = by_answer["right_slightly"]
    assert [check[name] for name in ("item", "left_reply", "right_reply", "single_reply")] == [
        ""
    ] * 4
    assert len(check["subject"]) == 16


def test_no_blinded_file_holds_an_id_a_name_or_an_arm(study, tmp_path):
    folder = tmp_path / "dataset"
    folder.mkdir()
    write_dataset(study, SETTINGS, SECRET, folder)
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) == 9
    for file in files:
        content = file.read_bytes()
        names = (
            b"anna-b",
            b"carl-d",
            b"pid0001",
            b"pair zz",
            b"warm response",
            b"original",
            b"t1,",
        )
        found = [name for name in names if name in content]
        assert found == [], file
    columns = duckdb.read_parquet(str(folder / "data" / "ratings.parquet")).columns
    assert "arm" not in columns


def test_codes_stay_the_same_and_hang_on_the_secret(study, tmp_path):
    for name, secret in (("a", SECRET), ("b", SECRET), ("c", "another")):
        (tmp_path / name).mkdir()
        export_blinded(study, SETTINGS, secret, tmp_path / name)
    a, b, c = ((tmp_path / name / "ratings.csv").read_text() for name in "abc")
    assert a == b
    codes = set(re.findall(r"\b[0-9a-f]{16}\b", a))
    assert codes
    assert codes & set(re.findall(r"\b[0-9a-f]{16}\b", c)) == set()


def test_the_key_leads_from_codes_to_arms_and_identities_to_people(study, tmp_path):
    export_blinded(study, SETTINGS, SECRET, tmp_path)
    write_key(study, SECRET, tmp_path / "key.csv")
    write_identities(study, SECRET, tmp_path / "who.csv")
    arms = {row["code"]: row["stands_for"] for row in read_csv(tmp_path / "key.csv")}
    ratings = {row["warmer"]: row for row in read_csv(tmp_path / "ratings.csv")}
    assert arms[ratings["left_clearly"]["left_reply"]] == "warm"
    assert arms[ratings["left_clearly"]["right_reply"]] == "original"
    people = {row["rater"]: row for row in read_csv(tmp_path / "who.csv")}
    anna = people[ratings["left_clearly"]["rater"]]
    assert (anna["rater_id"], anna["subject"]) == ("anna-b", "pid0001")
    assert people[ratings["right_clearly"]["rater"]]["subject"] == ""


def test_what_raters_report_goes_out_with_the_sheet_and_the_texts_they_agreed_to(
    study, noon, tmp_path
):
    study.execute(
        "INSERT INTO remarks VALUES ('t1', 'problem', 1, 'display', '=cut off', 'k1', $t)",
        {"t": noon},
    )
    study.execute(
        "INSERT INTO onboarding_steps VALUES ('anna-b', 'consent', 1, true, $sha256, '{}', $t)",
        {"sha256": "ab" * 32, "t": noon},
    )
    export_blinded(study, SETTINGS, SECRET, tmp_path)
    (remark,) = read_csv(tmp_path / "remarks.csv")
    assert (remark["kind"], remark["reason"], remark["text"]) == ("problem", "display", "'=cut off")
    rated = {row["sheet"]: row["rater"] for row in read_csv(tmp_path / "ratings.csv")}
    assert rated[remark["sheet"]] == remark["rater"]
    raters = read_csv(tmp_path / "raters.csv")
    orders = (question_order("pair", rater, SETTINGS.seed) for rater in ("anna-b", "carl-d"))
    assert {row["question_order"] for row in raters} == {
        f"pair: {', '.join(order)}" for order in orders
    }
    texts = {row["rater"]: row["texts"] for row in raters}
    assert texts.pop(remark["rater"]) == "ab" * 8
    assert list(texts.values()) == [""]


def test_parquet_holds_what_the_csv_does_with_texts_as_they_were(study, tmp_path):
    export_blinded(study, SETTINGS, SECRET, tmp_path)
    stored = duckdb.read_parquet(str(tmp_path / "ratings.parquet"))
    left = stored.filter("warmer = 'left_clearly'").select("reason", "seconds")
    assert left.fetchall() == [("=1+1", 9.5)]
    reasons = {row["reason"] for row in read_csv(tmp_path / "ratings.csv")}
    assert reasons == {"'=1+1", "", "plain, with a comma"}


def test_a_folder_that_fails_half_way_leaves_nothing(tmp_path):
    def fail(draft: Path) -> None:
        (draft / "half.csv").write_text("half")
        raise BadInput("the disk says no")

    with pytest.raises(BadInput, match="the disk says no"):
        write_whole(tmp_path / "out", fail)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="expected a new or empty folder"):
        write_whole(tmp_path, lambda draft: None)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


PUSH = """
import sys
from pathlib import Path
from audit_app.dataset import push_dataset
from study.errors import StudyError
try:
    print(push_dataset(Path(sys.argv[1]), sys.argv[2], "Ratings", is_public=False))
except StudyError as error:
    print(type(error).__name__, error)
"""


def push(folder: Path, name: str, url: str, token: str) -> str:
    # a process of its own: huggingface_hub reads its endpoint once, when it is imported
    environment = os.environ | {"HF_ENDPOINT": url, "HF_TOKEN": token, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", PUSH, str(folder), name],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_dataset_is_pushed_whole_and_private(study, tmp_path):
    folder = tmp_path / "dataset"
    write_whole(folder, lambda draft: write_dataset(study, SETTINGS, SECRET, draft))
    with serve_hub("good token") as hub:
        assert push(folder, "org/exported", hub.url, "good token").endswith("org/exported")
    assert hub.made[0]["visibility"] == "private"
    written = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.*")}
    assert hub.files == written
    assert hub.files["README.md"].startswith(b"---\npretty_name: exported\n")


def test_a_push_that_fails_says_why_in_a_sentence(study, tmp_path):
    (tmp_path / "README.md").write_text("# x")
    with serve_hub("good token") as hub:
        assert push(tmp_path, "org/x", hub.url, "bad token").startswith("BadInput the hub refused")
        assert "expected a dataset's name" in push(tmp_path, "a/b/c", hub.url, "good token")
    answer = push(tmp_path, "org/x", hub.url, "good token")
    assert answer.startswith("AppUnreachable the hub did not answer")
