"""Which rows go next: claimed lane by lane, within the platforms' limits (design 6.4 to 6.7)."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates, windows
from bot.bells import PageBells
from bot.channels import port
from bot.claimed import Claimed
from bot.clock import Clock
from bot.group import lanes as group_lanes
from bot.incoming import ConversationKey
from bot.unknown import record_unknown
from handoff import links
from storage.base import AnyRow
from storage.repositories import outbox
from storage.unit import Unit

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=90)
AHEAD = (
    4  # how many times more lanes than can be sent are compared, so that people's words go first
)


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


@dataclass(slots=True)
class Haul:
    """What was claimed: rows to send; ``settled`` counts those that were decided on the spot,
    ``blocked`` says until when an account of a channel may send nothing (nothing was claimed
    there)."""

    rows: list[Claimed] = field(default_factory=list)
    settled: int = 0
    blocked: dict[str, datetime] = field(default_factory=dict)


class Claims:
    """Decides, inside one transaction, what ``owner`` sends next."""

    def __init__(
        self,
        channels: Mapping[str, port.Channel],
        clock: Clock,
        address: Address,
        pages: PageBells,
        owner: str,
        templates: windows.Templates,
    ) -> None:
        self._templates = templates
        self._channels = channels
        self._clock = clock
        self._address = address
        self._pages = pages
        self._owner = owner

    def next(self, room: Mapping[str, int], unit: Unit) -> Haul:
        """Rows to send, at most ``room`` on each channel, marked as being sent."""
        now, haul = self._clock.now(), Haul()
        for name, most in room.items():
            self._of_channel(unit, name, most, now, haul)
        for state in ("sending", "announcing"):
            rows = [row for row in haul.rows if row.state == state]
            outbox.claim(unit.connection, [n for row in rows for n in row.rows], state)
        outbox.hold(unit.connection, [row.lane for row in haul.rows], self._owner, now + LEASE)
        return haul

    def _of_channel(self, unit: Unit, name: str, most: int, now: datetime, haul: Haul) -> None:
        connection = unit.connection
        topical = self._channels[name].abilities.topics
        wanted = group_lanes.LOOKED_AT if topical else AHEAD * most
        lanes = outbox.due_lanes(connection, (name,), now, wanted)
        heads = {row.conversation_id: row for row in outbox.heads(connection, lanes)}
        topics = group_lanes.topics_of(connection, lanes) if topical else {}
        lanes = group_lanes.in_order(lanes, heads, topics) if topical else _in_order(lanes, heads)
        blocked: dict[str, datetime] = {}
        before = len(haul.rows)
        for lane in lanes:
            head = heads.get(lane)
            if head is None:
                outbox.free(connection, lane, None)
                haul.settled += 1
            elif len(haul.rows) - before < most and head.account not in blocked:
                self._take(unit, head, now, topics.get(lane), haul, blocked)
        if blocked and len(haul.rows) == before:
            haul.blocked[name] = min(blocked.values())

    def _take(
        self,
        unit: Unit,
        row: AnyRow,
        now: datetime,
        topic: AnyRow | None,
        haul: Haul,
        blocked: dict[str, datetime],
    ) -> None:
        """Decide about a lane's first row: claim it, settle it on the spot, or wait."""
        connection, lane = unit.connection, row.conversation_id
        if row.state not in ("sending", "announcing") and row.due_at > now:
            outbox.free(connection, lane, row.due_at)
            haul.settled += 1
            return
        if self._settled(unit, row, now, topic):
            haul.settled += 1
            return
        try:
            claimed = self._as_claimed(row, now)
            if topic is not None:
                claimed = group_lanes.shaped(connection, claimed, row, topic, now)
            abilities = self._channels[row.channel].abilities
            outside = windows.outside(connection, claimed, row, abilities, self._templates, now)
        except Exception as error:  # a row that cannot be read must not stop the others
            log.exception("row %d cannot be sent", row.id)
            outbox.settle(connection, row.id, "failed", done_at=now, error=type(error).__name__)
            haul.settled += 1
            return
        if outside is None:  # it was put aside until its user writes, or went to the work list
            haul.settled += 1
            return
        self._spend(connection, outside, row, now, haul, blocked)

    def _settled(self, unit: Unit, row: AnyRow, now: datetime, topic: AnyRow | None) -> bool:
        """Whether a row needs no sending: what became of it is known, or decided here."""
        connection, lane = unit.connection, row.conversation_id
        if row.state in ("sending", "announcing"):  # whoever sent it died: it may have arrived
            record_unknown(connection, row, self._channels[row.channel].abilities, now)
            if topic is not None and row.repeated:
                group_lanes.lost(connection, lane, now)
        elif row.row_class == "talk" and row.fence < row.fence_now:
            outbox.settle(connection, row.id, "withdrawn", done_at=now)
        elif row.unreachable_at is not None:
            outbox.settle(connection, row.id, "failed", done_at=now, error="unreachable")
        elif self._channels[row.channel].abilities.local:
            outbox.settle(connection, row.id, "sent", done_at=now)
            unit.after_commit(lambda: self._pages.ring(lane))
        else:
            return False
        return True

    def _as_claimed(self, row: AnyRow, now: datetime) -> Claimed:
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
            now,
            replace(out, ref=f"{row.id}.{row.attempts + 1}", number=row.number),
            file.blob if file else None,
        )

    def _spend(
        self,
        connection: Connection,
        claimed: Claimed,
        row: AnyRow,
        now: datetime,
        haul: Haul,
        blocked: dict[str, datetime],
    ) -> None:
        """Count a message against its limits and claim it, or let it wait for them. Where its
        account may send nothing, its lane and those behind stay as they are."""
        key = claimed.out.key
        abilities = self._channels[key.channel].abilities
        limits = rates.rates_of(key, abilities.per_second, bulk=row.bulk)
        account = rates.account_scope(key)
        names = {account, rates.chat_scope(key)} | {r.scope for r in limits}
        known = outbox.scopes(connection, sorted(names))
        tats = {r.scope: known[r.scope].tat if r.scope in known else None for r in limits}
        until = {r.scope: r.allowed_at(tats[r.scope], now) for r in limits}
        for scope, found in known.items():
            until[scope] = max(until.get(scope, now), found.paused_until or now)
        if until.get(account, now) > now:
            blocked[key.account] = until[account]
        elif (allowed := max(until.values(), default=now)) > now:
            if until.get(rates.bulk_scope(key), now) > now:
                allowed += self._spread(connection, key.channel, abilities.per_second, now)
            outbox.free(connection, claimed.lane, allowed)
            haul.settled += 1
        else:
            for limit in limits:
                tat = limit.after(tats[limit.scope], now)
                outbox.save_scope(connection, limit.scope, tat=tat)
            haul.rows.append(claimed)

    def _spread(
        self, connection: Connection, channel: str, per_second: float, now: datetime
    ) -> timedelta:
        """Some time within what all that is due would take: lanes that all came back at once
        would all be written again."""
        due = outbox.count_due(connection, channel, now)
        return timedelta(seconds=random.uniform(0, due / max(per_second * 0.75, 1)))


def _in_order(lanes: list[int], heads: Mapping[int, AnyRow]) -> list[int]:
    """People's words and what answers them first, then notices, then what the clock says; among
    the same whoever waits longest (as they came)."""

    def place(lane: int) -> int:
        head = heads.get(lane)
        if head is None:
            return 0
        return 2 if head.bulk else int(head.row_class == "notice")

    return sorted(lanes, key=place)
