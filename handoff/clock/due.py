"""What a due time does when it rings: one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from handoff.clock import breach, service, waiting
from handoff.counter import Counter, Moment
from handoff.data import ringing as data_clock
from handoff.data import window
from handoff.job import Job
from handoff.live import left_behind
from handoff.live import ringing as queue_clock
from handoff.live import times as queue_times
from handoff.ticket import arrival
from storage.base import AnyRow

Deed = Callable[[Counter, Moment, AnyRow], None]
DEEDS: Mapping[str, Deed] = {
    waiting.DATA_WAIT: data_clock.over,
    waiting.DATA_REMINDER: data_clock.remind,
    waiting.CONFIRMATION: arrival.unanswered,
    waiting.WEB_NOTICE: arrival.unfetched,
    "sla": breach.run_out,
    queue_times.CLOSE: queue_clock.closing,
    queue_times.CALL: queue_clock.call_again,
    queue_times.WARN: queue_clock.warn,
    queue_times.RETURN: queue_clock.give_back,
    queue_times.IDLE: queue_clock.silence,
}

# What waits for a user, or ends something for one: these move by the length of an outage, and
# do nothing before an hour after it (design 6.12).
USER_SIDE: frozenset[str] = frozenset(
    {
        waiting.DATA_WAIT,
        waiting.DATA_REMINDER,
        waiting.CONFIRMATION,
        waiting.WEB_NOTICE,  # no browser could fetch anything from us
        "form_left_alone",  # bot.turns.IDLE_FORM
        queue_times.CALL,
        queue_times.IDLE,
    }
)
# These move and do not wait: nobody is left mute for an hour after an outage.
MOVING: frozenset[str] = frozenset({queue_times.WARN, queue_times.RETURN})
# A time of the day stays where it is, and waits like the rest.
WAITING: frozenset[str] = frozenset({queue_times.CLOSE})
TO_USERS = USER_SIDE | MOVING | WAITING
AFTER_OUTAGE = timedelta(hours=1)
# Nothing but a message to the user: after an outage one that is not the user's last is left out.
NUDGES: frozenset[str] = frozenset({waiting.DATA_REMINDER, queue_times.WARN, "form_left_alone"})

# Many of these may be due at once, and nobody waits at the other end: where a platform's rate is
# short they go after people's words and other notices.
BULK: frozenset[str] = frozenset(
    {waiting.DATA_WAIT, waiting.DATA_REMINDER, waiting.CONFIRMATION, waiting.WEB_NOTICE}
)


class Find(Protocol):
    """Tickets to look after, read without a lock."""

    def __call__(self, connection: Connection, *, now: datetime) -> list[int]: ...


# What happens outside any turn and has to be noticed (a delivery): which tickets, and what to do.
SWEEPS: tuple[tuple[Find, Callable[[Job], None]], ...] = (
    (data_clock.delivered, data_clock.begin),
    (window.closing, window.remind),
    (arrival.failed, arrival.look_after),
    (queue_clock.abandoned, queue_clock.rescue),
    (left_behind.held_by_nobody, left_behind.give_back),
)


def fire(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """Do what is due; ``deadline`` was taken for this transaction, the contact is locked. The
    ticket's clocks follow."""
    DEEDS[base(deadline.kind)](counter, moment, deadline)
    if deadline.ticket_id is not None:
        service.sync(Job(counter, moment, None, deadline.ticket_id, "clock"))


def base(kind: str) -> str:
    """A kind without its number or name: ``sla`` of ``sla:response``."""
    return kind.partition(":")[0]
