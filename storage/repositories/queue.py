"""Users who wait for a person, or talk with one (``human_requests``)."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from storage.base import AnyRow, table_of
from storage.models import Conversation, HumanRequest

_R = table_of(HumanRequest)
_C = table_of(Conversation)
IN_QUEUE = ("waiting", "called")


def live_of_ticket(connection: Connection, ticket_id: int) -> AnyRow | None:
    """The live chat about a ticket."""
    return connection.execute(
        select(_R).where(_R.c.ticket_id == ticket_id, _R.c.state == "live")
    ).first()


def open_of_ticket(connection: Connection, ticket_id: int) -> AnyRow | None:
    """The request for a person about a ticket that waits, is called or live."""
    return connection.execute(
        select(_R).where(_R.c.ticket_id == ticket_id, _R.c.state.in_((*IN_QUEUE, "live")))
    ).first()


def open_of_contact(connection: Connection, contact_id: int) -> AnyRow | None:
    """The request of a person that waits, is called or live, at most one."""
    return connection.execute(
        select(_R)
        .where(_R.c.contact_id == contact_id, _R.c.state.in_((*IN_QUEUE, "live")))
        .order_by(_R.c.id.desc())
        .limit(1)
    ).first()


def by_number(connection: Connection, number: str) -> AnyRow | None:
    return connection.execute(select(_R).where(_R.c.number == number)).first()


def get(connection: Connection, request_id: int) -> AnyRow:
    return connection.execute(select(_R).where(_R.c.id == request_id)).one()


def change(connection: Connection, request_id: int, **values: object) -> None:
    """Write columns of one request."""
    connection.execute(update(_R).where(_R.c.id == request_id).values(**values))


def position(connection: Connection, turn: int) -> int:
    """The place of a turn in the queue: 1 is next."""
    ahead = select(func.count()).where(_R.c.state.in_(IN_QUEUE), _R.c.turn < turn)
    return int(connection.execute(ahead).scalar_one()) + 1


def waiting(connection: Connection, limit: int = 100) -> list[AnyRow]:
    """The queue in its order."""
    return list(
        connection.execute(
            select(_R).where(_R.c.state.in_(IN_QUEUE)).order_by(_R.c.turn, _R.c.id).limit(limit)
        ).fetchall()
    )


def last_turn(connection: Connection) -> int:
    """The highest turn given."""
    return int(connection.execute(select(func.coalesce(func.max(_R.c.turn), 0))).scalar_one())


def first_turn(connection: Connection) -> int:
    """The turn of whoever is next (0: nobody waits)."""
    query = select(func.coalesce(func.min(_R.c.turn), 0)).where(_R.c.state.in_(IN_QUEUE))
    return int(connection.execute(query).scalar_one())


def chats_of(connection: Connection, agent_id: int) -> int:
    """How many live chats an agent has."""
    query = select(func.count()).where(_R.c.state == "live", _R.c.agent_id == agent_id)
    return int(connection.execute(query).scalar_one())


def hold(connection: Connection, conversation_id: int, holder: str | None) -> None:
    """Who answers in a conversation changes: its fence rises, so that the bot's unsent talk of
    before is never sent (design 6.5)."""
    connection.execute(
        update(_C)
        .where(_C.c.id == conversation_id)
        .values(holder=holder, fence=_C.c.fence + 1, waits_until=None)
    )
