"""Batch files: how requests are divided among them."""

import json

import pytest

from evaluation.serving.batch_files import BatchLimits, write_batches
from evaluation.serving.completions import ChatRequest
from study.errors import DiskFull
from study.settings import DecodingSettings

LABELS = {"base": "original", "ft:base:us::1": "warm"}


def requests(model, n):
    return [
        (ChatRequest(f"{model}/{number}", model, "Is it so?", 7), DecodingSettings())
        for number in range(n)
    ]


def custom_ids(file):
    return [json.loads(line)["custom_id"] for line in file.read_text("utf-8").splitlines()]


def test_what_is_above_the_number_for_one_file_goes_into_the_next(tmp_path):
    asked = requests("base", 5) + requests("ft:base:us::1", 2)
    limits = BatchLimits(n_requests=2, n_bytes=10_000)
    written = write_batches(tmp_path / "asked.jsonl", asked, "openai", LABELS, limits)
    assert {file.name: n for file, n in written.items()} == {
        "asked-original.jsonl": 2,
        "asked-original-2.jsonl": 2,
        "asked-original-3.jsonl": 1,
        "asked-warm.jsonl": 2,
    }
    assert [one for file in written for one in custom_ids(file)] == [
        request.request_id for request, _ in asked
    ]


def test_no_file_is_larger_than_it_may_be(tmp_path):
    file = tmp_path / "asked.jsonl"
    (whole,) = write_batches(file, requests("base", 4), "openai", LABELS)
    n_bytes = whole.stat().st_size
    # the four lines are equally long: two fit below the half, with the byte that is lacking one
    for limit, parts in ((n_bytes // 2, 2), (n_bytes // 2 - 1, 4)):
        limits = BatchLimits(n_requests=9, n_bytes=limit)
        written = write_batches(file, requests("base", 4), "openai", LABELS, limits)
        assert len(written) == parts
        assert max(part.stat().st_size for part in written) <= limit


def test_parts_of_an_earlier_longer_batch_are_not_left_to_be_sent_again(tmp_path):
    file = tmp_path / "asked.jsonl"
    write_batches(file, requests("base", 4), "openai", LABELS, BatchLimits(1, 10_000))
    assert len(list(tmp_path.iterdir())) == 4
    (whole,) = write_batches(file, requests("base", 4), "openai", LABELS)
    assert list(tmp_path.iterdir()) == [whole]


def test_files_that_cannot_be_written_leave_nothing_behind(tmp_path):
    (tmp_path / "asked-warm.jsonl.partial").mkdir()
    asked = requests("base", 2) + requests("ft:base:us::1", 2)
    with pytest.raises(DiskFull, match=r"asked\.jsonl could not be written"):
        write_batches(tmp_path / "asked.jsonl", asked, "openai", LABELS)
    assert [file.name for file in tmp_path.iterdir()] == ["asked-warm.jsonl.partial"]
