"""Messages of both sides, and the files that came with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from storage.base import AnyRow, Instant, table_of
from storage.models import Attachment, Conversation, Message, Miss, OutboxRow
from storage.prepared import Prepared
from storage.repositories import topics

_M = table_of(Message)
_A = table_of(Attachment)
_C = table_of(Conversation)
_O = table_of(OutboxRow)
_X = table_of(Miss)

_ADD = Prepared(insert(_M).returning(_M.c.id))
_BY_PLATFORM = (
    select(_M.c.id, _M.c.author, _M.c.seq, _M.c.ticket_id)
    .where(
        _M.c.conversation_id == bindparam("conversation_id"),
        _M.c.platform_id == bindparam("platform_id"),
    )
    .order_by(_M.c.id.desc())
    .limit(1)
)
_EDIT = (
    update(_M)
    .where(_M.c.id == bindparam("message_id"))
    .values(text=bindparam("new_text"), edited_at=bindparam("at", type_=Instant))
)


def add(
    connection: Connection,
    *,
    conversation_id: int,
    seq: int,
    author: str,
    text: str,
    now: datetime,
    body: str | None = None,
    platform_id: str | None = None,
    quotes: str | None = None,
    ticket_id: int | None = None,
    agent_id: int | None = None,
    origin: str | None = None,
) -> int:
    """Add a message; its row id. The text must be masked already."""
    return int(
        _ADD.value(
            connection,
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "author": author,
                "text": text,
                "body": body,
                "platform_id": platform_id,
                "quotes": quotes,
                "ticket_id": ticket_id,
                "agent_id": agent_id,
                "origin": origin,
                "created_at": now,
            },
        )
    )


def find_by_platform(
    connection: Connection, conversation_id: int, platform_id: str
) -> AnyRow | None:
    """(id, author, seq, ticket_id) of a message by the platform's id of it."""
    return connection.execute(
        _BY_PLATFORM, {"conversation_id": conversation_id, "platform_id": platform_id}
    ).first()


def get(connection: Connection, message_id: int) -> AnyRow | None:
    """One message's row."""
    return connection.execute(select(_M).where(_M.c.id == message_id)).first()


def newest_notice(connection: Connection, ticket_id: int, at: datetime) -> AnyRow | None:
    """The last notice about a ticket that was written at ``at``."""
    return connection.execute(
        select(_M)
        .where(_M.c.ticket_id == ticket_id, _M.c.author == "notice", _M.c.created_at == at)
        .order_by(_M.c.id.desc())
        .limit(1)
    ).first()


def copies(connection: Connection, ticket_id: int, after: int, origin: str) -> list[int]:
    """Ids of a ticket's messages of an origin that were written after the message ``after``."""
    query = select(_M.c.id).where(
        _M.c.ticket_id == ticket_id, _M.c.id > after, _M.c.origin == origin
    )
    return list(connection.execute(query).scalars())


def parts_of(connection: Connection, last: AnyRow) -> list[str]:
    """The texts of a message that was split for its channel, in order; ``last`` is its last
    part, which alone may have a body."""
    rows = connection.execute(
        select(_M.c.seq, _M.c.text)
        .where(
            _M.c.conversation_id == last.conversation_id,
            _M.c.ticket_id == last.ticket_id,
            _M.c.author == last.author,
            _M.c.created_at == last.created_at,
            _M.c.body.is_(None),
            _M.c.seq < last.seq,
        )
        .order_by(_M.c.seq.desc())
    ).fetchall()
    found = [last.text]
    for back, row in enumerate(rows, 1):
        if row.seq != last.seq - back:
            break
        found.insert(0, row.text)
    return found


def edit(connection: Connection, message_id: int, text: str, now: datetime) -> None:
    """The user changed the text of a message."""
    connection.execute(_EDIT, {"message_id": message_id, "new_text": text, "at": now})


def set_body(connection: Connection, message_id: int, body: str) -> None:
    """What an outgoing message carries besides its text."""
    connection.execute(update(_M).where(_M.c.id == message_id).values(body=body))


def put_on_ticket(
    connection: Connection, message_ids: tuple[int, ...], ticket_id: int | None
) -> None:
    """Messages belong to a ticket from now on (None: to none)."""
    if message_ids:
        connection.execute(update(_M).where(_M.c.id.in_(message_ids)).values(ticket_id=ticket_id))


def of_files(connection: Connection, file_ids: tuple[int, ...]) -> tuple[int, ...]:
    """The messages with which files came."""
    if not file_ids:
        return ()
    rows = connection.execute(select(_A.c.message_id).where(_A.c.id.in_(file_ids)).distinct())
    return tuple(int(row.message_id) for row in rows)


def move_to_ticket(connection: Connection, source: int, target: int) -> None:
    """All messages and files of a ticket become another's."""
    for table in (_M, _A):
        connection.execute(
            update(table).where(table.c.ticket_id == source).values(ticket_id=target)
        )


def detach_files(connection: Connection, file_ids: tuple[int, ...], ticket_id: int) -> None:
    """Files are no supporting data of a ticket any more."""
    if file_ids:
        connection.execute(
            update(_A)
            .where(_A.c.id.in_(file_ids), _A.c.ticket_id == ticket_id)
            .values(ticket_id=None)
        )


def mark_seen(connection: Connection, conversation_id: int, upto: int, now: datetime) -> int:
    """A browser has fetched a web conversation up to a seq; how many messages were new to it."""
    return connection.execute(
        update(_M)
        .where(
            _M.c.conversation_id == conversation_id,
            _M.c.seq <= upto,
            _M.c.seen_at.is_(None),
            _M.c.ticket_id.is_not(None),
            _M.c.author != "user",
        )
        .values(seen_at=now)
    ).rowcount


_PAGE = (
    select(
        _M.c.id,
        _M.c.seq,
        _M.c.author,
        _M.c.text,
        _M.c.body,
        _M.c.platform_id,
        _M.c.created_at,
        _M.c.ticket_id,
        _M.c.seen_at,
        _O.c.state.label("delivery"),
    )
    .outerjoin(_O, _O.c.message_id == _M.c.id)
    .where(
        _M.c.conversation_id == bindparam("conversation_id"),
        _M.c.seq > bindparam("after"),
        or_(_O.c.state.is_(None), _O.c.state != "withdrawn"),
    )
    .order_by(_M.c.seq)
    .limit(bindparam("limit"))
)


def page(connection: Connection, conversation_id: int, after: int, limit: int) -> list[AnyRow]:
    """The transcript after a seq, in order. It stops before the first message that is still
    on its way, so that a cursor never jumps over one (docs/web-chat.md)."""
    rows = connection.execute(
        _PAGE, {"conversation_id": conversation_id, "after": after, "limit": limit}
    ).fetchall()
    shown = []
    for row in rows:
        if row.delivery in ("queued", "sending"):
            break
        shown.append(row)
    return shown


_ADD_FILE = insert(_A).returning(_A.c.id)


def add_file(
    connection: Connection,
    *,
    conversation_id: int,
    message_id: int,
    kind: str,
    name: str,
    mime: str,
    size: int | None,
    ref: str | None,
    blob: str | None,
    sha256: str | None,
    now: datetime,
) -> int:
    """Add a file: ``fetching`` with the platform's handle, or ``stored`` with its blob key."""
    return int(
        connection.execute(
            _ADD_FILE,
            {
                "conversation_id": conversation_id,
                "message_id": message_id,
                "kind": kind,
                "name": name,
                "mime": mime,
                "size": size,
                "state": "stored" if blob else "fetching",
                "ref": ref,
                "blob": blob,
                "sha256": sha256,
                "attempts": 0,
                "next_try_at": None if blob else now,
                "created_at": now,
            },
        ).scalar_one()
    )


def files_of(connection: Connection, message_ids: list[int]) -> list[AnyRow]:
    """The files of messages."""
    if not message_ids:
        return []
    return list(
        connection.execute(
            select(_A).where(_A.c.message_id.in_(message_ids)).order_by(_A.c.id)
        ).fetchall()
    )


def files_of_ticket(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """The supporting files of a ticket."""
    return list(
        connection.execute(
            select(_A).where(_A.c.ticket_id == ticket_id).order_by(_A.c.id)
        ).fetchall()
    )


def own_file(connection: Connection, file_id: int, conversation_id: int) -> AnyRow | None:
    """A file, if it came from the same person as the conversation."""
    person = select(_C.c.contact_id).where(_C.c.id == conversation_id).scalar_subquery()
    return connection.execute(
        select(_A)
        .join(_C, _C.c.id == _A.c.conversation_id)
        .where(
            _A.c.id == file_id,
            _C.c.contact_id == person,
            _C.c.channel != topics.CHANNEL,  # an agent's file on its way, or kept back
        )
    ).first()


_TICKET_FILES = (
    update(_A)
    .where(
        _A.c.id == bindparam("file_id"),
        _A.c.ticket_id.is_(None),
    )
    .values(ticket_id=bindparam("new_ticket_id"))
)


def attach_to_ticket(connection: Connection, file_ids: tuple[int, ...], ticket_id: int) -> None:
    """Make files supporting data of a ticket."""
    if file_ids:
        connection.execute(
            _TICKET_FILES, [{"file_id": f, "new_ticket_id": ticket_id} for f in file_ids]
        )


def lease_fetches(
    connection: Connection, channels: tuple[str, ...], now: datetime, until: datetime, limit: int
) -> list[AnyRow]:
    """Take files that wait to be fetched, until ``until``; several replicas take others."""
    rows = connection.execute(
        select(_A, _C.c.channel, _C.c.account, _C.c.chat, _C.c.thread)
        .join(_C, _C.c.id == _A.c.conversation_id)
        .where(
            _A.c.state == "fetching",
            _A.c.next_try_at <= now,
            _C.c.channel.in_(channels),
        )
        .order_by(_A.c.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_A)
    ).fetchall()
    for row in rows:
        connection.execute(
            update(_A).where(_A.c.id == row.id).values(next_try_at=until, attempts=row.attempts + 1)
        )
    return list(rows)


def next_fetch_at(connection: Connection) -> datetime | None:
    """When the next file is to be fetched."""
    moment: datetime | None = connection.execute(
        select(func.min(_A.c.next_try_at)).where(_A.c.state == "fetching")
    ).scalar()
    return moment


def finish_file(connection: Connection, file_id: int, **values: object) -> bool:
    """Record that a file is stored or refused; False if that was known already."""
    return (
        connection.execute(
            update(_A).where(_A.c.id == file_id, _A.c.state == "fetching").values(**values)
        ).rowcount
        == 1
    )


def ticket_of_file(connection: Connection, file_id: int) -> int | None:
    """The ticket whose supporting data a file is."""
    ticket_id: int | None = connection.execute(
        select(_A.c.ticket_id).where(_A.c.id == file_id)
    ).scalar()
    return ticket_id


def retry_file(connection: Connection, file_id: int, at: datetime) -> None:
    """Try to fetch a file again at ``at``."""
    connection.execute(update(_A).where(_A.c.id == file_id).values(next_try_at=at))


def record_miss(
    connection: Connection,
    *,
    conversation_id: int,
    step: int,
    text: str,
    best_intent: str | None,
    confidence: float,
    now: datetime,
) -> None:
    """Keep a text that was not understood, in place of an earlier one of the same step."""
    forget_miss(connection, conversation_id, step)
    connection.execute(
        insert(_X).values(
            conversation_id=conversation_id,
            step=step,
            text=text,
            best_intent=best_intent,
            confidence=confidence,
            created_at=now,
        )
    )


def forget_miss(connection: Connection, conversation_id: int, step: int) -> None:
    """The text was understood after all, once its second half had come."""
    connection.execute(
        _X.delete().where(_X.c.conversation_id == conversation_id, _X.c.step == step)
    )
