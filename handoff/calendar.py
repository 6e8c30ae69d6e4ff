"""Whether the office is open, and when it opens next: pure functions of its hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from handoff.rules import Hours

_SEARCH_DAYS = 31


class OfficeCalendar:
    """The office's opening hours with Indonesian public holidays and cuti bersama.

    All times it takes are aware; all it gives are in the office's time zone.
    """

    def __init__(self, hours: Hours, zone: ZoneInfo) -> None:
        self.zone = zone
        self._hours = hours
        self._closures = frozenset(hours.closures)
        self._spans = tuple(hours.spans(weekday) for weekday in range(7))

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

    def _day(self, day: date) -> tuple[tuple[time, time], ...]:
        if day in self._closures or day in _holidays(day.year):
            return ()
        return self._spans[day.weekday()]


@lru_cache(maxsize=8)
def _holidays(year: int) -> frozenset[date]:
    """National holidays and cuti bersama (``holidays``: categories public and government)."""
    import holidays  # needed once a year of talk, slow at start

    return frozenset(
        holidays.country_holidays("ID", years=year, categories=("public", "government"))
    )
