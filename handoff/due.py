"""What a due time does when it rings: one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from handoff.counter import Counter, Moment
from handoff.job import Job
from storage.base import AnyRow

Deed = Callable[[Counter, Moment, AnyRow], None]
DEEDS: Mapping[str, Deed] = {}

# What waits for a user, or ends something for one: these move by the length of an outage, and
# do nothing before an hour after it (design 6.12).
USER_SIDE: frozenset[str] = frozenset()
AFTER_OUTAGE = timedelta(hours=1)


class Find(Protocol):
    """Tickets to look after, read without a lock."""

    def __call__(self, connection: Connection, *, now: datetime) -> list[int]: ...


# What happens outside any turn and has to be noticed (a delivery): which tickets, and what to do.
SWEEPS: tuple[tuple[Find, Callable[[Job], None]], ...] = ()


def fire(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
    """Do what is due; ``deadline`` was taken for this transaction, the contact is locked."""
    DEEDS[deadline.kind.partition(":")[0]](counter, moment, deadline)
