"""Private links: made inside one chat, redeemed in another. The token is derived from the
row's id with the office's key, so that no table and no log holds a usable one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dialogs.reply import LinkPurpose
from storage.base import AnyRow
from storage.repositories import people

JOIN_LIFE = timedelta(minutes=15)
_MARK: dict[LinkPurpose, str] = {"resume": "r", "join": "j"}
_TOKEN = re.compile(r"([rj])(\d{1,15})_([A-Za-z0-9_-]{22})", re.ASCII)


def make(
    connection: Connection,
    *,
    purpose: LinkPurpose,
    contact_id: int,
    conversation_id: int,
    now: datetime,
) -> int:
    """A new link; a joining one works once and for 15 minutes."""
    return people.add_link(
        connection,
        contact_id=contact_id,
        conversation_id=conversation_id,
        purpose=purpose,
        now=now,
        expires_at=now + JOIN_LIFE if purpose == "join" else None,
    )


def token(key: bytes, purpose: LinkPurpose, link_id: int) -> str:
    """The link's secret part: letters that fit a Telegram start parameter (64 at most)."""
    body = f"{_MARK[purpose]}{link_id}"
    digest = hmac.new(key, b"link:" + body.encode(), hashlib.sha256).digest()[:16]
    return f"{body}_{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def find(
    connection: Connection, key: bytes, purpose: LinkPurpose, given: str, now: datetime
) -> AnyRow | None:
    """The live link behind a token, or None; the comparison takes constant time."""
    match = _TOKEN.fullmatch(given)
    if match is None or match[1] != _MARK[purpose]:
        return None
    if not hmac.compare_digest(token(key, purpose, int(match[2])), given):
        return None
    return people.live_link(connection, int(match[2]), purpose, now)
