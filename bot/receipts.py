"""What platforms say later about our messages: one transaction for all the news of a payload,
without any contact's lock; a failure that needs something done is a turn of its own, under it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot import outcomes
from bot.channels import port
from bot.clock import Clock
from bot.metrics import DeliveryMetrics
from bot.speaking import Bells
from storage.base import AnyRow
from storage.database import Database
from storage.repositories import conversations, events, outbox
from storage.repositories import receipts as news
from storage.unit import Unit

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a message is sent that a platform takes and then fails to bring."""

_REF = re.compile(r"(\d{1,18})\.(\d{1,9})(t?)")


@dataclass(frozen=True, slots=True)
class _About:
    """What a piece of news is about: a row's id, the attempt, and whether it is the template
    that stood for it."""

    row_id: int
    attempt: int
    template: bool


def read_ref(ref: str) -> tuple[int, int, bool] | None:
    """(row id, attempt, whether it was a template) of a reference we gave; None for others."""
    found = _REF.fullmatch(ref)
    return None if found is None else (int(found[1]), int(found[2]), bool(found[3]))


class Receipts:
    """Writes news of messages down, and sees to those that failed after all."""

    def __init__(
        self, database: Database, clock: Clock, bells: Bells, metrics: DeliveryMetrics
    ) -> None:
        self._database = database
        self._clock = clock
        self._bells = bells
        self._metrics = metrics

    async def take(self, found: Sequence[port.Receipt]) -> None:
        """All the news of one payload; done once it is durable. Raises Unavailable."""
        known = [(receipt, about) for receipt in found if (about := _about(receipt.ref))]
        for receipt in found:
            self._metrics.receipt(receipt.account.partition(":")[0], receipt.state)
        if not known:
            return
        freed = await asyncio.wrap_future(self._database.write(partial(self._rise, known)))
        if freed:  # lanes come before rows, everywhere: so not in the same transaction
            await asyncio.wrap_future(self._database.write(partial(self._go_on, freed)))
        for receipt, about in known:
            if receipt.error is not None:
                job = partial(self._failed, receipt, about, receipt.error)
                await asyncio.wrap_future(self._database.write(job))

    def _rise(self, known: list[tuple[port.Receipt, _About]], unit: Unit) -> list[tuple[int, str]]:
        """Write the news; the lanes (conversation, channel) whose first row need not be sent
        again after all."""
        now = self._clock.now()
        freed: list[tuple[int, str]] = []
        for account in {receipt.account for receipt, _ in known}:
            mine = [pair for pair in known if pair[0].account == account]
            for receipt, about in sorted(mine, key=lambda p: (p[1].row_id, _rank(p[0]))):
                row = news.row(unit.connection, account, about.row_id)
                if row is not None and _is_news(row, about, receipt):
                    rise = news.rise_announced if about.template else news.rise
                    rise(unit.connection, row, _rank(receipt), min(receipt.at, now), now)
                    if row.state == "queued" and row.repeated:
                        freed.append((row.conversation_id, row.channel))
                    if not about.template:
                        self._name(unit, row, receipt)
                    if row.ticket_id is not None:
                        unit.after_commit(partial(self._bells.desk.ring, row.ticket_id))
        return freed

    def _go_on(self, lanes: list[tuple[int, str]], unit: Unit) -> None:
        """What stood behind a row that waited for its news goes now."""
        for conversation_id, channel in sorted(set(lanes)):
            outbox.wake(unit.connection, conversation_id, channel, self._clock.now())
        unit.after_commit(self._bells.delivery.ring)

    def _name(self, unit: Unit, row: AnyRow, receipt: port.Receipt) -> None:
        """The platform's id is known, even where its answer to the send was lost."""
        if receipt.state != "failed":
            outbox.name_message(unit.connection, row.message_id, receipt.platform_id)

    def _failed(
        self, receipt: port.Receipt, about: _About, error: port.DeliveryError, unit: Unit
    ) -> None:
        """What to do about a message that failed after all, once."""
        connection, now = unit.connection, self._clock.now()
        found = news.conversation_of(connection, receipt.account, about.row_id)
        if found is None:
            return
        case = conversations.load_locked(connection, found)
        if not events.claim(connection, receipt.account, receipt.event_id, now):
            return
        outbox.lock_lane(connection, case.id)
        row = news.row(connection, receipt.account, about.row_id)
        if row is None or row.attempts != about.attempt or not _ours(row, about, receipt):
            return  # it was sent again meanwhile, or is none of ours
        if (row.announced if about.template else row.receipt) != news.FAILED:
            return  # it arrived after all
        log.info("row %d failed after all: %s", row.id, error)
        if self._act(unit, row, about, error, min(receipt.at, now)):
            outbox.wake(connection, case.id, case.channel, now)
            unit.after_commit(self._bells.delivery.ring)

    def _act(
        self,
        unit: Unit,
        row: AnyRow,
        about: _About,
        error: port.DeliveryError,
        at: datetime,
    ) -> bool:
        """Whether the row is to go out again. It failed at ``at``; what its user did after that
        is not undone."""
        connection, now, lane = unit.connection, self._clock.now(), row.conversation_id
        wait = timedelta()
        match error:
            case port.WindowClosed() if not about.template:
                conversations.close_window(connection, lane, at)
            case port.Unreachable():
                words = str(error) or "unreachable"
                outbox.settle(connection, row.id, "failed", done_at=now, error=words)
                outcomes.give_up(connection, lane, words, at, now)
                return False
            case port.AccountBroken():
                outcomes.account_broken(connection, row.channel, row.account, str(error), now)
            case port.Refused() | port.WindowClosed():
                return self._lost(unit, row, about, error)
            case _:
                wait = outcomes.backoff(row.attempts + 3)
        if row.attempts >= ATTEMPTS:
            return self._lost(unit, row, about, error)
        if about.template:
            news.announce_again(connection, row.id)
        outbox.settle(connection, row.id, "queued", due_at=now + wait, error=str(error))
        return True

    def _lost(self, unit: Unit, row: AnyRow, about: _About, error: port.DeliveryError) -> bool:
        now = self._clock.now()
        outbox.settle(unit.connection, row.id, "failed", done_at=now, error=str(error))
        if about.template:
            # What waited behind that call without one of its own has to call by itself.
            outbox.reconsider(unit.connection, row.conversation_id, row.channel, now)
            unit.after_commit(self._bells.delivery.ring)
            words = f"Templat WhatsApp untuk {row.purpose} gagal dikirim ({error})."
            outcomes.tell_admins(
                unit.connection, "template_refused", f"template:{row.purpose}", words, now
            )
        return False


def _about(ref: str) -> _About | None:
    parts = read_ref(ref)
    return None if parts is None else _About(*parts)


def _rank(receipt: port.Receipt) -> int:
    return news.RANKS[receipt.state]


def _is_news(row: AnyRow, about: _About, receipt: port.Receipt) -> bool:
    """Whether it says more than what is known. What arrived has arrived, whichever attempt it
    was; anything less counts for the last attempt only."""
    rank = _rank(receipt)
    if not _ours(row, about, receipt) or rank <= (row.announced if about.template else row.receipt):
        return False
    return rank >= news.DELIVERED or row.attempts == about.attempt


def _ours(row: AnyRow, about: _About, receipt: port.Receipt) -> bool:
    """Whether it can be about this row: another database under the same number (one before a
    backup was restored) has given out the same references."""
    if about.attempt > row.attempts:
        return False
    if row.attempts != about.attempt or row.state != ("held" if about.template else "sent"):
        return True  # this attempt's own id is not known yet
    known = row.announced_id if about.template else row.platform_id
    return known in (None, receipt.platform_id)
