"""Which rows go next: claimed lane by lane, within the platforms' limits (design 6.4 to 6.7)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates
from bot.bells import PageBells
from bot.channels import port
from bot.claimed import Claimed, record_unknown
from bot.clock import Clock
from bot.group import lanes as group_lanes
from bot.incoming import ConversationKey
from handoff import links
from storage.base import AnyRow
from storage.repositories import outbox
from storage.unit import Unit

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)


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


class Claims:
    """Decides, inside one transaction, what ``owner`` sends next."""

    def __init__(
        self,
        channels: Mapping[str, port.Channel],
        clock: Clock,
        address: Address,
        pages: PageBells,
        owner: str,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._address = address
        self._pages = pages
        self._owner = owner

    def next(self, room: Mapping[str, int], unit: Unit) -> list[Claimed | None]:
        """Rows to send, at most ``room`` on each channel, marked as being sent; a None stands
        for one that was settled on the spot."""
        now, connection = self._clock.now(), unit.connection
        results: list[Claimed | None] = []
        for name, most in room.items():
            topical = self._channels[name].abilities.topics
            wanted = group_lanes.LOOKED_AT if topical else most
            lanes = outbox.due_lanes(connection, (name,), now, wanted)
            heads = {row.conversation_id: row for row in outbox.heads(connection, lanes)}
            topics = group_lanes.topics_of(connection, lanes) if topical else {}
            if topical:
                lanes = group_lanes.in_order(lanes, heads, topics)[:most]
            for lane in lanes:
                head = heads.get(lane)
                if head is None:
                    outbox.free(connection, lane, None)
                else:
                    results.extend(self._take(unit, head, now, topics.get(lane)))
        claimed = [row for row in results if row is not None]
        outbox.claim(connection, [row_id for row in claimed for row_id in row.rows])
        outbox.hold(connection, [row.lane for row in claimed], self._owner, now + LEASE)
        return results

    def _take(
        self, unit: Unit, row: AnyRow, now: datetime, topic: AnyRow | None
    ) -> list[Claimed | None]:
        """Decide about a lane's first row: claim it, settle it on the spot, or wait."""
        connection, lane = unit.connection, row.conversation_id
        if row.state == "sending":  # whoever sent it died: it may have arrived
            record_unknown(connection, row.id, lane, row.repeated, now)
            if topic is not None and row.repeated:
                group_lanes.lost(connection, lane, now)
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
            if topic is not None:
                claimed = group_lanes.shaped(connection, claimed, row, topic, now)
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
            mentions=tuple(tuple(person) for person in body.get("mentions", ())),
            asks="asks" in body,
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
