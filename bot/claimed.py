"""A row on its way out, and what it means that nobody knows whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.channels import port
from storage.repositories import outbox

UNKNOWN_WAIT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is being sent: marked so in the database, its lane held by us. ``also`` are
    the (row, message) ids of further lines of the same topic that go out with it."""

    row_id: int
    lane: int
    message_id: int
    attempts: int
    repeated: bool
    out: port.Outgoing
    blob: str | None
    also: tuple[tuple[int, int], ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows that go out with this one message."""
        return (self.row_id, *(row_id for row_id, _ in self.also))

    @property
    def messages(self) -> tuple[int, ...]:
        """All messages that become this one message of the platform."""
        return (self.message_id, *(message_id for _, message_id in self.also))


def record_unknown(
    connection: Connection, row_id: int, lane: int, repeated: bool, now: datetime
) -> None:
    """It may have arrived: one more attempt, marked; then it stays unknown (design 6.6)."""
    if repeated:
        outbox.settle(connection, row_id, "unknown", done_at=now, error="outcome unknown")
        outbox.free(connection, lane, now)
    else:
        at = now + UNKNOWN_WAIT
        outbox.settle(connection, row_id, "queued", due_at=at, repeated=True)
        outbox.free(connection, lane, at)
