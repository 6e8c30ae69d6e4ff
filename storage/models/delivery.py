"""What goes out: lanes, rows, rates, and who may work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Id, Instant, Long, PrimaryKey, Time

# Rows that did not reach their user and that nobody has looked after. SQLite uses a partial index
# only where a query says it in these very words, and this one for the columns it begins with.
LOST = "state IN ('failed', 'unknown') AND resolved_at IS NULL"


class Lane(Base):
    """The queue of one conversation. ``due_at`` is when its next row may go (None: empty);
    whoever sends holds it until ``lease_until`` (design 6.4)."""

    __tablename__ = "lanes"
    __table_args__ = (Index(None, "channel", "due_at"),)

    conversation_id: Mapped[int] = mapped_column(
        Id, ForeignKey("conversations.id"), primary_key=True
    )
    channel: Mapped[str]
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Instant)


class OutboxRow(Base):
    """One platform message on its way. ``seq`` is the message's own seq.

    ``state``: queued, sending, announcing (a template goes in its place, because the platform
    takes no free words now), held (it waits until the user writes), sent, failed (the platform
    refused), unknown (cut off twice), withdrawn (never sent on purpose). ``repeated`` marks a
    second attempt after an unknown outcome. ``fence`` is the conversation's when the row was
    written. ``resolved_at`` takes an undelivered row off the work list.

    ``purpose`` says which template may stand for it; ``bulk`` that the clock said it, so that
    people's words go first. ``receipt`` is the highest news of it (``storage.receipts``),
    ``arrived_at`` when its user is known to have it, or to have been told that it waits.
    ``announced_at`` is when a template was accepted in its place, ``announced_id`` the
    platform's id of that, ``announced`` the highest news of it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("message_id"),
        Index(None, "conversation_id", "state", "seq"),
        Index(None, "state", "due_at"),
        # The work list and the clock look for these every few seconds.
        Index(
            "ix_outbox_lost",
            *("resolved_at", "state", "message_id"),
            sqlite_where=text(LOST),
            postgresql_where=text(LOST),
        ),
    )

    id: Mapped[PrimaryKey]
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"))
    message_id: Mapped[int] = mapped_column(Id, ForeignKey("messages.id"))
    seq: Mapped[int]
    row_class: Mapped[str]
    kind: Mapped[str]
    fence: Mapped[int]
    state: Mapped[str]
    due_at: Mapped[Time]
    attempts: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[bool] = mapped_column(default=False)
    error: Mapped[Long | None]
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    purpose: Mapped[str] = mapped_column(default="reply")
    bulk: Mapped[bool] = mapped_column(default=False)
    receipt: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    announced_at: Mapped[datetime | None] = mapped_column(Instant)
    announced_id: Mapped[str | None]
    announced: Mapped[int] = mapped_column(default=0)


class Scope(Base):
    """A rate limit (GCRA): ``tat`` is the theoretical arrival time, ``paused_until`` the
    platform's own word (429). One truth over restarts and replicas (design 6.7)."""

    __tablename__ = "scopes"

    scope: Mapped[str] = mapped_column(primary_key=True)
    tat: Mapped[datetime | None] = mapped_column(Instant)
    paused_until: Mapped[datetime | None] = mapped_column(Instant)


class Lease(Base):
    """Who does a job that only one replica may do (the poller). ``epoch`` counts owners."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[Time]
    epoch: Mapped[int] = mapped_column(default=0)
