"""A platform that takes free words only for a day after the user wrote: who still owes data is
reminded before that day is over, while a whole message may go and be answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from handoff.data import asked
from handoff.job import Job
from storage.base import AnyRow
from storage.repositories import conversations, data

LEAD = timedelta(hours=3)
"""How long before the window closes."""

QUIET = timedelta(hours=1)
"""Who was asked or reminded less than this ago is left alone."""


def closing(connection: Connection, *, now: datetime) -> list[int]:
    """Tickets with an open data request whose user's window closes soon."""
    return data.window_closing(connection, now, now + LEAD)


def reminded_lately(request: AnyRow, now: datetime) -> bool:
    """Whether the user was told that their window closes, so that a daily reminder would come
    twice in a few hours."""
    closed: datetime | None = request.reminded_window
    return closed is not None and abs(now - closed) <= 2 * LEAD


def remind(job: Job) -> None:
    """Once for each window."""
    until = conversations.window_of(job.connection, job.ticket.conversation_id)
    now = job.moment.now
    for request in data.open_of_ticket(job.connection, job.ticket.id):
        if until is None or not now < until <= now + LEAD or request.reminded_window == until:
            continue
        data.change(job.connection, request.id, reminded_window=until)
        if now - request.created_at < QUIET:
            continue
        closes = job.counter.calendar.local(until)
        job.tell(asked.asking(job, "data_window", request, closes=closes), purpose="data_request")
        job.write("data_reminded")
