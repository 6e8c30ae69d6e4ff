"""Escalation: helpdesk, [koordinator], LKPP through the Admin LPSE [002 step 10, 003, 004]."""

from __future__ import annotations

from handoff import actions as a
from handoff.counter import Counter, Moment
from handoff.data import requests
from handoff.job import Job, hold, safe
from handoff.live import queue
from handoff.policy import Tier
from handoff.refusal import Refused
from handoff.ticket import closure
from storage.repositories import agents

LKPP = "lkpp"
OUTCOMES = {
    "guidance": "Petunjuk, LPSE bisa menyelesaikan",
    "data_needed": "Butuh data",
    "solved": "Selesai",
    "still_working": "Masih dikerjakan",
}


def escalate(job: Job, action: a.Escalate) -> str:
    """*ESCALATE*: to the next tier that has somebody; the user is told who handles it and to
    wait for the next reply [002 step 10]."""
    reason = safe(action.reason)
    if not reason:
        raise Refused("Tulis dulu apa yang sudah dicoba dan kenapa dieskalasi.")
    target = next_tier(job)
    if target is None:
        raise Refused(
            "Tidak ada tingkat di atas ini yang punya petugas. Tambah akun untuk Koordinator "
            "atau Admin LPSE dulu."
        )
    if job.ticket.agent_id is None:
        hold(job)
    raise_to(job, target, reason)
    return f"{job.ticket.number} dieskalasi ke {target.label}."


def next_tier(job: Job) -> Tier | None:
    """The next tier above the ticket's whose role somebody holds; an empty one is skipped."""
    tiers = job.counter.policy.tiers
    at = tiers.index(job.counter.policy.tier(job.ticket.tier))
    return next((t for t in tiers[at + 1 :] if agents.has_role(job.connection, t.role)), None)


def raise_to(job: Job, target: Tier, reason: str) -> None:
    """The ticket goes up: nobody holds it there yet, its role is told, the user as well."""
    requests.cancel_open(job)
    queue.over(job, only_live=True)
    job.update(
        state="dieskalasi",
        tier=target.key,
        agent_id=None,
        escalated_at=job.moment.now,
        complete_at=job.ticket.complete_at or job.moment.now,
    )
    job.write("escalated", f"{target.label}: {reason}")
    if target.key == LKPP:
        job.counter.lkpp.escalated(job.connection, job.ticket, job.moment.now)
    else:
        words = f"{job.ticket.number} dieskalasi ke {target.label}."
        job.alert("escalated", words, role=target.role)
    job.alert_beside("unsolved", f"{job.ticket.number} belum selesai, naik ke {target.label}.")
    job.tell(job.notice("escalated", tier=target, lkpp=target.key == LKPP), expects="")


def send_back(job: Job, action: a.SendBack) -> str:
    """Guidance: the ticket returns to the first tier, which solves it itself [003 step 3]."""
    guidance = safe(action.guidance)
    if not guidance:
        raise Refused("Tulis petunjuknya dulu.")
    return_to_desk(job, guidance)
    return f"{job.ticket.number} kembali ke {first_tier(job).label}."


def first_tier(job: Job) -> Tier:
    """Where a ticket begins."""
    return first(job.counter, job.moment)


def first(counter: Counter, moment: Moment) -> Tier:
    """The lowest tier that has somebody, else the lowest."""
    tiers = counter.policy.tiers
    staffed = (t for t in tiers if agents.has_role(moment.connection, t.role))
    return next(staffed, tiers[0])


def return_to_desk(job: Job, guidance: str) -> None:
    """Back with guidance, which only agents read."""
    tier = first_tier(job)
    job.update(state="diproses", tier=tier.key, agent_id=None)
    job.write("sent_back", guidance)
    job.alert("sent_back", f"{job.ticket.number} kembali dengan petunjuk.", role=tier.role)


def lkpp_sent(job: Job, action: a.LkppSent) -> str:
    """The packet went to LKPP; their number is kept verbatim, or not at all."""
    _at_lkpp(job)
    number = action.number.strip()[:100]
    if safe(number) != number:
        raise Refused("Tulis nomor tiket LKPP saja; ini tampak seperti data rahasia.")
    hold(job)
    job.update(lkpp_number=number or job.ticket.lkpp_number)
    job.write("lkpp_sent", number)
    return "Pengiriman ke LKPP dicatat."


def lkpp_answer(job: Job, action: a.LkppAnswer) -> str:
    """One answer of LKPP, in one step [003 steps 3 to 16]. Its words stay with the agents."""
    _at_lkpp(job)
    words = safe(action.words)
    if not words:
        raise Refused("Salin jawaban LKPP dulu.")
    hold(job)
    job.write("lkpp_answered", f"{OUTCOMES[action.outcome]}: {words}")
    match action.outcome:
        case "guidance":
            return_to_desk(job, words)
            return f"{job.ticket.number} kembali ke {first_tier(job).label} dengan petunjuk LKPP."
        case "data_needed" if action.relay:
            return requests.ask(job, a.AskData(action.items, for_lkpp=True))
        case "data_needed":
            return "Dicatat: Admin LPSE menjawab LKPP sendiri."
        case "solved":
            return closure.solve(
                job, a.Solve(action.solution, action.explainer, missing=action.missing)
            )
        case _:
            return "Dicatat: LKPP masih mengerjakan."


def _at_lkpp(job: Job) -> None:
    if job.ticket.tier != LKPP:
        raise Refused("Tiket ini tidak sedang di LKPP.")
