"""The agents' group at work: what comes out of it, and what keeps it working (design 6.14).

Who somebody is follows from the linked Telegram account alone.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection
from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType

from bot import rates
from bot.bells import Bell
from bot.channels import port
from bot.channels.telegram_parse import parse
from bot.desk_turns import DeskTurns
from bot.group import lanes as group_lanes
from bot.group.acts import OLD, Acts, Pressed
from bot.group.mirror import Line, Mirror
from bot.group.talk import GroupChannel, GroupTalk, Spoken
from bot.incoming import ConversationKey
from bot.speaking import BOARD
from handoff.refusal import Refused
from storage.base import AnyRow
from storage.database import Database, Unavailable
from storage.repositories import agents, outbox, tickets, topics
from storage.unit import Unit

log = logging.getLogger(__name__)

LAG = timedelta(seconds=30)
_LAG_AGAIN = timedelta(minutes=5)
_POLL_SECONDS = 1.0
_LONGEST_PAUSE = 60.0
_NOT_LINKED = "Akun Telegram ini belum terhubung ke Loket. Buka Konsol → Akun saya."
_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)


class GroupDesk:
    """One office's group. ``configured`` is its id in config.yml; ``chat`` where it is now,
    since Telegram may have given it another one."""

    def __init__(
        self, channel: GroupChannel, configured: str, desk: DeskTurns, database: Database
    ) -> None:
        self.account = channel.account
        self.talk = GroupTalk(channel, desk)
        self._channel = channel
        self._turns = desk.turns
        self._database = database
        self._configured = configured
        self._acts = Acts(desk)
        self._bell = Bell()
        self._checked = False
        self.chat = database.read(self._current)
        self._known = {configured, self.chat}
        self._turns.followers.append(Mirror(self._turns, self.account, configured).follow)

    # Updates

    def takes(self, update: Update) -> bool:
        """Whether an update comes from this group; a new id of it is looked up."""
        chat = update.effective_chat
        if chat is None or chat.type not in _GROUPS:
            return False
        if str(chat.id) in self._known or _came_from(update) in self._known:
            return True
        self.chat = self._database.read(self._current)  # another replica may know more
        self._known.add(self.chat)
        return str(chat.id) in self._known

    async def take(self, update: Update) -> None:
        """One update to its end; done once it is durable. Raises Unavailable."""
        message, event = update.effective_message, f"tg:{update.update_id}"
        if update.my_chat_member is not None:
            self._checked = False
            self._bell.ring()
        elif update.callback_query is not None:
            await self._pressed(update.callback_query, event)
        elif not isinstance(message, Message):
            return
        elif message.migrate_to_chat_id or message.migrate_from_chat_id:
            await self._migrated(message)
        elif message.forum_topic_closed is not None:
            await self._closed_by_hand(message, event)
        elif message.is_topic_message:
            await self._written(update, message, event)

    # What no update brings

    async def run(self, stop: asyncio.Event) -> None:
        """Look the group over, send on what waited for its file, watch the lag."""
        self._bell.listen()
        pause, wait = 1.0, 0.0
        while not stop.is_set():
            try:
                if not self._checked and wait <= 0:
                    self._checked = await self.check()
                    pause = 1.0 if self._checked else min(pause * 2, _LONGEST_PAUSE)
                    wait = 0.0 if self._checked else pause
                await self.talk.drain()
                await self.watch_lag()
            except Unavailable as error:
                log.warning("the agents' group waits: %s", error)
            except Exception:  # whatever it is, the group goes on
                log.exception("the agents' group stumbled")
            await self._bell.wait(_POLL_SECONDS)
            wait -= _POLL_SECONDS

    async def check(self) -> bool:
        """See whether the group can be worked with; an admin is told if not. False where
        nobody can tell now."""
        try:
            fault = await self._channel.fault(self.chat)
        except port.Moved as moved:
            await self.talk.write(partial(self._move, self.chat, moved.chat))
            return False
        except port.DeliveryError as error:
            log.info("the agents' group cannot be looked at yet: %s", error)
            return False
        if fault is not None:
            await self.talk.write(partial(self._broken, fault))
        else:
            log.info("the agents' group is ready")
            await self.talk.write(self._works)
        return True

    async def watch_lag(self) -> None:
        """A holder whose topic lags behind is told, at most every five minutes."""
        rows = await self.talk.read(self._lagging)
        if rows:
            await self.talk.write(partial(self._tell_lag, rows))

    # Words and buttons

    async def _written(self, update: Update, message: Message, event: str) -> None:
        found = parse(update, self.account, str(message.chat.id))
        sender = update.effective_user
        if not found or sender is None:
            return
        topic = await self.talk.read(partial(self._topic, found[0].key))
        if topic is None:
            return
        agent = await self._agent(sender.id)
        if agent is None:
            await self.talk.hint(topic, str(sender.id), sender.full_name)
        else:
            await self.talk.hear(Spoken(agent, topic, event, found[0]))

    async def _pressed(self, query: CallbackQuery, event: str) -> None:
        agent = await self._agent(query.from_user.id)
        if agent is None:
            await self._channel.answer(query.id, _NOT_LINKED, alert=True)
            return
        try:
            sentence = await self._act(agent, query.data or "", event)
        except Refused as refused:
            await self._channel.answer(query.id, str(refused), alert=True)
        else:
            await self._channel.answer(query.id, sentence, alert=False)

    async def _act(self, agent: AnyRow, data: str, event: str) -> str:
        verb, ticket_id, detail = _button(data)
        ticket = await self.talk.read(partial(_pressable, ticket_id))
        if ticket is None:
            raise Refused(OLD)
        tap = Pressed(agent, ticket_id, verb, detail, event)
        deed = self._acts.close_for(tap, solution=bool(ticket.solution)) or self._acts.pressed(tap)
        if callable(deed):
            return await self.talk.write(deed)
        return await self.talk.do(agent, ticket_id, deed, event)

    async def _agent(self, user_id: int) -> AnyRow | None:
        return await self.talk.read(lambda c: agents.by_telegram(c, str(user_id)))

    # The group itself

    async def _migrated(self, message: Message) -> None:
        here = str(message.chat.id)
        old, new = (
            (here, str(message.migrate_to_chat_id))
            if message.migrate_to_chat_id
            else (str(message.migrate_from_chat_id), here)
        )
        await self.talk.write(partial(self._move, old, new))
        log.warning("the agents' group has a new id: %s (config.yml may keep %s)", new, old)

    async def _closed_by_hand(self, message: Message, event: str) -> None:
        """A ticket that is open keeps its topic open: it is closed with the button."""
        sender, thread = message.from_user, message.message_thread_id
        if sender is None or sender.is_bot or thread is None:
            return
        key = ConversationKey(topics.CHANNEL, self.account, str(message.chat.id), str(thread))
        topic = await self.talk.read(partial(self._topic, key))
        if topic is not None and topic.open:
            words = "Tiketnya masih terbuka. Tutup lewat tombol *CLOSED*."
            reopening = Line("(topik dibuka lagi)", kind="topic_open")
            await self.talk.tell(topic.ticket_id, f"{event}:shut", reopening, Line(words))

    @property
    def _scope(self) -> str:
        return rates.chat_scope(ConversationKey(topics.CHANNEL, self.account, self.chat))

    # Inside a transaction

    def _current(self, connection: Connection) -> str:
        return topics.current_chat(connection, self.account, self._configured)

    def _topic(self, key: ConversationKey, connection: Connection) -> AnyRow | None:
        return topics.by_thread(connection, self.account, key.chat, key.thread)

    def _move(self, old: str, new: str, unit: Unit) -> None:
        topics.move(unit.connection, self.account, old, new, self._turns.clock.now())
        self.chat = self._current(unit.connection)
        self._known |= {old, new, self.chat}

    def _broken(self, fault: str, unit: Unit) -> None:
        outbox.save_scope(unit.connection, self._scope)  # one replica after the other
        group_lanes.not_usable(unit.connection, fault, self._turns.clock.now())
        unit.after_commit(lambda: self._turns.bells.desk.ring(BOARD))

    def _works(self, unit: Unit) -> None:
        topics.wake(unit.connection, self.account, self._scope, self._turns.clock.now())
        unit.after_commit(self._turns.bells.delivery.ring)

    def _lagging(self, connection: Connection) -> list[AnyRow]:
        """Nothing while the group stands still as a whole: that is told elsewhere."""
        now = self._turns.clock.now()
        if topics.paused(connection, self._scope, now):
            return []
        return topics.lagging(connection, self.account, now - LAG)

    def _tell_lag(self, rows: list[AnyRow], unit: Unit) -> None:
        now = self._turns.clock.now()
        outbox.save_scope(unit.connection, self._scope)  # one replica after the other
        for row in rows:
            subject = f"ticket:{row.id}"
            if not agents.alerted_since(unit.connection, "group_lag", subject, now - _LAG_AGAIN):
                agents.add_alert(
                    unit.connection,
                    kind="group_lag",
                    subject=subject,
                    text=f"{row.number}: pesan di grup tertunda lebih dari 30 detik. Pakai konsol.",
                    now=now,
                    agent_id=row.agent_id,
                )
        unit.after_commit(lambda: self._turns.bells.desk.ring(BOARD))


def _came_from(update: Update) -> str:
    message = update.effective_message
    old = message.migrate_from_chat_id if isinstance(message, Message) else None
    return str(old or "")


def _button(data: str) -> tuple[str, int, str]:
    """(verb, ticket id, detail) of a button of ours. Raises Refused."""
    parts = data.partition(":")[2].split(".")
    if len(parts) < 2 or not (parts[1].isascii() and parts[1].isdecimal()) or len(parts[1]) > 18:
        raise Refused(OLD)
    return parts[0], int(parts[1]), parts[2] if len(parts) > 2 else ""


def _pressable(ticket_id: int, connection: Connection) -> AnyRow | None:
    """The ticket of a button, if the group has its topic."""
    if topics.get(connection, ticket_id) is None:
        return None
    return tickets.get(connection, ticket_id)
