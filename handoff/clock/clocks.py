"""When a clock of the SOPs runs out: pure functions of its limit, its start, its pauses and the
office's calendar.

A due time is the first moment at which the limit has passed, pauses not counted. In office hours
only opening hours pass, so a clock started at night waits for the morning, and one that has run
out by the end of a day is due at the closing, never within closed hours. By the calendar every
hour passes. "1d" in office hours is one working day (``OfficeCalendar.working_day``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args

from handoff.clock.calendar import OfficeCalendar
from handoff.policy import Clock
from storage.base import from_micros, to_micros

Why = Literal["data", "exempt", "confirm"]
WHY_LABELS: Mapping[str, str] = {
    "data": "menunggu data",
    "exempt": "dikecualikan",
    "confirm": "menunggu konfirmasi",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stands still; ``end`` None: it still does."""

    start: datetime
    end: datetime | None = None
    why: Why = "data"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a clock that is over, kept when it began anew."""

    start: datetime
    due: datetime | None
    stopped: datetime | None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a due time was computed from; kept with it as JSON (design 6.12).

    ``base`` is the fact that started the clock, ``start`` when it runs from: later than that
    where the ticket was opened again. ``ended`` is how it came to its stop.
    """

    base: datetime
    start: datetime
    limit: str
    hours: str
    pauses: tuple[Pause, ...] = ()
    runs: tuple[Run, ...] = ()
    ended: str = ""

    @property
    def clock(self) -> Clock:
        """The limit as it was when this was written."""
        return _clock(self.limit, self.hours)

    @property
    def standing_still(self) -> bool:
        """Whether the last pause has no end yet."""
        return bool(self.pauses) and self.pauses[-1].end is None

    def paused(self, at: datetime, why: Why) -> Inputs:
        """The clock stands still from ``at`` on."""
        return replace(self, pauses=(*self.pauses, Pause(at, None, why)))

    def resumed(self, at: datetime) -> Inputs:
        """The clock goes on at ``at``."""
        return replace(
            self, pauses=tuple(p if p.end is not None else replace(p, end=at) for p in self.pauses)
        )

    def dumps(self) -> str:
        """As JSON, times in UTC microseconds."""
        return json.dumps(
            {
                "base": to_micros(self.base),
                "start": to_micros(self.start),
                "limit": self.limit,
                "hours": self.hours,
                "pauses": [[to_micros(p.start), _micros(p.end), p.why] for p in self.pauses],
                "runs": [
                    [to_micros(r.start), _micros(r.due), _micros(r.stopped)] for r in self.runs
                ],
                "ended": self.ended,
            }
        )

    @classmethod
    def loads(cls, text: str) -> Inputs:
        """What ``dumps`` wrote. Raises KeyError or ValueError for anything else."""
        raw = json.loads(text)
        return cls(
            from_micros(raw["base"]),
            from_micros(raw["start"]),
            raw["limit"],
            raw["hours"],
            tuple(Pause(from_micros(a), _time(b), why) for a, b, why in raw["pauses"]),
            tuple(Run(from_micros(a), _time(b), _time(c)) for a, b, c in raw["runs"]),
            raw["ended"],
        )


@lru_cache(maxsize=256)
def _clock(allowed: str, hours: str) -> Clock:
    return Clock.model_validate({"limit": allowed, "hours": hours})


def limit(calendar: OfficeCalendar, clock: Clock) -> timedelta:
    """How much time a clock allows, of the kind of hours it counts."""
    amount, unit = clock.amount
    day = calendar.working_day if clock.hours == "office" else timedelta(days=1)
    return amount * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": day}[unit]


def counted(calendar: OfficeCalendar, clock: Clock, start: datetime, end: datetime) -> timedelta:
    """The time between two moments that a clock counts."""
    if clock.hours == "office":
        return calendar.open_time(start, end)
    return max(end - start, timedelta())


def spent(
    calendar: OfficeCalendar,
    clock: Clock,
    start: datetime,
    end: datetime,
    pauses: Iterable[Pause] = (),
) -> timedelta:
    """The time a clock has counted from ``start`` to ``end`` without its pauses."""
    total, at = timedelta(), start
    for pause in _merged(pauses):
        total += counted(calendar, clock, at, min(pause.start, end))
        if pause.end is None:
            return total
        at = max(at, pause.end)
    return total + counted(calendar, clock, at, end)


def due(
    calendar: OfficeCalendar, clock: Clock, start: datetime, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """When a clock runs out. None: never, because the office does not open, or not before a
    pause ends that has no end yet."""
    left, at = limit(calendar, clock), start
    if not left:
        return None
    for pause in _merged(pauses):
        before = counted(calendar, clock, at, pause.start)
        if before >= left:
            break
        if pause.end is None:
            return None
        left -= before
        at = max(at, pause.end)
    return _after(calendar, clock, at, left)


def _after(
    calendar: OfficeCalendar, clock: Clock, at: datetime, left: timedelta
) -> datetime | None:
    if clock.hours == "office":
        return calendar.after_open_time(at, left)
    return calendar.local(at) + left


def _merged(pauses: Iterable[Pause]) -> list[Pause]:
    """In order, and none overlapping another."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: p.start):
        last = merged[-1] if merged else None
        if last is not None and (last.end is None or pause.start <= last.end):
            ends = last.end is not None and pause.end is not None
            merged[-1] = replace(last, end=max(last.end, pause.end) if ends else None)  # type: ignore[type-var]
        else:
            merged.append(pause)
    return merged


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _time(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)


assert set(WHY_LABELS) == set(get_args(Why))
