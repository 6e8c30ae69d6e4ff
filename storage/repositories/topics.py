"""Topics of the agents' group: one a ticket, what each was given, what waits in them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    Connection,
    String,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from storage.base import AnyRow, from_micros, table_of
from storage.models import (
    Agent,
    Attachment,
    Conversation,
    GroupPost,
    HumanRequest,
    Lane,
    Message,
    MovedChat,
    Note,
    OutboxRow,
    Scope,
    Ticket,
    Topic,
    TopicLine,
)

CHANNEL = "telegram_group"
"""The channel of the lanes that lead into topics; no user ever has a chat there."""

_T = table_of(Topic)
_L = table_of(TopicLine)
_C = table_of(Conversation)
_M = table_of(Message)
_F = table_of(Attachment)
_N = table_of(Note)
_A = table_of(Agent)
_O = table_of(OutboxRow)
_P = table_of(GroupPost)
_X = table_of(MovedChat)
_K = table_of(Ticket)
_H = table_of(HumanRequest)
_S = table_of(Scope)
_Q = table_of(Lane)
_NEW_LANE = insert(_C).returning(_C.c.id)


def get(connection: Connection, ticket_id: int) -> AnyRow | None:
    """The topic of a ticket."""
    return connection.execute(select(_T).where(_T.c.ticket_id == ticket_id)).first()


def add(
    connection: Connection,
    *,
    ticket_id: int,
    contact_id: int,
    account: str,
    chat: str,
    name: str,
    now: datetime,
) -> int:
    """A topic that has to be made, and its lane under the ticket's own lock; the lane's id."""
    lane = int(
        connection.execute(
            _NEW_LANE,
            {
                "contact_id": contact_id,
                "channel": CHANNEL,
                "account": account,
                "chat": chat,
                "thread": f"ticket:{ticket_id}",
                "profile_name": "",
                "seq": 0,
                "fence": 0,
                "flood_told": False,
                "created_at": now,
            },
        ).scalar_one()
    )
    connection.execute(
        insert(_T),
        {
            "ticket_id": ticket_id,
            "conversation_id": lane,
            "chat": chat,
            "name": name,
            "stood": "",
            "open": True,
            "created_at": now,
        },
    )
    return lane


def change(connection: Connection, ticket_id: int, **values: object) -> None:
    """Write columns of one topic."""
    connection.execute(update(_T).where(_T.c.ticket_id == ticket_id).values(**values))


def by_thread(connection: Connection, account: str, chat: str, thread: str) -> AnyRow | None:
    """The topic that Telegram knows under a thread id."""
    return connection.execute(
        select(_T)
        .join(_C, _C.c.id == _T.c.conversation_id)
        .where(_C.c.account == account, _T.c.chat == chat, _T.c.thread == thread)
    ).first()


def of_lanes(connection: Connection, lanes: Iterable[int]) -> dict[int, AnyRow]:
    """Topics by lane; ``live`` tells that a person talks with the user right now."""
    live = exists().where(_H.c.ticket_id == _T.c.ticket_id, _H.c.state == "live")
    query = select(_T, live.label("live")).where(_T.c.conversation_id.in_(list(lanes)))
    return {row.conversation_id: row for row in connection.execute(query)}


# What a topic has not been given yet


_MESSAGE_MARK = (
    literal("m:")
    + cast(_M.c.id, String)
    + literal(":")
    + func.coalesce(cast(_M.c.edited_at, String), literal(""))
)
_FILE_MARK = literal("f:") + cast(_F.c.id, String)
_NOTE_MARK = literal("n:") + cast(_N.c.id, String)
_ELSEWHERE = or_(_M.c.origin.is_(None), _M.c.origin != "group")


def new_messages(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """(id, author, text, body, edited_at, name, mark) of what was said about a ticket outside
    the group; a message of the user that was edited counts as new."""
    query = (
        select(
            _M.c.id,
            _M.c.author,
            _M.c.text,
            _M.c.body,
            _M.c.edited_at,
            _A.c.name,
            _MESSAGE_MARK.label("mark"),
        )
        .outerjoin(_A, _A.c.id == _M.c.agent_id)
        .where(
            _M.c.ticket_id == ticket_id,
            _M.c.author.in_(("user", "person", "notice")),
            _ELSEWHERE,
            ~exists().where(_L.c.ticket_id == ticket_id, _L.c.what == _MESSAGE_MARK),
        )
        .order_by(_M.c.id)
    )
    return list(connection.execute(query).fetchall())


def new_files(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """(id, kind, name, mime, blob, author, agent, mark) of files of a ticket whose bytes are
    there and that did not come from the group."""
    query = (
        select(
            _F.c.id,
            _F.c.kind,
            _F.c.name,
            _F.c.mime,
            _F.c.blob,
            _M.c.author,
            _A.c.name.label("agent"),
            _FILE_MARK.label("mark"),
        )
        .join(_M, _M.c.id == _F.c.message_id)
        .outerjoin(_A, _A.c.id == _M.c.agent_id)
        .where(
            _F.c.ticket_id == ticket_id,
            _F.c.state == "stored",
            _ELSEWHERE,
            ~exists().where(_L.c.ticket_id == ticket_id, _L.c.what == _FILE_MARK),
        )
        .order_by(_F.c.id)
    )
    return list(connection.execute(query).fetchall())


def new_notes(connection: Connection, ticket_id: int) -> list[AnyRow]:
    """(id, kind, text, name, mark) of notes that were not written in the group."""
    query = (
        select(_N.c.id, _N.c.kind, _N.c.text, _A.c.name, _NOTE_MARK.label("mark"))
        .join(_A, _A.c.id == _N.c.agent_id)
        .where(
            _N.c.ticket_id == ticket_id,
            _N.c.origin != "group",
            ~exists().where(_L.c.ticket_id == ticket_id, _L.c.what == _NOTE_MARK),
        )
        .order_by(_N.c.id)
    )
    return list(connection.execute(query).fetchall())


def mark(connection: Connection, ticket_id: int, marks: Iterable[str]) -> None:
    """These were given to the topic; its contact is locked."""
    rows = [{"ticket_id": ticket_id, "what": what} for what in marks]
    if rows:
        connection.execute(insert(_L), rows)


# Lanes


def opened(connection: Connection, lane: int, thread: str | None) -> None:
    """Telegram made the topic (None: it is gone, and is made anew with the next line)."""
    connection.execute(update(_T).where(_T.c.conversation_id == lane).values(thread=thread))


def waiting_after(connection: Connection, lane: int, seq: int, limit: int) -> list[AnyRow]:
    """The rows of a lane behind ``seq`` that are not settled, in order."""
    query = (
        select(
            _O.c.id,
            _O.c.message_id,
            _O.c.seq,
            _O.c.kind,
            _O.c.state,
            _O.c.due_at,
            _O.c.repeated,
            _M.c.text,
            _M.c.body,
        )
        .join(_M, _M.c.id == _O.c.message_id)
        .where(
            _O.c.conversation_id == lane,
            _O.c.seq > seq,
            _O.c.state.in_(("queued", "sending")),
        )
        .order_by(_O.c.seq)
        .limit(limit)
    )
    return list(connection.execute(query).fetchall())


def ticket_of_lane(connection: Connection, lane: int) -> AnyRow | None:
    """(id, number, agent_id) of the ticket whose topic a lane leads into."""
    return connection.execute(
        select(_K.c.id, _K.c.number, _K.c.agent_id)
        .join(_T, _T.c.ticket_id == _K.c.id)
        .where(_T.c.conversation_id == lane)
    ).first()


def lagging(connection: Connection, account: str, before: datetime) -> list[AnyRow]:
    """(id, number, agent_id) of held tickets with a line for the group that has waited since
    ``before``."""
    waits = (
        select(_Q.c.conversation_id)
        .join(_C, _C.c.id == _Q.c.conversation_id)
        .join(_O, and_(_O.c.conversation_id == _Q.c.conversation_id, _O.c.state == "queued"))
        .join(_M, _M.c.id == _O.c.message_id)
        .where(
            _Q.c.channel == CHANNEL,
            _Q.c.due_at > from_micros(0),  # any time: an empty lane has none
            _C.c.account == account,
            _M.c.created_at < before,
        )
    )
    query = (
        select(_K.c.id, _K.c.number, _K.c.agent_id)
        .join(_T, _T.c.ticket_id == _K.c.id)
        .where(_T.c.conversation_id.in_(waits), _K.c.agent_id.is_not(None))
        .limit(200)
    )
    return list(connection.execute(query).fetchall())


def paused(connection: Connection, scope: str, now: datetime) -> bool:
    """Whether nothing may go out now, by Telegram's word or because the group is unusable."""
    query = select(exists().where(_S.c.scope == scope, _S.c.paused_until > now))
    return bool(connection.execute(query).scalar())


def extend_body(connection: Connection, message_id: int, **more: object) -> None:
    """Add to what a line carries besides its text."""
    body = connection.execute(select(_M.c.body).where(_M.c.id == message_id)).scalar()
    whole = {**(json.loads(body) if body else {}), **more}
    connection.execute(
        update(_M).where(_M.c.id == message_id).values(body=json.dumps(whole, ensure_ascii=False))
    )


def question(connection: Connection, lane: int, platform_id: str) -> dict[str, object] | None:
    """What a line of ours asked an agent for, if it asked."""
    body = connection.execute(
        select(_M.c.body).where(
            _M.c.conversation_id == lane,
            _M.c.platform_id == platform_id,
            _M.c.body.contains('"asks"'),
        )
    ).scalar()
    asked: dict[str, object] | None = json.loads(body).get("asks") if body else None
    return asked


# The group's id


def current_chat(connection: Connection, account: str, chat: str) -> str:
    """Where a group that may have moved is now."""
    for _ in range(10):
        found = connection.execute(
            select(_X.c.moved_to).where(_X.c.account == account, _X.c.chat == chat)
        ).scalar()
        if found is None:
            return chat
        chat = found
    return chat


def move(connection: Connection, account: str, old: str, new: str, now: datetime) -> None:
    """The group has a new id: all its topics move at once, and it is kept for good."""
    known = select(_X.c.chat).where(_X.c.account == account, _X.c.chat == old)
    if connection.execute(known).first() is None and old != new:
        connection.execute(
            insert(_X), {"account": account, "chat": old, "moved_to": new, "at": now}
        )
    lanes = and_(_C.c.channel == CHANNEL, _C.c.account == account, _C.c.chat == old)
    ids = select(_C.c.id).where(lanes)
    connection.execute(update(_T).where(_T.c.conversation_id.in_(ids)).values(chat=new))
    connection.execute(update(_C).where(lanes).values(chat=new))


# What holders wrote and has to wait


def add_post(connection: Connection, **values: object) -> None:
    """A holder's words wait; their text is masked."""
    connection.execute(insert(_P), values)


def posts_wait(connection: Connection, ticket_id: int) -> bool:
    """Whether something of a holder waits, so that what follows waits behind it."""
    return bool(connection.execute(select(exists().where(_P.c.ticket_id == ticket_id))).scalar())


def next_posts(connection: Connection) -> list[AnyRow]:
    """The first waiting post of each ticket whose file, if it has one, is settled."""
    first = select(func.min(_P.c.id)).group_by(_P.c.ticket_id)
    query = (
        select(
            _P,
            _F.c.state.label("file_state"),
            _F.c.kind.label("file_kind"),
            _F.c.name.label("file_name"),
            _F.c.mime.label("file_mime"),
            _F.c.blob.label("file_blob"),
        )
        .outerjoin(_F, _F.c.id == _P.c.attachment_id)
        .where(
            _P.c.id.in_(first),
            or_(_P.c.attachment_id.is_(None), _F.c.state != "fetching"),
        )
        .order_by(_P.c.id)
    )
    return list(connection.execute(query).fetchall())


def drop_post(connection: Connection, post_id: int) -> None:
    """It went where it belongs."""
    connection.execute(delete(_P).where(_P.c.id == post_id))


def wake(connection: Connection, account: str, scope: str, now: datetime) -> None:
    """The group works again: what waited for that goes now. Lanes, rows, scopes: the sender
    locks in the same order."""
    lanes = select(_C.c.id).where(_C.c.channel == CHANNEL, _C.c.account == account)
    connection.execute(
        update(_Q).where(_Q.c.conversation_id.in_(lanes), _Q.c.due_at > now).values(due_at=now)
    )
    connection.execute(
        update(_O)
        .where(_O.c.conversation_id.in_(lanes), _O.c.state == "queued", _O.c.due_at > now)
        .values(due_at=now)
    )
    connection.execute(update(_S).where(_S.c.scope == scope).values(paused_until=None))
