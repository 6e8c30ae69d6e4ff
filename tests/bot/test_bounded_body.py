"""Bodies are read only as far as they are wanted, whatever their headers say."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.telegram_service import MAX_BODY, TelegramService, TelegramSettings
from bot.channels.telegram_webhook import SECRET_HEADER
from bot.clock import SystemClock
from bot.web.reading import declared, read_body

LIMIT = 1000
CHUNK = 60_000
MUCH = 40_000_000


class Counted:
    """Says how long a body is, and remembers how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def take(self, request: Request) -> Response:
        receive = request.receive

        async def counting() -> Any:
            message = await receive()
            self.taken += len(message.get("body", b""))
            return message

        try:
            body = await read_body(Request(request.scope, counting), LIMIT)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413, headers={"Connection": "close"})
        return PlainTextResponse(f"{len(body)} {body[:5].decode()}")


@asynccontextmanager
async def serving(endpoint: Any) -> AsyncIterator[int]:
    """A real server on a free port."""
    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


class Peer:
    """Somebody who speaks HTTP by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.sent = 0

    async def begin(self, *headers: str) -> None:
        lines = ["POST / HTTP/1.1", "Host: x", *headers, "", ""]
        await self.send("\r\n".join(lines).encode())

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def status(self) -> int:
        line = await asyncio.wait_for(self.reader.readline(), 10)
        return int(line.split()[1])

    async def answer(self) -> tuple[int, str]:
        status, length = await self.status(), 0
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        return status, (await self.reader.readexactly(length)).decode()


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def flood(sender: Peer, most: int = MUCH) -> None:
    """Chunk after chunk until nobody takes them any more."""
    await sender.begin("Transfer-Encoding: chunked")
    with suppress(OSError):
        while sender.sent < most and not sender.reader.at_eof():
            await sender.chunk(b"x" * CHUNK)


def test_a_chunked_body_comes_whole() -> None:
    async def run() -> None:
        async with serving(Counted().take) as port, peer(port) as sender:
            await sender.begin("Transfer-Encoding: chunked")
            for part in (b"ha", b"lo", b"!" * (LIMIT - 4)):
                await sender.chunk(part)
            await sender.chunk(b"")
            assert await sender.answer() == (200, f"{LIMIT} halo!")

    asyncio.run(run())


def test_one_byte_too_many_is_too_large_with_a_length_and_without() -> None:
    async def run() -> None:
        async with serving(Counted().take) as port:
            async with peer(port) as sender:
                await sender.begin(f"Content-Length: {LIMIT}")
                await sender.send(b"x" * LIMIT)
                assert await sender.answer() == (200, f"{LIMIT} xxxxx")
            async with peer(port) as sender:
                await sender.begin(f"Content-Length: {LIMIT + 1}")
                assert await sender.status() == 413
            async with peer(port) as sender:
                await sender.begin("Transfer-Encoding: chunked")
                await sender.chunk(b"x" * LIMIT)
                await sender.chunk(b"x")
                assert await sender.status() == 413

    asyncio.run(run())


def test_a_body_without_end_is_left_after_the_limit() -> None:
    endpoint = Counted()

    async def run() -> None:
        async with serving(endpoint.take) as port, peer(port) as sender:
            await asyncio.wait_for(flood(sender), 30)
            assert sender.sent < MUCH

    asyncio.run(run())
    assert LIMIT < endpoint.taken < LIMIT + 1_000_000  # what came in one piece


def test_a_length_that_promises_too_much_is_answered_before_a_byte_of_it_came() -> None:
    endpoint = Counted()

    async def run() -> None:
        async with serving(endpoint.take) as port, peer(port) as sender:
            await sender.begin("Content-Length: 100000000")
            assert await sender.status() == 413

    asyncio.run(run())
    assert endpoint.taken == 0


def test_a_length_that_promises_too_little_brings_no_more_than_it_says() -> None:
    endpoint = Counted()

    async def run() -> None:
        async with serving(endpoint.take) as port, peer(port) as sender:
            await sender.begin("Content-Length: 4")
            await sender.send(b"halo" + b"x" * 5000)
            assert await sender.status() in (200, 400)  # 400: the rest is no request

    asyncio.run(run())
    assert endpoint.taken <= 4


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: -1"],
        ["Content-Length: 1e3"],
        ["Content-Length: " + "9" * 5000],
        ["Content-Length: 4", "Content-Length: 5"],
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
    ],
    ids=["negative", "no number", "huge", "twice", "both"],
)
def test_twisted_lengths_are_refused_and_the_server_goes_on(headers: list[str]) -> None:
    async def run() -> None:
        async with serving(Counted().take) as port:
            async with peer(port) as sender:
                await sender.begin(*headers)
                assert await sender.status() in (400, 413)
            async with peer(port) as sender:
                await sender.begin("Content-Length: 4")
                await sender.send(b"halo")
                assert await sender.answer() == (200, "4 halo")

    asyncio.run(run())


def in_memory(headers: list[tuple[bytes, bytes]], *parts: bytes | None) -> Request:
    """A request as another server might hand it over; None hangs up."""
    messages = [
        {"type": "http.disconnect"}
        if part is None
        else {"type": "http.request", "body": part, "more_body": n < len(parts) - 1}
        for n, part in enumerate(parts)
    ]

    async def receive() -> Any:
        return messages.pop(0)

    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


@pytest.mark.parametrize(
    ("lengths", "most"),
    [
        ([], 0),
        ([b""], 0),
        ([b"-5"], 0),
        ([b"+5"], 0),
        ([b"5_0"], 0),
        (["²".encode("latin-1")], 0),
        ([b" 12 "], 12),
        ([b"0" * 5000 + b"12"], 12),
        ([b"3", b"70"], 70),
        ([b"junk", b"70"], 70),
    ],
)
def test_of_what_headers_say_the_largest_number_counts(lengths: list[bytes], most: int) -> None:
    assert declared(in_memory([(b"content-length", n) for n in lengths])) == most


def test_a_number_too_long_to_be_read_is_too_large() -> None:
    request = in_memory([(b"content-length", b"9" * 5000)], b"halo")
    assert asyncio.run(read_body(request, LIMIT)) is None


@pytest.mark.parametrize("length", [b"-1", b"0", b"1", b"junk"])
def test_a_length_that_lies_lets_no_more_in(length: bytes) -> None:
    headers = [(b"content-length", length)]
    small = in_memory(headers, b"ha", b"", b"lo")
    assert asyncio.run(read_body(small, LIMIT)) == b"halo"
    large = in_memory(headers, b"x" * LIMIT, b"x", b"never taken")
    assert asyncio.run(read_body(large, LIMIT)) is None


def test_who_hangs_up_has_sent_no_body() -> None:
    with pytest.raises(ClientDisconnect):
        asyncio.run(read_body(in_memory([], b"ha", None), LIMIT))


class Shelf:
    """Keeps what could not be read, as the intake does."""

    def __init__(self) -> None:
        self.parked: list[bytes] = []

    async def park_raw(self, channel: str, account: str, event_id: str, raw: bytes) -> None:
        self.parked.append(raw)


class NoDatabase:
    dialect = "sqlite"


def telegram(shelf: Shelf) -> TelegramService:
    settings = TelegramSettings("telegram:1", "webhook", "https://x", "s3cret_-", None)
    nothing = cast(Any, None)
    return TelegramService(
        nothing, nothing, settings, cast(Any, shelf), cast(Any, NoDatabase()), SystemClock()
    )


def test_the_telegram_webhook_takes_a_chunked_body_and_leaves_one_that_is_too_large() -> None:
    shelf = Shelf()
    secret = f"{SECRET_HEADER}: s3cret_-"

    async def run() -> None:
        async with serving(telegram(shelf).webhook) as port:
            async with peer(port) as sender:
                await sender.begin(secret, "Transfer-Encoding: chunked")
                await sender.chunk(b"no update ")
                await sender.chunk(b"at all")
                await sender.chunk(b"")
                assert (await sender.answer())[0] == 200
            async with peer(port) as sender:
                await sender.begin(secret, f"Content-Length: {MAX_BODY + 1}")
                assert await sender.status() == 413
            async with peer(port) as sender:
                await sender.begin(secret, "Transfer-Encoding: chunked")
                with suppress(OSError):
                    while sender.sent < MUCH and not sender.reader.at_eof():
                        await sender.chunk(b"x" * CHUNK)
                assert sender.sent < MUCH

    asyncio.run(run())
    assert shelf.parked == [b"no update at all"]


def test_the_telegram_webhook_reads_nothing_of_who_has_no_secret() -> None:
    shelf = Shelf()

    async def run() -> None:
        async with serving(telegram(shelf).webhook) as port, peer(port) as sender:
            await sender.begin("Transfer-Encoding: chunked")
            assert await sender.status() == 403

    asyncio.run(run())
    assert shelf.parked == []


def test_who_hangs_up_on_the_telegram_webhook_has_sent_no_update() -> None:
    shelf = Shelf()
    headers = [(SECRET_HEADER.lower().encode(), b"s3cret_-")]
    answer = asyncio.run(telegram(shelf).webhook(in_memory(headers, b"{}", None)))
    assert answer.status_code == 400
    assert shelf.parked == []
