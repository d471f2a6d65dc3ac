"""Intake: responses on their way into a study, from the disk to graded and paired rows.

A response is on the disk as soon as it has come. Once all of a prompt's are there it is graded
and paired, and every few seconds the study takes in what has come, so that rating can begin; what
comes meanwhile is written beside that. Whom they come from, `generation_stage.py` and
`batch_stage.py` decide.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from audit_app.pipeline import Job, Questions, ended
from evaluation.formats import count_of
from evaluation.grading.labels import grade_response
from evaluation.pairs import draw_pairs
from evaluation.responses import ResponseRequest
from study.progress import StageProgress
from study.records import UNGRADED, Grade, Item, Prompt, Response
from study.run_files import RunFile
from study.side_thread import SideThread

STAGE = "generate"
_HAND_IN_S = 5.0
_REPORT_S = 1.0
# with their texts about 30 MB
_MOST_WAITING = 10_000


@dataclass(frozen=True)
class Destination:
    """Where replies and what is made of them go: run files by stage, and tables."""

    stage: str
    table: str
    grade_stage: str
    grade_table: str
    makes_pairs: bool
    """Whether people may be shown the replies."""


THE_STUDY = Destination(STAGE, "responses", "grade", "grades", makes_pairs=True)


class Intake:
    """Responses on their way into the study; from one thread at a time."""

    def __init__(
        self,
        job: Job,
        questions: Questions,
        requests: Sequence[ResponseRequest],
        to: Destination = THE_STUDY,
    ) -> None:
        """Open the run files.

        Args:
            requests: all that will come.
            to: where they go.
        """
        self._job = job
        self._questions = questions
        self._to = to
        self._files = {stage: job.run_file(stage) for stage in (to.stage, to.grade_stage)}
        self._pairs = job.run_file("pairs") if to.makes_pairs else None
        self._to_hand_in: dict[str, RunFile] = {}
        self._prompts = {request.prompt.prompt_id: request.prompt for request in requests}
        self._unseen = questions.unseen_prompt_ids(job.settings)
        self._n_open = Counter(request.prompt.prompt_id for request in requests)
        self._came: defaultdict[str, list[Response]] = defaultdict(list)
        self._whole: list[Response] = []
        self._total, self.n_done, self.n_failed = len(requests), 0, 0
        self._n_again = Counter[bool]()
        self._started = time.monotonic()
        self._reported_at = float("-inf")
        self._hand_ins, self._reports = SideThread(), SideThread()

    def take(
        self, responses: list[Response], run_file: RunFile | None = None
    ) -> Future[None] | None:
        """Put responses on the disk, and begin to bring them into the study when it is time.

        Args:
            run_file: in which to put them; the stage's own when None.
        Returns:
            What to wait for before more is asked, where the study takes in less than comes.
        Raises:
            DiskFull: they could not be written; none of them is kept.
            StudyError: those before could not be handed in; these are on the disk.
        """
        if not responses:
            return None
        run_file = run_file or self._files[self._to.stage]
        run_file.append(self._to.table, responses)
        self._to_hand_in[run_file.run_id] = run_file
        self.n_done += len(responses)
        self.n_failed += sum(response.failure is not None for response in responses)
        self._n_again.update(one.failure is None for one in responses if one.attempt > 1)
        for response in responses:
            self._came[response.prompt_id].append(response)
            self._n_open[response.prompt_id] -= 1
            if not self._n_open[response.prompt_id]:
                self._whole += self._came.pop(response.prompt_id)
        now = time.monotonic()
        if now - self._reported_at >= _REPORT_S:
            self._start_report(now)
        self._hand_ins.see()
        is_free = self._hand_ins.under_way is None
        if self._whole and is_free and now - self._hand_ins.ended_at_s >= _HAND_IN_S:
            self._hand_ins.start(partial(self._hand_in, self._take_files(), self._whole))
            self._whole = []
        return self._hand_ins.under_way if len(self._whole) > _MOST_WAITING else None

    def hand_in(self) -> None:
        """Bring everything into the study, prompts that lack a response too."""
        self._reports.wait()
        self._hand_ins.wait()
        rest = [one for responses in self._came.values() for one in responses]
        self._hand_in(self._take_files(), self._whole + rest)

    def end(self, note_on_way: str = "") -> None:
        """Bring everything into the study and say so.

        Args:
            note_on_way: how they came, where there is more to say than how many.
        """
        self.hand_in()
        note = f"{self.n_done} responses, {self.n_failed} failed{self.note_on_again()}{note_on_way}"
        self._job.report(ended(self._to.stage, self.n_done, note, True, self._started))

    def note_on_again(self) -> str:
        """How many of them were asked for after a failure, and with what success."""
        n_answer, n_fail = self._n_again[True], self._n_again[False]
        if not n_answer + n_fail:
            return ""
        what = count_of(n_answer + n_fail, "failure")
        return f"; {what} asked again: {n_answer} answered now, {n_fail} failed again"

    def close(self) -> None:
        """Wait for the hand-in that is under way."""
        self._reports.close()
        self._hand_ins.close()

    def _take_files(self) -> list[RunFile]:
        files, self._to_hand_in = list(self._to_hand_in.values()), {}
        return files

    def _start_report(self, now: float) -> None:
        """An app may take its time to hear of it."""
        self._reports.see()
        if self._reports.under_way is None:
            self._reported_at = now
            self._reports.start(partial(self._job.report, self._progress(now)))

    def _hand_in(self, files: Iterable[RunFile], responses: Sequence[Response]) -> None:
        # in this order: a grade and a pair speak of responses that are there
        to, access = self._to, self._job.access
        for run_file in files:
            access.hand_in(run_file)
        graded = [one for one in responses if self._item(one).answer_kind != UNGRADED]
        grades = _grade(graded, self._prompts, self._questions)
        self._files[to.grade_stage].append(to.grade_table, grades)
        access.hand_in(self._files[to.grade_stage])
        if self._pairs is None:
            return
        shown = [one for one in responses if self._is_shown(one)]
        self._pairs.append("pairs", draw_pairs(shown, self._job.settings.seed))
        access.hand_in(self._pairs)

    def _is_shown(self, response: Response) -> bool:
        """Whether people may see it: not where only refusal is measured."""
        only_refusal_counts = self._item(response).answer_kind == "none"
        return not only_refusal_counts and response.prompt_id not in self._unseen

    def _item(self, response: Response) -> Item:
        return self._questions.items[self._prompts[response.prompt_id].item_id]

    def _progress(self, now: float) -> StageProgress:
        seconds = now - self._started
        left_s = seconds / self.n_done * (self._total - self.n_done)
        note = f"{self.n_done / max(seconds, 1e-9) * 60:.0f} a minute, about {left_s:.0f} s left"
        if self.n_failed:
            note += f", {self.n_failed} failed"
        note += self.note_on_again()
        return StageProgress(self._to.stage, "running", self.n_done, self._total, note, seconds)


def _grade(
    responses: Sequence[Response], prompts: Mapping[str, Prompt], questions: Questions
) -> list[Grade]:
    asked = [(response, prompts[response.prompt_id]) for response in responses]
    return [
        grade_response(response, questions.items[prompt.item_id], prompt.belief)
        for response, prompt in asked
    ]
