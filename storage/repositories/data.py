"""Data requests, their items, and what users sent for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import (
    Attachment,
    Conversation,
    DataItem,
    DataPiece,
    DataRequest,
    Message,
    OutboxRow,
    Ticket,
)

_R = table_of(DataRequest)
_I = table_of(DataItem)
_P = table_of(DataPiece)
_F = table_of(Attachment)
_M = table_of(Message)
_O = table_of(OutboxRow)
_C = table_of(Conversation)
_T = table_of(Ticket)
# A file that was refused is not there, whatever the user thinks.
_HERE = ~exists().where(_F.c.id == _P.c.attachment_id, _F.c.state == "refused")


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


def of_message(connection: Connection, message_id: int) -> AnyRow | None:
    """The request that a message asks for."""
    return connection.execute(select(_R).where(_R.c.message_id == message_id)).first()


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
    """(id, n, label, kind, got): got counts what has come for the item; refused files do not."""
    got = select(func.count()).where(_P.c.item_id == _I.c.id, _HERE).scalar_subquery()
    return list(
        connection.execute(
            select(_I.c.id, _I.c.n, _I.c.label, _I.c.kind, got.label("got"))
            .where(_I.c.request_id == request_id)
            .order_by(_I.c.n)
        ).fetchall()
    )


def pieces(connection: Connection, request_id: int) -> list[AnyRow]:
    """What has come for a request, in order, without refused files."""
    return list(
        connection.execute(
            select(_P).where(_P.c.request_id == request_id, _HERE).order_by(_P.c.id)
        ).fetchall()
    )


def add_piece(connection: Connection, **values: object) -> int:
    """One text or file for a request; its row id."""
    return int(connection.execute(insert(_P).returning(_P.c.id), values).scalar_one())


def has_piece(
    connection: Connection, request_id: int, message_id: int, attachment_id: int | None, text: str
) -> bool:
    """Whether exactly this came for the request before."""
    file = _P.c.attachment_id
    same = file.is_(None) if attachment_id is None else file == attachment_id
    query = select(
        exists().where(
            _P.c.request_id == request_id, _P.c.message_id == message_id, _P.c.text == text, same
        )
    )
    return bool(connection.execute(query).scalar())


def pieces_of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """What has come for any request about a ticket: the piece with its item's ``n`` and
    ``label`` and its file's ``name`` and ``state`` (None where it has none)."""
    query = (
        select(_P, _I.c.n, _I.c.label, _F.c.name, _F.c.state.label("file_state"))
        .join(_R, _R.c.id == _P.c.request_id)
        .outerjoin(_I, _I.c.id == _P.c.item_id)
        .outerjoin(_F, _F.c.id == _P.c.attachment_id)
        .where(_R.c.ticket_id == ticket_id)
        .order_by(_P.c.id)
    )
    return list(connection.execute(query).fetchall())


def heard_since(connection: Connection, ticket_id: int, since: datetime) -> bool:
    """Whether the user has said anything on a ticket since ``since``, besides pieces of data."""
    piece = exists().where(_P.c.message_id == _M.c.id)
    said = exists().where(
        _M.c.ticket_id == ticket_id, _M.c.author == "user", _M.c.created_at >= since, ~piece
    )
    return bool(connection.execute(select(said)).scalar())


def change_piece(connection: Connection, piece_id: int, **values: object) -> None:
    """Write columns of one piece."""
    connection.execute(update(_P).where(_P.c.id == piece_id).values(**values))


def drop_piece(connection: Connection, piece_id: int) -> None:
    """Something was no data for this request after all. Its message and file stay."""
    connection.execute(delete(_P).where(_P.c.id == piece_id))


def late_of_contact(connection: Connection, contact_id: int) -> list[AnyRow]:
    """The requests that closed a ticket of this person because nothing had come."""
    query = (
        select(_R)
        .join(_T, _T.c.id == _R.c.ticket_id)
        .where(
            _R.c.contact_id == contact_id,
            _R.c.state == "expired",
            _T.c.state == "ditutup",
            _T.c.close_reason == "no_data",
        )
        .order_by(_R.c.id)
    )
    return list(connection.execute(query).fetchall())


def delivered_tickets(connection: Connection) -> list[int]:
    """Tickets with an open request whose delivery is known, and whose time does not run yet."""
    query = (
        select(_R.c.ticket_id)
        .join(_M, _M.c.id == _R.c.message_id)
        .outerjoin(_O, _O.c.message_id == _M.c.id)
        .where(_R.c.state == "open", _R.c.started_at.is_(None), _ARRIVED)
    )
    return sorted({int(row.ticket_id) for row in connection.execute(query)})


def window_closing(connection: Connection, now: datetime, until: datetime) -> list[int]:
    """Tickets with an open request whose conversation's window closes after ``now`` and not
    after ``until``, and whose user was not reminded of that."""
    query = (
        select(_R.c.ticket_id)
        .join(_T, _T.c.id == _R.c.ticket_id)
        .join(_C, _C.c.id == _T.c.conversation_id)
        .where(
            _C.c.window_until > now,
            _C.c.window_until <= until,
            _R.c.state == "open",
            or_(_R.c.reminded_window.is_(None), _R.c.reminded_window != _C.c.window_until),
        )
    )
    return sorted(set(connection.execute(query).scalars()))


_ARRIVED = or_(_M.c.seen_at.is_not(None), _O.c.arrived_at.is_not(None))


def arrived_at(connection: Connection, message_id: int) -> datetime | None:
    """When a message is known to have reached its user: fetched by a browser, taken by a
    platform that says no more, delivered by one that does; or when they were told that it waits
    for them. None while it is not."""
    row = connection.execute(
        select(_M.c.seen_at, _O.c.arrived_at)
        .outerjoin(_O, _O.c.message_id == _M.c.id)
        .where(_M.c.id == message_id)
    ).first()
    if row is None:
        return None
    at: datetime | None = min(filter(None, (row.seen_at, row.arrived_at)), default=None)
    return at
