"""What a flow wants done, as data. ``handoff`` carries it out inside the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TicketKind = Literal["permintaan_layanan", "gangguan", "permasalahan", "masukan"]
Deadline = Literal["under_24h", "later", "none"]


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket and announce its number (SOP 001 steps 3 to 5).

    ``answers`` by field key; ``problem`` is section B as written; ``topic`` the FAQ
    topic the problem is about, if known. ``for_person``: the user waits for a person next, so
    that little is said. ``hours_left`` is the time to the deadline where the user named it.
    Answered with a notice that holds the number.
    """

    kind: TicketKind
    problem: str
    answers: Mapping[str, str] = field(default_factory=dict)
    user_type: str | None = None
    deadline: Deadline = "none"
    topic: str | None = None
    attachment_ids: tuple[int, ...] = ()
    category: Literal["pengaduan", "keberatan", "saran", "masukan"] | None = None
    for_person: bool = False
    hours_left: float | None = None


@dataclass(frozen=True, slots=True)
class CallHuman:
    """The user wants a person: a place in the queue, or the hours. A second call while one is
    open gives the same number. ``number`` is the ticket it is about; without one it is the
    ticket opened in the same turn, else one is opened with what is known."""

    reason: str = ""
    number: str | None = None


@dataclass(frozen=True, slots=True)
class HereIAm:
    """The answer to a call: *Saya di sini*."""


@dataclass(frozen=True, slots=True)
class LeaveChat:
    """Back to the bot: out of a live chat, or out of the queue. The ticket stays."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A line of a live chat: it goes to the agent as it is (masked)."""

    text: str
    message_id: int
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepForAgent:
    """What is written while waiting for a person belongs to the ticket of that wait: whoever
    takes the chat reads it."""

    message_ids: tuple[int, ...]
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PassToAgent:
    """The user's words for the ticket ``number`` outside a live chat."""

    number: str
    text: str
    message_ids: tuple[int, ...] = ()
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeBack:
    """*Bukan tiket ini*: these messages and files leave the ticket again."""

    number: str
    message_ids: tuple[int, ...] = ()
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """One text or file for a data request; ``item_id`` None: not known for which item."""

    message_id: int
    text: str = ""
    attachment_id: int | None = None
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class GiveData:
    """Text and files for a data request."""

    request_id: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SortData:
    """ "Ini untuk nomor 2": what came last for a data request belongs to this item. Answered
    with what has come and what is missing."""

    request_id: int
    item_id: int


@dataclass(frozen=True, slots=True)
class FinishData:
    """*Sudah lengkap*: the requester gets it all."""

    request_id: int


@dataclass(frozen=True, slots=True)
class ConfirmSolved:
    """*Sudah* or *Belum* to "Apakah masalah sudah beres?", with the user's own words
    [003 step 16]."""

    number: str
    solved: bool
    text: str = ""
    message_ids: tuple[int, ...] = ()
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RateTicket:
    """A rating of 1 to 5 after closing, or the comment to it (``stars`` None)."""

    number: str
    stars: int | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AskReopen:
    """ "Masih error" after closing: the ticket is opened again within the office's days."""

    number: str
    text: str
    message_ids: tuple[int, ...] = ()
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordMiss:
    """Keep a text that was not understood, for review. Replaces the miss of the same step."""

    text: str
    best_intent: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class RecordConsultation:
    """An FAQ answer that helped: topic, version and time, nothing about the person."""

    topic: str
    version: str


@dataclass(frozen=True, slots=True)
class OpenPersonalDataRequest:
    """Open a personal-data request (UU 27/2022), due in 3x24 h; answered with its number."""

    text: str


@dataclass(frozen=True, slots=True)
class NoteOnTicket:
    """Put the user's words on one of their own tickets.

    ``event`` is ``resolved``, ``not_resolved``, ``addition`` or ``edit``.
    """

    number: str
    event: Literal["resolved", "not_resolved", "addition", "edit"]
    text: str
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SendFiles:
    """Send the supporting files of one of the user's own tickets back to them."""

    number: str


@dataclass(frozen=True, slots=True)
class ProvePhone:
    """The platform vouches that this number is the sender's (E.164)."""

    number: str


@dataclass(frozen=True, slots=True)
class RedeemLink:
    """The user came through a one-time link made in another chat: join both."""

    token: str


@dataclass(frozen=True, slots=True)
class RevokeLinks:
    """Make every private link of this user's chats useless."""


Command = (
    OpenTicket
    | CallHuman
    | HereIAm
    | LeaveChat
    | Relay
    | KeepForAgent
    | PassToAgent
    | TakeBack
    | GiveData
    | SortData
    | FinishData
    | ConfirmSolved
    | RateTicket
    | AskReopen
    | RecordMiss
    | RecordConsultation
    | OpenPersonalDataRequest
    | NoteOnTicket
    | SendFiles
    | ProvePhone
    | RedeemLink
    | RevokeLinks
)
