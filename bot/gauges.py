"""What waits in the database, for Prometheus: read when it is asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.clock import Clock
from bot.look import Look
from bot.outages import SERVE
from storage.database import Database, Unavailable
from storage.repositories import gauges

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0

Values = Mapping[tuple[str, ...], float]


class QueueGauges(Collector):
    """Gauges over the database. While it does not answer only ``loket_database_up`` is there:
    an old number would look like a good one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._look: Look[gauges.Gauges | None] | None = None
        self._channels: tuple[str, ...] = ()
        self._seen: gauges.Gauges | None = None
        registry.register(self)

    def follow(self, database: Database, clock: Clock, channels: Iterable[str]) -> None:
        """Where to read, and which channels are shown also while nothing waits on them."""

        async def read() -> gauges.Gauges | None:
            try:
                return await asyncio.to_thread(
                    database.read, lambda c: gauges.read(c, clock.now(), SERVE)
                )
            except Unavailable as error:
                log.warning("no gauges: %s", error)
            except Exception:  # counters are shown all the same
                log.exception("the gauges could not be read")
            return None

        self._channels = tuple(channels)
        self._look = Look(read, clock.steady)

    async def refresh(self) -> None:
        """Read anew, at most once a second; before ``collect``."""
        if self._look is not None:
            self._seen = await self._look.answer(PATIENCE_SECONDS)

    def describe(self) -> Iterable[Metric]:
        """All names, for the registry."""
        return [_UP, *(_family(name, {}) for name in _ABOUT)]

    def collect(self) -> Iterator[Metric]:
        """What was read last."""
        if self._look is None:
            return
        yield GaugeMetricFamily(_UP.name, _UP.documentation, value=float(self._seen is not None))
        if self._seen is not None:
            for name, values in _values(self._seen, self._channels).items():
                yield _family(name, values)


_UP = GaugeMetricFamily("loket_database_up", "1 if the database answers, else 0.")
_ABOUT: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "loket_outbox_rows": ("Messages on their way out.", ("channel", "state")),
    "loket_outbox_oldest_seconds": (
        "How long the oldest message waits that should have gone by now; 0: none does.",
        ("channel",),
    ),
    "loket_outbox_lost": (
        "Messages that did not reach their user and that nobody has looked after.",
        ("state",),
    ),
    "loket_parked_events": ("Events our code failed on that nobody has resolved.", ("channel",)),
    "loket_files_waiting": ("Files still to be fetched from a platform.", ()),
    "loket_deadlines_late": ("Deadlines more than a minute overdue.", ()),
    "loket_heartbeat_age_seconds": ("How long ago the clock last noted that it is awake.", ()),
}


def _values(seen: gauges.Gauges, channels: tuple[str, ...]) -> dict[str, Values]:
    none: dict[str, float] = dict.fromkeys(channels, 0)
    rows: dict[tuple[str, ...], int] = dict.fromkeys(product(channels, gauges.WAITING), 0)
    return {
        "loket_outbox_rows": rows | seen.queue,
        "loket_outbox_oldest_seconds": _one(none | seen.oldest),
        "loket_outbox_lost": _one(dict.fromkeys(gauges.LOST, 0) | seen.lost),
        "loket_parked_events": _one(none | seen.parked),
        "loket_files_waiting": {(): seen.files},
        "loket_deadlines_late": {(): seen.late},
        "loket_heartbeat_age_seconds": {} if seen.beat is None else {(): seen.beat},
    }


def _one(values: Mapping[str, float]) -> Values:
    return {(label,): value for label, value in values.items()}


def _family(name: str, values: Values) -> Metric:
    about, labels = _ABOUT[name]
    family = GaugeMetricFamily(name, about, labels=labels)
    for found, value in values.items():
        family.add_metric(found, value)
    return family
