"""A row on its way out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.channels import port


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is being sent: marked so in the database (``state``: sending, or announcing
    where a template goes in its place) at ``at``, its lane held by us. ``also`` are the (row,
    message) ids of further lines of the same topic that go out with it."""

    row_id: int
    lane: int
    message_id: int
    attempts: int
    repeated: bool
    at: datetime
    out: port.Outgoing
    blob: str | None
    also: tuple[tuple[int, int], ...] = ()
    state: Literal["sending", "announcing"] = "sending"

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows that go out with this one message."""
        return (self.row_id, *(row_id for row_id, _ in self.also))

    @property
    def messages(self) -> tuple[int, ...]:
        """All messages that become this one message of the platform."""
        return (self.message_id, *(message_id for _, message_id in self.also))
