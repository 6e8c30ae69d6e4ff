"""Network calls with a time-out for the whole of them, made for threads that wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

T = TypeVar("T")
Call = Callable[[], Coroutine[Any, Any, T]]

_GRACE_SECONDS = 0.5


class Background:
    """An event loop in a thread of its own, begun with the first call.

    A blocking client knows a time-out for each read only: a server that sends a byte now and
    then, or a name that does not resolve, would hold the caller for as long as it likes. Here a
    call is cancelled when its time is over, and no thread is left behind.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def run(self, call: Call[T], seconds: float) -> T:
        """What the call gives or raises; TimeoutError after ``seconds``."""
        future = self._hand_over(call, seconds)
        try:
            return future.result(seconds + _GRACE_SECONDS)
        except CancelledError:
            raise TimeoutError("closed") from None
        finally:
            future.cancel()

    def close(self, last: Call[None]) -> None:
        """End after ``last``; calls under way fail."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end(last), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _hand_over(self, call: Call[T], seconds: float) -> Future[T]:
        with self._lock:
            if self._closed:
                raise TimeoutError("closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name=self._name, daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(_within(call, seconds), self._loop)


async def _within(call: Call[T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await call()


async def _end(last: Call[None]) -> None:
    others = asyncio.all_tasks() - {task for task in (asyncio.current_task(),) if task}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last()
