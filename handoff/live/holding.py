"""Who holds a ticket."""

from __future__ import annotations

from handoff.job import Job, hold
from handoff.refusal import Refused
from storage.repositories import agents

_OVER = frozenset({"koordinator", "admin"})  # they may take over what another agent holds


def take(job: Job, *, waits: bool = False) -> str:
    """Hold a ticket. Of two who press at once the later one is told. ``waits``: its user waits
    in the queue, so that a holder who is not on duty does not keep others from it."""
    holder = job.ticket.agent_id
    if holder == job.agent.id:
        return f"{job.ticket.number} sudah Anda pegang."
    if holder is not None and not job.agent.roles & _OVER:
        row = agents.get(job.connection, holder)
        if row is not None and row.active and (row.on_duty or not waits):
            raise Refused(f"{job.ticket.number} sudah diambil {row.name}.")
    if holder is not None:
        job.update(agent_id=None)
        job.alert(
            "taken_over", f"{job.ticket.number} diambil alih {job.agent.name}.", agent_id=holder
        )
    hold(job)
    return f"{job.ticket.number} sekarang Anda pegang."
