"""What open pages of the console wait for: alerts, and what was written by whichever process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, update
from sqlalchemy.sql.expression import ColumnElement

from storage.base import table_of
from storage.models import AccessEntry, Alert, Conversation, HistoryEntry, Lane, Message

_M = table_of(Message)
_H = table_of(HistoryEntry)
_L = table_of(Alert)
_X = table_of(AccessEntry)
_C = table_of(Conversation)
_N = table_of(Lane)


def alert_count(connection: Connection, agent_id: int, roles: Iterable[str]) -> tuple[int, int]:
    """(how many unseen alerts an agent has, the newest one's id)."""
    mine = or_(
        _L.c.agent_id == agent_id,
        and_(_L.c.agent_id.is_(None), or_(_L.c.role.is_(None), _L.c.role.in_(list(roles)))),
    )
    query = select(func.count(), func.coalesce(func.max(_L.c.id), 0)).where(
        _L.c.seen_at.is_(None), mine
    )
    row = connection.execute(query).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last rows of what pages show, as another process may have written them."""

    message: int = 0
    entry: int = 0
    alert: int = 0


def cursor(connection: Connection) -> Cursor:
    """Where things stand now."""
    ids = (select(func.coalesce(func.max(t.c.id), 0)).scalar_subquery() for t in (_M, _H, _L))
    row = connection.execute(select(*ids)).one()
    return Cursor(*(int(value) for value in row))


def touched_since(connection: Connection, since: Cursor, limit: int = 500) -> set[int]:
    """Tickets that were written to, or about which something was said, after a cursor."""
    said = select(_M.c.ticket_id).where(_M.c.id > since.message, _M.c.ticket_id.is_not(None))
    done = select(_H.c.ticket_id).where(_H.c.id > since.entry)
    return set(connection.execute(said.union(done).limit(limit)).scalars())


def conversations(connection: Connection, ids: list[int]) -> dict[int, tuple[object, ...]]:
    """What changes when a conversation has something new to show, by its id: what was said last,
    and what of it still waits to go out."""
    query = select(_C.c.id, _C.c.seq, _N.c.due_at).outerjoin(_N, _N.c.conversation_id == _C.c.id)
    return {row.id: tuple(row) for row in connection.execute(query.where(_C.c.id.in_(ids)))}


def looked(connection: Connection, agent_id: int, what: str, since: datetime) -> bool:
    """Whether an agent's look at something is in the log since a moment."""
    query = select(_X.c.id).where(_X.c.agent_id == agent_id, _X.c.at > since, _X.c.what == what)
    return connection.execute(query.limit(1)).first() is not None


def own_alerts(connection: Connection, agent_id: int, subject: str) -> bool:
    """Whether an alert about something waits for this agent alone."""
    query = select(_L.c.id).where(_mine(agent_id, subject)).limit(1)
    return connection.execute(query).first() is not None


def see_own(connection: Connection, agent_id: int, subject: str, now: datetime) -> None:
    """The agent looked at what these alerts are about."""
    connection.execute(
        update(_L).where(_mine(agent_id, subject)).values(seen_at=now, seen_by=agent_id)
    )


def _mine(agent_id: int, subject: str) -> ColumnElement[bool]:
    return and_(_L.c.seen_at.is_(None), _L.c.agent_id == agent_id, _L.c.subject == subject)
