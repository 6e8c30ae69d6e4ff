"""Whose message this is, where a platform knows its users by two ids that may change.

WhatsApp names a user by an id of its own (BSUID) and by their phone number; either may be
missing, both may change, and a number may be given to another person. The id counts first. A
number belongs to one chat at a time: to whoever wrote with it last. Nobody gets another's chat
because of a number alone if that chat has an id of its own, or was silent for long.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.incoming import Became, ConversationKey, Incoming
from storage.base import AnyRow
from storage.repositories import addresses, conversations, outbox, people

log = logging.getLogger(__name__)

ADOPTED = timedelta(days=30)
"""A chat known by its number alone goes on with whoever brings that number and a new id, unless it
was silent for longer: numbers of those who left are given out again."""

KEPT = timedelta(days=90)
"""The same where no id comes along at all, so that nothing but the number speaks."""

GONE = "gone:"  # the chat of a conversation whose only id is another person's by now


@dataclass(frozen=True, slots=True)
class _Plan:
    """``mine`` is the row of the user's conversation (None: they are new), ``robbed`` the one
    that loses its number to them."""

    mine: AnyRow | None
    robbed: AnyRow | None


def place_event(connection: Connection, incoming: Incoming, now: datetime) -> ConversationKey:
    """``place`` for an event that was not handled before; as it is where it names no number."""
    if incoming.number is None and incoming.became is None:
        return incoming.key
    sent_at = incoming.sent_at or now
    return place(connection, incoming.key, incoming.number, incoming.became, sent_at, now)


def place(
    connection: Connection,
    key: ConversationKey,
    number: str | None,
    became: Became | None,
    sent_at: datetime,
    now: datetime,
) -> ConversationKey:
    """The key under which the user's conversation stands now; ids that have changed are written
    first, under the locks of everybody concerned. ``sent_at`` is when they wrote: an old message
    that comes late takes no number from whoever has it by now."""
    while True:
        found = addresses.matching(connection, key.channel, key.account, key.chat, number)
        if any(_has_it_since(row, key.chat, number, sent_at) for row in found):
            number, found = None, [row for row in found if row.chat == key.chat]
        plan = _decide(key.chat, number, found, now)
        if became is not None and plan.mine is None:  # somebody we never heard of
            return _under(key, became.chat or became.number or key.chat)
        if _settled(plan, key, number) and became is None:
            return _under(key, plan.mine.chat if plan.mine is not None else key.chat)
        rows = [row for row in (plan.mine, plan.robbed) if row is not None]
        conversations.lock_contacts(connection, {row.contact_id for row in rows})
        again = addresses.matching(connection, key.channel, key.account, key.chat, number)
        if [tuple(row) for row in again] == [tuple(row) for row in found]:
            break
    chat = _apply(connection, plan, key, number, now)
    if became is not None and plan.mine is not None:
        chat = _rename(connection, plan.mine, key, became, chat, now)
    return _under(key, chat)


def _has_it_since(row: AnyRow, chat: str, number: str | None, sent_at: datetime) -> bool:
    """Whether the number is another chat's that was heard of after this message was written."""
    another = number not in (None, chat) and row.number == number and row.chat != chat
    return bool(another and row.heard_at is not None and row.heard_at > sent_at)


def _under(key: ConversationKey, chat: str) -> ConversationKey:
    return ConversationKey(key.channel, key.account, chat, key.thread)


def _decide(chat: str, number: str | None, found: list[AnyRow], now: datetime) -> _Plan:
    by_id = next((row for row in found if row.chat == chat and chat != number), None)
    by_number = next((r for r in found if number and number == r.number), None)
    by_number = by_number or next((r for r in found if number and number == r.chat), None)
    if by_number is None or by_number is by_id:
        return _Plan(by_id, None)
    if by_id is not None:
        return _Plan(by_id, by_number)
    bare = by_number.chat == number
    if chat == number:  # no id of its own came along
        gone = bare and _faded(by_number, KEPT, now)
        return _Plan(None, by_number) if gone else _Plan(by_number, None)
    # The number is known, the id is not: the same chat if it never had another.
    same = bare and not _faded(by_number, ADOPTED, now)
    return _Plan(by_number, None) if same else _Plan(None, by_number)


def _faded(row: AnyRow, limit: timedelta, now: datetime) -> bool:
    return row.heard_at is not None and now - row.heard_at > limit


def _settled(plan: _Plan, key: ConversationKey, number: str | None) -> bool:
    """Whether nothing has to be written."""
    if plan.robbed is not None:
        return False
    if plan.mine is None:
        return number is None
    renamed = key.chat != number and plan.mine.chat != key.chat
    return not renamed and (number is None or plan.mine.number == number)


def _apply(
    connection: Connection, plan: _Plan, key: ConversationKey, number: str | None, now: datetime
) -> str:
    if plan.robbed is not None:
        _rob(connection, plan.robbed, now)
    if plan.mine is None:
        made, _ = conversations.ensure(
            connection, key.channel, key.account, key.chat, key.thread, now
        )
        addresses.change(connection, made, number=number)
        return key.chat
    chat = plan.mine.chat if key.chat == number else key.chat
    _disprove(connection, plan.mine, number)
    addresses.change(connection, plan.mine.id, chat=chat, number=number or plan.mine.number)
    return str(chat)


def _rob(connection: Connection, row: AnyRow, now: datetime) -> None:
    """The number is another person's now: nothing for this user goes there any more."""
    log.info("conversation %d lost its number to another user", row.id)
    addresses.disprove(connection, row.contact_id, row.number or row.chat)
    if row.chat == row.number:
        _retire(connection, row, now)
    else:
        addresses.change(connection, row.id, number=None)


def _disprove(connection: Connection, mine: AnyRow, number: str | None) -> None:
    """Whoever has another number now may have given the old one up: its proof ends."""
    if number and mine.number not in (None, number):
        addresses.disprove(connection, mine.contact_id, mine.number)


def _retire(connection: Connection, row: AnyRow, now: datetime) -> None:
    """Nobody is reached under the ids of this conversation: what waits in it goes to the work
    list."""
    outbox.lock_lane(connection, row.id)  # lanes come before their conversations
    addresses.change(connection, row.id, chat=f"{GONE}{row.id}", number=None)
    conversations.mark_unreachable(connection, row.id, now)
    outbox.fail_lane(connection, row.id, "the number is another person's now", now)
    outbox.wake(connection, row.id, row.channel, now)


def _rename(
    connection: Connection,
    mine: AnyRow,
    key: ConversationKey,
    became: Became,
    chat: str,
    now: datetime,
) -> str:
    """The platform says that this user goes on under other ids. If they wrote under the new one
    before we heard of it, the two chats are one person's."""
    number = became.number
    new = became.chat or (number if number and chat == mine.number else None) or chat
    for other in addresses.matching(connection, key.channel, key.account, new, number):
        if other.id == mine.id:
            continue
        conversations.lock_contacts(connection, {other.contact_id})
        if other.chat == new and new != number:
            people.join(connection, mine.contact_id, other.contact_id)
            people.move_chat(connection, mine.id, other.id)
            _retire(connection, mine, now)
            return new
        _rob(connection, other, now)
    _disprove(connection, mine, number)
    changed = {"chat": new} if number is None else {"chat": new, "number": number}
    addresses.change(connection, mine.id, **changed)
    return new
