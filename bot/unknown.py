"""What it means that nobody knows whether a message arrived (design 6.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import windows
from bot.channels import port
from storage.base import AnyRow
from storage.repositories import conversations, outbox, receipts

UNKNOWN_WAIT = timedelta(seconds=5)
RECEIPT_WAIT = timedelta(seconds=30)  # a status may still tell that it arrived


@dataclass(frozen=True, slots=True)
class Cut:
    """A row whose sending was cut off."""

    id: int
    conversation_id: int
    attempts: int
    repeated: bool
    state: str


def record_unknown(
    connection: Connection, row: Cut | AnyRow, abilities: port.Abilities, now: datetime
) -> None:
    """A row may have arrived: one more attempt, marked, after a while in which a receipt may
    still tell; then it stays unknown. Of a template that may stand for a message the message
    waits, unless its user wrote meanwhile. The lane is locked."""
    lane, row_id = row.conversation_id, row.id
    if not row.repeated:
        at = now + (RECEIPT_WAIT if abilities.receipts else UNKNOWN_WAIT)
        outbox.settle(connection, row_id, "queued", due_at=at, repeated=True)
        outbox.free(connection, lane, at)
        return
    if row.state == "announcing":
        opened = windows.is_open(abilities, conversations.window_of(connection, lane), now)
        receipts.announced(connection, row_id, row.attempts, now, platform_id=None, opened=opened)
    else:
        outbox.settle(connection, row_id, "unknown", done_at=now, error="outcome unknown")
    outbox.free(connection, lane, now)
