"""What a turn read before it thought: nothing here is looked up later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Expects = Literal["", "reply", "data", "confirm"]


@dataclass(frozen=True, slots=True)
class TicketFact:
    """One of the user's own tickets. Times are in the office's time zone; ``files`` counts
    the supporting files. ``expects`` is what the user's next words are for, since
    ``expects_at``; ``may_reopen`` says that it was closed not long ago. ``tier`` is who works
    on it, as users read it."""

    number: str
    kind: str
    state: str
    subject: str
    opened_at: datetime
    priority: str
    decides: str
    files: int = 0
    expects: Expects = ""
    expects_at: datetime | None = None
    may_reopen: bool = False
    rated: bool = False
    tier: str = ""

    @property
    def open(self) -> bool:
        return self.state != "ditutup"


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One thing asked for; ``got`` counts what has come for it."""

    id: int
    n: int
    label: str
    kind: Literal["text", "file", "any"]
    got: int = 0


@dataclass(frozen=True, slots=True)
class DataFact:
    """An open data request about one of the user's tickets. ``loose`` counts what came and
    could not be matched to an item; ``due_at`` is None until the request was delivered.
    ``late``: its time is over, and the ticket was closed not long ago because nothing came."""

    id: int
    number: str
    items: tuple[ItemFact, ...]
    loose: int = 0
    due_at: datetime | None = None
    asked_by: Literal["lpse", "lkpp"] = "lpse"
    late: bool = False


@dataclass(frozen=True, slots=True)
class QueueFact:
    """The user waits for a person: the queue number, its ticket, the place in the queue (1 is
    next). ``called``: an agent called and waits for *Saya di sini*. ``here``: it is in this
    chat that the user waits."""

    number: str
    ticket: str | None
    position: int
    called: bool = False
    here: bool = True


@dataclass(frozen=True, slots=True)
class LiveFact:
    """A person has this chat: the queue number, the ticket, the agent's display name."""

    number: str
    ticket: str
    agent: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All a flow may know.

    ``now`` and ``next_open`` are aware and in the office's time zone; ``next_open``
    is the next opening moment (None while the calendar has none within a month).
    ``identity`` holds the answers of the user's last sent form by field key, and
    ``user_type``.
    ``own_phone`` is a number the platform itself vouches for (E.164).
    ``waiting_number`` is the number of an open request for a person, ``queue`` its place;
    ``live`` says that a person has this chat. ``on_duty`` says that somebody could take one.
    ``data`` are the open data requests, ``about`` is the ticket of the message that this
    one quotes.
    ``unspoken`` says that the answer to the message just before was withdrawn before
    it was sent, because this message came within the same breath.
    """

    now: datetime
    office_open: bool
    next_open: datetime | None = None
    channel: str = "web"
    can_share_phone: bool = False
    profile_name: str | None = None
    own_phone: str | None = None
    identity: Mapping[str, str] | None = None
    tickets: tuple[TicketFact, ...] = ()
    waiting_number: str | None = None
    unspoken: bool = False
    queue: QueueFact | None = None
    live: LiveFact | None = None
    on_duty: bool = False
    data: tuple[DataFact, ...] = ()
    about: str | None = None
