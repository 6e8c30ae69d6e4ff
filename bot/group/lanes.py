"""The lanes of the agents' group on their way out (design 6.14): the topic is found or made at
send time, waiting lines of one topic go out as one message, live chats go first."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import rates
from bot.channels import port
from bot.claimed import Claimed
from storage.base import AnyRow
from storage.repositories import agents, outbox, topics

CHANNEL = topics.CHANNEL
LOOKED_AT = 300
"""How many waiting topics are compared before some are sent to."""

_LONGEST = 4000
_MOST_LINES = 40
_PAUSE = timedelta(minutes=10)
_TOLD_AGAIN = timedelta(days=1)
_QUICK = 8

log = logging.getLogger(__name__)


def topics_of(connection: Connection, lanes: Iterable[int]) -> dict[int, AnyRow]:
    """The topics these lanes lead into."""
    return topics.of_lanes(connection, lanes)


def in_order(
    lanes: list[int], heads: Mapping[int, AnyRow], found: Mapping[int, AnyRow]
) -> list[int]:
    """Live chats first, then whoever waits longest; an empty lane costs nothing."""

    def place(lane: int) -> tuple[bool, bool, datetime | int]:
        head, topic = heads.get(lane), found.get(lane)
        if head is None:
            return (False, False, 0)
        return (True, not (topic is not None and topic.live), head.message_id)

    return sorted(lanes, key=place)


def shaped(
    connection: Connection, claimed: Claimed, row: AnyRow, topic: AnyRow, now: datetime
) -> Claimed:
    """The row as it goes into its topic now: that one is made first where there is none; lines
    that wait behind it go along."""
    key = claimed.out.key
    if topic.thread is None and row.kind != "topic_close":
        making = port.Outgoing("topic", key, topic.name)
        return replace(claimed, out=making, blob=None)
    out = replace(
        claimed.out, key=replace(key, thread=topic.thread or ""), keep_open=bool(topic.open)
    )
    claimed = replace(claimed, out=out)
    if not _joins(row.kind, row.body) or claimed.repeated:
        return claimed
    behind = topics.waiting_after(connection, claimed.lane, row.seq, _MOST_LINES)
    return _joined(claimed, behind, now)


def _joins(kind: str, body: str | None) -> bool:
    """Whether a line can share a message: no file, no question to answer by replying."""
    return kind == "message" and not ({"file", "asks"} & set(json.loads(body) if body else {}))


def _joined(claimed: Claimed, rows: list[AnyRow], now: datetime) -> Claimed:
    """One message of all plain lines that follow each other; the last buttons stay."""
    out, also = claimed.out, []
    for row in rows:
        fits = len(out.text) + len(row.text) < _LONGEST
        ready = row.state == "queued" and not row.repeated and row.due_at <= now
        if not (fits and ready and _joins(row.kind, row.body)):
            break
        body = json.loads(row.body) if row.body else {}
        buttons = tuple(port.Button(*choice) for choice in body.get("choices", ()))
        people = tuple((words, person) for words, person in body.get("mentions", ()))
        out = replace(
            out,
            text=f"{out.text}\n\n{row.text}",
            buttons=buttons or out.buttons,
            mentions=(*out.mentions, *people),
        )
        also.append((row.id, row.message_id))
    return replace(claimed, out=out, also=tuple(also))


def topic_made(
    connection: Connection, row: Claimed, thread: str | None, now: datetime, *, ours: bool
) -> None:
    """The topic is there: the line that waited for it goes next."""
    if not ours:
        log.warning("a lane was taken over while its topic was being made")
        return
    topics.opened(connection, row.lane, thread)
    outbox.settle(connection, row.row_id, "queued", due_at=now)
    outbox.free(connection, row.lane, now)


def settle(connection: Connection, row: Claimed, error: port.DeliveryError, now: datetime) -> bool:
    """What a failure means in the group; False where it means what it does anywhere."""
    match error:
        case port.TopicGone():
            topics.opened(connection, row.lane, None)
            at = now if row.attempts < _QUICK else now + timedelta(minutes=1)
            _again(connection, row, at, error)
        case port.Moved(chat=chat):
            key = row.out.key
            topics.move(connection, key.account, key.chat, chat, now)
            _again(connection, row, now, error)
        case port.NotUsable():
            scope = rates.chat_scope(row.out.key)
            outbox.save_scope(connection, scope, paused_until=now + _PAUSE)
            not_usable(connection, str(error), now)
            _again(connection, row, now + _PAUSE, error)
        case _:
            if isinstance(error, port.Refused) or (
                isinstance(error, port.OutcomeUnknown) and row.repeated
            ):
                lost(connection, row.lane, now)
            return False
    return True


def not_usable(connection: Connection, reason: str, now: datetime) -> None:
    """The group does not work: the admins are told once a day, everything else goes on."""
    log.error("the agents' group cannot be used: %s", reason)
    if not agents.alerted_since(connection, "group_broken", "group", now - _TOLD_AGAIN):
        agents.add_alert(
            connection,
            kind="group_broken",
            subject="group",
            text=f"Grup petugas di Telegram tidak bisa dipakai: {reason} "
            "Pengguna tidak terganggu; pakai konsol. Lihat docs/telegram-group.md.",
            now=now,
            role="admin",
        )


def lost(connection: Connection, lane: int, now: datetime) -> None:
    """A line did not get into its topic: whoever holds the ticket looks at the console."""
    ticket = topics.ticket_of_lane(connection, lane)
    if ticket is not None:
        agents.add_alert(
            connection,
            kind="group_line",
            subject=f"ticket:{ticket.id}",
            text=f"{ticket.number}: satu pesan tidak masuk ke topik grup. Lihat di konsol.",
            now=now,
            agent_id=ticket.agent_id,
        )


def _again(connection: Connection, row: Claimed, at: datetime, error: port.DeliveryError) -> None:
    for row_id in row.rows:
        outbox.settle(connection, row_id, "queued", due_at=at, error=str(error))
    outbox.free(connection, row.lane, at)
