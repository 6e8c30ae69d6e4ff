"""Live pages: a conversation as server-sent events (design 6.15)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from bot.bells import PageBells
from storage.database import Database, Unavailable
from storage.repositories import watch

log = logging.getLogger(__name__)

KEEP_ALIVE = 15.0
POLL = 1.0
AT_ONCE = 1000  # conversations in one query

Page = Callable[[int], Awaitable[list[dict[str, Any]] | None]]


class Across:
    """Rings for what other replicas wrote: one poll a second for all open pages of this process,
    while there are any. On SQLite there are no others, and nothing is asked."""

    def __init__(self, database: Database, bells: PageBells) -> None:
        self._database = database
        self._bells = bells
        self._open = 0
        self._poll: asyncio.Task[None] | None = None
        self._known: dict[int, tuple[object, ...]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While a page is open."""
        if self._database.dialect == "sqlite":
            yield
            return
        self._open += 1
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            self._open -= 1
            if not self._open and self._poll is not None:
                self._poll.cancel()
                self._poll = None

    async def _watch(self) -> None:
        while not self._bells.closed:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("watching the pages waits: %s", error)
            await asyncio.sleep(POLL)

    async def look(self) -> None:
        """Ring where something changed since the last look, and for pages that are new."""
        ids = self._bells.listened()
        now: dict[int, tuple[object, ...]] = {}
        for start in range(0, len(ids), AT_ONCE):
            read = partial(watch.conversations, ids=ids[start : start + AT_ONCE])
            now |= await asyncio.to_thread(self._database.read, read)
        for conversation_id, stands in now.items():
            if self._known.get(conversation_id) != stands:
                self._bells.ring(conversation_id)
        self._known = now


async def events(
    bells: PageBells, across: Across, conversation_id: int, after: int, page: Page, full: int
) -> AsyncIterator[str]:
    """What comes after a seq, until the session is over or the server stops. ``page`` gives
    the messages after a seq, oldest first and at most ``full``, or None once the session is
    over; it is asked whenever the conversation's bell rings, and with each sign of life."""
    with across.watching():
        async for event in _events(bells, conversation_id, after, page, full):
            yield event


async def _events(
    bells: PageBells, conversation_id: int, after: int, page: Page, full: int
) -> AsyncIterator[str]:
    bell = bells.open(conversation_id)
    try:
        yield ": halo\n\n"
        beat = time.monotonic()
        while not bells.closed:
            bell.clear()
            found = await page(after)
            if found is None:
                return
            for message in found:
                after = message["seq"]
                yield _event("message", message, after)
                yield _event("typing", {"on": message["from"] == "user"})
            if len(found) < full:
                await _rung(bell, KEEP_ALIVE)
            if time.monotonic() - beat >= KEEP_ALIVE:
                beat = time.monotonic()
                yield ": ada\n\n"
    except Unavailable as error:
        log.warning("a live page was cut: %s", error)  # it comes back by itself
    finally:
        bells.leave(conversation_id, bell)


async def _rung(bell: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()


def _event(name: str, data: dict[str, Any], seq: int | None = None) -> str:
    number = "" if seq is None else f"id: {seq}\n"
    return f"event: {name}\n{number}data: {json.dumps(data, ensure_ascii=False)}\n\n"
