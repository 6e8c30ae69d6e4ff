"""Deadlines, leases, heartbeat and outages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import AnyRow, Instant, table_of
from storage.models import Deadline, Heartbeat, Lease, Outage

_D = table_of(Deadline)
_L = table_of(Lease)
_B = table_of(Heartbeat)


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
    )
    .where(_D.c.armed, _D.c.due_at <= bindparam("now", type_=Instant))
    .order_by(_D.c.due_at)
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


def due(connection: Connection, now: datetime, limit: int = 100) -> list[AnyRow]:
    """Deadlines that are due, without a lock: the turn re-checks under the contact's."""
    return list(connection.execute(_DUE, {"now": now, "limit": limit}).fetchall())


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


def postpone(connection: Connection, deadline_id: int, arming: int, at: datetime) -> None:
    """Look at a deadline again at ``at``: handling it failed."""
    connection.execute(
        update(_D).where(_D.c.id == deadline_id, _D.c.arming == arming).values(due_at=at)
    )


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


def heartbeat(connection: Connection, name: str) -> AnyRow | None:
    """When a process was last awake, and whether it stopped cleanly."""
    return connection.execute(select(_B).where(_B.c.name == name)).first()


def beat(connection: Connection, name: str, now: datetime, *, clean_stop: bool = False) -> None:
    """Note that a process is awake."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(_B).values(name=name, at=now, clean_stop=clean_stop)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"at": now, "clean_stop": clean_stop}
        )
    )


def open_outage(
    connection: Connection, started_at: datetime, ended_at: datetime, reason: str
) -> None:
    """Keep a gap in which nothing ran (design 6.12)."""
    connection.execute(
        insert(table_of(Outage)),
        {"started_at": started_at, "ended_at": ended_at, "reason": reason},
    )
