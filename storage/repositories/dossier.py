"""What a ticket's page shows besides the ticket itself: its talk, files and people."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, and_, func, or_, select

from storage.base import AnyRow, table_of
from storage.models import Agent, Attachment, Conversation, Message, OutboxRow, Ticket

_T = table_of(Ticket)
_M = table_of(Message)
_O = table_of(OutboxRow)
_F = table_of(Attachment)
_A = table_of(Agent)
_N = _T.alias("near")
_C = table_of(Conversation)

BEFORE = timedelta(hours=1)  # how long before the ticket its talk may have begun
AFTER = timedelta(hours=1)  # and how long after closing it goes on


def talk(connection: Connection, ticket: AnyRow, limit: int) -> list[AnyRow]:
    """The last messages of a ticket, in order: its own, wherever they were said, and the words
    of its conversation that belong to no ticket, from shortly before it was opened until
    shortly after it was closed. Never another ticket's; what was withdrawn was never said."""
    until = ticket.closed_at + AFTER if ticket.closed_at is not None else None
    untagged = [
        _M.c.conversation_id == ticket.conversation_id,
        _M.c.ticket_id.is_(None),
        _M.c.created_at >= ticket.opened_at - BEFORE,
    ]
    if until is not None:
        untagged.append(_M.c.created_at <= until)
    query = (
        select(
            _M.c.id,
            _M.c.seq,
            _M.c.conversation_id,
            _M.c.author,
            _M.c.text,
            _M.c.body,
            _M.c.created_at,
            _M.c.edited_at,
            _M.c.ticket_id,
            _M.c.seen_at,
            _M.c.origin,
            _C.c.channel,
            _A.c.name.label("agent"),
            _O.c.state.label("delivery"),
            _O.c.receipt,
            _O.c.announced,
            _O.c.error,
        )
        .join(_C, _C.c.id == _M.c.conversation_id)
        .outerjoin(_O, _O.c.message_id == _M.c.id)
        .outerjoin(_A, _A.c.id == _M.c.agent_id)
        .where(
            or_(_M.c.ticket_id == ticket.id, and_(*untagged)),
            or_(_O.c.state.is_(None), _O.c.state != "withdrawn"),
        )
        .order_by(_M.c.created_at.desc(), _M.c.id.desc())
        .limit(limit)
    )
    return list(reversed(connection.execute(query).fetchall()))


def conversation(connection: Connection, conversation_id: int) -> AnyRow:
    """(channel, profile_name, unreachable_at, heard_at, window_until) of the chat a ticket came
    from."""
    columns = (_C.c.channel, _C.c.profile_name, _C.c.unreachable_at, _C.c.heard_at)
    query = select(*columns, _C.c.window_until).where(_C.c.id == conversation_id)
    return connection.execute(query).one()


def file(connection: Connection, file_id: int) -> AnyRow | None:
    """A file that stands in a ticket's talk or data, with that ticket's number; None for one
    that belongs to no ticket."""
    own = (_N.c.conversation_id == _F.c.conversation_id) & _M.c.ticket_id.is_(None)
    before = select(_N.c.id).where(own, _N.c.opened_at <= _M.c.created_at)
    after = select(_N.c.id).where(own, _N.c.opened_at > _M.c.created_at)
    of_talk = func.coalesce(
        before.order_by(_N.c.opened_at.desc()).limit(1).scalar_subquery(),
        after.order_by(_N.c.opened_at).limit(1).scalar_subquery(),
    )
    query = (
        select(_F, _T.c.id.label("shown_with"), _T.c.number)
        .join(_M, _M.c.id == _F.c.message_id)
        .join(_T, _T.c.id == func.coalesce(_F.c.ticket_id, _M.c.ticket_id, of_talk))
        .where(_F.c.id == file_id)
    )
    return connection.execute(query).first()


def others(connection: Connection, ticket: AnyRow, limit: int = 20) -> list[AnyRow]:
    """The person's other tickets, the newest first."""
    query = (
        select(
            _T.c.id,
            _T.c.number,
            _T.c.state,
            _T.c.opened_at,
            func.substr(_T.c.problem, 1, 120).label("problem"),
        )
        .where(_T.c.contact_id == ticket.contact_id, _T.c.id != ticket.id)
        .order_by(_T.c.opened_at.desc(), _T.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).fetchall())


def numbers(connection: Connection, ids: list[int]) -> dict[int, str]:
    """Tickets' numbers by id."""
    rows = connection.execute(select(_T.c.id, _T.c.number).where(_T.c.id.in_(ids)))
    return {row.id: row.number for row in rows}


def names(connection: Connection) -> dict[int, str]:
    """Every agent's name by id, those who left too: history names them."""
    return {row.id: row.name for row in connection.execute(select(_A.c.id, _A.c.name))}
