"""The public display of the queue at the counter: numbers and desks, nothing about people."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.office_turns import COUNTER
from bot.web.console.desk import Console
from bot.web.live import KEEP_ALIVE
from handoff.office import front
from storage.database import Unavailable
from storage.repositories import front as rows

SHOWN = 6
NEXT = 8
MOST_STREAMS = 200  # whoever comes after that asks every few seconds instead
ACROSS_REPLICAS = 1.0


def routes(console: Console) -> list[Route]:
    """Open to everybody, at the root of the server."""
    pages = _Display(console)
    return [
        Route("/antrian", pages.page),
        Route("/antrian/keadaan.json", pages.state),
        Route("/antrian/langsung", pages.live),
    ]


def state_of(console: Console, connection: Any) -> dict[str, Any]:
    """What the display shows: the numbers called last with their desks, who is next, how many
    wait. ``call`` changes with every call, so that a page knows what to announce."""
    day = front.day_of(console.counter, console.clock.now())
    waiting = rows.waiting(connection, day)
    return {
        "day": day,
        "called": [
            {
                "number": front.label(row.n),
                "desk": row.desk,
                "open": row.state == "called",
                "call": f"{row.n}:{row.called_at.isoformat()}",
            }
            for row in rows.shown(connection, day, SHOWN)
        ],
        "next": [front.label(row.n) for row in waiting[:NEXT]],
        "waiting": len(waiting),
    }


@dataclass(slots=True)
class _Display:
    console: Console
    streams: set[object] = field(default_factory=set)

    async def page(self, request: Request) -> Response:
        """GET /antrian"""
        html = self.console.jinja.get_template("antrian.html.j2").render(
            office=self.console.config.identity, state=await self._read()
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def state(self, request: Request) -> Response:
        """GET /antrian/keadaan.json"""
        return JSONResponse(await self._read(), headers={"Cache-Control": "no-store"})

    async def live(self, request: Request) -> Response:
        """GET /antrian/langsung (text/event-stream)"""
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        if len(self.streams) >= MOST_STREAMS:
            return Response(status_code=503, headers={**headers, "Retry-After": "30"})
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=headers)
        return StreamingResponse(self._events(), media_type="text/event-stream", headers=headers)

    async def _read(self) -> dict[str, Any]:
        return await self.console.read(lambda connection: state_of(self.console, connection))

    async def _events(self) -> AsyncIterator[str]:
        bells = self.console.bells.desk
        bell, shown = bells.open(COUNTER), None
        self.streams.add(bell)
        beat = time.monotonic()
        try:
            while not bells.closed:
                bell.clear()
                found = await self._read()
                if found != shown:
                    shown = found
                    yield f"data: {json.dumps(found)}\n\n"
                if time.monotonic() - beat >= KEEP_ALIVE:
                    beat = time.monotonic()
                    yield ": ada\n\n"
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience):
                        await bell.wait()
        except Unavailable:
            return  # the page comes back by itself
        finally:
            self.streams.discard(bell)
            bells.leave(COUNTER, bell)

    @property
    def _patience(self) -> float:
        return KEEP_ALIVE if self.console.database.dialect == "sqlite" else ACROSS_REPLICAS
