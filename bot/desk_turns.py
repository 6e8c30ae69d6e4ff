"""An agent's turn: the same road as a user's, with another first hop (docs/design.md)."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from bot.turns import Turns
from handoff.actions import Action
from handoff.counter import Moment
from handoff.refusal import Refused
from handoff.standing import Worker
from handoff.work import act
from storage.base import AnyRow
from storage.repositories import agents, conversations, events, tickets
from storage.unit import Unit


@dataclass(frozen=True, slots=True)
class Done:
    """An action after its commit. ``sentence`` is for the agent; ``again`` says that the same
    form was sent before and nothing was done now."""

    sentence: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class DeskTurns:
    """Carries out what agents do, wherever they do it."""

    turns: Turns

    def do(
        self, agent_id: int, ticket_id: int, action: Action, *, event: str, origin: str = "console"
    ) -> Future[Done]:
        """One action. ``event`` is unique to the click (form nonce, update id): a second one
        changes nothing. The future fails with Refused (a sentence for the agent) or with
        ``storage.database.Unavailable``."""
        return self.turns.database.write(
            lambda unit: self._do(unit, agent_id, ticket_id, action, event, origin)
        )

    def _do(
        self, unit: Unit, agent_id: int, ticket_id: int, action: Action, event: str, origin: str
    ) -> Done:
        connection, now = unit.connection, self.turns.clock.now()
        ticket = tickets.find(connection, ticket_id)
        if ticket is None:
            raise Refused("Tiket itu tidak ada.")
        case = conversations.load_locked(connection, ticket.conversation_id)
        worker = worker_of(agents.get(connection, agent_id))
        if not events.claim(connection, f"agent:{agent_id}", event, now):
            return Done("Sudah dilakukan.", again=True)
        moment = Moment(connection, case, now)
        sentence = act(self.turns.counter, moment, worker, ticket_id, action, origin)
        self.turns.finish(unit, moment)
        return Done(sentence)


def worker_of(row: AnyRow | None) -> Worker:
    """The account as an action needs it. Raises Refused where there is none."""
    if row is None:
        raise Refused("Akun ini tidak ada.")
    roles = frozenset(row.roles.split())
    return Worker(row.id, row.name, roles, row.active, row.on_duty)
