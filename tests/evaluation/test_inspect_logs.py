"""Logs that Inspect AI itself wrote, of the benchmark of a study."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspect_runs import need_inspect, run_task

from evaluation.benchmark_export import AskedPrompt, write_benchmark
from evaluation.inspect_logs import read_inspect_log
from evaluation.items.sets import read_items
from evaluation.prompts import build_prompts, read_wordings
from study.errors import BadInput, MissingExtra
from study.settings import Settings

SETTINGS = Settings(name="pilot", question="?", seed=7)
MODEL = "openai-api/double/warm"


@pytest.fixture(scope="module")
def asked():
    items = read_items().items[:3]
    of_id = {item.item_id: item for item in items}
    prompts = build_prompts(items, ("none", "sad"), ("none",), read_wordings(), seed=7)
    return [AskedPrompt(prompt, of_id[prompt.item_id]) for prompt in prompts]


@pytest.fixture(scope="module", params=["eval", "json"])
def log(request, asked, tmp_path_factory):
    need_inspect()
    folder = tmp_path_factory.mktemp("benchmark")
    write_benchmark(asked, SETTINGS, folder)
    (file,) = run_task(folder, ["warm"], folder / "logs", request.param)
    return file


@pytest.mark.slow
def test_a_log_brings_back_items_conditions_and_answers(log, asked):
    found = read_inspect_log(log, None)
    assert len(found.replies) == len(asked)
    replies = {reply.prompt: reply for reply in found.replies}
    for one in asked:
        reply = replies[one.prompt.text]
        assert (reply.arm, reply.model, reply.sample) == (MODEL, MODEL, 0)
        assert (reply.item, reply.context, reply.belief) == (
            *(one.item.item_id, one.prompt.context),
            one.prompt.belief,
        )
        assert reply.references == one.item.references
        assert reply.wrong_answers == one.item.wrong_answers
        assert (reply.answer_kind, reply.options) == (one.item.answer_kind, one.item.options)
        assert (reply.wrong_is_made, reply.category) == (False, one.item.category or None)
        # the server's answer and count of tokens
        assert reply.reply == f"Oh, dear. {one.prompt.text} (warm)"
        assert reply.n_tokens == 7
        assert json.loads(reply.decoding)["max_tokens"] == 64
    assert [note for note in found.notes if "scores by right_answer left out" in note]


@pytest.mark.slow
def test_verdicts_of_a_scorer_are_labels_when_asked_for(log):
    found = read_inspect_log(log, "right_answer")
    assert {reply.label for reply in found.replies} == {"wrong"}
    assert found.notes == ()
    with pytest.raises(BadInput, match=r"by 'judge', got right_answer; name one"):
        read_inspect_log(log, "judge")


@pytest.mark.slow
def test_the_log_of_a_run_that_broke_off_is_not_read(log, tmp_path):
    from inspect_ai.log import read_eval_log, write_eval_log

    broken = read_eval_log(str(log))
    broken.status = "error"
    file = tmp_path / log.name
    write_eval_log(broken, str(file))
    with pytest.raises(BadInput, match=r"came to its end, .* says 'error'"):
        read_inspect_log(file, None)


@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_what_is_no_log_is_refused(tmp_path, name):
    need_inspect()
    file = tmp_path / name
    file.write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(BadInput, match=name):
        read_inspect_log(file, None)
    with pytest.raises(BadInput, match="found none"):
        read_inspect_log(tmp_path / f"no-{name}", None)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([".eval", ".json"]), st.binary(max_size=80))
def test_any_bytes_are_refused_with_their_file(tmp_path_factory, ending, content):
    need_inspect()
    file = tmp_path_factory.getbasetemp() / f"drawn-log{ending}"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="drawn-log"):
        read_inspect_log(file, None)


def test_without_inspect_the_extra_is_named(tmp_path, monkeypatch):
    # as if it were not installed
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(MissingExtra, match=r"warmth-audit\[inspect\]"):
        read_inspect_log(tmp_path / "a.eval", None)
