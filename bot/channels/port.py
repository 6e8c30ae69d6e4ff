"""The port of a messaging platform, and what may happen to a message on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from bot.incoming import ConversationKey


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do. ``max_text`` counts UTF-16 units; ``buttons`` is how many
    choices fit as buttons, ``label`` the longest label of one; more or longer ones fit into a
    list of at most ``rows`` with labels up to ``row_label`` (0: no lists), else they are numbered
    text. ``choice_text`` is the longest text that carries choices, ``caption`` the longest that
    goes with a file (0: as ``max_text``).

    ``local`` means that a message is delivered by being visible in the database; ``topics``
    that each lane leads into a topic of one group. ``window`` is how long after the user's last
    message the platform takes free words (None: always), ``receipts`` whether it tells later
    what became of a message, ``per_second`` how many messages an account may send (0: any)."""

    max_text: int
    buttons: int
    label: int
    ask_phone: bool = False
    local: bool = False
    topics: bool = False
    rows: int = 0
    row_label: int = 0
    choice_text: int = 0
    caption: int = 0
    window: timedelta | None = None
    receipts: bool = False
    per_second: float = 0


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as it leaves: ``data`` comes back with the tap (``<step>:<value>``). ``detail``
    says more where a channel shows lists."""

    data: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A message the platform approved beforehand: the only kind it takes outside its window.
    ``body`` fills the placeholders of its text in order; ``button`` is what its only quick-reply
    button gives back (None: it has no button)."""

    name: str
    language: str
    body: tuple[str, ...] = ()
    button: str | None = None


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

    ``template`` (kind ``template``) goes in place of words the platform would refuse now.
    ``ref`` is our name of this attempt: a platform with receipts gives it back with each.
    ``number`` is the user's phone number where ``key.chat`` is another id of theirs.
    """

    kind: Literal["message", "leave", "topic", "topic_open", "topic_close", "template"]
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
    template: Template | None = None
    ref: str = ""
    number: str | None = None


class DeliveryError(Exception):
    """A message did not go out as wished; each subclass says what to do next. ``code`` is the
    platform's own name of the error where it has one, for metrics."""

    code: str = ""


class NotSent(DeliveryError):
    """The platform was never reached: send again."""


class OutcomeUnknown(DeliveryError):
    """Cut off after the request went out: it may have arrived."""


class RetryLater(DeliveryError):
    """The platform asks to wait (429). ``scope`` is what is paused. Unless ``exact``, the time is
    our guess and grows with every attempt."""

    def __init__(
        self,
        seconds: float,
        scope: Literal["chat", "account"] = "chat",
        *,
        exact: bool = True,
    ) -> None:
        super().__init__(f"the platform asks to wait {seconds:g} s")
        self.seconds = seconds
        self.scope = scope
        self.exact = exact


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


class WindowClosed(DeliveryError):
    """The platform takes only templates here until the user writes again."""


class Refused(DeliveryError):
    """The platform will never take this message (400)."""


class AccountBroken(DeliveryError):
    """Our credentials are refused: the channel stands still, staff must act."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a platform says later about a message of ours. ``ref`` is the one it went out with
    (empty where the platform does not give it back), ``platform_id`` its own id of it;
    ``error`` is set where it failed after all. ``event_id`` is unique for this piece of news."""

    account: str
    event_id: str
    ref: str
    platform_id: str
    state: Literal["sent", "delivered", "read", "failed"]
    at: datetime
    error: DeliveryError | None = None


class FileTooBig(Exception):
    """A file is larger than asked for, or than the platform gives out."""


class Channel(Protocol):
    """A platform seen from delivery. ``name`` is the ``channel`` of its conversation keys."""

    name: str
    abilities: Abilities

    async def send(self, out: Outgoing) -> str | None:
        """Send one message; the platform's id of it. Raises a DeliveryError."""
        ...

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """Show that we have heard: ``ack`` is the handle of what to acknowledge (a tap, a
        message to mark as read); ``typing`` that an answer is coming. Never raises."""
        ...

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """The bytes behind a file handle. Raises FileTooBig or a DeliveryError."""
        ...
