"""All that a ticket's page shows, gathered in one reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.web.console import views
from bot.web.console.desk import Console
from bot.web.console.doing import ITEMS, VERBS
from dialogs.checks import display_phone
from handoff import actions as a
from handoff import history, rights
from handoff.clock import service
from handoff.job import NOT_GIVEN, unfilled
from handoff.standing import (
    CATEGORY_LABELS,
    CLOSE_REASONS,
    KIND_LABELS,
    OPEN_STATES,
    STATE_LABELS,
    Standing,
    Worker,
)
from storage.base import AnyRow
from storage.repositories import agents, calls, data, dossier, messages, notes, queue, tickets

LAST_LINES = 150
EVERY_LINE = 5000
SHOWN_ROWS = 6  # rows of a data request without a script


def gather(
    connection: Connection,
    console: Console,
    ticket: AnyRow,
    worker: Worker,
    now: datetime,
    *,
    whole: bool = False,
) -> dict[str, Any]:
    """The values of the template. ``whole``: the talk from its beginning."""
    counter = console.counter
    request = queue.open_of_ticket(connection, ticket.id)
    live = request if request is not None and request.state == "live" else None
    standing = Standing(
        state=ticket.state,
        tier=ticket.tier,
        holder=ticket.agent_id,
        kind=ticket.kind,
        live_with=live.agent_id if live is not None else None,
        closed_at=ticket.closed_at,
        merged=ticket.merged_into is not None,
        works=counter.policy.tier(ticket.tier).role,
    )
    names = dossier.names(connection)
    facts = views.history(tickets.history(connection, ticket.id), names)
    clocks, due = service.of_ticket(connection, counter, ticket, now), views.due(ticket)
    return {
        "ticket": ticket,
        "views": views,
        "holder": names.get(ticket.agent_id, ""),
        "mine": ticket.agent_id == worker.id,
        "live_chat": live,
        "waits": request if request is not None and live is None else None,
        "can": {
            name: rights.why_not(worker, standing, verb.action) for name, verb in VERBS.items()
        },
        "chat": (chat := dossier.conversation(connection, ticket.conversation_id)),
        "window_closed": chat.window_until is not None and chat.window_until <= now,
        "form_a": _form(console, ticket),
        "missing": unfilled(counter.office, ticket),
        "fields": counter.office.form.fields,
        "clocks": clocks,
        "next_clock": next((c.label for c in clocks if c.state == "running" and c.due == due), ""),
        "broken": history.verify(connection, counter.key, ticket.id),
        "facts": facts,
        "requests": _requests(connection, ticket),
        "calls": calls.of_ticket(connection, ticket.id),
        "others": dossier.others(connection, ticket),
        "merged_into": _number(connection, ticket.merged_into),
        "colleagues": _colleagues(connection, ticket, worker),
        **_talk(connection, ticket, facts, whole),
        **_choices(console),
    }


def _talk(
    connection: Connection, ticket: AnyRow, facts: list[views.Fact], whole: bool
) -> dict[str, Any]:
    """Lines and notes in the order of time, apart: what came before the ticket was opened."""
    most = EVERY_LINE if whole else LAST_LINES
    rows = dossier.talk(connection, ticket, most + 1)
    cut, rows = len(rows) > most, rows[-most:]
    of_talk = messages.files_of(connection, [row.id for row in rows])
    lines = views.lines(rows, of_talk, ticket.number)
    own = messages.files_of_ticket(connection, ticket.id)
    written = [*map(views.note, notes.of_ticket(connection, ticket.id)), *_handed_on(facts)]
    told = [line for line in lines if line.at > ticket.opened_at or not line.quiet]
    return {
        "before": [line for line in lines if line.at <= ticket.opened_at and line.quiet],
        "talk": sorted([*told, *written], key=lambda line: line.at),
        "cut": cut,
        "files": [views.file_view(row) for row in own],
        "pending": any(
            row.delivery in ("queued", "sending", "announcing")
            for row in rows
            if row.author != "bot"
        ),
    }


_HANDED_ON = frozenset(views.HISTORY_LABELS[kind] for kind in ("escalated", "sent_back"))


def _handed_on(facts: list[views.Fact]) -> list[views.Line]:
    """What agents write to the next tier, or back, stands among the notes: whoever takes the
    ticket has to read it."""
    return [
        views.Line(
            id=-n,
            who="note",
            name=fact.who,
            html=views.words(fact.words, ours=False),
            head=fact.what,
            at=fact.at,
            edited=False,
            quiet=False,
            fold=False,
            fate=None,
            files=(),
        )
        for n, fact in enumerate(reversed(facts), 1)
        if fact.what in _HANDED_ON and fact.words
    ]


def _form(console: Console, ticket: AnyRow) -> list[tuple[str, str, str, bool]]:
    """Section A: (key, label, value as people read it, whether it is missing)."""
    given = json.loads(ticket.answers)
    rows = []
    for field in console.counter.office.form.fields:
        value = str(given.get(field.key, "") or "")
        if field.only_for and ticket.user_type not in field.only_for and not value:
            continue
        shown = display_phone(value) if field.check == "phone" else value
        rows.append((field.key, field.label, shown, not value and field.required))
    return rows


def _requests(connection: Connection, ticket: AnyRow) -> list[dict[str, Any]]:
    """Data requests with their items and what came for them, the newest first."""
    pieces = data.pieces_of_ticket(connection, ticket.id)
    return [
        {
            "row": row,
            "items": data.items(connection, row.id),
            "pieces": [piece for piece in pieces if piece.request_id == row.id],
        }
        for row in reversed(data.of_ticket(connection, ticket.id))
    ]


def _number(connection: Connection, ticket_id: int | None) -> str:
    return "" if ticket_id is None else str(tickets.get(connection, ticket_id).number)


_HOLDERS = {"helpdesk", "koordinator", "admin_lpse", "admin"}


def _colleagues(connection: Connection, ticket: AnyRow, worker: Worker) -> list[AnyRow]:
    """Whom a ticket can be given to."""
    return [
        row
        for row in agents.everyone(connection)
        if row.id != ticket.agent_id and _HOLDERS & set(row.roles.split())
    ]


def _choices(console: Console) -> Mapping[str, Any]:
    types = {t.key: t.label for t in console.counter.office.form.user_types}
    return {
        "user_types": types,
        "state_labels": STATE_LABELS,
        "open_states": OPEN_STATES,
        "kinds": KIND_LABELS,
        "categories": CATEGORY_LABELS,
        "reasons": CLOSE_REASONS,
        "needs_no_solution": ("duplicate", "no_data", "other_unit", "withdrawn"),
        "units": console.counter.policy.units,
        "not_given": NOT_GIVEN,
        "rows": ITEMS,
        "shown_rows": SHOWN_ROWS,
        "request_states": REQUEST_STATES,
        "accept": ",".join(f".{name}" for name in console.config.files.types),
        "max_mb": console.config.files.max_mb,
        "may_packet": rights.TABLE[a.LkppSent].roles,
    }


REQUEST_STATES: Mapping[str, str] = {
    "open": "ditunggu",
    "complete": "lengkap",
    "partial": "belum lengkap, diteruskan apa adanya",
    "expired": "tidak ada yang datang",
    "cancelled": "dibatalkan",
}
