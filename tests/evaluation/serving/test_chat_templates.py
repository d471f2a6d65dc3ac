import hashlib

import pytest
from quick_server import running_app
from tgi_double import TgiDouble

from evaluation.serving.canary import PROBES
from evaluation.serving.chat_client import connect


@pytest.mark.parametrize("info", [None, {}], ids=["tgi", "vllm"])
def test_a_prompts_hash_is_that_of_the_text_that_the_model_reads(info):
    with running_app(TgiDouble(info=info).app()) as url:
        client = connect(url, seed=1)
        plain = client.read_frame("tgi", None, PROBES)
        told = client.read_frame("tgi", "Be kind.", PROBES)
    whole = "<user>Why?</user><assistant>"
    assert plain.prompt_sha256("Why?") == hashlib.sha256(whole.encode()).hexdigest()
    whole = f"<system>Be kind.</system>{whole}"
    assert told.prompt_sha256("Why?") == hashlib.sha256(whole.encode()).hexdigest()
    assert plain.sha256 != told.sha256


def test_a_prompt_with_blank_ends_has_no_hash():
    with running_app(TgiDouble().app()) as url:
        frame = connect(url, seed=1).read_frame("tgi", None, PROBES)
    assert frame.prompt_sha256("Why? ") is None


def test_where_the_server_does_not_tell_there_is_none():
    class Silent(TgiDouble):
        def _templated(self, body):
            return "something else"

    with running_app(Silent().app()) as url:
        assert connect(url, seed=1).read_frame("tgi", None, PROBES) is None
