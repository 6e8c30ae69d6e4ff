"""WhatsApp at work: the webhook brings messages and receipts in.

Source: Graph API, "Webhooks" (at least once, in any order, for up to seven days); Cloud API,
"Webhooks".
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.channels.port import DeliveryError
from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_messages import CHANNEL
from bot.channels.whatsapp_parse import Batch, parse
from bot.channels.whatsapp_webhook import (
    SIGNATURE_HEADER,
    challenge,
    check_signature,
    is_signature,
)
from bot.clock import Clock
from bot.incoming import Incoming
from bot.intake import Busy, Intake
from bot.metrics import DeliveryMetrics
from bot.receipts import Receipts
from bot.user_turns import Outcome
from bot.web.reading import read_body
from storage.database import Unavailable

log = logging.getLogger(__name__)

MAX_BODY = 3 << 20
"""Bytes of the largest payload Meta sends (3 MB)."""

OLDEST = timedelta(days=8)
"""Meta gives up after seven days: what is older is no first delivery."""

READ_SECONDS = 20.0  # for a whole body; Meta is on a good line
MOST_READING = 64  # bodies at once: nobody has proved anything before the last byte is there
LONGEST_PAUSE = 300.0
MOST_SIGNS = 64


@dataclass(frozen=True, slots=True)
class WhatsAppSecrets:
    """What proves that a call comes from Meta."""

    app_secret: str
    verify_token: str


class WhatsAppService:
    """Takes the webhook's calls; looks after the number's credentials in the background."""

    def __init__(
        self,
        channel: WhatsAppChannel,
        phone_number_id: str,
        secrets: WhatsAppSecrets,
        intake: Intake,
        receipts: Receipts,
        clock: Clock,
        metrics: DeliveryMetrics,
    ) -> None:
        self._channel = channel
        self._phone_number_id = phone_number_id
        self._account = f"{CHANNEL}:{phone_number_id}"
        self._secrets = secrets
        self._intake = intake
        self._receipts = receipts
        self._clock = clock
        self._metrics = metrics
        self._signs: set[asyncio.Task[None]] = set()
        self._reading = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Ask Meta for our number until it answers: a wrong token shows in the log at once and
        not with the first message. Messages come in and go out meanwhile."""
        pause = 1.0
        while not stop.is_set():
            try:
                log.info("WhatsApp is connected: %s", await self._channel.check())
                break
            except DeliveryError as error:
                sentence = str(error) or type(error).__name__
                log.warning("WhatsApp does not answer yet: %s; next try in %g s", sentence, pause)
            await _wait(stop, pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        await stop.wait()

    async def close(self) -> None:
        """Let the connections go."""
        for task in self._signs:
            task.cancel()
        await asyncio.gather(*self._signs, return_exceptions=True)
        await self._channel.close()

    async def subscribe(self, request: Request) -> Response:
        """GET /webhooks/whatsapp: Meta checks that the address is ours."""
        word = challenge(request.query_params, self._secrets.verify_token)
        if word is None:
            return JSONResponse({"ok": False}, 403)
        return PlainTextResponse(word)

    async def webhook(self, request: Request) -> Response:
        """POST /webhooks/whatsapp: 200 once all of the payload is durable."""
        header = request.headers.get(SIGNATURE_HEADER)
        if not is_signature(header):
            return self._refuse(403)
        if self._reading >= MOST_READING:
            return JSONResponse({"ok": False}, 503, {"Retry-After": "5", "Connection": "close"})
        self._reading += 1
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await read_body(request, MAX_BODY)
        except ClientDisconnect:
            return JSONResponse({"ok": False}, 400)
        except TimeoutError:
            return self._refuse(408)
        finally:
            self._reading -= 1
        if body is None:
            return self._refuse(413)
        if not check_signature(header, body, self._secrets.app_secret):
            return self._refuse(403)
        try:
            await self.take(body)
        except (Unavailable, Busy):
            return JSONResponse({"ok": False}, 503, {"Retry-After": "5"})
        return JSONResponse({"ok": True})

    def _refuse(self, status: int) -> Response:
        self._metrics.heard(CHANNEL, "refused")
        return JSONResponse({"ok": False}, status, {"Connection": "close"})

    async def take(self, body: bytes) -> None:
        """One payload to its end: each message and each status on its own. What cannot be
        understood is parked. Raises Unavailable or Busy; then all of it may come again."""
        try:
            batch = parse(json.loads(body), self._phone_number_id)
        except (ValueError, RecursionError):
            digest = hashlib.sha256(body).hexdigest()
            await self._park(f"raw:{digest}", body, "it is no JSON")
            return
        for _ in range(batch.ignored):
            self._metrics.heard(CHANNEL, "ignored")
        for strange in batch.strange:
            await self._park(strange.event_id, strange.raw, strange.error)
        results = await asyncio.gather(
            *(self._of_one(events, batch) for events in _by_user(batch)),
            self._receipts.take(batch.receipts),
            return_exceptions=True,
        )
        for result in results:  # all are through before the platform hears that one was not
            if isinstance(result, BaseException):
                raise result

    async def _of_one(self, events: list[Incoming], batch: Batch) -> None:
        """The messages of one user, in order."""
        for event in events:
            raw = batch.raws[event.event_id]
            if event.sent_at is not None and self._clock.now() - event.sent_at > OLDEST:
                await self._park(event.event_id, raw, "it is older than anything sent anew")
                continue
            taken = await self._intake.handle(event, raw)
            if taken.outcome is Outcome.HANDLED and event.ack is not None:
                self._sign(event, typing=taken.waits)

    async def _park(self, event_id: str, raw: bytes, error: str) -> None:
        log.warning("something from WhatsApp was put aside: %s", error)
        await self._intake.park_raw(CHANNEL, self._account, event_id, raw, error)

    def _sign(self, event: Incoming, *, typing: bool) -> None:
        """Mark a message as read. Under a flood some signs are left out."""
        if len(self._signs) >= MOST_SIGNS:
            return
        task = asyncio.create_task(self._channel.sign(event.key, event.ack, typing=typing))
        self._signs.add(task)
        task.add_done_callback(self._signs.discard)


def _by_user(batch: Batch) -> list[list[Incoming]]:
    """The events of each user, by whichever id they share."""
    groups: dict[str, list[Incoming]] = {}
    for event in batch.events:
        key = event.number or event.key.chat
        groups.setdefault(key, []).append(event)
    return list(groups.values())


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
