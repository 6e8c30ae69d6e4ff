"""Conversations: what was said, which files came, what was not understood."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, ConversationRef, Id, Instant, Long, PrimaryKey, Time


class Conversation(Base):
    """One chat on one channel.

    ``state`` is the dialogue's state as JSON. ``seq`` is the last number given to a
    message of either side; it is also the page's cursor. ``holder`` is the number of the
    human request that is live: a person answers instead of the bot. ``fence`` rises with
    every change of who answers, and a bot's row of an older fence is never sent (design
    6.5). ``unreachable_at`` is set while the platform refuses to deliver. Until
    ``waits_until`` the bot's last words may be taken back, because the user may not have
    finished. Until ``window_until`` the platform takes free words (None: no message of the user
    opened it; only for channels that have a window). ``number`` is the user's phone number as
    the platform vouches for it, where it does: nobody else's chat on this account has it.
    ``flood_tat`` is the theoretical arrival time of the rate limit on what the
    user sends (GCRA), ``flood_told`` that they were told once that they write too fast.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("channel", "account", "chat", "thread"),
        Index(None, "channel", "account", "number", unique=True),
        Index(None, "window_until"),
    )

    id: Mapped[PrimaryKey]
    contact_id: Mapped[ContactRef]
    channel: Mapped[str]
    account: Mapped[str]
    chat: Mapped[str]
    thread: Mapped[str]
    profile_name: Mapped[str] = mapped_column(default="")
    state: Mapped[Long | None]
    seq: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None]
    unreachable_at: Mapped[datetime | None] = mapped_column(Instant)
    heard_at: Mapped[datetime | None] = mapped_column(Instant)
    waits_until: Mapped[datetime | None] = mapped_column(Instant)
    flood_tat: Mapped[datetime | None] = mapped_column(Instant)
    flood_told: Mapped[bool] = mapped_column(default=False)
    number: Mapped[str | None]
    window_until: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[Time]


class Message(Base):
    """One message of either side, masked. ``author`` is user, bot, notice or person;
    ``body`` holds what an outgoing message carries besides its text (choices, link, ...) as
    JSON. ``platform_id`` is the platform's id of it, ``quotes`` of the one it answers.
    ``ticket_id`` is the ticket it belongs to, ``agent_id`` who wrote a person's line;
    ``origin`` is where an agent wrote it (console, group). ``seen_at`` is when a browser
    fetched it."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index(None, "conversation_id", "platform_id"),
        Index(None, "ticket_id", "id"),
    )

    id: Mapped[PrimaryKey]
    conversation_id: Mapped[ConversationRef] = mapped_column(index=False)
    seq: Mapped[int]
    author: Mapped[str]
    text: Mapped[Long]
    body: Mapped[Long | None]
    platform_id: Mapped[str | None]
    quotes: Mapped[str | None]
    created_at: Mapped[Time]
    edited_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"))
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    origin: Mapped[str | None]
    seen_at: Mapped[datetime | None] = mapped_column(Instant)


class Attachment(Base):
    """A supporting file. ``state`` is fetching, stored or refused (then with ``reason``);
    ``ref`` is the platform's handle, ``blob`` the key of the bytes."""

    __tablename__ = "attachments"
    __table_args__ = (Index(None, "state", "next_try_at"),)

    id: Mapped[PrimaryKey]
    conversation_id: Mapped[ConversationRef]
    message_id: Mapped[int] = mapped_column(Id, ForeignKey("messages.id"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    mime: Mapped[str]
    size: Mapped[int | None]
    state: Mapped[str]
    reason: Mapped[str | None]
    ref: Mapped[str | None]
    blob: Mapped[str | None]
    sha256: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[Time]


class BlobChunk(Base):
    """A piece of a file where replicas share no disk (PostgreSQL)."""

    __tablename__ = "blob_chunks"

    key: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Miss(Base):
    """A text that was not understood, for review; one per question put to the user."""

    __tablename__ = "misses"
    __table_args__ = (UniqueConstraint("conversation_id", "step"),)

    id: Mapped[PrimaryKey]
    conversation_id: Mapped[ConversationRef] = mapped_column(index=False)
    step: Mapped[int]
    text: Mapped[Long]
    best_intent: Mapped[str | None]
    confidence: Mapped[float]
    created_at: Mapped[Time]
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    topic: Mapped[str | None]
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))


class Consultation(Base):
    """An FAQ answer that helped: no person, no chat."""

    __tablename__ = "consultations"

    id: Mapped[PrimaryKey]
    topic: Mapped[str]
    version: Mapped[str]
    at: Mapped[Time]
