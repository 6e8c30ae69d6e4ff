"""What every step of people's work is given: the office's rules, the transaction, and where to
put what users of other chats are to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from dialogs.answers import AnswerBook
from dialogs.office import Office
from dialogs.reply import Reply
from dialogs.texts import Texts
from handoff.clock.calendar import OfficeCalendar
from handoff.lkpp import Lkpp
from handoff.policy import Policy
from handoff.rules import SeriesFormats
from storage.repositories.conversations import Case

Purpose = Literal["ticket_update", "data_request", "closure", "survey", "reply"]


@dataclass(frozen=True, slots=True)
class Counter:
    """What the work needs besides the transaction. ``key`` seals history and links,
    ``lkpp`` is how LKPP's helpdesk is reached."""

    office: Office
    policy: Policy
    texts: Texts
    answers: AnswerBook
    calendar: OfficeCalendar
    series: SeriesFormats
    key: bytes
    lkpp: Lkpp

    def text(self, name: str, /, **values: object) -> str:
        """A sentence; every template may use ``office``."""
        return self.texts.render(name, office=self.office, **values)


@dataclass(frozen=True, slots=True)
class Say:
    """A message to the user of a conversation, outside of their own turn.

    ``ticket_id`` is what it is about, ``agent_id`` who wrote it (a ``person`` row).
    ``data_request`` is the request this message asks for: its time runs from the delivery.
    ``must_arrive``: if it is not known to have arrived within a day, another way is found
    (closure, data request, solution). ``origin`` is where the agent wrote it. ``purpose`` is what
    it is for, where a platform takes only approved templates.
    """

    conversation_id: int
    reply: Reply
    ticket_id: int | None = None
    agent_id: int | None = None
    data_request: int | None = None
    must_arrive: bool = False
    origin: str | None = None
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """The turn in which something is done. ``case`` is the conversation of the user whose turn
    it is, or of the ticket; its contact is locked. ``step`` is the dialogue's, after thinking.
    ``says`` gathers what other conversations (in an agent's turn, this one too) are told,
    ``touched`` the tickets whose pages have changed."""

    connection: Connection
    case: Case
    now: datetime
    step: int = 0
    says: list[Say] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)

    def say(self, say: Say) -> None:
        """Put a message on its way once everything is decided."""
        self.says.append(say)


def hours(counter: Counter, now: datetime) -> dict[str, object]:
    """Whether the office is open, and when it opens next, for texts."""
    is_open = counter.calendar.is_open(now)
    return {
        "office_open": is_open,
        "next_open": None if is_open else counter.calendar.next_open(now),
    }


PERSONAL_DATA_DUE = timedelta(hours=72)  # UU 27/2022: 3x24 h
