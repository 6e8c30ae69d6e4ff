"""Tickets, their verifiable history, and the other numbered requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, ConversationRef, Id, Instant, Long, PrimaryKey, Time


class Series(Base):
    """The last number given in a series; numbers have no gaps (design 6.8)."""

    __tablename__ = "series"

    key: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Ticket(Base):
    """One Formulir Konsultasi. Never deleted.

    ``answers`` is section A as JSON, ``problem`` section B, ``decides`` who has the
    authority, ``deadline`` the user's own time limit (under_24h, later, none).
    ``history_seq``/``history_head`` are the end of its history chain (design 6.9).
    """

    __tablename__ = "tickets"
    __table_args__ = (Index(None, "contact_id", "opened_at"), Index(None, "state", "priority"))

    id: Mapped[PrimaryKey]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[ContactRef] = mapped_column(index=False)
    conversation_id: Mapped[ConversationRef]
    kind: Mapped[str]
    state: Mapped[str]
    priority: Mapped[str]
    user_type: Mapped[str | None]
    answers: Mapped[Long]
    problem: Mapped[Long]
    topic: Mapped[str | None]
    decides: Mapped[str]
    deadline: Mapped[str]
    opened_at: Mapped[Time]
    history_seq: Mapped[int]
    history_head: Mapped[str]


class HistoryEntry(Base):
    """One fact about a ticket. ``body`` is the exact text that was hashed; it holds only
    the digest of any personal text. Triggers forbid UPDATE and DELETE."""

    __tablename__ = "history"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: Mapped[PrimaryKey]
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"))
    seq: Mapped[int]
    body: Mapped[Long]
    head: Mapped[str]


class HistoryText(Base):
    """The words of an entry and their salt: erasing this row keeps the chain whole."""

    __tablename__ = "history_texts"

    entry_id: Mapped[int] = mapped_column(Id, ForeignKey("history.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[Long]


class HumanRequest(Base):
    """A user waits for a person. ``state`` is waiting or done."""

    __tablename__ = "human_requests"
    __table_args__ = (Index(None, "contact_id", "state"),)

    id: Mapped[PrimaryKey]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[ContactRef] = mapped_column(index=False)
    conversation_id: Mapped[ConversationRef]
    reason: Mapped[Long]
    state: Mapped[str]
    created_at: Mapped[Time]


class PersonalDataRequest(Base):
    """A request under UU 27/2022, due in 3x24 h. ``state`` is open or done."""

    __tablename__ = "personal_data_requests"

    id: Mapped[PrimaryKey]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[ContactRef]
    conversation_id: Mapped[ConversationRef]
    text: Mapped[Long]
    state: Mapped[str]
    created_at: Mapped[Time]
    due_at: Mapped[datetime] = mapped_column(Instant)
