"""Live pages: a conversation as server-sent events (design 6.15)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from bot.bells import PageBells
from storage.database import Unavailable

log = logging.getLogger(__name__)

KEEP_ALIVE = 15.0

Page = Callable[[int], Awaitable[list[dict[str, Any]] | None]]


async def events(
    bells: PageBells, conversation_id: int, after: int, page: Page, full: int, patience: float
) -> AsyncIterator[str]:
    """What comes after a seq, until the session is over or the server stops. ``page`` gives
    the messages after a seq, oldest first and at most ``full``, or None once the session is
    over; it is asked whenever the conversation's bell rings, and every ``patience`` seconds."""
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
                await _rung(bell, patience)
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
