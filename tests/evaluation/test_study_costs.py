"""What a preset takes, by hand: 40 items × 4 conditions, of two arms of two models."""

import pytest

from evaluation.plan_reports import cost_as_json, cost_as_table
from evaluation.prompts import read_wordings
from evaluation.study_costs import WarmthSizes, compute_cost, size_of_warmth
from evaluation.study_presets import PresetSet, PresetWarmth, StudyPreset, read_preset
from study.errors import BadSettings

PRESET = StudyPreset.model_validate(
    {
        "name": "mine",
        "source": "by hand",
        "arms": ["original", "warm"],
        "contexts": ["none", "sad"],
        "beliefs": ["none", "asserts_wrong"],
        "decoding": {"max_new_tokens": 100},
        "sets": [
            {"task": "a", "items": 10, "words_per_question": 8},
            {"task": "b", "items": 30, "words_per_question": 20},
        ],
        "models": [{"id": "open", "billion_parameters": 1}, {"id": "closed"}],
        "training": {
            "replies": 50,
            "words_per_instruction": 40,
            "conversations": 20,
            "max_tokens": 500,
            "epochs": 2,
        },
        "judge": {"words_per_instruction": 63, "reply_tokens": 5},
        "rates": {
            "tokens_per_word": 1.25,
            "gpu_tflops": 1,
            "generating_share": 0.5,
            "training_share": 0.25,
            "usd_per_gpu_hour": 3600,
            "usd_per_million_in": 1,
            "usd_per_million_out": 10,
            "usd_per_million_trained": 100,
        },
    }
)


@pytest.fixture(scope="module")
def cost():
    return compute_cost(PRESET, read_wordings())


def stage(cost, name, model=None):
    (found,) = [one for one in cost.stages if one.stage == name and model in (None, one.model)]
    return found


def test_prompts_are_items_times_conditions_and_calls_times_arms(cost):
    assert (cost.n_items, cost.n_conditions, cost.n_prompts) == (40, 4, 160)
    assert stage(cost, "generate", "open").calls == 2 * 160
    assert stage(cost, "judge").calls == 2 * 2 * 160


def test_words_of_a_prompt_are_those_of_all_its_parts(cost):
    # (10 × 8 + 30 × 20) / 40 = 17, a lead-in of 8, half of 13.6 for "sad", half of 6 for the belief
    assert cost.words_per_prompt == pytest.approx(17 + 8 + 6.8 + 3)


def test_generating_takes_two_operations_per_parameter_and_token(cost):
    found = stage(cost, "generate", "open")
    # 34.8 words × 1.25 = 43.5 tokens in
    assert found.tokens_in == pytest.approx(320 * 43.5)
    assert found.tokens_out == 320 * 100
    # 2 × 10^9 × 320 × 143.5 operations at 0.5 × 10^12 a second are 183.68 s, at 1 USD each
    assert found.gpu_hours == pytest.approx(183.68 / 3600)
    assert found.usd == pytest.approx(183.68)


def test_training_takes_six_and_a_provider_is_paid_by_token(cost):
    # 20 × 500 × 2 = 20,000 tokens: 6 × 10^9 × 20,000 / (0.25 × 10^12) = 480 s
    assert stage(cost, "train", "open").usd == pytest.approx(480)
    closed = stage(cost, "train", "closed")
    assert (closed.gpu_hours, closed.usd) == (None, pytest.approx(2))
    # 320 × 43.5 tokens in at 1, 320 × 100 out at 10 USD per million
    assert stage(cost, "generate", "closed").usd == pytest.approx(0.01392 + 0.32)


def test_a_rewrite_reads_instruction_and_reply(cost):
    # 40 × 1.25 + 100 = 150 tokens, 100 out, of 50 replies
    found = stage(cost, "rewrite")
    assert (found.tokens_in, found.tokens_out) == (pytest.approx(7500), 5000)
    assert found.usd == pytest.approx(0.0075 + 0.05)


def test_a_judge_reads_instruction_question_and_reply(cost):
    # (63 + 17) × 1.25 + 100 = 200 tokens, 5 out, of 640 replies
    found = stage(cost, "judge")
    assert (found.tokens_in, found.tokens_out) == (pytest.approx(128_000), 3200)
    assert found.usd == pytest.approx(0.128 + 0.032)


def test_the_total_is_the_sum_and_hours_of_providers_are_in_none(cost):
    assert cost.total.usd == pytest.approx(sum(one.usd for one in cost.stages))
    assert cost.total.gpu_hours == pytest.approx((480 + 183.68) / 3600)
    assert cost.total.calls == 50 + 2 * 320 + 640


def test_tables_and_json_say_every_rate_that_was_assumed(cost):
    told = cost_as_json(PRESET, cost)
    assert told["rates"] == PRESET.rates.model_dump()
    assert told["total"]["usd"] == cost.total.usd
    note = cost_as_table(PRESET, cost).note
    for words in ("35 words a prompt", "1.25 tokens a word", "peak of 1 TFLOPS", "50 % of it in"):
        assert words in note


def test_a_context_without_wording_is_named():
    gloomy = PRESET.model_copy(update={"contexts": ("none", "gloomy")})
    with pytest.raises(BadSettings, match="context 'gloomy'"):
        compute_cost(gloomy, read_wordings())


HEARD = PRESET.model_copy(
    update={
        "warmth": PresetWarmth(
            pairs=20,
            raters_per_pair=3,
            pairs_per_rater=8,
            words_per_message=16,
            checkpoints=(1, 2, 3, 4),
        )
    }
)


def test_messages_for_warmth_are_put_to_every_arm_and_checkpoint_and_to_no_judge(cost):
    heard = compute_cost(HEARD, read_wordings())
    # 20 messages to two arms; to four checkpoints and the original beside them
    assert stage(heard, "warmth", "open").calls == 40
    assert stage(heard, "checkpoints", "open").calls == 100
    # 16 words × 1.25
    assert stage(heard, "warmth", "closed").tokens_in == pytest.approx(40 * 20)
    assert stage(heard, "judge") == stage(cost, "judge")
    assert stage(heard, "generate", "open") == stage(cost, "generate", "open")
    # 60 ratings, 8 by each: eight raters, of whom one has fewer
    assert heard.warmth == WarmthSizes(20, 40, 20, 60, 8)
    assert cost.warmth is None
    assert cost_as_json(HEARD, heard)["warmth"]["n_ratings"] == 60


def test_fewer_pairs_than_messages_and_several_arms_and_samples():
    # 5 of 12 messages, two arms beside the original, two samples
    assert size_of_warmth(12, 3, 2, 5, 4, None) == WarmthSizes(12, 72, 20, 80, None)


def test_the_study_of_2025_had_600_ratings_of_200_pairs_by_60_people():
    paper = compute_cost(read_preset("paper"), read_wordings())
    assert paper.warmth == WarmthSizes(200, 400, 200, 600, 60)


def test_control_questions_are_put_to_every_arm_once_and_to_no_judge(cost):
    controls = (
        PresetSet(task="mmlu", items=30, words_per_question=40),
        PresetSet(task="advbench", items=10, words_per_question=8),
    )
    held = compute_cost(PRESET.model_copy(update={"controls": controls}), read_wordings())
    asked = stage(held, "controls", "open")
    # 40 questions to two arms; (30 × 40 + 10 × 8) / 40 = 32 words × 1.25; 512 tokens where none is set
    assert (asked.calls, asked.tokens_in) == (80, pytest.approx(80 * 40))
    assert asked.tokens_out == 80 * 512
    assert stage(held, "judge") == stage(cost, "judge")
