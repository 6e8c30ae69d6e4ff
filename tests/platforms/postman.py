"""Brings a platform's news to the bot's webhook, again and again until it is taken.

What a user did waits here while the bot is down. Within a lane (a chat) it goes in order, and
what is not taken holds up its lane, as Telegram's own server does.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.platforms.faults import Faults

CONNECTIONS = 40
"""How many calls at once, as Telegram's ``max_connections`` at first."""
PATIENCE = 20.0
"""Seconds the bot may take for an answer."""
_LONGEST_BATCH = 12
_GATHERING = 0.03


@dataclass(eq=False)
class Parcel:
    """One piece of news for the bot. ``id`` is the platform's (update id, wamid, or wamid and
    status), ``who`` whom it is about, ``words`` what they said. ``statuses`` are the bot's
    answers, one an attempt (0: not reached); ``taken`` is when it said 2xx first."""

    lane: str
    id: str
    content: dict[str, Any]
    who: Any = None
    words: str = ""
    at: float = 0.0
    statuses: list[int] = field(default_factory=list)
    taken: float | None = None


@dataclass(frozen=True, slots=True)
class Stray:
    """What only looked like news. ``kind`` is ``poison``, ``forged``, ``late`` or
    ``duplicate``; ``status`` the bot's answer (0: not reached)."""

    kind: str
    body: bytes
    status: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """A call of the webhook."""

    body: bytes
    headers: dict[str, str]


@dataclass
class Lane:
    """What waits behind each other."""

    queue: deque[Parcel] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Postman:
    """``pack`` makes an envelope of news, ``forge`` a false one of them, ``poisons`` something
    strange with a right signature. ``batches`` says that news travel together, ``within`` that
    news of one lane may overtake each other. ``doors`` are the addresses he may choose from at
    every attempt, as a load balancer does; while there is none everything waits.

    ``parcels`` is all there ever was, in the order in which it was said."""

    def __init__(
        self,
        faults: Faults,
        pack: Callable[[list[Parcel]], Envelope],
        forge: Callable[[list[Parcel]], Envelope],
        poisons: Callable[[], Envelope],
        *,
        clock: Callable[[], float],
        speed: float = 1.0,
        batches: bool = False,
        within: bool = False,
    ) -> None:
        self._doors: list[str] = []
        self._open = asyncio.Event()
        self.parcels: list[Parcel] = []
        self.strays: list[Stray] = []
        self.last_error = ""
        self._pack, self._forge, self._poisons = pack, forge, poisons
        self._faults, self._clock, self._speed = faults, clock, speed
        self._batches, self._within = batches, within
        self._lanes: dict[str, Lane] = {}
        self._waiting: dict[int, Parcel] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession | None = None
        self._ids = itertools.count(1)

    @property
    def doors(self) -> list[str]:
        return self._doors

    @doors.setter
    def doors(self, urls: list[str]) -> None:
        self._doors = urls
        (self._open.set if urls else self._open.clear)()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Deliver what waits and what comes."""
        pool = aiohttp.TCPConnector(limit=CONNECTIONS)
        patience = aiohttp.ClientTimeout(PATIENCE)
        async with aiohttp.ClientSession(connector=pool, timeout=patience) as self._http:
            self._loop = asyncio.get_running_loop()
            for lane in self._lanes:
                self._begin(self._run(lane))
            try:
                yield
            finally:
                self._loop = None
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def post(self, parcel: Parcel) -> Parcel:
        """Take news along; from any thread."""
        parcel.at = self._clock()
        self.parcels.append(parcel)
        self._waiting[id(parcel)] = parcel
        if self._within and self._faults.hit("reorder"):
            parcel.lane = f"{parcel.lane}/{next(self._ids)}"
        if self._loop is None:
            self._put(parcel)
        else:
            self._loop.call_soon_threadsafe(self._put, parcel)
        return parcel

    def waiting(self) -> list[Parcel]:
        """What was not taken yet, oldest first."""
        return list(self._waiting.values())

    def drop(self, parcel: Parcel) -> None:
        """It was taken in another way (getUpdates)."""
        self._took(parcel)
        if (lane := self._lanes.get(parcel.lane)) and parcel in lane.queue:
            lane.queue.remove(parcel)

    def state(self) -> str:
        """Where things are, for whoever looks for a fault."""
        waiting = [(p.lane, p.id, p.words, p.statuses[-5:]) for p in self.waiting()[:5]]
        return f"{len(self._waiting)} wait {waiting}; {self.last_error}"

    def _put(self, parcel: Parcel) -> None:
        lane = self._lanes.get(parcel.lane)
        if lane is None:
            lane = self._lanes[parcel.lane] = Lane()
            if self._loop is not None:
                self._begin(self._run(parcel.lane))
        lane.queue.append(parcel)

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.last_error = f"the fake itself failed: {fault!r}"

    async def _run(self, name: str) -> None:
        """Empty a lane."""
        lane = self._lanes[name]
        while lane.queue:
            if "/" in name or (not self._within and self._faults.hit("reorder")):
                await asyncio.sleep(self._faults.rng.uniform(0, 1 / self._speed))
            together = self._batches and self._faults.hit("batch")
            if together or (self._batches and self._faults.batch):
                await asyncio.sleep(_GATHERING * self._faults.rng.random())
            async with lane.lock, AsyncExitStack() as stack:
                if lane.queue:
                    whole = self._gather(lane, stack) if together else _only(lane)
                    await self._bring(await whole)
        self._lanes.pop(name, None)

    async def _gather(self, own: Lane, stack: AsyncExitStack) -> list[Parcel]:
        """Heads of lanes that nobody works on, each lane's in order."""
        found = list(own.queue)[: self._faults.rng.randint(1, 3)]
        for lane in list(self._lanes.values()):
            if len(found) < _LONGEST_BATCH and lane.queue and not lane.lock.locked():
                await stack.enter_async_context(lane.lock)
                found += list(lane.queue)[:2]
        return found

    async def _bring(self, parcels: list[Parcel]) -> None:
        """Until the bot says 2xx; then these leave their lanes."""
        failures = 0
        while True:
            await self._open.wait()
            await self._strays(parcels)
            envelope = self._pack(parcels)
            status, wait = await self._call(envelope)
            for parcel in parcels:
                parcel.statuses.append(status)
            if 200 <= status < 300:
                break
            await asyncio.sleep(self._pause(failures) if wait is None else wait / self._speed)
            failures += 1
        for parcel in parcels:
            self._took(parcel)
            if (lane := self._lanes.get(parcel.lane)) and parcel in lane.queue:
                lane.queue.remove(parcel)
        if self._faults.hit("duplicate"):
            await self._stray("duplicate", envelope)
        if self._faults.hit("late"):
            self._begin(self._later(envelope))

    async def _strays(self, parcels: list[Parcel]) -> None:
        if self._faults.hit("poison"):
            await self._stray("poison", self._poisons())
        if self._faults.hit("forged"):
            await self._stray("forged", self._forge(parcels))

    async def _stray(self, kind: str, envelope: Envelope) -> None:
        status, _ = await self._call(envelope)
        self.strays.append(Stray(kind, envelope.body, status))

    async def _later(self, envelope: Envelope) -> None:
        await asyncio.sleep(self._faults.rng.uniform(0.5, 20) / self._speed)
        await self._stray("late", envelope)

    def _took(self, parcel: Parcel) -> None:
        if self._waiting.pop(id(parcel), None) is not None:
            parcel.taken = self._clock()

    def _pause(self, failures: int) -> float:
        """Again at once, then after 2, 4, 8 ... s, at most one or two minutes."""
        longest = self._faults.rng.uniform(60, 120)
        pause = min(2.0**failures, longest) if failures else 0.0
        return max(pause / self._speed, 0.01)

    async def _call(self, envelope: Envelope) -> tuple[int, float | None]:
        """The bot's answer, and how long it asks to wait."""
        assert self._http is not None
        if not self._doors:
            return 0, None
        door = self._faults.rng.choice(self._doors)
        head = {"Content-Type": "application/json", **envelope.headers}
        try:
            async with self._http.post(door, data=envelope.body, headers=head) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as fault:
            self.last_error = f"{type(fault).__name__}: {fault}"
            return 0, None
        if not answer.ok:
            self.last_error = f"Wrong response from the webhook: {answer.status}"
        asked = answer.headers.get("Retry-After", "")
        return answer.status, min(float(asked), 3600) if asked.isdigit() else None


async def _only(lane: Lane) -> list[Parcel]:
    return [lane.queue[0]]
