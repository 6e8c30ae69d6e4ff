"""The whole town: built from one seed, lived through, settled."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.people import Script
from tests.platforms import FakeTelegram, FakeWhatsApp
from tests.platforms.faults import Pace, telegram_paces, whatsapp_paces
from tests.platforms.whatsapp_users import WhatsAppUser
from tests.rig import office_config
from tests.simulation import storm
from tests.simulation.desk import Desk
from tests.simulation.hurried import CHATS
from tests.simulation.lines import Doors, Line, TelegramLine, WebLine, WhatsAppLine
from tests.simulation.office import TOKEN, Office, change
from tests.simulation.people import Habits, Person

SPEED = 20.0
"""How much quicker the platforms' own pauses are."""
_KINDS = ("telegram", "whatsapp", "telegram", "whatsapp", "web")
_MESSAGES = 16
"""Most messages a user that are said between two kills, with one kill a user."""
_WAITING = "outbox WHERE state IN ('queued', 'sending', 'announcing')"
_LEASED = "lanes WHERE owner IS NOT NULL"
_FETCHING = "attachments WHERE state = 'fetching'"


@dataclass(frozen=True)
class Plan:
    """What a run is made of. ``minutes`` is how long it may take, ``calm`` leaves only kills."""

    seed: int
    users: int = 60
    kills: int = 3
    replicas: int = 1
    postgres: bool = False
    minutes: float = 5.0
    calm: bool = False

    def replay(self) -> str:
        """The line that runs the same again."""
        words = [
            f"python -m tests.simulation --seed {self.seed} --users {self.users}",
            f"--kills {self.kills} --minutes {self.minutes:g}",
        ]
        if self.postgres:
            words.append(f"--database postgres --replicas {self.replicas}")
        return " ".join([*words, "--calm"] if self.calm else words)


@dataclass
class Town:
    """``url`` names the PostgreSQL to use; empty: SQLite. ``told`` hears what happens."""

    folder: Path
    plan: Plan
    url: str = ""
    told: Callable[[str], None] = lambda words: None
    people: list[Person] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    stormy: bool = True
    over: bool = False

    def __post_init__(self) -> None:
        seed, calm = self.plan.seed, self.plan.calm
        self.telegram = FakeTelegram(
            storm.faults(seed, "telegram", calm=calm), token=TOKEN, speed=SPEED
        )
        self.whatsapp = FakeWhatsApp(storm.faults(seed, "whatsapp", calm=calm), speed=SPEED)
        self.telegram.paces = telegram_paces() | {"chat": Pace(CHATS["telegram"], 3)}
        self.whatsapp.paces = whatsapp_paces() | {"pair": Pace(CHATS["whatsapp"], 45)}
        self.office = Office(
            self.folder, self.telegram, self.whatsapp, self.url, self.plan.replicas
        )
        self.desk = Desk(self.office, self.folder, seed, self._day_passes)
        span = max(2, round(_MESSAGES * self.plan.users / max(1, self.plan.kills)))
        chance = random.Random(f"{seed}:kills")
        self.killer = storm.Killer(self.office, chance, self._progress, span)

    async def live(self) -> None:
        """Everybody lives their cases while servers die; then all settles."""
        async with self.telegram.serving(), self.whatsapp.serving():
            try:
                await asyncio.to_thread(self._begin)
                async with asyncio.timeout(self.plan.minutes * 60):
                    await self._lives()
                codes = [await asyncio.to_thread(s.stop) for s in self.office.served]
                assert codes == [0] * len(codes), f"the servers ended with {codes}"
            except BaseException:
                print(self.where())
                raise
            finally:
                await asyncio.to_thread(self._end)

    def where(self) -> str:
        """Where everybody is, for whoever looks for a fault."""
        people = [p.where() for p in self.people if p.stage != "content"][:12]
        posts = [self.telegram.postman.state(), self.whatsapp.postman.state()]
        return "\n".join([*people, self.desk.where(), *posts, self.office.log()])

    def _begin(self) -> None:
        self.office.build()
        self.desk.open()
        for served in self.office.served:
            served.spawn()
        for served in self.office.served:
            served.wait(90)

    def _end(self) -> None:
        for served in self.office.served:
            served.kill()
        self.desk.close()

    async def _lives(self) -> None:
        self.office.open_doors()
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
        async with httpx.AsyncClient(timeout=10, limits=limits) as http:
            doors = Doors(http, [s.url for s in self.office.served])
            self.people = list(self._people(doors))
            desk = asyncio.create_task(self.desk.work(lambda: self.over))
            watch = asyncio.create_task(self._watch())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._kill())
                for person in self.people:
                    tasks.create_task(self._one(person))
            self.over = True
            await asyncio.gather(desk, watch)
            await self._quiet()
            for person in self.people:
                if isinstance(person.line, WebLine):
                    await person.line.read_to_the_end()

    async def _one(self, person: Person) -> None:
        await person.live(lambda: not self.stormy)
        await person.settle()
        person.stage = "content"

    async def _kill(self) -> None:
        await self.killer.run(
            self.plan.kills, lambda: self.told(f"kill {self.office.kills} of {self.plan.kills}")
        )
        self.stormy = False

    async def _watch(self) -> None:
        """Tell people which tickets are closed."""
        while not self.over:
            query = "SELECT number FROM tickets WHERE state = 'ditutup'"
            rows = await asyncio.to_thread(self.office.rows, query)
            self.closed |= {row.number for row in rows}
            content = sum(p.stage == "content" for p in self.people)
            self.told(f"{content} of {len(self.people)} content, {len(rows)} tickets closed")
            await asyncio.sleep(0.5)

    async def _quiet(self) -> None:
        storm.calm(self.telegram, self.whatsapp)
        for fake in (self.telegram, self.whatsapp):
            await fake.settle(60)
        for what in (_WAITING, _LEASED, _FETCHING):
            await self._none(what)
        for fake in (self.telegram, self.whatsapp):  # the last statuses
            await fake.settle(30)

    async def _none(self, what: str) -> None:
        left = 1
        end = time.monotonic() + 150
        while left:
            left = await asyncio.to_thread(self.office.count, what)
            self.told(f"{left} left of {what.split()[0]}")
            assert time.monotonic() < end, f"{left} are left of {what}"
            await asyncio.sleep(0.2)

    def _progress(self) -> int:
        """How many messages of people were taken."""
        return sum(p.line.taken() for p in self.people)

    def _day_passes(self, name: str) -> None:
        """For some people on WhatsApp, before the desk speaks to them."""
        person = next((p for p in self.people if p.name == name), None)
        if person is None or not person.habits.away or not isinstance(person.line, WhatsAppLine):
            return
        known = random.Random(f"{self.plan.seed}:{name}:day").random() < 0.5
        storm.pass_a_day(self.office, self.whatsapp, person.line.user, known=known)

    def _people(self, doors: Doors) -> Iterator[Person]:
        script = Script.of(office_config(change).office)
        for number in range(self.plan.users):
            kind = _KINDS[number % len(_KINDS)]
            name = f"{kind}{number}"
            rng = random.Random(f"{self.plan.seed}:{name}")
            line = self._line(kind, name, number, rng, doors)
            habits = Habits.of(rng, line, calm=self.plan.calm)
            person = Person(name, line, script, rng, habits, self.closed)
            if isinstance(line, TelegramLine):
                person.mishap = lambda fault, at=line.user.chat: self._mishap(at, fault)  # type: ignore[misc]
            elif isinstance(line, WhatsAppLine):
                person.mishap = lambda fault, at=line.user: self._mishap(at, fault)  # type: ignore[misc]
            yield person

    def _mishap(self, who: int | WhatsAppUser, fault: str) -> None:
        fake = self.telegram if isinstance(who, int) else self.whatsapp
        fake.faults.next(who, fault)

    def _line(self, kind: str, name: str, number: int, rng: random.Random, doors: Doors) -> Line:
        if kind == "web":
            line = WebLine(name, doors, rng)
            line.deaths = lambda: self.office.kills
            return line
        if kind == "telegram":
            return TelegramLine(self.telegram.user(610000 + number, name))
        ids = rng.choice(("both", "both", "hidden", "number"))
        wa_id = f"62812{number:07d}"
        bsuid = None if ids == "number" else f"ID.{770000 + number}"
        user = self.whatsapp.user(wa_id, bsuid, name=name, shows_number=ids != "hidden")
        return WhatsAppLine(user)
