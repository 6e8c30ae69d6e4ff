"""Gaps in which nothing ran, and what they move (design 6.12)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from storage.base import AnyRow, table_of, to_micros
from storage.models import DataRequest, Deadline, Event, Outage

_D = table_of(Deadline)
_O = table_of(Outage)
_E = table_of(Event)
_R = table_of(DataRequest)


def add(connection: Connection, started_at: datetime, ended_at: datetime, reason: str) -> None:
    """Keep a gap in which nothing ran (design 6.12)."""
    connection.execute(
        insert(_O), {"started_at": started_at, "ended_at": ended_at, "reason": reason}
    )


def last(connection: Connection) -> AnyRow | None:
    """The newest gap."""
    return connection.execute(select(_O).order_by(_O.c.id.desc()).limit(1)).first()


def lost_since(connection: Connection, moment: datetime) -> timedelta:
    """How much of the time since ``moment`` nothing ran: a wait that began then, and is only
    set now, is that much longer."""
    query = select(_O.c.started_at, _O.c.ended_at).where(_O.c.ended_at > moment)
    rows = connection.execute(query).fetchall()
    gaps = (row.ended_at - max(row.started_at, moment) for row in rows)
    return sum((max(gap, timedelta()) for gap in gaps), timedelta())


def drain(connection: Connection, now: datetime) -> bool:
    """What had gathered in the gaps is through; False if somebody noted that before."""
    statement = update(_O).where(_O.c.drained_at.is_(None))
    return connection.execute(statement.values(drained_at=now)).rowcount > 0


def last_event(connection: Connection) -> datetime | None:
    """When the newest event of a user was taken; what agents do is none."""
    query = select(_E.c.at).where(~_E.c.account.startswith("agent:")).order_by(_E.c.at.desc())
    moment: datetime | None = connection.execute(query.limit(1)).scalar()
    return moment


def move(
    connection: Connection, kinds: Iterable[str], gap: timedelta, earliest: datetime | None
) -> None:
    """Move what is armed of these kinds by ``gap``, and to ``earliest`` at least; what was
    listed before does not fire any more. A data request's own due time goes along."""
    moved: Any = type_coerce(_D.c.due_at, BigInteger) + gap // timedelta(microseconds=1)
    if earliest is not None:
        least = to_micros(earliest)
        moved = case((moved < least, least), else_=moved)
    connection.execute(
        update(_D).where(_D.c.armed, _of_kinds(kinds)).values(due_at=moved, arming=_D.c.arming + 1)
    )
    _follow(connection)


def hold(connection: Connection, kinds: Iterable[str], since: datetime, until: datetime) -> None:
    """What is armed of these kinds and due from ``since`` on is not due before ``until``."""
    connection.execute(
        update(_D)
        .where(_D.c.armed, _of_kinds(kinds), _D.c.due_at >= since, _D.c.due_at < until)
        .values(due_at=until, arming=_D.c.arming + 1)
    )
    _follow(connection)


def _follow(connection: Connection) -> None:
    """An open data request is due when its deadline is: the user is shown that time."""
    due_at = (
        select(_D.c.due_at)
        .where(
            _D.c.kind == "data_wait",
            _D.c.subject == literal("data:") + cast(_R.c.id, String),
            _D.c.armed,
        )
        .scalar_subquery()
    )
    connection.execute(
        update(_R)
        .where(_R.c.state == "open", _R.c.due_at.is_not(None))
        .values(due_at=func.coalesce(due_at, _R.c.due_at))
    )


def _of_kinds(kinds: Iterable[str]) -> ColumnElement[bool]:
    """Deadlines of these kinds; a kind stands for all its numbered ones (``kind:2``)."""
    return or_(
        false(),
        *(or_(_D.c.kind == kind, _D.c.kind.startswith(f"{kind}:")) for kind in sorted(kinds)),
    )
