"""Whether the office is open, when it opens next, and how much office time passes: pure
functions of its hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from handoff.rules import Hours

_SEARCH_DAYS = 31
_CLOSED_FOR_GOOD = 400  # days in a row without an opening: longer than any closure an office plans


class OfficeCalendar:
    """The office's opening hours with Indonesian public holidays and cuti bersama.

    All times it takes are aware; all it gives are in the office's time zone.
    """

    def __init__(self, hours: Hours, zone: ZoneInfo) -> None:
        self.zone = zone
        self._hours = hours
        self._closures = frozenset(hours.closures)
        self._spans = tuple(hours.spans(weekday) for weekday in range(7))
        self._of_day = lru_cache(maxsize=1024)(self._in_utc)
        self._longest = max(sum(map(_length, day), timedelta()) for day in self._spans)

    def warm(self, moment: datetime) -> None:
        """Load this year's and next month's holidays, so that no turn has to."""
        self.next_open(moment)
        _holidays((self.local(moment) + timedelta(days=_SEARCH_DAYS)).year)

    def local(self, moment: datetime) -> datetime:
        """A moment on the office's clock."""
        return moment.astimezone(self.zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody is at the office at ``moment``."""
        local = self.local(moment)
        return any(start <= local.time() < end for start, end in self._day(local.date()))

    def next_open(self, moment: datetime) -> datetime | None:
        """The first opening at or after ``moment``; None if there is none within a month."""
        local = self.local(moment)
        for offset in range(_SEARCH_DAYS):
            day = local.date() + timedelta(days=offset)
            for start, end in self._day(day):
                if offset or local.time() < end:
                    opening = datetime.combine(day, start, self.zone)
                    return max(opening, local)
        return None

    @property
    def fingerprint(self) -> str:
        """What the hours are made of: a change of it changes due times."""
        return f"{self.zone.key} {self._hours.model_dump_json()}"

    def closes_at(self, moment: datetime) -> datetime | None:
        """The end of the day's last opening; None where the office does not open any more
        that day."""
        local = self.local(moment)
        spans = self._day(local.date())
        if not spans or local.time() >= spans[-1][1]:
            return None
        return datetime.combine(local.date(), spans[-1][1], self.zone)

    @property
    def working_day(self) -> timedelta:
        """What "1 hari" of office time is: the office time of the week's longest day, so that
        Monday 09.00 and a day is Tuesday 09.00. Zero for an office that never opens."""
        return self._longest

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """How much office time lies between two moments (none if ``end`` is not later)."""
        passed = timedelta()
        for opens, closes in self._openings(start, until=end):
            passed += max(min(closes, end) - max(opens, start), timedelta())
        return passed

    def after_open_time(self, start: datetime, span: timedelta) -> datetime | None:
        """The first moment at which ``span`` of office time has passed since ``start``; at the
        end of a day that is its closing, not the next opening. None if the office does not open
        any more: nothing is ever due there."""
        left = span
        for opens, closes in self._openings(start):
            begun = max(opens, start)
            if closes - begun >= left:
                return self.local(begun + left)
            left -= closes - begun
        return None

    def _openings(
        self, start: datetime, until: datetime | None = None
    ) -> Iterator[tuple[datetime, datetime]]:
        """Spans (UTC) that end after ``start`` and begin before ``until``, in order; they end
        where the office does not open for more than a year."""
        day, closed = self.local(start).date(), 0
        last = None if until is None else self.local(until).date()
        while closed < _CLOSED_FOR_GOOD and (last is None or day <= last) and day < date.max:
            spans = self._of_day(day)
            closed = 0 if spans else closed + 1
            for opens, closes in spans:
                if closes > start and (until is None or opens < until):
                    yield opens, closes
            day += timedelta(days=1)

    def _in_utc(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        def at(moment: time) -> datetime:
            return datetime.combine(day, moment, self.zone).astimezone(UTC)

        return tuple((at(opening), at(closing)) for opening, closing in self._day(day))

    def _day(self, day: date) -> tuple[tuple[time, time], ...]:
        if day in self._closures or day in _holidays(day.year):
            return ()
        return self._spans[day.weekday()]


def _length(span: tuple[time, time]) -> timedelta:
    start, end = (timedelta(hours=t.hour, minutes=t.minute) for t in span)
    return end - start


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    """National holidays and cuti bersama (``holidays``: categories public and government)."""
    import holidays  # needed once a year of talk, slow at start

    return frozenset(
        holidays.country_holidays("ID", years=year, categories=("public", "government"))
    )
