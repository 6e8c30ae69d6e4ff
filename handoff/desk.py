"""Carrying out what a flow wants done: inside the turn's transaction, under the contact's
lock. Each command has one function; it returns what the user is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal

from dialogs import commands as c
from dialogs.reply import Attached, Reply
from handoff import links, numbers
from handoff.clock import service
from handoff.counter import PERSONAL_DATA_DUE, Counter, Moment
from handoff.data import requests
from handoff.job import Job
from handoff.live import entry as queue_entry
from handoff.live import queue
from handoff.standing import OPEN_STATES
from handoff.ticket import closure, opening, passing
from storage.base import AnyRow
from storage.repositories import conversations, messages, people, tickets


def carry_out(counter: Counter, moment: Moment, commands: Iterable[c.Command]) -> tuple[Reply, ...]:
    """Do a turn's commands; what the user is told. One that joins two contacts comes last: it
    takes along whatever the others wrote for the contact that was read."""
    ordered = sorted(commands, key=lambda command: isinstance(command, _JOINING))
    return tuple(r for command in ordered for r in _DEEDS[type(command)](counter, moment, command))


def call_human(counter: Counter, moment: Moment, command: c.CallHuman) -> tuple[Reply, ...]:
    """A place in the queue, or the hours; a second call gives the same number."""
    return tuple(queue_entry.enqueue(counter, moment, command))


def here_i_am(counter: Counter, moment: Moment, command: c.HereIAm) -> tuple[Reply, ...]:
    """The user answered a call: *Saya di sini*."""
    return _followed(counter, moment, queue.here(counter, moment))


def leave_chat(counter: Counter, moment: Moment, command: c.LeaveChat) -> tuple[Reply, ...]:
    """Back to the bot, out of a live chat or out of the queue."""
    return _followed(counter, moment, queue.leave(counter, moment))


def relay(counter: Counter, moment: Moment, command: c.Relay) -> tuple[Reply, ...]:
    """A line of a live chat reaches the desk."""
    return _followed(counter, moment, queue.relayed(counter, moment, command))


def _followed(counter: Counter, moment: Moment, replies: Iterable[Reply]) -> tuple[Reply, ...]:
    """The clocks of the tickets that were touched follow them."""
    for ticket_id in sorted(moment.touched):
        service.sync(Job(counter, moment, None, ticket_id, "chat"))
    return tuple(replies)


def keep_for_agent(counter: Counter, moment: Moment, command: c.KeepForAgent) -> tuple[Reply, ...]:
    """What is written while waiting in the queue."""
    queue.keep(moment, command)
    return ()


def _on_own(
    counter: Counter, moment: Moment, number: str, do: Callable[[Job], Iterable[Reply]]
) -> tuple[Reply, ...]:
    """Something about one of the user's own tickets; the clocks follow it."""
    row = tickets.find_own(moment.connection, moment.case.contact_id, number)
    if row is None:
        name = "ticket_not_found" if number else "old_button"
        return (Reply(counter.text(name, number=number)),)
    job = Job(counter, moment, None, row.id, "chat", f"contact:{moment.case.contact_id}")
    replies = tuple(do(job))
    service.sync(job)
    return replies


def pass_to_agent(counter: Counter, moment: Moment, command: c.PassToAgent) -> tuple[Reply, ...]:
    """The user's words for a ticket, outside a live chat."""
    return _on_own(counter, moment, command.number, lambda job: passing.take(job, command))


def take_back(counter: Counter, moment: Moment, command: c.TakeBack) -> tuple[Reply, ...]:
    """*Bukan tiket ini*."""
    return _on_own(counter, moment, command.number, lambda job: passing.take_back(job, command))


def give_data(counter: Counter, moment: Moment, command: c.GiveData) -> tuple[Reply, ...]:
    """Text and files for a data request."""
    number = requests.number_of(moment, command.request_id)
    return _on_own(counter, moment, number, lambda job: requests.give(job, command))


def sort_data(counter: Counter, moment: Moment, command: c.SortData) -> tuple[Reply, ...]:
    """ "Ini untuk nomor 2": what came last belongs to another item."""
    number = requests.number_of(moment, command.request_id)
    return _on_own(counter, moment, number, lambda job: requests.sort(job, command))


def finish_data(counter: Counter, moment: Moment, command: c.FinishData) -> tuple[Reply, ...]:
    """*Sudah lengkap*."""
    number = requests.number_of(moment, command.request_id)
    return _on_own(counter, moment, number, lambda job: requests.finish(job, command.request_id))


def confirm_solved(counter: Counter, moment: Moment, command: c.ConfirmSolved) -> tuple[Reply, ...]:
    """*Sudah* or *Belum*."""
    return _on_own(counter, moment, command.number, lambda job: closure.confirm(job, command))


def rate_ticket(counter: Counter, moment: Moment, command: c.RateTicket) -> tuple[Reply, ...]:
    """Stars after closing, or the comment to them."""
    return _on_own(counter, moment, command.number, lambda job: closure.rate(job, command))


def ask_reopen(counter: Counter, moment: Moment, command: c.AskReopen) -> tuple[Reply, ...]:
    """ "Masih error" after closing."""
    return _on_own(counter, moment, command.number, lambda job: closure.ask_reopen(job, command))


def open_personal_data_request(
    counter: Counter, moment: Moment, command: c.OpenPersonalDataRequest
) -> tuple[Reply, ...]:
    """A request under UU 27/2022 with number and due time; nothing is deleted by it."""
    due = moment.now + PERSONAL_DATA_DUE
    local = counter.calendar.local(moment.now)
    number = numbers.take(moment.connection, "personal_data", counter.series.personal_data, local)
    tickets.add_personal_data_request(
        moment.connection,
        number=number,
        contact_id=moment.case.contact_id,
        conversation_id=moment.case.id,
        text=command.text,
        state="open",
        created_at=moment.now,
        due_at=due,
    )
    text = counter.texts.render(
        "personal_data_opened",
        number=number,
        due=counter.calendar.local(due),
        office=counter.office,
    )
    return (Reply(text, row_class="notice"),)


def note_on_ticket(counter: Counter, moment: Moment, command: c.NoteOnTicket) -> tuple[Reply, ...]:
    """The user's words on one of their own tickets. Whether it is solved is the answer to the
    solution, or opens a closed ticket again; an addition reaches whoever has the ticket."""
    return _on_own(counter, moment, command.number, lambda job: _noted(job, command))


def _noted(job: Job, command: c.NoteOnTicket) -> Iterable[Reply]:
    if command.event in ("resolved", "not_resolved"):
        said = c.ConfirmSolved(
            command.number,
            command.event == "resolved",
            command.text,
            attachment_ids=command.attachment_ids,
        )
        return closure.confirm(job, said)
    messages.attach_to_ticket(job.connection, command.attachment_ids, job.ticket.id)
    job.write(f"user_{command.event}", command.text)
    if job.ticket.state in OPEN_STATES:
        job.alert_holder(f"user_{command.event}", f"{job.ticket.number}: ada tambahan.")
    if job.ticket.state == "selesai":  # that was no silence
        closure.wait_for_word(job, job.moment.now)
    return (job.notice("note_saved", event=command.event),)


def send_files(counter: Counter, moment: Moment, command: c.SendFiles) -> tuple[Reply, ...]:
    """The supporting files of one of the user's own tickets, each as a message."""
    row = tickets.find_own(moment.connection, moment.case.contact_id, command.number)
    if row is None:
        text = counter.texts.render(
            "ticket_not_found", number=command.number, office=counter.office
        )
        return (Reply(text),)
    stored = [f for f in messages.files_of_ticket(moment.connection, row.id) if f.blob]
    begin = counter.texts.render(
        "files_sent", number=command.number, count=len(stored), office=counter.office
    )
    return (Reply(begin), *(Reply(f.name, file=_attached(f)) for f in stored))


def _attached(row: AnyRow) -> Attached:
    kind: Literal["image", "document"] = "image" if row.kind == "image" else "document"
    return Attached(row.id, kind, row.name, row.mime, row.blob)


def record_miss(counter: Counter, moment: Moment, command: c.RecordMiss) -> tuple[Reply, ...]:
    """A text that was not understood goes on the review list."""
    messages.record_miss(
        moment.connection,
        conversation_id=moment.case.id,
        step=moment.step,
        text=command.text,
        best_intent=command.best_intent,
        confidence=command.confidence,
        now=moment.now,
    )
    return ()


def record_consultation(
    counter: Counter, moment: Moment, command: c.RecordConsultation
) -> tuple[Reply, ...]:
    """An answer helped: topic, version and time."""
    tickets.add_consultation(moment.connection, command.topic, command.version, moment.now)
    return ()


PROOF_HOLDS = timedelta(days=30)
"""How long after a person was last heard of their proven number still joins chats."""


def prove_phone(counter: Counter, moment: Moment, command: c.ProvePhone) -> tuple[Reply, ...]:
    """The platform vouches for a number. Whoever proved it before is the same person, unless
    nothing was heard of them for long: numbers of those who left are given out again."""
    owner = conversations.phone_owner(moment.connection, command.number)
    since = moment.now - PROOF_HOLDS
    mine = moment.case.contact_id
    if owner not in (None, mine) and not conversations.heard_since(moment.connection, owner, since):
        conversations.drop_identity(moment.connection, "phone", command.number)
        owner = None
    if owner is None:
        conversations.add_identity(
            moment.connection,
            moment.case.contact_id,
            "phone",
            command.number,
            moment.case.account,
            moment.now,
        )
    elif owner != mine:
        people.join(moment.connection, mine, owner)
    return ()


def redeem_link(counter: Counter, moment: Moment, command: c.RedeemLink) -> tuple[Reply, ...]:
    """A one-time link made inside another chat: both chats are one person's from now on."""
    link = links.find(moment.connection, counter.key, "join", command.token, moment.now)
    if link is None or link.conversation_id == moment.case.id:
        return (Reply(counter.texts.render("link_refused", office=counter.office)),)
    people.use_link(moment.connection, link.id, moment.now)
    if link.contact_id != moment.case.contact_id:
        people.join(moment.connection, moment.case.contact_id, link.contact_id)
    return (Reply(counter.texts.render("link_joined", office=counter.office), row_class="notice"),)


def revoke_links(counter: Counter, moment: Moment, command: c.RevokeLinks) -> tuple[Reply, ...]:
    """Every private link of this person becomes useless."""
    people.revoke_links(moment.connection, moment.case.contact_id, moment.now)
    return (
        Reply(counter.texts.render("links_revoked", office=counter.office), row_class="notice"),
    )


_JOINING = (c.ProvePhone, c.RedeemLink)
_DEEDS: Mapping[type[c.Command], Callable[[Counter, Moment, Any], tuple[Reply, ...]]] = {
    c.OpenTicket: opening.open_ticket,
    c.CallHuman: call_human,
    c.HereIAm: here_i_am,
    c.LeaveChat: leave_chat,
    c.Relay: relay,
    c.KeepForAgent: keep_for_agent,
    c.PassToAgent: pass_to_agent,
    c.TakeBack: take_back,
    c.GiveData: give_data,
    c.SortData: sort_data,
    c.FinishData: finish_data,
    c.ConfirmSolved: confirm_solved,
    c.RateTicket: rate_ticket,
    c.AskReopen: ask_reopen,
    c.RecordMiss: record_miss,
    c.RecordConsultation: record_consultation,
    c.OpenPersonalDataRequest: open_personal_data_request,
    c.NoteOnTicket: note_on_ticket,
    c.SendFiles: send_files,
    c.ProvePhone: prove_phone,
    c.RedeemLink: redeem_link,
    c.RevokeLinks: revoke_links,
}
