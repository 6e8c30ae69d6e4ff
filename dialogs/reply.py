"""What the bot says, in our words; the channel decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RowClass = Literal["talk", "notice", "person"]
LinkPurpose = Literal["resume", "join"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to answer. Every choice has a text equivalent: its number, its label,
    one of ``words``, or a text whose intent is in ``intents``.

    ``value`` is at most 48 bytes (a Telegram button carries the step number besides),
    ``label`` at most 20 characters where a channel shall show it whole.
    """

    value: str
    label: str
    intents: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A stored file that goes out with a reply; ``blob`` is the key of its bytes."""

    attachment_id: int
    kind: Literal["image", "document"]
    name: str
    mime: str
    blob: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the bot.

    ``text`` may hold ``*bold*``; everything a user or agent typed is inserted with
    its asterisks replaced. ``row_class`` after design 6.5: ``talk`` may be withdrawn
    or fenced, a ``notice`` (number, closure, warning) never. ``ask_phone`` shows the
    platform's button that shares one's own number. ``link`` asks the channel for a
    private link: ``resume`` reopens this chat elsewhere, ``join`` links another chat
    to the same person. Where the text holds ``{link}`` the link stands there. ``file`` goes
    out with the text as its caption.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    row_class: RowClass = "talk"
    ask_phone: bool = False
    link: LinkPurpose | None = None
    file: Attached | None = None
