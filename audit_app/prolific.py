"""Arrival from Prolific: /prolific?PROLIFIC_PID=…&STUDY_ID=…&SESSION_ID=…, read once.

The ids in the address are no proof of anything: others can know them. So they make somebody
new, and never open what somebody did before; that takes the browser in which it was begun.
After the first request they are in no address: the browser is sent on without them.
"""

import re
from collections.abc import Callable
from datetime import datetime

import duckdb
from fastapi import APIRouter, Request
from fastapi.responses import Response

from audit_app.identities import Identity, receive
from audit_app.sign_in import require_role, sign_in, signed_in_as
from audit_app.throttle import SignInThrottle
from study.errors import BadInput, NotAllowed

# Prolific's own have 24 hexadecimal digits
_ID = re.compile(r"[A-Za-z0-9]{8,64}")
_BACK = "go back to the study on Prolific and open it from there"


def build_prolific_router(
    con: duckdb.DuckDBPyConnection,
    study_id: str | None,
    clock: Callable[[], datetime],
    throttle: SignInThrottle,
) -> APIRouter:
    """The route to which Prolific sends people.

    Args:
        study_id: Prolific's id of the study; None lets people of any study in.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/prolific")
    def arrive(request: Request) -> Response:
        try:
            identity = _read_identity(request, study_id)
            arrival = receive(con, identity, clock())
            here = signed_in_as(request.session, "annotator")
            if not arrival.is_new and here != arrival.rater_id:
                raise NotAllowed(
                    "This Prolific id is in use in another browser; go on in the browser in which "
                    "you began, or send the researcher a message on Prolific if you cannot."
                )
            rater = require_role(con, arrival.rater_id, "annotator")
        except (BadInput, NotAllowed) as error:
            status = 400 if isinstance(error, BadInput) else 403
            return throttle.refuse(request, str(error), status)
        return sign_in(request.session, rater)

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
