"""Users to be phoned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage.base import AnyRow, table_of
from storage.models import Call

_C = table_of(Call)


def add(
    connection: Connection, *, ticket_id: int, kind: str, subject: str, words: str, now: datetime
) -> int:
    """A call to make; its row id. One open call a (kind, subject) is enough."""
    known = connection.execute(
        select(_C.c.id).where(_C.c.kind == kind, _C.c.subject == subject, _C.c.state == "open")
    ).scalar()
    if known is not None:
        return int(known)
    return int(
        connection.execute(
            insert(_C).returning(_C.c.id),
            {
                "ticket_id": ticket_id,
                "kind": kind,
                "subject": subject,
                "words": words,
                "state": "open",
                "created_at": now,
            },
        ).scalar_one()
    )


def get(connection: Connection, call_id: int) -> AnyRow | None:
    return connection.execute(select(_C).where(_C.c.id == call_id)).first()


def change(connection: Connection, call_id: int, **values: object) -> None:
    """Write columns of one call."""
    connection.execute(update(_C).where(_C.c.id == call_id).values(**values))


def of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """Open calls about a ticket."""
    return list(
        connection.execute(
            select(_C).where(_C.c.ticket_id == ticket_id, _C.c.state == "open").order_by(_C.c.id)
        ).fetchall()
    )


def close_about(connection: Connection, kind: str, subject: str) -> None:
    """A call is not needed any more."""
    connection.execute(
        update(_C)
        .where(_C.c.kind == kind, _C.c.subject == subject, _C.c.state == "open")
        .values(state="done")
    )
