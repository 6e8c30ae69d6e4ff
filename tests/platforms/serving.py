"""What both fakes share: a server of their own, and faults on the bot's calls."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.platforms.faults import AFTER, Faults, Pace
from tests.platforms.postman import Postman
from tests.process import quiet_port


@dataclass(frozen=True, slots=True)
class Cut:
    """A message that arrived although the bot was never told: it may rightly come again.
    ``fault`` is why: ``hang``, ``cut_after``, or ``gone`` (the bot hung up, or died)."""

    who: Any
    message: Any
    fault: str


class Refusal(Exception):
    """A call is refused with this answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class Platform(ABC):
    """A fake platform. ``clock`` (seconds since 1970) decides over windows and rates, ``speed``
    shortens the platform's own pauses (2: twice as quick). ``paces`` are the enforced rates,
    none at first. ``cut`` lists deliveries of which the bot was not told."""

    postman: Postman
    me: str

    def __init__(self, faults: Faults | None, clock: Callable[[], float], speed: float) -> None:
        self.url = ""
        self.faults = faults or Faults()
        self.clock = clock
        self.speed = speed
        self.paces: dict[str, Pace] = {}
        self.cut: list[Cut] = []
        self.started = time.time()
        self._closing = asyncio.Event()

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """What the bot may call."""

    @asynccontextmanager
    async def serving(self, port: int | None = None) -> AsyncIterator[None]:
        """Open for the bot on a port of its own, in the running loop."""
        port = port or quiet_port()
        self.url = f"http://127.0.0.1:{port}"
        self._closing = asyncio.Event()
        config = uvicorn.Config(
            Starlette(routes=self.routes()),
            port=port,
            http=_Cuttable,
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        async with guest_server(config):
            try:
                async with self.postman.working():
                    yield
            finally:
                self._closing.set()

    async def settle(self, seconds: float = 30) -> None:
        """Until the bot has taken all that was said to it."""
        await until(lambda: not self.postman.waiting(), seconds, self.postman.state)

    async def deliver(
        self,
        request: Request,
        who: tuple[Hashable, ...],
        arrive: Callable[[str], Awaitable[tuple[Any, Response]]],
    ) -> Response:
        """The bot sends one message to somebody with these ids. ``arrive`` keeps it (its
        argument: a fault it is to refuse by itself, or ``ok``) and gives it with the answer."""
        fault = self.faults.draw(*who)
        share, wait = self.faults.rng.random(), self.faults.rng.uniform(*self.faults.latency)
        await asyncio.sleep(share * wait)
        if fault == "cut_before":
            return await self._cut_off(request)
        if fault == "server_error":
            return self.server_error()
        try:
            message, answer = await arrive("ok" if fault in AFTER else fault)
        except Refusal as refusal:
            return refusal.answer
        await asyncio.sleep((1 - share) * wait)
        if fault == "hang":
            self.cut.append(Cut(who[0], message, fault))
            await self._given_up(request)
        elif fault == "cut_after":
            self.cut.append(Cut(who[0], message, fault))
            return await self._cut_off(request)
        elif wait and await request.is_disconnected():
            self.cut.append(Cut(who[0], message, "gone"))
        return answer

    @abstractmethod
    def server_error(self) -> Response:
        """The platform's own words for "something went wrong here"."""

    def too_fast(self, keys: dict[str, Hashable]) -> tuple[str, float] | None:
        """The first pace that is exceeded, with the seconds to wait; otherwise one is taken
        from each."""
        now = self.clock()
        paces = [(name, self.paces[name], key) for name, key in keys.items() if name in self.paces]
        for name, pace, key in paces:
            if (seconds := pace.wait(key, now)) > 0:
                return name, seconds
        for _, pace, key in paces:
            pace.take(key, now)
        return None

    async def _given_up(self, request: Request) -> None:
        """Until the bot hangs up."""
        gone = asyncio.create_task(_hung_up(request))
        closing = asyncio.create_task(self._closing.wait())
        await asyncio.wait((gone, closing), return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, closing):
            task.cancel()

    async def _cut_off(self, request: Request) -> Response:
        """Hang up without a word: at times politely, at times not."""
        connection = request.scope["extensions"]["connection"]
        (connection.abort if self.faults.rng.random() < 0.5 else connection.close)()
        await _hung_up(request)
        return Response(status_code=500)


@asynccontextmanager
async def guest_server(config: uvicorn.Config) -> AsyncIterator[None]:
    """A server within the running loop; signals stay with whoever has them."""
    server = _Guest(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not task.done(), "the server did not start"
            await asyncio.sleep(0.002)
        yield
    finally:
        server.should_exit = True
        await task


async def read(request: Request) -> bytes:
    """The body; a bot that dies before it has said it all has said nothing."""
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refusal(Response(status_code=400)) from None


async def until(
    what: Callable[[], Any], seconds: float = 20, hint: Callable[[], object] = str
) -> Any:
    """Wait until ``what`` holds, in the running loop; what it gave."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"it did not happen in {seconds:g} s: {hint()}"
        await asyncio.sleep(0.005)
    return found


def is_local(url: str) -> bool:
    """Whether a URL leads to this machine: nothing of ours ever calls another."""
    return httpx.URL(url).host in ("127.0.0.1", "localhost")


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Guest(uvicorn.Server):
    """A server in somebody else's loop: signals stay theirs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Cuttable(HttpToolsProtocol):
    """Lets the application hang up."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"connection": self.transport}  # type: ignore[dict-item]
