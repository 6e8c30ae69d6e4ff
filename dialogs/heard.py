"""What reached the bot in one message, masked and understood, free of any vendor's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nlu.understanding import NOTHING, Understanding

FileKind = Literal["image", "document", "voice", "audio", "video"]


@dataclass(frozen=True, slots=True)
class File:
    """A file the user sent: a row already (``attachment_id``), perhaps still being fetched."""

    attachment_id: int
    kind: FileKind
    name: str


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a button: the choice's value and the step number the button was made at."""

    value: str
    step: int


@dataclass(frozen=True, slots=True)
class SharedPhone:
    """A phone number shared with the messaging app's own button (E.164).

    ``own`` is True only where the platform proves that it is the sender's number
    (Telegram: ``contact.user_id == from.id``).
    """

    number: str
    own: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of a user.

    ``text`` is masked already; ``masked`` names what was masked, each one of
    ``password``, ``otp``, ``nik``, ``passport``, ``card``. A caption is the text of
    a message with files. ``other`` names a kind we cannot read (``sticker``,
    ``location``, ``contact``, ...). ``edits`` is the row id of the message that this
    one replaces. ``link_token`` comes with a deep link (Telegram ``/start <token>``).
    """

    text: str = ""
    understanding: Understanding = NOTHING
    tap: Tap | None = None
    files: tuple[File, ...] = ()
    phone: SharedPhone | None = None
    masked: tuple[str, ...] = ()
    message_id: int = 0
    edits: int | None = None
    link_token: str | None = None
    other: str | None = None
