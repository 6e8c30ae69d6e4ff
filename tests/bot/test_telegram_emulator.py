"""Channel, poller and webhook against lo-bot-api-emulator, a Bot API server of others."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.port import Button, FileTooBig, OutFile, Outgoing, Refused
from bot.channels.telegram import WEBHOOK_PATH, TelegramChannel, account_of, make_bot, set_up
from bot.channels.telegram_parse import parse, read
from bot.channels.telegram_poll import poll
from bot.channels.telegram_webhook import SECRET_HEADER, check_secret
from bot.incoming import Incoming
from tests.telegram_peer import CHAT, EMULATOR, Emulator, Raw, TelegramPeer, free_port

ACCOUNT = account_of("7:synthetic")

pytestmark = pytest.mark.skipif(
    not EMULATOR.exists(), reason="lo-bot-api-emulator is not installed"
)


async def seen(what: Callable[[], Any], seconds: float = 10) -> None:
    """Wait until ``what`` holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("telegram") / "journal.jsonl")
    yield emulator
    emulator.close()


@pytest.fixture
def peer(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[TelegramPeer]:
    peer = TelegramPeer(emulator, f"7:{abs(hash(request.node.name))}")
    yield peer
    peer.close()


class Clerk:
    """A stand-in for the turn: answers each event through the channel."""

    def __init__(self, channel: TelegramChannel, fails: int = 0) -> None:
        self.channel, self.fails = channel, fails
        self.heard: list[Incoming] = []

    async def __call__(self, raw: Raw) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("database is locked")
        for event in parse(read(raw), ACCOUNT, None):
            self.heard.append(event)
            await self.channel.sign(event.key, event.ack)
            await self.channel.send(self.answer(event))

    def answer(self, event: Incoming) -> Outgoing:
        if event.phone:
            return Outgoing("message", event.key, "Tercatat.", hide_keyboard=True)
        if event.tap:
            return Outgoing("message", event.key, "Nomor telepon?", ask_phone=True)
        buttons = (Button("1:kirim", "Kirim"), Button("1:batal", "Batal"))
        return Outgoing("message", event.key, f"Anda menulis *{event.text}* 😀", buttons)


@asynccontextmanager
async def polling(peer: TelegramPeer, fails: int = 0) -> AsyncIterator[Clerk]:
    bot, stop = make_bot(peer.token, peer.url), asyncio.Event()
    await set_up(bot, "polling")
    clerk = Clerk(TelegramChannel(bot), fails)
    task = asyncio.create_task(poll(bot, clerk, stop, timeout=1, pause=0.05))
    try:
        yield clerk
    finally:
        stop.set()
        await task
        await clerk.channel.close()


@asynccontextmanager
async def webhook(peer: TelegramPeer, fails: int = 0) -> AsyncIterator[Clerk]:
    bot, port, secret = make_bot(peer.token, peer.url), free_port(), "s3cret_-"
    clerk = Clerk(TelegramChannel(bot), fails)

    async def take(request: Request) -> Response:
        if not check_secret(request.headers.get(SECRET_HEADER), secret):
            return Response(status_code=403)
        try:
            await clerk(await request.json())
        except OSError:
            return Response(status_code=503)
        return Response()

    app = Starlette(routes=[Route(WEBHOOK_PATH, take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await seen(lambda: server.started)
    await set_up(bot, "webhook", f"http://127.0.0.1:{port}", secret)
    try:
        yield clerk
    finally:
        server.should_exit = True
        await serving
        await clerk.channel.close()


WAYS = pytest.mark.parametrize("way", [polling, webhook], ids=["polling", "webhook"])
Way = Callable[..., Any]


def go(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(work, 30)

    asyncio.run(bounded())


@WAYS
def test_talk_with_text_button_and_phone_is_accepted_by_the_server(
    emulator: Emulator, peer: TelegramPeer, way: Way
) -> None:
    async def talk() -> None:
        async with way(peer) as clerk:
            await asyncio.to_thread(peer.write, "gagal upload")
            await seen(lambda: len(peer.texts()) == 1)
            await asyncio.to_thread(peer.tap, "1:kirim")
            await seen(lambda: len(peer.texts()) == 2)
            card = {"phone_number": "6281234567890", "first_name": "Budi", "user_id": CHAT}
            await asyncio.to_thread(peer.inject, {"message": peer.message(contact=card)})
            await seen(lambda: len(peer.texts()) == 3)
            assert clerk.heard[1].tap is not None
            assert clerk.heard[2].phone is not None
            if way is polling:
                await seen(lambda: peer.pending() == 0)

    go(talk())
    assert peer.texts() == ["Anda menulis gagal upload 😀", "Nomor telepon?", "Tercatat."]
    assert peer.calls("answerCallbackQuery") == [{"callback_query_id": "99"}]
    keyboard = json.loads(peer.calls("sendMessage")[0]["reply_markup"])["inline_keyboard"]
    assert [button["callback_data"] for button in keyboard[0]] == ["1:kirim", "1:batal"]
    verdict = emulator.verdict(
        "answerCallbackQuery",
        "sendChatAction",
        "setMyCommands",
        allowing=("webhook:503", "getFile:400"),
    )
    assert verdict["ok"], verdict


@WAYS
def test_update_that_could_not_be_stored_comes_again(peer: TelegramPeer, way: Way) -> None:
    async def talk() -> None:
        async with way(peer, fails=2) as clerk:
            await asyncio.to_thread(peer.write, "pertama")
            await asyncio.to_thread(peer.write, "kedua")
            if way is webhook:
                await asyncio.to_thread(peer.deliver)
            await seen(lambda: len(peer.texts()) == 2)
            assert [event.text for event in clerk.heard] == ["pertama", "kedua"]

    go(talk())


def test_messages_sent_while_the_bot_was_away_are_answered(peer: TelegramPeer) -> None:
    async def talk() -> None:
        for number in range(5):
            peer.write(str(number))
        async with polling(peer):
            await seen(lambda: len(peer.texts()) == 5)

    go(talk())
    assert peer.texts() == [f"Anda menulis {number} 😀" for number in range(5)]


def test_document_goes_out_and_comes_back(peer: TelegramPeer) -> None:
    async def talk() -> None:
        bot = make_bot(peer.token, peer.url)
        await bot.initialize()
        channel = TelegramChannel(bot)
        incoming = parse(read({"update_id": 1, "message": peer.message(text="a")}), ACCOUNT, None)
        file = OutFile("document", "surat é.pdf", "application/pdf", "blob")
        out = Outgoing("message", incoming[0].key, "*Surat*", file=file, file_bytes=b"%PDF-1.7")
        ref = f"fixture-document-{await channel.send(out)}"
        assert await channel.fetch(ref, 100) == b"%PDF-1.7"
        with pytest.raises(FileTooBig):
            await channel.fetch(ref, 7)
        with pytest.raises(Refused):
            await channel.fetch("unknown", 100)
        await channel.close()

    go(talk())
    (sent,) = peer.calls("sendDocument")
    assert sent["caption"] == "Surat"
    assert sent["document"] == "surat é.pdf"
