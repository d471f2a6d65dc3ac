"""One tiny model with one adapter, its engine in fp32, and the local server over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from quick_server import running_app
from tiny_model import make_tiny_adapter, make_tiny_model

from evaluation.serving.local_app import build_local_app


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny-base", seed=1)


@pytest.fixture(scope="session")
def tiny_adapter(tiny_base: Path) -> Path:
    return make_tiny_adapter(tiny_base, tiny_base.parent / "warm", seed=2)


@pytest.fixture(scope="session")
def engine(tiny_base: Path, tiny_adapter: Path):
    from evaluation.serving.engine import Engine

    engine = Engine.load(tiny_base, {"warm": tiny_adapter}, "fp32", seed=3)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def url(engine) -> Iterator[str]:
    with running_app(build_local_app(engine)) as url:
        yield url
