"""What agents do beside tickets: the same road as their actions (``bot.desk_turns``)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from bot.desk_turns import Done, worker_of
from bot.speaking import BOARD
from bot.turns import Turns
from handoff.office.errands import Errand
from handoff.rights import check_office
from storage.repositories import agents, events
from storage.unit import Unit

T = TypeVar("T")
COUNTER = -1  # the queue at the counter among the bells of the console's pages


@dataclass(frozen=True, slots=True)
class OfficeTurns:
    """Carries out errands: authorised, once a click, in one transaction."""

    turns: Turns

    def do(
        self, agent_id: int, right: str, deed: Callable[[Errand], str], *, event: str
    ) -> Future[Done]:
        """One errand; ``right`` is a name of ``handoff.rights.OFFICE``. The future fails with
        Refused or with ``storage.database.Unavailable``."""

        def write(unit: Unit) -> Done:
            errand = self._errand(unit, agent_id, right)
            account = f"agent:{agent_id}"
            if not events.claim(unit.connection, account, event, errand.now):
                return Done("Sudah dilakukan.", again=True)
            sentence = deed(errand)
            self._finish(unit, errand)
            return Done(sentence)

        return self.turns.database.write(write)

    def make(self, agent_id: int, right: str, deed: Callable[[Errand], T]) -> Future[T]:
        """An errand that finds out by itself that it was done before; its result."""

        def write(unit: Unit) -> T:
            errand = self._errand(unit, agent_id, right)
            made = deed(errand)
            self._finish(unit, errand)
            return made

        return self.turns.database.write(write)

    def _errand(self, unit: Unit, agent_id: int, right: str) -> Errand:
        worker = worker_of(agents.get(unit.connection, agent_id))
        check_office(worker, right)
        return Errand(self.turns.counter, unit.connection, worker, self.turns.clock.now())

    def _finish(self, unit: Unit, errand: Errand) -> None:
        for moment in errand.moments:
            self.turns.finish(unit, moment)
        unit.after_commit(self._ring)

    def _ring(self) -> None:
        for page in (BOARD, COUNTER):
            self.turns.bells.desk.ring(page)
