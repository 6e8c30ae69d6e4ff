"""What a platform says later about messages of ours: ranks that only rise (design 6, delivery).

News comes in any order, more than once, and also before the send itself has its outcome. A
``failed`` counts more than ``sent`` and less than ``delivered``: what arrived has arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from storage.base import AnyRow, table_of
from storage.models import Conversation, Message, OutboxRow

ACCEPTED, SENT, FAILED, DELIVERED, READ = 1, 2, 3, 4, 5
RANKS = {"sent": SENT, "failed": FAILED, "delivered": DELIVERED, "read": READ}

_O = table_of(OutboxRow)
_C = table_of(Conversation)
_M = table_of(Message)


def rows(connection: Connection, account: str, ids: Iterable[int]) -> dict[int, AnyRow]:
    """Rows of this account by id, locked in ascending order."""
    query = (
        select(_O, _C.c.channel, _C.c.account, _C.c.window_until, _M.c.ticket_id, _M.c.platform_id)
        .join(_C, _C.c.id == _O.c.conversation_id)
        .join(_M, _M.c.id == _O.c.message_id)
        .where(_O.c.id.in_(sorted(set(ids))), _C.c.account == account)
        .order_by(_O.c.id)
        .with_for_update(of=_O)
    )
    return {row.id: row for row in connection.execute(query).fetchall()}


def row(connection: Connection, account: str, row_id: int) -> AnyRow | None:
    """One row of this account, locked."""
    return rows(connection, account, (row_id,)).get(row_id)


def conversation_of(connection: Connection, account: str, row_id: int) -> int | None:
    """The conversation of a row of this account."""
    query = (
        select(_O.c.conversation_id)
        .join(_C, _C.c.id == _O.c.conversation_id)
        .where(_O.c.id == row_id, _C.c.account == account)
    )
    found: int | None = connection.execute(query).scalar()
    return found


def rise(connection: Connection, found: AnyRow, rank: int, at: datetime, now: datetime) -> None:
    """News of a message itself: it is out, whatever we thought before."""
    values: dict[str, Any] = {"receipt": rank}
    if rank != FAILED:
        values |= {"state": "sent", "done_at": found.done_at or now, "error": None}
    if rank >= DELIVERED:
        values["arrived_at"] = min(filter(None, (found.arrived_at, at)))
    connection.execute(update(_O).where(_O.c.id == found.id).values(**values))


def _opened(found: AnyRow, now: datetime) -> bool:
    return found.window_until is not None and found.window_until > now


def rise_announced(
    connection: Connection, found: AnyRow, rank: int, at: datetime, now: datetime
) -> None:
    """News of the template that stands for a message: the message itself waits for its user."""
    values: dict[str, Any] = {"announced": rank}
    if rank != FAILED:
        values["announced_at"] = found.announced_at or now
        fresh = found.announced_at is None and found.repeated
        if found.state == "queued" and fresh:  # it was cut off, and came after all
            state = "queued" if _opened(found, now) else "held"
            values |= {"state": state, "due_at": now, "repeated": False}
        elif found.state == "announcing" and not _opened(found, now):
            values |= {"state": "held", "repeated": False}
    if rank >= DELIVERED:
        values["arrived_at"] = min(filter(None, (found.arrived_at, at)))
    connection.execute(update(_O).where(_O.c.id == found.id).values(**values))


def accepted(connection: Connection, row_id: int, attempt: int, now: datetime) -> None:
    """The platform took a message. News of this attempt may have come before: a failure
    stands."""
    known = connection.execute(
        select(_O.c.receipt, _O.c.attempts, _O.c.done_at).where(_O.c.id == row_id).with_for_update()
    ).one()
    if known.receipt == FAILED and known.attempts == attempt:
        return
    values: dict[str, Any] = {"state": "sent", "done_at": known.done_at or now, "error": None}
    values["receipt"] = max(known.receipt, ACCEPTED)
    connection.execute(update(_O).where(_O.c.id == row_id).values(**values))


def announced(
    connection: Connection,
    row_id: int,
    attempt: int,
    now: datetime,
    *,
    platform_id: str | None,
    opened: bool,
) -> None:
    """A template stands for a message (or may: ``platform_id`` is then None); the message waits,
    or goes after all because its user wrote meanwhile (``opened``). News may have come before,
    and the row may have gone another way."""
    columns = (_O.c.announced, _O.c.announced_id, _O.c.attempts, _O.c.state, _O.c.repeated)
    known = connection.execute(select(*columns).where(_O.c.id == row_id).with_for_update()).one()
    if known.attempts != attempt or known.announced == FAILED:
        return
    cut = known.state == "queued" and known.repeated
    if known.state not in ("announcing", "held") and not cut:
        return
    values = {
        "announced_at": now,
        "announced_id": platform_id or known.announced_id,
        "announced": max(known.announced, ACCEPTED if platform_id else 0),
    }
    if known.state != "held" or opened:
        values |= {"state": "queued" if opened else "held", "due_at": now, "repeated": False}
    connection.execute(update(_O).where(_O.c.id == row_id).values(**values))


def announce_again(connection: Connection, row_id: int) -> None:
    """Forget the template that stood for a message: the next one is a new one."""
    cleared = update(_O).where(_O.c.id == row_id)
    connection.execute(cleared.values(announced=0, announced_at=None, announced_id=None))


def stands_announced(
    connection: Connection,
    lane: int,
    purposes: tuple[str, ...] | None,
    ticket_id: int | None,
    since: datetime,
) -> bool:
    """Whether a template for one of these purposes (None: any) about this ticket has stood for a
    message since ``since``, and its user has not written after it."""
    query = (
        select(_O.c.id)
        .join(_M, _M.c.id == _O.c.message_id)
        .where(
            _O.c.conversation_id == lane,
            _O.c.state == "held",
            _O.c.announced_at > since,
            _M.c.ticket_id.is_(None) if ticket_id is None else _M.c.ticket_id == ticket_id,
        )
    )
    if purposes is not None:
        query = query.where(_O.c.purpose.in_(purposes))
    return connection.execute(query.limit(1)).first() is not None


def of_announcement(connection: Connection, lane: int, platform_id: str) -> AnyRow | None:
    """The message (id, ticket_id) for which the template with this platform id stands."""
    query = (
        select(_M.c.id, _M.c.ticket_id)
        .join(_O, _O.c.message_id == _M.c.id)
        .where(_O.c.conversation_id == lane, _O.c.announced_id == platform_id)
    )
    return connection.execute(query).first()


def waiting(connection: Connection, lane: int) -> int:
    """How many messages of a conversation wait until its user writes."""
    query = select(_O.c.id).where(_O.c.conversation_id == lane, _O.c.state == "held")
    return len(connection.execute(query).fetchall())
