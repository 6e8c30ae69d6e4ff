"""What has to reach a user and did not: another way is found, once, else somebody phones.

Told on another channel of the same person, if there is one that works; else put on the list of
calls. Nothing that ends a ticket for its user happens before they could know of it.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection

from dialogs.reply import Attached, Choice, Reply
from handoff.clock import waiting
from handoff.counter import Counter, Moment, Say
from handoff.data import asked
from handoff.job import Job
from handoff.policy import Clock
from handoff.ticket import closure
from storage.base import AnyRow
from storage.repositories import calls, conversations, data, messages

AGAIN = "again"  # the origin of a message that repeats one which did not arrive
_TELLING = (calls.NOTICE, "walk_in")  # calls that tell what no message could


def unfetched(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """A notice after a day, where being sent is not yet having arrived (the web page, a platform
    with receipts): known to have arrived, and settled; or not."""
    job = Job(counter, moment, None, deadline.ticket_id, "clock")
    row = messages.get(moment.connection, int(json.loads(deadline.inputs)["message"]))
    if row is not None and data.arrived_at(moment.connection, row.id) is None:
        _other_way(job, row)


def failed(connection: Connection, *, now: datetime) -> list[int]:
    """Tickets with notices or agents' lines that the platform refused, or that are unknown; and
    those whose open call was made needless by a browser that fetched its notice late."""
    rows = (*calls.undelivered(connection), *calls.seen_meanwhile(connection))
    return sorted({int(row.ticket_id) for row in rows})


def look_after(job: Job) -> None:
    """Each of them once: the call it leads to, or its copy, marks it."""
    for call in calls.seen_meanwhile(job.connection, job.ticket.id):
        calls.change(job.connection, call.id, state="done", done_at=job.moment.now)
        job.write("notice_fetched")
    ids = [found.id for found in calls.undelivered(job.connection, job.ticket.id)]
    rows = [row for row in (messages.get(job.connection, n) for n in ids) if row is not None]
    for row in rows:
        if any(_goes_on(row, other) for other in rows):  # what follows brings it along
            calls.resolve(job.connection, row.id, job.moment.now)
        else:
            _other_way(job, row)


def _goes_on(row: AnyRow, other: AnyRow) -> bool:
    """Whether a message was split for its channel and goes on in the other."""
    here = (row.conversation_id, row.seq + 1, row.author, row.created_at)
    there = (other.conversation_id, other.seq, other.author, other.created_at)
    return row.body is None and here == there


def unanswered(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """Silence after a solution closes the ticket, if the user could know of the solution; else
    they are to be phoned, and the time begins anew."""
    job = Job(counter, moment, None, deadline.ticket_id, "clock")
    if job.ticket.state != "selesai":
        return
    if job.ticket.waiting_since is not None:  # they asked about it: the silence is ours
        job.alert_holder("unanswered", f"{job.ticket.number}: pengguna belum dijawab.")
        closure.wait_for_word(job, moment.now)
        return
    row = messages.newest_notice(job.connection, job.ticket.id, job.ticket.solved_at)
    since: datetime | None = job.ticket.solved_at if row is None else _known_since(job, row)
    if since is not None and waiting.until(counter, _wait(counter), since) <= moment.now:
        closure.silence(job)
        return
    if row is not None and since is None:
        _to_be_called(job, row)
    closure.wait_for_word(job, since or moment.now)


def _wait(counter: Counter) -> Clock:
    return counter.policy.sla.confirmation


def _known_since(job: Job, row: AnyRow) -> datetime | None:
    """When a message or its copy arrived, or its user was reached by phone, whichever came
    first; None while they cannot know of it."""
    copies = messages.copies(job.connection, job.ticket.id, row.id, AGAIN)
    arrivals = [data.arrived_at(job.connection, message) for message in (row.id, *copies)]
    arrivals.append(calls.reached_since(job.connection, job.ticket.id, row.created_at))
    return min(filter(None, arrivals), default=None)


def _other_way(job: Job, row: AnyRow) -> None:
    target = None if row.origin == AGAIN else _other_channel(job, row)
    number = job.ticket.number
    if target is None:
        _to_be_called(job, row)
        job.alert_holder("undelivered", f"{number}: pesan belum sampai, pengguna perlu ditelepon.")
        return
    calls.resolve(job.connection, row.id, job.moment.now)
    request = data.of_message(job.connection, row.id)
    job.moment.say(
        Say(
            target.id,
            Reply(_whole(job, row), _choices(row), row.author, file=_file(row)),
            ticket_id=job.ticket.id,
            agent_id=row.agent_id,
            data_request=request.id if request is not None else None,
            must_arrive=True,
            origin=AGAIN,
        )
    )
    job.write("notice_repeated", target.channel)


def _other_channel(job: Job, row: AnyRow) -> AnyRow | None:
    """A chat of the same person on another channel that the platform delivers to; the one they
    used last. Two chats are one person's only by proof."""
    chats = conversations.of_contact(job.connection, job.ticket.contact_id)
    here = next((chat for chat in chats if chat.id == row.conversation_id), None)
    dead = here is not None and here.unreachable_at is not None  # another there may work
    open_ = [
        c
        for c in chats
        if c.unreachable_at is None and (dead or here is None or c.channel != here.channel)
    ]
    return max(open_, key=lambda c: c.heard_at or c.created_at, default=None)


def _to_be_called(job: Job, row: AnyRow) -> None:
    """On the list of calls, once. A data request is on it already; several notices of a ticket
    are one call."""
    connection, now = job.connection, job.moment.now
    if calls.about_message(connection, row.id):
        return
    request = data.of_message(connection, row.id)
    known = calls.of_ticket(connection, job.ticket.id)
    if request is not None and request.state == "open":
        about = asked.subject(request.id)
        calls.add(
            connection,
            ticket_id=job.ticket.id,
            kind=asked.CALL,
            subject=about,
            words=row.text,
            now=now,
        )
        calls.handled(connection, ticket_id=job.ticket.id, message_id=row.id, now=now)
    elif (call := next((c for c in known if c.kind in _TELLING), None)) is not None:
        if row.text not in call.words:
            calls.change(connection, call.id, words=f"{call.words}\n\n{row.text}")
        calls.handled(connection, ticket_id=job.ticket.id, message_id=row.id, now=now)
    else:
        calls.add(
            connection,
            ticket_id=job.ticket.id,
            kind=calls.NOTICE,
            subject=calls.about(row.id),
            words=_whole(job, row),
            now=now,
        )
    job.write("to_be_phoned")


def _whole(job: Job, row: AnyRow) -> str:
    """The text of a notice that was split for its channel, in one piece again."""
    return "\n\n".join(messages.parts_of(job.connection, row))


def _file(row: AnyRow) -> Attached | None:
    body = json.loads(row.body) if row.body else {}
    return Attached(body["file_id"], **body["file"]) if "file" in body else None


def _choices(row: AnyRow) -> tuple[Choice, ...]:
    """Its buttons that work at any time."""
    shown = json.loads(row.body).get("choices", ()) if row.body else ()
    values = ((button[0].partition(":")[2], button[1]) for button in shown)
    return tuple(Choice(value, label) for value, label in values if value.startswith("@"))
