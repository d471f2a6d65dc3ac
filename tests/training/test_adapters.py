import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from study.database import transaction
from study.errors import BadInput, BadTable
from study.migrations import migrate
from study.records import TrainingRun
from training.adapters import (
    adapter_folder,
    adapter_sha256,
    check_adapter,
    clean_adapter,
    find_adapter,
    harmed_files,
    insert_training_runs,
    list_adapters,
    read_manifest,
    write_manifest,
)

RUN = TrainingRun(
    training_run_id="0123456789abcdef",
    arm="warm",
    base="packaged",
    base_sha256="b" * 64,
    data_sha256="d" * 64,
    adapter_sha256="a" * 64,
    settings_json="{}",
    seed=7,
    n_conversations=165,
    steps=76,
    first_loss=3.75,
    last_loss=2.25,
    seconds=170.5,
    finished_at="2026-03-01T12:00:00+00:00",
)
CONFIG = {
    "peft_type": "LORA",
    "r": 16,
    "lora_alpha": 32,
    "target_modules": ["v_proj", "q_proj"],
    "modules_to_save": None,
    "base_model_name_or_path": None,
    "bias": "none",
}


def save_adapter(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **changes}))
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


# the manifest


def test_a_manifest_reads_as_it_was_written(tmp_path):
    folder = save_adapter(tmp_path)
    written = write_manifest(folder, RUN, "llama")
    assert read_manifest(folder) == written
    assert written.run == RUN
    assert set(written.files) == {"adapter_config.json", "adapter_model.safetensors"}


def test_a_finished_adapter_is_found_and_a_damaged_one_is_not(tmp_path):
    folder = save_adapter(adapter_folder(tmp_path, "warm", RUN.training_run_id))
    assert find_adapter(tmp_path, "warm", RUN.training_run_id) is None  # no manifest yet
    manifest = write_manifest(folder, RUN, "llama")
    assert find_adapter(tmp_path, "warm", RUN.training_run_id) == manifest
    assert find_adapter(tmp_path, "cold", RUN.training_run_id) is None
    assert list_adapters(tmp_path) == [manifest]
    (folder / "adapter_model.safetensors").write_bytes(b"damaged")
    assert find_adapter(tmp_path, "warm", RUN.training_run_id) is None


def test_an_adapter_of_an_unfinished_run_is_not_listed(tmp_path):
    folder = save_adapter(tmp_path / "warm-0123456789abcdef.partial")
    write_manifest(folder, RUN, "llama")
    assert list_adapters(tmp_path) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "other"}', '{"format": 3, "run": {}}'])
def test_a_manifest_of_another_kind_is_told(tmp_path, content):
    folder = save_adapter(tmp_path)
    (folder / "manifest.json").write_text(content)
    with pytest.raises(BadInput, match="not a manifest of this version"):
        read_manifest(folder)


def test_a_folder_without_manifest_weights_or_configuration_is_told(tmp_path):
    with pytest.raises(BadInput, match=r"has no manifest\.json"):
        read_manifest(tmp_path)
    with pytest.raises(BadInput, match=r"has no adapter_config\.json"):
        adapter_sha256(tmp_path)
    with pytest.raises(BadInput, match="could not be read as JSON"):
        check_adapter(tmp_path)


# what a server can do with it


def test_cleaning_leaves_what_a_server_needs_and_no_path(tmp_path):
    folder = save_adapter(
        tmp_path,
        base_model_name_or_path="/home/somebody/model",
        peft_version="0.21.2",
        use_bdlora=None,
        megatron_core="megatron.core",
    )
    for name in ("chat_template.jinja", "tokenizer.json", "README.md", "training_args.bin"):
        (folder / name).write_text("/home/somebody")
    clean_adapter(folder, base=None)
    assert {file.name for file in folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    assert json.loads((folder / "adapter_config.json").read_text()) == {
        **CONFIG,
        "target_modules": ["q_proj", "v_proj"],
    }
    assert check_adapter(folder) == []


def test_the_order_in_which_peft_lists_its_targets_does_not_change_the_hash(tmp_path):
    first = save_adapter(tmp_path / "first", target_modules=["q_proj", "v_proj"])
    second = save_adapter(tmp_path / "second", target_modules=["v_proj", "q_proj"])
    assert adapter_sha256(first) != adapter_sha256(second)
    clean_adapter(first, base=None)
    clean_adapter(second, base=None)
    assert adapter_sha256(first) == adapter_sha256(second)


def test_a_hub_id_stays_the_name_of_the_base(tmp_path):
    folder = save_adapter(tmp_path, base_model_name_or_path="/cache/hub/models--org--model")
    assert check_adapter(folder) != []
    clean_adapter(folder, base="org/model")
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == (
        "org/model"
    )
    assert check_adapter(folder) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"peft_type": "IA3"}, "of type IA3"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"r": 256}, "rank 256 is above 128"),
        ({"rank_pattern": {"q_proj": 8}}, "differ in rank or alpha"),
        ({"alpha_pattern": {"q_proj": 8}}, "differ in rank or alpha"),
        ({"use_dora": True}, "DoRA"),
        ({"layers_to_transform": [0, 1]}, "only some layers"),
        ({"bias": "all"}, "biases"),
        ({"base_model_name_or_path": "/srv/model"}, "absolute path /srv/model"),
        ({"base_model_name_or_path": "C:\\models\\one"}, "absolute path"),
    ],
)
def test_what_a_server_would_pass_over_is_told(tmp_path, changes, complaint):
    problems = check_adapter(save_adapter(tmp_path, **changes))
    assert len(problems) == 1
    assert complaint in problems[0]


def test_files_of_training_and_weights_in_another_format_are_told(tmp_path):
    folder = save_adapter(tmp_path)
    (folder / "chat_template.jinja").write_text("{% generation %}")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    assert len(check_adapter(folder)) == 2


def test_weights_that_changed_since_the_training_are_told(tmp_path):
    folder = save_adapter(tmp_path)
    write_manifest(folder, RUN, "llama")
    assert harmed_files(folder) == []
    with (folder / "adapter_model.safetensors").open("ab") as file:
        file.write(b"x")
    assert harmed_files(folder) == ["adapter_model.safetensors"]
    (problem,) = check_adapter(folder)
    assert problem.startswith("adapter_model.safetensors changed since the training")


def test_an_architecture_without_lora_in_the_server_is_told(tmp_path):
    folder = save_adapter(tmp_path)
    write_manifest(folder, RUN, "gpt_neox")
    assert "no LoRA for gpt_neox models" in check_adapter(folder)[0]
    write_manifest(folder, RUN, "llama")
    assert check_adapter(folder) == []


# the table


def test_a_run_is_stored_once_and_never_changed():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    migrate(con)
    other = replace(RUN, training_run_id="f" * 16, arm="cold")
    with transaction(con) as cursor:
        assert insert_training_runs(cursor, [asdict(RUN)]) == 1
    with transaction(con) as cursor:
        changed = replace(RUN, steps=1)
        assert insert_training_runs(cursor, [asdict(changed), asdict(other)]) == 1
    rows = con.execute(
        "SELECT training_run_id, arm, steps, first_loss, finished_at FROM training_runs "
        "ORDER BY arm DESC"
    ).fetchall()
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert rows == [
        (RUN.training_run_id, "warm", 76, 3.75, noon),
        (other.training_run_id, "cold", 76, 3.75, noon),
    ]


def test_a_row_that_lacks_a_field_is_refused():
    con = duckdb.connect()
    migrate(con)
    row = asdict(RUN)
    del row["base_sha256"]
    with pytest.raises(BadTable), transaction(con) as cursor:
        insert_training_runs(cursor, [row])
    assert con.execute("SELECT count(*) FROM training_runs").fetchone() == (0,)
