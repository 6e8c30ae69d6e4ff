"""What a platform delivered, in our words. A parser makes it; nothing else reads raw payloads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialogs.heard import FileKind, SharedPhone, Tap


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Where a conversation happens. All parts are opaque strings made by the channel.

    ``account`` names our side (``telegram:<bot id>``, ``web``); ``thread`` is a topic,
    empty where there is none.
    """

    channel: str
    account: str
    chat: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file as announced. ``ref`` is the platform's handle for fetching it later;
    ``blob`` is the key of bytes that are stored already (web upload). One of both is set.
    ``size`` in bytes, None where the platform does not say."""

    kind: FileKind
    name: str
    mime: str
    size: int | None = None
    ref: str | None = None
    blob: str | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """The ids a user has from now on; None: as before."""

    chat: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event of a user.

    ``event_id`` is unique within ``key.account`` (design 6.1). ``message_id``, ``edits``
    (the message this one replaces) and ``quotes`` are the platform's ids. ``album``
    groups the items of one album. ``other`` names a kind we cannot read (sticker,
    location, ...). ``membership`` tells that the user blocked or unblocked the bot.
    ``ack`` is the handle of what the platform wants acknowledged (a tap, a message to mark as
    read). ``foreign_group`` marks a group that is none of ours: one line, then leave.

    ``number`` is the sender's phone number (E.164 without the plus) as the platform vouches
    for it, where ``key.chat`` may be another id of theirs. ``became`` says that this user goes on
    under another id or number. ``aside`` is kept in the transcript and answered by nobody (a
    reaction).
    """

    key: ConversationKey
    event_id: str
    text: str = ""
    sent_at: datetime | None = None
    tap: Tap | None = None
    files: tuple[IncomingFile, ...] = ()
    phone: SharedPhone | None = None
    link_token: str | None = None
    other: str | None = None
    message_id: str = ""
    edits: str | None = None
    quotes: str | None = None
    album: str | None = None
    profile_name: str = ""
    membership: Literal["blocked", "unblocked"] | None = None
    ack: str | None = None
    foreign_group: bool = False
    number: str | None = None
    became: Became | None = None
    aside: str | None = None
