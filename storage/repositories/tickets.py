"""Tickets, number series, history rows, and the other numbered requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import AnyRow, table_of
from storage.models import (
    Attachment,
    Consultation,
    HistoryEntry,
    HistoryText,
    PersonalDataRequest,
    Series,
    Ticket,
)
from storage.prepared import Prepared
from storage.search import INDEXED, index

_T = table_of(Ticket)
_F = table_of(Attachment)
_S = table_of(Series)
_H = table_of(HistoryEntry)
_X = table_of(HistoryText)
_P = table_of(PersonalDataRequest)


def _count(dialect: str) -> Any:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = make(_S).values(key=bindparam("key"), last=1)
    return statement.on_conflict_do_update(
        index_elements=["key"], set_={"last": _S.c.last + 1}
    ).returning(_S.c.last)


_COUNT = {name: _count(name) for name in ("sqlite", "postgresql")}
_OF_CONTACT = Prepared(
    select(
        _T.c.id,
        _T.c.number,
        _T.c.kind,
        _T.c.state,
        _T.c.problem,
        _T.c.opened_at,
        _T.c.priority,
        _T.c.decides,
        _T.c.tier,
        _T.c.expects,
        _T.c.expects_at,
        _T.c.closed_at,
        _T.c.close_reason,
        _T.c.merged_into,
        _T.c.rating,
        select(func.count())
        .select_from(_F)
        .where(_F.c.ticket_id == _T.c.id)
        .scalar_subquery()
        .label("files"),
    )
    .where(_T.c.contact_id == bindparam("contact_id"))
    .order_by(_T.c.opened_at.desc(), _T.c.id.desc())
    .limit(bindparam("limit"))
)


def next_in_series(connection: Connection, key: str) -> int:
    """Count a series up. Take it as the last statement before the insert it numbers: the row
    stays locked until commit, so numbers have no gaps (design 6.8)."""
    return int(connection.execute(_COUNT[connection.dialect.name], {"key": key}).scalar_one())


def lock_series(connection: Connection, key: str) -> None:
    """Nobody else counts a series up until commit. One that was never counted is not there."""
    connection.execute(select(_S.c.last).where(_S.c.key == key).with_for_update())


def of_contact(connection: Connection, contact_id: int, limit: int = 20) -> list[AnyRow]:
    """A person's own tickets, newest first."""
    return _OF_CONTACT.all(connection, {"contact_id": contact_id, "limit": limit})


def add(connection: Connection, **values: object) -> int:
    """Insert a ticket, which can be searched for from then on; its row id."""
    ticket_id = int(connection.execute(insert(_T).returning(_T.c.id), values).scalar_one())
    index(connection, ticket_id, values)
    return ticket_id


def find_own(connection: Connection, contact_id: int, number: str) -> AnyRow | None:
    """A ticket by number, if it belongs to the contact."""
    return connection.execute(
        select(_T).where(_T.c.contact_id == contact_id, _T.c.number == number)
    ).first()


def get(connection: Connection, ticket_id: int) -> AnyRow:
    """One ticket's row."""
    return connection.execute(select(_T).where(_T.c.id == ticket_id)).one()


def find(connection: Connection, ticket_id: int) -> AnyRow | None:
    """One ticket's row, or None: for an id that somebody sent."""
    return connection.execute(select(_T).where(_T.c.id == ticket_id)).first()


def by_number(connection: Connection, number: str) -> AnyRow | None:
    """One ticket's row by number."""
    return connection.execute(select(_T).where(_T.c.number == number)).first()


def change(connection: Connection, ticket_id: int, **values: object) -> None:
    """Write columns of one ticket; its contact is locked."""
    connection.execute(update(_T).where(_T.c.id == ticket_id).values(**values))
    if not INDEXED.isdisjoint(values):
        index(connection, ticket_id, get(connection, ticket_id)._asdict())


def head_at(connection: Connection, ticket_id: int, seq: int) -> str | None:
    """The head of one history entry, or None."""
    head: str | None = connection.execute(
        select(_H.c.head).where(_H.c.ticket_id == ticket_id, _H.c.seq == seq)
    ).scalar()
    return head


def move_head(connection: Connection, ticket_id: int, seq: int, head: str) -> None:
    """Move the end of a ticket's history chain."""
    connection.execute(
        update(_T).where(_T.c.id == ticket_id).values(history_seq=seq, history_head=head)
    )


def add_history(connection: Connection, *, ticket_id: int, seq: int, body: str, head: str) -> int:
    """Append a history entry; its row id."""
    return int(
        connection.execute(
            insert(_H).returning(_H.c.id),
            {"ticket_id": ticket_id, "seq": seq, "body": body, "head": head},
        ).scalar_one()
    )


def add_history_text(connection: Connection, *, entry_id: int, salt: bytes, text: str) -> None:
    """Keep the words of an entry beside it."""
    connection.execute(insert(_X), {"entry_id": entry_id, "salt": salt, "text": text})


def history(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """A ticket's history in order; ``salt`` and ``text`` are None where erased or wordless."""
    return list(
        connection.execute(
            select(_H.c.id, _H.c.seq, _H.c.body, _H.c.head, _X.c.salt, _X.c.text)
            .outerjoin(_X, _X.c.entry_id == _H.c.id)
            .where(_H.c.ticket_id == ticket_id)
            .order_by(_H.c.seq)
        ).fetchall()
    )


def add_personal_data_request(connection: Connection, **values: object) -> None:
    """A request under UU 27/2022."""
    connection.execute(insert(_P), values)


def add_consultation(connection: Connection, topic: str, version: str, at: datetime) -> None:
    """An FAQ answer helped."""
    connection.execute(
        insert(table_of(Consultation)), {"topic": topic, "version": version, "at": at}
    )
