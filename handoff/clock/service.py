"""The SOP's clocks of a ticket: each follows from the ticket's row, kept as ``deadlines`` rows.

A row has the kind ``sla:<name>`` and the subject ``ticket:<id>``; its ``inputs`` are
``clocks.Inputs``. It is armed while the clock runs; ``paused_at``, ``stopped_at`` and
``fired_at`` (breached) say why it is not.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import Connection

from handoff.clock import clocks
from handoff.clock.clocks import Inputs, Run
from handoff.clock.rules import GOING_ON, RECURRING, RULES, Facts, Want, wanted
from handoff.clock.view import PREFIX, Shown, next_of, of_ticket, of_tickets
from handoff.counter import Counter
from handoff.job import Job
from handoff.policy import Clock
from storage.base import AnyRow, from_micros
from storage.repositories import clock as deadlines
from storage.repositories import data, tickets

__all__ = [
    "PREFIX",
    "Shown",
    "begin",
    "fingerprint",
    "next_of",
    "of_ticket",
    "of_tickets",
    "recompute",
    "sync",
]


def sync(job: Job) -> None:
    """Bring the rows of the ticket's clocks to what its row says now. Call it after every
    change of a ticket; doing it twice changes nothing."""
    rows = {
        row.kind.removeprefix(PREFIX): row
        for row in deadlines.of_tickets(job.connection, [job.ticket.id], PREFIX)
    }
    _answer_again(job, rows)
    _data_complete(job)
    facts = _facts(job, rows)
    for name in RULES:
        _bring(job, name, rows.get(name), wanted(name, facts))


def begin(job: Job) -> None:
    """A ticket without clocks (it is older than they are) gets them: every visit ends with
    ``sync``."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a row stands, or should."""

    inputs: Inputs
    stopped: datetime | None = None
    fired: datetime | None = None


def _answer_again(job: Job, rows: dict[str, AnyRow]) -> None:
    """Whoever has a closed ticket opened again waits for a human answer anew."""
    row = rows.get("response")
    if row is None or row.stopped_at is None or job.ticket.state == "ditutup":
        return
    if Inputs.loads(row.inputs).ended == "closed" and job.ticket.answered_at is not None:
        job.update(answered_at=None)


def _data_complete(job: Job) -> None:
    """Data count as complete with the first human answer that leaves no request open: who
    answers, solves or asks for nothing more has what is needed [000]. An agent who says so, a
    finished request and an escalation set it themselves."""
    ticket = job.ticket
    if ticket.complete_at is not None or ticket.kind == "masukan":
        return
    answered = ticket.answered_at is not None or ticket.solved_at is not None
    gone = ticket.state == "ditutup" and ticket.solved_at is None
    waits = ticket.state == "menunggu_data" or not answered or gone
    if not waits and not data.open_of_ticket(job.connection, ticket.id):
        job.update(complete_at=job.moment.now)


def _facts(job: Job, rows: dict[str, AnyRow]) -> Facts:
    ticket = job.ticket
    asked: tuple[datetime, ...] = ()
    row = rows.get("data_request")
    if ticket.priority_at is not None and (row is None or row.stopped_at is None):
        requests = data.of_ticket(job.connection, ticket.id)
        asked = tuple(request.created_at for request in requests)
    return Facts(
        ticket,
        job.moment.now,
        job.counter.policy.tiers[0].key,
        asked,
        _lkpp_answers(job) if ticket.tier == "lkpp" else (),
        {n: Inputs.loads(r.inputs).base for n, r in rows.items() if r.stopped_at is None},
    )


def _lkpp_answers(job: Job) -> tuple[datetime, ...]:
    entries = (json.loads(row.body) for row in tickets.history(job.connection, job.ticket.id))
    return tuple(from_micros(e["at"]) for e in entries if e["kind"] == "lkpp_answered")


def _bring(job: Job, name: str, row: AnyRow | None, want: Want | None) -> None:
    """One clock: begun, stopped, paused, gone on or begun anew; written if that changed it."""
    rule: Clock = getattr(job.counter.policy.sla, name)
    now = job.moment.now
    before = _read(row) if row is not None else None
    if want is None:
        if before is None or before.stopped is not None:
            return
        want = Want(before.inputs.base, now, "void")
    if before is None:
        after = _Standing(Inputs(want.base, want.base, rule.limit, rule.hours))
    else:
        after = _again(name, before, want, row, now)
    after = replace(after, inputs=replace(after.inputs, limit=rule.limit, hours=rule.hours))
    after = _paused(_stopped(after, want), want, now)
    if after != before:
        _forget_mark(job, name, before, after)
        _write(job, name, row, after)


def _again(
    name: str, before: _Standing, want: Want, row: AnyRow | None, now: datetime
) -> _Standing:
    """A clock whose fact came anew, or that was stopped and should run, begins anew."""
    assert row is not None
    inputs = before.inputs
    anew = want.base != inputs.base
    back = before.stopped is not None and want.stopped is None and name in RECURRING
    if not anew and not back:
        return before
    if before.stopped is not None and name in GOING_ON and inputs.ended == "solved" and not anew:
        going_on = inputs.paused(before.stopped, "confirm").resumed(now)
        return replace(before, inputs=replace(going_on, ended=""), stopped=None)
    start = now if back else want.base
    run = Run(inputs.start, row.due_at, before.stopped or max(want.base, inputs.start))
    runs = (*inputs.runs, run)
    return _Standing(Inputs(want.base, start, inputs.limit, inputs.hours, runs=runs))


def _stopped(standing: _Standing, want: Want) -> _Standing:
    """The first stop counts; that the ticket was closed after it is kept as well."""
    if want.stopped is None:
        return standing
    ended = want.ended or ""
    if standing.stopped is None:
        inputs = replace(standing.inputs.resumed(want.stopped), ended=ended)
        return replace(standing, inputs=inputs, stopped=max(want.stopped, inputs.start))
    if ended == "closed" and standing.inputs.ended != ended:
        return replace(standing, inputs=replace(standing.inputs, ended=ended))
    return standing


def _paused(standing: _Standing, want: Want, now: datetime) -> _Standing:
    """A pause begins, ends, or is followed by one of another reason."""
    if standing.stopped is not None:
        return standing
    inputs = standing.inputs
    stands = inputs.pauses[-1].why if inputs.standing_still else None
    if stands == want.pause:
        return standing
    inputs = inputs.resumed(now)
    if want.pause is not None:
        inputs = inputs.paused(max(now, inputs.start), want.pause)
    return replace(standing, inputs=inputs)


def _read(row: AnyRow) -> _Standing:
    return _Standing(Inputs.loads(row.inputs), row.stopped_at, row.fired_at)


def _write(job: Job, name: str, row: AnyRow | None, after: _Standing) -> None:
    values = _columns(job.counter, after, row)
    if row is None:
        deadlines.add(
            job.connection,
            kind=PREFIX + name,
            subject=f"ticket:{job.ticket.id}",
            contact_id=job.ticket.contact_id,
            ticket_id=job.ticket.id,
            **values,
        )
    else:
        deadlines.rewrite(job.connection, row.id, row.arming, **values)


def _columns(counter: Counter, after: _Standing, row: AnyRow | None) -> dict[str, object]:
    """A breached clock keeps the due time it was breached at, a paused one the last it had."""
    inputs = after.inputs
    due = clocks.due(counter.calendar, inputs.clock, inputs.start, inputs.pauses)
    still = inputs.standing_still
    runs = after.stopped is None and after.fired is None and not still and due is not None
    if after.fired is not None and row is not None:
        due = row.due_at
    elif due is None:
        due = row.due_at if row is not None and still else inputs.start
    return {
        "inputs": inputs.dumps(),
        "due_at": due,
        "armed": runs,
        "stopped_at": after.stopped,
        "paused_at": inputs.pauses[-1].start if still and after.stopped is None else None,
        "fired_at": after.fired,
    }


def _forget_mark(job: Job, name: str, before: _Standing | None, after: _Standing) -> None:
    """A clock that begins anew, or does not apply, marks its ticket no more."""
    anew = before is not None and after.inputs.start != before.inputs.start
    exempt = name == "resolution" and bool(job.ticket.exempt)
    marks = job.ticket.overdue.split()
    if name in marks and (anew or exempt or after.inputs.ended == "void"):
        job.update(overdue=" ".join(mark for mark in marks if mark != name))


def fingerprint(counter: Counter) -> str:
    """A digest of all that due times follow from: limits, opening hours, the holidays' release."""
    known = (
        counter.policy.sla.model_dump_json(),
        counter.calendar.fingerprint,
        version("holidays"),
    )
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:16]


def recompute(connection: Connection, counter: Counter) -> int:
    """Reckon the due times of all clocks that run anew, after limits or hours were changed; how
    many moved. A row that a turn changes meanwhile is left to that turn."""
    moved, last = 0, 0
    while rows := deadlines.unstopped(connection, PREFIX, after_id=last):
        for row in rows:
            moved += _reckon(connection, counter, row)
        last = rows[-1].id
    return moved


def _reckon(connection: Connection, counter: Counter, row: AnyRow) -> bool:
    rule: Clock | None = getattr(counter.policy.sla, row.kind.removeprefix(PREFIX), None)
    before = _read(row)
    if rule is None:
        return False
    after = replace(before, inputs=replace(before.inputs, limit=rule.limit, hours=rule.hours))
    values = _columns(counter, after, row)
    if values["due_at"] == row.due_at and values["inputs"] == row.inputs:
        return False
    return deadlines.rewrite(connection, row.id, row.arming, **values)
