"""The sender: claims lanes, sends their first rows, records what became of them.

A lane is one conversation; within it rows go one by one in order, and lanes never wait for
each other. No transaction is open while a platform is asked (design 6.4 to 6.7). If the
process dies right after a platform took a message, that message goes out a second time: no
messaging platform here offers a key that would prevent it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bot import rates
from bot.bells import Bell, PageBells
from bot.blobs import BlobStore
from bot.channels import port
from bot.clock import Clock
from bot.incoming import ConversationKey
from handoff import links
from storage.base import AnyRow
from storage.database import Database, Unavailable
from storage.repositories import conversations, outbox
from storage.unit import Unit

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
UNKNOWN_WAIT = timedelta(seconds=5)
ACCOUNT_PAUSE = timedelta(seconds=60)
LONGEST_BACKOFF = 300.0
AT_ONCE = 32


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


@dataclass(frozen=True, slots=True)
class Address:
    """Where private links lead: the public address, and the key their tokens come from."""

    public_url: str
    key: bytes

    def link(self, purpose: str, link_id: int) -> str:
        """The whole private link."""
        if purpose == "resume":
            return f"{self.public_url}/t/{links.token(self.key, 'resume', link_id)}"
        return f"{self.public_url}/?join={links.token(self.key, 'join', link_id)}"


class Delivery:
    """Sends what is due on the channels it was given."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, port.Channel],
        clock: Clock,
        blobs: BlobStore,
        address: Address,
        pages: PageBells,
        bell: Bell,
    ) -> None:
        self._database = database
        self._channels = channels
        self._clock = clock
        self._blobs = blobs
        self._address = address
        self._pages = pages
        self._owner = secrets.token_hex(8)
        self._names = tuple(sorted(channels))
        self._sending: dict[str, set[asyncio.Task[None]]] = {name: set() for name in channels}
        self._bell = bell

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set, then let what is under way finish."""
        self._bell.listen()
        if self._database.dialect == "sqlite":
            await self._take_over()
        while not stop.is_set():
            try:
                more = await self._step()
            except Unavailable as error:
                log.warning("delivery waits: %s", error)
                more = 1.0
            except Exception:  # whatever it is, delivery goes on
                log.exception("delivery stumbled")
                more = 1.0
            if more:
                await self._bell.wait(more)
        if under_way := set().union(*self._sending.values()):
            await asyncio.wait(under_way, timeout=15)

    async def _take_over(self) -> None:
        """One process serves a SQLite file (design 6.17), so whoever held a lane is dead:
        its users need not wait until the lease runs out."""
        try:
            await asyncio.wrap_future(
                self._database.write(lambda unit: outbox.drop_leases(unit.connection))
            )
        except Unavailable as error:
            log.warning("delivery waits for old leases: %s", error)

    async def drain(self) -> int:
        """Send all that is due now, for tests and short commands; how many rows went."""
        count, room = 0, dict.fromkeys(self._names, AT_ONCE)
        while claimed := await self._claim(room):
            await asyncio.gather(*(self._send(row) for row in claimed if row is not None))
            count += len(claimed)
        return count

    async def _step(self) -> float:
        """Start what is due; seconds until there may be more (0: at once)."""
        now, room = self._clock.now(), self._room()
        due = await asyncio.to_thread(
            self._database.read, lambda c: outbox.next_due(c, tuple(room), now)
        )
        if due is None or due > now:
            return min(1.0, (due - now).total_seconds()) if due else 1.0
        for row in await self._claim(room):
            if row is not None:
                under_way = self._sending[row.out.key.channel]
                task = asyncio.create_task(self._send(row))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        return 0.0

    def _room(self) -> dict[str, int]:
        """How many more messages each channel may send now: one that hangs fills only its
        own room."""
        free = {name: AT_ONCE - len(self._sending[name]) for name in self._names}
        return {name: count for name, count in free.items() if count > 0}

    async def _claim(self, room: Mapping[str, int]) -> list[Claimed | None]:
        """Rows to send; a None stands for one that was settled on the spot."""
        return await asyncio.wrap_future(self._database.write(partial(self._claim_in, room)))

    def _claim_in(self, room: Mapping[str, int], unit: Unit) -> list[Claimed | None]:
        now, connection = self._clock.now(), unit.connection
        lanes = [
            lane
            for name, most in room.items()
            for lane in outbox.due_lanes(connection, (name,), now, most)
        ]
        heads = {row.conversation_id: row for row in outbox.heads(connection, lanes)}
        results: list[Claimed | None] = []
        for lane in lanes:
            head = heads.get(lane)
            if head is None:
                outbox.free(connection, lane, None)
            else:
                results.extend(self._take(unit, head, now))
        claimed = [row for row in results if row is not None]
        outbox.claim(connection, [row.row_id for row in claimed])
        outbox.hold(connection, [row.lane for row in claimed], self._owner, now + LEASE)
        return results

    def _take(self, unit: Unit, row: AnyRow, now: datetime) -> list[Claimed | None]:
        """Decide about a lane's first row: claim it, settle it on the spot, or wait."""
        connection, lane = unit.connection, row.conversation_id
        if row.state == "sending":  # whoever sent it died: it may have arrived
            self._record_unknown(connection, row.id, lane, row.repeated, now)
            return [None]
        if row.due_at > now:
            outbox.free(connection, lane, row.due_at)
            return []
        if row.row_class == "talk" and row.fence < row.fence_now:
            outbox.settle(connection, row.id, "withdrawn", done_at=now)
            return [None]
        if row.unreachable_at is not None:
            outbox.settle(connection, row.id, "failed", done_at=now, error="unreachable")
            return [None]
        if self._channels[row.channel].abilities.local:
            outbox.settle(connection, row.id, "sent", done_at=now)
            unit.after_commit(lambda: self._pages.ring(lane))
            return [None]
        try:
            claimed = self._as_claimed(row)
        except Exception as error:  # a row that cannot be read must not stop the others
            log.exception("row %d cannot be sent", row.id)
            outbox.settle(connection, row.id, "failed", done_at=now, error=type(error).__name__)
            return [None]
        allowed = self._spend(connection, claimed.out.key, now)
        if allowed > now:
            outbox.free(connection, lane, allowed)
            return []
        return [claimed]

    def _as_claimed(self, row: AnyRow) -> Claimed:
        body = json.loads(row.body) if row.body else {}
        link = self._address.link(*body["link"]) if "link" in body else None
        file = port.OutFile(**body["file"]) if "file" in body else None
        out = port.Outgoing(
            kind=row.kind,
            key=ConversationKey(row.channel, row.account, row.chat, row.thread),
            text=row.text.replace("{link}", link) if link else row.text,
            buttons=tuple(port.Button(*choice) for choice in body.get("choices", ())),
            ask_phone=body.get("ask_phone", False),
            hide_keyboard=body.get("hide_keyboard", False),
            file=file,
            link=link,
        )
        return Claimed(
            row.id,
            row.conversation_id,
            row.message_id,
            row.attempts + 1,
            row.repeated,
            out,
            file.blob if file else None,
        )

    def _spend(self, connection: Connection, key: ConversationKey, now: datetime) -> datetime:
        """Count a message against its limits; when it may go (now: it counted)."""
        limits = rates.rates_of(key)
        names = {rates.account_scope(key), rates.chat_scope(key)} | {r.scope for r in limits}
        known = outbox.scopes(connection, sorted(names))
        allowed = max((row.paused_until or now for row in known.values()), default=now)
        tats = {r.scope: known[r.scope].tat if r.scope in known else None for r in limits}
        allowed = max([now, allowed, *(r.allowed_at(tats[r.scope], now) for r in limits)])
        if allowed <= now:
            for limit in limits:
                tat = limit.after(tats[limit.scope], now)
                outbox.save_scope(connection, limit.scope, tat=tat)
        return allowed

    async def _send(self, row: Claimed) -> None:
        record = await self._attempt(row)
        for pause in (0.1, 0.5, 2.0, 5.0):
            try:
                await asyncio.wrap_future(self._database.write(record))
                break
            except Unavailable:
                await asyncio.sleep(pause)  # else the lease runs out and the row is "unknown"
            except Exception:
                log.exception("what became of row %d cannot be recorded", row.row_id)
                break
        self._bell.ring()

    async def _attempt(self, row: Claimed) -> Callable[[Unit], None]:
        channel = self._channels[row.out.key.channel]
        try:
            out = row.out
            if row.blob is not None:
                out = _with_bytes(out, await asyncio.to_thread(self._blobs.get, row.blob))
            platform_id = await channel.send(out)
            return partial(self._sent, row, platform_id)
        except port.DeliveryError as error:
            return partial(self._not_sent, row, error)
        except Unavailable as error:
            return partial(self._not_sent, row, port.NotSent(str(error)))
        except Exception as error:
            log.exception("sending on %s went wrong", channel.name)
            return partial(self._not_sent, row, port.Refused(type(error).__name__))

    def _sent(self, row: Claimed, platform_id: str | None, unit: Unit) -> None:
        now = self._clock.now()
        ours = outbox.owns(unit.connection, row.lane, self._owner)
        outbox.settle(unit.connection, row.row_id, "sent", done_at=now)
        if ours:
            outbox.free(unit.connection, row.lane, now)
        else:
            log.warning("a lane was taken over while its row %d was being sent", row.row_id)
        if platform_id:
            outbox.name_message(unit.connection, row.message_id, platform_id)

    def _not_sent(self, row: Claimed, error: port.DeliveryError, unit: Unit) -> None:
        now = self._clock.now()
        connection = unit.connection
        if not outbox.owns(connection, row.lane, self._owner):
            return  # whoever took the lane over settles the row
        match error:
            case port.OutcomeUnknown():
                self._record_unknown(connection, row.row_id, row.lane, row.repeated, now)
            case port.Unreachable():
                self._give_up(connection, row.lane, str(error) or "unreachable", now)
            case port.Moved(chat=chat) if not _can_move(connection, row.out.key, chat):
                self._give_up(connection, row.lane, str(error), now)
            case port.Refused():
                outbox.settle(connection, row.row_id, "failed", done_at=now, error=str(error))
                outbox.free(connection, row.lane, now)
                log.warning("the platform refused row %d: %s", row.row_id, error)
            case _:
                self._again(connection, row, error, now)

    def _give_up(self, connection: Connection, lane: int, reason: str, now: datetime) -> None:
        """Nothing more goes there until its user writes again."""
        conversations.mark_unreachable(connection, lane, now)
        outbox.fail_lane(connection, lane, reason, now)
        outbox.free(connection, lane, None)

    def _again(
        self, connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime
    ) -> None:
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

    def _record_unknown(
        self, connection: Connection, row_id: int, lane: int, repeated: bool, now: datetime
    ) -> None:
        """It may have arrived: one more attempt, marked; then it stays unknown (design 6.6)."""
        if repeated:
            outbox.settle(connection, row_id, "unknown", done_at=now, error="outcome unknown")
            outbox.free(connection, lane, now)
        else:
            at = now + UNKNOWN_WAIT
            outbox.settle(connection, row_id, "queued", due_at=at, repeated=True)
            outbox.free(connection, lane, at)


def _can_move(connection: Connection, key: ConversationKey, chat: str) -> bool:
    """Whether the new id is free: the chat may have written under it before we heard."""
    found = conversations.find(connection, key.channel, key.account, chat, key.thread)
    return found is None


def _with_bytes(out: port.Outgoing, data: bytes) -> port.Outgoing:
    return replace(out, file_bytes=data)
