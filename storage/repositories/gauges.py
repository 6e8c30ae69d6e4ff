"""How much waits, and for how long: read for ``/metrics``.

Every query finds open rows by an index that keeps them together: what was sent long ago costs
nothing, however much of it there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, case, func, select

from storage.base import Instant, table_of
from storage.models import (
    Attachment,
    Conversation,
    Deadline,
    Heartbeat,
    Message,
    OutboxRow,
    Parked,
)
from storage.repositories import outbox

WAITING = ("queued", "sending", "announcing", "held")
LOST = ("failed", "unknown")
LATE = timedelta(minutes=1)  # the clock rings every five seconds

_O = table_of(OutboxRow)
_C = table_of(Conversation)
_M = table_of(Message)
_P = table_of(Parked)
_F = table_of(Attachment)
_D = table_of(Deadline)
_B = table_of(Heartbeat)


@dataclass(frozen=True, slots=True)
class Gauges:
    """What waits at one moment. ``queue`` is outbox rows by (channel, state); ``oldest`` by
    channel the age of the oldest that should have gone by now; ``lost`` by state what did not
    reach its user and nobody has looked after; ``parked`` events by channel; ``files`` that are
    still to be fetched; ``late`` deadlines overdue by more than ``LATE``; ``beat`` the age of the
    last heartbeat (None: there was none). Ages are in seconds."""

    queue: dict[tuple[str, ...], int]
    oldest: dict[str, float]
    lost: dict[str, int]
    parked: dict[str, int]
    files: int
    late: int
    beat: float | None


_NOW = bindparam("now", type_=Instant)
# A row that was tried waits since it was written, however far its next attempt was put off; one
# that waited for its user (a template went in its place) waits since they wrote.
_since = case(
    (_O.c.state == "held", None),
    (_O.c.attempts == 0, _O.c.due_at),
    (_O.c.announced_at.is_not(None), _O.c.due_at),
    else_=_M.c.created_at,
)
# Outer joins keep SQLite from going through all conversations instead of the open rows.
_QUEUE = (
    select(
        _C.c.channel,
        _O.c.state,
        func.count(),
        func.min(case((_since <= _NOW, _since)), type_=Instant()),
    )
    .select_from(_O)
    .outerjoin(_C, _C.c.id == _O.c.conversation_id)
    .outerjoin(_M, _M.c.id == _O.c.message_id)
    .where(_O.c.state.in_(WAITING))
    .group_by(_C.c.channel, _O.c.state)
)
_LOST = select(_O.c.state, func.count()).where(outbox.LOST).group_by(_O.c.state)
_PARKED = (
    select(_P.c.channel, func.count()).where(_P.c.resolved_at.is_(None)).group_by(_P.c.channel)
)
_FILES = select(func.count()).select_from(_F).where(_F.c.state == "fetching")
_LATE = select(func.count()).where(_D.c.armed, _D.c.due_at < bindparam("late", type_=Instant))
_BEAT = select(_B.c.at).where(_B.c.name == bindparam("name"))


def read(connection: Connection, now: datetime, heartbeat: str) -> Gauges:
    """How things stand at ``now``; ``heartbeat`` is the name of the serving processes' own."""
    queue: dict[tuple[str, ...], int] = {}
    oldest: dict[str, float] = {}
    for channel, state, rows, since in connection.execute(_QUEUE, {"now": now}):
        queue[channel, state] = rows
        waited = (now - since).total_seconds() if since else 0.0
        oldest[channel] = max(waited, oldest.get(channel, 0.0))
    beat = connection.execute(_BEAT, {"name": heartbeat}).scalar()
    return Gauges(
        queue=queue,
        oldest=oldest,
        lost={state: rows for state, rows in connection.execute(_LOST)},
        parked={channel: rows for channel, rows in connection.execute(_PARKED)},
        files=int(connection.execute(_FILES).scalar_one()),
        late=int(connection.execute(_LATE, {"late": now - LATE}).scalar_one()),
        beat=(now - beat).total_seconds() if beat else None,
    )
