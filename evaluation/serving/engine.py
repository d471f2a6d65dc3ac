"""The local engine: requests wait per model, one thread answers them in batches, models in turn.

A batch that is not full waits for company as long as more comes, since 16 rows take little longer
than one: who has had a batch answered sends the next requests some milliseconds apart.
How a batch is decoded is in `decoding.py`; how the models came to be, in `resident_models.py`.
"""

import copy
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from random import Random
from typing import Any

import torch
import transformers
from jinja2 import TemplateError

from evaluation.serving.decoding import decode_batch
from evaluation.serving.generation import Generation, GenerationRequest
from evaluation.serving.resident_models import (
    DtypeChoice,
    ResidentModels,
    load_resident_models,
)
from study.errors import BadInput, ModelUnreachable
from study.progress import Report, silent

_Waiting = tuple[GenerationRequest, Future[Generation]]

MAX_BATCH = 16
COMPANY_S = 0.02
"""Silence after which a batch that is not full begins."""
_STOPPED = "the local server has stopped; start it again and run the command again"


class Engine:
    """Resident models behind one queue each; close it when it is no longer needed."""

    def __init__(self, models: ResidentModels, seed: int) -> None:
        """Start the thread that computes.

        Args:
            models: what can be asked.
            seed: of the seeds that are drawn for requests which sample and bring none.
        """
        self._models = models
        self._seeds = Random(seed)
        # the worker decodes with its own: a fast tokenizer is not made for two threads
        self._worker_tokenizer = copy.deepcopy(models.tokenizer)
        self._waiting: dict[str, deque[_Waiting]] = {name: deque() for name in models.by_name}
        self._turns = deque(models.by_name)
        self._changed = threading.Condition()
        self._is_closing = False
        self._worker = threading.Thread(target=self._work, name="local-engine", daemon=True)
        self._worker.start()

    @classmethod
    def load(
        cls,
        base_folder: Path,
        adapters: Mapping[str, Path],
        dtype: DtypeChoice = "auto",
        seed: int = 0,
        report: Report = silent,
    ) -> "Engine":
        """Load and merge the models, then start; raises BadInput as `load_resident_models` does."""
        return cls(load_resident_models(base_folder, adapters, dtype, report), seed)

    @property
    def base_name(self) -> str:
        """The base's own name."""
        return self._models.base_name

    @property
    def adapter_names(self) -> tuple[str, ...]:
        """Arms that have a merged copy."""
        return tuple(name for name in self._models.by_name if name != self.base_name)

    @property
    def dtype(self) -> str:
        """Number format of the weights, `bf16` or `fp32`."""
        return self._models.dtype

    @property
    def max_total_tokens(self) -> int:
        """What a prompt and its answer may have together."""
        return self._models.max_total_tokens

    @property
    def version(self) -> str:
        """Versions of the packages that compute; answers may differ between them."""
        return f"torch {torch.__version__}, transformers {transformers.__version__}"

    @property
    def is_running(self) -> bool:
        """Whether requests are answered."""
        return self._worker.is_alive() and not self._is_closing

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokens of raw text, with the special tokens that the tokenizer adds by itself."""
        return tuple(self._encoded(text, add_special_tokens=True)["input_ids"])

    def encode_chat(self, messages: Sequence[Mapping[str, str]]) -> tuple[int, ...]:
        """Tokens of messages in the model's chat template; raises BadInput as `write_out` does."""
        return tuple(self._encoded(self.write_out(messages), add_special_tokens=False)["input_ids"])

    def write_out(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Messages in the model's chat template, up to where the answer begins.

        Raises:
            BadInput: there is no template, or it does not take these messages.
        """
        tokenizer = self._models.tokenizer
        if not tokenizer.chat_template:
            raise BadInput(
                f"the model {self.base_name} has no chat template; serve a chat model, or send raw "
                "text to /generate"
            )
        try:
            return str(
                tokenizer.apply_chat_template(
                    [dict(one) for one in messages], tokenize=False, add_generation_prompt=True
                )
            )
        except (TemplateError, ValueError) as error:
            raise BadInput(f"the chat template refused the messages: {error}") from error

    def tokenize(self, text: str, *, add_special_tokens: bool) -> list[dict[str, Any]]:
        """Tokens of a text, each with its place there; one that the tokenizer adds has none."""
        encoded = self._encoded(
            text, add_special_tokens=add_special_tokens, return_offsets_mapping=True
        )
        places = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        return [
            {"id": token_id, "text": text[start:stop], "start": start, "stop": stop}
            for token_id, (start, stop) in places
        ]

    def _encoded(self, text: str, **options: bool) -> Any:
        try:
            return self._models.tokenizer(text, **options)
        except (UnicodeEncodeError, TypeError) as error:
            # half a surrogate pair, which JSON can hold and no tokenizer
            raise BadInput(f"the text holds characters that are none ({error})") from error

    def token_text(self, token_id: int) -> str:
        """One token as text."""
        return str(self._models.tokenizer.decode([token_id]))

    def draw_seed(self) -> int:
        """A seed for a request that samples and brings none."""
        return self._seeds.getrandbits(31)

    def submit(self, model_name: str, request: GenerationRequest) -> Future[Generation]:
        """Put a request into its model's queue; cancelling the future takes it out again.

        Raises:
            ModelUnreachable: the engine is closed.
        """
        future: Future[Generation] = Future()
        with self._changed:
            if not self.is_running:
                raise ModelUnreachable(_STOPPED)
            self._waiting[model_name].append((request, future))
            self._changed.notify_all()
        return future

    def close(self) -> None:
        """Stop after the token under way; what waits or runs fails with ModelUnreachable."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._worker.join()

    def _work(self) -> None:
        try:
            while batch := self._next_batch():
                self._answer(*batch)
        finally:
            self._is_closing = True
            for queue in self._waiting.values():
                for _, future in queue:
                    if future.set_running_or_notify_cancel():
                        future.set_exception(ModelUnreachable(_STOPPED))

    def _next_batch(
        self,
    ) -> tuple[str, list[_Waiting]] | None:
        """The next model in turn that has requests, with up to MAX_BATCH of them; None to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or any(self._waiting.values()))
            if self._is_closing:
                return None
            while not self._waiting[self._turns[0]]:
                self._turns.rotate(-1)
            name = self._turns[0]
            self._turns.rotate(-1)
            queue = self._waiting[name]
            while len(queue) < MAX_BATCH and self._has_company(len(queue), queue):
                pass
            return name, [queue.popleft() for _ in range(min(MAX_BATCH, len(queue)))]

    def _has_company(self, n_waiting: int, queue: deque[_Waiting]) -> bool:
        """Whether more than so many wait before it has been silent for long."""
        self._changed.wait_for(
            lambda: self._is_closing or len(queue) > n_waiting, timeout=COMPANY_S
        )
        return not self._is_closing and len(queue) > n_waiting

    def _answer(self, name: str, batch: list[_Waiting]) -> None:
        wanted = [pair for pair in batch if pair[1].set_running_or_notify_cancel()]
        if not wanted:
            return
        try:
            generations = decode_batch(
                self._models.by_name[name],
                self._worker_tokenizer,
                self._models.eos_ids,
                [request for request, _ in wanted],
                lambda: self._is_closing,
            )
        except (RuntimeError, MemoryError, ModelUnreachable) as error:
            # torch reports a lack of memory as RuntimeError; the next batch may be smaller
            _fail(wanted, error)
        except BaseException as error:  # whatever ends this thread, no request waits for ever
            _fail(wanted, error)
            raise
        else:
            for (_, future), generation in zip(wanted, generations, strict=True):
                future.set_result(generation)


def _fail(batch: list[_Waiting], error: BaseException) -> None:
    for _, future in batch:
        future.set_exception(error)
