"""Outgoing messages: written inside a turn, claimed lane by lane, recorded after the send."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import AnyRow, Instant, table_of
from storage.models import Conversation, Lane, Message, OutboxRow, Scope
from storage.prepared import Prepared

_O = table_of(OutboxRow)
_L = table_of(Lane)
_C = table_of(Conversation)
_M = table_of(Message)
_S = table_of(Scope)

_ADD = Prepared(insert(_O))
# Did not reach its user, and nobody has looked after it: the words of the index for it.
LOST = and_(
    _O.c.state.in_([literal_column("'failed'"), literal_column("'unknown'")]),
    _O.c.resolved_at.is_(None),
)


def _upsert_lane(dialect: str) -> Any:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    least = func.min if dialect == "sqlite" else func.least
    statement = make(_L)
    return statement.on_conflict_do_update(
        index_elements=["conversation_id"],
        set_={
            "due_at": least(
                func.coalesce(_L.c.due_at, statement.excluded.due_at), statement.excluded.due_at
            )
        },
    )


_WAKE = {name: Prepared(_upsert_lane(name)) for name in ("sqlite", "postgresql")}
_LOCK_LANE = (
    select(_L.c.conversation_id)
    .where(_L.c.conversation_id == bindparam("conversation_id"))
    .with_for_update()
)
_WITHDRAW = Prepared(
    update(_O)
    .where(
        _O.c.conversation_id == bindparam("lane"),
        _O.c.state == "queued",
        _O.c.row_class == "talk",
        _O.c.attempts == 0,
        _O.c.due_at > bindparam("now", type_=Instant),
    )
    .values(state="withdrawn", done_at=bindparam("now", type_=Instant))
)


def lock_lane(connection: Connection, conversation_id: int) -> None:
    """Lanes come before their rows, everywhere: the sender locks in the same order."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_LANE, {"conversation_id": conversation_id})


def withdraw_unspoken(connection: Connection, conversation_id: int, now: datetime) -> int:
    """Take back the bot's words that wait for the user to finish; how many rows."""
    return _WITHDRAW.run(connection, {"lane": conversation_id, "now": now})


def add(
    connection: Connection,
    *,
    conversation_id: int,
    channel: str,
    message_id: int,
    seq: int,
    row_class: str,
    kind: str,
    fence: int,
    due_at: datetime,
    purpose: str = "reply",
    bulk: bool = False,
) -> None:
    """Put a message on its way and wake its lane."""
    _WAKE[connection.dialect.name].run(
        connection,
        {"conversation_id": conversation_id, "channel": channel, "due_at": due_at},
    )
    _ADD.run(
        connection,
        {
            "conversation_id": conversation_id,
            "message_id": message_id,
            "seq": seq,
            "row_class": row_class,
            "kind": kind,
            "fence": fence,
            "state": "queued",
            "due_at": due_at,
            "attempts": 0,
            "repeated": False,
            "purpose": purpose,
            "bulk": bulk,
            "receipt": 0,
            "announced": 0,
        },
    )


def wake(connection: Connection, conversation_id: int, channel: str, due_at: datetime) -> None:
    """Make a lane due by ``due_at``."""
    _WAKE[connection.dialect.name].run(
        connection,
        {"conversation_id": conversation_id, "channel": channel, "due_at": due_at},
    )


_RELEASE = Prepared(
    update(_O)
    .where(_O.c.conversation_id == bindparam("lane"), _O.c.state == "held")
    .values(state="queued", due_at=bindparam("now", type_=Instant), repeated=False)
)


def release(connection: Connection, conversation_id: int, channel: str, now: datetime) -> int:
    """The user wrote: what waited for that goes out, before anything written from now on; how
    many rows."""
    released = _RELEASE.run(connection, {"lane": conversation_id, "now": now})
    if released:
        wake(connection, conversation_id, channel, now)
    return released


_DUE = (
    select(_L.c.conversation_id)
    .where(
        _L.c.channel.in_(bindparam("channels", expanding=True)),
        _L.c.due_at <= bindparam("now", type_=Instant),
        or_(_L.c.lease_until.is_(None), _L.c.lease_until < bindparam("now", type_=Instant)),
    )
    .order_by(_L.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


def reconsider(connection: Connection, conversation_id: int, channel: str, now: datetime) -> None:
    """The call for a message failed: those that waited for the same call are looked at anew."""
    silent = (_O.c.state == "held", _O.c.announced_at.is_(None))
    changed = update(_O).where(_O.c.conversation_id == conversation_id, *silent)
    if connection.execute(changed.values(state="queued", due_at=now)).rowcount:
        wake(connection, conversation_id, channel, now)


def count_due(connection: Connection, channel: str, now: datetime) -> int:
    """How many lanes of a channel have something due."""
    query = select(func.count()).where(_L.c.channel == channel, _L.c.due_at <= now)
    return int(connection.execute(query).scalar_one())


_OPEN = _O.c.state.in_(("queued", "sending", "announcing"))
_first = (
    select(func.min(_O.c.seq).label("seq"), _O.c.conversation_id)
    .where(_O.c.conversation_id.in_(bindparam("lanes", expanding=True)), _OPEN)
    .group_by(_O.c.conversation_id)
    .subquery()
)
_HEADS = (
    select(
        _O.c.id,
        _O.c.conversation_id,
        _O.c.message_id,
        _O.c.seq,
        _O.c.row_class,
        _O.c.kind,
        _O.c.fence,
        _O.c.state,
        _O.c.due_at,
        _O.c.attempts,
        _O.c.repeated,
        _O.c.purpose,
        _O.c.bulk,
        _C.c.channel,
        _C.c.account,
        _C.c.chat,
        _C.c.thread,
        _C.c.unreachable_at,
        _C.c.number,
        _C.c.window_until,
        _C.c.fence.label("fence_now"),
        _M.c.ticket_id,
        _M.c.created_at,
        _M.c.text,
        _M.c.body,
    )
    .join(_first, and_(_O.c.conversation_id == _first.c.conversation_id, _O.c.seq == _first.c.seq))
    .join(_C, _C.c.id == _O.c.conversation_id)
    .join(_M, _M.c.id == _O.c.message_id)
    .where(_OPEN)
    .with_for_update(of=_O)
)


def due_lanes(
    connection: Connection, channels: tuple[str, ...], now: datetime, limit: int
) -> list[int]:
    """Lanes with something due that nobody holds, locked until commit."""
    return list(
        connection.execute(_DUE, {"channels": list(channels), "now": now, "limit": limit}).scalars()
    )


def heads(connection: Connection, lanes: list[int]) -> list[AnyRow]:
    """The first unfinished row of each lane, with its address and words, locked: a receipt that
    comes now waits, and one that came before is seen."""
    if not lanes:
        return []
    return list(connection.execute(_HEADS, {"lanes": lanes}).fetchall())


_CLAIM = (
    update(_O)
    .where(_O.c.id == bindparam("row_id"))
    .values(state=bindparam("new_state"), attempts=_O.c.attempts + 1, receipt=0)
)
_HOLD = (
    update(_L)
    .where(_L.c.conversation_id == bindparam("lane"))
    .values(owner=bindparam("by"), lease_until=bindparam("until", type_=Instant))
)
_FREE = Prepared(
    update(_L)
    .where(_L.c.conversation_id == bindparam("lane"))
    .values(owner=None, lease_until=None, due_at=bindparam("due", type_=Instant))
)
_SETTLE = Prepared(
    update(_O)
    .where(_O.c.id == bindparam("row_id"))
    .values(
        state=bindparam("new_state"),
        due_at=func.coalesce(bindparam("due", type_=Instant), _O.c.due_at),
        repeated=or_(_O.c.repeated, bindparam("again")),
        error=bindparam("why"),
        done_at=bindparam("done", type_=Instant),
        arrived_at=func.coalesce(_O.c.arrived_at, bindparam("arrived", type_=Instant)),
    )
)


def claim(connection: Connection, row_ids: list[int], state: str = "sending") -> None:
    """Mark rows as being sent, or as ``announcing``: what was heard of an earlier attempt does
    not count for this one."""
    if row_ids:
        connection.execute(_CLAIM, [{"row_id": r, "new_state": state} for r in sorted(row_ids)])


def hold(connection: Connection, lanes: list[int], owner: str, until: datetime) -> None:
    """Lease lanes until ``until``."""
    if lanes:
        connection.execute(_HOLD, [{"lane": n, "by": owner, "until": until} for n in lanes])


def free(connection: Connection, lane: int, due_at: datetime | None) -> None:
    """Let a lane go; it is due again at ``due_at`` (None: empty)."""
    _FREE.run(connection, {"lane": lane, "due": due_at})


def drop_leases(connection: Connection, channels: tuple[str, ...]) -> int:
    """Let the lanes of these channels go at once, for whoever knows that no other process
    sends on them; how many."""
    held = update(_L).where(_L.c.owner.is_not(None), _L.c.channel.in_(channels))
    return connection.execute(held.values(owner=None, lease_until=None)).rowcount


def owns(connection: Connection, lane: int, owner: str) -> bool:
    """Lock a lane; whether it is still held by ``owner``."""
    return (
        connection.execute(
            select(_L.c.owner).where(_L.c.conversation_id == lane).with_for_update()
        ).scalar()
        == owner
    )


def state_of(connection: Connection, row_id: int) -> str:
    """The state of a row, locked."""
    query = select(_O.c.state).where(_O.c.id == row_id).with_for_update()
    return str(connection.execute(query).scalar_one())


def attempts_of(connection: Connection, row_id: int) -> int:
    """How often a row was begun."""
    return int(connection.execute(select(_O.c.attempts).where(_O.c.id == row_id)).scalar_one())


def settle(
    connection: Connection,
    row_id: int,
    state: str,
    *,
    done_at: datetime | None = None,
    due_at: datetime | None = None,
    arrived_at: datetime | None = None,
    repeated: bool = False,
    error: str | None = None,
) -> None:
    """Record what became of a row. ``arrived_at``: its user has it since then."""
    _SETTLE.run(
        connection,
        {
            "row_id": row_id,
            "new_state": state,
            "due": due_at,
            "again": repeated,
            "why": error,
            "done": done_at,
            "arrived": arrived_at,
        },
    )


_PLATFORM_ID = Prepared(
    update(_M)
    .where(_M.c.id == bindparam("message_id"))
    .values(platform_id=bindparam("new_platform_id"))
)


def name_message(connection: Connection, message_id: int, platform_id: str) -> None:
    """Keep the platform's id of a sent message: a later reply to it finds its place."""
    _PLATFORM_ID.run(connection, {"message_id": message_id, "new_platform_id": platform_id})


def fail_lane(connection: Connection, lane: int, error: str, now: datetime) -> None:
    """Nothing of a lane can be delivered: its waiting rows go to the work list."""
    connection.execute(
        update(_O)
        .where(_O.c.conversation_id == lane, or_(_OPEN, _O.c.state == "held"))
        .values(state="failed", error=error, done_at=now)
    )


_NEXT_DUE = select(func.min(_L.c.due_at)).where(
    _L.c.channel.in_(bindparam("channels", expanding=True)),
    or_(_L.c.lease_until.is_(None), _L.c.lease_until < bindparam("now", type_=Instant)),
)


def next_due(connection: Connection, channels: tuple[str, ...], now: datetime) -> datetime | None:
    """When the next free lane is due."""
    moment: datetime | None = connection.execute(
        _NEXT_DUE, {"channels": list(channels), "now": now}
    ).scalar()
    return moment


def scopes(connection: Connection, names: list[str]) -> dict[str, AnyRow]:
    """Rate limits by name, locked in name order; a missing one is unused so far."""
    if not names:
        return {}
    rows = connection.execute(
        select(_S).where(_S.c.scope.in_(names)).order_by(_S.c.scope).with_for_update()
    ).fetchall()
    return {row.scope: row for row in rows}


def _upsert_scope(dialect: str) -> Any:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    later = func.max if dialect == "sqlite" else func.greatest
    statement = make(_S)
    return statement.on_conflict_do_update(
        index_elements=["scope"],
        set_={
            "tat": func.coalesce(statement.excluded.tat, _S.c.tat),
            "paused_until": later(
                func.coalesce(statement.excluded.paused_until, _S.c.paused_until),
                func.coalesce(_S.c.paused_until, statement.excluded.paused_until),
            ),
        },
    )


_SCOPE = {name: _upsert_scope(name) for name in ("sqlite", "postgresql")}


def save_scope(
    connection: Connection,
    name: str,
    *,
    tat: datetime | None = None,
    paused_until: datetime | None = None,
) -> None:
    """Write a rate limit's new arrival time, or a pause the platform asked for."""
    connection.execute(
        _SCOPE[connection.dialect.name], {"scope": name, "tat": tat, "paused_until": paused_until}
    )
