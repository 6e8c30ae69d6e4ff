"""What became of a message, written down: sent, again later, failed, unknown (design 6.6)."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates
from bot.channels import port
from bot.claimed import Claimed, record_unknown
from bot.clock import Clock
from bot.group import lanes as group_lanes
from bot.incoming import ConversationKey
from storage.repositories import conversations, outbox
from storage.unit import Unit

log = logging.getLogger(__name__)

ACCOUNT_PAUSE = timedelta(seconds=60)
LONGEST_BACKOFF = 300.0


class Outcomes:
    """Records outcomes for ``owner``, who holds the lane unless its lease ran out."""

    def __init__(self, clock: Clock, owner: str) -> None:
        self._clock = clock
        self._owner = owner

    def sent(self, row: Claimed, platform_id: str | None, unit: Unit) -> None:
        """The platform took it. True even for a lane that somebody else holds by now."""
        now = self._clock.now()
        ours = outbox.owns(unit.connection, row.lane, self._owner)
        if row.out.kind == "topic":
            group_lanes.topic_made(unit.connection, row, platform_id, now, ours=ours)
            return
        for row_id in row.rows:
            outbox.settle(unit.connection, row_id, "sent", done_at=now)
        if ours:
            outbox.free(unit.connection, row.lane, now)
        else:
            log.warning("a lane was taken over while its row %d was being sent", row.row_id)
        if platform_id:
            for message_id in row.messages:
                outbox.name_message(unit.connection, message_id, platform_id)

    def not_sent(self, row: Claimed, error: port.DeliveryError, unit: Unit) -> None:
        """The platform did not take it, or nobody knows."""
        now = self._clock.now()
        connection = unit.connection
        if not outbox.owns(connection, row.lane, self._owner):
            return  # whoever took the lane over settles the row
        if row.out.key.channel == group_lanes.CHANNEL and group_lanes.settle(
            connection, row, error, now
        ):
            return
        match error:
            case port.OutcomeUnknown():
                for row_id in row.rows:
                    record_unknown(connection, row_id, row.lane, row.repeated, now)
            case port.Unreachable():
                _give_up(connection, row.lane, str(error) or "unreachable", now)
            case port.Moved(chat=chat) if not _can_move(connection, row.out.key, chat):
                _give_up(connection, row.lane, str(error), now)
            case port.Refused():
                for row_id in row.rows:
                    outbox.settle(connection, row_id, "failed", done_at=now, error=str(error))
                outbox.free(connection, row.lane, now)
                log.warning("the platform refused row %d: %s", row.row_id, error)
            case _:
                _again(connection, row, error, now)


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
    for row_id in row.rows:
        outbox.settle(connection, row_id, "queued", due_at=at, error=str(error))
    outbox.free(connection, row.lane, at)


def _can_move(connection: Connection, key: ConversationKey, chat: str) -> bool:
    """Whether the new id is free: the chat may have written under it before we heard."""
    found = conversations.find(connection, key.channel, key.account, chat, key.thread)
    return found is None
