"""The one source of the present moment, so that tests can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and how much of it passes."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...

    def steady(self) -> float:
        """Seconds since whenever, which no correction of the clock moves; they do not pass
        while the machine sleeps."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> float:
        return time.monotonic()


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._passed = 0.0

    def now(self) -> datetime:
        return self._now

    def steady(self) -> float:
        return self._passed

    def move(self, step: timedelta) -> None:
        """Let time pass."""
        self._now += step
        self._passed += step.total_seconds()

    def jump(self, step: timedelta) -> None:
        """Set the clock to another time; none passes."""
        self._now += step
