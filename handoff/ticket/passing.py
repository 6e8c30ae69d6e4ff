"""The user's words for an agent outside a live chat: passed on, and taken back."""

from __future__ import annotations

from dialogs import commands as c
from dialogs.reply import Reply
from handoff.data import requests
from handoff.job import Job
from storage.repositories import messages


def take(job: Job, command: c.PassToAgent) -> list[Reply]:
    """Words and files go to whoever holds the ticket; the expectation has its answer."""
    ids = _messages(job, command.message_ids, command.attachment_ids)
    messages.put_on_ticket(job.connection, ids, job.ticket.id)
    messages.attach_to_ticket(job.connection, command.attachment_ids, job.ticket.id)
    values: dict[str, object] = {"waiting_since": job.ticket.waiting_since or job.moment.now}
    if job.ticket.expects == "reply":
        values |= {"expects": "", "expects_at": None}
    job.update(**values)
    job.write("user_said", command.text or f"{len(command.attachment_ids)} berkas")
    job.alert_holder("user_said", f"{job.ticket.number}: ada balasan dari pengguna.")
    return []


def take_back(job: Job, command: c.TakeBack) -> list[Reply]:
    """They leave the ticket again; history keeps that they did. The agent's line still waits
    for its answer."""
    ids = _messages(job, command.message_ids, command.attachment_ids)
    requests.take_back(job, ids)
    messages.put_on_ticket(job.connection, ids, None)
    messages.detach_files(job.connection, command.attachment_ids, job.ticket.id)
    values: dict[str, object] = {"waiting_since": None}
    if job.ticket.open and not job.ticket.expects:
        values |= {"expects": "reply", "expects_at": None}  # whatever was asked since is newer
    job.update(**values)
    job.write("user_took_back")
    job.alert_holder("user_took_back", f"{job.ticket.number}: balasan ditarik pengguna.")
    return []


def _messages(job: Job, ids: tuple[int, ...], files: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*filter(None, ids), *messages.of_files(job.connection, files))))
