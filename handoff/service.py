"""The SOP's clocks of a ticket: each follows from the ticket's row, kept as ``deadlines`` rows."""

from __future__ import annotations

from handoff.job import Job


def sync(job: Job) -> None:
    """Bring the rows of the ticket's clocks to what its row says now. Call it after every
    change of a ticket; doing it twice changes nothing."""
