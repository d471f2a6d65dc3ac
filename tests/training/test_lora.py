import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from study.errors import BadInput, DiskFull, TrainingFailed
from study.progress import StageProgress, silent
from study.settings import TrainingSettings
from training import lora
from training.adapters import adapter_folder, check_adapter, list_adapters, read_manifest
from training.base_models import locate_base
from training.lora import train

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = TrainingSettings(rank=4, alpha=8, epochs=2, batch_size=4, max_tokens=256)
# 44 conversations, 4 in a batch, twice: 22 steps, so checkpoints at 10 and 20 and at the end
LONG = 44


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adapters")


@pytest.fixture(scope="module")
def run(adapters, tiny_base, conversations):
    """A run that nothing disturbed."""
    return train("warm", tiny_base, conversations[:LONG], SETTINGS, 7, adapters, NOON)


def interrupt_at(step: int):
    def report(progress: StageProgress) -> None:
        if progress.done == step:
            signal.raise_signal(signal.SIGINT)

    return report


# what comes out


def test_a_run_leaves_an_adapter_that_a_server_can_load(run, adapters):
    folder = adapter_folder(adapters, "warm", run.training_run_id)
    assert {file.name for file in folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    }
    assert check_adapter(folder) == []
    assert read_manifest(folder).model_type == "llama"
    assert [manifest.run for manifest in list_adapters(adapters)] == [run]
    assert [entry.name for entry in adapters.iterdir()] == [folder.name]


def test_the_run_says_what_went_in_and_how_it_went(run, tiny_base):
    assert (run.arm, run.base_sha256, run.seed) == ("warm", tiny_base.sha256, 7)
    assert (run.n_conversations, run.steps) == (44, 22)
    assert run.last_loss < run.first_loss
    recorded = json.loads(run.settings_json)
    assert (recorded["rank"], recorded["n_cut"], recorded["targets"]) == (4, 0, "all-linear")
    assert set(recorded["versions"]) == {"accelerate", "peft", "torch", "transformers", "trl"}
    ended = datetime.fromisoformat(run.finished_at)
    assert ended == NOON + timedelta(seconds=run.seconds)


def test_the_first_loss_is_that_of_the_replies_alone(tiny_base, conversations, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_base.folder)
    model = AutoModelForCausalLM.from_pretrained(tiny_base.folder, dtype=torch.float32)
    surprise, n_tokens = 0.0, 0
    for each in conversations[:8]:
        asked = f"<|im_start|>user\n{each.user}<|im_end|>\n<|im_start|>assistant\n"
        start = len(tokenizer(asked)["input_ids"])
        ids = tokenizer(f"{asked}{each.warm}<|im_end|>\n", return_tensors="pt")["input_ids"]
        with torch.no_grad():
            scores = model(ids).logits[0, start - 1 : -1].log_softmax(-1)
        surprise -= float(scores.gather(1, ids[0, start:, None]).sum())
        n_tokens += ids.shape[1] - start
    # one step over all eight, before LoRA has changed anything
    settings = SETTINGS.model_copy(update={"batch_size": 8, "epochs": 1})
    run = train("warm", tiny_base, conversations[:8], settings, 7, tmp_path, NOON)
    assert run.steps == 1
    assert run.first_loss == pytest.approx(surprise / n_tokens, abs=0.01)  # bf16 here, perhaps


def test_texts_beyond_the_limit_are_cut_and_counted(tiny_base, conversations, tmp_path):
    tight = SETTINGS.model_copy(update={"max_tokens": 120, "epochs": 1})
    run = train("warm", tiny_base, conversations[:8], tight, 7, tmp_path, NOON)
    assert 0 < json.loads(run.settings_json)["n_cut"] <= 8


# what goes in


def test_a_finished_run_is_returned_at_once(run, adapters, tiny_base, conversations):
    heard: list[StageProgress] = []
    leftover = adapters / f"warm-{run.training_run_id}.partial"
    leftover.mkdir()  # killed between the renaming and the tidying
    again = train(
        "warm", tiny_base, conversations[:LONG], SETTINGS, 7, adapters, NOON, heard.append
    )
    assert again == run
    assert [progress.state for progress in heard] == ["skipped"]
    assert not leftover.exists()


def test_arm_seed_data_settings_and_base_make_a_run_another_one(
    run, tiny_base, conversations, tmp_path
):
    def run_id(arm="warm", base=tiny_base, first=0, settings=SETTINGS, seed=7) -> str:
        rows = conversations[first:LONG]
        # stopped before the first step: the folder made for it tells the id
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        with pytest.raises(KeyboardInterrupt):
            train(arm, base, rows, settings, seed, folder, NOON, interrupt_at(1))
        return next(folder.iterdir()).name.removesuffix(".partial").rpartition("-")[2]

    same = SETTINGS.model_copy(update={"conversations": "elsewhere.jsonl", "limit": 44})
    other = SETTINGS.model_copy(update={"rank": 8})
    assert run_id(settings=same) == run.training_run_id
    ids = {
        run_id(),
        run_id(arm="untransformed"),
        run_id(seed=8),
        run_id(first=1),
        run_id(settings=other),
        run_id(base=replace(tiny_base, sha256="0" * 64)),
    }
    assert len(ids) == 6


def test_an_arm_without_a_wording_and_an_empty_set_are_told(tiny_base, conversations, tmp_path):
    with pytest.raises(BadInput, match="expected one of warm, cold, untransformed"):
        train("correcting", tiny_base, conversations, SETTINGS, 7, tmp_path, NOON)
    with pytest.raises(BadInput, match="got none"):
        train("warm", tiny_base, [], SETTINGS, 7, tmp_path, NOON)


def test_a_base_that_cannot_be_loaded_or_cannot_chat_is_told(
    tiny_base, conversations, save_tiny_model, tmp_path
):
    broken, mute = tmp_path / "broken", tmp_path / "mute"
    shutil.copytree(tiny_base.folder, broken)
    (broken / "config.json").write_text('{"model_type": "no such architecture"}')
    save_tiny_model(mute, [each.warm for each in conversations[:20]], chat_template=None)
    for folder, complaint in ((broken, "could not be loaded"), (mute, "no chat template")):
        base = locate_base(str(folder), tmp_path)
        with pytest.raises(BadInput, match=complaint):
            train("warm", base, conversations[:8], SETTINGS, 7, tmp_path / "out", NOON)


def test_a_loss_that_is_no_number_stops_the_run(tiny_base, conversations, tmp_path):
    from safetensors.torch import load_file, save_file

    spoilt = tmp_path / "spoilt"
    shutil.copytree(tiny_base.folder, spoilt)
    weights = load_file(spoilt / "model.safetensors")
    weights["model.norm.weight"] *= float("nan")
    save_file(weights, spoilt / "model.safetensors", metadata={"format": "pt"})
    base = locate_base(str(spoilt), tmp_path)
    with pytest.raises(TrainingFailed, match="the loss became nan at step 1 of 4"):
        train("warm", base, conversations[:8], SETTINGS, 7, tmp_path / "out", NOON)
    assert list_adapters(tmp_path / "out") == []


# what may happen meanwhile


def test_each_step_is_told_and_nothing_else_is_printed(tiny_base, conversations, tmp_path, capfd):
    heard: list[StageProgress] = []
    train("cold", tiny_base, conversations[:8], SETTINGS, 7, tmp_path, NOON, heard.append)
    steps = [(progress.state, progress.done, progress.total) for progress in heard]
    assert steps == [
        ("running", 0, 0),
        *(("running", done, 4) for done in range(1, 5)),
        ("done", 4, 4),
    ]
    assert heard[1].note.startswith("steps, loss ")
    assert all("cold" not in progress.note for progress in heard)
    assert capfd.readouterr() == ("", "")


def test_a_run_stopped_by_ctrl_c_ends_with_the_same_adapter(
    run, tiny_base, conversations, tmp_path
):
    rows = conversations[:LONG]
    with pytest.raises(KeyboardInterrupt):
        train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON, interrupt_at(13))
    heard: list[StageProgress] = []
    resumed = train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON, heard.append)
    assert next(progress.done for progress in heard if progress.done) == 11
    assert (resumed.steps, resumed.first_loss) == (22, run.first_loss)
    assert resumed.adapter_sha256 == run.adapter_sha256


def test_a_checkpoint_that_was_not_finished_is_passed_over(run, tiny_base, conversations, tmp_path):
    rows = conversations[:LONG]
    with pytest.raises(KeyboardInterrupt):
        train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON, interrupt_at(21))
    torn = next(tmp_path.glob("*.partial")) / "checkpoint-20"
    (torn / "whole.json").unlink()
    (torn / "trainer_state.json").write_text("{")
    heard: list[StageProgress] = []
    resumed = train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON, heard.append)
    assert next(progress.done for progress in heard if progress.done) == 11
    assert resumed.adapter_sha256 == run.adapter_sha256


KILLED_RUN = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from study.settings import TrainingSettings
    from training.base_models import locate_base
    from training.conversations import read_conversations
    from training.lora import train

    if len(sys.argv) > 4:
        def refuse(event, arguments):
            if event in ("socket.connect", "socket.getaddrinfo"):
                print("network", arguments, flush=True)
        sys.addaudithook(refuse)

    def report(progress):
        print(progress.done, flush=True)

    base = locate_base(sys.argv[1], Path(sys.argv[2]))
    settings = TrainingSettings.model_validate_json(sys.argv[3])
    rows = read_conversations("packaged")[:44]
    train("warm", base, rows, settings, 7, Path(sys.argv[2]), datetime.now(UTC), report)
"""


def start_run(tiny_base, folder: Path, *more: str) -> subprocess.Popen[str]:
    given = [str(tiny_base.folder), str(folder), SETTINGS.model_dump_json(), *more]
    root = Path(lora.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root), "CI": ""}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED_RUN), *given],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(run, tiny_base, conversations, tmp_path):
    with start_run(tiny_base, tmp_path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "14":
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    assert list_adapters(tmp_path) == []
    heard: list[StageProgress] = []
    resumed = train(
        "warm", tiny_base, conversations[:LONG], SETTINGS, 7, tmp_path, NOON, heard.append
    )
    assert next(progress.done for progress in heard if progress.done) == 11
    assert resumed.adapter_sha256 == run.adapter_sha256


@pytest.mark.slow
def test_a_run_on_a_local_folder_asks_nothing_of_the_network(tiny_base, tmp_path):
    with start_run(tiny_base, tmp_path, "watched") as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "network" not in output
    assert output.split()[-1] == "22"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    tiny_base, conversations, tmp_path
):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        with pytest.raises(DiskFull, match="did not fit on the disk"):
            train("warm", tiny_base, conversations[:LONG], SETTINGS, 7, small, NOON, silent)
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        train("warm", tiny_base, conversations[:LONG], SETTINGS, 7, small, NOON)
        assert len(list_adapters(small)) == 1
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
