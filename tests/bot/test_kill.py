"""The process is killed with SIGKILL at random moments, while people write on the web and on
Telegram, and started again: nothing is lost, nothing happens twice, nothing changes places.

Run one seed again with ``KILL_SEED=123``; the seed is printed when a test fails.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nlu.engines.port import Engine
from tests.bot.kill_checks import Aftermath
from tests.people import Chatterer, Person, Script, TelegramPerson, WebPerson
from tests.platforms import FakeTelegram, Faults
from tests.process import WEBHOOK_SECRET, Served
from tests.rig import office_config

WEB, CHATTING, ON_TELEGRAM = 4, 2, 4
LONGEST_LIFE = 1.4  # seconds after the start
EARLY = 0.15  # how many die before they have started


class Town:
    """An office's server, a Telegram, and people who use both."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder = folder
        self.kills = 0
        self.done = False
        self.telegram = FakeTelegram(Faults(self.rng, latency=(0, 0.15)))
        self.people: list[Person] = []

    async def live(self, kills: int) -> Aftermath:
        """Everybody talks while the server is killed ``kills`` times; then all settles."""
        async with self.telegram.serving():
            self.served = Served(
                self.folder,
                _hurried,
                LOKET_TELEGRAM_TOKEN="700001:synthetic",
                LOKET_TELEGRAM_SECRET=WEBHOOK_SECRET,
                LOKET_TELEGRAM_BASE_URL=self.telegram.url,
            )
            try:
                async with asyncio.timeout(60 + 8 * kills):
                    await self._talk(kills)
                    await self._settle()
                assert await asyncio.to_thread(self.served.stop) is not None
            except BaseException:
                print(self.served.log(), *(p.where() for p in self.people), sep="\n")
                raise
            finally:
                await asyncio.to_thread(self.served.kill)
        return Aftermath(self.served, self.people, self.telegram)

    async def _talk(self, kills: int) -> None:
        limits = httpx.Limits(max_keepalive_connections=20)
        async with httpx.AsyncClient(base_url=self.served.url, timeout=10, limits=limits) as http:
            self.people = list(self._people(http))
            for person in self.people:
                person.deaths = lambda: self.kills
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._kill(kills))
                for person in self.people:
                    tasks.create_task(self._be(person))

    async def _be(self, person: Person) -> None:
        if isinstance(person, WebPerson):
            await person.open()
        await person.run(lambda: self.done)

    async def _kill(self, kills: int) -> None:
        for _ in range(kills):
            self.served.spawn()
            if self.rng.random() > EARLY:
                await asyncio.to_thread(self.served.wait)
            await asyncio.sleep(self.rng.uniform(0, LONGEST_LIFE))
            await asyncio.to_thread(self.served.kill)
            self.kills += 1
        await asyncio.to_thread(self.served.start)
        self.done = True

    async def _settle(self) -> None:
        waiting = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
        end = time.monotonic() + 60
        while left := self.served.rows(waiting)[0][0]:
            assert time.monotonic() < end, f"{left} messages never went out: {self.served.log()}"
            await asyncio.sleep(0.1)
        async with httpx.AsyncClient(base_url=self.served.url) as http:
            for person in self.people:
                if isinstance(person, WebPerson):
                    person.http = http
                    await person.read_to_the_end()

    def _people(self, http: httpx.AsyncClient) -> Iterator[Person]:
        script = Script.of(office_config().office)
        updates = itertools.count(5000)
        for number in range(WEB):
            yield WebPerson(f"web{number}", script, self._own(), http=http)
        for number in range(CHATTING):
            yield Chatterer(f"obrolan{number}", script, self._own(), http=http)
        for number in range(ON_TELEGRAM):
            yield TelegramPerson(
                f"tele{number}",
                script,
                self._own(),
                http=http,
                patience=12.0,  # what was cut off twice never comes
                telegram=self.telegram,
                chat=610000 + number,
                updates=updates,
            )

    def _own(self) -> random.Random:
        return random.Random(self.rng.random())


def _hurried(config: dict[str, Any]) -> None:
    """The office's own configuration, but nobody waits for a burst to end or is slowed."""
    config["channels"]["telegram"] = "webhook"
    config["conversation"]["burst"] = {"breath_seconds": 0.1, "fragment_seconds": 0.2}
    config["conversation"]["messages_per_minute"] = 600


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.long)])
def test_a_server_killed_at_random_moments_loses_and_doubles_nothing(
    kills: int, tmp_path: Path, engine: Engine
) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"KILL_SEED={seed}")
    aftermath = asyncio.run(Town(tmp_path / "office", seed).live(kills))
    print(aftermath.summary())
    aftermath.check()
