"""What goes wrong: the platforms' faults, days that pass for a chat, and servers that die."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from storage.repositories import conversations
from storage.unit import Unit
from tests.platforms import FakeTelegram, FakeWhatsApp, Faults
from tests.process import Served
from tests.simulation.office import Office

EARLY = 0.15
"""How many servers die before they have started."""

_ON_THE_WAY = {
    "latency": (0.0, 0.05),
    "cut_before": 0.01,
    "server_error": 0.01,
    "cut_after": 0.006,
    "hang": 0.002,
    "duplicate": 0.08,
    "late": 0.05,
    "reorder": 0.05,
    "poison": 0.01,
    "forged": 0.03,
    "media_gone": 0.1,
}
_OF_WHATSAPP = {
    "refused_late": 0.5,
    "fails_late": 0.006,
    "window_wrong": 0.002,
    "batch": 0.3,
    "other_number": 0.02,
    "status_twice": 0.1,
    "status_shuffled": 0.2,
    "status_early": 0.05,
    "status_never": 0.03,
    "bare_failures": 0.3,
    "reads": 0.4,
    "reads_only": 0.3,
}
_CALM = {"latency": (0.0, 0.1), "reads": 0.3}


def faults(seed: int, platform: str, *, calm: bool) -> Faults:
    """The faults of one platform; ``calm``: only the time that things take."""
    chosen: dict[str, Any] = {**_CALM} if calm else {**_ON_THE_WAY}
    if platform == "whatsapp" and not calm:
        chosen |= _OF_WHATSAPP
    return Faults(random.Random(f"{seed}:{platform}"), **chosen)


class Killer:
    """SIGKILLs one server after another at moments of its own chance, and starts it again.
    ``at`` are the times (seconds since 1970) of the kills."""

    def __init__(self, office: Office, rng: random.Random, clock: Callable[[], float]) -> None:
        self._office, self._rng, self._clock = office, rng, clock
        self.at: list[float] = []

    async def run(self, kills: int, told: Callable[[], None]) -> None:
        """All servers are up before and after."""
        for _ in range(kills):
            served = self._rng.choice(self._office.served)
            await asyncio.sleep(self._life())
            await self._kill(served)
            told()
            served.spawn()
            if self._rng.random() < EARLY:
                await asyncio.sleep(self._rng.uniform(0.2, 1.2))
                await self._kill(served)
                served.spawn()
            await asyncio.to_thread(served.wait)

    def _life(self) -> float:
        """Seconds; many die young."""
        return self._rng.uniform(0, 1.4) if self._rng.random() < 0.5 else self._rng.uniform(1, 6)

    async def _kill(self, served: Served) -> None:
        self.at.append(self._clock())
        await asyncio.to_thread(served.kill)
        self.at.append(self._clock())
        self._office.kills += 1


def pass_a_day(office: Office, fake: FakeWhatsApp, user: Any, *, known: bool) -> None:
    """More than 24 hours pass for one chat on WhatsApp. ``known``: for the office too; else it
    learns it by a refusal."""
    fake.close_window(user)
    if not known:
        return

    def write(unit: Unit) -> None:
        query = "SELECT id FROM conversations WHERE channel = 'whatsapp' AND {0} IN ({1})"
        ids = {f"i{n}": name for n, name in enumerate(sorted(user.ids))}
        names = ", ".join(f":{key}" for key in ids)
        for (found,) in office.rows(query.format("chat", names), **ids):
            case = conversations.load_locked(unit.connection, found)
            if case.window_until is not None:
                past = case.window_until - timedelta(hours=30)
                conversations.close_window(unit.connection, found, past)

    office.database.write(write)


def calm(telegram: FakeTelegram, whatsapp: FakeWhatsApp) -> None:
    """Nothing goes wrong any more, and everybody can be reached."""
    for fake in (telegram, whatsapp):
        fake.faults.calm()
    for user in (*telegram.users.values(), *whatsapp.users):
        user.blocked = False
