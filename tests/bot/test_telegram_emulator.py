"""Channel, poller and webhook against lo-bot-api-emulator, a Bot API server of others.

The emulator keeps no texts, so a relay stands before it and keeps what the bot sent.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

import httpx
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

EMULATOR = Path(sys.executable).with_name("lo-bot-api-emulator")
ACCOUNT = account_of("7:synthetic")
CHAT = 6104412001
Raw = dict[str, Any]

pytestmark = pytest.mark.skipif(
    not EMULATOR.exists(), reason="lo-bot-api-emulator is not installed"
)


class Emulator:
    """The emulator's process. Bots are told apart by token, so tests can share one."""

    def __init__(self, journal: Path) -> None:
        port = free_port()
        self.url, self.journal = f"http://127.0.0.1:{port}", journal
        flags = ["--enable-control", "--allow-insecure-loopback-webhooks"]
        self._process = subprocess.Popen(
            [str(EMULATOR), "--port", str(port), "--journal", str(journal), *flags],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 15
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        self.close()
        raise RuntimeError("lo-bot-api-emulator did not start")

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def verdict(self, *methods: str, allowing: tuple[str, ...] = ()) -> Raw:
        """Its own judgement over its journal: ``ok`` only if all ``methods`` were used and
        nothing was refused but ``allowing`` (``getFile:400``)."""
        flags = [flag for method in methods for flag in ("--require-method", method)]
        flags += [flag for pair in allowing for flag in ("--allow-refusal", pair)]
        command = [str(EMULATOR), "verdict", str(self.journal), "--require-response", *flags]
        done = subprocess.run(command, capture_output=True, check=False)
        result: Raw = json.loads(done.stdout)
        return result


class TelegramPeer:
    """One bot's Telegram: the relay before the emulator. ``url`` is the bot's base URL,
    ``sent`` every call of the bot but getUpdates, as (method, fields)."""

    def __init__(self, emulator: Emulator, token: str) -> None:
        self.token = token
        self.sent: list[tuple[str, dict[str, str]]] = []
        self._messages = 0
        self._upstream = emulator.url
        handler = type("Handler", (_Relay,), {"peer": self})
        self._relay = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._relay.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._relay.server_port}"

    def close(self) -> None:
        self._relay.shutdown()
        self._relay.server_close()

    def write(self, text: str, **more: Any) -> int:
        """Somebody writes to the bot; the update's id. ``more`` goes into the message."""
        return self.inject({"message": self.message(text=text, **more)})

    def tap(self, data: str) -> int:
        """Somebody taps a button of the bot's."""
        query = {"id": "99", "from": person(), "chat_instance": "1", "data": data}
        return self.inject({"callback_query": {**query, "message": self.message(text="?")}})

    def message(self, **content: Any) -> Raw:
        self._messages += 1
        chat = {"id": CHAT, "type": "private", "first_name": "Budi"}
        head = {"message_id": self._messages, "date": 1763712000, "chat": chat, "from": person()}
        return {**head, **content}

    def inject(self, update: Raw) -> int:
        """Queue an update (message, callback_query or inline_query only). With a webhook
        set this returns after the delivery was tried once."""
        answer = self._control("updates", {"update": update})
        return int(answer["update_id"])

    def deliver(self) -> int:
        """Try again what the webhook did not take; how many it took."""
        return int(self._control("deliver", {})["delivered"])

    def _control(self, name: str, body: Raw) -> Raw:
        url = f"{self._upstream}/__fixture/{name}"
        answer = httpx.post(url, json={"token": self.token, **body}, timeout=10).json()
        result: Raw = answer["result"]
        return result

    def pending(self) -> int:
        """How many updates nobody has confirmed."""
        answer = httpx.post(f"{self._upstream}/bot{self.token}/getWebhookInfo").json()
        return int(answer["result"]["pending_update_count"])

    def calls(self, method: str) -> list[dict[str, str]]:
        return [fields for name, fields in self.sent if name == method]

    def texts(self) -> list[str]:
        """What the person reads, in order."""
        return [fields["text"] for fields in self.calls("sendMessage")]

    def forward(self, verb: str, path: str, kind: str, body: bytes) -> httpx.Response:
        method = path.rpartition("/")[2]
        if verb == "POST" and method != "getUpdates":
            self.sent.append((method, _fields(kind, body)))
        # The emulator does not know this parameter of Bot API 7.0 and refuses it.
        if "urlencoded" in kind:
            pairs = parse_qsl(body.decode(), keep_blank_values=True)
            body = urlencode([pair for pair in pairs if pair[0] != "link_preview_options"]).encode()
        headers = {"content-type": kind} if kind else {}
        return httpx.request(verb, self._upstream + path, content=body, headers=headers, timeout=60)


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: ClassVar[TelegramPeer]

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        try:
            answer = self.peer.forward(self.command, self.path, kind, body)
        except httpx.HTTPError:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.send_header("Content-Type", answer.headers.get("content-type", "text/plain"))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = _relay

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # a long poll was given up
            super().handle()


def _fields(kind: str, body: bytes) -> dict[str, str]:
    """The parameters of a call; an uploaded file is told by its name."""
    if not kind.startswith("multipart/"):
        return dict(parse_qsl(body.decode()))
    fields = {}
    for part in body.split(b"--" + kind.partition("boundary=")[2].encode()):
        head, _, content = part.partition(b"\r\n\r\n")
        named = re.search(rb'name="([^"]*)"(?:; filename="([^"]*)")?', head)
        if named:
            value = content.removesuffix(b"\r\n") if named[2] is None else named[2]
            fields[named[1].decode()] = value.decode()
    return fields


def person() -> Raw:
    return {"id": CHAT, "is_bot": False, "first_name": "Budi"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
        await bot.shutdown()


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
        await bot.shutdown()


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
        await bot.shutdown()

    go(talk())
    (sent,) = peer.calls("sendDocument")
    assert sent["caption"] == "Surat"
    assert sent["document"] == "surat é.pdf"
