"""Arrival from Prolific: /prolific?PROLIFIC_PID=…&STUDY_ID=…&SESSION_ID=…, read once.

The ids in the address are no proof of anything: others can know them. So they make somebody
new, and never open what somebody did before; that takes the browser in which it was begun.
Since anybody can make ids up, who is new meets the checks of `arrivals.py`. Once somebody is in they
are in no address: the browser is sent on without them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import Response

from audit_app.arrivals import ArrivalChecks
from audit_app.identities import Identity, find_rater, receive
from audit_app.sign_in import require_role, sign_in, signed_in_as
from audit_app.throttle import SignInThrottle
from study.errors import BadInput, NotAllowed

# Prolific's own have 24 hexadecimal digits
_ID = re.compile(r"[A-Za-z0-9]{8,64}")
_ELSEWHERE = (
    "This Prolific id is in use in another browser; go on in the browser in which you began, or "
    "send the researcher a message on Prolific if you cannot."
)
_RETURN = "return your submission on Prolific"
_BACK = "go back to the study on Prolific and open it from there"


@dataclass(frozen=True)
class ProlificDoor:
    """How people come in from Prolific."""

    con: duckdb.DuckDBPyConnection
    study_id: str | None
    """Prolific's id of the study; None lets people of any study in."""
    clock: Callable[[], datetime]
    throttle: SignInThrottle
    checks: ArrivalChecks

    def come(self, request: Request, *, is_sure: bool) -> Response:
        """Sign somebody in, ask first, or say why not.

        Args:
            is_sure: to be signed in instead of whom this browser is signed in as.
        """
        try:
            identity = _read_identity(request, self.study_id)
            known = find_rater(self.con, identity)
            if known is not None and signed_in_as(request.session, "annotator") != known:
                raise NotAllowed(_ELSEWHERE)
            instead = self.checks.instead_of(request, known, is_sure=is_sure, go_back=_RETURN)
            if instead is not None:
                return instead
            rater = require_role(self.con, known or self._receive(identity), "annotator")
        except (BadInput, NotAllowed) as error:
            status = 400 if isinstance(error, BadInput) else 403
            return self.throttle.refuse(request, str(error), status)
        return sign_in(request.session, rater)

    def _receive(self, identity: Identity) -> str:
        arrival = receive(self.con, identity, self.clock())
        if not arrival.is_new:  # by another request of the same moment
            raise NotAllowed(_ELSEWHERE)
        return arrival.rater_id


def build_prolific_router(door: ProlificDoor) -> APIRouter:
    """The route to which Prolific sends people."""
    router = APIRouter(include_in_schema=False)

    @router.get("/prolific")
    def arrive(request: Request) -> Response:
        return door.come(request, is_sure=False)

    @router.post("/prolific")
    def go_on(request: Request) -> Response:
        return door.come(request, is_sure=True)

    return router


def _read_identity(request: Request, study_id: str | None) -> Identity:
    given = {
        name: request.query_params.get(name, "")
        for name in ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID")
    }
    unfit = [name for name, value in given.items() if not _ID.fullmatch(value)]
    if unfit:
        # what was sent is not repeated: it may be somebody's id
        raise BadInput(f"{unfit[0]} is missing in this address or is not Prolific's; {_BACK}.")
    if study_id is not None and given["STUDY_ID"] != study_id:
        raise NotAllowed(f"This address belongs to another study on Prolific; {_BACK}.")
    return Identity("prolific", given["PROLIFIC_PID"], given["STUDY_ID"], given["SESSION_ID"])
