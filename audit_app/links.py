"""Sign-in links: signed, expiring, and for owners good for one use. The only writer of `used_links`.

A link names one rater and one role and can be read by whoever has it; what it can not be is
made or changed without the study's secret. Each carries a random id of 128 bits, so that no
two links of one person are equal and a link can be remembered as used. Who opens one is
signed in by `sign_in.py`.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import duckdb
from itsdangerous import BadSignature, URLSafeSerializer

from study.database import transaction
from study.errors import NotAllowed
from study.records import Role

_ID_BYTES = 16


@dataclass(frozen=True)
class Link:
    """What a link's token says."""

    link_id: str
    rater_id: str
    role: Role
    works_once: bool


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
        "made_at": int(now.timestamp()),
        "once": once,
    }
    return str(_serializer(secret).dumps(content))


def read_link_token(secret: str, token: str, max_age_s: float, now: datetime) -> Link:
    """Whom a sign-in link was made for; says nothing of whether it was used before.

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
    return Link(content["id"], content["rater"], content["role"], content["once"])


_SELECT_USE = """
    SELECT link_id
    FROM used_links
    WHERE link_id = $link_id
"""
_INSERT_USE = """
    INSERT INTO used_links (link_id, rater_id, used_at)
    VALUES ($link_id, $rater_id, $used_at)
"""


def use_link(con: duckdb.DuckDBPyConnection, link: Link, now: datetime) -> bool:
    """Use up a link that works once; False when it had been used before."""
    with transaction(con) as cursor:
        if cursor.execute(_SELECT_USE, {"link_id": link.link_id}).fetchone():
            return False
        row = {"link_id": link.link_id, "rater_id": link.rater_id, "used_at": now}
        cursor.execute(_INSERT_USE, row)
        return True


def _serializer(secret: str) -> URLSafeSerializer:
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(secret, salt="sign-in link", signer_kwargs=signing)
