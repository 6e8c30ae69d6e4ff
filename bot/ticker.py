"""The clock at work: APScheduler rings, the rows are the truth (invariant 6)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from bot import outages
from bot.clock import Clock
from bot.clock_turns import ClockTurns
from bot.turns import Turns
from handoff.clock import due, service
from handoff.job import Job
from storage.base import AnyRow
from storage.database import Database, Unavailable
from storage.repositories import agents, events, queue
from storage.repositories import clock as clocks
from storage.repositories import outages as gaps
from storage.unit import Unit

log = logging.getLogger(__name__)

RING_SECONDS = 5
BEAT_SECONDS = 60
PULSE_SECONDS, DEAD_SECONDS = 10, 120
POSTPONED = timedelta(hours=1)
KEYS_KEPT = timedelta(days=30)
PAGE = 100
EVERYTHING = 1_000_000
BEGIN = -1  # the place of beginning clocks among the sweeps


class Ticker:
    """Rings due deadlines, beats the heart, and sweeps. ``name`` is the process's own
    heartbeat: ``serve``, or the channel of a chat in a terminal, which looks after its own
    people only."""

    def __init__(self, database: Database, turns: Turns, clock: Clock, name: str) -> None:
        self._name = name
        self._database = database
        self._turns = turns
        self._clock = clock
        self._only = None if name == outages.SERVE else tuple(turns.abilities)
        self._scheduler: BackgroundScheduler | None = None
        self._beaten = (clock.now(), clock.steady())
        self._pulsed = clock.steady()
        self._begun_to: int | None = 0  # tickets up to this one have their clocks; None: all
        self._adopted = False  # requests of an earlier release; up to here they are
        self._adopted_to = 0
        self._resting: dict[tuple[int, int], datetime] = {}

    def wake_up(self) -> bool:
        """Note that we are awake, and the gap before if there was one, with all that it moves;
        whether the last stop was a crash."""
        return self._database.write(
            lambda unit: outages.wake(
                unit.connection, self._turns.counter, self._name, self._clock.now()
            )
        ).result()

    def start(self) -> None:
        """Begin to ring, in threads of its own."""
        self._pulse()
        scheduler = BackgroundScheduler(timezone="UTC")
        for job, seconds in (
            (self.ring, RING_SECONDS),
            (self.beat, BEAT_SECONDS),
            (self._pulse, PULSE_SECONDS),
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

    def _pulse(self) -> None:
        self._pulsed = self._clock.steady()

    def lives(self) -> bool:
        """Whether its threads still ring; a database that does not answer is no dead clock."""
        return self._clock.steady() - self._pulsed < DEAD_SECONDS

    def ring(self) -> int:
        """Fire what is due, in order; how many fired. Listed without a lock, a hundred at a
        time, and re-checked in a turn each: replicas may ring at once."""
        try:
            self._look_at_the_clock()
            now = self._clock.now()
            stale = self._stale(now) if self._after_an_outage(now) else set()
            fired, after = 0, clocks.START
            while rows := self._due(now, PAGE, after):
                fired += sum(self._fire(row, skip=row.id in stale) for row in rows)
                after = (rows[-1].due_at, rows[-1].id)
            if self._only is None:
                self._look_around(now)
                self._begin_clocks()
                self._adopt_requests()
            return fired
        except Unavailable as error:
            log.warning("the clock waits: %s", error)
            return 0

    def beat(self) -> None:
        """Note that we are awake."""
        try:
            self._look_at_the_clock()
            now, steady = self._clock.now(), self._clock.steady()
            self._write(lambda unit: clocks.beat(unit.connection, self._name, now))
            self._beaten = (now, steady)
        except Unavailable as error:
            log.warning("no heartbeat: %s", error)

    def _look_at_the_clock(self) -> None:
        """Before anything fires: did the clock jump since our last heartbeat, or is that long
        ago? Then it was an outage. Raises Unavailable."""
        now, steady = self._clock.now(), self._clock.steady()
        passed = timedelta(seconds=steady - self._beaten[1])
        jump = now - self._beaten[0] - passed
        if abs(jump) > outages.JUMP or passed > outages.GAP:
            self._write(lambda unit: outages.look(unit.connection, self._name, now, jump))
            self._beaten = (now, steady)

    def _after_an_outage(self, now: datetime) -> bool:
        """Whether the last outage still has something waiting; its backlog is looked at."""
        outage = self._database.read(gaps.last)
        if outage is None:
            return False
        waits = outage.drained_at is None
        if waits and self._database.read(lambda c: outages.is_drained(c, outage, now)):
            self._write(lambda unit: outages.drain(unit.connection, outage, now))
        return outages.calming(outage, now)

    def _stale(self, now: datetime) -> set[int]:
        return outages.stale(self._due(now, EVERYTHING, clocks.START))

    def _due(self, now: datetime, limit: int, after: tuple[datetime, int]) -> list[AnyRow]:
        return self._database.read(lambda c: clocks.due(c, now, limit, after, self._only))

    def _fire(self, row: AnyRow, *, skip: bool) -> bool:
        """One deadline; a fault in it is logged, told, and does not hold up the others."""
        if skip:
            now = self._clock.now()
            self._write(lambda unit: clocks.fire(unit.connection, row.id, row.arming, now))
            return False
        try:
            return ClockTurns(self._turns).ring(row).result()
        except Unavailable:
            raise
        except Exception:
            log.exception("deadline %d went wrong", row.id)
            self._write(lambda unit: self._postpone(unit, row))
            return False

    def _postpone(self, unit: Unit, row: AnyRow) -> None:
        now = self._clock.now()
        if clocks.postpone(unit.connection, row.id, row.arming, now, now + POSTPONED):
            words = f"Tugas terjadwal {row.kind} ({row.subject}) gagal dan dicoba lagi tiap jam."
            self._tell_admin(unit, "deadline_failed", f"deadline:{row.id}", words)

    def _tell_admin(self, unit: Unit, kind: str, subject: str, words: str) -> None:
        agents.add_alert(
            unit.connection,
            kind=kind,
            subject=subject,
            text=words,
            now=self._clock.now(),
            role="admin",
        )

    def _look_around(self, now: datetime) -> None:
        """What happened outside any turn (``due.SWEEPS``). One that cannot even look does not
        keep the others from it."""
        for index, (find, deed) in enumerate(due.SWEEPS):
            try:
                found = self._database.read(partial(find, now=now))
            except Unavailable:
                raise
            except Exception:
                log.exception("sweep %d cannot look", index)
                continue
            for ticket_id in found:
                self._visit(index, ticket_id, deed)

    def _visit(self, sweep: int, ticket_id: int, deed: Callable[[Job], None]) -> None:
        """A fault is logged and told; that ticket rests for an hour, the others do not wait."""
        now = self._clock.now()
        if self._resting.get((sweep, ticket_id), now) > now:
            return
        try:
            ClockTurns(self._turns).visit(ticket_id, deed).result()
        except Unavailable:
            raise
        except Exception:
            log.exception("looking after ticket %d went wrong", ticket_id)
            self._resting[sweep, ticket_id] = now + POSTPONED
            subject = f"ticket:{ticket_id}"
            words = "Tugas otomatis untuk satu tiket gagal dan dicoba lagi tiap jam."
            self._write(lambda unit: self._tell_admin(unit, "sweep_failed", subject, words))

    def _begin_clocks(self) -> None:
        """Once a start: open tickets that are older than the clocks get theirs."""
        if self._begun_to is None:
            return
        begun_to = self._begun_to
        found = self._database.read(
            lambda c: clocks.open_without(c, service.PREFIX, begun_to, PAGE)
        )
        for ticket_id in found:
            self._visit(BEGIN, ticket_id, service.begin)
        self._begun_to = found[-1] if found else None

    def _adopt_requests(self) -> None:
        """Once a start: who waits for a person without a ticket gets one."""
        if self._adopted:
            return
        found = self._database.read(lambda c: queue.without_ticket(c, self._adopted_to, PAGE))
        for request in found:
            self._adopt(request)
            self._adopted_to = request.id
        self._adopted = not found

    def _adopt(self, request: AnyRow) -> None:
        try:
            ClockTurns(self._turns).adopt(request).result()
        except Unavailable:
            raise
        except Exception:
            log.exception("request %s for a person cannot become a ticket", request.number)

    def _write(self, job: Callable[[Unit], object]) -> None:
        self._database.write(job).result()

    def _sweep(self) -> None:
        moment = self._clock.now() - KEYS_KEPT

        def write(unit: Unit) -> None:
            events.forget_before(unit.connection, moment)
            events.forget_parked_before(unit.connection, moment)

        try:
            self._write(write)
        except Unavailable as error:
            log.warning("sweeping waits: %s", error)
