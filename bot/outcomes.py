"""What became of a message, written down: sent, again later, failed, unknown (design 6.6)."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates
from bot.channels import port
from bot.clock import Clock
from bot.incoming import ConversationKey
from storage.repositories import conversations, outbox
from storage.unit import Unit

log = logging.getLogger(__name__)

UNKNOWN_WAIT = timedelta(seconds=5)
ACCOUNT_PAUSE = timedelta(seconds=60)
LONGEST_BACKOFF = 300.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is being sent: marked so in the database, its lane held by us."""

    row_id: int
    lane: int
    message_id: int
    attempts: int
    repeated: bool
    out: port.Outgoing
    blob: str | None


class Outcomes:
    """Records outcomes for ``owner``, who holds the lane unless its lease ran out."""

    def __init__(self, clock: Clock, owner: str) -> None:
        self._clock = clock
        self._owner = owner

    def sent(self, row: Claimed, platform_id: str | None, unit: Unit) -> None:
        """The platform took it. True even for a lane that somebody else holds by now."""
        now = self._clock.now()
        ours = outbox.owns(unit.connection, row.lane, self._owner)
        outbox.settle(unit.connection, row.row_id, "sent", done_at=now)
        if ours:
            outbox.free(unit.connection, row.lane, now)
        else:
            log.warning("a lane was taken over while its row %d was being sent", row.row_id)
        if platform_id:
            outbox.name_message(unit.connection, row.message_id, platform_id)

    def not_sent(self, row: Claimed, error: port.DeliveryError, unit: Unit) -> None:
        """The platform did not take it, or nobody knows."""
        now = self._clock.now()
        connection = unit.connection
        if not outbox.owns(connection, row.lane, self._owner):
            return  # whoever took the lane over settles the row
        match error:
            case port.OutcomeUnknown():
                record_unknown(connection, row.row_id, row.lane, row.repeated, now)
            case port.Unreachable():
                _give_up(connection, row.lane, str(error) or "unreachable", now)
            case port.Moved(chat=chat) if not _can_move(connection, row.out.key, chat):
                _give_up(connection, row.lane, str(error), now)
            case port.Refused():
                outbox.settle(connection, row.row_id, "failed", done_at=now, error=str(error))
                outbox.free(connection, row.lane, now)
                log.warning("the platform refused row %d: %s", row.row_id, error)
            case _:
                _again(connection, row, error, now)


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


def _give_up(connection: Connection, lane: int, reason: str, now: datetime) -> None:
    """Nothing more goes there until its user writes again."""
    conversations.mark_unreachable(connection, lane, now)
    outbox.fail_lane(connection, lane, reason, now)
    outbox.free(connection, lane, None)


def _again(connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime) -> None:
    """Not sent for sure: the row waits for its next attempt."""
    at = now
    match error:
        case port.RetryLater(seconds=seconds, scope=scope):
            at = now + timedelta(seconds=seconds)
            name = rates.chat_scope if scope == "chat" else rates.account_scope
            outbox.save_scope(connection, name(row.out.key), paused_until=at)
        case port.AccountBroken():
            at = now + ACCOUNT_PAUSE
            outbox.save_scope(connection, rates.account_scope(row.out.key), paused_until=at)
            log.error("%s refuses our credentials: %s", row.out.key.channel, error)
        case port.Moved(chat=chat):
            conversations.move(connection, row.lane, chat)
        case _:
            wait = min(LONGEST_BACKOFF, 0.5 * 2 ** min(row.attempts, 12))
            at = now + timedelta(seconds=wait * random.uniform(0.7, 1.3))
    outbox.settle(connection, row.row_id, "queued", due_at=at, error=str(error))
    outbox.free(connection, row.lane, at)


def _can_move(connection: Connection, key: ConversationKey, chat: str) -> bool:
    """Whether the new id is free: the chat may have written under it before we heard."""
    found = conversations.find(connection, key.channel, key.account, chat, key.thread)
    return found is None
