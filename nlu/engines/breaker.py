"""A circuit breaker: whoever does not answer is not asked again at once.

Of the libraries for it, pybreaker holds its lock during the call, so that only one thread may
ask at a time, and circuitbreaker has no lock at all; neither lets one caller alone try again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 20  # the last calls: more than half of them failed opens it too


@dataclass(frozen=True, slots=True)
class Rules:
    """``failures`` in a row open it for ``pause`` seconds; each trial that fails doubles the
    pause, up to ``longest_pause``."""

    failures: int = 5
    pause: float = 5.0
    longest_pause: float = 60.0


class Breaker:
    """Closed, open, or open with one trial under way. Safe to use from several threads.

    Who is admitted gets the number of the present era and reports with it how it went. An era
    ends when the breaker opens or closes: what comes in late from before changes nothing.
    """

    def __init__(self, rules: Rules, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: deque[bool] = deque(maxlen=max(WINDOW, rules.failures))
        self._era = 0
        self._open_until: float | None = None
        self._on_trial = False
        self.pause = rules.pause

    @property
    def is_open(self) -> bool:
        """Whether callers are turned away."""
        return self._open_until is not None

    def admit(self) -> int | None:
        """The era's number for who may call now; None is "do without". After the pause one
        caller is admitted, the others wait for its report."""
        with self._lock:
            if self._open_until is None:
                return self._era
            if self._on_trial or self._clock() < self._open_until:
                return None
            self._on_trial = True
            return self._era

    def succeeded(self, era: int) -> bool:
        """The call went well. True if that closed the breaker."""
        with self._lock:
            if era != self._era:
                return False
            if self._open_until is None:
                self._recent.append(True)
                return False
            self._open_until = None
            self._begin_era()
            return True

    def failed(self, era: int) -> bool:
        """The call failed. True if that opened the breaker."""
        with self._lock:
            if era != self._era:
                return False
            if self._open_until is not None:
                self._open(min(2 * self.pause, self._rules.longest_pause))
                return False
            self._recent.append(False)
            if self._bearable():
                return False
            self._open(self._rules.pause)
            return True

    def trip(self) -> None:
        """Open it without waiting for more failures."""
        with self._lock:
            self._open(self._rules.pause)

    def _bearable(self) -> bool:
        recent = list(self._recent)
        last = recent[-self._rules.failures :]
        in_a_row = len(last) == self._rules.failures and not any(last)
        return not in_a_row and 2 * recent[-WINDOW:].count(False) <= WINDOW

    def _open(self, pause: float) -> None:
        self.pause = pause
        self._open_until = self._clock() + pause
        self._begin_era()

    def _begin_era(self) -> None:
        self._era += 1
        self._on_trial = False
        self._recent.clear()
