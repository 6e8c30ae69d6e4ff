"""Data that came for the wrong ticket go to the right one of the same person."""

from __future__ import annotations

from handoff import actions as a
from handoff.data import asked
from handoff.job import Job
from handoff.refusal import Refused
from handoff.standing import OPEN_STATES
from storage.base import AnyRow
from storage.repositories import data, messages, tickets


def move(job: Job, action: a.MoveData) -> str:
    """Pieces with their messages and files; into the other ticket's open request, if it has
    one. Both histories tell it, and so does a line to the user."""
    wanted = set(action.piece_ids)
    pieces = [p for p in data.pieces_of_ticket(job.connection, job.ticket.id) if p.id in wanted]
    if not pieces or len(pieces) != len(wanted):
        raise Refused("Pilih dulu data yang dipindahkan; semuanya harus dari tiket ini.")
    target = _target(job, action.to_number.strip().upper())
    request = asked.current(target)
    for piece in pieces:
        _move(job, piece, target, request)
    told = "\n".join(map(asked.told, pieces))
    job.write("data_moved_away", f"{target.ticket.number}\n{told}")
    target.write("data_moved_here", f"{job.ticket.number}\n{told}")
    target.alert_holder("data_moved", f"{target.ticket.number}: ada data dari {job.ticket.number}.")
    job.tell(job.notice("data_moved", count=len(pieces), into=target.ticket.number))
    return f"{len(pieces)} data dipindahkan ke {target.ticket.number}."


def _target(job: Job, number: str) -> Job:
    row = tickets.find_own(job.connection, job.ticket.contact_id, number)
    if row is None or row.id == job.ticket.id:
        raise Refused("Tiket tujuan harus tiket lain dari orang yang sama.")
    if row.state not in OPEN_STATES:
        raise Refused(f"{row.number} sudah ditutup. Buka kembali dulu.")
    return Job(job.counter, job.moment, job.agent, row.id, job.origin)


def _move(job: Job, piece: AnyRow, target: Job, request: AnyRow | None) -> None:
    messages.put_on_ticket(job.connection, (piece.message_id,), target.ticket.id)
    if piece.attachment_id is not None:
        messages.detach_files(job.connection, (piece.attachment_id,), job.ticket.id)
        messages.attach_to_ticket(job.connection, (piece.attachment_id,), target.ticket.id)
    if request is None:
        data.drop_piece(job.connection, piece.id)
    else:
        data.change_piece(job.connection, piece.id, request_id=request.id, item_id=None)
