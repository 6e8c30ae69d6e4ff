"""Users to be phoned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, String, and_, cast, exists, func, insert, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import Call, Conversation, Message, OutboxRow, Ticket
from storage.repositories import outbox

_C = table_of(Call)
_M = table_of(Message)
_O = table_of(OutboxRow)
_T = table_of(Ticket)
_V = table_of(Conversation)
NOTICE = "notice"


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


def settle_undelivered(connection: Connection, ticket_id: int, now: datetime) -> None:
    """The user of a ticket was told by phone: what was undelivered leaves the work list."""
    ids = select(_M.c.id).where(_M.c.ticket_id == ticket_id)
    connection.execute(
        update(_O).where(_O.c.message_id.in_(ids), outbox.LOST).values(resolved_at=now)
    )


def resolve(connection: Connection, message_id: int, now: datetime) -> None:
    """An undelivered message went another way."""
    connection.execute(update(_O).where(_O.c.message_id == message_id).values(resolved_at=now))


# Only what was meant for the ticket's own person: a topic of the agents' group is none of theirs.
_UNDELIVERED = (
    select(_M.c.id, _M.c.ticket_id)
    .select_from(_O)
    .join(_M, _M.c.id == _O.c.message_id)
    .join(_V, _V.c.id == _M.c.conversation_id)
    .join(_T, _T.c.id == _M.c.ticket_id)
    .where(
        outbox.LOST,
        _M.c.author.in_(("notice", "person")),
        _V.c.contact_id == _T.c.contact_id,
        ~exists().where(_C.c.kind == NOTICE, _C.c.subject == "message:" + cast(_M.c.id, String)),
    )
    .order_by(_O.c.message_id)
    .limit(100)
)


def undelivered(connection: Connection, ticket_id: int | None = None) -> list[AnyRow]:
    """(id, ticket_id) of notices and agents' lines that did not reach their user and that
    nobody has looked after, of one ticket or of all."""
    query = _UNDELIVERED
    if ticket_id is not None:
        query = query.where(_M.c.ticket_id == ticket_id)
    return list(connection.execute(query).fetchall())


def about(message_id: int) -> str:
    """The subject of a call that tells a user what a message could not."""
    return f"message:{message_id}"


def about_message(connection: Connection, message_id: int) -> bool:
    """Whether a call tells a user what this message could not."""
    same = exists().where(_C.c.kind == NOTICE, _C.c.subject == about(message_id))
    return bool(connection.execute(select(same)).scalar())


def reached_since(connection: Connection, ticket_id: int, since: datetime) -> datetime | None:
    """When the user of a ticket was first reached by phone since ``since``."""
    query = select(func.min(_C.c.done_at)).where(
        _C.c.ticket_id == ticket_id, _C.c.done_by.is_not(None), _C.c.done_at >= since
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def seen_meanwhile(connection: Connection, ticket_id: int | None = None) -> list[AnyRow]:
    """Open calls (id, ticket_id) about notices that arrived after all: fetched by a browser, or
    delivered late by a platform that tells."""
    query = select(_C.c.id, _C.c.ticket_id, _C.c.subject).where(
        _C.c.kind == NOTICE, _C.c.state == "open", _C.c.subject.startswith("message:")
    )
    if ticket_id is not None:
        query = query.where(_C.c.ticket_id == ticket_id)
    rows = connection.execute(query).fetchall()
    ids = [int(row.subject.partition(":")[2]) for row in rows]
    delivered = and_(_O.c.arrived_at.is_not(None), _O.c.state.in_(("sent", "held")))
    fetched = (
        select(_M.c.id)
        .outerjoin(_O, _O.c.message_id == _M.c.id)
        .where(_M.c.id.in_(ids), or_(_M.c.seen_at.is_not(None), delivered))
    )
    seen = set(connection.execute(fetched).scalars()) if ids else set()
    return [row for row, message_id in zip(rows, ids, strict=True) if message_id in seen]


def handled(connection: Connection, *, ticket_id: int, message_id: int, now: datetime) -> None:
    """Note that another call tells a user what a message could not."""
    connection.execute(
        insert(_C),
        {
            "ticket_id": ticket_id,
            "kind": NOTICE,
            "subject": about(message_id),
            "words": "",
            "state": "done",
            "created_at": now,
            "done_at": now,
        },
    )
