"""The time of a data request: it runs from the first delivery known, reminds, and ends [000]."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handoff.clock import waiting
from handoff.counter import Counter, Moment
from handoff.data import asked, window
from handoff.job import Job
from handoff.ticket import closure
from storage.base import AnyRow
from storage.repositories import clock as deadlines
from storage.repositories import data, outages


def delivered(connection: Connection, *, now: datetime) -> list[int]:
    """Tickets whose data request has reached the user and whose time does not run yet."""
    return data.delivered_tickets(connection)


def begin(job: Job) -> None:
    """The time runs from the delivery, not from when it was noticed; an outage since then is
    the user's (design 6.12)."""
    for request in data.open_of_ticket(job.connection, job.ticket.id):
        if request.started_at is None and request.message_id is not None:
            at = data.arrived_at(job.connection, request.message_id)
            if at is not None:
                asked.begin(job, request, at + outages.lost_since(job.connection, at))
                job.write("data_request_arrived")


def remind(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """One reminder. Of several that are due at once only the last is said, and none where the
    time itself is over."""
    job, request = _request(counter, moment, deadline)
    if request is None or _more_is_due(job, deadline):
        return
    if window.reminded_lately(request, moment.now):
        return
    job.tell(asked.asking(job, "data_reminder", request), purpose="data_request")
    job.write("data_reminded")


def _more_is_due(job: Job, deadline: AnyRow) -> bool:
    kinds = (waiting.DATA_REMINDER, waiting.DATA_WAIT)
    return any(
        row.subject == deadline.subject
        and row.kind.partition(":")[0] in kinds
        and row.due_at <= job.moment.now
        for row in deadlines.armed_of_ticket(job.connection, job.ticket.id)
    )


def over(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """The time is over: nothing came, and the ticket is closed; or something came, and whoever
    asked gets that much."""
    job, request = _request(counter, moment, deadline)
    if request is None:
        return
    if data.pieces(job.connection, request.id) or data.heard_since(
        job.connection, job.ticket.id, request.created_at
    ):
        _partial(job, request)
    else:
        notice = closure.reopenable(job, "data_expired", **asked.shown(job, request))
        asked.stop(job, request, "expired")
        job.write("data_expired")
        closure.end(job, "no_data", notice)


def _partial(job: Job, request: AnyRow) -> None:
    shown = asked.shown(job, request)
    asked.stop(job, request, "partial")
    job.update(state=asked.state_after(job, request))
    job.write("data_partial")
    text = f"{job.ticket.number}: waktu data habis, yang masuk belum lengkap."
    asked.tell_asker(job, request, "data_partial", text)
    job.tell(job.notice("data_partial", **shown), expects="reply")


def _request(counter: Counter, moment: Moment, deadline: AnyRow) -> tuple[Job, AnyRow | None]:
    job = Job(counter, moment, None, deadline.ticket_id, "clock")
    row = data.get(moment.connection, int(deadline.subject.partition(":")[2]))
    return job, row if row is not None and row.state == "open" else None
