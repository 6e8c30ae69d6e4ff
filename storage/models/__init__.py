"""All tables. Importing this module makes ``Base.metadata`` whole."""

from storage.base import Base
from storage.models.clock import Deadline, Heartbeat, Outage
from storage.models.delivery import Lane, Lease, OutboxRow, Scope
from storage.models.intake import Attempt, Event, Parked
from storage.models.people import Contact, Identity, Link, WebSession
from storage.models.talk import Attachment, BlobChunk, Consultation, Conversation, Message, Miss
from storage.models.tickets import (
    HistoryEntry,
    HistoryText,
    HumanRequest,
    PersonalDataRequest,
    Series,
    Ticket,
)

__all__ = [
    "Attachment",
    "Attempt",
    "Base",
    "BlobChunk",
    "Consultation",
    "Contact",
    "Conversation",
    "Deadline",
    "Event",
    "Heartbeat",
    "HistoryEntry",
    "HistoryText",
    "HumanRequest",
    "Identity",
    "Lane",
    "Lease",
    "Link",
    "Message",
    "Miss",
    "Outage",
    "OutboxRow",
    "Parked",
    "PersonalDataRequest",
    "Scope",
    "Series",
    "Ticket",
    "WebSession",
]
