"""All tables. Importing this module makes ``Base.metadata`` whole."""

from storage.base import Base
from storage.models.agents import AccessEntry, Agent, AgentLink, AgentSession, Alert
from storage.models.clock import Deadline, Heartbeat, Outage
from storage.models.delivery import Lane, Lease, OutboxRow, Scope
from storage.models.desk import (
    Call,
    CounterTurn,
    DataItem,
    DataPiece,
    DataRequest,
    GroupPost,
    Guest,
    MovedChat,
    Note,
    Topic,
    TopicLine,
)
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
    "AccessEntry",
    "Agent",
    "AgentLink",
    "AgentSession",
    "Alert",
    "Attachment",
    "Attempt",
    "Base",
    "BlobChunk",
    "Call",
    "Consultation",
    "Contact",
    "Conversation",
    "CounterTurn",
    "DataItem",
    "DataPiece",
    "DataRequest",
    "Deadline",
    "Event",
    "GroupPost",
    "Guest",
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
    "MovedChat",
    "Note",
    "Outage",
    "OutboxRow",
    "Parked",
    "PersonalDataRequest",
    "Scope",
    "Series",
    "Ticket",
    "Topic",
    "TopicLine",
    "WebSession",
]
