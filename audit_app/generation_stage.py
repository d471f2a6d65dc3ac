"""The generation stage of a study: which responses it lacks, asking for them, taking them in.

A response is on the disk as soon as it has come. Once all of a prompt's are there it is graded
and paired, and every few seconds the study takes in what has come, so that rating can begin.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from audit_app.pipeline import Job, Questions, ended
from evaluation.grading.labels import grade_response
from evaluation.pairs import draw_pairs
from evaluation.responses import (
    ResponseRequest,
    ServedArm,
    generate,
    plan_requests,
    read_answered,
)
from evaluation.serving.chat_client import ChatClient
from evaluation.serving.request_run import Check
from study.errors import ModelUnreachable
from study.progress import StageProgress
from study.records import UNGRADED, Grade, Item, Prompt, Response

STAGE = "generate"
_HAND_IN_S = 5.0
_REPORT_S = 1.0


def missing_requests(
    job: Job, questions: Questions, arms: Sequence[ServedArm], limit: int | None = None
) -> list[ResponseRequest]:
    """Responses that the study lacks, in the order in which they are asked for.

    Args:
        limit: look at this many prompts only.
    """
    job.run_file(STAGE)  # what a killed run left on the disk is handed in, and not paid twice
    with job.access.reading() as con:
        answered = read_answered(con)
    samples = job.settings.evaluation.decoding.samples
    planned = plan_requests(questions.prompts[:limit], arms, samples)
    return [request for request in planned if request.response_id not in answered]


def skip_generation(job: Job) -> None:
    """Say that every response is there."""
    job.report(ended(STAGE, 0, "every response is there", did_something=False))


def generate_responses(
    job: Job,
    questions: Questions,
    requests: Sequence[ResponseRequest],
    client: ChatClient,
    check: Check,
) -> None:
    """Ask for the missing responses and bring them into the study, with their grades and pairs.

    Args:
        check: the canary, for a replica that broke off and is back.
    Raises:
        ModelUnreachable: some got no answer; what has come is in the study.
        CanaryFailed: a replica that came back serves something else.
    """
    intake = Intake(job, questions, requests)
    decoding, seed = job.settings.evaluation.decoding, job.settings.seed
    try:
        generate(requests, client, decoding, seed, lambda: datetime.now(UTC), intake.take, check)
    except ModelUnreachable:
        intake.hand_in()
        raise
    intake.end()


class Intake:
    """Responses on their way into the study; from one thread at a time."""

    def __init__(self, job: Job, questions: Questions, requests: Sequence[ResponseRequest]) -> None:
        """Open the run files.

        Args:
            requests: all that will come.
        """
        self._job = job
        self._questions = questions
        self._files = {name: job.run_file(name) for name in (STAGE, "grade", "pairs")}
        self._prompts = {request.prompt.prompt_id: request.prompt for request in requests}
        self._unseen = questions.unseen_prompt_ids(job.settings)
        self._n_open = Counter(request.prompt.prompt_id for request in requests)
        self._came: defaultdict[str, list[Response]] = defaultdict(list)
        self._whole: list[Response] = []
        self._total, self.n_done, self.n_failed = len(requests), 0, 0
        self._started = self._handed_in_at = time.monotonic()
        self._reported_at = float("-inf")

    def take(self, responses: list[Response]) -> None:
        """Put responses on the disk, and into the study when it is time.

        Raises:
            DiskFull: they could not be written; none of them is kept.
        """
        if not responses:
            return
        self._files[STAGE].append("responses", responses)
        self.n_done += len(responses)
        self.n_failed += sum(response.failure is not None for response in responses)
        for response in responses:
            self._came[response.prompt_id].append(response)
            self._n_open[response.prompt_id] -= 1
            if not self._n_open[response.prompt_id]:
                self._whole += self._came.pop(response.prompt_id)
        now = time.monotonic()
        if now - self._reported_at >= _REPORT_S:
            self._reported_at = now
            self._job.report(self._progress(now))
        if self._whole and now - self._handed_in_at >= _HAND_IN_S:
            self._hand_in(self._whole)
            self._whole = []
            self._handed_in_at = time.monotonic()

    def hand_in(self) -> None:
        """Bring everything into the study, prompts that lack a response too."""
        rest = [one for responses in self._came.values() for one in responses]
        self._hand_in(self._whole + rest)

    def end(self) -> None:
        """Bring everything into the study and say so."""
        self.hand_in()
        note = f"{self.n_done} responses, {self.n_failed} failed"
        self._job.report(ended(STAGE, self.n_done, note, True, self._started))

    def _hand_in(self, responses: Sequence[Response]) -> None:
        # in this order: a grade and a pair speak of responses that are there
        self._job.access.hand_in(self._files[STAGE])
        graded = [one for one in responses if self._item(one).answer_kind != UNGRADED]
        self._files["grade"].append("grades", _grade(graded, self._prompts, self._questions))
        self._job.access.hand_in(self._files["grade"])
        shown = [one for one in responses if self._is_shown(one)]
        self._files["pairs"].append("pairs", draw_pairs(shown, self._job.settings.seed))
        self._job.access.hand_in(self._files["pairs"])

    def _is_shown(self, response: Response) -> bool:
        """Whether people may see it: not where only refusal is measured."""
        is_refused = self._item(response).answer_kind == "none"
        return not is_refused and response.prompt_id not in self._unseen

    def _item(self, response: Response) -> Item:
        return self._questions.items[self._prompts[response.prompt_id].item_id]

    def _progress(self, now: float) -> StageProgress:
        seconds = now - self._started
        left_s = seconds / self.n_done * (self._total - self.n_done)
        note = f"{self.n_done / max(seconds, 1e-9) * 60:.0f} a minute, about {left_s:.0f} s left"
        if self.n_failed:
            note += f", {self.n_failed} failed"
        return StageProgress(STAGE, "running", self.n_done, self._total, note, seconds)


def _grade(
    responses: Sequence[Response], prompts: Mapping[str, Prompt], questions: Questions
) -> list[Grade]:
    asked = [(response, prompts[response.prompt_id]) for response in responses]
    return [
        grade_response(response, questions.items[prompt.item_id], prompt.belief)
        for response, prompt in asked
    ]
