"""Joining two contacts that proved to be one person, private links, web sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from storage.base import AnyRow, table_of
from storage.models import (
    Contact,
    Conversation,
    DataRequest,
    Deadline,
    HumanRequest,
    Identity,
    Link,
    PersonalDataRequest,
    Ticket,
    WebSession,
)

_K = table_of(Link)
_W = table_of(WebSession)
_P = table_of(Contact)
_OWNED = (
    Conversation,
    Ticket,
    HumanRequest,
    PersonalDataRequest,
    Identity,
    Link,
    Deadline,
    DataRequest,
)


def join(connection: Connection, source: int, target: int) -> None:
    """All of ``source`` becomes ``target``'s. Both contacts must be locked."""
    for model in _OWNED:
        table = table_of(model)
        connection.execute(
            update(table).where(table.c.contact_id == source).values(contact_id=target)
        )
    identity = select(_P.c.identity).where(_P.c.id == source).scalar_subquery()
    connection.execute(
        update(_P).where(_P.c.id == target).values(identity=func.coalesce(_P.c.identity, identity))
    )


def move_chat(connection: Connection, source: int, target: int) -> None:
    """What stands in the conversation ``source`` goes on in ``target``, of the same person:
    tickets, whoever is waited for or talked with. Both contacts must be locked."""
    for model in (Ticket, HumanRequest, PersonalDataRequest):
        table = table_of(model)
        here = table.c.conversation_id == source
        connection.execute(update(table).where(here).values(conversation_id=target))
    chats = table_of(Conversation)
    holder = select(chats.c.holder).where(chats.c.id == source).scalar_subquery()
    connection.execute(
        update(chats)
        .where(chats.c.id == target, chats.c.holder.is_(None))
        .values(holder=holder, fence=chats.c.fence + 1)
    )
    connection.execute(update(chats).where(chats.c.id == source).values(holder=None))


def add_link(
    connection: Connection,
    *,
    contact_id: int,
    conversation_id: int,
    purpose: str,
    now: datetime,
    expires_at: datetime | None,
) -> int:
    """A new private link; its row id, from which the token is derived."""
    return int(
        connection.execute(
            insert(_K).returning(_K.c.id),
            {
                "contact_id": contact_id,
                "conversation_id": conversation_id,
                "purpose": purpose,
                "created_at": now,
                "expires_at": expires_at,
            },
        ).scalar_one()
    )


def live_link(connection: Connection, link_id: int, purpose: str, now: datetime) -> AnyRow | None:
    """A link that still works: neither revoked, expired, nor (once only) used."""
    return connection.execute(
        select(_K).where(
            _K.c.id == link_id,
            _K.c.purpose == purpose,
            _K.c.revoked_at.is_(None),
            or_(_K.c.expires_at.is_(None), _K.c.expires_at > now),
            or_(_K.c.used_at.is_(None), _K.c.purpose == "resume"),
        )
    ).first()


def use_link(connection: Connection, link_id: int, now: datetime) -> None:
    """Note that a link was used."""
    connection.execute(update(_K).where(_K.c.id == link_id).values(used_at=now))


def revoke_links(connection: Connection, contact_id: int, now: datetime) -> int:
    """Make all private links of a contact useless, and end the sessions opened by them."""
    links = select(_K.c.id).where(_K.c.contact_id == contact_id)
    connection.execute(
        update(_W).where(_W.c.link_id.in_(links), _W.c.ended_at.is_(None)).values(ended_at=now)
    )
    return connection.execute(
        update(_K)
        .where(_K.c.contact_id == contact_id, _K.c.revoked_at.is_(None))
        .values(revoked_at=now)
    ).rowcount


def add_session(
    connection: Connection,
    *,
    token_hash: str,
    conversation_id: int,
    link_id: int | None,
    now: datetime,
) -> None:
    """A browser got access to a web conversation."""
    connection.execute(
        insert(_W),
        {
            "token_hash": token_hash,
            "conversation_id": conversation_id,
            "link_id": link_id,
            "created_at": now,
        },
    )


_SESSION = (
    select(
        _W.c.conversation_id,
        table_of(Conversation).c.contact_id,
        table_of(Conversation).c.chat,
    )
    .join(table_of(Conversation), table_of(Conversation).c.id == _W.c.conversation_id)
    .where(_W.c.token_hash == bindparam("token_hash"), _W.c.ended_at.is_(None))
)


def session(connection: Connection, token_hash: str) -> AnyRow | None:
    """(conversation_id, contact_id, chat) of a live session."""
    return connection.execute(_SESSION, {"token_hash": token_hash}).first()


def end_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """Log a browser out."""
    connection.execute(update(_W).where(_W.c.token_hash == token_hash).values(ended_at=now))
