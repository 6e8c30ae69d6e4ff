"""What the console's board shows: tickets in order, counts, who waits, who is talking.

The first page must not grow with the table: it is read from one index, in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    tuple_,
)
from sqlalchemy.sql.expression import ColumnElement

from storage import search
from storage.base import AnyRow, Instant, table_of
from storage.models import (
    Agent,
    Conversation,
    Deadline,
    HumanRequest,
    Ticket,
)

_T = table_of(Ticket)
_A = table_of(Agent)
_D = table_of(Deadline)
_R = table_of(HumanRequest)
_C = table_of(Conversation)

PAGE = 30
BEGINNING = 200  # characters of a problem that a list shows
PRIORITIES = ("tinggi", "menengah", "rendah")  # their place is ``tickets.urgent``
_URGENCIES = range(len(PRIORITIES))

Whose = Literal["all", "mine", "free"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the board is asked for. ``state`` empty: every open ticket, or with words to
    search for every one. ``after`` is the last ticket's (urgent, next_due, id) of the page
    before."""

    agent_id: int
    whose: Whose = "all"
    state: str = ""
    kind: str = ""
    priority: str = ""
    tier: str = ""
    late: bool = False
    query: search.Query = ()
    after: tuple[int, datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Open tickets: by state, and how many are the agent's, nobody's, and late."""

    states: dict[str, int]
    mine: int
    free: int
    late: int

    @property
    def all(self) -> int:
        return sum(self.states.values())


_soonest = (
    select(_D.c.kind)
    .where(_D.c.ticket_id == _T.c.id, _D.c.due_at == _T.c.next_due, _D.c.kind.startswith("sla:"))
    .limit(1)
    .scalar_subquery()
)
_ROW = select(
    _T.c.id,
    _T.c.number,
    _T.c.kind,
    _T.c.category,
    _T.c.state,
    _T.c.priority,
    _T.c.urgent,
    _T.c.tier,
    _T.c.agent_id,
    _T.c.answers,
    func.substr(_T.c.problem, 1, BEGINNING).label("problem"),
    _T.c.source,
    _T.c.opened_at,
    _T.c.waiting_since,
    _T.c.overdue,
    _T.c.exempt,
    _T.c.next_due,
    _soonest.label("clock"),
    _A.c.name.label("holder"),
)


def tickets(connection: Connection, filters: Filters, now: datetime) -> list[AnyRow]:
    """A page of tickets and one row more if there are others: the most urgent first and of
    those what is due soonest; closed ones and what was searched for the newest first."""
    dialect = connection.dialect.name
    query: Select[Any] = _ROW.limit(PAGE + 1)
    values: dict[str, object] = {}
    by_age: ColumnElement[int] | None = _T.c.id if filters.state == "ditutup" else None
    if filters.query:
        index, by_age, matches = search.source(dialect)
        query = query.select_from(index.join(_T, _T.c.id == by_age)).where(matches)
        values["words"] = search.rendered(dialect, filters.query)
    query = query.outerjoin(_A, _A.c.id == _T.c.agent_id).where(*_conditions(filters, now))
    if filters.after is not None:
        query = query.where(_beyond(filters.after, by_age))
    order = (_T.c.urgent, _T.c.next_due, _T.c.id) if by_age is None else (by_age.desc(),)
    return list(connection.execute(query.order_by(*order), values).fetchall())


def _conditions(filters: Filters, now: datetime) -> Iterable[ColumnElement[bool]]:
    if filters.state == "ditutup":
        yield _T.c.open.is_(False)
    elif filters.state or not filters.query:
        yield _T.c.open.is_(True)
    if filters.state not in ("", "ditutup"):
        yield _T.c.state == filters.state
    if filters.whose == "mine":
        yield _T.c.agent_id == filters.agent_id
    elif filters.whose == "free":
        yield _T.c.agent_id.is_(None)
    if filters.kind:
        yield _T.c.kind == filters.kind
    if filters.tier:
        yield _T.c.tier == filters.tier
    if filters.priority:
        yield _T.c.urgent == PRIORITIES.index(filters.priority)
    if filters.late:
        yield and_(_T.c.open.is_(True), _T.c.urgent.in_(_URGENCIES), _T.c.next_due <= now)


def _beyond(
    after: tuple[int, datetime, int], by_age: ColumnElement[int] | None
) -> ColumnElement[bool]:
    if by_age is not None:
        return by_age < after[2]
    last = tuple_(
        bindparam(None, after[0]),
        bindparam(None, after[1], type_=Instant),
        bindparam(None, after[2]),
    )
    return tuple_(_T.c.urgent, _T.c.next_due, _T.c.id) > last


def counts(connection: Connection, agent_id: int, now: datetime) -> Counts:
    """How many open tickets there are, of which kind."""
    by_state = connection.execute(
        select(
            _T.c.state,
            func.count().label("all"),
            func.sum(case((_T.c.agent_id == agent_id, 1), else_=0)).label("mine"),
            func.sum(case((_T.c.agent_id.is_(None), 1), else_=0)).label("free"),
        )
        .where(_T.c.open.is_(True))
        .group_by(_T.c.state)
    ).fetchall()
    late = connection.execute(
        select(func.count()).where(
            _T.c.open.is_(True), _T.c.urgent.in_(_URGENCIES), _T.c.next_due <= now
        )
    ).scalar_one()
    return Counts(
        {row.state: row.all for row in by_state},
        mine=int(sum(row.mine for row in by_state)),
        free=int(sum(row.free for row in by_state)),
        late=int(late),
    )


_CHAT = (
    select(
        _R.c.id,
        _R.c.number.label("queue_number"),
        _R.c.state,
        _R.c.reason,
        _R.c.created_at,
        _R.c.calls,
        _R.c.rounds,
        _R.c.agent_id,
        _R.c.taken_at,
        _C.c.channel,
        _T.c.id.label("ticket_id"),
        _T.c.number,
        _T.c.priority,
        _T.c.answers,
        func.substr(_T.c.problem, 1, BEGINNING).label("problem"),
        _T.c.waiting_since,
        _A.c.name.label("agent"),
    )
    .join(_C, _C.c.id == _R.c.conversation_id)
    .outerjoin(_T, _T.c.id == _R.c.ticket_id)
    .outerjoin(_A, _A.c.id == _R.c.agent_id)
)


def waiting(connection: Connection, limit: int = 50) -> list[AnyRow]:
    """Users who wait for a person, in the order of the queue."""
    return list(
        connection.execute(
            _CHAT.where(_R.c.state.in_(("waiting", "called")))
            .order_by(_R.c.turn, _R.c.id)
            .limit(limit)
        ).fetchall()
    )


def live_chats(connection: Connection, limit: int = 50) -> list[AnyRow]:
    """Live chats of everybody; whoever has waited longest for an answer first."""
    nobody_waits = case((_T.c.waiting_since.is_(None), 1), else_=0)
    return list(
        connection.execute(
            _CHAT.where(_R.c.state == "live")
            .order_by(nobody_waits, _T.c.waiting_since, _R.c.id)
            .limit(limit)
        ).fetchall()
    )
