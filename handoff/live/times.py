"""The times of a live chat and of the queue: deadlines about one request for a person."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from handoff.job import Job
from storage.base import AnyRow
from storage.repositories import clock as clocks

CLOSE = "queue_close"  # the office closes for the day
CALL = "queue_call"  # the next call, or what follows the last one
WARN = "live_warn"  # a user's line has had no answer for a while
RETURN = "live_return"  # and still has none
IDLE = "live_idle"  # nobody has written since the agent's last line
KINDS = (CLOSE, CALL, WARN, RETURN, IDLE)

_AFTER: Mapping[str, Callable[[Job], timedelta]] = {
    CALL: lambda job: timedelta(seconds=job.counter.policy.queue.call_seconds),
    WARN: lambda job: timedelta(minutes=job.counter.policy.queue.warn_minutes),
    RETURN: lambda job: timedelta(minutes=job.counter.policy.queue.return_minutes),
    IDLE: lambda job: timedelta(minutes=job.counter.policy.queue.idle_minutes),
}


def arm(job: Job, request: AnyRow, *kinds: str) -> None:
    """Set these times anew, from now."""
    for kind in kinds:
        at = _due(job, kind)
        if at is not None:
            clocks.arm(
                job.connection,
                kind=kind,
                subject=_subject(request),
                contact_id=job.ticket.contact_id,
                due_at=at,
                inputs=json.dumps({"from": job.moment.now.isoformat()}),
                ticket_id=request.ticket_id,
            )


def stop(job: Job, request: AnyRow, *kinds: str) -> None:
    """What was waited for has happened."""
    for kind in kinds:
        clocks.disarm(job.connection, kind, _subject(request))


def is_set(job: Job, request: AnyRow, kind: str) -> bool:
    return clocks.is_armed(job.connection, kind, _subject(request))


def request_id(deadline: AnyRow) -> int:
    """The request that a deadline is about."""
    return int(deadline.subject.partition(":")[2])


def _due(job: Job, kind: str) -> datetime | None:
    if kind == CLOSE:
        return job.counter.calendar.closes_at(job.moment.now)
    return job.moment.now + _AFTER[kind](job)


def _subject(request: AnyRow) -> str:
    return f"human:{request.id}"
