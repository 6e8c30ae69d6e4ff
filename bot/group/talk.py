"""What agents write in a ticket's topic, and where it goes: to the user, or into the notes
(design 6.14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from bot.channels import port
from bot.desk_turns import DeskTurns
from bot.group.acts import QUESTIONS
from bot.group.lines import plain
from bot.group.mirror import Line, write
from bot.incoming import Incoming, IncomingFile
from dialogs.masking import mask
from dialogs.reply import Attached
from dialogs.text_edge import tidy
from dialogs.texts import clip
from handoff import actions as a
from handoff.job import safe
from handoff.refusal import Refused
from handoff.ticket.ticketing import WAITS_FOR_USER
from storage.base import AnyRow
from storage.repositories import agents, conversations, events, messages, tickets, topics
from storage.unit import Unit

log = logging.getLogger(__name__)

SENT, NOTED = "👌", "✍"
"""Reactions: it goes to the user; it is a note."""

_T = TypeVar("_T")


class GroupChannel(port.Channel, Protocol):
    """What the group needs of Telegram besides sending. ``account`` names our bot."""

    account: str

    async def react(self, chat: str, message_id: str, sign: str) -> bool:
        """Put a reaction on a message; whether it was taken. Never raises."""
        ...

    async def answer(self, ack: str, text: str, *, alert: bool) -> None:
        """Answer a tap. Never raises."""
        ...

    async def fault(self, chat: str) -> str | None:
        """What keeps the group from working, as a sentence. Raises a DeliveryError."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of an agent in a ticket's topic."""

    agent: AnyRow
    topic: AnyRow
    event: str
    message: Incoming

    @property
    def ticket_id(self) -> int:
        return int(self.topic.ticket_id)

    @property
    def text(self) -> str:
        return tidy(self.message.text).text.strip()

    @property
    def internal(self) -> bool:
        """``//`` is a note; what looks like a command is no word to a user either."""
        return self.text.startswith("/")


class GroupTalk:
    """Takes messages of agents one by one, and sends on those that waited for their file."""

    def __init__(self, channel: GroupChannel, desk: DeskTurns) -> None:
        self._channel = channel
        self._desk = desk
        self._turns = desk.turns
        self._database = desk.turns.database

    async def hear(self, said: Spoken) -> None:
        """One message to its end. Raises Unavailable."""
        asked, holder = await self.read(partial(_asked_and_holder, said))
        if said.message.edits:
            await self._note(said, f"Diubah di grup (tidak dikirim ulang): {_bare(said.text)}")
        elif asked is not None and said.text and not said.internal:
            await self._answered(said, asked)
        elif said.internal or holder != said.agent.id:
            await self._note(said, _bare(said.text))
        else:
            await self._reply(said)

    async def drain(self) -> int:
        """Send on what waited for its file and has it now; how many."""
        count = 0
        while posts := await self.read(topics.next_posts):
            for post in posts:
                await self._send_post(post)
                count += 1
        return count

    async def hint(self, topic: AnyRow, person: str, name: str) -> None:
        """Once a person and day: how to link an account."""
        day = f"{self._turns.counter.calendar.local(self._turns.clock.now()):%Y-%m-%d}"
        words = (
            f"{plain(clip(name, 40))}, akun Telegram ini belum terhubung ke Loket: pesan di sini "
            "tidak dicatat dan tidak sampai ke pengguna. Hubungkan lewat Konsol → Akun saya."
        )
        await self.tell(topic.ticket_id, f"hint:{person}:{day}", Line(words))

    async def tell(self, ticket_id: int, event: str, *lines: Line) -> None:
        """Lines of ours for a topic, once an event."""
        await self.write(partial(self._tell, ticket_id, event, list(lines)))

    async def do(self, agent: AnyRow, ticket_id: int, action: a.Action, event: str) -> str:
        """An agent's action; the sentence they read. Raises Refused or Unavailable."""
        done = self._desk.do(agent.id, ticket_id, action, event=event, origin="group")
        return (await asyncio.wrap_future(done)).sentence

    async def read(self, query: Callable[[Connection], _T]) -> _T:
        """A look into the database, beside the loop."""
        return await asyncio.to_thread(self._database.read, query)

    async def write(self, job: Callable[[Unit], _T]) -> _T:
        """A transaction, awaited."""
        return await asyncio.wrap_future(self._database.write(job))

    async def _answered(self, said: Spoken, asked: str) -> None:
        """The answer to what a button asked."""
        try:
            action = QUESTIONS[asked].make(said.text, said.agent)
            await self.do(said.agent, said.ticket_id, action, said.event)
        except Refused as refused:
            await self._complain(said.ticket_id, said.agent, said.event, str(refused))
            return
        await self._react(said, NOTED if asked == "up" else SENT)
        if said.message.files:
            words = "berkasnya tidak ikut. Kirim sebagai pesan tersendiri."
            await self._complain(said.ticket_id, said.agent, said.event, words)

    async def _note(self, said: Spoken, text: str) -> None:
        names = "".join(f"\n(berkas di grup: {f.name})" for f in said.message.files)
        words = (text + names).strip() or f"({said.message.other or 'pesan'} di grup)"
        try:
            await self.do(said.agent, said.ticket_id, a.WriteNote(words), said.event)
        except Refused as refused:
            await self._complain(said.ticket_id, said.agent, said.event, str(refused))
        else:
            await self._react(said, NOTED)

    async def _reply(self, said: Spoken) -> None:
        """The holder's words: to the user at once, or behind what waits for its file."""
        if not said.text and not said.message.files:
            words = "jenis pesan ini tidak bisa diteruskan ke pengguna. Kirim teks atau berkas."
            await self._complain(said.ticket_id, said.agent, said.event, words)
        elif await self._has_to_wait(said):
            await self.write(partial(self._put_off, said))
        else:
            reply = a.ReplyToUser(said.text)
            sent = await self._send_on(said.agent, said.ticket_id, said.event, reply)
            await self._react(said, SENT if sent else NOTED)

    async def _has_to_wait(self, said: Spoken) -> bool:
        waiting = await self.read(lambda c: topics.posts_wait(c, said.ticket_id))
        return waiting or bool(said.message.files)

    async def _send_on(
        self, agent: AnyRow, ticket_id: int, event: str, reply: a.ReplyToUser
    ) -> bool:
        """To the user; what may not go there is kept as a note, and the agent is told why."""
        try:
            if await self.do(agent, ticket_id, reply, event) == WAITS_FOR_USER:
                words = WAITS_FOR_USER[0].lower() + WAITS_FOR_USER[1:]
                await self._complain(ticket_id, agent, event, words)
        except Refused as refused:
            words = f"tidak terkirim ke pengguna. {refused}"
            await self._complain(ticket_id, agent, event, words)
            names = "".join(f"\n(berkas: {file.name})" for file in reply.files)
            try:
                await self.do(agent, ticket_id, a.WriteNote((reply.text + names).strip()), event)
            except Refused:
                log.warning("a group message of agent %d could be kept nowhere", agent.id)
            return False
        return True

    async def _send_post(self, post: AnyRow) -> None:
        """One message that waited: its file is stored, or was refused."""
        agent = await self.read(lambda c: agents.get(c, post.agent_id))
        assert agent is not None
        if post.attachment_id is not None and post.file_state != "stored":
            words = "berkas itu tidak dikirim ke pengguna, keterangannya juga tidak."
            await self._complain(post.ticket_id, agent, post.event, words)
            sent = False
        else:
            reply = a.ReplyToUser(post.text, _attached(post))
            sent = await self._send_on(agent, post.ticket_id, post.event, reply)
        await self.write(lambda unit: topics.drop_post(unit.connection, post.id))
        topic = await self.read(lambda c: topics.get(c, post.ticket_id))
        if topic is not None:
            await self._channel.react(topic.chat, post.platform_id, SENT if sent else NOTED)

    async def _complain(self, ticket_id: int, agent: AnyRow, event: str, words: str) -> None:
        people = ((agent.name, agent.telegram_user or ""),)
        await self.tell(ticket_id, f"{event}:no", Line(f"{agent.name}, {words}", people=people))

    async def _react(self, said: Spoken, sign: str) -> None:
        """Show which it was; in words where the group allows no reactions."""
        if not await self._channel.react(said.topic.chat, said.message.message_id, sign):
            words = "Terkirim ke pengguna." if sign == SENT else "Catatan, tidak dikirim."
            await self.tell(said.ticket_id, f"{said.event}:sign", Line(f"{sign} {words}"))

    def _tell(self, ticket_id: int, event: str, lines: list[Line], unit: Unit) -> None:
        ticket = tickets.get(unit.connection, ticket_id)
        conversations.load_locked(unit.connection, ticket.conversation_id)
        topic, account = topics.get(unit.connection, ticket_id), self._channel.account
        assert topic is not None
        if events.claim(unit.connection, f"group:{account}", event, self._turns.clock.now()):
            write(self._turns, unit, topic.conversation_id, lines)

    def _put_off(self, said: Spoken, unit: Unit) -> None:
        """Kept until its file is here; a file's row makes the fetcher come."""
        connection, now = unit.connection, self._turns.clock.now()
        lane = conversations.load_locked(connection, said.topic.conversation_id)
        if not events.claim(connection, f"agent:{said.agent.id}", f"{said.event}:post", now):
            return
        text = safe(said.text)
        message_id = messages.add(
            connection,
            conversation_id=lane.id,
            seq=lane.seq + 1,
            author="person",
            text=text,
            platform_id=said.message.message_id or None,
            agent_id=said.agent.id,
            origin="group",
            now=now,
        )
        conversations.save_state(connection, lane.id, state=lane.state, seq=lane.seq + 1)
        file = said.message.files[0] if said.message.files else None
        topics.add_post(
            connection,
            ticket_id=said.ticket_id,
            agent_id=said.agent.id,
            event=said.event,
            text=text,
            attachment_id=self._file(connection, lane.id, message_id, file) if file else None,
            platform_id=said.message.message_id,
            at=now,
        )
        unit.after_commit(self._turns.bells.fetcher.ring)

    def _file(self, connection: Connection, lane: int, message_id: int, file: IncomingFile) -> int:
        return messages.add_file(
            connection,
            conversation_id=lane,
            message_id=message_id,
            kind=file.kind,
            name=mask(tidy(file.name, 120).text).text,
            mime=file.mime,
            size=file.size,
            ref=file.ref,
            blob=None,
            sha256=None,
            now=self._turns.clock.now(),
        )


def _asked_and_holder(said: Spoken, connection: Connection) -> tuple[str | None, int | None]:
    """What its author was asked, if this answers it; and who holds the ticket."""
    holder = tickets.get(connection, said.ticket_id).agent_id
    if not said.message.quotes:
        return None, holder
    asked = topics.question(connection, said.topic.conversation_id, said.message.quotes)
    if asked is None or asked.get("agent") != said.agent.id:
        return None, holder
    return str(asked["what"]), holder


def _bare(text: str) -> str:
    return text.removeprefix("//").strip()


def _attached(post: AnyRow) -> tuple[Attached, ...]:
    if post.attachment_id is None:
        return ()
    name, mime, blob = post.file_name, post.file_mime, post.file_blob
    return (Attached(0, "image" if post.file_kind == "image" else "document", name, mime, blob),)
