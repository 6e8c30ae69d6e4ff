"""The clock at work: APScheduler rings, the rows are the truth (invariant 6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from bot.clock import Clock
from bot.turns import Turns
from handoff import due
from handoff.job import Job
from storage.base import AnyRow
from storage.database import Database, Unavailable
from storage.repositories import clock as clocks
from storage.repositories import events
from storage.unit import Unit

log = logging.getLogger(__name__)

RING_SECONDS = 5
BEAT_SECONDS = 60
GAP = timedelta(minutes=10)
POSTPONED = timedelta(hours=1)
KEYS_KEPT = timedelta(days=30)


class Ticker:
    """Rings due deadlines, beats the heart, and sweeps. ``name`` is the process's own
    heartbeat (``serve``, ``chat``)."""

    def __init__(self, database: Database, turns: Turns, clock: Clock, name: str) -> None:
        self._name = name
        self._database = database
        self._turns = turns
        self._clock = clock
        self._scheduler: BackgroundScheduler | None = None

    def wake_up(self) -> bool:
        """Note that we are awake, and the gap before if there was one; whether the last stop
        was a crash."""

        def write(unit: Unit) -> bool:
            now = self._clock.now()
            last = clocks.heartbeat(unit.connection, self._name)
            if last is not None and now - last.at > GAP:
                clocks.open_outage(unit.connection, last.at, now, "no heartbeat")
            clocks.beat(unit.connection, self._name, now)
            return last is not None and not last.clean_stop

        return self._database.write(write).result()

    def start(self) -> None:
        """Begin to ring, in threads of its own."""
        scheduler = BackgroundScheduler(timezone="UTC")
        for job, seconds in (
            (self.ring, RING_SECONDS),
            (self._beat, BEAT_SECONDS),
            (self._sweep, 3600),
        ):
            scheduler.add_job(
                job,
                "interval",
                seconds=seconds,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop ringing, and note that it was on purpose."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
        now = self._clock.now()
        self._database.write(
            lambda unit: clocks.beat(unit.connection, self._name, now, clean_stop=True)
        ).result()

    def ring(self) -> int:
        """Fire what is due: listed without a lock, re-checked in a turn; how many fired."""
        try:
            now = self._clock.now()
            due_now = self._database.read(lambda c: clocks.due(c, now))
            fired = sum(self._fire(row) for row in due_now)
            for find, deed in due.SWEEPS:
                for ticket_id in self._database.read(partial(find, now=now)):
                    self._visit(ticket_id, deed)
            return fired
        except Unavailable as error:
            log.warning("the clock waits: %s", error)
            return 0

    def _fire(self, row: AnyRow) -> bool:
        """One deadline; a fault in it is logged and does not hold up the others."""
        try:
            return self._turns.ring(row).result()
        except Unavailable:
            raise
        except Exception:
            log.exception("deadline %d went wrong", row.id)
            later = self._clock.now() + POSTPONED
            self._database.write(
                lambda unit: clocks.postpone(unit.connection, row.id, row.arming, later)
            ).result()
            return False

    def _visit(self, ticket_id: int, deed: Callable[[Job], None]) -> None:
        try:
            self._turns.visit(ticket_id, deed).result()
        except Unavailable:
            raise
        except Exception:
            log.exception("looking after ticket %d went wrong", ticket_id)

    def _beat(self) -> None:
        now = self._clock.now()
        try:
            self._database.write(
                lambda unit: clocks.beat(unit.connection, self._name, now)
            ).result()
        except Unavailable as error:
            log.warning("no heartbeat: %s", error)

    def _sweep(self) -> None:
        moment = self._clock.now() - KEYS_KEPT

        def write(unit: Unit) -> None:
            events.forget_before(unit.connection, moment)
            events.forget_parked_before(unit.connection, moment)

        try:
            self._database.write(write).result()
        except Unavailable as error:
            log.warning("sweeping waits: %s", error)
