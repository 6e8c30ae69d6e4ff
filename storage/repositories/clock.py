"""Deadlines, leases, heartbeat. Outages are in ``outages``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    exists,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import AnyRow, Instant, from_micros, table_of
from storage.models import Conversation, Deadline, Heartbeat, Lease, Ticket

_C = table_of(Conversation)
_D = table_of(Deadline)
_L = table_of(Lease)
_B = table_of(Heartbeat)
_T = table_of(Ticket)
START = (from_micros(0), 0)  # before every deadline


def _upsert(dialect: str) -> Any:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = make(_D).values(armed=True, arming=1)
    return statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={
            "contact_id": statement.excluded.contact_id,
            "due_at": statement.excluded.due_at,
            "inputs": statement.excluded.inputs,
            "ticket_id": statement.excluded.ticket_id,
            "armed": True,
            "stopped_at": None,
            "paused_at": None,
            "arming": _D.c.arming + 1,
        },
    )


_ARM = {name: _upsert(name) for name in ("sqlite", "postgresql")}
_DISARM = (
    update(_D)
    .where(_D.c.kind == bindparam("k"), _D.c.subject == bindparam("s"), _D.c.armed)
    .values(armed=False)
)
_DUE = (
    select(
        _D.c.id,
        _D.c.kind,
        _D.c.subject,
        _D.c.arming,
        _D.c.due_at,
        _D.c.inputs,
        _D.c.ticket_id,
        _D.c.contact_id,
    )
    .where(
        _D.c.armed,
        _D.c.due_at <= bindparam("now", type_=Instant),
        tuple_(_D.c.due_at, _D.c.id)
        > tuple_(bindparam("after", type_=Instant), bindparam("after_id")),
    )
    .order_by(_D.c.due_at, _D.c.id)
    .limit(bindparam("limit"))
)


def arm(
    connection: Connection,
    *,
    kind: str,
    subject: str,
    contact_id: int,
    due_at: datetime,
    inputs: str,
    ticket_id: int | None = None,
) -> None:
    """Set a due time, or set it anew."""
    connection.execute(
        _ARM[connection.dialect.name],
        {
            "kind": kind,
            "subject": subject,
            "contact_id": contact_id,
            "due_at": due_at,
            "inputs": inputs,
            "ticket_id": ticket_id,
        },
    )


def disarm(connection: Connection, kind: str, subject: str) -> None:
    """What was waited for has happened."""
    connection.execute(_DISARM, {"k": kind, "s": subject})


def due(
    connection: Connection,
    now: datetime,
    limit: int = 100,
    after: tuple[datetime, int] = START,
    channels: Iterable[str] | None = None,
) -> list[AnyRow]:
    """Deadlines that are due, in order and after the one with this due time and row id; without
    a lock: the turn re-checks under the contact's. With ``channels`` only those of people who
    have a chat there."""
    values = {"now": now, "limit": limit, "after": after[0], "after_id": after[1]}
    query = _DUE
    if channels is not None:
        there = select(_C.c.contact_id).where(_C.c.channel.in_(list(channels)))
        query = _DUE.where(_D.c.contact_id.in_(there))
    return list(connection.execute(query, values).fetchall())


def is_armed(connection: Connection, kind: str, subject: str) -> bool:
    """Whether a due time is set and has not come."""
    query = select(exists().where(_D.c.kind == kind, _D.c.subject == subject, _D.c.armed))
    return bool(connection.execute(query).scalar())


def armed_of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """(id, kind, subject, due_at) of what is armed for a ticket, the earliest first."""
    query = (
        select(_D.c.id, _D.c.kind, _D.c.subject, _D.c.due_at)
        .where(_D.c.ticket_id == ticket_id, _D.c.armed)
        .order_by(_D.c.due_at, _D.c.id)
    )
    return list(connection.execute(query).fetchall())


def fire(connection: Connection, deadline_id: int, arming: int, now: datetime) -> bool:
    """Take a due deadline for this transaction; False if it was re-armed, disarmed or fired."""
    return (
        connection.execute(
            update(_D)
            .where(_D.c.id == deadline_id, _D.c.arming == arming, _D.c.armed, _D.c.due_at <= now)
            .values(armed=False, fired_at=now)
        ).rowcount
        == 1
    )


def postpone(
    connection: Connection, deadline_id: int, arming: int, now: datetime, at: datetime
) -> bool:
    """Look at a deadline that is due again at ``at``: handling it failed. False if it is not due
    any more: another replica failed at it too, or it was set anew."""
    statement = update(_D).where(
        _D.c.id == deadline_id, _D.c.arming == arming, _D.c.armed, _D.c.due_at <= now
    )
    return connection.execute(statement.values(due_at=at)).rowcount == 1


def of_tickets(connection: Connection, ticket_ids: list[int], prefix: str) -> list[AnyRow]:
    """Deadlines of these tickets whose kind begins with ``prefix``."""
    if not ticket_ids:
        return []
    query = select(_D).where(_D.c.ticket_id.in_(ticket_ids), _D.c.kind.startswith(prefix))
    return list(connection.execute(query.order_by(_D.c.id)).fetchall())


def add(connection: Connection, **values: object) -> None:
    """A new deadline, as it stands."""
    connection.execute(insert(_D), {"arming": 1, **values})


def rewrite(connection: Connection, deadline_id: int, arming: int, **values: object) -> bool:
    """Set a deadline anew as it stands; False if it changed since it was read."""
    statement = update(_D).where(_D.c.id == deadline_id, _D.c.arming == arming)
    return connection.execute(statement.values(arming=arming + 1, **values)).rowcount == 1


def unstopped(
    connection: Connection, prefix: str, after_id: int = 0, limit: int = 500
) -> list[AnyRow]:
    """Deadlines of a kind that run or stand still and have not fired, by row id."""
    query = select(_D).where(
        _D.c.kind.startswith(prefix),
        _D.c.stopped_at.is_(None),
        _D.c.fired_at.is_(None),
        _D.c.id > after_id,
    )
    return list(connection.execute(query.order_by(_D.c.id).limit(limit)).fetchall())


def open_without(
    connection: Connection, prefix: str, after_id: int = 0, limit: int = 100
) -> list[int]:
    """Open tickets that have no deadline of a kind, by row id."""
    has = exists().where(_D.c.ticket_id == _T.c.id, _D.c.kind.startswith(prefix))
    query = select(_T.c.id).where(_T.c.open, _T.c.id > after_id, ~has)
    return [int(row.id) for row in connection.execute(query.order_by(_T.c.id).limit(limit))]


def take_lease(
    connection: Connection, name: str, owner: str, now: datetime, seconds: float
) -> bool:
    """Take or renew a lease; False while somebody else has it."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(_L).values(
        name=name, owner=owner, until=now + timedelta(seconds=seconds), epoch=1
    )
    taken = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "owner": owner,
            "until": statement.excluded.until,
            "epoch": _L.c.epoch + 1,
        },
        where=(_L.c.owner == owner) | (_L.c.until < now),
    ).returning(_L.c.owner)
    return connection.execute(taken).first() is not None


def drop_lease(connection: Connection, name: str, owner: str) -> None:
    """Give a lease back."""
    connection.execute(_L.delete().where(_L.c.name == name, _L.c.owner == owner))


def heartbeat(connection: Connection, name: str, *, lock: bool = False) -> AnyRow | None:
    """When a process was last awake, whether it stopped cleanly, by which rules it reckoned.
    ``lock``: nobody else changes it until commit."""
    query = select(_B).where(_B.c.name == name)
    return connection.execute(query.with_for_update() if lock else query).first()


def beat(
    connection: Connection,
    name: str,
    now: datetime,
    *,
    clean_stop: bool = False,
    rules: str | None = None,
) -> None:
    """Note that a process is awake, and with ``rules`` by which it reckons."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(_B).values(name=name, at=now, clean_stop=clean_stop, rules=rules)
    kept = {"at": now, "clean_stop": clean_stop} | ({"rules": rules} if rules else {})
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=kept))
