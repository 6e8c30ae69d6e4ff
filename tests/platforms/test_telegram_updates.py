"""The fake Telegram's updates, proven by python-telegram-bot."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telegram
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Conflict, Forbidden
from telegram.ext import Application, MessageHandler, filters

from tests.platforms import FakeTelegram, Faults
from tests.platforms.ptb import TOKEN, a_bot, told
from tests.platforms.serving import guest_server
from tests.process import quiet_port

SECRET = "s3cret_-s3cret"


def test_polling_confirms_by_offset_and_is_refused_while_a_webhook_is_set() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        for text in ("satu", "dua"):
            fake.user(7).say(text)
        first = await bot.get_updates()
        assert [u.effective_message and u.effective_message.text for u in first] == ["satu", "dua"]
        assert len(await bot.get_updates()) == 2
        again = await bot.get_updates(offset=first[0].update_id + 1)
        assert [u.update_id for u in again] == [first[1].update_id]
        await bot.set_webhook(f"http://127.0.0.1:{quiet_port()}/hook", secret_token=SECRET)
        with pytest.raises(Conflict):
            await bot.get_updates()
        assert (await bot.get_webhook_info()).pending_update_count == 1
        await bot.delete_webhook()
        assert len(await bot.get_updates()) == 1

    told(story)


def test_file_of_a_user_is_downloaded_and_too_large_a_one_is_refused() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        user = fake.user(7)
        user.send_file(b"isi", "surat.pdf", caption="ini suratnya")
        user.send_photo(bytes((20 << 20) + 1))
        file, photo = await bot.get_updates()
        assert file.message is not None
        assert file.message.document is not None
        assert photo.message is not None
        assert file.message.caption == "ini suratnya"
        stored = await file.message.document.get_file()
        assert bytes(await stored.download_as_bytearray()) == b"isi"
        with pytest.raises(BadRequest, match="File is too big"):
            await photo.message.photo[0].get_file()

    told(story)


class Hooked:
    """The library's Application behind a webhook; ``heard`` are the texts and taps."""

    def __init__(self, fake: FakeTelegram) -> None:
        self.heard: list[tuple[int, str]] = []
        self.refused = 0
        self.refuse: list[int] = []
        builder = Application.builder().bot(a_bot(fake, TOKEN)).updater(None)
        self.application: Any = builder.build()
        self.application.add_handler(MessageHandler(filters.ALL, self._on_message))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        app = Starlette(routes=[Route("/hook", self._hook, methods=["POST"])])
        async with self.application, self.serving(app) as url:
            await self.application.bot.set_webhook(url, secret_token=SECRET)
            yield url

    @asynccontextmanager
    async def serving(self, app: Starlette) -> AsyncIterator[str]:
        port = quiet_port()
        async with guest_server(uvicorn.Config(app, port=port, log_level="critical")):
            yield f"http://127.0.0.1:{port}/hook"

    async def _hook(self, request: Request) -> Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given, SECRET):
            self.refused += 1
            return Response(status_code=403)
        update = Update.de_json(await request.json(), self.application.bot)
        if self.refuse:
            return Response(status_code=self.refuse.pop(), headers={"Retry-After": "1"})
        await self.application.process_update(update)
        return Response()

    async def _on_message(self, update: Update, context: object) -> None:
        message = update.effective_message
        assert message is not None
        self.heard.append((message.chat_id, message.text or ""))
        await message.reply_text(f"Anda menulis: {message.text}")


def test_updates_reach_an_application_in_order_through_faults_and_refusals() -> None:
    faults = Faults(reorder=0.5, forged=0.5)
    words = [f"pesan {n}" for n in range(10)]

    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        hooked = Hooked(fake)
        hooked.refuse = [503, 500]
        for text in words:  # said before the bot is there
            for chat in (7, 8, 9):
                fake.user(chat).say(text)
        async with hooked.open():
            await fake.settle()
        for chat in (7, 8, 9):
            assert [text for at, text in hooked.heard if at == chat] == words
            assert [a.text for a in fake.chats[chat]] == [f"Anda menulis: {w}" for w in words]
        strays = fake.postman.strays
        assert {(stray.kind, stray.status) for stray in strays} == {("forged", 403)}
        assert hooked.refused == len(strays)
        assert max(len(parcel.statuses) for parcel in fake.postman.parcels) >= 2

    told(story, faults=faults, speed=100)


def test_taps_edits_and_blocking_are_understood() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        user = fake.user(7, "Budi")
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="1:ya")]])
        sent = await bot.send_message(7, "Kirim?", reply_markup=keys)
        user.tap("Ya")
        user.edit(user.say("helo"), "halo")
        user.share_phone("+6281")
        user.block()
        updates = [u async for u in _all(bot)]
        tap, _, edited, phone, blocked = updates
        assert tap.callback_query is not None
        assert tap.callback_query.data == "1:ya"
        assert tap.callback_query.message is not None
        assert tap.callback_query.message.message_id == sent.message_id
        assert await tap.callback_query.answer()
        assert edited.edited_message is not None
        assert edited.edited_message.text == "halo"
        assert phone.message is not None
        assert phone.message.contact is not None
        assert phone.message.contact.user_id == 7
        assert blocked.my_chat_member is not None
        assert blocked.my_chat_member.new_chat_member.status == "kicked"
        with pytest.raises(Forbidden):
            await bot.send_message(7, "halo?")
        user.unblock()
        await bot.send_message(7, "selamat datang kembali")

    told(story)


async def _all(bot: telegram.Bot) -> AsyncIterator[Update]:
    for update in await bot.get_updates():
        yield update
