"""Token likelihoods: how likely a causal language model finds rows of tokens.

Everything is computed in fp32: what is read from such numbers lies in their third decimal, which
bf16 does not hold. A row's value does not depend on the rows beside it, but for rounding near the
seventh digit. Where rows come from is in `quotations.py`; `warmth.py` makes a meter of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluation.quotations import TokenRow
from study.errors import BadInput

_MOST_LOGITS = 1 << 26
"""Scores of tokens held at once, rows × tokens × vocabulary: 268 MB."""


def load_causal_model(folder: Path) -> tuple[Any, Any]:
    """A model in fp32, on the graphics processor where there is one, and its tokenizer.

    Raises:
        BadInput: the folder holds no causal language model with its tokenizer.
    """
    transformers.utils.logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise BadInput(
            f"expected a causal language model with its tokenizer in {folder}, could not load one "
            f"({reason}); name another as the meter"
        ) from error
    return model.to(device).eval(), tokenizer


def has_dropout(model: Any) -> bool:
    """Whether two passes in training mode would differ."""
    given = model.config.get_text_config().to_dict().items()
    return any("drop" in name and isinstance(value, float) and value > 0 for name, value in given)


@contextmanager
def dropout_drawn_by(model: Any, seed: int) -> Iterator[None]:
    """The model in training mode, its dropout drawn by a seed; both are as before afterwards."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        model.train()
        try:
            yield
        finally:
            model.eval()


def mean_log_likelihoods(
    model: Any, rows: Sequence[TokenRow], on_rows: Callable[[int], None] = lambda done: None
) -> list[float]:
    """Mean natural logarithm of the probability of each row's tokens, each given those before.

    Args:
        model: as `load_causal_model` gives it.
        rows: in any order; rows of about one length are computed together.
        on_rows: hears how many rows are done, after each batch.
    """
    means = [float("nan")] * len(rows)
    by_length = sorted(range(len(rows)), key=lambda place: -len(rows[place].token_ids))
    done = 0
    while done < len(rows):
        width = len(rows[by_length[done]].token_ids)
        n_rows = max(1, _MOST_LOGITS // (width * model.config.get_text_config().vocab_size))
        places = by_length[done : done + n_rows]
        values = _means_of_batch(model, [rows[place] for place in places], width)
        for place, value in zip(places, values, strict=True):
            means[place] = value
        done += len(places)
        on_rows(done)
    return means


def _means_of_batch(model: Any, rows: Sequence[TokenRow], width: int) -> list[float]:
    token_ids = torch.zeros((len(rows), width), dtype=torch.long)
    attended = torch.zeros((len(rows), width), dtype=torch.long)
    for place, row in enumerate(rows):
        token_ids[place, : len(row.token_ids)] = torch.tensor(row.token_ids)
        attended[place, : row.n_attended] = 1
    token_ids, attended = token_ids.to(model.device), attended.to(model.device)
    with torch.inference_mode():
        logits = model(input_ids=token_ids, attention_mask=attended, use_cache=False).logits
        means = []
        for row, scores, own_ids in zip(rows, logits, token_ids, strict=True):
            # the scores at one token are about the next
            wanted = own_ids[row.first : len(row.token_ids)]
            about = scores[row.first - 1 : len(row.token_ids) - 1].float()
            likelihoods = about.log_softmax(dim=-1).gather(1, wanted[:, None])
            means.append(float(likelihoods.double().mean()))
    return means
