"""Tickets whose holder's account was closed: they are nobody's, and those of the tier are told.
A live chat is looked after by ``queue_clock.rescue``, which comes first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from handoff.job import Job
from storage.repositories import agents


def held_by_nobody(connection: Connection, *, now: datetime) -> list[int]:
    """Tickets in work whose holder can do nothing any more."""
    return agents.left_tickets(connection)


def give_back(job: Job) -> None:
    """The ticket is for whoever takes it. Re-checked: it may have been taken meanwhile."""
    holder = agents.get(job.connection, job.ticket.agent_id) if job.ticket.agent_id else None
    if holder is None or holder.active or not job.ticket.open:
        return
    if job.standing().live_with == holder.id:
        return  # its chat goes back first
    job.update(agent_id=None)
    job.write("released", holder.name)
    job.alert_holder("unassigned", f"{job.ticket.number} tidak ada pemegangnya lagi.")
