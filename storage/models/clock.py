"""Time is data: what is due, whether we were awake, and when we were not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, Id, Instant, Long, PrimaryKey, Time


class Deadline(Base):
    """One due time. ``subject`` is what it is about (``conversation:7``), ``inputs`` the JSON
    it was computed from, ``arming`` counts how often it was set, so that each setting fires
    at most once (design 6.1, 6.6). ``ticket_id`` is set for the clocks of a ticket;
    ``stopped_at`` is when what it waited for happened, ``paused_at`` while it stands still."""

    __tablename__ = "deadlines"
    __table_args__ = (UniqueConstraint("kind", "subject"), Index(None, "armed", "due_at"))

    id: Mapped[PrimaryKey]
    contact_id: Mapped[ContactRef]
    kind: Mapped[str]
    subject: Mapped[str]
    inputs: Mapped[Long]
    due_at: Mapped[Time]
    armed: Mapped[bool]
    arming: Mapped[int] = mapped_column(default=1)
    fired_at: Mapped[datetime | None] = mapped_column(Instant)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)


class Heartbeat(Base):
    """The last minute each process was awake. ``rules`` is a digest of the hours and limits its
    due times were computed with: others at the next start mean that they are computed anew."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Time]
    clean_stop: Mapped[bool] = mapped_column(default=False)
    rules: Mapped[str | None]


class Outage(Base):
    """A time in which nothing ran, or the machine's clock jumped (design 6.12): a heartbeat more
    than ten minutes old, or five minutes that no steady clock saw. ``drained_at`` is when what
    users had written meanwhile was through; what ends something for one waits an hour more."""

    __tablename__ = "outages"

    id: Mapped[PrimaryKey]
    started_at: Mapped[Time]
    ended_at: Mapped[Time]
    reason: Mapped[Long]
    drained_at: Mapped[datetime | None] = mapped_column(Instant)
