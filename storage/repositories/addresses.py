"""By which ids a platform knows the user of a conversation: one of its own (``chat``), and the
phone number (``number``), either of which may be missing from a message."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from storage.base import AnyRow, table_of
from storage.models import Conversation, Identity

_C = table_of(Conversation)
_I = table_of(Identity)


def matching(
    connection: Connection, channel: str, account: str, chat: str, number: str | None
) -> list[AnyRow]:
    """Conversations (id, contact_id, channel, chat, number, heard_at) known by one of these ids."""
    columns = (_C.c.id, _C.c.contact_id, _C.c.channel, _C.c.chat, _C.c.number, _C.c.heard_at)
    here = (_C.c.channel == channel, _C.c.account == account)
    ids = [chat] if number is None else [chat, number]
    # Two queries, each by an index of its own: an OR would read every chat of the account.
    found = connection.execute(
        select(*columns).where(*here, _C.c.chat.in_(ids), _C.c.thread == "")
    ).fetchall()
    if number is not None:
        by_number = select(*columns).where(*here, _C.c.number == number)
        found = [*found, *connection.execute(by_number).fetchall()]
    return sorted({row.id: row for row in found}.values(), key=lambda row: row.id)


def change(connection: Connection, conversation_id: int, **ids: str | None) -> None:
    """Write ``chat`` or ``number`` of a conversation whose contact is locked."""
    connection.execute(update(_C).where(_C.c.id == conversation_id).values(**ids))


def disprove(connection: Connection, contact_id: int, number: str) -> None:
    """A number (digits) is not this person's any more, however it was proven once."""
    mine = (_I.c.contact_id == contact_id, _I.c.kind == "phone", _I.c.value == f"+{number}")
    connection.execute(delete(_I).where(*mine))
