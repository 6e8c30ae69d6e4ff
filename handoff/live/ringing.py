"""What happens when a time of a live chat or of the queue has come [001, 004]."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handoff.counter import Counter, Moment
from handoff.job import Job
from handoff.live import queue
from handoff.live import times as queue_times
from storage.base import AnyRow
from storage.repositories import agents
from storage.repositories import queue as rows


def closing(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """The office closes: whoever waits is told and keeps the ticket. After an outage over the
    closing it may be open again: then they wait for today's."""
    request, job = _about(counter, moment, deadline)
    if request.state not in rows.IN_QUEUE:
        return
    if counter.calendar.is_open(moment.now):
        queue_times.arm(job, request, queue_times.CLOSE)
    else:
        queue.went_on(job, request, "closing")


def call_again(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """No answer to a call: the next one; after the last, behind the next in the queue; after
    the last round it goes on as a ticket."""
    request, job = _about(counter, moment, deadline)
    if request.state != "called":
        return
    rules = counter.policy.queue
    if request.calls < rules.calls:
        rows.change(moment.connection, request.id, calls=request.calls + 1)
        caller = agents.get(moment.connection, request.agent_id)
        queue.say_call(job, request, caller.name if caller else "")
        return
    rounds = request.rounds + 1
    rows.change(moment.connection, request.id, rounds=rounds)
    job.alert("no_answer", f"{request.number} tidak menjawab panggilan.", agent_id=request.agent_id)
    if rounds >= rules.rounds:
        queue.went_on(job, request, "unanswered")
        return
    turn = rows.turn_behind_next(moment.connection, request.turn)
    rows.change(moment.connection, request.id, state="waiting", turn=turn, agent_id=None, calls=0)
    job.tell(job.notice("queue_skipped", request=request.number, calls=rules.calls))


def warn(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """The user's line has had no answer for a while: they are told, other agents alerted."""
    request, job = _about(counter, moment, deadline)
    if request.state != "live":
        return
    agent = agents.get(moment.connection, request.agent_id)
    job.tell(job.notice("live_slow", agent=agent.name if agent else ""))
    job.alert(
        "live_slow",
        f"{job.ticket.number}: pengguna di obrolan belum dijawab.",
        role=counter.policy.tier(job.ticket.tier).role,
    )


def give_back(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """Still no answer: to the front of the queue, and the bot answers again."""
    request, job = _about(counter, moment, deadline)
    if request.state == "live":
        queue.requeue(job, request, "returned")


def silence(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """Both are silent: the bot returns and says so. The agent wrote last, so that what the user
    may still write is for them."""
    request, job = _about(counter, moment, deadline)
    if request.state != "live":
        return
    agent = agents.get(moment.connection, request.agent_id)
    queue.leave_live(job, request, "done")
    name = agent.name if agent else ""
    job.tell(job.notice("live_over", agent=name, why="silence"), expects="reply")
    job.write("chat_ended", request.number)


def abandoned(connection: Connection, *, now: datetime) -> list[int]:
    """Tickets whose chat is with an agent who cannot go on with it."""
    return rows.abandoned(connection)


def rescue(job: Job) -> None:
    """The agent's account was closed, or the ticket went elsewhere: nobody is left mute."""
    request = rows.open_of_ticket(job.connection, job.ticket.id)
    if request is None or request.agent_id is None:
        return
    agent = agents.get(job.connection, request.agent_id)
    if not job.ticket.open:
        queue.over(job)
    elif agent is None or not agent.active:
        queue.requeue(job, request, "gone")
    elif request.state == "live" and job.ticket.agent_id != request.agent_id:
        queue.leave_live(job, request, "done")
        job.tell(job.notice("live_over", agent=agent.name, why="moved"), expects="reply")
        job.write("chat_ended", request.number)


def _about(counter: Counter, moment: Moment, deadline: AnyRow) -> tuple[AnyRow, Job]:
    request = rows.get(moment.connection, queue_times.request_id(deadline))
    return request, Job(counter, moment, None, request.ticket_id, "clock")
