"""What happens when a clock of the SOP runs out: who is told, and what becomes of the ticket."""

from __future__ import annotations

from handoff.clock.rules import LABELS
from handoff.clock.view import PREFIX, moment_short
from handoff.counter import Counter, Moment
from handoff.job import Job
from handoff.policy import Clock
from handoff.standing import OPEN_STATES
from handoff.ticket import tiers
from storage.base import AnyRow


def run_out(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """A clock was breached: what the office's ``on_breach`` says, once [000, 002]."""
    name = deadline.kind.removeprefix(PREFIX)
    rule: Clock | None = getattr(counter.policy.sla, name, None)
    job = Job(counter, moment, None, deadline.ticket_id, "clock")
    if rule is None or job.ticket.state not in OPEN_STATES:
        return
    due = counter.calendar.local(deadline.due_at)
    job.write("breached", f"{LABELS[name]}: jatuh tempo {moment_short(due)}")
    if "mark" in rule.on_breach and name not in job.ticket.overdue.split():
        job.update(overdue=f"{job.ticket.overdue} {name}".strip())
    if "notify" in rule.on_breach:
        _notify(job, name)
    if "raise_tier" in rule.on_breach:
        _raise(job, name, deadline)


def _notify(job: Job, name: str) -> None:
    """The holder, or whoever works on its tier; and the Kepala Unit."""
    text = f"{job.ticket.number}: batas waktu {LABELS[name]} sudah lewat."
    kind = f"breached:{name}"
    job.alert_holder(kind, text)
    job.alert_beside(kind, text)


def _raise(job: Job, name: str, deadline: AnyRow) -> None:
    """Up by one tier, if there is one. Of several clocks that ran out together one is enough: a
    ticket that went up since this one was due stays where it is."""
    since = job.ticket.escalated_at
    if job.ticket.state == "selesai" or (since is not None and since >= deadline.due_at):
        return
    target = tiers.next_tier(job)
    if target is not None:
        tiers.raise_to(job, target, f"Batas waktu {LABELS[name]} terlewati.")
