"""Who writes to the office, and what proves it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, ConversationRef, Instant, Long, PrimaryKey, Time


class Contact(Base):
    """One person, over all their chats. Its row is the lock of the whole case (design 6.2).

    ``identity`` holds the answers of the last form as JSON.
    """

    __tablename__ = "contacts"

    id: Mapped[PrimaryKey]
    created_at: Mapped[Time]
    identity: Mapped[Long | None]


class Identity(Base):
    """Something proven about a contact, such as a phone number the platform vouches for.

    Only proof makes a row: a typed number never does.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("kind", "value"),)

    id: Mapped[PrimaryKey]
    contact_id: Mapped[ContactRef]
    kind: Mapped[str]
    value: Mapped[str]
    proven_by: Mapped[str]
    created_at: Mapped[Time]


class Link(Base):
    """A private link. ``resume`` reopens a web chat elsewhere until revoked; ``join`` links
    another chat to the same person, once and for a short time. The token is derived from
    the row's id and the office's key, so the table holds no secret."""

    __tablename__ = "links"
    __table_args__ = (Index(None, "contact_id", "purpose"),)

    id: Mapped[PrimaryKey]
    contact_id: Mapped[ContactRef] = mapped_column(index=False)
    conversation_id: Mapped[ConversationRef]
    purpose: Mapped[str]
    created_at: Mapped[Time]
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class WebSession(Base):
    """A browser that may read and write one web conversation; the token is kept as a hash."""

    __tablename__ = "web_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[ConversationRef]
    link_id: Mapped[int | None]
    created_at: Mapped[Time]
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
