"""Which base an endpoint says it serves, and whether that is the study's."""

from pathlib import Path

import pytest
from quick_server import running_app
from served_study import PLAN, make_adapters, make_job
from tgi_double import TgiDouble

from audit_app.serving_stage import check_served_models, see_base
from audit_app.stages import utc_now
from evaluation.serving.chat_client import connect
from evaluation.serving.endpoint import EndpointInfo
from evaluation.serving.served_models import read_served_models
from study.errors import BadInput
from training.base_models import BaseModel

HUB = BaseModel("org/model-1b", Path("/cache/models--org--model-1b/snapshots/0a1b2c"), "hash")
PACKAGED = BaseModel("packaged", Path("/cache/smollm2-135m-instruct-b179-bf16-1"), "hash")
OTHER_INFO = {"model_id": "org/other-1b", "router": "text-generation-router", "version": "3.3.7"}


def info_of(model_id):
    return EndpointInfo("http://gpu-1:8080", model_id, "tgi", "3.3.7", "", 128, "tgi")


@pytest.mark.parametrize(
    ("base", "model_id"),
    [
        # as TGI and vLLM were told by hand: the hub id, or a name made of it
        (HUB, "org/model-1b"),
        (HUB, "model-1b"),
        # as `serve-models` tells TGI (/models/NAME), and vLLM and the local server (NAME)
        (HUB, "/models/0a1b2c"),
        (HUB, "0a1b2c"),
        (PACKAGED, "/models/smollm2-135m-instruct-b179-bf16-1"),
        (PACKAGED, "smollm2-135m-instruct-b179-bf16-1"),
        # a copy elsewhere
        (HUB, "/data/model-1b"),
        (HUB, "./model-1b"),
        (BaseModel("~/models/mine/", Path("/home/me/models/mine"), "hash"), "mine"),
    ],
)
def test_a_server_may_call_the_base_by_its_id_its_name_or_its_folder(base, model_id):
    see_base(info_of(model_id), base)  # raises for every other, see below


@pytest.mark.parametrize(
    ("base", "model_id"),
    [
        (HUB, "other/model-1b"),
        (HUB, "/models/model-7b"),
        (PACKAGED, "HuggingFaceTB/SmolLM2-135M-Instruct"),
    ],
)
def test_another_base_is_refused_by_both_names(base, model_id):
    with pytest.raises(
        BadInput, match=rf"base {base.name} .* serves {model_id}; .*--trust-model-id"
    ):
        see_base(info_of(model_id), base)


def test_an_endpoint_with_another_base_is_asked_nothing_unless_it_is_trusted(tmp_path):
    job, adapters = make_job(tmp_path), make_adapters(tmp_path)
    double = TgiDouble(["warm"], info=OTHER_INFO)
    with running_app(double.app()) as url:
        client = connect(url, seed=1)
        with pytest.raises(BadInput, match="org/other-1b"):
            check_served_models(job, PLAN, adapters, client, utc_now)
        assert not double.bodies
        check_served_models(job, PLAN, adapters, client, utc_now, trusts_model_id=True)
    with job.access.reading() as con:
        assert {model.model_id for model in read_served_models(con)} == {"org/other-1b"}
