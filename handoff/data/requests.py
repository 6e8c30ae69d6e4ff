"""Data asked of a user [002 step 4, 003 step 4]: asked, gathered, passed to whoever asked."""

from __future__ import annotations

from dataclasses import replace

from dialogs import commands as c
from dialogs import offers
from dialogs.reply import Reply
from dialogs.texts import clip
from handoff import actions as a
from handoff.counter import Moment
from handoff.data import asked
from handoff.data.asked import cancel_open
from handoff.job import Job, hold, safe
from handoff.refusal import Refused
from handoff.ticket import closure
from storage.base import AnyRow
from storage.repositories import calls, data, messages, tickets

__all__ = [
    "ask",
    "cancel_open",
    "complete",
    "finish",
    "give",
    "number_of",
    "phoned",
    "sort",
    "take_back",
]
MOST_ITEMS = 12
MOST_LETTERS = 100  # of one item
TRIES = 3  # calls without an answer, where the message itself has arrived


def ask(job: Job, action: a.AskData) -> str:
    """Ask the user [002 step 4]. What an earlier request still misses is asked for with it, so
    that a ticket has one open request."""
    items = _wanted(action)
    _not_asked_already(job, items)
    hold(job)
    for earlier in data.open_of_ticket(job.connection, job.ticket.id):
        got = data.items(job.connection, earlier.id)
        known = {label.casefold() for label, _ in items}
        items += [(i.label, i.kind) for i in got if not i.got and i.label.casefold() not in known]
        asked.stop(job, earlier, "partial" if any(i.got for i in got) else "cancelled")
    request_id = data.add(
        job.connection,
        items,
        ticket_id=job.ticket.id,
        contact_id=job.ticket.contact_id,
        asked_by="lkpp" if action.for_lkpp else "lpse",
        agent_id=job.agent.id,
        state="open",
        created_at=job.moment.now,
    )
    job.update(state="menunggu_data")
    labels = "\n".join(f"{n}. {label}" for n, (label, _) in enumerate(items, 1))
    job.write("data_requested", labels)
    job.first_answer()
    request = _get(job, request_id)
    notice = asked.asking(job, "data_request", request, words=safe(action.words))
    job.tell(notice, expects="data", data_request=request_id, must_arrive=True)
    calls.add(
        job.connection,
        ticket_id=job.ticket.id,
        kind=asked.CALL,
        subject=asked.subject(request_id),
        words=f"Konfirmasi permintaan data {job.ticket.number}:\n{labels}",
        now=job.moment.now,
    )
    return f"Permintaan data {job.ticket.number} dikirim. Telepon juga untuk konfirmasi."


def _not_asked_already(job: Job, items: list[tuple[str, str]]) -> None:
    """Two tabs, one wish: the user is asked once. Raises Refused."""
    open_now = asked.current(job)
    if open_now is None:
        return
    waited_for = {i.label.casefold() for i in data.items(job.connection, open_now.id) if not i.got}
    if {label.casefold() for label, _ in items} <= waited_for:
        raise Refused(f"Data itu sudah diminta untuk {job.ticket.number} dan masih ditunggu.")


def _wanted(action: a.AskData) -> list[tuple[str, str]]:
    wanted = ((clip(safe(label), MOST_LETTERS), str(kind)) for label, kind in action.items)
    items = [(label, kind) for label, kind in wanted if label]
    if not items:
        raise Refused("Tulis dulu data apa yang diminta, satu per baris.")
    if len(items) > MOST_ITEMS:
        raise Refused(f"Paling banyak {MOST_ITEMS} data dalam satu permintaan.")
    return items


def phoned(job: Job, action: a.PhoneCall) -> str:
    """*Sudah ditelepon / tidak tersambung*. Who was reached knows of the request, so that its
    time runs; who was not stays on the list until the message itself has arrived."""
    call = calls.get(job.connection, action.call_id)
    if call is None or call.ticket_id != job.ticket.id:
        raise Refused("Panggilan itu bukan untuk tiket ini.")
    if call.state != "open":
        raise Refused("Panggilan itu sudah dicatat.")
    words = safe(action.words)
    request = _of_call(job, call)
    if not action.reached:
        known = request is not None and request.started_at is not None
        over = known and call.tries + 1 >= TRIES
        state = "gave_up" if over else "open"
        calls.change(job.connection, call.id, tries=call.tries + 1, state=state)
        job.write("phone_unreached", words)
        return "Tidak tersambung, dicatat."
    calls.change(
        job.connection, call.id, state="done", done_at=job.moment.now, done_by=job.agent.id
    )
    job.write("phoned", words)
    job.first_answer()
    calls.settle_undelivered(job.connection, job.ticket.id, job.moment.now)
    if request is not None and request.state == "open" and request.started_at is None:
        asked.begin(job, request, job.moment.now)
    if job.ticket.state == "selesai":
        closure.wait_for_word(job, job.moment.now)
    return "Panggilan dicatat."


def _of_call(job: Job, call: AnyRow) -> AnyRow | None:
    kind, _, request_id = call.subject.partition(":")
    return data.get(job.connection, int(request_id)) if kind == "data" else None


def complete(job: Job, action: a.DataComplete) -> str:
    """The agent judges the data complete: the resolution clock begins or goes on [000]."""
    hold(job)
    request = asked.current(job)
    if request is not None:
        _end(job, request)
        job.tell(job.notice("data_complete", by_agent=True, lkpp=request.asked_by == "lkpp"))
    else:
        job.update(complete_at=job.ticket.complete_at or job.moment.now)
    job.write("data_judged_complete")
    return f"Data {job.ticket.number} dinyatakan lengkap."


def give(job: Job, command: c.GiveData) -> list[Reply]:
    """Text and files for a request; the conversation has told the user what is still missing.
    After the time was over the ticket is opened again for them."""
    request = _get(job, command.request_id)
    new = {_keep(job, request, piece) for piece in command.pieces}
    kept = [p for p in data.pieces_of_ticket(job.connection, job.ticket.id) if p.id in new]
    if kept:
        job.write("data_given", "\n".join(map(asked.told, kept)))
    if request.state != "open":
        _late(job, request)
    return []


def sort(job: Job, command: c.SortData) -> list[Reply]:
    """What came last belongs to this item: what matched none before what did."""
    request = _get(job, command.request_id)
    items = {item.id: item for item in data.items(job.connection, request.id)}
    came = data.pieces(job.connection, request.id)
    newest = max(came, key=_to_sort, default=None)
    if newest is not None and command.item_id in items:
        data.change_piece(job.connection, newest.id, item_id=command.item_id)
        job.write("data_sorted", items[command.item_id].label)
    shown = asked.shown(job, request)
    got = [item for item in data.items(job.connection, request.id) if item.got]
    text = job.notice("data_received", **(shown | {"came": got}))
    job.answer(replace(text, choices=(offers.full(request.id), offers.not_for(job.ticket.number))))
    return []


def _to_sort(piece: AnyRow) -> tuple[bool, bool, int]:
    return piece.item_id is None, piece.attachment_id is not None, piece.id


def _keep(job: Job, request: AnyRow, piece: c.Piece) -> int | None:
    """One piece with its message and file on the ticket; None if it was there already."""
    same = (piece.message_id, piece.attachment_id, piece.text)
    if data.has_piece(job.connection, request.id, *same):
        return None
    piece_id = data.add_piece(
        job.connection,
        request_id=request.id,
        item_id=piece.item_id,
        message_id=piece.message_id,
        attachment_id=piece.attachment_id,
        text=piece.text,
        at=job.moment.now,
    )
    messages.put_on_ticket(job.connection, (piece.message_id,), job.ticket.id)
    if piece.attachment_id is not None:
        messages.attach_to_ticket(job.connection, (piece.attachment_id,), job.ticket.id)
    return piece_id


def _late(job: Job, request: AnyRow) -> None:
    """It came after the request was over: passed on; a ticket closed for want of data opens."""
    if job.ticket.state == "ditutup":
        if not closure.may_reopen(job):
            job.answer(job.notice("data_too_late", days=job.counter.policy.sla.reopen_days))
            return
        data.change(job.connection, request.id, state="partial")
        closure.reopened(job, "Data menyusul setelah batas waktu.")
    else:
        asked.tell_asker(job, request, "data_late", f"{job.ticket.number}: ada data susulan.")
    late = job.notice("data_late")
    job.answer(replace(late, choices=(offers.not_for(job.ticket.number),)))


def finish(job: Job, request_id: int) -> list[Reply]:
    """*Sudah lengkap*: whoever asked gets it all. With nothing there yet it is asked again."""
    request = _get(job, request_id)
    if request.state != "open":
        job.answer(job.notice("data_over", state=request.state))
    elif not _anything(job, request):
        job.answer(asked.asking(job, "data_nothing", request))
    else:
        _end(job, request)
        job.write("data_finished")
        missing = [i.label for i in data.items(job.connection, request.id) if not i.got]
        rest = f" Belum tampak: {', '.join(missing)}." if missing else ""
        number = job.ticket.number
        text = f"{number}: data lengkap menurut pengguna.{rest}"
        asked.tell_asker(job, request, "data_complete", text)
        job.answer(job.notice("data_complete", by_agent=False, lkpp=request.asked_by == "lkpp"))
    return []


def _anything(job: Job, request: AnyRow) -> bool:
    """Whether anything came for it: in a live chat what is sent goes straight to the agent."""
    return bool(data.pieces(job.connection, request.id)) or data.heard_since(
        job.connection, job.ticket.id, request.created_at
    )


def _end(job: Job, request: AnyRow) -> None:
    asked.stop(job, request, "complete")
    job.update(
        state=asked.state_after(job, request),
        complete_at=job.ticket.complete_at or job.moment.now,
        expects="",
        expects_at=None,
    )


def take_back(job: Job, message_ids: tuple[int, ...]) -> int:
    """*Bukan tiket ini*: pieces of these messages leave the ticket's requests; how many."""
    rows = data.pieces_of_ticket(job.connection, job.ticket.id)
    mine = [row for row in rows if row.message_id in message_ids]
    for row in mine:
        data.drop_piece(job.connection, row.id)
    if mine:
        job.write("data_taken_back", "\n".join(map(asked.told, mine)))
    return len(mine)


def number_of(moment: Moment, request_id: int) -> str:
    """The number of the ticket a request of this person is about; empty where there is none."""
    request = data.get(moment.connection, request_id)
    if request is None or request.contact_id != moment.case.contact_id:
        return ""
    return str(tickets.get(moment.connection, request.ticket_id).number)


def _get(job: Job, request_id: int) -> AnyRow:
    request = data.get(job.connection, request_id)
    assert request is not None
    return request
