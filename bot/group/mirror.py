"""A ticket in the agents' group: what changed elsewhere is put on its way into the topic, inside
the transaction in which it changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from bot.group import lines
from bot.group.lines import Stood
from bot.speaking import Speaking
from bot.turns import Turns
from dialogs.reply import Attached, Choice, Reply
from storage.base import AnyRow
from storage.repositories import agents, conversations, queue, tickets, topics
from storage.unit import Unit

AT_ONCE = 12
"""How many things of one turn are shown; the console has the rest."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a topic's lane. ``people`` are called by name: (words, platform's id)."""

    text: str
    choices: tuple[Choice, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    asks: dict[str, object] | None = None
    file: Attached | None = None
    kind: Literal["message", "topic_open", "topic_close"] = "message"


def write(turns: Turns, unit: Unit, lane_id: int, what: list[Line]) -> None:
    """Put lines into a topic's lane; its contact is locked."""
    if not what:
        return
    lane = conversations.load_locked(unit.connection, lane_id)
    speaking = turns.speaking(unit, lane)
    for line in what:
        _put(unit.connection, speaking, line)
    conversations.save_state(unit.connection, lane.id, state=lane.state, seq=speaking.seq)


def _put(connection: Connection, speaking: Speaking, line: Line) -> None:
    reply = Reply(line.text, line.choices, row_class="notice", file=line.file)
    message_id = speaking.say((reply,), 0, kind=line.kind)
    assert message_id is not None
    more: dict[str, object] = {}
    if line.people:
        more["mentions"] = [list(person) for person in line.people]
    if line.asks is not None:
        more["asks"] = line.asks
    if more:
        topics.extend_body(connection, message_id, **more)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Follows tickets into the group that ``config.yml`` calls ``chat``."""

    turns: Turns
    account: str
    chat: str

    def follow(self, unit: Unit, ticket_id: int, now: datetime) -> None:
        """A ticket was touched: its topic is made if it has none, and told what is new."""
        connection = unit.connection
        ticket = tickets.get(connection, ticket_id)
        topic = topics.get(connection, ticket_id)
        if topic is None:
            if not ticket.open:
                return
            topics.add(
                connection,
                ticket_id=ticket_id,
                contact_id=ticket.contact_id,
                account=self.account,
                chat=topics.current_chat(connection, self.account, self.chat),
                name=lines.title(ticket),
                now=now,
            )
            topic = topics.get(connection, ticket_id)
            assert topic is not None
        telling = _Telling(self.turns, connection, ticket, topic)
        write(self.turns, unit, topic.conversation_id, list(telling.all()))
        telling.keep()


@dataclass
class _Telling:
    """What a topic has to be told about its ticket."""

    turns: Turns
    connection: Connection
    ticket: AnyRow
    topic: AnyRow
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = Stood.load(self.topic.stood)
        request = queue.open_of_ticket(self.connection, self.ticket.id)
        self.now = Stood(
            self.ticket.state,
            self.ticket.tier,
            self.ticket.agent_id,
            self.ticket.priority,
            request.state if request else "",
            request.number if request else "",
        )
        holder = self.ticket.agent_id
        row = agents.get(self.connection, holder) if holder is not None else None
        self.holder = row.name if row is not None else None

    def all(self) -> Iterator[Line]:
        """In the order in which they are read; what ends comes last."""
        if self.ticket.open and not self.topic.open:
            yield Line("(topik dibuka lagi)", kind="topic_open")
        ends = self.now.state in ("selesai", "ditutup")
        if not ends:
            yield from self._standing()
        yield from self._news()
        if ends:
            yield from self._standing()
        if self.topic.open and not self.ticket.open:
            yield Line("(topik ditutup)", kind="topic_close")

    def keep(self) -> None:
        """Remember what was told."""
        topics.mark(self.connection, self.ticket.id, self.marks)
        topics.change(
            self.connection, self.ticket.id, stood=self.now.dump(), open=bool(self.ticket.open)
        )

    def _standing(self) -> Iterator[Line]:
        policy = self.turns.counter.policy
        choices = lines.buttons(self.ticket.id, self.now)
        if self.before is None:
            yield Line(lines.card(self.ticket, self.now, self.holder, policy), choices)
            return
        changed = lines.changes(
            self.before, self.now, self.holder, self.ticket.close_reason, policy
        )
        if not changed:
            return
        people = self._called() if self.before.tier != self.now.tier else ()
        if people:
            changed.append(f"{', '.join(words for words, _ in people)}: silakan diambil.")
        yield Line("\n".join(changed), choices, people)

    def _called(self) -> tuple[tuple[str, str], ...]:
        """Whoever works at the ticket's tier now, with a linked account."""
        role = self.turns.counter.policy.tier(self.ticket.tier).role
        rows = agents.everyone(self.connection)
        return tuple(
            (row.name, row.telegram_user)
            for row in rows
            if row.telegram_user and role in row.roles.split()
        )

    def _news(self) -> Iterator[Line]:
        found = [*self._notes(), *self._messages(), *self._files()]
        if len(found) > AT_ONCE:
            left_out = len(found) - AT_ONCE
            yield Line(f"… {left_out} pesan sebelumnya ada di konsol.")
        yield from found[-AT_ONCE:]

    def _notes(self) -> Iterator[Line]:
        for row in topics.new_notes(self.connection, self.ticket.id):
            self.marks.append(row.mark)
            yield Line(lines.noted(row))

    def _messages(self) -> Iterator[Line]:
        for row in topics.new_messages(self.connection, self.ticket.id):
            self.marks.append(row.mark)
            text = lines.said(row, self.ticket)
            if text is not None:
                yield Line(text)

    def _files(self) -> Iterator[Line]:
        for row in topics.new_files(self.connection, self.ticket.id):
            self.marks.append(row.mark)
            kind: Literal["image", "document"] = "image" if row.kind == "image" else "document"
            file = Attached(row.id, kind, row.name, row.mime, row.blob)
            yield Line(lines.sent_file(row, self.ticket), file=file)
