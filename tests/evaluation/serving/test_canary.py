import json

import pytest
from quick_server import running_app
from tgi_double import TgiDouble

from evaluation.serving.canary import PROBES, Canary, canary_as_json, plan_canary, run_canary
from evaluation.serving.chat_client import ChatClient, connect
from evaluation.serving.retries import RetryPolicy
from study.errors import CanaryFailed, ModelUnreachable
from study.settings import DecodingSettings

DECODING = DecodingSettings(temperature=0.8, top_p=0.9, max_new_tokens=64)


def client_of(url: str | list[str]) -> ChatClient:
    return connect(url, seed=1, retry=RetryPolicy(attempts=2, first_delay_s=0.01))


def canary_of(url: str, arms: list[str], seed: int = 1, system_texts=None) -> dict[str, Canary]:
    """Of the first replica."""
    plan = plan_canary("tgi", arms, seed, system_texts)
    return next(iter(run_canary(client_of(url), plan, DECODING).values()))


def test_an_adapter_that_tgi_replaces_by_the_base_in_silence_is_refused():
    with (
        running_app(TgiDouble(["warm"]).app()) as url,
        pytest.raises(CanaryFailed, match=r"'wram' .* a name that nobody serves on 0 of 8 probes"),
    ):
        canary_of(url, ["warm", "wram"], 1)


def test_an_adapter_that_changes_nothing_is_refused():
    with (
        running_app(TgiDouble(["warm"], refuses_unknown=True).app()) as url,
        pytest.raises(CanaryFailed, match=r"'base-model' .* than the base on 0 of 8 probes"),
    ):
        canary_of(url, ["base-model"], 1)


@pytest.mark.parametrize(("n_flips", "wanted"), [(1, 2), (3, 4)])
def test_a_mistyped_adapter_is_refused_though_the_base_flips_its_answers(n_flips, wanted):
    double = TgiDouble(["warm"], unsteady=PROBES[:n_flips])
    counts = (
        rf"on {n_flips} of 8 probes, expected at least {wanted} \(the base itself flips {n_flips}\)"
    )
    with (
        running_app(double.app()) as url,
        pytest.raises(CanaryFailed, match=rf"'wram' .* {counts}"),
    ):
        canary_of(url, ["warm", "wram"], 1)


def test_one_flipped_answer_makes_no_arm_where_the_nonsense_name_is_refused():
    double = TgiDouble(refuses_unknown=True, unsteady=PROBES[:1])
    with (
        running_app(double.app()) as url,
        pytest.raises(CanaryFailed, match=r"than the base on 1 of 8 probes, expected at least 2"),
    ):
        canary_of(url, ["base-model"], 1)


def test_a_true_arm_passes_on_a_server_whose_base_flips_its_answers():
    with running_app(TgiDouble(["warm"], unsteady=PROBES[:3]).app()) as url:
        canaries = canary_of(url, ["warm"], 1)
    assert canaries["warm"].nonsense_answers != canaries["warm"].base_answers


def test_a_true_arm_passes_and_its_answers_are_kept():
    double = TgiDouble(["warm"])
    with running_app(double.app()) as url:
        canaries = canary_of(url, ["warm"], 1)
    assert set(canaries) == {"tgi", "warm"}
    stored = json.loads(canary_as_json({url: canaries}, "warm"))[url]
    assert stored["answers"] == [f"Oh, dear. {probe} (warm)" for probe in PROBES]
    assert stored["base_answers"] == [f"Plainly: {probe}" for probe in PROBES]
    assert stored["nonsense_answers"] == stored["base_answers"]
    assert len(double.bodies) == 3 * len(PROBES)
    assert {(body["temperature"], body["max_tokens"]) for body in double.bodies} == {(0.0, 24)}
    assert not any("top_p" in body for body in double.bodies)


def test_an_endpoint_that_refuses_the_nonsense_name_passes():
    with running_app(TgiDouble(["warm"], refuses_unknown=True).app()) as url:
        canaries = canary_of(url, ["warm"], 1)
    assert canaries["warm"].nonsense_answers is None
    assert canaries["warm"].nonsense_refusal.startswith("HTTP 404")


def test_an_arm_by_system_prompt_is_asked_of_the_base_with_it():
    double = TgiDouble(["warm"])
    with running_app(double.app()) as url:
        canaries = canary_of(url, ["warm"], system_texts={"system-prompt": "Be kind."})
    assert canaries["system-prompt"].model_name == "tgi"
    assert canaries["system-prompt"].answers[0] == f"Plainly: {PROBES[0]} (told: Be kind.)"


def test_a_server_that_passes_over_the_system_prompt_is_refused():
    with (
        running_app(TgiDouble(["warm"]).app()) as url,
        pytest.raises(
            CanaryFailed, match=f"'system-prompt' .* {url} passes over the system prompt"
        ),
    ):
        canary_of(url, ["warm"], system_texts={"system-prompt": ""})


def test_every_replica_is_asked():
    with (
        running_app(TgiDouble(["warm"]).app()) as whole,
        running_app(TgiDouble().app()) as bare,
        pytest.raises(CanaryFailed, match=f"'warm' .* so {bare} puts another model in its place"),
    ):
        canary_of([whole, bare], ["warm"])


def test_what_every_replica_said_is_kept_by_its_address():
    with (
        running_app(TgiDouble(["warm"]).app()) as one,
        running_app(TgiDouble(["warm"], refuses_unknown=True).app()) as other,
    ):
        canaries = run_canary(client_of([one, other]), plan_canary("tgi", ["warm"], 1), DECODING)
    assert canaries[one]["warm"].nonsense_refusal is None
    assert canaries[other]["warm"].nonsense_refusal.startswith("HTTP 404")
    stored = json.loads(canary_as_json(canaries, "tgi"))
    assert {where: said["model_name"] for where, said in stored.items()} == {
        one: "tgi",
        other: "tgi",
    }


def test_the_nonsense_name_depends_on_the_seed():
    with running_app(TgiDouble(["warm"]).app()) as url:
        names = {canary_of(url, ["warm"], seed)["warm"].nonsense_name for seed in (1, 1, 2)}
    assert len(names) == 2


def test_an_arm_that_does_not_answer_is_named():
    with (
        running_app(TgiDouble(refuses_unknown=True).app()) as url,
        pytest.raises(ModelUnreachable, match=r"the model 'warm' .* HTTP 404"),
    ):
        canary_of(url, ["warm"], 1)


@pytest.mark.parametrize("status", [401, 403])
def test_an_endpoint_that_asks_for_a_key_is_told_one_by_the_environment(status):
    with (
        running_app(TgiDouble(statuses=[status] * 99).app()) as url,
        pytest.raises(ModelUnreachable, match=f"HTTP {status}.* set WARMTH_AUDIT_ENDPOINT_KEY"),
    ):
        canary_of(url, ["warm"], 1)


@pytest.mark.model
def test_the_local_server_passes_and_refuses_the_nonsense_name(url):
    canaries = canary_of(url, ["warm"], 1)
    assert canaries["warm"].answers != canaries["warm"].base_answers
    assert canaries["warm"].nonsense_refusal.startswith("HTTP 422")
