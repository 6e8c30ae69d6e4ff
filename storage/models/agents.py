"""Who works at the office: accounts, sessions, one-time links, what they looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, Id, Instant, Long, PrimaryKey, Time


class Agent(Base):
    """One account. ``roles`` are role keys joined by spaces; ``name`` is what users read.

    ``on_duty`` is *Bertugas*; ``chat_limit`` how many live chats at once (None: the office's).
    ``telegram_user`` is the linked Telegram account's id, ``subject`` the one of an OIDC
    provider. An account that is not ``active`` can do nothing; rows are never deleted, because
    history names them.
    """

    __tablename__ = "agents"

    id: Mapped[PrimaryKey]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    roles: Mapped[str]
    password_hash: Mapped[str | None]
    on_duty: Mapped[bool] = mapped_column(default=False)
    chat_limit: Mapped[int | None]
    telegram_user: Mapped[str | None] = mapped_column(unique=True)
    subject: Mapped[str | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Time]


class AgentSession(Base):
    """A browser in which an agent is logged in; the token is kept as a hash."""

    __tablename__ = "agent_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"), index=True)
    created_at: Mapped[Time]
    seen_at: Mapped[Time]
    expires_at: Mapped[Time]
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class AgentLink(Base):
    """A one-time link or code; the token is kept as a hash. ``purpose`` is ``setup`` (make the
    first admin), ``password`` (set one's own) or ``telegram`` (link that account)."""

    __tablename__ = "agent_links"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    created_at: Mapped[Time]
    expires_at: Mapped[Time]
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class AccessEntry(Base):
    """Somebody looked at personal data: who, which ticket or list, when (UU 27/2022)."""

    __tablename__ = "access_log"
    __table_args__ = (Index(None, "agent_id", "at"),)

    id: Mapped[PrimaryKey]
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    what: Mapped[str]
    at: Mapped[Time]


class Alert(Base):
    """Something an agent has to know: a new chat, a user who waits, a breach. It is meant for
    ``agent_id``, or for everyone with ``role`` (None: everyone on duty). ``subject`` is what it
    is about (``ticket:7``); one unseen alert a (kind, subject) is enough."""

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "seen_at", "id"), Index(None, "kind", "subject"))

    id: Mapped[PrimaryKey]
    kind: Mapped[str]
    subject: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))
    role: Mapped[str | None]
    text: Mapped[Long]
    at: Mapped[Time]
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_by: Mapped[int | None] = mapped_column(Id)
