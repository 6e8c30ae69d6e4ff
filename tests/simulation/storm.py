"""What goes wrong: the platforms' faults, days that pass for a chat, and servers that die."""

from __future__ import annotations

import asyncio
import random
import time
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
LONGEST_LIFE = 20.0
"""Seconds after which one dies though nobody says anything."""

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
    """SIGKILLs one server after another, each after so many more messages were taken as its own
    chance says, and starts it again. ``progress`` counts what was taken, ``span`` is the most
    between two kills. ``at`` are the times (seconds since 1970) around the kills."""

    def __init__(
        self, office: Office, rng: random.Random, progress: Callable[[], int], span: int
    ) -> None:
        self._office, self._rng = office, rng
        self._progress, self._span = progress, span
        self.at: list[float] = []

    async def run(self, kills: int, told: Callable[[], None]) -> None:
        """All servers are up before and after."""
        while self._office.kills < kills:
            served = self._rng.choice(self._office.served)
            await self._so_many_more(self._rng.randint(1, self._span))
            await self._kill(served)
            served.spawn()
            if self._rng.random() < EARLY and self._office.kills < kills:
                await asyncio.sleep(self._rng.uniform(0.2, 1.2))
                await self._kill(served)
                served.spawn()
            told()
            await asyncio.to_thread(served.wait, 90)

    async def _so_many_more(self, messages: int) -> None:
        goal, end = self._progress() + messages, time.monotonic() + LONGEST_LIFE
        while self._progress() < goal and time.monotonic() < end:  # noqa: ASYNC110 -- it counts
            await asyncio.sleep(0.01)
        await asyncio.sleep(self._rng.uniform(0, 0.1))

    async def _kill(self, served: Served) -> None:
        self.at.append(time.time())
        await asyncio.to_thread(served.kill)
        self.at.append(time.time())
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
    for user in telegram.users.values():
        user.blocked = False
    for person in whatsapp.users:
        person.blocked = False
