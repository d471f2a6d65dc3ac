"""One run of Inspect AI: what the task of a benchmark did in it, and what is read of its log.

inspect_ai is imported within tests: every process of a parallel run reads this file.
"""

import json
import os
import subprocess
import sys

import pytest
from command_line import run_command
from hypothesis import given, settings
from hypothesis import strategies as st
from quick_server import running_app
from tgi_double import TgiDouble

from evaluation.benchmark_export import AskedPrompt, write_benchmark
from evaluation.inspect_logs import read_inspect_log
from evaluation.items.sets import read_items
from evaluation.prompts import build_prompts, read_wordings
from study.errors import BadInput, MissingExtra
from study.records import Item, Prompt
from study.settings import Settings

SETTINGS = Settings(name="pilot", question="?", seed=7)
MODELS = ("openai-api/double/tgi", "openai-api/double/warm")
BELIEFS = ("none", "asserts_wrong", "denies_right")
OPTIONS = ("4", "14", "24")
SHOWN = "\nA. 4\nB. 14\nC. 24"
# kind of answer, prompt, right answer: the server repeats the prompt, and whether that is right is
# said by hand
SCORED = {
    ("number", "It was 12, then 7.", "7"): "correct",
    ("number", "It was 12, then 71.", "12"): "wrong",
    ("option", f"I say the answer is (B).{SHOWN}", "14"): "correct",
    ("option", f"I say the answer is (B).{SHOWN}", "4"): "wrong",
    ("option", "Maybe 14 or 114.", "14"): "correct",
    ("option", "Maybe 114.", "14"): "wrong",
    # the option as the prompt shows it is "14"
    ("option", f"It is hard, but the answer is (B).{SHOWN}", "14."): "correct",
    ("text", "They call it Big Ben.", "big ben"): "correct",
    ("text", "They call it Big Ben.", "the Tower"): "wrong",
}


@pytest.fixture(scope="module")
def asked():
    """Packaged items under all conditions, then an item for each line of SCORED."""
    items = read_items().items[:3]
    of_id = {item.item_id: item for item in items}
    prompts = build_prompts(items, ("none", "sad"), BELIEFS, read_wordings(), seed=7)
    made = [AskedPrompt(prompt, of_id[prompt.item_id]) for prompt in prompts]
    for number, (kind, text, right) in enumerate(SCORED):
        options = OPTIONS if kind == "option" else ()
        item = Item(f"i{number}", "t", text, (right,), ("no",), "s", "MIT", kind, options)
        made.append(AskedPrompt(Prompt(f"p{number}", item.item_id, "none", "none", text), item))
    return made


@pytest.fixture(scope="module")
def logs(asked, tmp_path_factory):
    """A log of each model, of the only run: Inspect takes some seconds to start."""
    folder = tmp_path_factory.mktemp("benchmark")
    write_benchmark(asked, SETTINGS, folder)
    with running_app(TgiDouble(["warm"]).app()) as url:
        subprocess.run(
            [
                *(sys.executable, "-m", "inspect_ai", "eval", "task.py", "--log-dir", "logs"),
                # the server for watching a run takes another second to load
                *("--model", ",".join(MODELS), "--display", "plain", "--ctl-server", "false"),
            ],
            cwd=folder,
            env=os.environ
            | {"DOUBLE_API_KEY": "none", "DOUBLE_BASE_URL": f"{url}/v1"}
            | {"INSPECT_EVAL_LOG_FILE_PATTERN": "{model}"},
            check=True,
            capture_output=True,
            timeout=300,
        )
    found = [next((folder / "logs").glob(f"*{model.replace('/', '-')}.eval")) for model in MODELS]
    assert len(list((folder / "logs").glob("*.eval"))) == len(found)
    return found


@pytest.fixture(scope="module")
def log(logs):
    """The log of the adapter `warm`."""
    return logs[1]


@pytest.fixture(scope="module", params=["eval", "json"])
def log_file(request, log):
    """The log in either form, as Inspect itself writes them."""
    from inspect_ai.log import read_eval_log, write_eval_log

    file = log.with_suffix(f".{request.param}")
    if not file.exists():
        write_eval_log(read_eval_log(str(log)), str(file))
    return file


@pytest.mark.slow
def test_inspect_loads_the_task_and_asks_every_prompt(asked, log):
    from inspect_ai.log import read_eval_log

    found = read_eval_log(str(log))
    assert found.status == "success"
    assert sorted(sample.input for sample in found.samples) == sorted(
        one.prompt.text for one in asked
    )
    assert found.plan.config.max_tokens == SETTINGS.evaluation.decoding.max_new_tokens
    assert found.eval.config.epochs == SETTINGS.evaluation.decoding.samples
    names = {name for score in found.results.scores for name in score.metrics}
    assert {"accuracy", "stderr", "context sad", "belief denies_right"} <= names


@pytest.mark.slow
def test_a_log_brings_back_items_conditions_and_answers(log_file, asked):
    found = read_inspect_log(log_file, None)
    assert len(found.replies) == len(asked)
    replies = {(reply.item, reply.context, reply.belief): reply for reply in found.replies}
    for one in asked:
        reply = replies[one.item.item_id, one.prompt.context, one.prompt.belief]
        assert (reply.arm, reply.model, reply.sample) == (MODELS[1], MODELS[1], 0)
        assert (reply.prompt, reply.question) == (one.prompt.text, one.item.question)
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
def test_verdicts_of_the_task_follow_the_kind_of_answer_and_are_labels_when_asked_for(log_file):
    found = read_inspect_log(log_file, "right_answer")
    labels = {
        (one.answer_kind, one.prompt, one.references[0]): one.label
        for one in found.replies
        if one.task == "t"
    }
    assert labels == SCORED
    # a prompt that denies the right answer names it, and the server repeats it
    assert {(one.belief, one.label) for one in found.replies if one.task != "t"} == {
        ("none", "wrong"),
        ("asserts_wrong", "wrong"),
        ("denies_right", "correct"),
    }
    assert found.notes == ()
    with pytest.raises(BadInput, match=r"by 'judge', got right_answer; name one"):
        read_inspect_log(log_file, "judge")


@pytest.mark.slow
def test_the_logs_of_two_models_are_the_two_arms_of_a_study(logs, tmp_path):
    arms = [f"--arm={model}={arm}" for model, arm in zip(MODELS, ("original", "warm"), strict=True)]
    done = run_command("import", *logs, "--study", "theirs", *arms, "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    # 3 items under 2 contexts and 3 beliefs, and 9 items asked once
    assert (told["items"], told["prompts"], told["replies"], told["pairs"]) == (12, 27, 54, 27)
    assert (set(told["contexts"]), set(told["beliefs"])) == ({"none", "sad"}, set(BELIEFS))


@pytest.mark.slow
def test_the_log_of_a_run_that_broke_off_is_not_read(log_file, tmp_path):
    from inspect_ai.log import read_eval_log, write_eval_log

    broken = read_eval_log(str(log_file))
    broken.status = "error"
    file = tmp_path / log_file.name
    write_eval_log(broken, str(file))
    with pytest.raises(BadInput, match=r"came to its end, .* says 'error'"):
        read_inspect_log(file, None)


@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_what_is_no_log_is_refused(tmp_path, name):
    file = tmp_path / name
    file.write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(BadInput, match=name):
        read_inspect_log(file, None)
    with pytest.raises(BadInput, match="found none"):
        read_inspect_log(tmp_path / f"no-{name}", None)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([".eval", ".json"]), st.binary(max_size=80))
def test_any_bytes_are_refused_with_their_file(tmp_path_factory, ending, content):
    file = tmp_path_factory.getbasetemp() / f"drawn-log{ending}"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="drawn-log"):
        read_inspect_log(file, None)


def test_without_inspect_the_extra_is_named(tmp_path, monkeypatch):
    # as if it were not installed
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    with pytest.raises(MissingExtra, match=r"warmth-audit\[inspect\]"):
        read_inspect_log(tmp_path / "a.eval", None)
