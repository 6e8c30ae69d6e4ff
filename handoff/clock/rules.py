"""Which clocks a ticket has, and what starts, pauses and stops each: pure functions of its row.

``docs/clocks.md`` says the same in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handoff.clock.clocks import Why
from storage.base import AnyRow

# met: what it waited for happened; raised: the ticket went up; solved, closed: it ended; void:
# the clock does not apply (any more).
Ended = Literal["met", "raised", "solved", "closed", "void"]
LABELS: Mapping[str, str] = {
    "priority": "Prioritas",
    "data_request": "Permintaan data",
    "desk_analysis": "Analisis di loket",
    "analysis": "Analisis",
    "response": "Tanggapan",
    "resolution": "Penyelesaian",
    "lkpp": "Jawaban LKPP",
    "closing_notice": "Kabar selesai",
}
# What begins anew, or goes on, where a ticket comes back; the others are met once.
RECURRING = frozenset({"desk_analysis", "analysis", "response", "resolution", "lkpp"})
# "Belum" after a solution: the problem was never solved, so this one goes on where it stood.
GOING_ON = frozenset({"resolution"})
FEEDBACK = frozenset({"response"})  # the clocks of a complaint or suggestion


@dataclass(frozen=True, slots=True)
class Facts:
    """What the clocks of a ticket follow from. ``data_asked_at`` are the times of its data
    requests, ``lkpp_answers`` those of LKPP's answers, ``running`` the clocks that are armed or
    paused with the fact that started each."""

    ticket: AnyRow
    now: datetime
    first_tier: str
    data_asked_at: tuple[datetime, ...] = ()
    lkpp_answers: tuple[datetime, ...] = ()
    running: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def ended(self) -> tuple[datetime, Ended] | None:
        """When and how the ticket came to an end."""
        if self.ticket.state == "selesai":
            return self.ticket.solved_at or self.now, "solved"
        if self.ticket.state == "ditutup":
            return self.ticket.solved_at or self.ticket.closed_at or self.now, "closed"
        return None

    @property
    def data_wanted(self) -> Why | None:
        """Why clocks stand still while the user is asked for data."""
        return "data" if self.ticket.state == "menunggu_data" else None

    @property
    def raised(self) -> bool:
        """Whether a higher tier works on it."""
        asked_above = self.ticket.state == "menunggu_data" and (
            self.ticket.escalated_at is not None and self.ticket.tier != self.first_tier
        )
        return self.ticket.state == "dieskalasi" or asked_above


@dataclass(frozen=True, slots=True)
class Want:
    """How a clock should stand: started by ``base``, stopped at ``stopped`` by ``ended``, or
    standing still because of ``pause``."""

    base: datetime
    stopped: datetime | None = None
    ended: Ended | None = None
    pause: Why | None = None


def _until(base: datetime, facts: Facts, *met: datetime | None, pause: Why | None = None) -> Want:
    """From ``base`` until the first of ``met``, or the ticket's end."""
    at, how = facts.ended or (None, None)
    happened = [moment for moment in met if moment is not None]
    if happened:
        return Want(base, max(base, min(happened)), "closed" if how == "closed" else "met")
    if at is not None:
        return Want(base, max(base, at), how)
    return Want(base, pause=pause)


def _priority(facts: Facts) -> Want | None:
    return _until(facts.ticket.opened_at, facts, facts.ticket.priority_at)


def _data_request(facts: Facts) -> Want | None:
    """Once it is known what kind of problem this is, missing data are asked for at once. Who
    asked or answered before setting the priority never had this clock."""
    ticket = facts.ticket
    base = ticket.priority_at
    met = (*facts.data_asked_at, ticket.complete_at, ticket.answered_at, ticket.escalated_at)
    if base is None or any(moment is not None and moment < base for moment in met):
        return None
    return _until(base, facts, *met)


def _analysis(facts: Facts) -> Want | None:
    ticket = facts.ticket
    if ticket.taken_at is None:
        return None
    if facts.ended is None and facts.raised:
        at = max(ticket.taken_at, ticket.escalated_at or facts.now)
        return Want(ticket.taken_at, at, "raised")
    if ticket.state == "dibuka_kembali":  # until somebody takes it again
        return Want(ticket.taken_at, max(ticket.taken_at, facts.now), "closed")
    return _until(ticket.taken_at, facts, pause=facts.data_wanted)


def _desk_analysis(facts: Facts) -> Want | None:
    return _analysis(facts) if facts.ticket.source in ("walk_in", "phone") else None


def _response(facts: Facts) -> Want | None:
    return _until(facts.ticket.opened_at, facts, facts.ticket.answered_at)


def _resolution(facts: Facts) -> Want | None:
    if facts.ticket.complete_at is None:
        return None
    pause: Why | None = "exempt" if facts.ticket.exempt else facts.data_wanted
    return _until(facts.ticket.complete_at, facts, pause=pause)


def _lkpp(facts: Facts) -> Want | None:
    """From the escalation to LKPP's answer, whatever it says; while the ticket stays there, each
    answer starts the time to the next."""
    ticket = facts.ticket
    if ticket.tier == "lkpp" and ticket.escalated_at is not None and facts.ended is None:
        base = max((ticket.escalated_at, *facts.lkpp_answers))
        return Want(base, pause=facts.data_wanted)
    base = facts.running.get("lkpp")
    if base is None:
        return None
    at, how = facts.ended or (facts.now, "met")
    return Want(base, max(base, at), how)


def _closing_notice(facts: Facts) -> Want | None:
    """*Selesai* sends the solution in the same moment: this one is met by being there."""
    solved = facts.ticket.solved_at
    if facts.ended is None or solved is None:
        return None
    return Want(solved, solved, "met")


RULES: Mapping[str, Callable[[Facts], Want | None]] = {
    "priority": _priority,
    "data_request": _data_request,
    "desk_analysis": _desk_analysis,
    "analysis": _analysis,
    "response": _response,
    "resolution": _resolution,
    "lkpp": _lkpp,
    "closing_notice": _closing_notice,
}


def wanted(name: str, facts: Facts) -> Want | None:
    """How a clock of the ticket should stand; None: it has none."""
    if facts.ticket.kind == "masukan" and name not in FEEDBACK:
        return None
    return RULES[name](facts)


assert set(RULES) == set(LABELS)
