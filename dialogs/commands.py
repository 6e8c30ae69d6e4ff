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
    topic the problem is about, if known. Answered with a notice that holds the number.
    """

    kind: TicketKind
    problem: str
    answers: Mapping[str, str] = field(default_factory=dict)
    user_type: str | None = None
    deadline: Deadline = "none"
    topic: str | None = None
    attachment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CallHuman:
    """Record that the user waits for a person; answered with a number and the hours.
    A second call while one is open gives the same number."""

    reason: str = ""


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
    | RecordMiss
    | RecordConsultation
    | OpenPersonalDataRequest
    | NoteOnTicket
    | SendFiles
    | ProvePhone
    | RedeemLink
    | RevokeLinks
)
