"""After a gap in which nothing ran, or a jump of the machine's clock (design 6.12).

What waits for a user moves by the length of the gap, and nothing of it is due before what users
had written meanwhile is through and an hour more; the office's own clocks keep their times.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection

from handoff.clock import due, service
from handoff.counter import Counter
from storage.base import AnyRow
from storage.repositories import clock as clocks
from storage.repositories import outages

log = logging.getLogger(__name__)

SERVE = "serve"  # the heartbeat of what serves users; a chat in a terminal moves nothing
GAP = timedelta(minutes=10)  # without a heartbeat
JUMP = timedelta(minutes=5)  # of the clock, against one that is steady
QUIET = timedelta(seconds=30)  # nobody wrote: what had gathered is through
PATIENCE = timedelta(hours=1)  # some offices are never quiet
CALM = timedelta(minutes=10)  # after the hour: what was held back goes out
NOTHING = timedelta()


def wake(connection: Connection, counter: Counter, name: str, now: datetime) -> bool:
    """A process starts: note the gap before, if there was one, and reckon clocks anew if limits
    or hours were changed; whether the last stop was a crash. ``name`` is the heartbeat's, which
    replicas share: whoever wakes first moves what has to be moved."""
    last = clocks.heartbeat(connection, name, lock=True)
    rules = service.fingerprint(counter)
    if last is not None and name == SERVE:
        _note_gap(connection, last, now, "no heartbeat")
        if last.rules != rules:
            moved = service.recompute(connection, counter)
            log.info("limits or hours were changed: %d due times moved", moved)
    clocks.beat(connection, name, now, rules=rules)
    return last is not None and not last.clean_stop


def look(connection: Connection, name: str, now: datetime, jump: timedelta) -> None:
    """While we run: the clock was set by ``jump`` or the machine slept, or the database could
    not be written for long. The heartbeat says whether another replica has noted that first."""
    last = clocks.heartbeat(connection, name, lock=True)
    if last is not None and name == SERVE:
        if abs(jump) <= JUMP:
            _note_gap(connection, last, now, "no heartbeat could be written")
        elif abs(now - last.at) > JUMP:
            began = now - max(jump, NOTHING)
            _open(connection, began, now, jump, "the clock was set, or the machine slept")
    clocks.beat(connection, name, now)


def _note_gap(connection: Connection, last: AnyRow, now: datetime, why: str) -> None:
    gap = now - last.at
    if gap > GAP:
        _open(connection, last.at, now, gap, why)
    elif gap < -JUMP:
        _open(connection, now, now, gap, "the clock was set back")


def _open(
    connection: Connection, began: datetime, ended: datetime, gap: timedelta, why: str
) -> None:
    log.warning("an outage (%s) from %s to %s: what waits for users moves by %s", why, began,
                ended, gap)  # fmt: skip
    outages.add(connection, began, ended, why)
    earliest = ended + due.AFTER_OUTAGE if gap > NOTHING else None
    outages.move(connection, due.USER_SIDE, gap, earliest)
    outages.move(connection, due.WAITING, NOTHING, earliest)
    outages.move(connection, due.MOVING, gap, None)


def drain(connection: Connection, outage: AnyRow, now: datetime) -> None:
    """What had gathered is through: the hour begins now."""
    if outages.drain(connection, now):
        held = outage.ended_at + due.AFTER_OUTAGE
        outages.hold(connection, due.USER_SIDE | due.WAITING, held, now + due.AFTER_OUTAGE)


def is_drained(connection: Connection, outage: AnyRow, now: datetime) -> bool:
    """Nobody has written for a while, or we have waited long enough for that."""
    since = now - outage.ended_at
    if since >= PATIENCE:
        return True
    last = outages.last_event(connection)
    return since >= QUIET and (last is None or now - last >= QUIET)


def calming(outage: AnyRow, now: datetime) -> bool:
    """Whether what an outage held back may be due now, all at once."""
    hour_began: datetime = outage.drained_at or now
    return now <= hour_began + due.AFTER_OUTAGE + CALM


def stale(rows: list[AnyRow]) -> set[int]:
    """Of several messages that are due to one user all but the last: the ids of those that
    change nothing (``due.NUDGES``). ``rows`` are in order of their due times."""
    last = {row.contact_id: row.id for row in rows if due.base(row.kind) in due.TO_USERS}
    return {
        row.id
        for row in rows
        if due.base(row.kind) in due.NUDGES and last[row.contact_id] != row.id
    }
