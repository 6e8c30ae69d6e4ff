"""What may go wrong between a bot and a platform, by chance or on order.

Source of the faults: the platforms' published limits and error codes (Bot API, "Making
requests"; WhatsApp Cloud API, "Error codes" and "Webhooks").
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field

BEFORE = ("cut_before", "server_error")
"""Nothing was delivered: the connection is cut, or the answer is a 5xx."""
AFTER = ("cut_after", "hang")
"""Delivered, and the bot never learns it: cut, or no answer until it gives up."""


@dataclass
class Faults:
    """Probabilities (0 to 1), all 0 at first; they may be changed at any time.

    On the way out, for every message sent by the bot: ``cut_before``, ``server_error``,
    ``cut_after``, ``hang``; ``latency`` is the range of the time an answer takes, in seconds, a
    part of it before the delivery. ``account`` is the code with which every call is refused
    (Telegram 401; WhatsApp 190, 131031). ``refused_late`` makes a refusal of WhatsApp's about a
    recipient (131026, 131047) a failed status instead of an answer; ``fails_late`` are messages
    lost on the way that way for no reason (131000), ``window_wrong`` those refused with 131047
    though the window is open.

    On the way in, for every delivery: ``duplicate`` (once more at once), ``late`` (once more
    later), ``reorder`` (overtaken by others; within a user on WhatsApp only), ``batch`` (several
    in one payload, WhatsApp only), ``other_number`` (with news for another phone number id),
    ``poison`` (something strange before it), ``forged`` (a changed copy with a wrong signature
    before it).

    Of media: ``media_gone`` (an address answers 404 once), ``media_lies`` (type or checksum is
    wrong). Of statuses: ``status_twice``, ``status_shuffled``, ``status_early`` (before the
    answer to the send), ``status_never``, ``bare_failures`` (a ``failed`` with a number as its only
    contact, or with none); ``reads`` is how many messages are read,
    ``reads_only`` how many of these without a ``delivered``.
    """

    rng: random.Random = field(default_factory=lambda: random.Random(1))
    latency: tuple[float, float] = (0.0, 0.0)
    cut_before: float = 0.0
    server_error: float = 0.0
    cut_after: float = 0.0
    hang: float = 0.0
    account: int | None = None
    refused_late: float = 0.0
    fails_late: float = 0.0
    window_wrong: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0
    reorder: float = 0.0
    batch: float = 0.0
    other_number: float = 0.0
    poison: float = 0.0
    forged: float = 0.0
    media_gone: float = 0.0
    media_lies: float = 0.0
    status_twice: float = 0.0
    status_shuffled: float = 0.0
    status_early: float = 0.0
    status_never: float = 0.0
    bare_failures: float = 0.0
    reads: float = 0.0
    reads_only: float = 0.0
    _ordered: defaultdict[Hashable, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def next(self, who: Hashable, *kinds: str) -> None:
        """What shall happen to the next messages to ``who`` (a chat id; a WhatsApp user or one
        of their ids), one each: a name of the first four above, ``ok``, a Telegram refusal
        (``blocked``, ``deactivated``, ``kicked``, ``not_found``, ``rate``), or a WhatsApp code
        (``"131056"``; ``"131047 late"`` is accepted and fails later)."""
        self._ordered[who].extend(kinds)

    def draw(self, *who: Hashable) -> str:
        """What happens to a message to somebody with these ids: what was ordered, or chance."""
        for one in who:
            if ordered := self._ordered.get(one):
                return ordered.popleft()
        dice = self.rng.random()
        for kind in (*BEFORE, *AFTER):
            dice -= getattr(self, kind)
            if dice < 0:
                return kind
        return "ok"

    def hit(self, name: str) -> bool:
        """Whether chance says that this happens now."""
        chance: float = getattr(self, name)
        return chance > 0 and self.rng.random() < chance

    def calm(self) -> None:
        """From now on nothing goes wrong, so that what waits can settle."""
        for name, value in vars(type(self)()).items():
            if name not in ("rng", "reads", "reads_only"):
                setattr(self, name, value)


@dataclass
class Pace:
    """A rate that a platform enforces: ``per_second`` on average, ``burst`` at once (GCRA).
    ``refused`` counts what was too much."""

    per_second: float
    burst: int = 1
    refused: int = 0
    _full: dict[Hashable, float] = field(default_factory=dict)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until one more for ``key`` fits; 0 if now. Nothing is taken yet."""
        full = max(self._full.get(key, now), now)
        late = full - now - (self.burst - 1) / self.per_second
        if late <= 1e-6:
            return 0.0
        self.refused += 1
        return late

    def take(self, key: Hashable, now: float) -> None:
        """One more for ``key`` came."""
        self._full[key] = max(self._full.get(key, now), now) + 1 / self.per_second


def telegram_paces() -> dict[str, Pace]:
    """What Telegram advises, enforced: a chat 1/s with short bursts, a group 20 a minute, all
    30/s (Bot API FAQ, "My bot is hitting limits")."""
    return {"chat": Pace(1, 3), "group": Pace(20 / 60, 20), "account": Pace(30, 30)}


def whatsapp_paces() -> dict[str, Pace]:
    """What WhatsApp enforces: 80/s a number (130429), to one user one in 6 s with bursts of 45
    (131056)."""
    return {"account": Pace(80, 80), "pair": Pace(1 / 6, 45)}
