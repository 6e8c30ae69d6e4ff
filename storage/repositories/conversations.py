"""Conversations and the contacts behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ColumnElement

from storage.base import AnyRow, Instant, table_of
from storage.models import Contact, Conversation, HumanRequest, Identity
from storage.prepared import Prepared
from storage.repositories import topics

_C = table_of(Conversation)
_P = table_of(Contact)
_I = table_of(Identity)
_R = table_of(HumanRequest)


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation with its contact, as read under the contact's lock."""

    id: int
    contact_id: int
    channel: str
    account: str
    chat: str
    thread: str
    state: str | None
    seq: int
    fence: int
    holder: str | None
    unreachable_at: datetime | None
    heard_at: datetime | None
    profile_name: str
    identity: str | None
    waits_until: datetime | None
    flood_tat: datetime | None
    flood_told: bool
    own_phone: str | None
    waiting_number: str | None
    number: str | None
    window_until: datetime | None


_FIND = select(_C.c.id, _C.c.contact_id).where(
    _C.c.channel == bindparam("channel"),
    _C.c.account == bindparam("account"),
    _C.c.chat == bindparam("chat"),
    _C.c.thread == bindparam("thread"),
)
_LOCK = select(_P.c.id).where(_P.c.id == bindparam("contact_id")).with_for_update()
_phone = (
    select(_I.c.value)
    .where(_I.c.contact_id == _C.c.contact_id, _I.c.kind == "phone")
    .order_by(_I.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_waiting = (
    select(_R.c.number)
    .where(
        _R.c.contact_id == _C.c.contact_id,
        or_(_R.c.state == "waiting", _R.c.state == "called"),
    )
    .limit(1)
    .scalar_subquery()
)
_CASE = select(
    _C.c.id,
    _C.c.contact_id,
    _C.c.channel,
    _C.c.account,
    _C.c.chat,
    _C.c.thread,
    _C.c.state,
    _C.c.seq,
    _C.c.fence,
    _C.c.holder,
    _C.c.unreachable_at,
    _C.c.heard_at,
    _C.c.profile_name,
    _P.c.identity,
    _C.c.waits_until,
    _C.c.flood_tat,
    _C.c.flood_told,
    _phone.label("own_phone"),
    _waiting.label("waiting_number"),
    _C.c.number,
    _C.c.window_until,
).join_from(_C, _P, _C.c.contact_id == _P.c.id)
_LOAD = _CASE.where(_C.c.id == bindparam("conversation_id"))
_LOAD_BY_KEY = Prepared(
    _CASE.where(
        _C.c.channel == bindparam("channel"),
        _C.c.account == bindparam("account"),
        _C.c.chat == bindparam("chat"),
        _C.c.thread == bindparam("thread"),
    )
)
_NEW_CONTACT = insert(_P).returning(_P.c.id)
_NEW = {
    "sqlite": sqlite.insert(_C).on_conflict_do_nothing().returning(_C.c.id),
    "postgresql": postgresql.insert(_C).on_conflict_do_nothing().returning(_C.c.id),
}
_DROP_CONTACT = delete(_P).where(_P.c.id == bindparam("contact_id"))
_SAVE = Prepared(
    update(_C)
    .where(_C.c.id == bindparam("conversation_id"))
    .values(
        state=bindparam("new_state"),
        seq=bindparam("new_seq"),
        heard_at=bindparam("new_heard_at", type_=Instant),
        profile_name=bindparam("new_profile_name"),
        waits_until=bindparam("new_waits_until", type_=Instant),
        flood_tat=bindparam("new_flood_tat", type_=Instant),
        flood_told=bindparam("new_flood_told"),
        window_until=bindparam("new_window_until", type_=Instant),
        unreachable_at=None,
    )
)
_SAVE_STATE = (
    update(_C)
    .where(_C.c.id == bindparam("conversation_id"))
    .values(state=bindparam("new_state"), seq=bindparam("new_seq"))
)


def find(
    connection: Connection, channel: str, account: str, chat: str, thread: str
) -> tuple[int, int] | None:
    """(conversation id, contact id) of a key, or None."""
    row = connection.execute(
        _FIND, {"channel": channel, "account": account, "chat": chat, "thread": thread}
    ).first()
    return None if row is None else (row.id, row.contact_id)


def ensure(
    connection: Connection, channel: str, account: str, chat: str, thread: str, now: datetime
) -> tuple[int, int]:
    """Find or make a conversation and its contact. Two first messages at once make one: the
    later insert waits for the earlier transaction and then finds its row (design 6.3)."""
    found = find(connection, channel, account, chat, thread)
    if found is not None:
        return found
    contact_id = connection.execute(_NEW_CONTACT, {"created_at": now}).scalar_one()
    row = connection.execute(
        _NEW[connection.dialect.name],
        {
            "contact_id": contact_id,
            "channel": channel,
            "account": account,
            "chat": chat,
            "thread": thread,
            "profile_name": "",
            "seq": 0,
            "fence": 0,
            "flood_told": False,
            "created_at": now,
        },
    ).first()
    if row is not None:
        return row.id, contact_id
    connection.execute(_DROP_CONTACT, {"contact_id": contact_id})
    found = find(connection, channel, account, chat, thread)
    assert found is not None
    return found


def open_case(
    connection: Connection,
    key: tuple[str, str, str, str],
    now: datetime,
    others: tuple[int, ...] = (),
) -> Case:
    """The case of a key (channel, account, chat, thread), made if it is new, and locked
    together with the contacts ``others``. On SQLite the transaction is the lock, so that one
    statement is enough."""
    channel, account, chat, thread = key
    if connection.dialect.name == "sqlite":
        row = _LOAD_BY_KEY.first(
            connection, {"channel": channel, "account": account, "chat": chat, "thread": thread}
        )
        if row is not None:
            return Case(*tuple(row))
    conversation_id, _ = ensure(connection, channel, account, chat, thread, now)
    return load_locked(connection, conversation_id, *others)


def load_locked(connection: Connection, conversation_id: int, *others: int) -> Case:
    """Lock the conversation's contact (and ``others``, in ascending order), then read. If the
    conversation moved to another contact meanwhile, start over (design 6.2)."""
    locked: set[int] = set()
    while True:
        if connection.dialect.name == "postgresql":
            row = connection.execute(_LOAD, {"conversation_id": conversation_id}).one()
            for contact_id in sorted({row.contact_id, *others} - locked):
                connection.execute(_LOCK, {"contact_id": contact_id})
                locked.add(contact_id)
        row = connection.execute(_LOAD, {"conversation_id": conversation_id}).one()
        if not locked or row.contact_id in locked:
            return Case(*tuple(row))


def lock_contacts(connection: Connection, contact_ids: set[int]) -> None:
    """Lock people in ascending order; on SQLite the transaction is the lock."""
    if connection.dialect.name == "postgresql":
        for contact_id in sorted(contact_ids):
            connection.execute(_LOCK, {"contact_id": contact_id})


def contact_of(connection: Connection, conversation_id: int) -> int:
    """Whose conversation it is now: joining two contacts moves it."""
    query = select(_C.c.contact_id).where(_C.c.id == conversation_id)
    return int(connection.execute(query).scalar_one())


def of_contact(connection: Connection, contact_id: int) -> list[AnyRow]:
    """A person's chats (id, channel, unreachable_at, heard_at, created_at); a topic of the
    agents' group is none."""
    query = select(
        _C.c.id, _C.c.channel, _C.c.unreachable_at, _C.c.heard_at, _C.c.created_at
    ).where(_C.c.contact_id == contact_id, _C.c.channel != topics.CHANNEL)
    return list(connection.execute(query.order_by(_C.c.id)).fetchall())


def save(
    connection: Connection,
    conversation_id: int,
    *,
    state: str,
    seq: int,
    heard_at: datetime,
    profile_name: str,
    waits_until: datetime | None = None,
    flood_tat: datetime | None = None,
    flood_told: bool = False,
    window_until: datetime | None = None,
) -> None:
    """Write what a user's turn changed; who writes is reachable again."""
    _SAVE.run(
        connection,
        {
            "conversation_id": conversation_id,
            "new_state": state,
            "new_seq": seq,
            "new_heard_at": heard_at,
            "new_profile_name": profile_name,
            "new_waits_until": waits_until,
            "new_flood_tat": flood_tat,
            "new_flood_told": flood_told,
            "new_window_until": window_until,
        },
    )


def save_state(
    connection: Connection, conversation_id: int, *, state: str | None, seq: int
) -> None:
    """Write what a turn of our own (clock, media) changed."""
    connection.execute(
        _SAVE_STATE, {"conversation_id": conversation_id, "new_state": state, "new_seq": seq}
    )


def save_identity(connection: Connection, contact_id: int, identity: str) -> None:
    """Keep the answers of the last form, as JSON."""
    connection.execute(update(_P).where(_P.c.id == contact_id).values(identity=identity))


def mark_unreachable(connection: Connection, conversation_id: int, at: datetime | None) -> None:
    """Note that the platform does not deliver here (None: it does again)."""
    connection.execute(update(_C).where(_C.c.id == conversation_id).values(unreachable_at=at))


def move(connection: Connection, conversation_id: int, chat: str) -> None:
    """The platform gave the chat a new id; the caller made sure that it is not taken."""
    connection.execute(update(_C).where(_C.c.id == conversation_id).values(chat=chat))


def close_window(connection: Connection, conversation_id: int, at: datetime) -> None:
    """The platform took no free words here at ``at``, whatever we thought. Whoever wrote after
    that has opened it again."""
    sooner = case((_C.c.window_until < at, _C.c.window_until), else_=literal(at, Instant))
    mine = _C.c.id == conversation_id
    connection.execute(update(_C).where(mine, _silent_since(at)).values(window_until=sooner))


def open_window(connection: Connection, conversation_id: int, until: datetime) -> None:
    """The user wrote, though no turn came of it."""
    connection.execute(update(_C).where(_C.c.id == conversation_id).values(window_until=until))


def lose(connection: Connection, conversation_id: int, at: datetime, now: datetime) -> bool:
    """Nobody was reached here at ``at``; False if the user wrote after that."""
    mine = _C.c.id == conversation_id
    lost = update(_C).where(mine, _silent_since(at)).values(unreachable_at=now)
    return connection.execute(lost).rowcount == 1


def _silent_since(at: datetime) -> ColumnElement[bool]:
    return or_(_C.c.heard_at.is_(None), _C.c.heard_at < at)


def window_of(connection: Connection, conversation_id: int) -> datetime | None:
    """Until when the platform takes free words; None where the user opened no window."""
    query = select(_C.c.window_until).where(_C.c.id == conversation_id)
    until: datetime | None = connection.execute(query).scalar()
    return until


_PHONE_OWNER = select(_I.c.contact_id).where(_I.c.kind == "phone", _I.c.value == bindparam("phone"))


def phone_owner(connection: Connection, phone: str) -> int | None:
    """The contact that proved a number, or None."""
    owner: int | None = connection.execute(_PHONE_OWNER, {"phone": phone}).scalar()
    return owner


def heard_since(connection: Connection, contact_id: int, since: datetime) -> bool:
    """Whether a person wrote in any chat, or proved something, since a moment."""
    last = func.coalesce(_C.c.heard_at, _C.c.created_at)
    wrote = select(_C.c.id).where(_C.c.contact_id == contact_id, last >= since)
    proved = select(_I.c.id).where(_I.c.contact_id == contact_id, _I.c.created_at >= since)
    return connection.execute(wrote.union_all(proved).limit(1)).first() is not None


def drop_identity(connection: Connection, kind: str, value: str) -> None:
    """What was proven once is no proof any more."""
    connection.execute(delete(_I).where(_I.c.kind == kind, _I.c.value == value))


def add_identity(
    connection: Connection, contact_id: int, kind: str, value: str, proven_by: str, now: datetime
) -> None:
    """Keep something proven about a contact."""
    connection.execute(
        insert(_I).values(
            contact_id=contact_id, kind=kind, value=value, proven_by=proven_by, created_at=now
        )
    )
