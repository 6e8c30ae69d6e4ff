"""What became of a message, written down: sent, again later, failed, unknown (design 6.6)."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates, windows
from bot.channels import port
from bot.claimed import Claimed
from bot.clock import Clock
from bot.group import lanes as group_lanes
from bot.incoming import ConversationKey
from bot.metrics import DeliveryMetrics
from bot.unknown import Cut, record_unknown
from storage.repositories import agents, conversations, outbox, receipts
from storage.unit import Unit

log = logging.getLogger(__name__)

ACCOUNT_PAUSE = timedelta(seconds=60)
LONGEST_BACKOFF = 300.0


class Outcomes:
    """Records outcomes for ``owner``, who holds the lane unless its lease ran out."""

    def __init__(
        self,
        channels: Mapping[str, port.Channel],
        clock: Clock,
        owner: str,
        metrics: DeliveryMetrics,
    ) -> None:
        self._metrics = metrics
        self._channels = channels
        self._clock = clock
        self._owner = owner

    def sent(self, row: Claimed, platform_id: str | None, unit: Unit) -> None:
        """The platform took it. True even for a lane that somebody else holds by now."""
        now, connection = self._clock.now(), unit.connection
        ours = outbox.owns(connection, row.lane, self._owner)
        if row.out.kind == "topic":
            group_lanes.topic_made(connection, row, platform_id, now, ours=ours)
            return
        abilities = self._abilities(row)
        if row.out.kind == "template":
            windows.announced(connection, row, platform_id or "", abilities, now)
        elif abilities.receipts:
            receipts.accepted(connection, row.row_id, row.attempts, now)
        else:
            for row_id in row.rows:
                outbox.settle(connection, row_id, "sent", done_at=now, arrived_at=now)
        if ours:
            outbox.free(connection, row.lane, now)
        else:
            log.warning("a lane was taken over while its row %d was being sent", row.row_id)
        if platform_id and row.out.kind != "template":
            for message_id in row.messages:
                outbox.name_message(connection, message_id, platform_id)

    def not_sent(self, row: Claimed, error: port.DeliveryError, unit: Unit) -> None:
        """The platform did not take it, or nobody knows."""
        now = self._clock.now()
        connection = unit.connection
        if not outbox.owns(connection, row.lane, self._owner):
            return  # whoever took the lane over settles the row
        if outbox.attempts_of(connection, row.row_id) != row.attempts:
            return  # it took so long that the row was sent again meanwhile
        if row.out.key.channel == group_lanes.CHANNEL and group_lanes.settle(
            connection, row, error, now
        ):
            return
        match error:
            case port.OutcomeUnknown():
                self._unknown(connection, row, now)
            case port.Moved(chat=chat) if not _can_move(connection, row.out.key, chat):
                self._lost(connection, row, error, now)
            case port.Unreachable():
                self._lost(connection, row, error, now)
            case port.Refused() | port.WindowClosed() if row.out.kind == "template":
                self._failed(connection, row, error, now)
                outbox.reconsider(connection, row.lane, row.out.key.channel, now)
                tell_template_refused(connection, row.out, error, now)
            case port.Refused():
                self._failed(connection, row, error, now)
            case _:
                self._count_pause(row.out.key.channel, error)
                _again(connection, row, error, now)

    def _count_pause(self, channel: str, error: port.DeliveryError) -> None:
        if isinstance(error, port.RetryLater):
            self._metrics.paused(channel, error.scope)
        elif isinstance(error, port.AccountBroken):
            self._metrics.paused(channel, "broken")

    def _abilities(self, row: Claimed) -> port.Abilities:
        return self._channels[row.out.key.channel].abilities

    def _unknown(self, connection: Connection, row: Claimed, now: datetime) -> None:
        """Unless a receipt came before: then it is known after all."""
        known = outbox.state_of(connection, row.row_id)
        if known not in ("sending", "announcing"):
            until = conversations.window_of(connection, row.lane)
            if known == "held" and windows.is_open(self._abilities(row), until, now):
                outbox.release(connection, row.lane, row.out.key.channel, now)
            outbox.free(connection, row.lane, now)
            return
        for row_id in row.rows:
            cut = Cut(row_id, row.lane, row.attempts, row.repeated, row.state)
            record_unknown(connection, cut, self._abilities(row), now)

    def _lost(
        self, connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime
    ) -> None:
        """Nobody is there, unless they wrote while it was under way: then only this fails."""
        words = str(error) or "unreachable"
        for row_id in row.rows:
            outbox.settle(connection, row_id, "failed", done_at=now, error=words)
        gone = give_up(connection, row.lane, words, row.at, now)
        outbox.free(connection, row.lane, None if gone else now)

    def _failed(
        self, connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime
    ) -> None:
        for row_id in row.rows:
            outbox.settle(connection, row_id, "failed", done_at=now, error=str(error))
        outbox.free(connection, row.lane, now)
        log.warning("the platform refused row %d: %s", row.row_id, error)


def give_up(connection: Connection, lane: int, reason: str, at: datetime, now: datetime) -> bool:
    """Nobody was reached at ``at``: nothing more goes there until its user writes again; False
    if they have since. The lane is locked."""
    if not conversations.lose(connection, lane, at, now):
        return False
    outbox.fail_lane(connection, lane, reason, now)
    return True


def tell_template_refused(
    connection: Connection, out: port.Outgoing, error: port.DeliveryError, now: datetime
) -> None:
    """A template that the platform does not take stops every notice of its kind: the admins are
    told once a day."""
    name = out.template.name if out.template is not None else ""
    words = (
        f"Templat WhatsApp {name} ditolak ({error}). Kabar di luar 24 jam tidak terkirim; "
        "periksa templat di WhatsApp Manager dan bagian whatsapp di config.yml."
    )
    tell_admins(connection, "template_refused", f"template:{name}", words, now)


def tell_admins(connection: Connection, kind: str, subject: str, words: str, now: datetime) -> None:
    """An alert for whoever runs Loket, at most once a day about the same."""
    if not agents.alerted_since(connection, kind, subject, now - timedelta(days=1)):
        agents.add_alert(connection, kind=kind, subject=subject, text=words, now=now, role="admin")


def account_broken(
    connection: Connection, channel: str, account: str, error: str, now: datetime
) -> None:
    """Our credentials or our account are refused: nothing goes out, people must act."""
    scope = account
    outbox.save_scope(connection, scope, paused_until=now + ACCOUNT_PAUSE)
    log.error("%s refuses our account: %s", channel, error)
    words = (
        f"Akun {channel} ditolak platformnya ({error}). Pesan menunggu dan dikirim begitu akun "
        "berfungsi lagi; periksa token dan status akun."
    )
    tell_admins(connection, "account_broken", f"account:{account}", words, now)


def _again(connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime) -> None:
    """Not sent for sure: the row waits for its next attempt."""
    at = now
    match error:
        case port.RetryLater(scope=scope):
            at = now + pause(error, row.attempts)
            name = rates.chat_scope if scope == "chat" else rates.account_scope
            outbox.save_scope(connection, name(row.out.key), paused_until=at)
        case port.AccountBroken():
            at = now + ACCOUNT_PAUSE
            key = row.out.key
            account_broken(connection, key.channel, key.account, str(error), now)
        case port.WindowClosed():
            conversations.close_window(connection, row.lane, row.at)
        case port.Moved(chat=chat):
            conversations.move(connection, row.lane, chat)
        case _:
            at = now + backoff(row.attempts)
    for row_id in row.rows:
        outbox.settle(connection, row_id, "queued", due_at=at, error=str(error))
    outbox.free(connection, row.lane, at)


def pause(error: port.RetryLater, attempts: int) -> timedelta:
    """How long a scope stands still: what the platform asked for; a guess that grows with every
    attempt where it named no time."""
    if error.exact:
        return timedelta(seconds=error.seconds)
    guess = min(LONGEST_BACKOFF, error.seconds * 2 ** min(attempts - 1, 10))
    return timedelta(seconds=guess * random.uniform(1.0, 1.3))


def backoff(attempts: int) -> timedelta:
    """Half a second, doubling up to five minutes, each with jitter."""
    wait = min(LONGEST_BACKOFF, 0.5 * 2 ** min(attempts, 12))
    return timedelta(seconds=wait * random.uniform(0.7, 1.3))


def _can_move(connection: Connection, key: ConversationKey, chat: str) -> bool:
    """Whether the new id is free: the chat may have written under it before we heard."""
    found = conversations.find(connection, key.channel, key.account, chat, key.thread)
    return found is None
