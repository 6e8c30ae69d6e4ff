"""The work lists of the console: what is on them, and taking things off."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Select, case, func, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import (
    Agent,
    Alert,
    Call,
    Contact,
    Conversation,
    DataRequest,
    Message,
    Miss,
    Note,
    OutboxRow,
    Parked,
    PersonalDataRequest,
    Ticket,
)
from storage.repositories.topics import CHANNEL as GROUP  # no user reads what goes there
from storage.repositories.worklists import LOST

_T = table_of(Ticket)
_O = table_of(OutboxRow)
_M = table_of(Message)
_C = table_of(Conversation)
_I = table_of(Contact)
_A = table_of(Agent)
_L = table_of(Alert)
_K = table_of(Call)
_N = table_of(Note)
_P = table_of(Parked)
_Q = table_of(PersonalDataRequest)
_X = table_of(Miss)


def counts(connection: Connection) -> dict[str, int]:
    """How many things wait on each list of the console."""
    queries: dict[str, Select[int]] = {
        "undelivered": select(func.count())
        .select_from(_O)
        .join(_C, _C.c.id == _O.c.conversation_id)
        .where(LOST, _C.c.channel != GROUP),
        "parked": select(func.count()).select_from(_P).where(_P.c.resolved_at.is_(None)),
        "personal_data": select(func.count()).select_from(_Q).where(_Q.c.state == "open"),
        "calls": select(func.count()).select_from(_K).where(_K.c.state == "open"),
        "complaints": select(func.count()).select_from(_T).where(_T.c.kind == "masukan", _T.c.open),
        "misses": select(func.count()).select_from(_X).where(_X.c.reviewed_at.is_(None)),
    }
    return {name: int(connection.execute(query).scalar_one()) for name, query in queries.items()}


_UNDELIVERED = (
    select(
        _O.c.id,
        _O.c.conversation_id,
        _O.c.message_id,
        _O.c.row_class,
        _O.c.state,
        _O.c.error,
        _O.c.done_at,
        _M.c.text,
        _M.c.body,
        _M.c.ticket_id,
        _M.c.origin,
        _C.c.channel,
        _C.c.profile_name,
        _T.c.number,
        func.coalesce(_T.c.answers, _I.c.identity).label("answers"),
    )
    .join(_M, _M.c.id == _O.c.message_id)
    .join(_C, _C.c.id == _O.c.conversation_id)
    .join(_I, _I.c.id == _C.c.contact_id)
    .outerjoin(_T, _T.c.id == _M.c.ticket_id)
    .where(LOST, _C.c.channel != GROUP)
)


def undelivered_whole(connection: Connection, limit: int) -> list[AnyRow]:
    """Messages that did not arrive, with what was to be said and to whom: notices and people's
    lines before the bot's own talk."""
    talk = case((_O.c.row_class == "talk", 1), else_=0)
    query = _UNDELIVERED.order_by(talk, _O.c.done_at, _O.c.id).limit(limit)
    return list(connection.execute(query).fetchall())


def undelivered_one(connection: Connection, row_id: int) -> AnyRow | None:
    """One of them that nobody has looked after yet."""
    return connection.execute(_UNDELIVERED.where(_O.c.id == row_id)).first()


def resolve_undelivered(connection: Connection, row_id: int, now: datetime) -> bool:
    """Take a message off the list; False if somebody has."""
    changed = update(_O).where(_O.c.id == row_id, LOST).values(resolved_at=now)
    return connection.execute(changed).rowcount == 1


def request_of_message(connection: Connection, message_id: int) -> AnyRow | None:
    """The open data request that a message asks for."""
    table = table_of(DataRequest)
    return connection.execute(
        select(table).where(table.c.message_id == message_id, table.c.state == "open")
    ).first()


def parked_whole(connection: Connection, limit: int) -> list[AnyRow]:
    """Events our code failed on, the oldest first."""
    query = select(_P.c.id, _P.c.channel, _P.c.excerpt, _P.c.error, _P.c.created_at)
    query = query.where(_P.c.resolved_at.is_(None)).order_by(_P.c.id).limit(limit)
    return list(connection.execute(query).fetchall())


def resolve_parked(connection: Connection, parked_id: int, now: datetime) -> bool:
    """Its raw bytes go with it; False if it was resolved before."""
    changed = update(_P).where(_P.c.id == parked_id, _P.c.resolved_at.is_(None))
    return connection.execute(changed.values(resolved_at=now, raw=None)).rowcount == 1


def personal_data_whole(connection: Connection, done_since: datetime, limit: int) -> list[AnyRow]:
    """Open personal-data requests, the most urgent first, then those done since; with whose
    they are and who did them."""
    query = (
        select(_Q, _C.c.channel, _C.c.profile_name, _A.c.name.label("agent_name"))
        .join(_C, _C.c.id == _Q.c.conversation_id)
        .outerjoin(_A, _A.c.id == _Q.c.agent_id)
        .where(or_(_Q.c.state == "open", _Q.c.done_at >= done_since))
        .order_by(case((_Q.c.state == "open", 0), else_=1), _Q.c.due_at)
        .limit(limit)
    )
    return list(connection.execute(query).fetchall())


def personal_data_one(connection: Connection, request_id: int) -> AnyRow | None:
    return connection.execute(select(_Q).where(_Q.c.id == request_id)).first()


def finish_personal_data(
    connection: Connection, request_id: int, *, agent_id: int, outcome: str, now: datetime
) -> bool:
    """Write down what became of a request; False if somebody has."""
    changed = update(_Q).where(_Q.c.id == request_id, _Q.c.state == "open")
    values = {"state": "done", "agent_id": agent_id, "outcome": outcome, "done_at": now}
    return connection.execute(changed.values(**values)).rowcount == 1


def calls_to_make(connection: Connection, limit: int) -> list[AnyRow]:
    """Users to be phoned, the oldest first, each with its ticket."""
    query = (
        select(
            _K,
            _T.c.number,
            _T.c.answers,
            _T.c.state.label("ticket_state"),
            _T.c.source,
            _C.c.channel,
        )
        .join(_T, _T.c.id == _K.c.ticket_id)
        .join(_C, _C.c.id == _T.c.conversation_id)
        .where(_K.c.state == "open")
        .order_by(_K.c.created_at, _K.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).fetchall())


def complaints(connection: Connection, *, category: str, closed: bool, limit: int) -> list[AnyRow]:
    """Complaints, objections, suggestions and feedback, the oldest open one first, each with
    its owner and the last note about it. ``category`` empty: all."""
    any_note = _N.alias()
    last = select(func.max(any_note.c.id)).where(any_note.c.ticket_id == _T.c.id).scalar_subquery()
    query = (
        select(_T, _A.c.name.label("owner"), _N.c.text.label("note"), _N.c.at.label("note_at"))
        .outerjoin(_A, _A.c.id == _T.c.agent_id)
        .outerjoin(_N, _N.c.id == last)
        .where(_T.c.kind == "masukan", _T.c.open.is_not(closed))
        .order_by(_T.c.closed_at.desc() if closed else _T.c.opened_at)
        .limit(limit)
    )
    if category:
        query = query.where(_T.c.category == category)
    return list(connection.execute(query).fetchall())


def numbers(connection: Connection, ticket_ids: list[int]) -> dict[int, str]:
    """The numbers of tickets."""
    query = select(_T.c.id, _T.c.number).where(_T.c.id.in_(ticket_ids))
    return {ticket_id: number for ticket_id, number in connection.execute(query)}


def see_alerts(
    connection: Connection, alert_ids: tuple[int, ...], agent_id: int, now: datetime
) -> None:
    """These alerts were seen."""
    connection.execute(
        update(_L)
        .where(_L.c.id.in_(alert_ids), _L.c.seen_at.is_(None))
        .values(seen_at=now, seen_by=agent_id)
    )
