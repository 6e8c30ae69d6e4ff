"""The front office: guest book, queue numbers at the counter, tickets registered there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from storage.base import AnyRow, table_of
from storage.models import Agent, CounterTurn, Guest, Ticket

_G = table_of(Guest)
_C = table_of(CounterTurn)
_T = table_of(Ticket)
_A = table_of(Agent)
AT_THE_COUNTER = ("walk_in", "phone")


def add_guest(connection: Connection, **values: object) -> int:
    """A line of the guest book; its row id. The texts are masked already."""
    return int(connection.execute(insert(_G).returning(_G.c.id), values).scalar_one())


def guest(connection: Connection, guest_id: int) -> AnyRow | None:
    return connection.execute(select(_G).where(_G.c.id == guest_id)).first()


def give_ticket(connection: Connection, guest_id: int, ticket_id: int) -> None:
    """What the guest came for became a ticket."""
    connection.execute(update(_G).where(_G.c.id == guest_id).values(ticket_id=ticket_id))


def guests(connection: Connection, since: datetime, until: datetime) -> list[AnyRow]:
    """The guest book from ``since`` to before ``until``, the newest first, each with the
    ticket's number and queue number there may be, and who wrote the line."""
    turn = select(func.max(_C.c.n)).where(_C.c.guest_id == _G.c.id).correlate(_G).scalar_subquery()
    return list(
        connection.execute(
            select(_G, _T.c.number, turn.label("n"), _A.c.name.label("agent_name"))
            .outerjoin(_T, _T.c.id == _G.c.ticket_id)
            .join(_A, _A.c.id == _G.c.agent_id)
            .where(_G.c.at >= since, _G.c.at < until)
            .order_by(_G.c.id.desc())
        ).fetchall()
    )


def registered(connection: Connection, since: datetime, limit: int = 50) -> list[AnyRow]:
    """Tickets registered at the counter or by phone: today's, and older ones that wait for
    the user's word on the solution."""
    return list(
        connection.execute(
            select(_T)
            .where(
                _T.c.source.in_(AT_THE_COUNTER),
                (_T.c.opened_at >= since) | (_T.c.state == "selesai"),
            )
            .order_by(_T.c.id.desc())
            .limit(limit)
        ).fetchall()
    )


def add_turn(connection: Connection, **values: object) -> int:
    """A queue number; its row id."""
    return int(connection.execute(insert(_C).returning(_C.c.id), values).scalar_one())


def turn(connection: Connection, turn_id: int) -> AnyRow | None:
    return connection.execute(select(_C).where(_C.c.id == turn_id)).first()


def turn_of_guest(connection: Connection, guest_id: int, day: str) -> AnyRow | None:
    """The number a guest holds and was not yet served with."""
    return connection.execute(
        select(_C).where(
            _C.c.guest_id == guest_id, _C.c.day == day, _C.c.state.in_(("waiting", "called"))
        )
    ).first()


def called(connection: Connection, day: str) -> list[AnyRow]:
    """Numbers that were called and have not answered, each with the guest's name."""
    return list(
        connection.execute(
            select(_C, _G.c.name, _G.c.organisation)
            .outerjoin(_G, _G.c.id == _C.c.guest_id)
            .where(_C.c.day == day, _C.c.state == "called")
            .order_by(_C.c.desk, _C.c.n)
        ).fetchall()
    )


def last_turn(connection: Connection, day: str) -> int:
    """The highest place in the order of a day."""
    query = select(func.coalesce(func.max(_C.c.turn), 0)).where(_C.c.day == day)
    return int(connection.execute(query).scalar_one())


def next_waiting(connection: Connection, day: str) -> AnyRow | None:
    """Whose turn it is; the day's series is locked."""
    return connection.execute(
        select(_C).where(_C.c.day == day, _C.c.state == "waiting").order_by(_C.c.turn).limit(1)
    ).first()


def waiting(connection: Connection, day: str) -> list[AnyRow]:
    """Who waits, in the order they are called."""
    query = select(_C).where(_C.c.day == day, _C.c.state == "waiting").order_by(_C.c.turn)
    return list(connection.execute(query).fetchall())


def called_at(connection: Connection, day: str, desk: str) -> AnyRow | None:
    """The number that a desk has called and that has not answered yet."""
    return connection.execute(
        select(_C)
        .where(_C.c.day == day, _C.c.state == "called", _C.c.desk == desk)
        .order_by(_C.c.called_at.desc())
        .limit(1)
    ).first()


def shown(connection: Connection, day: str, limit: int = 8) -> list[AnyRow]:
    """(n, desk, calls, called_at, state): the last numbers called, the newest first."""
    return list(
        connection.execute(
            select(_C.c.n, _C.c.desk, _C.c.calls, _C.c.called_at, _C.c.state)
            .where(_C.c.day == day, _C.c.state.in_(("called", "served")))
            .order_by(_C.c.called_at.desc(), _C.c.id.desc())
            .limit(limit)
        ).fetchall()
    )


def change(connection: Connection, turn_id: int, at: str, /, **values: object) -> bool:
    """Write columns of a queue number whose state is ``at``; False if it is no more."""
    return (
        connection.execute(
            update(_C).where(_C.c.id == turn_id, _C.c.state == at).values(**values)
        ).rowcount
        == 1
    )


def tally(connection: Connection, day: str) -> dict[str, int]:
    """How many numbers of a day stand where."""
    query = select(_C.c.state, func.count()).where(_C.c.day == day).group_by(_C.c.state)
    return {state: count for state, count in connection.execute(query)}
