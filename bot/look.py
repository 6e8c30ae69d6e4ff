"""Looking at something slow for many who ask: once at a time, and not over and over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

FRESH_SECONDS = 1.0


class Look(Generic[T]):
    """What ``ask`` found. Whoever comes while it is under way waits for the same answer, so that
    a database that hangs is asked by one and not by a hundred. ``steady`` tells seconds."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]], steady: Callable[[], float]):
        self._ask = ask
        self._steady = steady
        self._begun = 0.0
        self._task: asyncio.Task[T] | None = None

    async def answer(self, patience: float) -> T | None:
        """The answer, at most ``FRESH_SECONDS`` old; None if there is none ``patience`` seconds
        after it was asked for. Raises what ``ask`` raises."""
        task = self.begin()
        left = patience - (self._steady() - self._begun)
        if not task.done():
            await asyncio.wait({task}, timeout=max(0.0, left))
        return task.result() if task.done() else None

    def begin(self) -> asyncio.Task[T]:
        """Ask, unless that is under way or was just done."""
        task, now = self._task, self._steady()
        if task is None or (task.done() and now - self._begun >= FRESH_SECONDS):
            self._begun = now
            self._task = task = asyncio.create_task(self._ask())
        return task

    def waiting(self) -> float:
        """For how many seconds an answer has been waited for."""
        if self._task is None or self._task.done():
            return 0.0
        return self._steady() - self._begun
