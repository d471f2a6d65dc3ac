"""A tiny chat model with random weights, made here, and conversations to train it on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.base_models import BaseModel, locate_base
from training.conversations import Conversation, read_conversations

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def _save_tiny_model(folder: Path, texts: list[str], chat_template: str | None = TEMPLATE) -> None:
    """A llama of two layers over a byte-level vocabulary learned from the texts."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    words.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=512, special_tokens=marks, initial_alphabet=alphabet, show_progress=False
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = chat_template
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="session")
def conversations() -> list[Conversation]:
    return read_conversations("packaged")


@pytest.fixture(scope="session")
def save_tiny_model() -> Callable[..., None]:
    return _save_tiny_model


@pytest.fixture(scope="session")
def tiny_base(
    tmp_path_factory: pytest.TempPathFactory, conversations: list[Conversation]
) -> BaseModel:
    pytest.importorskip("trl", reason='needs `pip install "warmth-audit[train]"`')
    folder = tmp_path_factory.mktemp("tiny")
    _save_tiny_model(folder, [conversation.warm for conversation in conversations])
    return locate_base(str(folder), folder)
