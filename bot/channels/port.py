"""The port of a messaging platform, and what may happen to a message on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.incoming import ConversationKey


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do. ``max_text`` counts UTF-16 units; ``buttons`` is how many
    choices fit as buttons (0: numbered text); ``label`` is the longest button label.
    ``local`` means that a message is delivered by being visible in the database; ``topics``
    that each lane leads into a topic of one group."""

    max_text: int
    buttons: int
    label: int
    ask_phone: bool = False
    links: bool = False
    local: bool = False
    topics: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as it leaves: ``data`` comes back with the tap (``<step>:<value>``)."""

    data: str
    label: str


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file that goes out: its bytes are read from the blob store at send time."""

    kind: Literal["image", "document"]
    name: str
    mime: str
    blob: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One platform message: one outbox row is exactly one of these.

    ``kind`` ``leave`` makes the bot leave a foreign group. ``hide_keyboard`` removes
    a share-my-number keyboard left from the question before.

    In the agents' group ``topic`` makes a topic called ``text``, ``topic_open`` and
    ``topic_close`` open and close it; ``keep_open`` is what it should be. ``mentions`` are
    (words of the text, platform's id of the person), ``asks`` whether they shall answer.
    """

    kind: Literal["message", "leave", "topic", "topic_open", "topic_close"]
    key: ConversationKey
    text: str = ""
    buttons: tuple[Button, ...] = ()
    ask_phone: bool = False
    hide_keyboard: bool = False
    file: OutFile | None = None
    file_bytes: bytes | None = None
    link: str | None = None
    keep_open: bool = True
    mentions: tuple[tuple[str, str], ...] = ()
    asks: bool = False


class DeliveryError(Exception):
    """A message did not go out as wished; each subclass says what to do next."""


class NotSent(DeliveryError):
    """The platform was never reached: send again."""


class OutcomeUnknown(DeliveryError):
    """Cut off after the request went out: it may have arrived."""


class RetryLater(DeliveryError):
    """The platform asks to wait (429). ``scope`` is what is paused."""

    def __init__(self, seconds: float, scope: Literal["chat", "account"] = "chat") -> None:
        super().__init__(f"the platform asks to wait {seconds:g} s")
        self.seconds = seconds
        self.scope = scope


class Unreachable(DeliveryError):
    """The user blocked the bot, or the chat is gone: nothing goes there until they write."""


class Moved(DeliveryError):
    """The chat has a new id: rewrite it and send again."""

    def __init__(self, chat: str) -> None:
        super().__init__(f"the chat moved to {chat}")
        self.chat = chat


class TopicGone(DeliveryError):
    """The topic was deleted: make it anew and send again."""


class NotUsable(DeliveryError):
    """The agents' group cannot be used as it is set up: staff must act, the rows wait."""


class Refused(DeliveryError):
    """The platform will never take this message (400)."""


class AccountBroken(DeliveryError):
    """Our credentials are refused: the channel stands still, staff must act."""


class FileTooBig(Exception):
    """A file is larger than asked for, or than the platform gives out."""


class Channel(Protocol):
    """A platform seen from delivery. ``name`` is the ``channel`` of its conversation keys."""

    name: str
    abilities: Abilities

    async def send(self, out: Outgoing) -> str | None:
        """Send one message; the platform's id of it. Raises a DeliveryError."""
        ...

    async def sign(self, key: ConversationKey, ack: str | None) -> None:
        """Show that we are at work (typing; a tap's acknowledgement). Never raises."""
        ...

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """The bytes behind a file handle. Raises FileTooBig or a DeliveryError."""
        ...
