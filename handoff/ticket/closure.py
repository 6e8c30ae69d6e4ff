"""How a ticket ends: the solution goes out, the user says whether it is solved, the closing
notice carries the form, a rating follows [002 step 8, 003 steps 14 to 17]."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from dialogs import commands as c
from dialogs import offers
from dialogs.checks import display_phone
from dialogs.reply import Reply
from handoff import actions as a
from handoff.clock import waiting
from handoff.data import asked
from handoff.job import Job, at_work, hold, safe
from handoff.live import queue
from handoff.refusal import Refused
from handoff.standing import CATEGORY_LABELS, CLOSE_REASONS
from storage.repositories import agents, messages, tickets

WITHOUT_SOLUTION = ("duplicate", "no_data", "other_unit", "withdrawn")
TELLING = 4  # words from which a "belum" also tells what happens
MASUKAN = "masukan"  # an answer to it needs no "sudah beres?"


def solve(job: Job, action: a.Solve) -> str:
    """*Selesai* [002 step 8]: the written solution goes out and the user is asked. A complaint
    or a suggestion is answered, and that is its end."""
    _write_solution(job, action.solution, action.explainer, missing=action.missing)
    job.update(state="selesai", solved_at=job.moment.now, solved_tier=job.ticket.tier)
    asked.cancel_open(job)
    if job.ticket.kind == MASUKAN:
        end(job, "solved", _farewell(job), rate=True)
        return f"{job.ticket.number}: jawaban dikirim dan tiket ditutup."
    queue.over(job)
    text = job.notice("solution", solution=job.ticket.solution, explainer=job.ticket.explainer)
    notice = replace(text, choices=offers.solved(job.ticket.number))
    job.tell(notice, expects="confirm", must_arrive=True, purpose="closure")
    wait_for_word(job, job.moment.now)
    return f"Solusi {job.ticket.number} dikirim. Pengguna ditanya apakah sudah beres."


def wait_for_word(job: Job, since: datetime) -> None:
    """How long silence after a solution may last."""
    limit = job.counter.policy.sla.confirmation
    waiting.arm(
        job,
        waiting.CONFIRMATION,
        _about(job),
        waiting.until(job.counter, limit, since),
        since=since.isoformat(),
        limit=limit.limit,
    )


def _write_solution(job: Job, solution: str, explainer: str, *, missing: bool) -> None:
    """Section C with its Pemberi Penjelasan, over a whole section A [001]."""
    words, who = safe(solution), safe(explainer)
    if not words:
        raise Refused("Tulis dulu solusinya (bagian C).")
    if not who:
        raise Refused("Isi dulu Pemberi Penjelasan.")
    job.require_whole(mark_missing=missing)
    hold(job)
    job.update(solution=words, explainer=who)
    job.write("solved", f"{words}\nPemberi Penjelasan: {who}")
    job.first_answer()


def close(job: Job, action: a.Close) -> str:
    """*CLOSED*, final, without waiting for the user's word."""
    if action.reason not in CLOSE_REASONS:
        raise Refused("Pilih alasan menutup tiket.")
    if safe(action.solution):
        _write_solution(job, action.solution, action.explainer, missing=action.missing)
    given = bool(job.ticket.solution)
    if not given and action.reason not in WITHOUT_SOLUTION:
        raise Refused("Tulis dulu solusinya (bagian C), atau pilih alasan lain.")
    job.require_whole(mark_missing=action.missing)
    hold(job)
    job.first_answer()
    solved = action.reason in ("solved", "silence")
    if solved and job.ticket.solved_at is None:
        job.update(solved_at=job.moment.now, solved_tier=job.ticket.tier)
    end(job, action.reason, _farewell(job) if solved else _without(job, action.reason), rate=solved)
    return f"{job.ticket.number} ditutup: {CLOSE_REASONS[action.reason].lower()}."


def _without(job: Job, reason: str) -> Reply:
    return reopenable(job, "closed_because", reason=reason)


def reopenable(job: Job, name: str, **values: object) -> Reply:
    """A closing notice that says how to have the ticket opened again."""
    notice = job.notice(name, days=job.counter.policy.sla.reopen_days, **values)
    return replace(notice, choices=(offers.reopen(job.ticket.number),))


def _farewell(job: Job, *, how: Literal["user", "agent", "silence"] = "agent") -> Reply:
    """The closing notice with the form A to C and the Pemberi Penjelasan as text [001]."""
    ticket, calendar = job.ticket, job.counter.calendar
    if ticket.kind == MASUKAN:
        return _answer(job)
    given = json.loads(ticket.answers)
    rows = [
        (f.label, display_phone(given[f.key]) if f.check == "phone" else given[f.key])
        for f in job.counter.office.form.fields
        if given.get(f.key)
    ]
    return job.notice(
        "closing",
        opened=calendar.local(ticket.opened_at),
        rows=rows,
        problem=ticket.problem,
        solution=ticket.solution,
        explainer=ticket.explainer,
        how=how,
        wait=waiting.words(job.counter.policy.sla.confirmation),
        days=job.counter.policy.sla.reopen_days,
    )


def _answer(job: Job) -> Reply:
    """The answer to a complaint, an objection, a suggestion: there is no form to carry."""
    ticket = job.ticket
    return job.notice(
        "complaint_answer",
        category=CATEGORY_LABELS.get(ticket.category or "", CATEGORY_LABELS[MASUKAN]),
        problem=ticket.problem,
        solution=ticket.solution,
        explainer=ticket.explainer,
        days=job.counter.policy.sla.reopen_days,
    )


def end(job: Job, reason: str, notice: Reply, *, rate: bool = False) -> None:
    """Close the ticket for ``reason`` (a key of CLOSE_REASONS) and tell the user ``notice``:
    state, times, expectation, live chat and open data requests end with it."""
    asked.cancel_open(job)
    queue.over(job)
    waiting.stop_all(job)
    job.update(state="ditutup", closed_at=job.moment.now, close_reason=reason, waiting_since=None)
    job.write("closed", CLOSE_REASONS[reason])
    if reason == "other_unit" and not notice.choices:
        notice = replace(notice, choices=(offers.reopen(job.ticket.number),))
    job.tell(notice, expects="", must_arrive=True, purpose="closure")
    if rate:
        question = Reply(
            job.counter.text("rating", number=job.ticket.number), offers.stars(job.ticket.number)
        )
        job.tell(question, purpose="survey")


def confirm(job: Job, command: c.ConfirmSolved) -> list[Reply]:
    """The user said *Sudah* or *Belum*; a late *Belum* opens the ticket again [003 step 16]."""
    if job.ticket.state == "ditutup" and not command.solved:
        asked_again = c.AskReopen(
            command.number, command.text, command.message_ids, command.attachment_ids
        )
        return ask_reopen(job, asked_again)
    _keep(job, command.message_ids, command.attachment_ids)
    job.write("user_resolved" if command.solved else "user_not_resolved", command.text)
    if job.ticket.state != "selesai":
        return _noted(job, "resolved" if command.solved else "not_resolved")
    if command.solved:
        job.alert_holder("confirmed", f"{job.ticket.number}: kata pengguna sudah beres.")
        if job.moment.case.id != job.ticket.conversation_id:
            job.answer(job.notice("confirmed"))
        end(job, "solved", _farewell(job, how="user"), rate=True)
    else:
        _not_solved(job, told=_tells(command))
    return []


def _tells(command: c.ConfirmSolved | c.AskReopen) -> bool:
    """Whether there is more than a word or two that it did not help."""
    return bool(command.attachment_ids) or len(command.text.split()) >= TELLING


def _noted(job: Job, event: str) -> list[Reply]:
    """Words about a ticket that is in work: whoever has it hears them."""
    if job.ticket.state != "ditutup":
        job.alert_holder(f"user_{event}", f"{job.ticket.number}: kabar dari pengguna.")
    return [job.notice("note_saved", event=event)]


def _not_solved(job: Job, *, told: bool) -> None:
    """Back to the tier that solved it, LKPP through the Admin LPSE [003 step 16]."""
    waiting.stop(job, _about(job), waiting.CONFIRMATION)
    back_to_work(job)
    job.update(state=at_work(job))
    words = f"{job.ticket.number}: kata pengguna belum beres."
    job.alert_beside("unsolved", words)
    lkpp = job.ticket.tier == asked.LKPP
    if lkpp:
        job.counter.lkpp.not_solved(job.connection, job.ticket, job.moment.now)
    else:
        job.alert_holder("not_solved", words)
    job.answer(job.notice("not_solved", told=told, lkpp=lkpp))


def back_to_work(job: Job) -> None:
    """Whoever solved it has it again, if they still work here; what the user says next is for
    this ticket. A solution that did not help is history, not section C."""
    holder = job.ticket.agent_id
    row = agents.get(job.connection, holder) if holder is not None else None
    job.update(
        tier=job.ticket.solved_tier or job.ticket.tier,
        agent_id=holder if row is not None and row.active else None,
        solution=None,
        explainer=None,
        solved_at=None,
        closed_at=None,
        close_reason=None,
        unit=None,
        expects="reply",
        expects_at=job.moment.now,
        waiting_since=job.ticket.waiting_since or job.moment.now,
    )


def rate(job: Job, command: c.RateTicket) -> list[Reply]:
    """Stars, or the comment to them; the later word counts [003 step 17]."""
    if job.ticket.state != "ditutup":
        job.answer(job.notice("rating_not_yet"))
    elif command.stars is not None:
        job.update(rating=min(max(command.stars, 1), offers.MOST_STARS))
        job.write("rated", str(command.stars))
    elif command.comment:
        job.update(rating_comment=command.comment)
        job.write("rating_comment", command.comment)
    return []


def may_reopen(job: Job) -> bool:
    """Whether a closed ticket is opened again when its user asks."""
    ticket, days = job.ticket, job.counter.policy.sla.reopen_days
    if ticket.state != "ditutup" or ticket.merged_into is not None or ticket.closed_at is None:
        return False
    return bool(job.moment.now - ticket.closed_at <= timedelta(days=days))


def ask_reopen(job: Job, command: c.AskReopen) -> list[Reply]:
    """ "Masih error" after closing: opened again within the office's days. The words of a
    merged ticket's user go to the ticket it was merged into."""
    if job.ticket.merged_into is not None:
        number = tickets.get(job.connection, job.ticket.merged_into).number
        target = Job(job.counter, job.moment, None, job.ticket.merged_into, "chat", job.actor)
        return ask_reopen(target, replace(command, number=number))
    _keep(job, command.message_ids, command.attachment_ids)
    if job.ticket.state != "ditutup":
        job.write("user_not_resolved", command.text)
        if job.ticket.state != "selesai":
            return _noted(job, "not_resolved")
        _not_solved(job, told=_tells(command))
    elif may_reopen(job):
        reopened(job, command.text)
    else:
        job.write("user_not_resolved", command.text)
        days = job.counter.policy.sla.reopen_days
        job.answer(replace(job.notice("reopen_refused", days=days), choices=(offers.new_ticket(),)))
    return []


def reopen(job: Job, action: a.Reopen) -> str:
    """An agent opens a closed ticket again, whenever it was closed."""
    why = safe(action.reason)
    if not why:
        raise Refused("Tulis alasan membuka kembali tiket.")
    if job.ticket.merged_into is not None:
        number = tickets.get(job.connection, job.ticket.merged_into).number
        raise Refused(f"Tiket ini digabung ke {number}. Lanjutkan di sana.")
    reopened(job, why)
    return f"{job.ticket.number} dibuka kembali."


def reopened(job: Job, why: str) -> None:
    """Open again, at the tier that solved it; user and holder are told. Its rating, if it had
    one, was for what came before: history keeps it."""
    back_to_work(job)
    job.update(state="dibuka_kembali", rating=None, rating_comment=None)
    job.write("reopened", why)
    job.alert_holder("reopened", f"{job.ticket.number} dibuka kembali.")
    told = job.worker is not None or len(why.split()) >= TELLING
    notice = job.notice("reopened", told=told, lkpp=job.ticket.tier == asked.LKPP)
    if job.worker is None and job.moment.case.id != job.ticket.conversation_id:
        job.answer(notice)
    job.tell(notice, must_arrive=True)


def silence(job: Job) -> None:
    """Nothing was said to the solution for the configured time: closed, and told."""
    end(job, "silence", _farewell(job, how="silence"), rate=True)


def _keep(job: Job, message_ids: tuple[int, ...], attachment_ids: tuple[int, ...]) -> None:
    """What the user said and sent with it belongs to the ticket."""
    messages.put_on_ticket(job.connection, message_ids, job.ticket.id)
    messages.attach_to_ticket(job.connection, attachment_ids, job.ticket.id)


def _about(job: Job) -> str:
    return f"ticket:{job.ticket.id}"
