"""The wish for a person becomes a place in the queue, or the hours and a ticket."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff import numbers
from handoff.clock import service
from handoff.counter import Counter, Moment, Say, hours
from handoff.job import Job
from handoff.live import queue
from handoff.live import times as queue_times
from handoff.standing import OPEN_STATES
from handoff.ticket import opening
from storage.base import AnyRow
from storage.repositories import agents, tickets
from storage.repositories import queue as rows


def enqueue(counter: Counter, moment: Moment, command: c.CallHuman) -> list[Reply]:
    """A number and the place in the queue; a second wish gives the same one. Every live chat is
    a ticket. Out of hours, or with nobody on duty, it goes on as one."""
    open_now = rows.open_of_contact(moment.connection, moment.case.contact_id)
    if open_now is not None and open_now.ticket_id is not None:
        return [_again(counter, moment, open_now)]
    if open_now is not None:  # of a time when a wish needed no ticket
        rows.change(moment.connection, open_now.id, state="ticket", ended_at=moment.now)
    said, ticket = _ticket(counter, moment, command)
    job = Job(counter, moment, None, ticket.id, "chat", f"contact:{moment.case.contact_id}")
    if job.ticket.conversation_id != moment.case.id:  # the talk about it goes on here
        job.update(conversation_id=moment.case.id)
    if not queue.can_come(job):
        replies = [*said, _as_ticket(job, command)]
    else:
        replies = [*said, _line_up(job, command)]
    service.sync(job)
    return replies


def _ticket(
    counter: Counter, moment: Moment, command: c.CallHuman
) -> tuple[tuple[Reply, ...], AnyRow]:
    """(what the user is told of a new one, the ticket that it is about)."""
    contact = moment.case.contact_id
    if command.number is not None:
        row = tickets.find_own(moment.connection, contact, command.number)
        if row is not None and row.state in OPEN_STATES:
            return (), row
    else:
        newest = tickets.of_contact(moment.connection, contact, 1)
        if newest and newest[0].opened_at == moment.now:
            return (), newest[0]
    problem = command.reason or counter.text("person_no_problem")
    told = opening.open_ticket(
        counter, moment, c.OpenTicket("permintaan_layanan", problem, for_person=True)
    )
    return told, tickets.of_contact(moment.connection, contact, 1)[0]


def _line_up(job: Job, command: c.CallHuman) -> Reply:
    number = _number(job)
    turn = rows.last_turn(job.connection) + rows.STEP
    request_id = rows.add(
        job.connection,
        number=number,
        contact_id=job.ticket.contact_id,
        conversation_id=job.ticket.conversation_id,
        reason=command.reason,
        state="waiting",
        created_at=job.moment.now,
        ticket_id=job.ticket.id,
        turn=turn,
        calls=0,
        rounds=0,
    )
    queue_times.arm(job, rows.get(job.connection, request_id), queue_times.CLOSE)
    job.write("queued", number)
    role = job.counter.policy.tier(job.ticket.tier).role
    words = f"{number} menunggu di antrean ({job.ticket.number})."
    holder = agents.get(job.connection, job.ticket.agent_id) if job.ticket.agent_id else None
    job.alert("queued", words, role=role)
    if holder is not None and holder.active:
        job.alert("queued", words, agent_id=holder.id)
    position = rows.position(job.connection, turn)
    return _waiting(job, number, position, again=False)


def _as_ticket(job: Job, command: c.CallHuman) -> Reply:
    if rows.went_on(job.connection, job.ticket.id) is None:
        rows.add(
            job.connection,
            number=_number(job),
            contact_id=job.ticket.contact_id,
            conversation_id=job.ticket.conversation_id,
            reason=command.reason,
            state="ticket",
            created_at=job.moment.now,
            ended_at=job.moment.now,
            ticket_id=job.ticket.id,
            turn=0,
            calls=0,
            rounds=0,
        )
        job.write("wants_person", command.reason)
    job.alert_holder("wants_person", f"{job.ticket.number}: pengguna ingin bicara.")
    return job.notice("human_as_ticket", **hours(job.counter, job.moment.now))


def _again(counter: Counter, moment: Moment, request: AnyRow) -> Reply:
    job = Job(counter, moment, None, request.ticket_id, "chat")
    if request.state == "live":
        agent = agents.get(moment.connection, request.agent_id)
        return job.notice("human_elsewhere", agent=agent.name if agent else "petugas")
    position = rows.position(moment.connection, request.turn)
    return _waiting(job, request.number, position, again=True)


def _waiting(job: Job, number: str, position: int, *, again: bool) -> Reply:
    return job.notice("human_waiting", request=number, position=position, again=again)


def adopt(counter: Counter, moment: Moment, request: AnyRow) -> None:
    """A request of a release in which waiting needed no ticket: it goes on as one, and the user
    is told its number."""
    told, ticket = _ticket(counter, moment, c.CallHuman(request.reason))
    ended = {"state": "ticket", "ended_at": moment.now, "ticket_id": ticket.id}
    rows.change(moment.connection, request.id, **ended)
    for reply in told:
        moment.say(Say(moment.case.id, reply, ticket_id=ticket.id))


def _number(job: Job) -> str:
    local = job.counter.calendar.local(job.moment.now)
    return numbers.take(job.connection, "human", job.counter.series.human, local)
