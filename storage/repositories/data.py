"""Data requests, their items, and what users sent for them."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select, update

from storage.base import AnyRow, table_of
from storage.models import DataItem, DataPiece, DataRequest

_R = table_of(DataRequest)
_I = table_of(DataItem)
_P = table_of(DataPiece)


def open_of_contact(connection: Connection, contact_id: int) -> list[AnyRow]:
    """Open requests of a person, the oldest first."""
    return list(
        connection.execute(
            select(_R).where(_R.c.contact_id == contact_id, _R.c.state == "open").order_by(_R.c.id)
        ).fetchall()
    )


def open_of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """Open requests about a ticket, the oldest first."""
    return list(
        connection.execute(
            select(_R).where(_R.c.ticket_id == ticket_id, _R.c.state == "open").order_by(_R.c.id)
        ).fetchall()
    )


def of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """Every request about a ticket, the oldest first."""
    return list(
        connection.execute(
            select(_R).where(_R.c.ticket_id == ticket_id).order_by(_R.c.id)
        ).fetchall()
    )


def get(connection: Connection, request_id: int) -> AnyRow | None:
    return connection.execute(select(_R).where(_R.c.id == request_id)).first()


def add(connection: Connection, items: list[tuple[str, str]], **values: object) -> int:
    """A request with its items (label, kind) in order; its row id."""
    request_id = int(connection.execute(insert(_R).returning(_R.c.id), values).scalar_one())
    for n, (label, kind) in enumerate(items, 1):
        connection.execute(
            insert(_I), {"request_id": request_id, "n": n, "label": label, "kind": kind}
        )
    return request_id


def change(connection: Connection, request_id: int, **values: object) -> None:
    """Write columns of one request."""
    connection.execute(update(_R).where(_R.c.id == request_id).values(**values))


def items(connection: Connection, request_id: int) -> list[AnyRow]:
    """(id, n, label, kind, got): got counts what has come for the item."""
    got = select(func.count()).where(_P.c.item_id == _I.c.id).scalar_subquery()
    return list(
        connection.execute(
            select(_I.c.id, _I.c.n, _I.c.label, _I.c.kind, got.label("got"))
            .where(_I.c.request_id == request_id)
            .order_by(_I.c.n)
        ).fetchall()
    )


def pieces(connection: Connection, request_id: int) -> list[AnyRow]:
    """What has come for a request, in order."""
    return list(
        connection.execute(
            select(_P).where(_P.c.request_id == request_id).order_by(_P.c.id)
        ).fetchall()
    )


def add_piece(connection: Connection, **values: object) -> int:
    """One text or file for a request; its row id."""
    return int(connection.execute(insert(_P).returning(_P.c.id), values).scalar_one())
