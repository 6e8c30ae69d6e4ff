"""What is counted, for Prometheus: one registry for each application.

Names begin with ``loket_``; a label's values are few and never come from a user.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

PARSE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The registry and what stands in it. Whoever counts gets its part of it at wiring; a new
    part is a class like ``NluMetrics`` and a line here."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.nlu = NluMetrics(self.registry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """All of it as text, in the newest format that the ``Accept`` header names; and that
        format's media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type


class NluMetrics:
    """How texts are understood. Implements ``nlu.engines.guarded.Watch``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._parses = Counter(
            "loket_nlu_parse",
            "Texts given to an NLU engine; outcome is ok or why it failed.",
            ("engine", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "loket_nlu_parse_seconds",
            "How long an NLU engine took for a text, failures included.",
            ("engine",),
            buckets=PARSE_SECONDS,
            registry=registry,
        )
        self._fallbacks = Counter(
            "loket_nlu_fallback",
            "Texts the builtin engine answered in place of the configured one.",
            ("reason",),
            registry=registry,
        )
        self._circuit = Gauge(
            "loket_nlu_circuit_open",
            "1 while the configured engine is left alone because it failed.",
            registry=registry,
        )

    def parsed(self, engine: str, outcome: str, seconds: float) -> None:
        """An engine was asked."""
        self._parses.labels(engine, outcome).inc()
        self._seconds.labels(engine).observe(seconds)

    def fell_back(self, reason: str) -> None:
        """The builtin engine had to answer."""
        self._fallbacks.labels(reason).inc()

    def follow_circuit(self, is_open: Callable[[], bool]) -> None:
        """Where the state of the circuit is looked up."""
        self._circuit.set_function(lambda: float(is_open()))
