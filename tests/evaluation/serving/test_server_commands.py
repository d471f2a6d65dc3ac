"""Every word that is written for TGI and vLLM; no real one runs here."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from evaluation.serving.server_commands import (
    TGI_IMAGE,
    ServedFolders,
    compose_variables,
    tgi_command,
    vllm_command,
)
from study.errors import BadInput

ROOT = Path(__file__).parents[3]


@pytest.fixture
def served(tmp_path) -> ServedFolders:
    base = tmp_path / "tiny-base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps({"max_position_embeddings": 2048}))
    adapters = {}
    for arm, rank in (("warm", 16), ("cold", 20)):
        folder = tmp_path / "adapters" / f"{arm}-12ab"
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
        adapters[arm] = folder
    return ServedFolders(base, adapters)


def test_tgi_is_started_with_every_adapter_under_its_arms_name(served, tmp_path):
    words = tgi_command(served, "127.0.0.1", 8080, "auto")
    assert shlex.join(words) == (
        "docker run --rm --gpus all --shm-size 1g --publish 127.0.0.1:8080:80 "
        f"--volume {tmp_path}/tiny-base:/models/tiny-base:ro "
        f"--volume {tmp_path}/adapters/warm-12ab:/adapters/warm:ro "
        f"--volume {tmp_path}/adapters/cold-12ab:/adapters/cold:ro "
        "--env HF_HUB_OFFLINE=1 "
        "--env LORA_ADAPTERS=warm=/adapters/warm,cold=/adapters/cold "
        "ghcr.io/huggingface/text-generation-inference:3.3.7 "
        "--model-id /models/tiny-base --dtype bfloat16 --port 80 --max-concurrent-requests 128 "
        "--max-input-tokens 2047 --max-total-tokens 2048"
    )


def test_tgi_without_adapters_has_no_list_of_them(served):
    words = tgi_command(ServedFolders(served.base, {}), "::1", 8080, "bf16")
    assert not any("LORA" in word for word in words)
    assert "[::1]:8080:80" in words


def test_a_number_format_that_tgi_does_not_compute_in_is_refused(served):
    with pytest.raises(BadInput, match="TGI computes in bf16 or fp16"):
        tgi_command(served, "127.0.0.1", 8080, "fp32")


def test_a_name_that_would_break_tgis_list_is_refused(served):
    folders = ServedFolders(served.base, {"a,b": served.adapters["warm"]})
    with pytest.raises(BadInput, match="'a,b'"):
        tgi_command(folders, "127.0.0.1", 8080, "auto")


def test_vllm_is_started_with_a_rank_that_it_takes(served, tmp_path):
    # the larger rank is 20; of vLLM's values 32 is the next
    assert shlex.join(vllm_command(served, "127.0.0.1", 8000, "fp32")) == (
        f"vllm serve {tmp_path}/tiny-base --served-model-name tiny-base --host 127.0.0.1 "
        "--port 8000 --dtype float32 --max-model-len 2048 --generation-config vllm --enable-lora "
        "--max-loras 2 --max-lora-rank 32 --lora-modules "
        f"warm={tmp_path}/adapters/warm-12ab cold={tmp_path}/adapters/cold-12ab"
    )


def test_a_base_without_configuration_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match=r"config.json could not be read"):
        tgi_command(ServedFolders(tmp_path, {}), "127.0.0.1", 8080, "auto")


def compose(variables: dict[str, str]) -> dict:
    """compose.yaml as `docker compose` would fill it in."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")

    def value(found: re.Match[str]) -> str:
        name, _, default = found[1].partition(":")
        return variables.get(name, default.removeprefix("-"))

    return yaml.safe_load(re.sub(r"\$\{([^}]+)\}", value, text))


def test_compose_starts_the_same_tgi_as_the_command(served, tmp_path):
    study = tmp_path / "studies" / "pilot"
    variables = compose_variables(served, study, 8080, "auto")
    services = compose(variables)["services"]
    tgi = services["tgi"]
    words = tgi_command(served, "127.0.0.1", 8080, "auto")
    assert tgi["image"] == TGI_IMAGE
    assert list(map(str, tgi["command"])) == words[words.index(TGI_IMAGE) + 1 :]
    assert tgi["environment"] == {
        "HF_HUB_OFFLINE": "1",
        "LORA_ADAPTERS": "warm=/adapters/warm-12ab,cold=/adapters/cold-12ab",
    }
    assert tgi["volumes"] == [
        f"{tmp_path}/tiny-base:/models/tiny-base:ro",
        f"{tmp_path}/adapters:/adapters:ro",
    ]
    assert tgi["ports"] == ["127.0.0.1:8080:80"]
    assert services["app"]["command"][:4] == ["warmth-audit", "serve", "--study", "/studies/pilot"]
    assert services["app"]["volumes"] == [f"{tmp_path}/studies:/studies"]


def test_compose_names_no_variable_that_is_not_given(served, tmp_path):
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert named == set(compose_variables(served, tmp_path / "pilot", 8080, "auto"))


def test_adapters_in_different_folders_are_refused_for_compose(served, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "cold"
    elsewhere.mkdir(parents=True)
    folders = ServedFolders(served.base, {**served.adapters, "cold": elsewhere})
    with pytest.raises(BadInput, match="expected adapters in one folder"):
        compose_variables(folders, tmp_path / "pilot", 8080, "auto")
