"""One engine guarding another: the first answers as long as it can, else the second does."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from nlu.engines.breaker import Breaker
from nlu.engines.port import Engine
from nlu.errors import NluError
from nlu.understanding import Understanding

log = logging.getLogger(__name__)

REMEMBERED = 2048
REMEMBERED_SECONDS = 300.0  # a server may get another model while we run
CIRCUIT_OPEN = "circuit_open"
FAULT = "fault"
OK = "ok"


class ParseFailed(NluError):
    """An engine could not understand a text this time; the message may be logged.

    ``reason`` is one word for the statistics. ``counts`` is False where the engine is well and
    just this text is nothing to it.
    """

    def __init__(self, reason: str, message: str, *, counts: bool = True) -> None:
        super().__init__(message)
        self.reason = reason
        self.counts = counts


class Fallible(Protocol):
    """An engine that may fail. Safe to call from several threads."""

    name: str

    def parse(self, text: str) -> Understanding:
        """Raises ParseFailed."""
        ...

    def close(self) -> None:
        """Let go of connections and threads; a later parse fails."""
        ...


class Reliable(Engine, Protocol):
    """An engine that always answers, and has a name for the statistics."""

    name: str


class Watch(Protocol):
    """Who keeps count."""

    def parsed(self, engine: str, outcome: str, seconds: float) -> None:
        """An engine was asked; ``outcome`` is ``ok`` or the reason of a ParseFailed."""
        ...

    def fell_back(self, reason: str) -> None:
        """The second engine had to answer in place of the first."""
        ...


class Unwatched:
    """Nobody keeps count."""

    def parsed(self, engine: str, outcome: str, seconds: float) -> None:
        return None

    def fell_back(self, reason: str) -> None:
        return None


class GuardedEngine:
    """Implements ``nlu.engines.port.Engine``. ``watch`` may be set at any time.

    Answers of the first engine are remembered for five minutes, those of the second are not
    taken for them: as soon as the first is back, it is asked.
    """

    def __init__(
        self,
        first: Fallible,
        second: Reliable,
        breaker: Breaker,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.watch: Watch = Unwatched()
        self._first = first
        self._second = second
        self._breaker = breaker
        self._known = _Memory(clock)
        self._fall_back = lru_cache(maxsize=REMEMBERED)(self._ask_second)

    @property
    def is_open(self) -> bool:
        """Whether the first engine is left alone for now."""
        return self._breaker.is_open

    def parse(self, text: str) -> Understanding:
        """May wait as long as the first engine may take. Never raises for any text."""
        known = self._known.get(text)
        if known is not None:
            return known
        if not text.strip():
            return self._fall_back(text)
        era = self._breaker.admit()
        if era is None:
            return self._instead(text, CIRCUIT_OPEN)
        try:
            found = self._ask_first(text, era)
        except ParseFailed as failure:
            return self._instead(text, failure.reason)
        self._known.put(text, found)
        return found

    def parse_now(self, text: str) -> Understanding:
        """Never waits: what the first engine said of this text lately, else the second's
        answer. For where others wait behind the caller."""
        return self._known.get(text) or self._fall_back(text)

    def try_out(self, text: str) -> bool:
        """Whether the first engine answers. If not, it is left alone for a pause."""
        try:
            self._first.parse(text)
        except Exception as error:
            self._breaker.trip()
            log.warning("%s", self._absence(_as_failure(error)))
            return False
        return True

    def close(self) -> None:
        """Let the first engine go; the second goes on answering."""
        self._first.close()

    def _ask_first(self, text: str, era: int) -> Understanding:
        """Asks, and reports to the breaker whatever happens. Raises ParseFailed."""
        begun, name = time.perf_counter(), self._first.name
        failure: ParseFailed | None = ParseFailed(FAULT, "it was interrupted")
        try:
            found = self._first.parse(text)
            failure = None
            return found
        except Exception as error:
            failure = _as_failure(error)
            raise failure from error
        finally:
            outcome = failure.reason if failure else OK
            self.watch.parsed(name, outcome, time.perf_counter() - begun)
            self._report(era, failure)

    def _report(self, era: int, failure: ParseFailed | None) -> None:
        if failure is None or not failure.counts:
            if self._breaker.succeeded(era):
                log.warning("%s understands texts again.", self._first.name)
        elif self._breaker.failed(era):
            log.warning("%s", self._absence(failure))

    def _absence(self, failure: ParseFailed) -> str:
        first, second = self._first.name, self._second.name
        return (
            f"{first} does not understand texts for now: {failure} {second} answers; "
            f"{first} is tried again in {self._breaker.pause:g} s."
        )

    def _instead(self, text: str, reason: str) -> Understanding:
        self.watch.fell_back(reason)
        return self._fall_back(text)

    def _ask_second(self, text: str) -> Understanding:
        begun = time.perf_counter()
        found = self._second.parse(text)
        self.watch.parsed(self._second.name, OK, time.perf_counter() - begun)
        return found


def _as_failure(error: Exception) -> ParseFailed:
    """A fault of our own costs this text's answer only; its message may hold the text."""
    if isinstance(error, ParseFailed):
        return error
    return ParseFailed(FAULT, f"{type(error).__name__} in our own code.")


class _Memory:
    """What was found lately, by text. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[float, Understanding]] = OrderedDict()

    def get(self, text: str) -> Understanding | None:
        with self._lock:
            until, found = self._found.get(text, (0.0, None))
            if found is not None and until < self._clock():
                del self._found[text]
                return None
            return found

    def put(self, text: str, found: Understanding) -> None:
        with self._lock:
            self._found[text] = (self._clock() + REMEMBERED_SECONDS, found)
            self._found.move_to_end(text)
            if len(self._found) > REMEMBERED:
                self._found.popitem(last=False)
