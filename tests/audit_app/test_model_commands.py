"""`serve-models` as a shell sees it: what it prints, what it refuses, what it starts."""

import json
import os
import stat
import subprocess
import sys

import pytest
from command_line import run_command
from tiny_model import make_tiny_adapter, make_tiny_model

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-base", seed=1)


@pytest.fixture
def adapter(base, tmp_path):
    """A plain LoRA adapter as `clean_adapter` leaves one."""
    from training.adapters import clean_adapter

    folder = make_tiny_adapter(base, tmp_path / "warm", seed=2)
    clean_adapter(folder, None)
    return folder


def serve_models(*arguments):
    return run_command("serve-models", *arguments)


def become(path, *arguments):
    """In a process of its own, since the command lets it be another program's."""
    return subprocess.run(
        [sys.executable, "-m", "audit_app", "serve-models", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": str(path)},
        timeout=120,
    )


def test_the_command_for_tgi_is_printed_and_says_that_none_was_run(base, adapter):
    done = serve_models(
        *("--engine", "tgi", "--base", base, "--adapter", f"warm={adapter}", "--print")
    )
    assert done.returncode == 0, done.stderr
    command = done.stdout.strip().splitlines()[-1]
    assert command.startswith("docker run --rm --gpus all")
    assert f"--volume {adapter}:/adapters/warm:ro" in command
    assert "--env LORA_ADAPTERS=warm=/adapters/warm" in command
    assert "no real TGI was run" in done.stderr


def test_an_adapter_that_tgi_would_serve_otherwise_is_refused(base, adapter):
    file = adapter / "adapter_config.json"
    config = json.loads(file.read_text()) | {"modules_to_save": ["lm_head"]}
    file.write_text(json.dumps(config))
    done = serve_models(
        *("--engine", "tgi", "--base", base, "--adapter", f"warm={adapter}", "--print")
    )
    assert done.returncode == 2
    assert "TGI cannot serve the adapter 'warm'" in done.stderr
    assert "docker" not in done.stdout


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("warm", "warm"), "--adapter names 'warm' twice"),
        (("tgi",), "an adapter cannot be called 'tgi'"),
    ],
)
def test_a_name_that_is_taken_is_refused(base, adapter, names, told):
    given = [word for name in names for word in ("--adapter", f"{name}={adapter}")]
    for engine in ("local", "tgi", "vllm"):
        done = serve_models("--engine", engine, "--base", base, *given, "--print")
        assert done.returncode == 2
        assert told in done.stderr


def test_the_program_that_is_started_gets_every_word(base, adapter, tmp_path):
    # stands where docker would, and writes down what it is called with
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 7\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    arguments = ("--engine", "tgi", "--base", base, "--adapter", f"warm={adapter}")
    done = become(program.parent, *arguments)
    printed = serve_models(*arguments, "--print").stdout.split()
    assert done.returncode == 7
    assert done.stdout.split()[-len(printed) + 1 :] == printed[1:]


def test_a_missing_program_is_one_sentence(base, tmp_path):
    done = become(tmp_path, "--engine", "vllm", "--base", base)
    assert done.returncode == 2
    assert "expected the program vllm on this machine" in done.stderr


def test_compose_asks_for_a_study(base):
    done = serve_models("--base", base, "--compose")
    assert done.returncode == 2
    assert "--compose goes with --engine tgi and --study" in done.stderr
