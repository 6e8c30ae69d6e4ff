"""The way in: every event passes here, one at a time per chat, until it is durable.

An infrastructure fault comes out as ``Unavailable`` and the platform sends again; a fault
of our own is tried twice, then parked, and the user is told (invariant 9).
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from weakref import WeakValueDictionary

from bot import addressing, poison
from bot.clock import Clock
from bot.incoming import ConversationKey, Incoming
from bot.metrics import DeliveryMetrics, Metrics
from bot.turns import Turns
from bot.user_turns import Outcome, Taken, UserTurns
from dialogs.reply import Reply
from storage.database import Database, Unavailable, is_infrastructure
from storage.repositories import conversations, events
from storage.unit import Unit

log = logging.getLogger(__name__)

SUSPICIOUS = timedelta(minutes=10)
ATTEMPTS = 3
LONGEST_QUEUE = 200


class Busy(Exception):
    """One chat sends faster than its events can be handled; it has to wait."""


class _Queue:
    """The events of one chat that wait for their turn."""

    __slots__ = ("__weakref__", "lock", "waiting")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0


class Intake:
    """Takes events from any channel. ``unclean`` says that the last stop was a crash: for ten
    minutes each event is counted before it is begun, so that one that kills us is found."""

    def __init__(
        self,
        database: Database,
        turns: Turns,
        safe: poison.Safe,
        clock: Clock,
        *,
        unclean: bool,
        metrics: DeliveryMetrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics().delivery
        self._database = database
        self._turns = turns
        self._safe = safe
        self._clock = clock
        self._counted_until: datetime | None = clock.now() + SUSPICIOUS if unclean else None
        self._queues: WeakValueDictionary[ConversationKey, _Queue] = WeakValueDictionary()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="loket-turn")

    async def handle(self, incoming: Incoming, raw: bytes) -> Taken:
        """Handle one event; done once it is durable. Raises Unavailable or Busy."""
        queue = self._queues.setdefault(incoming.key, _Queue())
        if queue.waiting >= LONGEST_QUEUE:
            raise Busy
        queue.waiting += 1
        try:
            async with queue.lock:
                taken = await self._take(incoming, raw)
            if taken.outcome is not Outcome.PARKED:
                self._metrics.heard(incoming.key.channel, taken.outcome.value)
            return taken
        finally:
            queue.waiting -= 1

    async def park_raw(
        self,
        channel: str,
        account: str,
        event_id: str,
        raw: bytes,
        error: str = "it could not be parsed",
    ) -> None:
        """Keep what could not even be parsed. Raises Unavailable."""
        await self._park(channel, account, event_id, raw, error)

    def close(self) -> None:
        """Let the worker threads end."""
        self._threads.shutdown(wait=True)

    async def _take(self, incoming: Incoming, raw: bytes) -> Taken:
        counted = self._counted_until is not None and self._clock.now() < self._counted_until
        if counted and await self._begin(incoming) >= ATTEMPTS:
            return await self._put_aside(incoming, raw, "it was begun three times without an end")
        for last in (False, True):
            try:
                return await self._turn(incoming, counted)
            except Unavailable:
                raise
            except Exception as error:
                if is_infrastructure(error):
                    raise Unavailable(str(error)) from error
                log.exception("event %s of %s went wrong", incoming.event_id, incoming.key.channel)
                if last:
                    return await self._put_aside(incoming, raw, type(error).__name__)
        raise AssertionError("unreachable")

    async def _turn(self, incoming: Incoming, counted: bool) -> Taken:
        loop = asyncio.get_running_loop()
        take = partial(UserTurns(self._turns).take, incoming, attempt_counted=counted)
        return await asyncio.wrap_future(await loop.run_in_executor(self._threads, take))

    async def _begin(self, incoming: Incoming) -> int:
        now, account, event_id = self._clock.now(), incoming.key.account, incoming.event_id

        def count(unit: Unit) -> int:
            if events.is_known(unit.connection, account, event_id):
                return 0
            return events.begin(unit.connection, account, event_id, now)

        return await asyncio.wrap_future(self._database.write(count))

    async def _put_aside(self, incoming: Incoming, raw: bytes, error: str) -> Taken:
        await self._park(
            incoming.key.channel, incoming.key.account, incoming.event_id, raw, error, incoming
        )
        return Taken(Outcome.PARKED)

    async def _park(
        self,
        channel: str,
        account: str,
        event_id: str,
        raw: bytes,
        error: str,
        incoming: Incoming | None = None,
    ) -> None:
        def write(unit: Unit) -> bool:
            return poison.park(
                unit,
                self._safe,
                account=account,
                event_id=event_id,
                channel=channel,
                raw=raw,
                error=error,
                now=self._clock.now(),
            )

        parked = await asyncio.wrap_future(self._database.write(write))
        self._metrics.heard(channel, "parked")
        if parked and incoming is not None:
            apology = self._database.write(partial(self._apologise, incoming))
            try:
                await asyncio.wrap_future(apology)
            except Exception:  # it is parked and staff see it: polling must go on
                log.exception("a user could not be told that a message was parked")

    def _apologise(self, incoming: Incoming, unit: Unit) -> None:
        now = self._clock.now()
        key = addressing.place_event(unit.connection, incoming, now)
        address = (key.channel, key.account, key.chat, key.thread)
        case = conversations.open_case(unit.connection, address, now)
        window = self._turns.abilities[key.channel].window
        if window is not None:
            until = min(incoming.sent_at or now, now) + window
            latest = max(until, case.window_until or until)
            conversations.open_window(unit.connection, case.id, latest)
        desk = self._turns.desk
        text = desk.texts.render("parked", office=desk.office)
        self._turns.say(unit, case, Reply(text, row_class="notice"))
