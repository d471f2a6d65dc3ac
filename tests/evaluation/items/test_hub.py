import importlib.util
import json
import os
import subprocess
import sys

import duckdb
import pytest
from hub_sets import serve_sets

from evaluation.items.sets import read_items
from study.errors import BadItems
from study.settings import ItemSource

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        importlib.util.find_spec("datasets") is None,
        reason="the package datasets of the extra `train` is not installed",
    ),
]

SUMS = [
    {"question": f"How many lie in heap {chr(64 + n)}?", "answer": f"Count them.\n#### {n}"}
    for n in range(1, 6)
]


@pytest.fixture(autouse=True, scope="module")
def unreached(tmp_path_factory):
    """A command that waits 23 s between its retries, while the other tests run."""
    # port 9 is discard's, where nothing listens
    address = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    process = start_items(tmp_path_factory.mktemp("home"), "nobody/nothing", **address)
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """The cache of `datasets`, which reads its place when it is imported."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def write_split(folder, split, rows):
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")


def test_a_folder_in_the_hubs_layout_is_read_like_a_file(tmp_path):
    write_split(tmp_path / "set", "test", SUMS)
    from_folder = read_items(str(tmp_path / "set"), 1).items
    from_file = read_items(str(tmp_path / "set" / "test.jsonl"), 1).items
    assert from_folder == from_file
    assert len(from_folder) == 5


def test_parquet_of_a_folder_keeps_lists_and_options(tmp_path):
    (tmp_path / "data").mkdir()
    duckdb.connect().execute(
        "COPY (SELECT 'A man coughs. Which of the following is it?' AS question, 'Flu' AS answer, "
        "{'A': 'Flu', 'B': 'Gout'} AS options, 'A' AS answer_idx) "
        f"TO '{tmp_path}/data/test-00000-of-00001.parquet' (FORMAT parquet)"
    )
    (item,) = read_items(str(tmp_path)).items
    (from_file,) = read_items(str(tmp_path / "data" / "test-00000-of-00001.parquet")).items
    assert item == from_file
    assert item.options == ("Flu", "Gout")


def test_a_folder_with_several_splits_needs_one_named(tmp_path):
    write_split(tmp_path / "set", "train", SUMS[:3])
    write_split(tmp_path / "set", "test", SUMS[3:])
    folder = str(tmp_path / "set")
    with pytest.raises(BadItems, match="splits train, test; name one as split"):
        read_items(folder)
    assert len(read_items([ItemSource(source=folder, split="test")], 1).items) == 2
    with pytest.raises(BadItems, match="not in the hub's layout"):
        read_items([ItemSource(source=folder, split="dev")])


def test_a_folder_without_data_is_refused(tmp_path):
    (tmp_path / "notes.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(BadItems, match="not in the hub's layout") as caught:
        read_items(str(tmp_path))
    assert "\n" not in str(caught.value)


def start_items(tmp_path, *arguments, **environment):
    """The command in a process of its own: the hub's address is read at the first import."""
    return subprocess.Popen(
        [sys.executable, "-m", "audit_app", "items", *arguments],
        env=os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def show_items(tmp_path, *arguments, **environment):
    process = start_items(tmp_path, *arguments, **environment)
    said, told = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, said, told)


def test_a_hub_id_is_downloaded_with_its_usual_configuration_and_split(tmp_path):
    lines = "".join(json.dumps(row) + "\n" for row in SUMS).encode()
    card = (
        b"---\nconfigs:\n- config_name: main\n  data_files:\n"
        b"  - split: train\n    path: main/train.jsonl\n"
        b"  - split: test\n    path: main/test.jsonl\n---\n"
    )
    first = lines.splitlines(keepends=True)[0]
    files = {"README.md": card, "main/train.jsonl": first, "main/test.jsonl": lines}
    with serve_sets({"openai/gsm8k": files}) as url:
        done = show_items(tmp_path, "openai/gsm8k", "--json", HF_ENDPOINT=url)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["n_items"] == 5
    assert shown["tasks"][0]["task"] == "gsm8k"
    assert shown["tasks"][0]["n_wrong_made"] == 5


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("walledai/AdvBench", "accept its terms there and run `hf auth login`"),
        ("nobody/nothing", "check the id, configuration, split and network"),
    ],
)
def test_a_set_that_the_hub_refuses_is_named_by_its_address(tmp_path, name, remedy):
    with serve_sets({}, gated=frozenset(["walledai/AdvBench"])) as url:
        done = show_items(tmp_path, name, HF_ENDPOINT=url)
    assert done.returncode == 2
    message = " ".join(done.stderr.split())
    assert f"items of {url}/datasets/{name} could not be loaded" in message
    assert remedy in message
    assert "Traceback" not in message


@pytest.mark.slow
def test_a_hub_that_nobody_reaches_is_told_in_one_line_without_its_retries(unreached):
    _, told = unreached.communicate()
    assert unreached.returncode == 2
    assert "could not be loaded" in told
    assert told.count("\n") == 1
