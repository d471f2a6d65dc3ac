"""The rating desk: what a rater gets next, and what becomes of what they send.

Every card that the rater's page shows comes from here; how it is put together is in `cards.py`,
what is stored in `ratings.py`, `drafts.py` and `remarks.py`. Whatever is stored goes through one
group commit, and is on the disk when a method returns. What a rater has open is always stored,
be the study paused, closed or the seat given to others; only new sheets wait for that. A rater's
id is that of the session: each method looks itself whether what it is asked for is that rater's.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

import duckdb

from audit_app.assignment import next_assignment, prepare_assignment, rater_progress
from audit_app.cards import FINISH, PAUSED, START, Place, RatingCard, mine_card, sheet_card
from audit_app.drafts import Draft, DraftBox, draft_json, read_draft, says_something
from audit_app.forms import check_draft, question_order, questions_of
from audit_app.given_sheets import SKIPS
from audit_app.known_sheets import KnownSheets
from audit_app.onboarding import next_step, record_practice
from audit_app.outlooks import WAIT_WORDS, Outlook, outlook_of, outlook_without_sheet
from audit_app.paces import Paces
from audit_app.practice import Practice
from audit_app.rater_texts import RaterTexts
from audit_app.ratings import (
    Answers,
    OwnRating,
    answers_of,
    check_submission,
    my_ratings,
    newest_rating,
    save_rating,
    unsent_change,
)
from audit_app.remarks import RemarkWords, check_remark, save_remark
from audit_app.seating import Seating
from audit_app.study_events import read_study_state
from audit_app.tabs import Tabs
from audit_app.watch import Watch
from study.commits import GroupCommit
from study.errors import BadInput
from study.records import Assignment, Form, Rating


@dataclass(frozen=True)
class DeskPlan:
    """Numbers of the study that the desk needs; not its settings, since they name arms."""

    seed: int
    break_every: int


@dataclass(frozen=True)
class Pulse:
    """What a page hears in return for a sign of life."""

    other_tab: bool
    """The same rater seems to have the page open twice."""
    state: Literal["open", "paused", "closed"]
    """Of the study."""


class RatingDesk:
    """Serves all raters, from many threads at once."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        commits: GroupCommit,
        seating: Seating,
        texts: RaterTexts,
        plan: DeskPlan,
        clock: Callable[[], datetime],
        more_to_come: Callable[[], bool],
    ) -> None:
        """Take what the app has made.

        Args:
            more_to_come: whether things to rate may still be added to the study.
        """
        self._con = con
        self._commits = commits
        self._seating = seating
        self._texts = texts
        self._plan = plan
        self._clock = clock
        self._more_to_come = more_to_come
        self._practice = Practice(texts.practice)
        self._tabs = Tabs()
        self._admitted: set[str] = set()
        self._state = Watch(partial(read_study_state, con), clock)
        self._paces = Paces(con)
        self._known = KnownSheets(con)
        self._drafts = DraftBox(commits, along=self._prepare)

    def show(self, rater_id: str) -> RatingCard:
        """What this rater should see now: the sheet left open, else a new one, else why not."""
        instead = self._instead_of_sheets(rater_id)
        if instead is not None:
            return instead
        now = self._clock()
        following = self._commits.run(
            lambda cursor: next_assignment(cursor, self._seating, rater_id, now)
        )
        return self._following(rater_id, following, now)

    def rate(self, rater_id: str, token: str, answers: Answers, idempotency_key: str) -> RatingCard:
        """Store a rating, then show what comes next; or tell what a practice pair teaches.

        Args:
            idempotency_key: drawn by the page once per submit.
        Raises:
            BadInput: an answer is missing or not one of those allowed; the message names it.
            NotAllowed: the sheet is not this rater's.
        """
        if self._practice.has(token):
            return self._practise(rater_id, token, answers, idempotency_key)
        assignment = self._known.assignment(token, rater_id)
        asked = questions_of(assignment.form, self._known.sheet(assignment))
        check_submission(asked, answers, idempotency_key)
        key = _key_of(token, idempotency_key)
        instead = self._instead_of_sheets(rater_id)
        now = self._clock()
        answers = replace(answers, seconds=min(answers.seconds, _seconds_since(assignment, now)))

        def store(cursor: duckdb.DuckDBPyConnection) -> tuple[Rating, Assignment | None]:
            rating = save_rating(cursor, self._seating, assignment, answers, key, now)
            if instead is not None:
                return rating, None
            return rating, next_assignment(cursor, self._seating, rater_id, now)

        rating, following = self._commits.run(store)
        is_first = (rating.revision, rating.idempotency_key) == (1, key)
        if is_first:
            self._paces.note(rater_id, token, rating.seconds)
        card = instead or self._following(rater_id, following, now, after_submit=is_first)
        said = {} if is_first else {"said": "Your change is saved."}
        return card | said | {"saved": rating.rated_at}

    def remark(
        self, rater_id: str, token: str, words: RemarkWords, idempotency_key: str
    ) -> RatingCard:
        """Store a skip, then show what comes next; or a problem report, and stay.

        Raises:
            BadInput: the reason is not one of those allowed, or the sheet cannot be skipped.
            NotAllowed: the sheet is not this rater's.
        """
        if self._practice.has(token):
            raise BadInput(
                "token: expected a sheet of the study, got a practice pair, which can be neither "
                "skipped nor reported; answer it as well as you can"
            )
        assignment = self._known.assignment(token, rater_id)
        check_remark(words, idempotency_key)
        key = _key_of(token, idempotency_key)
        now = self._clock()
        remark = self._commits.run(
            lambda cursor: save_remark(cursor, self._seating, assignment, words, key, now)
        )
        if remark is None:
            raise BadInput(
                "skip: expected a sheet that is open to you, got one that you have rated or "
                "skipped twice; go on with the next one"
            )
        if words.kind == "problem":
            card = self.show_again(rater_id, token)
            return card | {"said": "Thank you, your report is stored. You can still answer."}
        again = "It will not come again" if remark.number == SKIPS else "It comes back once, later"
        return self.show(rater_id) | {"said": f"Skipped. {again}."}

    def undo(self, rater_id: str) -> RatingCard:
        """The sheet that this rater submitted last, to be changed."""
        mine = my_ratings(self._con, rater_id)
        if not mine:
            return self.show(rater_id)
        last = max(mine, key=lambda own: datetime.fromisoformat(own.rating.rated_at))
        return self._instead_of_sheets(rater_id) or self._changing(rater_id, last)

    def reopen(self, rater_id: str, token: str) -> RatingCard:
        """A sheet of this rater's, to be changed; not while the study is paused or closed.

        Raises:
            NotAllowed: the sheet is not this rater's.
        """
        return self._instead_of_sheets(rater_id) or self.show_again(rater_id, token)

    def mine(self, rater_id: str) -> RatingCard:
        """All that this rater has rated; not while the study is paused or closed."""
        return self._instead_of_sheets(rater_id) or mine_card(my_ratings(self._con, rater_id))

    def show_again(self, rater_id: str, token: str) -> RatingCard:
        """One sheet of this rater's as it stands: with its draft, else as it was last rated.

        Raises:
            NotAllowed: the sheet is not this rater's.
        """
        if self._practice.has(token):
            return self._practice.card_of(token, self._order("pair", rater_id))
        assignment = self._known.assignment(token, rater_id)
        if newest_rating(self._con.cursor(), assignment) is None:
            return self._following(rater_id, assignment, self._clock())
        mine = my_ratings(self._con, rater_id)
        return self._changing(rater_id, next(own for own in mine if own.rating.token == token))

    def keep_draft(
        self, rater_id: str, token: str, answers: Mapping[str, str], tab: str
    ) -> "Future[None]":
        """Keep what is not submitted yet; nothing of practice is kept.

        A draft that says nothing is none, unless its own tab took back what it had said: a page
        that stood open, untouched, knows nothing of what was chosen elsewhere meanwhile.

        Returns:
            Done when the draft is on the disk.
        Raises:
            BadInput: an answer is not text or to another form, or they are too long together.
            NotAllowed: the sheet is not this rater's.
        """
        now = self._clock()
        self._tabs.hear(rater_id, tab, now)
        if self._practice.has(token):
            return _nothing_to_keep()
        assignment = self._known.assignment(token, rater_id)
        check_draft(assignment.form, answers)
        draft = Draft(token, draft_json(answers), now)
        self._seating.renew(token, now)
        if not says_something(answers) and not self._drafts.is_from(token, tab):
            return _nothing_to_keep()
        return self._drafts.put(draft, tab)

    def hear(self, rater_id: str, token: str | None, tab: str, is_active: bool) -> Pulse:
        """Take note that a page is open; one in view with somebody at it keeps the seat of its sheet.

        Raises:
            NotAllowed: the sheet is not this rater's.
        """
        now = self._clock()
        if is_active and token is not None and not self._practice.has(token):
            self._seating.renew(self._known.assignment(token, rater_id).token, now)
        return Pulse(self._tabs.hear(rater_id, tab, now), self._state.now().name)

    def outlook(self, rater_id: str) -> Outlook:
        """What a rater who is admitted can expect of the study, now and later."""
        return outlook_of(
            self._con,
            self._seating,
            rater_id,
            self._clock(),
            is_closed=self._state.now().name == "closed",
            more_to_come=self._more_to_come(),
        )

    def _instead_of_sheets(self, rater_id: str) -> RatingCard | None:
        """What this rater sees as long as there can be no sheet; None when there can."""
        if rater_id not in self._admitted:
            step = next_step(self._con, rater_id, self._texts.sha256)
            if step == "practice":
                return self._practice.card(rater_id, self._order("pair", rater_id))
            if step != "admitted":
                return START
            self._admitted.add(rater_id)
        return {"open": None, "paused": PAUSED, "closed": FINISH}[self._state.now().name]

    def _practise(
        self, rater_id: str, token: str, answers: Answers, idempotency_key: str
    ) -> RatingCard:
        feedback = self._practice.answer(rater_id, token, answers, idempotency_key)
        if self._practice.is_done(rater_id):
            record_practice(self._con, rater_id, self._texts, self._clock())
            self._practice.forget(rater_id)
        return feedback

    def _following(
        self,
        rater_id: str,
        assignment: Assignment | None,
        now: datetime,
        *,
        after_submit: bool = False,
    ) -> RatingCard:
        """The card of an assignment that is not rated yet, or why there is none."""
        cursor = self._con.cursor()
        progress = rater_progress(cursor, self._seating, rater_id, now)
        done = progress.done
        if assignment is None:
            return self._without_sheet(cursor, rater_id, done, now)
        total = max(progress.total, done + 1)
        place = Place(
            number=done + 1,
            total=total,
            minutes_left=self._paces.minutes(rater_id, total - done),
            break_due=after_submit and done % self._plan.break_every == 0,
            can_undo=done > 0,
        )
        return self._card(assignment, place, self._draft_of(assignment, read_draft))

    def _without_sheet(
        self, cursor: duckdb.DuckDBPyConnection, rater_id: str, done: int, now: datetime
    ) -> RatingCard:
        outlook = outlook_without_sheet(
            cursor, self._seating, rater_id, now, more_to_come=self._more_to_come()
        )
        if outlook == "more" or outlook == "place":
            return {"view": "waiting", "done": done, **asdict(WAIT_WORDS[outlook])}
        return FINISH

    def _changing(self, rater_id: str, own: OwnRating) -> RatingCard:
        """The card of a rated sheet, with what was chosen for it since, else with its rating."""
        assignment = self._known.assignment(own.rating.token, rater_id)
        progress = rater_progress(self._con.cursor(), self._seating, rater_id, self._clock())
        place = Place(own.number, max(progress.total, own.number), changing=True)
        given = {"reason": own.rating.reason, "seconds": str(own.rating.seconds)}
        draft = self._draft_of(assignment, partial(unsent_change, rating=own.rating))
        return self._card(assignment, place, draft or answers_of(own.rating) | given)

    def _prepare(self, cursor: duckdb.DuckDBPyConnection, token: str) -> None:
        if self._state.now().name == "open":
            prepare_assignment(cursor, self._seating, token, self._clock())

    def _draft_of(
        self,
        assignment: Assignment,
        read: Callable[[duckdb.DuckDBPyConnection, Assignment], dict[str, str]],
    ) -> dict[str, str]:
        if not self._drafts.has(assignment.token):
            return {}
        # a page that is left sends its draft, and asks for the sheet at once when it is a refresh
        self._drafts.settle(assignment.token)
        return read(self._con.cursor(), assignment)

    def _card(self, assignment: Assignment, place: Place, answers: Mapping[str, str]) -> RatingCard:
        self._known.remember(assignment)
        order = self._order(assignment.form, assignment.rater_id)
        return sheet_card(assignment.form, self._known.sheet(assignment), order, place, answers)

    def _order(self, form: Form, rater_id: str) -> tuple[str, ...]:
        return question_order(form, rater_id, self._plan.seed)


def _nothing_to_keep() -> "Future[None]":
    done: Future[None] = Future()
    done.set_result(None)
    return done


def _seconds_since(assignment: Assignment, now: datetime) -> float:
    """Longer than a sheet has been given nobody can have looked at it."""
    return max(0.0, (now - datetime.fromisoformat(assignment.assigned_at)).total_seconds())


def _key_of(token: str, idempotency_key: str) -> str:
    """A page's key as it is stored: one that was used for another sheet is another key."""
    return f"{token} {idempotency_key}"
