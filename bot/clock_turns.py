"""The clock's turns: something is due, or has happened outside any turn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.turns import IDLE_FORM, Turns
from dialogs import conversation
from dialogs import state as states
from dialogs.state import State
from handoff.clock import due, service
from handoff.counter import Moment
from handoff.job import Job
from handoff.live import entry as queue_entry
from storage.base import AnyRow
from storage.repositories import clock as clocks
from storage.repositories import conversations, queue, tickets
from storage.unit import Unit


@dataclass(frozen=True, slots=True)
class ClockTurns:
    """Rings what is due; each is re-checked under the contact's lock."""

    turns: Turns

    def ring(self, deadline: AnyRow) -> Future[bool]:
        """Something is due; False if it was no longer. A form left alone is offered again."""
        if deadline.kind == IDLE_FORM:
            conversation_id = int(deadline.subject.partition(":")[2])
            return self.turns.database.write(
                lambda unit: self._ring(unit, deadline.id, deadline.arming, conversation_id)
            )
        return self.turns.database.write(lambda unit: self._ring_ticket(unit, deadline))

    def visit(self, ticket_id: int, deed: Callable[[Job], None]) -> Future[None]:
        """A turn of the clock on one ticket: something outside (a delivery) has happened."""
        return self.turns.database.write(lambda unit: self._visit(unit, ticket_id, deed))

    def adopt(self, request: AnyRow) -> Future[None]:
        """A request for a person without a ticket becomes one (``queue_entry.adopt``)."""
        return self.turns.database.write(lambda unit: self._adopt(unit, request))

    def _ring(self, unit: Unit, deadline_id: int, arming: int, conversation_id: int) -> bool:
        now = self.turns.clock.now()
        case = conversations.load_locked(unit.connection, conversation_id)
        if not clocks.fire(unit.connection, deadline_id, arming, now):
            return False
        # closed by the office for now, or a person talks there: look again later
        if case.channel not in self.turns.abilities or case.holder:
            self.turns.watch_form(unit.connection, case, now + timedelta(hours=1))
            return False
        before = states.load(case.state)
        known = self.turns.facts(unit.connection, case)
        idle_until = self._form_idle_at(before, case.channel)
        if idle_until is not None and idle_until > now:
            self.turns.watch_form(unit.connection, case, idle_until)  # it was worked on meanwhile
            return False
        turn = conversation.remind(
            before, known, self.turns.desk, self.turns.idle_form(case.channel)
        )
        if not turn.replies:
            return False
        speaking = self.turns.speaking(unit, case)
        speaking.say(turn.replies, turn.state.step, bulk=True)
        conversations.save_state(
            unit.connection, case.id, state=states.dump(turn.state), seq=speaking.seq
        )
        return True

    def _adopt(self, unit: Unit, request: AnyRow) -> None:
        case = conversations.load_locked(unit.connection, request.conversation_id)
        fresh = queue.get(unit.connection, request.id)
        if fresh.ticket_id is not None:
            return
        moment = Moment(unit.connection, case, self.turns.clock.now())
        queue_entry.adopt(self.turns.counter, moment, fresh)
        self.turns.finish(unit, moment)

    def _ring_ticket(self, unit: Unit, deadline: AnyRow) -> bool:
        moment = self._moment_of(unit, deadline.ticket_id)
        if not clocks.fire(unit.connection, deadline.id, deadline.arming, moment.now):
            return False
        due.fire(self.turns.counter, moment, deadline)
        self.turns.finish(unit, moment, bulk=due.base(deadline.kind) in due.BULK)
        return True

    def _visit(self, unit: Unit, ticket_id: int, deed: Callable[[Job], None]) -> None:
        moment = self._moment_of(unit, ticket_id)
        job = Job(self.turns.counter, moment, None, ticket_id, "clock")
        deed(job)
        service.sync(job)
        self.turns.finish(unit, moment)

    def _moment_of(self, unit: Unit, ticket_id: int) -> Moment:
        ticket = tickets.get(unit.connection, ticket_id)
        case = conversations.load_locked(unit.connection, ticket.conversation_id)
        return Moment(unit.connection, case, self.turns.clock.now())

    def _form_idle_at(self, state: State, channel: str) -> datetime | None:
        if state.draft is None:
            return None
        touched = datetime.fromtimestamp(state.draft.touched_at, UTC)
        return touched + self.turns.idle_form(channel)
