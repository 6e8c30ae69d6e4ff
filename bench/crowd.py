"""People who write on both platforms, and the platforms, as light as they can be: they share
the cores with the server they measure. What they remember is the truth of a run.

The fakes in ``tests/platforms`` know the platforms' rules and faults; these only take what comes
and tell two statuses (sent, delivered) of each message on WhatsApp, as Meta does.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from bench.people import LETTERS, SCRIPT, Channel, Person, Said, new_ids, payload, signed

PATIENCE = 60.0
"""Seconds after which a person writes on without an answer."""
CARRIERS = 8
"""Connections on which WhatsApp tells statuses."""


class Wire:
    """One kept-alive connection to the bot; made anew where the bot has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, header: str, body: bytes) -> int:
        """The status of the answer. What got none is sent again, as the platforms do."""
        while True:
            try:
                return await self._post(path, header, body)
            except (OSError, EOFError):
                self.close()
                await asyncio.sleep(0.05)

    async def _post(self, path: str, header: str, body: bytes) -> int:
        if self._streams is not None and self._streams[0].at_eof():  # it was idle for too long
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(
            f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"{header}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        if not (line := await reader.readline()):
            raise EOFError
        status = int(line.split()[1])
        length = 0
        while (line := await reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        return status

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Crowd:
    """All people there ever were, and both platforms on ``api_port``; the bot is on ``port``.
    ``receipts`` is how long the 200 of a status took, ``refused`` what was answered otherwise."""

    def __init__(self, port: int, api_port: int) -> None:
        self.port, self.api_port = port, api_port
        self.people: dict[tuple[Channel, str], Person] = {}
        self.strays = 0
        self.receipts: list[float] = []
        self.refused: list[int] = []
        self._news: asyncio.Queue[bytes] = asyncio.Queue()
        self._resting: dict[Channel, list[Person]] = {"telegram": [], "whatsapp": []}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """The platforms take what the bot sends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.api_port, backlog=512)
        carriers = [asyncio.create_task(self._carry()) for _ in range(CARRIERS)]
        try:
            yield
        finally:
            for task in carriers:
                task.cancel()
            await asyncio.gather(*carriers, return_exceptions=True)
            server.close()

    def _next(self, channel: Channel) -> Person:
        """Somebody whose case goes on, or somebody new."""
        if self._resting[channel]:
            return self._resting[channel].pop()
        person = Person(channel)
        self.people[channel, person.chat] = person
        return person

    async def begin(self, users: int) -> None:
        """So many people on each platform begin their cases and come to different places in
        them: from here on the load is a mix of all that people say."""
        chance = random.Random(1)

        async def one(channel: Channel, lines: int) -> None:
            wire, person = Wire(self.port), self._next(channel)
            for _ in range(lines):
                person.heard.clear()
                await self.write(person, wire, time.perf_counter())
                await _within(person.heard, PATIENCE)
            self._rest(person, wire)

        lines = [(c, chance.randrange(len(SCRIPT))) for c in self._resting for _ in range(users)]
        await asyncio.gather(*(one(*each) for each in lines))

    async def closed_loop(self, users: int, seconds: float, *, answers: bool) -> None:
        """So many people at once on each platform write their next line once the last was taken
        (``answers``: and answered)."""
        end = time.perf_counter() + seconds

        async def one(channel: Channel) -> None:
            wire, person = Wire(self.port), self._next(channel)
            while time.perf_counter() < end:
                if person.done:
                    person = self._next(channel)
                person.heard.clear()
                await self.write(person, wire, time.perf_counter())
                left = end - time.perf_counter()
                if answers and left > 0:
                    await _within(person.heard, min(PATIENCE, left))
            self._rest(person, wire)

        await asyncio.gather(*(one(channel) for channel in self._resting for _ in range(users)))

    async def open_loop(self, rates: dict[Channel, float], users: int, seconds: float) -> None:
        """Messages come at these rates whatever becomes of them."""
        await asyncio.gather(
            *(self._arrive(channel, rate, users, seconds) for channel, rate in rates.items())
        )

    async def write(self, person: Person, wire: Wire, due: float) -> None:
        """Bring a person's next line to the bot."""
        said = Said("", due)
        path, header, body = LETTERS[person.channel](person, said)
        person.said.append(said)
        status = await wire.post(path, header, body)
        if status == 200:
            said.taken = time.perf_counter()
        else:
            self.refused.append(status)

    async def _arrive(self, channel: Channel, rate: float, users: int, seconds: float) -> None:
        free: asyncio.Queue[tuple[Person, Wire]] = asyncio.Queue()
        for _ in range(users):
            free.put_nowait((self._next(channel), Wire(self.port)))

        async def one(due: float) -> None:
            person, wire = await free.get()
            await self.write(person, wire, due)
            free.put_nowait((self._next(channel) if person.done else person, wire))

        begun, tasks = time.perf_counter(), []
        for n in range(int(rate * seconds)):
            due = begun + n / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(one(due)))
        await asyncio.gather(*tasks)
        while not free.empty():
            self._rest(*free.get_nowait())

    def _rest(self, person: Person, wire: Wire) -> None:
        wire.close()
        if not person.done:
            self._resting[person.channel].append(person)

    # The platforms.

    async def _carry(self) -> None:
        wire = Wire(self.port)
        while True:
            body = await self._news.get()
            begun = time.perf_counter()
            status = await wire.post(*signed(body))
            if status == 200:
                self.receipts.append(time.perf_counter() - begun)
            else:
                self.refused.append(status)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                length = 0
                while (header := await reader.readline()).strip():
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                path = line.split()[1].decode()
                answer = self._answer(path, await reader.readexactly(length))
                body = json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                    + str(len(body)).encode() + b"\r\n\r\n" + body
                )  # fmt: skip
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    def _answer(self, path: str, body: bytes) -> Any:
        if not path.startswith("/bot"):
            return self._whatsapp(json.loads(body)) if body else {"verified_name": "B"}
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        result: Any = True
        match path.rpartition("/")[2]:
            case "sendMessage":
                ref = self._arrived("telegram", fields["chat_id"])
                chat = {"id": int(fields["chat_id"]), "type": "private"}
                result = {"message_id": int(ref), "date": 0, "chat": chat, "text": "."}
            case "deleteMessage":
                person = self.people["telegram", fields["chat_id"]]
                person.got = [got for got in person.got if got[0] != fields["message_id"]]
            case "getMe":
                result = {"id": 100, "is_bot": True, "first_name": "b", "username": "b_bot"}
        return {"ok": True, "result": result}

    def _whatsapp(self, body: dict[str, Any]) -> Any:
        if body.get("status") == "read":
            return {"success": True}
        ref = self._arrived("whatsapp", body["recipient"])
        for state in ("sent", "delivered"):
            status = {
                "id": ref,
                "status": state,
                "timestamp": str(int(time.time())),
                "recipient_user_id": body["recipient"],
                "biz_opaque_callback_data": body.get("biz_opaque_callback_data", ""),
            }
            self._news.put_nowait(payload({"statuses": [status]}))
        return {"messaging_product": "whatsapp", "messages": [{"id": ref}]}

    def _arrived(self, channel: Channel, chat: str) -> str:
        ref = str(next(new_ids)) if channel == "telegram" else f"wamid.{next(new_ids)}"
        person = self.people.get((channel, chat))
        if person is None:
            self.strays += 1
        else:
            person.got.append((ref, time.perf_counter()))
            person.heard.set()
        return ref


async def _within(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
