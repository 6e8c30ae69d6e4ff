"""A row on its way out, and what it means that nobody knows whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from bot.channels import port
from storage.base import AnyRow
from storage.repositories import outbox, receipts

UNKNOWN_WAIT = timedelta(seconds=5)
RECEIPT_WAIT = timedelta(seconds=30)  # a status may still tell that it arrived


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is being sent: marked so in the database (``state``: sending, or announcing
    where a template goes in its place), its lane held by us. ``also`` are the (row, message) ids
    of further lines of the same topic that go out with it."""

    row_id: int
    lane: int
    message_id: int
    attempts: int
    repeated: bool
    out: port.Outgoing
    blob: str | None
    also: tuple[tuple[int, int], ...] = ()
    state: Literal["sending", "announcing"] = "sending"

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows that go out with this one message."""
        return (self.row_id, *(row_id for row_id, _ in self.also))

    @property
    def messages(self) -> tuple[int, ...]:
        """All messages that become this one message of the platform."""
        return (self.message_id, *(message_id for _, message_id in self.also))


@dataclass(frozen=True, slots=True)
class Cut:
    """A row whose sending was cut off."""

    id: int
    conversation_id: int
    repeated: bool
    state: str


def record_unknown(
    connection: Connection, row: Cut | AnyRow, abilities: port.Abilities, now: datetime
) -> None:
    """A row may have arrived: one more attempt, marked, after a while in which a receipt may
    still tell; then it stays unknown (design 6.6). Of a template that may stand for a message
    the message waits. The lane is locked."""
    lane, row_id = row.conversation_id, row.id
    if not row.repeated:
        at = now + (RECEIPT_WAIT if abilities.receipts else UNKNOWN_WAIT)
        outbox.settle(connection, row_id, "queued", due_at=at, repeated=True)
        outbox.free(connection, lane, at)
        return
    if row.state == "announcing":
        receipts.announced(connection, row_id, now, platform_id=None, state="held")
    else:
        outbox.settle(connection, row_id, "unknown", done_at=now, error="outcome unknown")
    outbox.free(connection, lane, now)
