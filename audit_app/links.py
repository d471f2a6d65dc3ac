"""Sign-in links: signed, expiring, and for owners good for one use. The only writer of `used_links`
and `link_renewals`.

A link names one rater and one role and can be read by whoever has it; what it can not be is
made or changed without the study's secret. Each carries a random id of 128 bits, so that no
two links of one person are equal and a link can be remembered as used. A new link that an owner
makes for somebody voids those before it, and so does the end of that person's access: a link
that got into other hands opens nothing again. Who opens one is signed in by `sign_in.py`.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
from itsdangerous import BadSignature, URLSafeSerializer

from audit_app.raters import read_standing
from study.database import transaction
from study.errors import BadInput, NotAllowed
from study.records import Role

_ID_BYTES = 16


@dataclass(frozen=True)
class Link:
    """What a link's token says."""

    link_id: str
    rater_id: str
    role: Role
    works_once: bool
    made_at: datetime


def make_link_token(
    secret: str, rater_id: str, role: Role, now: datetime, once: bool = False
) -> str:
    """The part of a sign-in link that follows /join/: signed, readable, safe in a URL.

    Args:
        once: the first browser to open it is signed in, and no other.
    """
    content = {
        "id": secrets.token_urlsafe(_ID_BYTES),
        "rater": rater_id,
        "role": role,
        "made_at": now.timestamp(),
        "once": once,
    }
    return str(_serializer(secret).dumps(content))


def read_link_token(secret: str, token: str, max_age_s: float, now: datetime) -> Link:
    """Whom a sign-in link was made for; says nothing of whether it was used before or is void.

    Raises:
        NotAllowed: the signature does not fit, or the link is older than `max_age_s` seconds.
    """
    try:
        content = _serializer(secret).loads(token)
    except BadSignature as error:
        raise NotAllowed(
            "This link is not complete, or it was not made by this study; ask the study's owner "
            "for a new one."
        ) from error
    if now.timestamp() - content["made_at"] > max_age_s:
        raise NotAllowed("This link has expired; ask the study's owner for a new one.")
    made_at = datetime.fromtimestamp(content["made_at"], UTC)
    return Link(content["id"], content["rater"], content["role"], content["once"], made_at)


_SELECT_USE = """
    SELECT link_id
    FROM used_links
    WHERE link_id = $link_id
"""
_INSERT_USE = """
    INSERT INTO used_links (link_id, rater_id, used_at)
    VALUES ($link_id, $rater_id, $used_at)
"""


def is_used(con: duckdb.DuckDBPyConnection, link: Link) -> bool:
    """Whether a link that works once was used."""
    return con.cursor().execute(_SELECT_USE, {"link_id": link.link_id}).fetchone() is not None


def use_link(con: duckdb.DuckDBPyConnection, link: Link, now: datetime) -> bool:
    """Use up a link that works once; False when it had been used before."""
    with transaction(con) as cursor:
        if cursor.execute(_SELECT_USE, {"link_id": link.link_id}).fetchone():
            return False
        row = {"link_id": link.link_id, "rater_id": link.rater_id, "used_at": now}
        cursor.execute(_INSERT_USE, row)
        return True


_SELECT_VOIDING = """
    SELECT
        (SELECT max(renewed_at) FROM link_renewals WHERE rater_id = $rater_id),
        (SELECT max(changed_at) FROM rater_states
            WHERE rater_id = $rater_id AND state = 'revoked')
"""


def is_void(con: duckdb.DuckDBPyConnection, link: Link) -> bool:
    """Whether an owner has replaced a link, or ended its person's access, since it was made."""
    found = con.cursor().execute(_SELECT_VOIDING, {"rater_id": link.rater_id}).fetchone()
    renewed_at, revoked_at = found or (None, None)
    # the link that a renewal made is of its very moment
    is_replaced = renewed_at is not None and link.made_at < renewed_at
    return is_replaced or (revoked_at is not None and link.made_at <= revoked_at)


_INSERT_RENEWAL = """
    INSERT INTO link_renewals (rater_id, number, renewed_by, renewed_at)
    SELECT $rater_id, coalesce(max(number), 0) + 1, $renewed_by, $renewed_at
    FROM link_renewals
    WHERE rater_id = $rater_id
"""


def renew_link(
    con: duckdb.DuckDBPyConnection, secret: str, rater_id: str, by: str, now: datetime
) -> str:
    """The token of a new link for an annotator or auditor, which voids those before it.

    Browsers that are signed in stay so.

    Args:
        by: id of the owner who does it.
    Raises:
        BadInput: nobody has that id.
        NotAllowed: the person is an owner, or is let in no more.
    """
    standing = read_standing(con, rater_id)
    if standing is None:
        raise BadInput(
            f"rater_id: expected somebody who was invited, got {rater_id!r:.80}; choose one of the "
            "raters on the owner's page"
        )
    if standing.rater.role == "owner":
        raise NotAllowed(
            f"{rater_id} is an owner, whose links work once; start the study's app again, which "
            "prints one"
        )
    if standing.is_revoked:
        raise NotAllowed(f"{rater_id} is let in no more; restore that access first")
    with transaction(con) as cursor:
        row = {"rater_id": rater_id, "renewed_by": by, "renewed_at": now}
        cursor.execute(_INSERT_RENEWAL, row)
    return make_link_token(secret, rater_id, standing.rater.role, now)


def _serializer(secret: str) -> URLSafeSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(secret, salt="sign-in link", signer_kwargs=signing)
