"""What a turn read before it thought: nothing here is looked up later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TicketFact:
    """One of the user's own tickets. Times are in the office's time zone; ``files`` counts
    the supporting files."""

    number: str
    kind: str
    state: str
    subject: str
    opened_at: datetime
    priority: str
    decides: str
    files: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All a flow may know.

    ``now`` and ``next_open`` are aware and in the office's time zone; ``next_open``
    is the next opening moment (None while the calendar has none within a month).
    ``identity`` holds the answers of the user's last sent form by field key, and
    ``user_type``.
    ``own_phone`` is a number the platform itself vouches for (E.164).
    ``waiting_number`` is the number of an open request for a person.
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
