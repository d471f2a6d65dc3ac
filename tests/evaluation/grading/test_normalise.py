import json

import pytest

from evaluation.grading.normalise import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Blue-Green_Deal!", "blue green deal"),
        ("an apple a day", "apple day"),
        ("rock ’n’ roll", "rock n roll"),
        ("THE", ""),
    ],
)
def test_case_articles_signs_and_blanks_do_not_count(text, expected):
    assert normalise(text) == expected


@pytest.mark.real_data
def test_equal_to_the_official_script_on_every_row(real_data):
    lines = (real_data / "triviaqa" / "golden_normalize_answer.jsonl").read_text().split("\n")
    rows = [json.loads(line) for line in lines if line]
    assert len(rows) == 1013
    assert [row for row in rows if normalise(row["text"]) != row["normalized"]] == []
