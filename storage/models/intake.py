"""Events that came in: known ones, suspicious ones, parked ones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Instant, Long, PrimaryKey, Time


class Event(Base):
    """An event that was handled, kept for 30 days so that a redelivery is harmless."""

    __tablename__ = "events"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 -- SQLAlchemy's form

    account: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Time] = mapped_column(index=True)


class Attempt(Base):
    """How often an event was begun since an unclean stop: a crashing one is found out."""

    __tablename__ = "attempts"

    account: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    at: Mapped[Time]


class Parked(Base):
    """An event our code failed on twice. ``raw`` is encrypted, ``excerpt`` is masked."""

    __tablename__ = "parked"
    __table_args__ = (
        UniqueConstraint("account", "event_id"),
        Index(
            "ix_parked_open",
            "channel",
            sqlite_where=text("resolved_at IS NULL"),
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    account: Mapped[str]
    event_id: Mapped[str]
    channel: Mapped[str]
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    excerpt: Mapped[Long]
    error: Mapped[Long]
    created_at: Mapped[Time]
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
