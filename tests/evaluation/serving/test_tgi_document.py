"""The local server, driven from TGI's own openapi.json on every route that both have."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from quick_server import running_app
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evaluation.serving.local_app import build_local_app

pytestmark = [pytest.mark.model, pytest.mark.real_data, pytest.mark.slow]

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
OFFERED = [
    ("/", "post"),
    ("/chat_tokenize", "post"),
    ("/generate", "post"),
    ("/health", "get"),
    ("/info", "get"),
    ("/tokenize", "post"),
    ("/v1/chat/completions", "post"),
    ("/v1/models", "get"),
]


@pytest.fixture(scope="module")
def schema() -> Any:
    """TGI's document; WARMTH_TGI_OPENAPI names it, else it lies near the real data sets."""
    beside = Path(os.environ.get("WARMTH_REAL_DATA", "nowhere")).parent / "tgi" / "openapi.json"
    file = Path(os.environ.get("WARMTH_TGI_OPENAPI", beside))
    if not file.is_file():
        pytest.skip("WARMTH_TGI_OPENAPI names no openapi.json of TGI, and none lies near the data")
    document = json.loads(file.read_text(encoding="utf-8"))
    return schemathesis.openapi.from_dict(as_openapi_3_0(document))


def as_openapi_3_0(part: Any) -> Any:
    """The document calls itself 3.0 and writes exclusive bounds as 3.1 does: as numbers."""
    if isinstance(part, list):
        return [as_openapi_3_0(one) for one in part]
    if not isinstance(part, dict):
        return part
    whole = {key: as_openapi_3_0(value) for key, value in part.items()}
    bound = whole.get("exclusiveMinimum")
    if isinstance(bound, (int, float)) and not isinstance(bound, bool):
        whole |= {"minimum": bound, "exclusiveMinimum": True}
    return whole


@pytest.fixture(scope="module")
def short_url(tiny_base: Path, tiny_adapter: Path, tmp_path_factory) -> Iterator[str]:
    """A server whose model has room for few tokens: what asks for no limit ends soon."""
    from evaluation.serving.engine import Engine

    base = tmp_path_factory.mktemp("short") / "tiny-base"
    shutil.copytree(tiny_base, base)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 96}))
    engine = Engine.load(base, {"warm": tiny_adapter}, "fp32", seed=3)
    with running_app(build_local_app(engine)) as url:
        yield url
    engine.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), OFFERED)
def test_no_answer_is_against_tgis_document(schema, short_url, path, method, mode):
    if method == "get" and mode is GenerationMode.NEGATIVE:
        pytest.skip("a route without parameters has nothing to get wrong")
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=30 if method == "post" else 1,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        response = case.call(base_url=short_url, timeout=60)
        case.validate_response(response, checks=CHECKS)

    check()
