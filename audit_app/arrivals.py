"""Arrivals: what somebody meets whom another service sends and no owner invited.

All such ways in share these checks: nobody new once the study is closed, only so many new people
at once, and nobody takes a browser over from who is signed in there without being asked. What a
service proves of a person is said in `prolific.py` and `oauth.py`.
"""

from dataclasses import dataclass

import duckdb
from fastapi import Request
from fastapi.responses import Response

from audit_app.sign_in import ask_before_replacing, signed_in_as
from audit_app.study_events import read_study_state
from audit_app.throttle import ArrivalThrottle
from study.errors import NotAllowed


@dataclass(frozen=True)
class ArrivalChecks:
    """One for the whole app."""

    con: duckdb.DuckDBPyConnection
    throttle: ArrivalThrottle

    def instead_of(
        self, request: Request, known: str | None, *, is_sure: bool, go_back: str
    ) -> Response | None:
        """What an annotator gets instead of being let in; None lets them in.

        Args:
            known: the rater that they are already; None for somebody unknown, who is counted.
            is_sure: to be signed in instead of whom this browser is signed in as.
            go_back: what somebody new is to do when the study is closed.
        Raises:
            NotAllowed: the study is closed and the person is new.
        """
        if known is None and read_study_state(self.con).is_closed:
            raise NotAllowed(f"This study has ended and asks for no more ratings; {go_back}.")
        if signed_in_as(request.session, "annotator") not in (None, known) and not is_sure:
            return ask_before_replacing("annotator")
        return self.throttle.refusal(request) if known is None else None
