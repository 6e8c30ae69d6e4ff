"""GET /console/kabar: "something changed, fetch again", as server-sent events (design 6.15).

A stream holds neither a thread nor a connection. Changes of this process ring the desk's bells;
what another replica wrote is noticed by one poll a second, for all streams together.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bot.speaking import BOARD
from bot.web.console.desk import Console, agent_of
from handoff.standing import Worker
from storage.database import Unavailable
from storage.repositories import watch
from storage.repositories.watch import Cursor

log = logging.getLogger(__name__)

POLL = 1.0
KEEP_ALIVE = 15.0
BREATH = 0.25  # several changes at once are one message
LIFE = 600.0  # then the browser comes back, past the guard


def routes(console: Console) -> list[Route]:
    """The stream; its path stands under ``/console``."""
    return [Route("/kabar", Live(console).stream, methods=["GET"])]


@dataclass
class Live:
    """The streams of this process, and the poll that runs while there are any."""

    console: Console
    open: int = 0
    _poll: asyncio.Task[None] | None = field(default=None, repr=False)

    async def stream(self, request: Request) -> Response:
        """``?untuk=`` a ticket's id, or 0 for the board."""
        text = request.query_params.get("untuk", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise HTTPException(404)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=headers)
        stream = self.events(agent_of(request), int(text))
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def events(self, worker: Worker, about: int) -> AsyncIterator[str]:
        """``kabar`` tells how many alerts wait, ``berubah`` that the page is to be fetched."""
        bells = self.console.bells.desk
        board, own = bells.open(BOARD), bells.open(about)
        self._begin()
        begun, told = time.monotonic(), (-1, -1)
        try:
            yield "retry: 3000\n\n"
            while not bells.closed and time.monotonic() - begun < LIFE:
                alerts = await self._alerts(worker)
                if alerts != told:
                    told = alerts
                    yield _event("kabar", {"alerts": alerts[0], "newest": alerts[1]})
                rung = await _first(board, own, KEEP_ALIVE)
                if bells.closed:
                    return
                if not rung:
                    yield ": ada\n\n"
                    continue
                await asyncio.sleep(BREATH)
                changed = own.is_set()
                board.clear()
                own.clear()
                if changed:
                    yield _event("berubah", {})
        except Unavailable as error:
            log.warning("a console stream was cut: %s", error)  # it comes back by itself
        finally:
            bells.leave(BOARD, board)
            bells.leave(about, own)
            self._end()

    async def _alerts(self, worker: Worker) -> tuple[int, int]:
        return await self.console.read(
            lambda connection: watch.alert_count(connection, worker.id, worker.roles)
        )

    def _begin(self) -> None:
        self.open += 1
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._watch())

    def _end(self) -> None:
        self.open -= 1
        if self.open == 0 and self._poll is not None:
            self._poll.cancel()
            self._poll = None

    async def _watch(self) -> None:
        """Ring for what was written by any process. A poll that fails is tried again."""
        since: Cursor | None = None
        while not self.console.bells.desk.closed:
            try:
                since = await self.look(since)
            except Unavailable as error:
                log.warning("watching the desk waits: %s", error)
            await asyncio.sleep(POLL)

    async def look(self, since: Cursor | None) -> Cursor:
        """Ring for what came after a cursor; where things stand now."""
        now = await self.console.read(watch.cursor)
        if since is None or now == since:
            return now
        touched = await self.console.read(lambda c: watch.touched_since(c, since))
        if touched or now.alert != since.alert:
            for about in (BOARD, *touched):
                self.console.bells.desk.ring(about)
        return now


async def _first(board: asyncio.Event, own: asyncio.Event, seconds: float) -> bool:
    """Until one of the bells rings; whether one did."""
    waits = [asyncio.ensure_future(bell.wait()) for bell in (board, own)]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()


def _event(name: str, data: dict[str, int]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
