"""Users who wait for a person, or talk with one (``human_requests``)."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import Agent, Conversation, HumanRequest, Ticket
from storage.repositories import outbox

_R = table_of(HumanRequest)
_C = table_of(Conversation)
_A = table_of(Agent)
_T = table_of(Ticket)
IN_QUEUE = ("waiting", "called")
_QUEUE = 0x4C4F4B4554  # the advisory lock of the queue on PostgreSQL
STEP = 1000  # between two turns, so that one can go behind the next without moving others


def add(connection: Connection, **values: object) -> int:
    """A new request; its row id."""
    return int(connection.execute(insert(_R).returning(_R.c.id), values).scalar_one())


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


def open_of_conversation(connection: Connection, conversation_id: int) -> AnyRow | None:
    """The request of one chat that waits, is called or live; a live one first."""
    return connection.execute(
        select(_R)
        .where(_R.c.conversation_id == conversation_id, _R.c.state.in_((*IN_QUEUE, "live")))
        .order_by(_R.c.state != "live", _R.c.id.desc())
        .limit(1)
    ).first()


def went_on(connection: Connection, ticket_id: int) -> AnyRow | None:
    """The last request about a ticket, if it went on as the ticket."""
    row = connection.execute(
        select(_R).where(_R.c.ticket_id == ticket_id).order_by(_R.c.id.desc()).limit(1)
    ).first()
    return row if row is not None and row.state == "ticket" else None


def abandoned(connection: Connection, limit: int = 100) -> list[int]:
    """Tickets whose chat is called or live with an agent who cannot go on with it: the account
    is closed, or the ticket was closed or went to somebody else."""
    query = (
        select(_R.c.ticket_id)
        .join(_A, _A.c.id == _R.c.agent_id)
        .join(_T, _T.c.id == _R.c.ticket_id)
        .where(
            _R.c.state.in_(("called", "live")),
            or_(
                ~_A.c.active,
                and_(_R.c.state == "live", func.coalesce(_T.c.agent_id, 0) != _R.c.agent_id),
                ~_T.c.open,
            ),
        )
        .order_by(_R.c.id)
        .limit(limit)
    )
    return [int(row.ticket_id) for row in connection.execute(query)]


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


def turn_behind_next(connection: Connection, turn: int) -> int:
    """The turn of somebody who comes after the one behind them, and before the next; the queue
    is locked."""
    _lock(connection)
    behind = select(_R.c.turn).where(_R.c.state.in_(IN_QUEUE), _R.c.turn > turn)
    turns = list(connection.execute(behind.order_by(_R.c.turn).limit(2)).scalars())
    if not turns:
        return turn
    if len(turns) == 2 and turns[1] - turns[0] < 2:  # no room left: the others move back
        back = update(_R).where(_R.c.state.in_(IN_QUEUE), _R.c.turn > turns[0])
        connection.execute(back.values(turn=_R.c.turn + STEP))
        turns.pop()
    return int(turns[0]) + STEP // 2 if len(turns) == 1 else int(turns[0] + turns[1]) // 2


def _lock(connection: Connection) -> None:
    """Until commit nobody else is given a place in the queue. It comes after contacts and
    agents, before deadlines and series."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_QUEUE)))


def lock_agent(connection: Connection, agent_id: int) -> None:
    """Two chats taken at once count one after the other. What merely names the agent (alerts,
    messages) does not wait for it."""
    query = select(_A.c.id).where(_A.c.id == agent_id)
    connection.execute(query.with_for_update(key_share=True))


def last_turn(connection: Connection) -> int:
    """The highest turn of those who wait; the queue is locked."""
    _lock(connection)
    query = select(func.coalesce(func.max(_R.c.turn), 0)).where(_R.c.state.in_(IN_QUEUE))
    return int(connection.execute(query).scalar_one())


def first_turn(connection: Connection) -> int:
    """The turn of whoever is next (0: nobody waits); the queue is locked."""
    _lock(connection)
    query = select(func.coalesce(func.min(_R.c.turn), 0)).where(_R.c.state.in_(IN_QUEUE))
    return int(connection.execute(query).scalar_one())


def chats_of(connection: Connection, agent_id: int) -> int:
    """How many live chats an agent has."""
    query = select(func.count()).where(_R.c.state == "live", _R.c.agent_id == agent_id)
    return int(connection.execute(query).scalar_one())


def hold(connection: Connection, conversation_id: int, holder: str | None) -> None:
    """Who answers in a conversation changes: its fence rises, so that the bot's unsent talk of
    before is never sent (design 6.5). Lanes come before their conversations, as in delivery."""
    outbox.lock_lane(connection, conversation_id)
    connection.execute(
        update(_C)
        .where(_C.c.id == conversation_id)
        .values(holder=holder, fence=_C.c.fence + 1, waits_until=None)
    )


def without_ticket(connection: Connection, after_id: int = 0, limit: int = 100) -> list[AnyRow]:
    """Open requests of a release in which waiting needed no ticket, by row id."""
    query = select(_R).where(
        _R.c.state.in_((*IN_QUEUE, "live")), _R.c.ticket_id.is_(None), _R.c.id > after_id
    )
    return list(connection.execute(query.order_by(_R.c.id).limit(limit)).fetchall())
