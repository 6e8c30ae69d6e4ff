"""Buttons of the agents' group, and the answers to what they ask: each becomes an action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.desk_turns import DeskTurns, worker_of
from bot.group import lines as group_lines
from bot.group.mirror import Line, write
from handoff import actions as a
from handoff.counter import Moment
from handoff.job import Job
from handoff.refusal import Refused
from handoff.rights import why_not
from storage.base import AnyRow
from storage.repositories import agents, conversations, events, tickets, topics
from storage.unit import Unit

OLD = "Tombol ini sudah tidak berlaku."
_ITEM = re.compile(r"(.+?)\s*\((berkas|file|teks|text)\)\s*$", re.IGNORECASE)
_KINDS: Mapping[str, a.ItemKind] = {
    "berkas": "file",
    "file": "file",
    "teks": "text",
    "text": "text",
}
_MOST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class Pressed:
    """A tap: who, on which ticket, which button."""

    agent: AnyRow
    ticket_id: int
    verb: str
    detail: str
    event: str


def items(text: str) -> tuple[tuple[str, a.ItemKind], ...]:
    """One thing a line; "Scan NIB (berkas)" has to be a file."""
    found: list[tuple[str, a.ItemKind]] = []
    for line in text.splitlines():
        label = line.strip().lstrip("-•*0123456789.) ").strip()
        if label:
            kind = _ITEM.match(label)
            found.append((kind[1], _KINDS[kind[2].lower()]) if kind else (label, "any"))
    return tuple(found[:_MOST_ITEMS])


def _ask(text: str, agent: AnyRow) -> a.Action:
    asked = items(text)
    if not asked:
        raise Refused("Tulis data yang diminta, satu per baris.")
    return a.AskData(asked)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked after a tap, and what the answer does."""

    action: type[a.Action]
    words: str
    make: Callable[[str, AnyRow], a.Action]


QUESTIONS: Mapping[str, Question] = {
    "ask": Question(
        a.AskData,
        "balas pesan ini dengan data yang diminta, satu per baris. Tambahkan (berkas) atau "
        "(teks) bila harus begitu.",
        _ask,
    ),
    "solve": Question(
        a.Solve,
        "balas pesan ini dengan solusinya. Solusi dikirim ke pengguna.",
        lambda text, agent: a.Solve(text, agent.name, missing=True),
    ),
    "up": Question(
        a.Escalate,
        "balas pesan ini dengan alasan eskalasi dan apa yang sudah dicoba.",
        lambda text, agent: a.Escalate(text),
    ),
    "close": Question(
        a.Close,
        "balas pesan ini dengan solusinya; tiket lalu ditutup dan pengguna diberi tahu.",
        lambda text, agent: a.Close("solved", text, agent.name, missing=True),
    ),
}


@dataclass(frozen=True, slots=True)
class Acts:
    """Carries out what is pressed in the group. Everything raises Refused or Unavailable."""

    desk: DeskTurns

    def pressed(self, tap: Pressed) -> Callable[[Unit], str] | a.Action:
        """What a tap does: an action at once, or something to write into the topic."""
        if tap.verb == "take":
            return a.Take()
        if tap.verb == "close":
            return lambda unit: self._closing(unit, tap)
        if tap.verb in QUESTIONS:
            return lambda unit: self._asked(unit, tap)
        raise Refused(OLD)

    def close_for(self, tap: Pressed, *, solution: bool) -> a.Action | None:
        """The closing that a reason's button means; None where a solution is needed first."""
        if tap.verb != "close" or not tap.detail:
            return None
        if tap.detail == "solved" and not solution:
            return None
        return a.Close(tap.detail, explainer=tap.agent.name, missing=True)

    def _closing(self, unit: Unit, tap: Pressed) -> str:
        if tap.detail:
            return self._asked(unit, tap)
        job = self._job(unit, tap, a.Close)
        choices = group_lines.reasons(tap.ticket_id, solved=bool(job.ticket.solution))
        text = f"{group_lines.plain(tap.agent.name)}, kenapa {job.ticket.number} ditutup?"
        self._say(unit, tap, Line(text, choices))
        return "Pilih alasannya di topik."

    def _asked(self, unit: Unit, tap: Pressed) -> str:
        question = QUESTIONS[tap.verb]
        job = self._job(unit, tap, question.action)
        text = f"{tap.agent.name}, {question.words}"
        holes = job.missing() if tap.verb in ("solve", "close") else []
        if holes:
            marked = ", ".join(holes)
            text += f"\nFormulir belum lengkap ({marked}); akan ditandai “tidak diberikan”."
        asks: dict[str, object] = {"what": tap.verb, "agent": tap.agent.id}
        people = ((tap.agent.name, tap.agent.telegram_user),)
        self._say(unit, tap, Line(text, people=people, asks=asks))
        return "Jawab lewat balasan di topik."

    def _job(self, unit: Unit, tap: Pressed, action: type[a.Action]) -> Job:
        """The ticket under its contact's lock, if the action is allowed now."""
        connection, now = unit.connection, self.desk.turns.clock.now()
        ticket = tickets.get(connection, tap.ticket_id)
        case = conversations.load_locked(connection, ticket.conversation_id)
        worker = worker_of(agents.get(connection, tap.agent.id))
        moment = Moment(connection, case, now)
        job = Job(self.desk.turns.counter, moment, worker, tap.ticket_id, "group")
        reason = why_not(worker, job.standing(), action)
        if reason is not None:
            raise Refused(reason)
        return job

    def _say(self, unit: Unit, tap: Pressed, line: Line) -> None:
        now = self.desk.turns.clock.now()
        if events.claim(unit.connection, f"agent:{tap.agent.id}", tap.event, now):
            topic = topics.get(unit.connection, tap.ticket_id)
            assert topic is not None
            write(self.desk.turns, unit, topic.conversation_id, [line])
