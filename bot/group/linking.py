"""An agent links a Telegram account: a code of the console, sent to the bot in private. It never
reaches the users' dialogue, and the code is kept nowhere."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial

from telegram import Update
from telegram.constants import ChatType

from bot.channels.telegram_parse import CHANNEL
from bot.staff import accounts
from bot.turns import Turns
from dialogs.reply import Reply
from handoff.refusal import Refused
from storage.repositories import conversations, events
from storage.unit import Unit

_CODE = re.compile(r"/(?:petugas_|kode[ _])\s*([A-Za-z0-9_-]{6,64})(?:@\w+)?\s*", re.IGNORECASE)
_BARE = re.compile(r"/kode(?:@\w+)?\s*", re.IGNORECASE)
_HOW = "Kirim /kode diikuti kode dari Konsol → Akun saya → Hubungkan Telegram."


@dataclass(frozen=True, slots=True)
class Linker:
    """Takes codes that are sent to ``account``, the bot of this office."""

    turns: Turns
    account: str

    def takes(self, update: Update) -> bool:
        """Whether an update is such a code."""
        return self._code(update) is not None

    async def take(self, update: Update) -> None:
        """Link, and answer in that chat; done once it is durable. Raises Unavailable."""
        code = self._code(update)
        user = update.effective_user
        assert code is not None
        assert user is not None
        database = self.turns.database
        try:
            job = partial(self._link, update.update_id, str(user.id), code)
            await asyncio.wrap_future(database.write(job))
        except Refused as refused:
            job = partial(self._answer, update.update_id, str(user.id), str(refused))
            await asyncio.wrap_future(database.write(job))

    def _code(self, update: Update) -> str | None:
        message, user = update.message, update.effective_user
        if message is None or user is None or message.chat.type != ChatType.PRIVATE:
            return None
        text = message.text or ""
        found = _CODE.fullmatch(text)
        return found[1] if found else ("" if _BARE.fullmatch(text) else None)

    def _link(self, update_id: int, user: str, code: str, unit: Unit) -> None:
        if not code:
            raise Refused(_HOW)
        if not self._fresh(unit, update_id):
            return
        name = accounts.link_telegram(unit.connection, code, user, self.turns.clock.now())
        words = f"Akun terhubung: {name}. Tulisan di topik grup petugas sekarang dikenali."
        self._say(unit, user, words)

    def _answer(self, update_id: int, user: str, words: str, unit: Unit) -> None:
        if self._fresh(unit, update_id):
            self._say(unit, user, words)

    def _fresh(self, unit: Unit, update_id: int) -> bool:
        now = self.turns.clock.now()
        return events.claim(unit.connection, self.account, str(update_id), now)

    def _say(self, unit: Unit, user: str, words: str) -> None:
        address = (CHANNEL, self.account, user, "")
        case = conversations.open_case(unit.connection, address, self.turns.clock.now())
        self.turns.say(unit, case, Reply(words.replace("*", ""), row_class="notice"))
