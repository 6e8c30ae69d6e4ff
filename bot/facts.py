"""All a flow may know, read once under the contact's lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.channels.port import Abilities
from dialogs.facts import DataFact, Facts, ItemFact, LiveFact, QueueFact, TicketFact
from handoff.counter import Counter
from storage.base import AnyRow
from storage.repositories import agents, data, queue, tickets
from storage.repositories.conversations import Case


def read(
    connection: Connection,
    case: Case,
    counter: Counter,
    abilities: Mapping[str, Abilities],
    now: datetime,
) -> Facts:
    """The facts of a conversation at ``now``."""
    calendar = counter.calendar
    is_open = calendar.is_open(now)
    rows = tickets.of_contact(connection, case.contact_id)
    waits = case.waiting_number is not None or case.holder is not None
    request = _request(connection, case) if waits else None
    asked = any(row.state == "menunggu_data" or row.close_reason == "no_data" for row in rows)
    return Facts(
        now=calendar.local(now),
        office_open=is_open,
        next_open=None if is_open else calendar.next_open(now),
        channel=case.channel,
        can_share_phone=abilities[case.channel].ask_phone,
        profile_name=case.profile_name or None,
        own_phone=case.own_phone or (f"+{case.number}" if case.number else None),
        identity=json.loads(case.identity) if case.identity else None,
        tickets=tuple(_ticket(counter, row, now) for row in rows),
        waiting_number=case.waiting_number,
        queue=_queue(connection, case, request),
        live=_live(connection, case, request),
        on_duty=agents.anyone_on_duty(connection) if is_open else False,
        data=_data(connection, case, counter, rows, now) if asked else (),
    )


def _ticket(counter: Counter, row: AnyRow, now: datetime) -> TicketFact:
    return TicketFact(
        number=row.number,
        kind=row.kind,
        state=row.state,
        subject=_subject(row.problem),
        opened_at=counter.calendar.local(row.opened_at),
        priority=row.priority,
        decides=row.decides,
        files=row.files,
        expects=row.expects,
        expects_at=counter.calendar.local(row.expects_at) if row.expects_at else None,
        may_reopen=_may_reopen(counter, row, now),
        rated=row.rating is not None,
        tier=counter.policy.tier(row.tier).label,
    )


def _may_reopen(counter: Counter, row: AnyRow, now: datetime) -> bool:
    days = timedelta(days=counter.policy.sla.reopen_days)
    closed = row.state == "ditutup" and row.closed_at is not None
    return bool(closed and row.merged_into is None and now - row.closed_at <= days)


def _number(connection: Connection, ticket_id: int | None) -> str | None:
    return None if ticket_id is None else str(tickets.get(connection, ticket_id).number)


def _request(connection: Connection, case: Case) -> AnyRow | None:
    """The request of this chat, else of another chat of the same person."""
    here = queue.open_of_conversation(connection, case.id)
    return here or queue.open_of_contact(connection, case.contact_id)


def _queue(connection: Connection, case: Case, request: AnyRow | None) -> QueueFact | None:
    if request is None or request.state not in queue.IN_QUEUE:
        return None
    return QueueFact(
        request.number,
        _number(connection, request.ticket_id),
        queue.position(connection, request.turn),
        request.state == "called",
        request.conversation_id == case.id,
    )


def _live(connection: Connection, case: Case, request: AnyRow | None) -> LiveFact | None:
    if case.holder is None or request is None or request.number != case.holder:
        return None
    agent = agents.get(connection, request.agent_id)
    number = _number(connection, request.ticket_id)
    assert agent is not None
    return LiveFact(request.number, number or "", agent.name)


def _data(
    connection: Connection, case: Case, counter: Counter, rows: list[AnyRow], now: datetime
) -> tuple[DataFact, ...]:
    """Open requests, then those whose time is over on a ticket that may still be reopened."""
    reopenable = {row.id for row in rows if _may_reopen(counter, row, now)}
    numbers = {row.id: row.number for row in rows}
    late = data.late_of_contact(connection, case.contact_id)
    found = []
    for request in (
        *data.open_of_contact(connection, case.contact_id),
        *(r for r in late if r.ticket_id in reopenable),
    ):
        pieces = data.pieces(connection, request.id)
        items = tuple(ItemFact(*tuple(item)) for item in data.items(connection, request.id))
        number = numbers.get(request.ticket_id) or _number(connection, request.ticket_id) or ""
        due = counter.calendar.local(request.due_at) if request.due_at else None
        loose = sum(piece.item_id is None for piece in pieces)
        over = request.state != "open"
        found.append(DataFact(request.id, number, items, loose, due, request.asked_by, over))
    return tuple(found)


def _subject(problem: str) -> str:
    """The beginning of a problem, cut between words."""
    text = " ".join(problem[:300].split())
    return text if len(text) <= 60 else text[:59].rsplit(" ", 1)[0] + "…"
