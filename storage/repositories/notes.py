"""Internal notes and recommendations on tickets."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from storage.base import AnyRow, table_of
from storage.models import Agent, Note

_N = table_of(Note)
_A = table_of(Agent)


def add(connection: Connection, **values: object) -> None:
    """A note; its text is masked already."""
    connection.execute(insert(_N), values)


def of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """(id, kind, text, at, origin, name), the oldest first."""
    return list(
        connection.execute(
            select(_N.c.id, _N.c.kind, _N.c.text, _N.c.at, _N.c.origin, _A.c.name)
            .join(_A, _A.c.id == _N.c.agent_id)
            .where(_N.c.ticket_id == ticket_id)
            .order_by(_N.c.id)
        ).fetchall()
    )
