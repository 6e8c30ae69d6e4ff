"""A ticket at the desk: who holds it, what kind it is, what is said about it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from dialogs import masking
from dialogs.checks import check as check_field
from dialogs.facts import Expects
from dialogs.reply import Reply
from handoff import actions as a
from handoff.job import Job, hold, safe
from handoff.live import queue
from handoff.policy import Impact, Policy, Priority, PriorityRow, Urgency, suggest
from handoff.refusal import Refused
from handoff.standing import CATEGORY_LABELS, KIND_LABELS, OPEN_STATES
from handoff.ticket import closure
from storage.base import AnyRow
from storage.repositories import agents, conversations, messages, notes, tickets

_LEFT = {"under_24h": timedelta(hours=23), "later": timedelta(days=7), "none": None}


def release(job: Job, _: a.Release) -> str:
    """Give a ticket back to everyone."""
    if job.standing().live_with is not None:
        raise Refused("Obrolan masih berjalan. Akhiri dulu, baru lepas tiketnya.")
    job.update(agent_id=None)
    job.write("released")
    job.alert_holder("unassigned", f"{job.ticket.number} dilepas dan belum ada yang memegang.")
    return f"{job.ticket.number} dilepas."


def assign(job: Job, action: a.Assign) -> str:
    """Give a ticket to another agent; that agent is told."""
    target = agents.get(job.connection, action.agent_id)
    if target is None or not target.active:
        raise Refused("Petugas itu tidak ada atau sudah tidak aktif.")
    if not set(target.roles.split()) & {"helpdesk", "koordinator", "admin_lpse", "admin"}:
        raise Refused(f"{target.name} tidak menangani tiket.")
    if job.standing().live_with not in (None, target.id):
        raise Refused("Obrolan masih berjalan. Akhiri dulu, baru tugaskan ke orang lain.")
    job.update(agent_id=target.id)
    job.write("assigned", target.name)
    job.alert("assigned", f"{job.ticket.number} ditugaskan kepada Anda.", agent_id=target.id)
    return f"{job.ticket.number} ditugaskan ke {target.name}."


def classify(job: Job, action: a.Classify) -> str:
    """Kind and priority by the office's table (SOP 002 step 2)."""
    if action.kind not in KIND_LABELS:
        raise Refused("Jenis tiket itu tidak dikenal.")
    if action.category is not None and action.category not in CATEGORY_LABELS:
        raise Refused("Golongan masukan itu tidak dikenal.")
    priority = action.priority or suggested(job, action.impact, action.urgency)
    job.update(
        kind=action.kind,
        category=action.category if action.kind == "masukan" else None,
        impact=action.impact,
        urgency=action.urgency,
        priority=priority,
        priority_at=job.ticket.priority_at or job.moment.now,
    )
    label = KIND_LABELS[action.kind]
    job.write("classified", f"{label}, {priority} ({action.impact}, {action.urgency})")
    return f"{job.ticket.number}: {label}, prioritas {priority}."


def suggested(job: Job, impact: Impact, urgency: Urgency) -> str:
    """What the office's table says for this ticket."""
    return suggestion(job.counter.policy, job.ticket, impact, urgency)[0]


def suggestion(
    policy: Policy, ticket: AnyRow, impact: Impact, urgency: Urgency
) -> tuple[Priority, PriorityRow]:
    """The priority and the row of the office's table that says so."""
    return suggest(policy, impact, urgency, _LEFT[ticket.deadline])


def fill(job: Job, action: a.FillForm) -> str:
    """Section A as the agent heard it, each field by its own check [001]."""
    given = dict(json.loads(job.ticket.answers))
    changed = []
    for field in job.counter.office.form.fields:
        said = action.answers.get(field.key, "").strip()
        if not said or said == given.get(field.key):
            continue
        checked = check_field(field.check, masking.mask(said, expected=field.check).text)
        if checked.value is None:
            raise Refused(f"{field.label} belum benar. Contoh: {field.example or field.label}.")
        given[field.key] = checked.value
        changed.append(field.label)
    if changed:
        job.update(answers=json.dumps(given, ensure_ascii=False))
        job.write("form_filled", ", ".join(changed))
    if action.missing:
        job.require_whole(mark_missing=True)
    return "Formulir disimpan."


WAITS_FOR_USER = "Menunggu pengguna membuka: pesan terakhirnya sudah lebih dari 24 jam lalu."


def reply(job: Job, action: a.ReplyToUser) -> str:
    """A line to the user, with the ticket's number and who wrote it. Outside a live chat it
    opens an expectation: the user's next words are for this ticket."""
    text = safe(action.text)
    if not text and not action.files:
        raise Refused("Pesan masih kosong.")
    live = job.standing().live_with is not None
    if not (live and job.ticket.agent_id is None):  # escalated meanwhile: the chat goes on,
        hold(job)  # the ticket waits for the next tier
    expects: Expects | None = "reply"
    if live or job.ticket.expects in ("data", "confirm"):
        expects = None
    for line in lines(job, text, action):
        job.tell(line, expects=expects)
    job.first_answer()
    queue.answered(job)
    job.write("replied", text or f"{len(action.files)} berkas")
    until = conversations.window_of(job.connection, job.ticket.conversation_id)
    if until is not None and until <= job.moment.now:
        return WAITS_FOR_USER
    return "Terkirim."


def lines(job: Job, text: str, action: a.ReplyToUser) -> list[Reply]:
    """The agent's line as the user reads it; each file is a message of its own."""
    said = []
    if text:
        shown = job.counter.text(
            "agent_line", name=job.agent.name, number=job.ticket.number, text=text
        )
        said.append(Reply(shown, row_class="person"))
    for file in action.files:
        name = masking.mask(file.name).text
        caption = job.counter.text(
            "agent_line", name=job.agent.name, number=job.ticket.number, text=name
        )
        said.append(Reply(caption, row_class="person", file=replace(file, name=name)))
    return said


def note(job: Job, action: a.WriteNote) -> str:
    """An internal note, in a table that has no way to a user."""
    return _note(job, action.text, "note", "Catatan disimpan.")


def recommend(job: Job, action: a.Recommend) -> str:
    """The Kepala Unit's recommendation; whoever holds the ticket is told. Never a gate."""
    sentence = _note(job, action.text, "recommendation", "Rekomendasi disimpan.")
    job.alert_holder("recommendation", f"{job.ticket.number}: ada rekomendasi Kepala Unit.")
    return sentence


def _note(job: Job, words: str, kind: str, sentence: str) -> str:
    text = safe(words)
    if not text:
        raise Refused("Catatan masih kosong.")
    notes.add(
        job.connection,
        ticket_id=job.ticket.id,
        agent_id=job.agent.id,
        kind=kind,
        text=text,
        at=job.moment.now,
        origin=job.origin,
    )
    job.write(kind, text)
    return sentence


def exempt(job: Job, action: a.MarkExempt) -> str:
    """Take a ticket out of the resolution limit, with a reason [000]; or put it back."""
    reason = safe(action.reason)
    job.update(exempt=reason or None)
    job.write("exempted" if reason else "not_exempted", reason)
    return "Dikecualikan dari batas waktu." if reason else "Kembali memakai batas waktu."


def pass_on(job: Job, action: a.PassOn) -> str:
    """*Teruskan ke unit lain*: the user is told who and how to reach them [000]."""
    unit = job.counter.policy.unit(action.unit)
    reason = safe(action.reason)
    if unit is None:
        raise Refused("Unit itu tidak ada di config.yml (bagian units).")
    if not reason:
        raise Refused("Tulis alasan meneruskan ke unit lain.")
    hold(job)
    job.update(unit=unit.key)
    job.write("passed_on", f"{unit.label}: {reason}")
    job.first_answer()
    closure.end(job, "other_unit", job.notice("passed_on", unit=unit, reason=reason))
    return f"{job.ticket.number} diteruskan ke {unit.label}."


def merge(job: Job, action: a.Merge) -> str:
    """A duplicate closes into another open ticket of the same person; what was said and sent
    goes along."""
    other = tickets.find_own(
        job.connection, job.ticket.contact_id, action.into_number.strip().upper()
    )
    if other is None or other.id == job.ticket.id:
        raise Refused("Tiket tujuan harus tiket lain dari orang yang sama.")
    if other.state not in OPEN_STATES:
        raise Refused(f"{other.number} sudah ditutup.")
    hold(job)
    target = Job(job.counter, job.moment, job.agent, other.id, job.origin)
    job.update(merged_into=other.id)
    job.write("merged", other.number)
    target.write("merged_from", job.ticket.number)
    messages.move_to_ticket(job.connection, job.ticket.id, other.id)
    closure.end(job, "duplicate", job.notice("merged", into=other.number))
    return f"{job.ticket.number} digabung ke {other.number}."
