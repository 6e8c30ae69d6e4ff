"""What people at the desk keep beside a ticket: notes, data requests, calls, the counter."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.base import Base, ContactRef, Id, Instant, Long, PrimaryKey, Time


class Note(Base):
    """An internal note or a recommendation. It is no message and has no way to a user: the
    outbox refers to ``messages`` only. ``kind`` is note or recommendation."""

    __tablename__ = "notes"

    id: Mapped[PrimaryKey]
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    kind: Mapped[str]
    text: Mapped[Long]
    at: Mapped[Time]
    origin: Mapped[str] = mapped_column(default="console")


class DataRequest(Base):
    """Data asked of a user (SOP 002 step 4). ``asked_by`` is lpse or lkpp.

    ``state``: open, complete (the user or an agent said so), partial (the time ran out and
    something had come), expired (nothing had come), cancelled. ``started_at`` is the first
    delivery known, or the phone call logged; the 3x24 h to ``due_at`` run from there.
    ``message_id`` is the message that asks. ``reminded_window`` is the end of the window before
    which the user was reminded that it closes.
    """

    __tablename__ = "data_requests"
    __table_args__ = (Index(None, "contact_id", "state"), Index(None, "state", "due_at"))

    id: Mapped[PrimaryKey]
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    contact_id: Mapped[ContactRef] = mapped_column(index=False)
    asked_by: Mapped[str]
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    state: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(Id, ForeignKey("messages.id"))
    created_at: Mapped[Time]
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_window: Mapped[datetime | None] = mapped_column(Instant)


class DataItem(Base):
    """One thing asked for. ``kind`` is text, file or any."""

    __tablename__ = "data_items"
    __table_args__ = (UniqueConstraint("request_id", "n"),)

    id: Mapped[PrimaryKey]
    request_id: Mapped[int] = mapped_column(Id, ForeignKey("data_requests.id"))
    n: Mapped[int]
    label: Mapped[str]
    kind: Mapped[str]


class DataPiece(Base):
    """Something the user sent for a request; ``item_id`` is None while it is not known for
    which item. A piece moved to another ticket leaves this table."""

    __tablename__ = "data_pieces"

    id: Mapped[PrimaryKey]
    request_id: Mapped[int] = mapped_column(Id, ForeignKey("data_requests.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(Id, ForeignKey("data_items.id"))
    message_id: Mapped[int] = mapped_column(Id, ForeignKey("messages.id"))
    attachment_id: Mapped[int | None] = mapped_column(Id, ForeignKey("attachments.id"))
    text: Mapped[Long]
    at: Mapped[Time]


class Call(Base):
    """A user to be phoned. ``kind`` is data_request (confirm it, SOP 002 step 4), notice
    (something that reached them on no channel) or walk_in (they have no chat).
    ``state`` is open, done or gave_up; ``tries`` counts calls that were not answered."""

    __tablename__ = "calls"
    __table_args__ = (Index(None, "state", "created_at"), Index(None, "kind", "subject"))

    id: Mapped[PrimaryKey]
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    kind: Mapped[str]
    subject: Mapped[str]
    words: Mapped[Long]
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Time]
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    done_by: Mapped[int | None] = mapped_column(Id, ForeignKey("agents.id"))


class Topic(Base):
    """A ticket's forum topic in the agents' Telegram group (design 6.14). ``conversation_id``
    is the lane that sends there, ``thread`` Telegram's id once the topic exists (None: it is
    made before the next line goes out), ``name`` its title. ``open`` is what the topic should
    be; ``stood`` how the ticket stood when the group was last told (JSON)."""

    __tablename__ = "topics"
    __table_args__ = (Index(None, "chat", "thread"),)

    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(Id, ForeignKey("conversations.id"), index=True)
    chat: Mapped[str]
    thread: Mapped[str | None]
    name: Mapped[str]
    stood: Mapped[Long]
    open: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Time]


class TopicLine(Base):
    """Something of a ticket that its topic has been given: a message, file or note. ``what``
    names it (``m:7:``, ``f:3``, ``n:2``), so that nothing is shown twice."""

    __tablename__ = "topic_lines"

    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)


class GroupPost(Base):
    """What a holder wrote in the group and has to wait: for the bytes of its file, or for one
    before it. ``event`` is the update's key; ``text`` is masked."""

    __tablename__ = "group_posts"

    id: Mapped[PrimaryKey]
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("tickets.id"), index=True)
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    event: Mapped[str]
    text: Mapped[Long]
    attachment_id: Mapped[int | None] = mapped_column(Id, ForeignKey("attachments.id"))
    platform_id: Mapped[str]
    at: Mapped[Time]


class MovedChat(Base):
    """A group that Telegram gave another id (it became a supergroup): config.yml may go on
    naming the old one."""

    __tablename__ = "moved_chats"

    account: Mapped[str] = mapped_column(primary_key=True)
    chat: Mapped[str] = mapped_column(primary_key=True)
    moved_to: Mapped[str]
    at: Mapped[Time]


class Guest(Base):
    """A line of the guest book at the front office [001 step 1]."""

    __tablename__ = "guests"

    id: Mapped[PrimaryKey]
    name: Mapped[str]
    organisation: Mapped[str]
    phone: Mapped[str]
    purpose: Mapped[Long]
    agent_id: Mapped[int] = mapped_column(Id, ForeignKey("agents.id"))
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("tickets.id"))
    at: Mapped[Time]


class CounterTurn(Base):
    """A queue number at the counter (SOP 001, 004): one a day and series. ``state``: waiting,
    called, served, gone. ``turn`` is the order; a skipped one goes behind the next."""

    __tablename__ = "counter_turns"
    __table_args__ = (UniqueConstraint("day", "n"), Index(None, "day", "state", "turn"))

    id: Mapped[PrimaryKey]
    day: Mapped[str]
    n: Mapped[int]
    guest_id: Mapped[int | None] = mapped_column(Id, ForeignKey("guests.id"))
    state: Mapped[str]
    turn: Mapped[int]
    calls: Mapped[int] = mapped_column(default=0)
    rounds: Mapped[int] = mapped_column(default=0)
    desk: Mapped[str] = mapped_column(default="")
    called_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[Time]
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
