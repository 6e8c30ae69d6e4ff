"""Telegram at work: one place where updates come in, by webhook or by polling."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import telegram
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.channels.port import DeliveryError
from bot.channels.telegram import TelegramChannel, set_up
from bot.channels.telegram_parse import CHANNEL, parse, read
from bot.channels.telegram_poll import poll
from bot.channels.telegram_webhook import SECRET_HEADER, check_secret
from bot.clock import Clock
from bot.incoming import Incoming
from bot.intake import Busy, Intake
from bot.web.reading import read_body
from storage.database import Database, Unavailable, is_infrastructure
from storage.repositories import clock as clocks

log = logging.getLogger(__name__)

MAX_BODY = 2_000_000
LEASE_SECONDS = 60.0
RENEW_SECONDS = 20.0
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How Telegram is connected. ``account`` names the bot in conversation keys."""

    account: str
    mode: Literal["polling", "webhook"]
    public_url: str
    secret: str
    agent_group: str | None


class Aside(Protocol):
    """Takes updates that are no user's words: the agents' group, the linking of accounts."""

    def takes(self, update: telegram.Update) -> bool:
        """Whether this one is for it."""
        ...

    async def take(self, update: telegram.Update) -> None:
        """Take it to its end; done once it is durable. Raises Unavailable."""
        ...


class TelegramService:
    """Brings updates to the intake; starts and retries in the background (design 6.16).
    ``asides`` are asked first."""

    def __init__(
        self,
        bot: telegram.Bot,
        channel: TelegramChannel,
        settings: TelegramSettings,
        intake: Intake,
        database: Database,
        clock: Clock,
        asides: tuple[Aside, ...] = (),
    ) -> None:
        self._bot = bot
        self._channel = channel
        self._settings = settings
        self._intake = intake
        self._database = database
        self._clock = clock
        self._asides = asides
        # One process serves a SQLite file (design 6.17): the lease of one that was killed is
        # its successor's at once.
        self._owner = "one" if database.dialect == "sqlite" else secrets.token_hex(8)
        self._signs: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Set the bot up, then poll if so configured, until ``stop`` is set."""
        if not await self._until_it_works(stop, self._set_up):
            return
        log.info("Telegram is connected (%s)", self._settings.mode)
        if self._settings.mode == "webhook":
            await stop.wait()
            return
        while not stop.is_set():
            if await self._take_lease():
                await self._poll_while_leased(stop)
            else:
                await _wait(stop, RENEW_SECONDS / 4)

    async def close(self) -> None:
        """Let the connections go."""
        await self._channel.close()

    async def webhook(self, request: Request) -> Response:
        """POST /webhooks/telegram: 200 only once the update is durable."""
        header = request.headers.get(SECRET_HEADER)
        if not check_secret(header, self._settings.secret):
            return JSONResponse({"ok": False}, 403)
        try:
            body = await read_body(request, MAX_BODY)
        except ClientDisconnect:
            return JSONResponse({"ok": False}, 400)
        if body is None:  # what is left of it is not waited for
            return JSONResponse({"ok": False}, 413, {"Connection": "close"})
        try:
            await self.take(body)
        except (Unavailable, Busy):
            return JSONResponse({"ok": False}, 503, {"Retry-After": "5"})
        return JSONResponse({"ok": True})

    async def take(self, body: bytes) -> None:
        """One raw update to its end. What cannot be parsed is parked, never lost."""
        try:
            update = read(json.loads(body))
            incoming = parse(update, self._settings.account, self._settings.agent_group)
        except Exception as error:  # whatever a twisted payload causes
            log.warning("an update could not be parsed (%s)", type(error).__name__)
            digest = hashlib.sha256(body).hexdigest()
            await self._intake.park_raw(CHANNEL, self._settings.account, f"raw:{digest}", body)
            return
        if aside := next((a for a in self._asides if a.takes(update)), None):
            await self._take_aside(aside, update, body)
            return
        for event in incoming:
            if event.key.chat == self._settings.agent_group:
                continue  # colleagues talking among themselves are not users
            taken = await self._intake.handle(event, body)
            if taken.waits or event.ack:
                self._sign(event)

    async def _take_aside(self, aside: Aside, update: telegram.Update, body: bytes) -> None:
        """Like the intake does: a fault of ours is tried twice, then the update is parked."""
        for last in (False, True):
            try:
                await aside.take(update)
                return
            except Unavailable:
                raise
            except Exception as error:
                if is_infrastructure(error):
                    raise Unavailable(str(error)) from error
                log.exception("update %d went wrong", update.update_id)
                if last:
                    await self._intake.park_raw(
                        CHANNEL, self._settings.account, f"aside:{update.update_id}", body
                    )

    def _sign(self, event: Incoming) -> None:
        """Acknowledge a tap; show that an answer is coming where it waits for a breath."""
        task = asyncio.create_task(self._channel.sign(event.key, event.ack))
        self._signs.add(task)
        task.add_done_callback(self._signs.discard)

    async def _handle_raw(self, raw: dict[str, Any]) -> None:
        await self.take(json.dumps(raw).encode())

    async def _set_up(self) -> None:
        settings = self._settings
        await set_up(self._bot, settings.mode, settings.public_url, settings.secret)

    async def _until_it_works(
        self, stop: asyncio.Event, action: Callable[[], Awaitable[None]]
    ) -> bool:
        pause = 1.0
        while not stop.is_set():
            try:
                await action()
                return True
            except DeliveryError as error:
                sentence = str(error) or type(error).__name__
                log.warning("Telegram is not connected yet: %s; next try in %g s", sentence, pause)
            await _wait(stop, pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        return False

    async def _take_lease(self) -> bool:
        name, now = f"poll:{self._settings.account}", self._clock.now()
        try:
            return await asyncio.wrap_future(
                self._database.write(
                    lambda unit: clocks.take_lease(
                        unit.connection, name, self._owner, now, LEASE_SECONDS
                    )
                )
            )
        except Unavailable:
            return False

    async def _poll_while_leased(self, stop: asyncio.Event) -> None:
        halt = asyncio.Event()
        polling = asyncio.create_task(poll(self._bot, self._handle_raw, halt))
        while not stop.is_set() and not polling.done():
            await _wait(stop, RENEW_SECONDS)
            if not stop.is_set() and not await self._take_lease():
                log.warning("the lease for polling Telegram was not renewed; polling pauses")
                break
        halt.set()
        await polling
        name = f"poll:{self._settings.account}"
        with suppress(Unavailable):  # then it runs out by itself
            await asyncio.wrap_future(
                self._database.write(
                    lambda unit: clocks.drop_lease(unit.connection, name, self._owner)
                )
            )


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
