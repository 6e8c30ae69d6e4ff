"""Tickets, their verifiable history, and the other numbered requests."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, ConversationRef, Id, Instant, Long, PrimaryKey, Time

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # no clock of a ticket runs


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

    ``state``: baru, diproses, menunggu_data, dieskalasi, selesai, ditutup, dibuka_kembali
    (``handoff.standing``). ``tier`` is who works on it (a key of ``tiers`` in config.yml),
    ``agent_id`` the holder. ``impact`` and ``urgency`` are what the priority table was asked;
    ``priority_at`` when an agent set it. ``answered_at`` is the first human answer (the
    response clock), ``complete_at`` when the data were complete (the resolution clock begins),
    ``solution`` section C and ``explainer`` its Pemberi Penjelasan, ``solved_tier`` who solved
    it. ``expects`` says what the user's next words are for: reply, data, confirm, or nothing.
    ``source`` is chat, walk_in or phone. ``waiting_since`` is the user's oldest line without an
    answer. ``overdue`` names the clocks that were breached, joined by spaces.
    ``category`` is pengaduan, keberatan, saran or masukan where ``kind`` is masukan.
    ``next_due`` is the soonest due time of its running clocks, kept by triggers on
    ``deadlines`` (migration 0003): nothing else writes it.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index(None, "contact_id", "opened_at"),
        Index(None, "state", "priority"),
        Index(None, "open", "urgent", "opened_at"),
        Index(None, "agent_id", "open"),
        # The board's order, with all that it filters by: a page is found in the index alone.
        Index(
            "ix_tickets_board",
            *("open", "urgent", "next_due", "id", "state", "kind", "tier", "agent_id"),
        ),
        Index(None, "open", "id"),
    )

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
    open: Mapped[bool] = mapped_column(default=True)
    urgent: Mapped[int] = mapped_column(default=2)
    tier: Mapped[str] = mapped_column(default="helpdesk")
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    source: Mapped[str] = mapped_column(default="chat")
    category: Mapped[str | None]
    impact: Mapped[str | None]
    urgency: Mapped[str | None]
    priority_at: Mapped[datetime | None] = mapped_column(Instant)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    complete_at: Mapped[datetime | None] = mapped_column(Instant)
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)
    solved_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    close_reason: Mapped[str | None]
    exempt: Mapped[Long | None]
    merged_into: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"))
    unit: Mapped[str | None]
    solution: Mapped[Long | None]
    explainer: Mapped[str | None]
    solved_tier: Mapped[str | None]
    lkpp_number: Mapped[str | None]
    expects: Mapped[str] = mapped_column(default="")
    expects_at: Mapped[datetime | None] = mapped_column(Instant)
    waiting_since: Mapped[datetime | None] = mapped_column(Instant)
    overdue: Mapped[str] = mapped_column(default="")
    rating: Mapped[int | None]
    rating_comment: Mapped[Long | None]
    next_due: Mapped[Time] = mapped_column(default=NEVER)


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
    """A user waits for, or talks with, a person; every live chat is a ticket.

    ``state``: waiting, called (an agent called, the user has not answered), live, done,
    ticket (it went on as a ticket: closing time, nobody on duty, two rounds of calls), left.
    ``turn`` is the order in the queue, smallest first. ``agent_id`` calls or talks.
    """

    __tablename__ = "human_requests"
    __table_args__ = (Index(None, "contact_id", "state"), Index(None, "state", "turn"))

    id: Mapped[PrimaryKey]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[ContactRef] = mapped_column(index=False)
    conversation_id: Mapped[ConversationRef]
    reason: Mapped[Long]
    state: Mapped[str]
    created_at: Mapped[Time]
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    turn: Mapped[int] = mapped_column(Id, default=0)
    calls: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


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
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    outcome: Mapped[Long | None]
    done_at: Mapped[datetime | None] = mapped_column(Instant)
