"""The agents' group on Telegram: a forum whose topics are tickets (design 6.14).

Sources: Bot API, createForumTopic, closeForumTopic, reopenForumTopic, setMessageReaction,
answerCallbackQuery, getChat, getChatMember.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import telegram
from telegram import ReactionTypeEmoji
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.port import (
    Abilities,
    DeliveryError,
    NotUsable,
    Outgoing,
    Refused,
    TopicGone,
    Unreachable,
)
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_errors import port_errors
from bot.incoming import ConversationKey
from storage.repositories import topics

_GONE = ("message thread not found", "topic_id_invalid", "topic_deleted", "thread not found")
_SHUT = ("topic_closed",)
_AS_WISHED = ("topic_not_modified",)
_NOT_A_FORUM = ("not a forum", "chat_forum_missing", "not enough rights", "admin_required")
_LONGEST_ANSWER = 200
_LONGEST_NAME = 128

log = logging.getLogger(__name__)


class TelegramGroupChannel:
    """Sends into topics through the bot of ``base``, which owns the connections."""

    name = topics.CHANNEL
    abilities = Abilities(max_text=4000, buttons=10, label=40, topics=True, per_second=30)

    def __init__(self, base: TelegramChannel, bot: telegram.Bot, account: str) -> None:
        self.account = account
        self._base = base
        self._bot = bot
        self._kinds: Mapping[str, Callable[[Outgoing], Awaitable[str | None]]] = {
            "message": self._message,
            "topic": self._make,
            "topic_open": self._open,
            "topic_close": self._close,
        }

    async def send(self, out: Outgoing) -> str | None:
        """One step in the group; the id of the message, or of the topic that was made. Raises
        TopicGone, NotUsable or another DeliveryError."""
        try:
            return await self._kinds[out.kind](out)
        except Refused as refused:
            raise _meaning(refused) from refused
        except Unreachable as gone:
            raise NotUsable(str(gone)) from gone

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """Nothing is shown while we work: taps are answered with a sentence."""

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """The bytes behind a file id."""
        return await self._base.fetch(ref, max_bytes)

    async def react(self, chat: str, message_id: str, sign: str) -> bool:
        """Put a reaction on somebody's message; False where the group allows none. Never
        raises: one that is lost on the way is a courtesy lost."""
        try:
            await self._bot.set_message_reaction(
                int(chat), int(message_id), reaction=[ReactionTypeEmoji(sign)]
            )
        except (BadRequest, Forbidden) as fault:
            log.debug("Telegram: no reaction allowed (%s)", fault.message)
            return False
        except TelegramError as fault:
            log.debug("Telegram: no reaction shown (%s)", type(fault).__name__)
        return True

    async def answer(self, ack: str, text: str, *, alert: bool) -> None:
        """Answer a tap with a sentence. Never raises: an old tap cannot be answered."""
        with suppress(TelegramError):
            await self._bot.answer_callback_query(
                ack, text=text[:_LONGEST_ANSWER], show_alert=alert
            )

    async def fault(self, chat: str) -> str | None:
        """What keeps the group from working, as a sentence; None if nothing does. Raises a
        DeliveryError where nobody can tell now."""
        try:
            with port_errors():
                group = await self._bot.get_chat(int(chat))
                me = await self._bot.get_chat_member(int(chat), int(self.account.split(":")[1]))
        except (Refused, Unreachable) as gone:
            return f"Grup {chat} tidak ditemukan, atau bot bukan anggotanya ({gone})."
        if not group.is_forum:
            return "Topik (forum) belum dinyalakan di grup itu."
        if me.status == ChatMemberStatus.OWNER:
            return None
        if not getattr(me, "can_manage_topics", False):
            return "Bot belum menjadi admin dengan hak “Kelola topik”."
        return None

    async def _message(self, out: Outgoing) -> str | None:
        try:
            return await self._base.send(out)
        except Refused as refused:
            if not _says(refused, _SHUT):
                raise
        await self._open(out)  # closed by hand
        sent = await self._base.send(out)
        if not out.keep_open:
            await self._close(out)
        return sent

    async def _make(self, out: Outgoing) -> str:
        with port_errors():
            made = await self._bot.create_forum_topic(int(out.key.chat), out.text[:_LONGEST_NAME])
        return str(made.message_thread_id)

    async def _open(self, out: Outgoing) -> None:
        await self._set(out, self._bot.reopen_forum_topic)

    async def _close(self, out: Outgoing) -> None:
        try:
            if out.key.thread:
                await self._set(out, self._bot.close_forum_topic)
        except Refused as refused:
            if not _says(refused, _GONE):  # one that was deleted is closed enough
                raise

    async def _set(self, out: Outgoing, do: Callable[[int, int], Awaitable[bool]]) -> None:
        try:
            with port_errors():
                await do(int(out.key.chat), int(out.key.thread))
        except Refused as refused:
            if not _says(refused, _AS_WISHED):
                raise


def _says(refused: DeliveryError, signs: tuple[str, ...]) -> bool:
    words = str(refused).lower()
    return any(sign in words for sign in signs)


def _meaning(refused: Refused) -> DeliveryError:
    if _says(refused, _GONE):
        return TopicGone(str(refused))
    if _says(refused, _NOT_A_FORUM):
        return NotUsable(str(refused))
    return refused
