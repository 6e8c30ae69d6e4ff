"""The fake Telegram, proven by python-telegram-bot."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable, Coroutine
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
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import Application, MessageHandler, filters
from telegram.request import HTTPXRequest

from tests.platforms import FakeTelegram, Faults, telegram_paces, until
from tests.platforms.serving import guest_server
from tests.process import quiet_port

TOKEN = "700001:synthetic"
SECRET = "s3cret_-s3cret"
Story = Callable[[FakeTelegram, telegram.Bot], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _times_are_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it will be in the library's next major version, without its warning."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


def told(story: Story, **options: Any) -> FakeTelegram:
    """Run a story with a fake and the library's bot; the fake afterwards."""
    fake = FakeTelegram(token=TOKEN, **options)

    async def run() -> None:
        async with fake.serving(), asyncio.timeout(20), a_bot(fake, TOKEN) as bot:
            await story(fake, bot)

    asyncio.run(run())
    return fake


def a_bot(fake: FakeTelegram, token: str) -> telegram.Bot:
    return telegram.Bot(
        token,
        base_url=f"{fake.url}/bot",
        base_file_url=f"{fake.url}/file/bot",
        request=HTTPXRequest(read_timeout=0.5),
    )


def test_text_with_buttons_photo_and_document_arrive_in_order() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data="1:ya")]])
        sent = await bot.send_message(7, "Halo *é*", reply_markup=keys)
        await bot.send_photo(7, b"jpeg", caption="foto", filename="a.jpg")
        await bot.send_document(7, b"pdf", filename="b.pdf")
        assert sent.message_id == fake.chats[7][0].message_id
        assert (await bot.get_me()).username == "loket_bot"
        assert await bot.send_chat_action(7, "typing")
        assert await bot.delete_message(7, sent.message_id)

    first, photo, document = told(story).chats[7]
    assert (first.text, first.buttons) == ("Halo *é*", (("1:ya", "Ya"),))
    assert (photo.kind, photo.text, photo.file) == ("photo", "foto", b"jpeg")
    assert (document.kind, document.name, document.file) == ("document", "b.pdf", b"pdf")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("blocked", Forbidden, "blocked by the user"),
        ("deactivated", Forbidden, "deactivated"),
        ("kicked", Forbidden, "kicked"),
        ("not_found", BadRequest, "Chat not found"),
        ("rate", RetryAfter, "Flood control"),
        ("server_error", NetworkError, "Internal Server Error"),
        ("cut_before", NetworkError, "Error"),
    ],
)
def test_what_is_refused_or_cut_before_has_not_arrived(
    fault: str, error: type[TelegramError], words: str
) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.faults.next(7, fault)
        with pytest.raises(error, match=words):
            await bot.send_message(7, "pertama")
        await bot.send_message(7, "kedua")

    fake = told(story)
    assert [a.text for a in fake.chats[7]] == ["kedua"]
    assert fake.cut == []


@pytest.mark.parametrize(("fault", "error"), [("hang", TimedOut), ("cut_after", NetworkError)])
def test_what_was_cut_after_delivery_has_arrived_and_is_on_record(
    fault: str, error: type[TelegramError]
) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        for n in range(4):  # hanging up has two manners
            fake.faults.next(7, fault)
            with pytest.raises(error):
                await bot.send_message(7, f"pesan {n}")

    fake = told(story)
    assert [a.text for a in fake.chats[7]] == [f"pesan {n}" for n in range(4)]
    assert [(cut.who, cut.message, cut.fault) for cut in fake.cut] == [
        (7, arrived, fault) for arrived in fake.chats[7]
    ]


def test_bot_that_hangs_up_while_the_answer_is_on_its_way_is_on_record() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.faults.latency = (1.0, 1.0)
        with pytest.raises(TimedOut):
            await bot.send_message(7, "halo", read_timeout=0.9)
        await until(lambda: fake.cut)

    assert [cut.fault for cut in told(story).cut] == ["gone"]


def test_group_that_became_a_supergroup_names_its_new_id() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.migrate(-5, -1005)
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(-5, "halo")
        await bot.send_message(moved.value.new_chat_id, "halo lagi")

    assert [a.text for a in told(story).chats[-1005]] == ["halo lagi"]


def test_each_rate_is_enforced_for_its_own_scope() -> None:
    now = [1000.0]

    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        fake.paces = telegram_paces()
        for _ in range(3):
            await bot.send_message(7, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(7, "x")
        await bot.send_message(8, "another chat")
        now[0] += 1
        await bot.send_message(7, "x")
        for _ in range(20):
            await bot.send_message(-9, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(-9, "x")
        now[0] += 60
        for chat in range(10, 40):
            await bot.send_message(chat, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(99, "x")

    fake = told(story, clock=lambda: now[0])
    assert [pace.refused for pace in fake.paces.values()] == [1, 1, 1]


@pytest.mark.parametrize(
    ("text", "data"), [("a" * 4097, "x"), ("a", "é" * 33), ("\N{GRINNING FACE}" * 2049, "x")]
)
def test_limits_of_a_message_are_enforced(text: str, data: str) -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ya", callback_data=data)]])
        with pytest.raises(BadRequest):
            await bot.send_message(7, text, reply_markup=keys)

    assert told(story).chats[7] == []


def test_wrong_token_and_closed_account_are_refused() -> None:
    async def story(fake: FakeTelegram, bot: telegram.Bot) -> None:
        stranger = a_bot(fake, "1:wrong")
        with pytest.raises(InvalidToken):
            await stranger.initialize()
        await stranger.shutdown()
        fake.faults.account = 401
        with pytest.raises(InvalidToken):
            await bot.send_message(7, "x")

    assert told(story).chats[7] == []


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
