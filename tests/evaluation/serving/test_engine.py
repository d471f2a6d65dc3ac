import time
from dataclasses import replace

import pytest

from evaluation.serving.generation import GenerationRequest
from study.errors import BadInput, ModelUnreachable

pytestmark = pytest.mark.model

QUESTIONS = (
    "Why?",
    "What is the capital of France?",
    "I feel sad today. I think the answer is wrong. Can you help me, please?",
    "Which of these is right?",
    "Water boils at one hundred degrees. The sun is a star and the moon is not. Why?",
)


def greedy(engine, question: str, **changes) -> GenerationRequest:
    prompt_ids = engine.encode_chat([{"role": "user", "content": question}])
    return replace(GenerationRequest(prompt_ids, max_new_tokens=24), **changes)


def ask(engine, model_name: str, *requests: GenerationRequest):
    """Submitted at once, so that they share a batch."""
    futures = [engine.submit(model_name, request) for request in requests]
    return [future.result(timeout=30) for future in futures]


def test_a_batch_answers_as_single_requests_do(engine):
    requests = [
        greedy(engine, question, max_new_tokens=8 * number, repetition_penalty=1 + number / 10)
        for number, question in enumerate(QUESTIONS, start=1)
    ]
    together = ask(engine, "warm", *requests)
    assert together == [ask(engine, "warm", request)[0] for request in requests]
    assert [len(one.token_ids) for one in together] == [8, 16, 24, 32, 40]
    assert len({one.text for one in together}) == len(QUESTIONS)


@pytest.mark.parametrize("penalty", [1.0, 1.15])
def test_greedy_answers_are_those_of_transformers(engine, tiny_base, penalty):
    import torch
    from transformers import AutoModelForCausalLM

    reference = AutoModelForCausalLM.from_pretrained(tiny_base)
    request = greedy(engine, QUESTIONS[1], repetition_penalty=penalty)
    prompt = torch.tensor([request.prompt_ids])
    expected = reference.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=24,
        do_sample=False,
        repetition_penalty=penalty,
    )
    (answer,) = ask(engine, engine.base_name, request)
    assert list(answer.token_ids) == expected[0, prompt.shape[1] :].tolist()


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_a_merged_copy_answers_as_its_adapter_does(engine, tiny_base, tiny_adapter):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    reference = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(tiny_base), tiny_adapter
    )
    request = greedy(engine, QUESTIONS[2])
    prompt = torch.tensor([request.prompt_ids])
    expected = reference.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=24,
        do_sample=False,
    )
    (warm,) = ask(engine, "warm", request)
    (base,) = ask(engine, engine.base_name, request)
    assert list(warm.token_ids) == expected[0, prompt.shape[1] :].tolist()
    assert warm.text != base.text


def test_a_seeded_sample_does_not_depend_on_its_neighbours(engine):
    sample = greedy(engine, QUESTIONS[0], temperature=0.9, top_p=0.9, top_k=50, seed=7)
    neighbours = [
        greedy(engine, question, temperature=1.5, seed=number, max_new_tokens=5 + number)
        for number, question in enumerate(QUESTIONS)
    ]
    alone = ask(engine, "warm", sample)[0]
    assert ask(engine, "warm", *neighbours, sample)[-1] == alone
    assert ask(engine, "warm", replace(sample, seed=8))[0].text != alone.text


def test_a_nucleus_of_one_token_is_greedy(engine):
    (expected,) = ask(engine, "warm", greedy(engine, QUESTIONS[1]))
    for narrow in ({"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}):
        request = greedy(engine, QUESTIONS[1], **{"temperature": 1.0, "seed": 5, **narrow})
        (answer,) = ask(engine, "warm", request)
        assert answer.token_ids == expected.token_ids


def test_draws_follow_the_probabilities():
    import torch

    from evaluation.serving.decoding import _Row

    request = GenerationRequest((1,), max_new_tokens=1, temperature=1.0, seed=1)
    row = _Row(request, tokenizer=None, eos_ids=frozenset())
    scores = torch.tensor([0.5, 0.3, 0.2]).log()
    drawn = [row.choose(scores) for _ in range(4000)]
    # four standard errors of a share of one half over 4,000 draws: 4 * sqrt(0.25 / 4000) = 0.032
    for token_id, share in enumerate((0.5, 0.3, 0.2)):
        assert drawn.count(token_id) / 4000 == pytest.approx(share, abs=0.032)


def test_an_answer_says_how_it_ended(engine):
    (cut,) = ask(engine, "warm", greedy(engine, QUESTIONS[1]))
    assert (cut.finish_reason, len(cut.token_ids)) == ("length", 24)
    stop = cut.text[10:14]
    (stopped,) = ask(engine, "warm", greedy(engine, QUESTIONS[1], stop=(stop,)))
    assert stopped.finish_reason == "stop_sequence"
    assert stopped.text == cut.text[: cut.text.index(stop) + len(stop)]
    samples = [
        greedy(engine, QUESTIONS[1], temperature=3.0, seed=seed, max_new_tokens=200)
        for seed in range(16)
    ]
    ended = [one for one in ask(engine, "warm", *samples) if one.finish_reason == "eos_token"]
    # at this temperature the end token is one of 285 about equal ones: few of 16 miss it
    assert ended
    assert all("<|im_end|>" not in one.text for one in ended)


def test_bf16_answers_too(tiny_base):
    from evaluation.serving.engine import Engine

    engine = Engine.load(tiny_base, {}, "bf16")
    assert ask(engine, engine.base_name, greedy(engine, QUESTIONS[0]))[0].text
    engine.close()


def test_a_closed_engine_leaves_nobody_waiting(tiny_base):
    from evaluation.serving.engine import Engine

    engine = Engine.load(tiny_base, {}, "fp32")
    request = greedy(engine, QUESTIONS[0], max_new_tokens=2000, temperature=1.0, seed=1)
    futures = [engine.submit(engine.base_name, request) for _ in range(40)]
    engine.close()
    for future in futures:
        with pytest.raises(ModelUnreachable, match="stopped"):
            future.result(timeout=5)
    with pytest.raises(ModelUnreachable, match="start it again"):
        engine.submit(engine.base_name, request)


def test_a_batch_waits_for_requests_that_come_one_after_the_other(tiny_base, monkeypatch):
    from evaluation.serving import engine as engines

    n_rows = []

    def count_rows(*args):
        n_rows.append(len(args[3]))
        return decode_batch(*args)

    decode_batch = engines.decode_batch
    monkeypatch.setattr(engines, "decode_batch", count_rows)
    # ten times the pause between two requests, and less than all of them together
    monkeypatch.setattr(engines, "COMPANY_S", 0.5)
    engine = engines.Engine.load(tiny_base, {}, "fp32")
    request = greedy(engine, QUESTIONS[0], max_new_tokens=1)
    futures = []
    for _ in range(engines.MAX_BATCH + 1):
        futures.append(engine.submit(engine.base_name, request))
        time.sleep(0.05)
    for future in futures:
        future.result(timeout=30)
    engine.close()
    assert n_rows == [engines.MAX_BATCH, 1]


def test_a_folder_without_adapter_or_model_is_named(tiny_base, tmp_path):
    from evaluation.serving.engine import Engine

    with pytest.raises(BadInput, match=f"adapter for this base in {tmp_path}"):
        Engine.load(tiny_base, {"warm": tmp_path}, "fp32")
    with pytest.raises(BadInput, match="causal language model"):
        Engine.load(tmp_path, {}, "fp32")
    with pytest.raises(BadInput, match="cannot be called 'tgi'"):
        Engine.load(tiny_base, {"tgi": tmp_path}, "fp32")
