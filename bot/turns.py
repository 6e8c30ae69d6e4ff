"""What every turn works with: read all, think in pure functions, write all, in one transaction
(invariant 1). Users' turns are in ``user_turns``, agents' in ``desk_turns`` and
``office_turns``, the clock's in ``clock_turns``. Sending comes after, from the outbox alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot import facts
from bot.channels.port import Abilities
from bot.clock import Clock
from bot.speaking import BOARD, Bells, Speaking, deliver
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.reply import Reply
from handoff.counter import Counter, Moment
from nlu.understanding import Understanding
from storage.database import Database
from storage.repositories import clock as clocks
from storage.repositories import conversations
from storage.repositories.conversations import Case
from storage.unit import Unit

IDLE_FORM = "form_left_alone"
BEFORE_WINDOW = timedelta(hours=1)  # a reminder goes before the platform's window closes
Follower = Callable[[Unit, int, datetime], None]


@dataclass(frozen=True, slots=True)
class Turns:
    """The parts of a turn, for all channels and whoever acts. ``keep`` stores bytes and gives
    their blob key. ``listen`` understands a text before any lock is held, and may wait for it;
    ``desk.understand``, for inside a turn, never waits.
    ``followers`` show a ticket that changed elsewhere, inside the same transaction."""

    database: Database
    counter: Counter
    desk: Desk
    abilities: Mapping[str, Abilities]
    clock: Clock
    bells: Bells
    keep: Callable[[bytes], str]
    listen: Callable[[str], Understanding]
    followers: list[Follower] = field(default_factory=list)

    def say(self, unit: Unit, case: Case, reply: Reply) -> Case:
        """Put one message of ours on its way outside a user's turn; the case moved on."""
        speaking = self.speaking(unit, case)
        speaking.say((reply,), 0)
        conversations.save_state(unit.connection, case.id, state=case.state, seq=speaking.seq)
        return replace(case, seq=speaking.seq)

    def speaking(self, unit: Unit, case: Case) -> Speaking:
        """What writes messages of ours into a conversation."""
        return Speaking(unit, case, self.abilities, self.bells, self.clock.now())

    def facts(self, connection: Connection, case: Case) -> Facts:
        """All a flow may know now."""
        return facts.read(connection, case, self.counter, self.abilities, self.clock.now())

    def finish(self, unit: Unit, moment: Moment, *, bulk: bool = False) -> None:
        """What a turn has to say elsewhere, and who is told that tickets changed. ``bulk``:
        the clock says it, so that people's words go first."""
        deliver(unit, moment.says, self.abilities, self.bells, moment.now, bulk=bulk)
        for ticket_id in sorted(moment.touched):
            for follow in self.followers:
                follow(unit, ticket_id, moment.now)
        unit.after_commit(lambda: self._ring_desk(moment.touched))

    def _ring_desk(self, tickets_touched: set[int]) -> None:
        for ticket_id in (BOARD, *tickets_touched):
            self.bells.desk.ring(ticket_id)

    def pinned(self) -> Turns:
        """With the ready answers as they are now: they may be swapped in mid-turn."""
        answers = self.desk.answers.pinned()
        return replace(
            self,
            desk=replace(self.desk, answers=answers),
            counter=replace(self.counter, answers=answers),
        )

    def idle_form(self, channel: str) -> timedelta:
        """After how long a form counts as left alone: in time for a platform that takes free
        words for a while only."""
        idle = timedelta(hours=self.desk.office.conversation.draft_offer_after_hours)
        window = self.abilities[channel].window
        return idle if window is None else min(idle, window - BEFORE_WINDOW)

    def watch_form(self, connection: Connection, case: Case, at: datetime) -> None:
        """Look at an unfinished form again at ``at``."""
        clocks.arm(
            connection,
            kind=IDLE_FORM,
            subject=f"conversation:{case.id}",
            contact_id=case.contact_id,
            due_at=at,
            inputs=json.dumps({"hours": self.idle_form(case.channel).total_seconds() / 3600}),
        )
