"""A ticket's clocks as pages show them: how much is left, in colour and words, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from handoff.clock import clocks
from handoff.clock.clocks import WHY_LABELS, Inputs
from handoff.clock.rules import LABELS
from handoff.counter import Counter
from storage.base import AnyRow
from storage.repositories import clock as deadlines

PREFIX = "sla:"
State = Literal["running", "paused", "exempt", "met", "late"]
Colour = Literal["ok", "soon", "late"]
SOON = 4  # a quarter of the limit is left
_DAYS = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a clock is due when it is: what the text ``clock_explained`` shows. Times and spans
    are words of the office's own clock; ``pauses`` are (how long, why)."""

    start: str
    limit: str
    pauses: tuple[tuple[str, str], ...]
    due: str | None
    stopped: str | None
    runs: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One clock of a ticket at a moment.

    ``state``: running, paused, exempt, met (stopped in time) or late (stopped too late; a
    running one that is overdue has the colour late). ``left`` is what is left of the limit in
    the time the clock counts, negative when over; ``due`` is on the office's clock, None while
    it stands still or where the office never opens.
    """

    name: str
    label: str
    state: State
    colour: Colour
    words: str
    due: datetime | None
    left: timedelta
    explanation: str
    data: Explanation

    @property
    def overdue(self) -> bool:
        """Whether it ran out before it was met."""
        return self.colour == "late"


def of_ticket(
    connection: Connection, counter: Counter, ticket: AnyRow, now: datetime
) -> list[Shown]:
    """A ticket's clocks in the order of the SOP, those that do not apply left out."""
    return of_tickets(connection, counter, [ticket], now)[ticket.id]


def of_tickets(
    connection: Connection, counter: Counter, tickets: Sequence[AnyRow], now: datetime
) -> dict[int, list[Shown]]:
    """The clocks of many tickets (rows with ``id`` and ``exempt``), by ticket id."""
    by_id: Mapping[int, AnyRow] = {ticket.id: ticket for ticket in tickets}
    rows: dict[int, dict[str, AnyRow]] = {ticket_id: {} for ticket_id in by_id}
    for row in deadlines.of_tickets(connection, list(by_id), PREFIX):
        rows[row.ticket_id][row.kind.removeprefix(PREFIX)] = row
    return {
        ticket_id: [
            _shown(counter, name, found[name], by_id[ticket_id], now)
            for name in LABELS
            if name in found and Inputs.loads(found[name].inputs).ended != "void"
        ]
        for ticket_id, found in rows.items()
    }


def next_of(shown: Iterable[Shown]) -> Shown | None:
    """The running clock that is due first: what a line of the board shows."""
    running = [one for one in shown if one.state == "running" and one.due is not None]
    return min(running, key=lambda one: one.due, default=None)  # type: ignore[arg-type,return-value]


def _shown(counter: Counter, name: str, row: AnyRow, ticket: AnyRow, now: datetime) -> Shown:
    inputs, calendar = Inputs.loads(row.inputs), counter.calendar
    clock = inputs.clock
    due = clocks.due(calendar, clock, inputs.start, inputs.pauses)
    if row.fired_at is not None:
        due = row.due_at
    until = row.stopped_at or now
    allowed = clocks.limit(calendar, clock)
    left = allowed - clocks.spent(calendar, clock, inputs.start, until, inputs.pauses)
    late = row.fired_at is not None or (due is not None and until > due)
    if late and due is not None:
        left = -clocks.counted(calendar, clock, due, until)
    state = _state(inputs, row, late=late)
    data = _explained(counter, inputs, row, due)
    exempt = (ticket.exempt or "") if name == "resolution" else ""
    text = counter.text("clock_explained", clock=data, exempt=exempt)
    colour: Colour = "late" if late else "ok"
    if state == "running" and not late and left * SOON <= allowed:
        colour = "soon"
    span = span_words(abs(left), days_too=clock.hours == "calendar")
    words = _words(state, span, due, late=late)
    local = calendar.local(due) if due is not None else None
    return Shown(name, LABELS[name], state, colour, words, local, left, text, data)


def _state(inputs: Inputs, row: AnyRow, *, late: bool) -> State:
    if row.stopped_at is not None:
        return "late" if late else "met"
    if not inputs.standing_still:
        return "running"
    return "exempt" if inputs.pauses[-1].why == "exempt" else "paused"


def _words(state: State, span: str, due: datetime | None, *, late: bool) -> str:
    if state == "met":
        return "tepat waktu"
    if state == "late":
        return f"terlambat {span}"
    if state == "exempt":
        return "dikecualikan"
    if late:
        return f"lewat {span}"
    if state == "paused":
        return f"berhenti, sisa {span}"
    return f"sisa {span}" if due is not None else "jam kantor belum diatur"


def _explained(counter: Counter, inputs: Inputs, row: AnyRow, due: datetime | None) -> Explanation:
    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment_short(counter.calendar.local(moment))

    return Explanation(
        start=at(inputs.start) or "",
        limit=limit_words(inputs),
        pauses=tuple(
            (span_words(p.end - p.start) if p.end else f"sejak {at(p.start)}", WHY_LABELS[p.why])
            for p in inputs.pauses
        ),
        due=at(due),
        stopped=at(row.stopped_at),
        runs=len(inputs.runs) + 1,
    )


def limit_words(inputs: Inputs) -> str:
    """``5 menit jam kantor``, ``1 hari kerja``, ``24 jam kalender``."""
    many, unit = inputs.clock.amount
    office = inputs.hours == "office"
    if unit == "d":
        return f"{many} hari {'kerja' if office else 'kalender'}"
    name = {"m": "menit", "h": "jam"}[unit]
    return f"{many} {name} {'jam kantor' if office else 'kalender'}"


def span_words(span: timedelta, *, days_too: bool = True) -> str:
    """``3 jam 20 menit``; days after 72 hours (never of office time, whose days are shorter);
    under a minute it says so."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "kurang dari 1 menit"
    days, rest = divmod(minutes, 1440) if days_too and minutes > 3 * 1440 else (0, minutes)
    hours, left = divmod(rest, 60)
    parts = ((days, "hari"), (hours, "jam"), (0 if days else left, "menit"))
    return " ".join(f"{many} {name}" for many, name in parts if many)


def moment_short(at: datetime) -> str:
    """``Sen 23 Nov 09.00``."""
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at:%H.%M}"
