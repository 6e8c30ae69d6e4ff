"""What waits for staff: lists, one case whole, and marking things as done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, case, exists, select, update

from storage.base import AnyRow, table_of
from storage.models import (
    Agent,
    Call,
    Conversation,
    HumanRequest,
    Message,
    Miss,
    OutboxRow,
    Parked,
    PersonalDataRequest,
    Ticket,
    Topic,
)
from storage.repositories import outbox

_T = table_of(Ticket)
_O = table_of(OutboxRow)
_M = table_of(Message)
_C = table_of(Conversation)
_A = table_of(Agent)
_K = table_of(Call)
_Q = table_of(PersonalDataRequest)
# A line of the agents' group is no user's: whoever holds the ticket is told of that.
_TOPICS = table_of(Topic)
LOST = and_(
    outbox.LOST,
    ~exists().where(_TOPICS.c.conversation_id == _O.c.conversation_id),
)


def tickets(connection: Connection, limit: int) -> list[AnyRow]:
    """Open tickets: those with less than a day first, then the oldest."""
    urgent = case((_T.c.deadline == "under_24h", 0), else_=1)
    return list(
        connection.execute(
            select(
                _T.c.number,
                _T.c.state,
                _T.c.tier,
                _A.c.name.label("holder"),
                _T.c.deadline,
                _T.c.answers,
                _T.c.problem,
                _T.c.opened_at,
            )
            .outerjoin(_A, _A.c.id == _T.c.agent_id)
            .where(_T.c.open)
            .order_by(urgent, _T.c.opened_at)
            .limit(limit)
        ).fetchall()
    )


def people(connection: Connection, limit: int) -> list[AnyRow]:
    """Users who wait for a person."""
    table = table_of(HumanRequest)
    return list(
        connection.execute(
            select(
                table.c.number,
                table.c.state,
                _T.c.number.label("ticket"),
                _C.c.channel,
                _C.c.profile_name.label("name"),
                table.c.reason,
                table.c.created_at,
            )
            .join(_C, _C.c.id == table.c.conversation_id)
            .outerjoin(_T, _T.c.id == table.c.ticket_id)
            .where(table.c.state.in_(("waiting", "called", "live")))
            .order_by(table.c.turn, table.c.created_at)
            .limit(limit)
        ).fetchall()
    )


def personal_data(connection: Connection, limit: int) -> list[AnyRow]:
    """Open personal-data requests, the most urgent first."""
    table = table_of(PersonalDataRequest)
    return list(
        connection.execute(
            select(table.c.number, table.c.created_at, table.c.due_at)
            .where(table.c.state == "open")
            .order_by(table.c.due_at)
            .limit(limit)
        ).fetchall()
    )


def undelivered(connection: Connection, limit: int) -> list[AnyRow]:
    """Messages that were refused, or of which nobody knows whether they arrived."""
    return list(
        connection.execute(
            select(_C.c.channel, _O.c.row_class, _O.c.state, _O.c.error, _O.c.done_at)
            .join(_C, _C.c.id == _O.c.conversation_id)
            .where(LOST)
            .order_by(_O.c.done_at)
            .limit(limit)
        ).fetchall()
    )


def parked(connection: Connection, limit: int) -> list[AnyRow]:
    """Events our code failed on."""
    table = table_of(Parked)
    return list(
        connection.execute(
            select(table.c.channel, table.c.excerpt, table.c.error, table.c.created_at)
            .where(table.c.resolved_at.is_(None))
            .order_by(table.c.created_at)
            .limit(limit)
        ).fetchall()
    )


def calls(connection: Connection, limit: int) -> list[AnyRow]:
    """Users to be phoned, the oldest first."""
    query = (
        select(_T.c.number, _K.c.kind, _T.c.answers, _K.c.tries, _K.c.words, _K.c.created_at)
        .join(_T, _T.c.id == _K.c.ticket_id)
        .where(_K.c.state == "open")
        .order_by(_K.c.created_at)
        .limit(limit)
    )
    return list(connection.execute(query).fetchall())


def misses(connection: Connection, limit: int) -> list[AnyRow]:
    """Texts that were not understood, the newest first."""
    table = table_of(Miss)
    return list(
        connection.execute(
            select(table.c.text, table.c.best_intent, table.c.confidence, table.c.created_at)
            .where(table.c.reviewed_at.is_(None))
            .order_by(table.c.created_at.desc())
            .limit(limit)
        ).fetchall()
    )


def find(connection: Connection, number: str) -> AnyRow | None:
    """(contact_id, conversation_id) behind any number that was announced."""
    for model in (Ticket, HumanRequest, PersonalDataRequest):
        table = table_of(model)
        row = connection.execute(
            select(table.c.contact_id, table.c.conversation_id).where(table.c.number == number)
        ).first()
        if row is not None:
            return row
    return None


def ticket(connection: Connection, number: str) -> AnyRow | None:
    """One ticket's row by number."""
    return connection.execute(select(_T).where(_T.c.number == number)).first()


def said(connection: Connection, conversation_id: int, limit: int) -> list[AnyRow]:
    """The last messages of a conversation, oldest first."""
    rows = connection.execute(
        select(_M.c.author, _M.c.text, _M.c.created_at)
        .where(_M.c.conversation_id == conversation_id)
        .order_by(_M.c.seq.desc())
        .limit(limit)
    ).fetchall()
    return list(reversed(rows))


def finish(connection: Connection, number: str, now: datetime) -> bool:
    """Mark a request for a person or about personal data as done; False if none waits."""
    table = table_of(HumanRequest)
    changed = connection.execute(
        update(table)
        .where(table.c.number == number, table.c.state.in_(("waiting", "called")))
        .values(state="done", ended_at=now)
    ).rowcount
    changed += connection.execute(
        update(_Q)
        .where(_Q.c.number == number, _Q.c.state == "open")
        .values(state="done", done_at=now)
    ).rowcount
    return bool(changed)
