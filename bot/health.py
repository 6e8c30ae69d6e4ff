"""Whether this process lives, and whether it may get traffic: ``/healthz`` and ``/readyz``.

A platform that is down makes neither of them bad: its messages wait, and everything else works.
A database that is down is no reason to start anew, only to send requests elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.look import Look
from bot.outages import SERVE
from storage import probe
from storage.database import Database, Unavailable
from storage.schema import WrongRevision

log = logging.getLogger(__name__)

OK = "ok"
PATIENCE_SECONDS = 2.0  # whoever asks waits no longer
# On SQLite a lock is waited for five seconds, then the job fails: a writer that says nothing
# for so long hangs or is dead.
STUCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, by name: ``ok`` or a short sentence. Nothing in it is secret."""

    checks: dict[str, str]

    @property
    def good(self) -> bool:
        """Whether everything is as it should be."""
        return all(found == OK for found in self.checks.values())


class Health:
    """Watches the parts of one process. ``steady`` tells seconds (``bot.clock``)."""

    def __init__(self, database: Database, steady: Callable[[], float]) -> None:
        self._database = database
        self._look = Look(self._write, steady)
        self._parts: list[tuple[str, Callable[[], bool]]] = []
        self._started = False
        self._stopping = False

    def watch(self, name: str, part: asyncio.Task[Any] | Callable[[], bool]) -> None:
        """``part`` runs until the process stops: a task, or what tells whether it still does."""
        self._parts.append((name, part if callable(part) else lambda: not part.done()))

    def started(self) -> None:
        """All parts are at work."""
        self._started = True

    def stopping(self) -> None:
        """A stop was asked for; from now on parts may end. Callable from a signal handler."""
        self._stopping = True

    async def alive(self) -> Report:
        """Whether the parts live, and the database's writer. Waits for nothing."""
        checks = {"writer": OK}
        self._look.begin()
        if self._database.dialect == "sqlite" and self._look.waiting() > STUCK_SECONDS:
            checks["writer"] = "it does not answer any more"
        for name, lives in self._parts:
            checks.setdefault(name, OK)
            if not self._stopping and not lives():
                checks[name] = "it has stopped"
        return Report(checks)

    async def ready(self) -> Report:
        """Whether requests can be served now. Takes two seconds at most."""
        if self._stopping:
            return Report({"process": "it is stopping"})
        if not self._started:
            return Report({"process": "it is starting"})
        found = await self._look.answer(PATIENCE_SECONDS)
        database = found or f"it did not answer within {PATIENCE_SECONDS:g} s"
        return Report({"process": OK, "database": database})

    async def _write(self) -> str:
        job = self._database.write(lambda unit: probe.write(unit.connection, SERVE))
        try:
            await asyncio.wrap_future(job)
        except WrongRevision:
            return "it is of another release: run `loket migrate`"
        except Unavailable as error:
            log.warning("the database takes nothing: %s", error)
            return "it takes nothing now"
        except Exception:  # a fault of ours must not look like health
            log.exception("the database could not be tried")
            return "it could not be tried"
        return OK


def name_of(task: asyncio.Task[Any]) -> str:
    """What a part is called: its class (``TelegramService``)."""
    name = str(getattr(task.get_coro(), "__qualname__", "part"))
    return (name.rpartition(".")[0] or name).rpartition(".")[2]
