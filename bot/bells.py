"""Waking what waits, from any thread: the database's writer rings, tasks of the loop listen."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Bell:
    """Wakes one task. Ringing before anybody listens is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Bind to the running loop; call it before the first ``wait``."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake the listener. Callable from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Until the bell rings or ``seconds`` are over; whether it rang."""
        try:
            await asyncio.wait_for(self._event.wait(), max(seconds, 0.001))
        except TimeoutError:
            return False
        self._event.clear()
        return True


class PageBells:
    """Wakes the open pages of a conversation. A page holds no thread and no connection."""

    def __init__(self) -> None:
        self._pages: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closed = False

    def listen(self) -> None:
        """Bind to the running loop."""
        self._loop = asyncio.get_running_loop()
        self.closed = False

    def open(self, conversation_id: int) -> asyncio.Event:
        """A page was opened; its event is set whenever something changed."""
        event = asyncio.Event()
        self._pages[conversation_id].add(event)
        return event

    def listened(self) -> list[int]:
        """The conversations that have open pages."""
        return sorted(self._pages)

    def leave(self, conversation_id: int, event: asyncio.Event) -> None:
        """A page was closed."""
        self._pages[conversation_id].discard(event)
        if not self._pages[conversation_id]:
            del self._pages[conversation_id]

    def ring(self, conversation_id: int) -> None:
        """Something changed in a conversation. Callable from any thread."""
        if conversation_id in self._pages and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, conversation_id)

    def close(self) -> None:
        """Let every page go: the server stops."""
        self.closed = True
        for conversation_id in list(self._pages):
            self._set(conversation_id)

    def _set(self, conversation_id: int) -> None:
        for event in self._pages.get(conversation_id, ()):
            event.set()
