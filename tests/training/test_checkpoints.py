import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from study.errors import BadInput, BadSettings
from study.progress import StageProgress
from study.settings import TrainingSettings
from training.adapters import adapter_folder, check_adapter, list_adapters, read_manifest
from training.checkpoints import checkpoint_folder, list_checkpoints
from training.lora import train
from training.trainer import kept_steps

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# 44 conversations, 4 in a batch: 11 steps an epoch, so epochs 0.5, 1 and 1.5 end at 6, 11 and 17
EPOCHS = (0.5, 1.0, 1.5)
SETTINGS = TrainingSettings(
    rank=4, alpha=8, epochs=2, batch_size=4, max_tokens=256, checkpoints=EPOCHS
)
LONG = 44


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adapters")


@pytest.fixture(scope="module")
def run(adapters, tiny_base, conversations):
    return train("warm", tiny_base, conversations[:LONG], SETTINGS, 7, adapters, NOON)


@pytest.fixture(scope="module")
def folder(run, adapters):
    return adapter_folder(adapters, "warm", run.training_run_id)


def hashes(folder: Path) -> list[str]:
    return [one.run.adapter_sha256 for one in list_checkpoints(folder, EPOCHS)]


def test_an_adapter_is_kept_after_each_named_epoch_and_at_the_end(run, folder):
    kept = list_checkpoints(folder, EPOCHS)
    assert [one.epochs for one in kept] == [0.5, 1.0, 1.5, 2.0]
    assert [one.run.steps for one in kept] == [6, 11, 17, 22]
    assert len(set(hashes(folder))) == 4
    assert kept[-1].run == run
    for one in kept:
        assert check_adapter(one.folder) == []
        assert read_manifest(one.folder).run == one.run


def test_checkpoints_are_no_adapters_of_arms(run, adapters, folder):
    assert [manifest.run for manifest in list_adapters(adapters)] == [run]
    assert {entry.name for entry in adapters.iterdir()} == {folder.name}


def test_keeping_checkpoints_changes_nothing_about_the_adapter_at_the_end(
    run, tiny_base, conversations, tmp_path
):
    plain = SETTINGS.model_copy(update={"checkpoints": ()})
    other = train("warm", tiny_base, conversations[:LONG], plain, 7, tmp_path, NOON)
    assert other.adapter_sha256 == run.adapter_sha256
    # a run that keeps some has to have them: it is another one
    assert other.training_run_id != run.training_run_id


def test_a_run_stopped_by_ctrl_c_keeps_the_same_checkpoints(
    folder, tiny_base, conversations, tmp_path
):
    def stop(progress: StageProgress) -> None:
        if progress.done == 13:
            signal.raise_signal(signal.SIGINT)

    rows = conversations[:LONG]
    with pytest.raises(KeyboardInterrupt):
        train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON, stop)
    # what a kill may leave of an epoch that comes after the last whole checkpoint
    torn = next(tmp_path.glob("*.partial")) / "epoch-1"
    (torn / "adapter_model.safetensors").write_bytes(b"half")
    resumed = train("warm", tiny_base, rows, SETTINGS, 7, tmp_path, NOON)
    assert hashes(adapter_folder(tmp_path, "warm", resumed.training_run_id)) == hashes(folder)


def test_a_harmed_checkpoint_is_told_and_trained_again(run, tiny_base, conversations, tmp_path):
    short = SETTINGS.model_copy(update={"epochs": 1, "checkpoints": (0.5,)})
    rows = conversations[:16]
    first = train("warm", tiny_base, rows, short, 7, tmp_path, NOON)
    place = adapter_folder(tmp_path, "warm", first.training_run_id)
    weights = checkpoint_folder(place, 0.5) / "adapter_model.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + b"?")
    with pytest.raises(BadInput, match=r"epoch-0\.5 to be those of its manifest"):
        list_checkpoints(place, (0.5,))
    train("warm", tiny_base, rows, short, 7, tmp_path, NOON)
    assert weights.read_bytes() == before


def test_the_last_epoch_may_be_named_and_is_the_adapter_itself():
    assert kept_steps((0.1, 1.8), 120, 4) == {3: 0.1, 54: 1.8}


def test_two_epochs_that_end_at_one_step_are_told():
    with pytest.raises(BadSettings, match="an epoch has 4 steps here"):
        kept_steps((0.1, 0.2), 16, 4)
