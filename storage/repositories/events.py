"""Events that were handled, begun, or parked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import Instant, table_of
from storage.models import Attempt, Event, Parked
from storage.prepared import Prepared

_E = table_of(Event)
_A = table_of(Attempt)
_P = table_of(Parked)

_CLAIM = {
    "sqlite": Prepared(sqlite.insert(_E).on_conflict_do_nothing().returning(_E.c.at)),
    "postgresql": Prepared(postgresql.insert(_E).on_conflict_do_nothing().returning(_E.c.at)),
}
_KNOWN = select(_E.c.at).where(
    _E.c.account == bindparam("account"), _E.c.event_id == bindparam("event_id")
)


def claim(connection: Connection, account: str, event_id: str, now: datetime) -> bool:
    """Take an event for this transaction; False if it was handled before (invariant 2)."""
    row = _CLAIM[connection.dialect.name].first(
        connection, {"account": account, "event_id": event_id, "at": now}
    )
    return row is not None


def is_known(connection: Connection, account: str, event_id: str) -> bool:
    """Whether an event was handled before."""
    return (
        connection.execute(_KNOWN, {"account": account, "event_id": event_id}).first() is not None
    )


def forget_before(connection: Connection, moment: datetime) -> int:
    """Drop keys older than ``moment``; how many."""
    return connection.execute(delete(_E).where(_E.c.at < moment)).rowcount


def begin(connection: Connection, account: str, event_id: str, now: datetime) -> int:
    """Count that an event is begun (design 6.10); how often by now."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(_A).values(account=account, event_id=event_id, count=1, at=now)
    counted = statement.on_conflict_do_update(
        index_elements=["account", "event_id"], set_={"count": _A.c.count + 1}
    ).returning(_A.c.count)
    return int(connection.execute(counted).scalar_one())


_END = delete(_A).where(
    _A.c.account == bindparam("account"), _A.c.event_id == bindparam("event_id")
)


def end(connection: Connection, account: str, event_id: str) -> None:
    """The event is handled: its count is not needed any more."""
    connection.execute(_END, {"account": account, "event_id": event_id})


def park(
    connection: Connection,
    *,
    account: str,
    event_id: str,
    channel: str,
    raw: bytes,
    excerpt: str,
    error: str,
    now: datetime,
) -> None:
    """Keep a poison event: ``raw`` encrypted, ``excerpt`` masked."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(
        make(_P)
        .values(
            account=account,
            event_id=event_id,
            channel=channel,
            raw=raw,
            excerpt=excerpt,
            error=error,
            created_at=now,
        )
        .on_conflict_do_nothing()  # its key was forgotten, and it came once more
    )


def forget_parked_before(connection: Connection, moment: datetime) -> int:
    """Delete the raw bytes of parked events older than ``moment``, and resolve them."""
    return connection.execute(
        update(_P)
        .where(_P.c.created_at < moment, _P.c.raw.is_not(None))
        .values(
            raw=None, resolved_at=func.coalesce(_P.c.resolved_at, bindparam("m", moment, Instant))
        )
    ).rowcount
