"""What waits for a user and ends something for one: due times that are armed and taken back."""

from __future__ import annotations

import json
from datetime import datetime

from handoff.clock import clocks
from handoff.counter import Counter
from handoff.job import Job
from handoff.policy import Clock
from storage.repositories import clock as deadlines

DATA_WAIT = "data_wait"  # [000]: 3x24 h for the data
DATA_REMINDER = "data_reminder"  # data_reminder:1, :2, ...
CONFIRMATION = "confirmation"  # silence after a solution
WEB_NOTICE = "web_notice"  # a notice that no browser has fetched


def until(counter: Counter, clock: Clock, since: datetime) -> datetime:
    """When a limit that began at ``since`` is over. An office that never opens again keeps
    nobody waiting for ever: then the calendar counts."""
    plain = clock.model_copy(update={"hours": "calendar"})
    found = clocks.due(counter.calendar, clock, since)
    return found or clocks.due(counter.calendar, plain, since) or since


def words(clock: Clock) -> str:
    """A limit as users read it: ``3x24 jam``, ``36 jam``, ``2 hari kerja``."""
    many, unit = clock.amount
    if unit == "d":
        return f"{many} hari kerja" if clock.hours == "office" else f"{many}x24 jam"
    name = "jam" if unit == "h" else "menit"
    if clock.hours == "office":
        return f"{many} {name} kerja"
    whole = unit == "h" and many % 24 == 0
    return f"{many // 24}x24 jam" if whole else f"{many} {name}"


def arm(job: Job, kind: str, subject: str, at: datetime, **inputs: object) -> None:
    """Set a due time of this ticket's user."""
    deadlines.arm(
        job.connection,
        kind=kind,
        subject=subject,
        contact_id=job.ticket.contact_id,
        due_at=at,
        inputs=json.dumps(inputs),
        ticket_id=job.ticket.id,
    )


def stop(job: Job, subject: str, *kinds: str) -> None:
    """What was waited for has happened. A kind stands for all its numbered ones."""
    for row in deadlines.armed_of_ticket(job.connection, job.ticket.id):
        if row.subject == subject and row.kind.partition(":")[0] in kinds:
            deadlines.disarm(job.connection, row.kind, row.subject)


def stop_all(job: Job) -> None:
    """The ticket ended: nothing of it waits for the user any more."""
    for row in deadlines.armed_of_ticket(job.connection, job.ticket.id):
        if row.kind.partition(":")[0] in KINDS:
            deadlines.disarm(job.connection, row.kind, row.subject)


KINDS = frozenset({DATA_WAIT, DATA_REMINDER, CONFIRMATION, WEB_NOTICE})
