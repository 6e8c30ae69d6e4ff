"""Carrying out what a flow wants done: inside the turn's transaction, under the contact's
lock. Each command has one function; it returns what the user is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from dialogs import commands as c
from dialogs.office import Authority
from dialogs.reply import Attached, LinkPurpose, Reply
from handoff import (
    closure,
    history,
    links,
    numbers,
    passing,
    queue,
    requests,
    service,
    tiers,
)
from handoff.counter import PERSONAL_DATA_DUE, Counter, Moment, hours
from handoff.history import Entry
from handoff.job import Job
from handoff.standing import PRIORITIES
from storage.base import AnyRow
from storage.repositories import conversations, messages, people, tickets


def carry_out(counter: Counter, moment: Moment, commands: Iterable[c.Command]) -> tuple[Reply, ...]:
    """Do a turn's commands; what the user is told. One that joins two contacts comes last: it
    takes along whatever the others wrote for the contact that was read."""
    ordered = sorted(commands, key=lambda command: isinstance(command, _JOINING))
    return tuple(r for command in ordered for r in _DEEDS[type(command)](counter, moment, command))


def open_ticket(counter: Counter, moment: Moment, command: c.OpenTicket) -> tuple[Reply, ...]:
    """A numbered ticket with its history and files (SOP 001 steps 4 and 5)."""
    answer = counter.answers.get(command.topic) if command.topic else None
    decides: Authority = answer.authority if answer else "lpse"
    priority = "tinggi" if command.deadline == "under_24h" else "menengah"
    local = counter.calendar.local(moment.now)
    number = numbers.take(moment.connection, "ticket", counter.series.ticket, local)
    ticket_id = tickets.add(
        moment.connection,
        number=number,
        contact_id=moment.case.contact_id,
        conversation_id=moment.case.id,
        kind=command.kind,
        state="baru",
        priority=priority,
        user_type=command.user_type,
        answers=json.dumps(dict(command.answers), ensure_ascii=False),
        problem=command.problem,
        topic=command.topic,
        decides=decides,
        deadline=command.deadline,
        opened_at=moment.now,
        history_seq=0,
        history_head=history.START,
        open=True,
        urgent=PRIORITIES.index(priority),
        tier=tiers.first(counter, moment).key,
        category=command.category,
    )
    history.append(
        moment.connection,
        counter.key,
        ticket_id,
        moment.now,
        Entry("opened", f"contact:{moment.case.contact_id}", command.problem),
    )
    messages.attach_to_ticket(moment.connection, command.attachment_ids, ticket_id)
    if command.kind != "masukan":
        _remember(moment, command)
    job = Job(counter, moment, None, ticket_id, "chat", f"contact:{moment.case.contact_id}")
    service.sync(job)
    job.alert_holder("new_ticket", f"Tiket baru {number}.")
    text = counter.texts.render(
        "ticket_opened",
        number=number,
        kind=command.kind,
        office=counter.office,
        target=decides not in counter.office.promises.no_target_for,
        decides=decides,
        deadline=command.deadline,
        web=moment.case.channel == "web",
        **hours(counter, moment.now),
    )
    link: LinkPurpose | None = "resume" if moment.case.channel == "web" else None
    return (Reply(text, row_class="notice", link=link),)


def _remember(moment: Moment, command: c.OpenTicket) -> None:
    kept = dict(command.answers)
    if command.user_type:
        kept["user_type"] = command.user_type
    conversations.save_identity(
        moment.connection, moment.case.contact_id, json.dumps(kept, ensure_ascii=False)
    )


def call_human(counter: Counter, moment: Moment, command: c.CallHuman) -> tuple[Reply, ...]:
    """A place in the queue, or the hours; a second call gives the same number."""
    return tuple(queue.enqueue(counter, moment, command))


def here_i_am(counter: Counter, moment: Moment, command: c.HereIAm) -> tuple[Reply, ...]:
    """The user answered a call: *Saya di sini*."""
    return tuple(queue.here(counter, moment))


def leave_chat(counter: Counter, moment: Moment, command: c.LeaveChat) -> tuple[Reply, ...]:
    """Back to the bot, out of a live chat or out of the queue."""
    return tuple(queue.leave(counter, moment))


def relay(counter: Counter, moment: Moment, command: c.Relay) -> tuple[Reply, ...]:
    """A line of a live chat reaches the desk."""
    return tuple(queue.relayed(counter, moment, command))


def _on_own(
    counter: Counter, moment: Moment, number: str, do: Callable[[Job], Iterable[Reply]]
) -> tuple[Reply, ...]:
    """Something about one of the user's own tickets; the clocks follow it."""
    row = tickets.find_own(moment.connection, moment.case.contact_id, number)
    if row is None:
        return (Reply(counter.text("ticket_not_found", number=number)),)
    job = Job(counter, moment, None, row.id, "chat", f"contact:{moment.case.contact_id}")
    replies = tuple(do(job))
    service.sync(job)
    return replies


def pass_to_agent(counter: Counter, moment: Moment, command: c.PassToAgent) -> tuple[Reply, ...]:
    """The user's words for a ticket, outside a live chat."""
    return _on_own(counter, moment, command.number, lambda job: passing.take(job, command))


def take_back(counter: Counter, moment: Moment, command: c.TakeBack) -> tuple[Reply, ...]:
    """*Bukan untuk tiket ini*."""
    return _on_own(counter, moment, command.number, lambda job: passing.take_back(job, command))


def give_data(counter: Counter, moment: Moment, command: c.GiveData) -> tuple[Reply, ...]:
    """Text and files for a data request."""
    number = requests.number_of(moment, command.request_id)
    return _on_own(counter, moment, number, lambda job: requests.give(job, command))


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
    """The user's words on one of their own tickets, in its history."""
    row = tickets.find_own(moment.connection, moment.case.contact_id, command.number)
    if row is None:
        text = counter.texts.render(
            "ticket_not_found", number=command.number, office=counter.office
        )
        return (Reply(text),)
    history.append(
        moment.connection,
        counter.key,
        row.id,
        moment.now,
        Entry(f"user_{command.event}", f"contact:{moment.case.contact_id}", command.text),
    )
    messages.attach_to_ticket(moment.connection, command.attachment_ids, row.id)
    text = counter.texts.render(
        "note_saved", number=command.number, event=command.event, office=counter.office
    )
    return (Reply(text, row_class="notice"),)


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


def prove_phone(counter: Counter, moment: Moment, command: c.ProvePhone) -> tuple[Reply, ...]:
    """The platform vouches for a number. Whoever proved it before is the same person."""
    owner = conversations.phone_owner(moment.connection, command.number)
    if owner is None:
        conversations.add_identity(
            moment.connection,
            moment.case.contact_id,
            "phone",
            command.number,
            moment.case.account,
            moment.now,
        )
    elif owner != moment.case.contact_id:
        people.join(moment.connection, moment.case.contact_id, owner)
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
    c.OpenTicket: open_ticket,
    c.CallHuman: call_human,
    c.HereIAm: here_i_am,
    c.LeaveChat: leave_chat,
    c.Relay: relay,
    c.PassToAgent: pass_to_agent,
    c.TakeBack: take_back,
    c.GiveData: give_data,
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
