"""A data request as it stands: begun, looked at, stopped. What asks for it and what comes of it
are in ``handoff.data.requests``."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from dialogs import offers
from dialogs.reply import Reply
from handoff.clock import waiting
from handoff.job import Job, at_work
from storage.base import AnyRow
from storage.repositories import calls, data
from storage.repositories import clock as deadlines

CALL = "data_request"  # the kind of call that confirms a request by phone [002 step 4]
LKPP = "lkpp"
End = Literal["complete", "partial", "expired", "cancelled"]


def subject(request_id: int) -> str:
    """What deadlines and calls of a request are about."""
    return f"data:{request_id}"


def asking(job: Job, name: str, request: AnyRow, **values: object) -> Reply:
    """A notice about an open request: what has come, what is missing, *Sudah lengkap*."""
    return replace(
        job.notice(name, **shown(job, request), **values), choices=(offers.full(request.id),)
    )


def shown(job: Job, request: AnyRow) -> dict[str, object]:
    """What texts about a request show: its items, what is missing of them, and until when."""
    items = data.items(job.connection, request.id)
    pieces = data.pieces(job.connection, request.id)
    return {
        "items": items,
        "missing": [item for item in items if not item.got],
        "came": len(pieces),
        "loose": sum(piece.item_id is None for piece in pieces),
        "due": _due(job, request),
        "wait": waiting.words(job.counter.policy.sla.data_wait),
        "lkpp": request.asked_by == LKPP,
    }


def _due(job: Job, request: AnyRow) -> datetime | None:
    """Until when, by the office's clock: an outage moves the deadline, not the request."""
    armed = deadlines.armed_of_ticket(job.connection, job.ticket.id)
    kinds = (waiting.DATA_WAIT, subject(request.id))
    at = next((r.due_at for r in armed if (r.kind, r.subject) == kinds), request.due_at)
    return job.counter.calendar.local(at) if at else None


def begin(job: Job, request: AnyRow, at: datetime) -> None:
    """The user has the request since ``at``: its time runs [000], with reminders on the way."""
    sla = job.counter.policy.sla
    due = waiting.until(job.counter, sla.data_wait, at)
    data.change(job.connection, request.id, started_at=at, due_at=due)
    about = subject(request.id)
    waiting.arm(job, waiting.DATA_WAIT, about, due, since=at.isoformat(), limit=sla.data_wait.limit)
    for n, hours in enumerate(sla.data_reminders, 1):
        when = at + timedelta(hours=hours)
        if when < due:
            waiting.arm(job, f"{waiting.DATA_REMINDER}:{n}", about, when, hours=hours)


def stop(job: Job, request: AnyRow, state: End) -> None:
    """The request is over: nothing of it is waited for any more."""
    data.change(job.connection, request.id, state=state, ended_at=job.moment.now)
    waiting.stop(job, subject(request.id), waiting.DATA_WAIT, waiting.DATA_REMINDER)
    calls.close_about(job.connection, CALL, subject(request.id))


def cancel_open(job: Job) -> None:
    """The ticket moved on: its open requests end with it, clocks and calls too."""
    for request in data.open_of_ticket(job.connection, job.ticket.id):
        stop(job, request, "cancelled")
        job.write("data_cancelled", json.dumps({"request": request.id}))


def current(job: Job) -> AnyRow | None:
    """The ticket's open request: there is at most one."""
    return next(iter(data.open_of_ticket(job.connection, job.ticket.id)), None)


def state_after(job: Job, request: AnyRow) -> str:
    """Where a ticket stands once its data are there: with whoever asked for them."""
    return "dieskalasi" if request.asked_by == LKPP else at_work(job)


def tell_asker(job: Job, request: AnyRow, kind: str, text: str) -> None:
    """Alert whoever asked: the Admin LPSE for LKPP, else the holder."""
    if request.asked_by == LKPP:
        words = text.removeprefix(f"{job.ticket.number}: ")
        job.counter.lkpp.data_came(job.connection, job.ticket, job.moment.now, words)
    else:
        job.alert_holder(kind, text)


def told(piece: AnyRow) -> str:
    """A piece in a line of history."""
    what = piece.name or piece.text
    return f"{piece.n}. {piece.label}: {what}" if piece.label else str(what)
