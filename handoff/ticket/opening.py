"""Opening a ticket: number, history and files in one transaction (SOP 001 steps 4 and 5)."""

from __future__ import annotations

import json

from dialogs import commands as c
from dialogs.office import Authority
from dialogs.reply import LinkPurpose, Reply
from handoff import history, numbers
from handoff.clock import service
from handoff.counter import Counter, Moment, hours
from handoff.history import Entry
from handoff.job import Job
from handoff.policy import at_opening
from handoff.standing import PRIORITIES
from handoff.ticket import tiers
from storage.repositories import conversations, messages, tickets


def open_ticket(counter: Counter, moment: Moment, command: c.OpenTicket) -> tuple[Reply, ...]:
    """A numbered ticket with its history and files (SOP 001 steps 4 and 5)."""
    answer = counter.answers.get(command.topic) if command.topic else None
    decides: Authority = answer.authority if answer else "lpse"
    priority = at_opening(counter.policy, command.topic, command.deadline, command.hours_left)
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
        for_person=command.for_person,
        **hours(counter, moment.now),
    )
    link: LinkPurpose | None = "resume" if moment.case.channel == "web" else None
    return (Reply(text, row_class="notice", link=link),)


def _remember(moment: Moment, command: c.OpenTicket) -> None:
    """The answers for the next form; a brief form takes nothing of earlier ones away."""
    earlier = moment.case.identity if command.for_person else None
    kept = {**(json.loads(earlier) if earlier else {}), **command.answers}
    if command.user_type:
        kept["user_type"] = command.user_type
    conversations.save_identity(
        moment.connection, moment.case.contact_id, json.dumps(kept, ensure_ascii=False)
    )
