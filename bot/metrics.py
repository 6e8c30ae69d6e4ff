"""What is counted, for Prometheus: one registry for each application.

Names begin with ``loket_``; a label's values are few and never come from a user.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal, get_args

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

from bot.gauges import QueueGauges

PARSE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
SEND_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MOST_CODES = 60  # of one channel; WhatsApp documents some forty
OTHER = "other"
_CODE = re.compile(r"[A-Za-z0-9_.:-]{0,32}")

# The words that are counted; another one is OTHER.
Sent = Literal["sent", "again", "failed", "unknown", "held", "withdrawn"]
SENT = get_args(Sent)
RECEIPTS = ("sent", "delivered", "read", "failed")
HEARD = ("handled", "duplicate", "parked", "ignored", "refused")
PAUSED = ("chat", "account", "broken")


class Metrics:
    """The registry and what stands in it. Whoever counts gets its part of it at wiring; a new
    part is a class like ``NluMetrics`` and a line here."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.nlu = NluMetrics(self.registry)
        self.delivery = DeliveryMetrics(self.registry)
        self.queue = QueueGauges(self.registry)

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


class DeliveryMetrics:
    """What goes out and what comes in."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._codes: defaultdict[str, set[str]] = defaultdict(set)
        self._sent = Counter(
            "loket_delivery",
            "What became of messages on their way out; code is the platform's own error code.",
            ("channel", "outcome", "code"),
            registry=registry,
        )
        self._seconds = Histogram(
            "loket_delivery_seconds",
            "How long a platform took to answer when a message was sent, failures included.",
            ("channel",),
            buckets=SEND_SECONDS,
            registry=registry,
        )
        self._receipts = Counter(
            "loket_receipts",
            "What a platform told later of messages that went out.",
            ("channel", "state"),
            registry=registry,
        )
        self._heard = Counter(
            "loket_heard", "Events that came in.", ("channel", "outcome"), registry=registry
        )
        self._paused = Counter(
            "loket_delivery_paused",
            "Pauses of a chat or an account; broken: the platform refuses our credentials.",
            ("channel", "scope"),
            registry=registry,
        )

    def knows(self, channels: Iterable[str]) -> None:
        """These are open. Their counters begin at 0, so that the first of anything is seen."""
        for channel in channels:
            self._sent.labels(channel, "sent", "")
            for outcome in HEARD:
                self._heard.labels(channel, outcome)
            for scope in PAUSED:
                self._paused.labels(channel, scope)

    def sent(self, channel: str, outcome: Sent, code: str = "", seconds: float = -1.0) -> None:
        """What became of a message (a word of ``SENT``), or of one attempt (``again``). ``code``
        is the platform's name of the error, ``seconds`` how long it took to answer (below 0: it
        was not asked)."""
        self._sent.labels(channel, _word(outcome, SENT), self._code(channel, code)).inc()
        if seconds >= 0:
            self._seconds.labels(channel).observe(seconds)

    def receipt(self, channel: str, state: str) -> None:
        """A platform told later what became of a message (``bot.channels.port.Receipt.state``)."""
        self._receipts.labels(channel, _word(state, RECEIPTS)).inc()

    def heard(self, channel: str, outcome: str) -> None:
        """An event came in (a word of ``HEARD``): duplicate was known already, parked is what we
        failed on, ignored is none of ours, refused came with a bad signature or too large."""
        self._heard.labels(channel, _word(outcome, HEARD)).inc()

    def paused(self, channel: str, scope: str) -> None:
        """A chat or an account is left alone for a while; ``broken``: the account, because the
        platform refuses our credentials."""
        self._paused.labels(channel, _word(scope, PAUSED)).inc()

    def _code(self, channel: str, code: str) -> str:
        """A platform may say anything: what is no code, or one too many, is ``other``."""
        known = self._codes[channel]
        if code in known:
            return code
        if not _CODE.fullmatch(code) or len(known) >= MOST_CODES:
            return OTHER
        known.add(code)
        return code


def _word(word: str, known: tuple[str, ...]) -> str:
    return word if word in known else OTHER
