"""The sender: claims lanes, sends their first rows, records what became of them.

A lane is one conversation; within it rows go one by one in order, and lanes never wait for
each other. No transaction is open while a platform is asked (design 6.4 to 6.7). If the
process dies right after a platform took a message, that message goes out a second time: no
messaging platform here offers a key that would prevent it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot import windows
from bot.bells import Bell, PageBells
from bot.blobs import BlobStore
from bot.channels import port
from bot.claimed import Claimed
from bot.claims import Address, Claims, Haul
from bot.clock import Clock
from bot.metrics import DeliveryMetrics, Metrics, Sent
from bot.outcomes import Outcomes
from storage.database import Database, Unavailable
from storage.repositories import outbox
from storage.unit import Unit

__all__ = ["AT_ONCE", "Address", "Delivery"]

log = logging.getLogger(__name__)

AT_ONCE = 32
LONGEST_SEND = 75.0  # seconds; less than a lane is leased for


class Delivery:
    """Sends what is due on the channels it was given."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, port.Channel],
        clock: Clock,
        blobs: BlobStore,
        address: Address,
        pages: PageBells,
        bell: Bell,
        templates: windows.Templates = windows.NO_TEMPLATES,
        metrics: DeliveryMetrics | None = None,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._blobs = blobs
        owner = secrets.token_hex(8)
        self._claims = Claims(channels, clock, address, pages, owner, templates)
        self._metrics = metrics or Metrics().delivery
        self._outcomes = Outcomes(channels, clock, owner, self._metrics)
        self._blocked: dict[str, datetime] = {}
        self._names = tuple(sorted(channels))
        self._sending: dict[str, set[asyncio.Task[None]]] = {name: set() for name in channels}
        self._bell = bell

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set, then let what is under way finish."""
        self._bell.listen()
        if self._database.dialect == "sqlite":
            await self._take_over()
        while not stop.is_set():
            try:
                more = await self._step()
            except Unavailable as error:
                log.warning("delivery waits: %s", error)
                more = 1.0
            except Exception:  # whatever it is, delivery goes on
                log.exception("delivery stumbled")
                more = 1.0
            if more:
                await self._bell.wait(more)
        if under_way := set().union(*self._sending.values()):
            await asyncio.wait(under_way, timeout=15)

    async def _take_over(self) -> None:
        """One process serves a SQLite file (design 6.17), so whoever held a lane is dead:
        its users need not wait until the lease runs out."""
        try:
            await asyncio.wrap_future(
                self._database.write(lambda unit: outbox.drop_leases(unit.connection, self._names))
            )
        except Unavailable as error:
            log.warning("delivery waits for old leases: %s", error)

    async def drain(self) -> int:
        """Send all that is due now, for tests and short commands; how many rows were dealt
        with."""
        count, room = 0, dict.fromkeys(self._names, AT_ONCE)
        while True:
            haul = await self._claim(room)
            await asyncio.gather(*(self._send(row) for row in haul.rows))
            if not haul.rows and not haul.settled:
                return count
            count += len(haul.rows) + haul.settled

    async def _step(self) -> float:
        """Start what is due; seconds until there may be more (0: at once)."""
        now = self._clock.now()
        room = self._room(now)
        due = await asyncio.to_thread(
            self._database.read, lambda c: outbox.next_due(c, tuple(room), now)
        )
        if due is None or due > now:
            times = (due, *(at for at in self._blocked.values() if at > now))
            soonest = min(filter(None, times), default=None)
            return min(1.0, (soonest - now).total_seconds()) if soonest else 1.0
        haul = await self._claim(room)
        self._blocked = {n: at for n, at in self._blocked.items() if at > now} | haul.blocked
        for row in haul.rows:
            under_way = self._sending[row.out.key.channel]
            task = asyncio.create_task(self._send(row))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        # Another process may hold a lane that is due: then there is nothing to do for now.
        return 0.0 if haul.rows or haul.settled or haul.blocked else 0.05

    def _room(self, now: datetime) -> dict[str, int]:
        """How many more messages each channel may send now: one that hangs fills only its
        own room, and one whose account has to wait has none."""
        free = {name: AT_ONCE - len(self._sending[name]) for name in self._names}
        return {
            name: count
            for name, count in free.items()
            if count > 0 and self._blocked.get(name, now) <= now
        }

    async def _claim(self, room: Mapping[str, int]) -> Haul:
        return await asyncio.wrap_future(
            self._database.write(partial(self._claims.next, room), first=True)
        )

    async def _send(self, row: Claimed) -> None:
        record = await self._attempt(row)
        for pause in (0.1, 0.5, 2.0, 5.0, 10.0, 20.0, 30.0):
            try:
                await asyncio.wrap_future(self._database.write(record, first=True))
                break
            except Unavailable:
                await asyncio.sleep(pause)  # else the lease runs out and the row is "unknown"
            except Exception:
                log.exception("what became of row %d cannot be recorded", row.row_id)
                break
        self._bell.ring()

    async def _attempt(self, row: Claimed) -> Callable[[Unit], None]:
        channel = self._channels[row.out.key.channel]
        begun = time.perf_counter()
        error: port.DeliveryError | None = None
        platform_id = None
        try:
            out = row.out
            if row.blob is not None:
                data = await asyncio.to_thread(self._blobs.get, row.blob)
                out = replace(out, file_bytes=data)
            async with asyncio.timeout(LONGEST_SEND):
                platform_id = await channel.send(out)
        except port.DeliveryError as fault:
            error = fault
        except TimeoutError:
            error = port.OutcomeUnknown("the platform took too long")
        except Unavailable as fault:
            error = port.NotSent(str(fault))
        except Exception as fault:
            log.exception("sending on %s went wrong", channel.name)
            error = port.Refused(type(fault).__name__)
        self._count(row, error, time.perf_counter() - begun)
        if error is not None:
            return partial(self._outcomes.not_sent, row, error)
        return partial(self._outcomes.sent, row, platform_id)

    def _count(self, row: Claimed, error: port.DeliveryError | None, seconds: float) -> None:
        outcome: Sent
        match error:
            case None:
                outcome = "held" if row.out.kind == "template" else "sent"
            case port.OutcomeUnknown():
                outcome = "unknown"
            case port.Refused() | port.Unreachable():
                outcome = "failed"
            case _:
                outcome = "again"
        code = error.code or type(error).__name__ if error is not None else ""
        self._metrics.sent(row.out.key.channel, outcome, code, seconds)
