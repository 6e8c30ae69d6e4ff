"""Live chats: waiting for a person, being called, talking, coming back to the bot [001, 004].

A request's ``state`` and its conversation's ``holder`` change together, here only: whoever
answers is one (docs/design.md, "What always holds", 5).
"""

from __future__ import annotations

from dataclasses import replace

from dialogs import commands as c
from dialogs import offers
from dialogs.reply import Reply
from handoff import actions as a
from handoff.counter import Counter, Moment
from handoff.job import Job
from handoff.live import holding
from handoff.live import times as queue_times
from handoff.refusal import Refused
from handoff.standing import Worker
from storage.base import AnyRow
from storage.repositories import agents, messages, queue


def take(job: Job, action: a.Take) -> str:
    """Become the holder; a user who waits in the queue becomes a live chat."""
    request = queue.open_of_ticket(job.connection, job.ticket.id)
    if request is None:
        return holding.take(job)
    if request.agent_id not in (None, job.agent.id):
        request = _free(job, request)
    if request.state == "live":
        return f"{job.ticket.number} sudah Anda pegang; obrolannya masih berjalan."
    _check_limit(job)
    holding.take(job, waits=True)
    _begin(job, request)
    return f"Obrolan {request.number} dimulai untuk tiket {job.ticket.number}."


def call(job: Job, action: a.CallUser) -> str:
    """Call a user who waits; the next calls follow by themselves [001, 004]."""
    request = queue.open_of_ticket(job.connection, job.ticket.id)
    if request is None or request.state == "live":
        raise Refused(f"Tidak ada yang menunggu di antrean untuk {job.ticket.number}.")
    if request.state == "called":
        if request.agent_id == job.agent.id:
            raise Refused(f"{request.number} sedang dipanggil; panggilan berikutnya otomatis.")
        request = _free(job, request)
    _check_limit(job)
    queue.change(job.connection, request.id, state="called", agent_id=job.agent.id, calls=1)
    say_call(job, request, job.agent.name)
    job.write("called", request.number)
    return f"{request.number} dipanggil (1 dari {job.counter.policy.queue.calls})."


def say_call(job: Job, request: AnyRow, agent: str) -> None:
    """The call itself, and when the next one is due."""
    notice = job.notice("queue_called", request=request.number, agent=agent)
    job.tell(replace(notice, choices=(offers.here(request.number),)))
    queue_times.arm(job, request, queue_times.CALL)


def here(counter: Counter, moment: Moment) -> list[Reply]:
    """*Saya di sini*: the chat is live with whoever called, if they still can."""
    request = queue.open_of_conversation(moment.connection, moment.case.id)
    if request is None or request.ticket_id is None:
        return [Reply(counter.text("queue_no_call"))]
    if request.state != "called":
        position = queue.position(moment.connection, request.turn)
        text = counter.text("queue_not_called", number=request.number, position=position)
        return [Reply(text, row_class="notice")]
    row = agents.get(moment.connection, request.agent_id)
    assert row is not None  # accounts are never deleted
    worker = Worker(row.id, row.name, frozenset(row.roles.split()), row.active, row.on_duty)
    job = Job(counter, moment, worker, request.ticket_id, "chat")
    if not (row.active and row.on_duty) or _is_full(job):
        requeue(job, request, "gone")
        return []
    try:
        holding.take(job, waits=True)
    except Refused:  # somebody else holds the ticket by now
        requeue(job, request, "gone")
        return []
    _begin(job, request)
    job.alert("answered_call", f"{request.number} menjawab panggilan.", agent_id=row.id)
    return []


def end(job: Job, action: a.EndChat) -> str:
    """The agent ends the chat; the ticket stays theirs."""
    request = queue.live_of_ticket(job.connection, job.ticket.id)
    if request is None:
        raise Refused(f"Tidak ada obrolan yang berjalan untuk {job.ticket.number}.")
    leave_live(job, request, "done")
    job.tell(job.notice("live_over", agent=job.agent.name, why="ended"))
    job.write("chat_ended", request.number)
    return f"Obrolan {request.number} diakhiri. Bot menjawab lagi."


def leave(counter: Counter, moment: Moment) -> list[Reply]:
    """The user goes back to the bot, out of a live chat or out of the queue."""
    request = queue.open_of_conversation(moment.connection, moment.case.id)
    if request is None or request.ticket_id is None:
        return []
    job = Job(counter, moment, None, request.ticket_id, "chat", _user(moment))
    live = request.state == "live"
    if live:
        leave_live(job, request, "left")
        job.write("chat_left", request.number)
        words = f"{job.ticket.number}: pengguna kembali ke bot."
    else:
        close(job, request, "left")
        words = f"{request.number} keluar dari antrean ({job.ticket.number})."
    job.alert("left", words, agent_id=request.agent_id or job.ticket.agent_id)
    return [job.notice("queue_left", live=live)]


def over(job: Job, *, only_live: bool = False) -> None:
    """The ticket was solved or closed: a live chat or a place in the queue ends quietly. Where
    it goes up a tier, a live chat does, and who waits goes on waiting."""
    request = queue.open_of_ticket(job.connection, job.ticket.id)
    if request is not None and (request.state == "live" or not only_live):
        leave_live(job, request, "done")


def relayed(counter: Counter, moment: Moment, command: c.Relay) -> list[Reply]:
    """A user's line of a live chat reached the desk: on the ticket, timers, alert."""
    request = queue.open_of_conversation(moment.connection, moment.case.id)
    if request is None or request.ticket_id is None:
        return []
    job = Job(counter, moment, None, request.ticket_id, "chat", _user(moment))
    _put(job, (command.message_id,), command.attachment_ids)
    job.write("user_said", command.text or f"{len(command.attachment_ids)} berkas")
    job.update(waiting_since=job.ticket.waiting_since or moment.now)
    if request.state == "live":
        queue_times.stop(job, request, queue_times.IDLE)
        if not queue_times.is_set(job, request, queue_times.RETURN):
            queue_times.arm(job, request, queue_times.WARN, queue_times.RETURN)
        job.alert(
            "live_line",
            f"{job.ticket.number}: pesan baru di obrolan.",
            agent_id=request.agent_id,
        )
    return []


def keep(moment: Moment, command: c.KeepForAgent) -> None:
    """What is written while waiting stands in the ticket's talk."""
    request = queue.open_of_conversation(moment.connection, moment.case.id)
    if request is None or request.ticket_id is None:
        return
    ids = (*command.message_ids, *messages.of_files(moment.connection, command.attachment_ids))
    messages.put_on_ticket(moment.connection, tuple(dict.fromkeys(ids)), request.ticket_id)
    messages.attach_to_ticket(moment.connection, command.attachment_ids, request.ticket_id)
    moment.touched.add(request.ticket_id)


def answered(job: Job) -> None:
    """An agent's line went out: in a live chat the user's line has its answer."""
    request = queue.live_of_ticket(job.connection, job.ticket.id)
    if request is not None:
        queue_times.stop(job, request, queue_times.WARN, queue_times.RETURN)
        queue_times.arm(job, request, queue_times.IDLE)


def requeue(job: Job, request: AnyRow, why: str) -> None:
    """To the front of the queue, and the bot answers again; the ticket is for whoever takes it.
    Where nobody can come today, it goes on as a ticket. ``why``: returned, gone."""
    agent = agents.get(job.connection, request.agent_id) if request.agent_id else None
    if request.state == "live":
        leave_live(job, request, "waiting")
        job.update(agent_id=None)
        job.write("unassigned", agent.name if agent else "")
    front = queue.first_turn(job.connection) - queue.STEP
    queue.change(
        job.connection, request.id, state="waiting", turn=front, agent_id=None, calls=0,
        taken_at=None, ended_at=None,
    )  # fmt: skip
    queue_times.stop(job, request, *queue_times.KINDS)
    if not can_come(job):
        went_on(job, queue.get(job.connection, request.id), why)
        return
    queue_times.arm(job, request, queue_times.CLOSE)
    name = agent.name if agent else ""
    job.tell(job.notice("queue_returned", request=request.number, agent=name, why=why))
    job.alert(
        "returned",
        f"{request.number} kembali ke depan antrean ({job.ticket.number}).",
        role=job.counter.policy.tier(job.ticket.tier).role,
    )


def went_on(job: Job, request: AnyRow, why: str) -> None:
    """The wait is over without a talk: the ticket stays and is answered as one. ``why``:
    closing, unanswered, returned, gone."""
    close(job, request, "ticket")
    calendar, now = job.counter.calendar, job.moment.now
    is_open = calendar.is_open(now)
    notice = job.notice(
        "queue_as_ticket",
        request=request.number,
        why=why,
        next_open=None if is_open else calendar.next_open(now),
    )
    job.tell(notice)
    job.write("queue_over", f"{request.number}: {why}")
    job.alert_holder("queue_over", f"{request.number} berlanjut sebagai tiket {job.ticket.number}.")


def can_come(job: Job) -> bool:
    """Whether somebody on duty could take a chat about this ticket now."""
    if not job.counter.calendar.is_open(job.moment.now):
        return False
    tier = job.counter.policy.tier(job.ticket.tier)
    if tier == job.counter.policy.tiers[0]:
        return agents.on_duty_as(job.connection, tuple({"helpdesk", "koordinator", tier.role}))
    return agents.on_duty_as(job.connection, (tier.role, "koordinator", "admin"))


def close(job: Job, request: AnyRow, state: str) -> None:
    """The request ends; nothing of it is due any more."""
    queue.change(job.connection, request.id, state=state, ended_at=job.moment.now)
    queue_times.stop(job, request, *queue_times.KINDS)


def leave_live(job: Job, request: AnyRow, state: str) -> None:
    """However a live chat ends, the bot answers again from here on."""
    close(job, request, state)
    if request.state == "live":
        queue.hold(job.connection, request.conversation_id, None)


def _begin(job: Job, request: AnyRow) -> None:
    """Live: the bot is silent from here on, and the user waits for the agent's first line."""
    queue.change(
        job.connection, request.id, state="live", agent_id=job.agent.id, taken_at=job.moment.now
    )
    queue_times.stop(job, request, *queue_times.KINDS)
    queue.hold(job.connection, request.conversation_id, request.number)
    queue_times.arm(job, request, queue_times.WARN, queue_times.RETURN)
    job.tell(job.notice("live_begun", agent=job.agent.name), expects="")
    job.write("chat_begun", f"{request.number}: {job.agent.name}")


def _put(job: Job, message_ids: tuple[int, ...], file_ids: tuple[int, ...]) -> None:
    messages.put_on_ticket(job.connection, message_ids, job.ticket.id)
    messages.attach_to_ticket(job.connection, file_ids, job.ticket.id)


def _free(job: Job, request: AnyRow) -> AnyRow:
    """Somebody was faster: raises Refused with who it was. Where that account is closed by now,
    the user waits again."""
    row = agents.get(job.connection, request.agent_id)
    if row is not None and row.active:
        doing = "sedang mengobrol" if request.state == "live" else "sedang memanggil"
        raise Refused(f"{job.ticket.number} sudah diambil {row.name} ({doing}).")
    leave_live(job, request, "waiting")
    if job.ticket.agent_id == request.agent_id:
        job.update(agent_id=None)
    queue.change(job.connection, request.id, agent_id=None, taken_at=None, ended_at=None)
    return queue.get(job.connection, request.id)


def _is_full(job: Job) -> bool:
    queue.lock_agent(job.connection, job.agent.id)
    return queue.chats_of(job.connection, job.agent.id) >= _limit(job)


def _limit(job: Job) -> int:
    row = agents.get(job.connection, job.agent.id)
    own = row.chat_limit if row is not None else None
    return own or job.counter.policy.queue.chat_limit


def _check_limit(job: Job) -> None:
    if _is_full(job):
        raise Refused(f"Anda sudah punya {_limit(job)} obrolan. Akhiri salah satu dulu.")


def _user(moment: Moment) -> str:
    return f"contact:{moment.case.contact_id}"
