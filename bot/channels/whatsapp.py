"""The WhatsApp channel: messages, files, signs of life and media over Meta's Cloud API.

Sources: Cloud API, "Messages", "Media", "Typing indicators". What became of a message that was
taken comes by webhook.
"""

from __future__ import annotations

import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx

from bot.channels import whatsapp_look as look
from bot.channels.port import Abilities, OutFile, Outgoing, Refused, Unreachable
from bot.channels.whatsapp_errors import BSUID_NOT_TAKEN, MEDIA_REFUSED
from bot.channels.whatsapp_graph import Graph, WhatsAppSettings, make_client
from bot.channels.whatsapp_media import read_ref
from bot.channels.whatsapp_messages import CHANNEL
from bot.incoming import ConversationKey

__all__ = ["CHANNEL", "WhatsAppChannel", "WhatsAppSettings", "account_of", "make_client"]

MEDIA_LIFE = timedelta(days=20)
"""How long an uploaded file's id is used again; Meta keeps it for 30 days."""

_MOST_MEDIA = 1000

log = logging.getLogger(__name__)


def account_of(phone_number_id: str) -> str:
    """Our side of a conversation key."""
    return f"{CHANNEL}:{phone_number_id}"


class WhatsAppChannel:
    """WhatsApp seen from delivery. ``now`` is a clock in seconds that only rises."""

    name = CHANNEL
    abilities = Abilities(
        max_text=look.TEXT_LIMIT,
        buttons=look.BUTTONS,
        label=look.TITLE,
        rows=look.ROWS,
        row_label=look.ROW_TITLE,
        choice_text=look.CHOICE_TEXT_LIMIT,
        caption=look.CAPTION_LIMIT,
        window=timedelta(hours=24),
        receipts=True,
    )

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: WhatsAppSettings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._graph = Graph(client, settings)
        self._account = account_of(settings.phone_number_id)
        self._uploaded = _Uploaded(now)

    async def send(self, out: Outgoing) -> str | None:
        """Send one message; the id of it (of the last part, where a file's text needs a message
        of its own). Raises a DeliveryError; Unreachable for a chat with another number of ours,
        since users take an answer from a stranger for fraud."""
        if out.key.account != self._account:
            raise Unreachable("the chat belongs to another number of the office")
        if out.kind == "template" and out.template is not None:
            return await self._send(out, look.template(out.template))
        if out.kind != "message":
            raise Refused(f"WhatsApp cannot do this: {out.kind}")
        if out.file is None:
            return await self._send(out, look.words(out))
        return await self._with_file(out, out.file)

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """Mark the message ``ack`` as read, with "typing" if an answer is coming. Never raises:
        both are a courtesy."""
        if ack is None or key.account != self._account:
            return
        try:
            await self._graph.seen(look.seen(ack, typing=typing))
        except Exception as fault:  # a courtesy never stops a turn
            log.debug("WhatsApp: no sign of life shown (%s)", type(fault).__name__)

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """The bytes behind a media handle, checked against the SHA-256 of its webhook. Raises
        FileTooBig or a DeliveryError, of which NotSent means that another try makes sense."""
        try:
            media_id, sha256 = read_ref(ref)
        except ValueError:
            raise Refused("not a WhatsApp media handle") from None
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", media_id):
            raise Refused("not a WhatsApp media id")
        return await self._graph.media(media_id, sha256, max_bytes)

    async def check(self) -> str:
        """Ask for our own number: its name and digits, for the log. Raises a DeliveryError;
        AccountBroken also where the number is not ours."""
        return await self._graph.number()

    async def close(self) -> None:
        """Let every connection go."""
        await self._graph.close()

    async def _send(self, out: Outgoing, content: look.Json) -> str:
        """To the user's id; where Meta does not take that, once more to their number."""
        to = look.address(out.key.chat)
        try:
            return await self._graph.message(look.envelope(to, content, out.ref))
        except Unreachable as fault:
            instead = look.number(out.number)
            if fault.code != BSUID_NOT_TAKEN or "recipient" not in to or not instead:
                raise
        return await self._graph.message(look.envelope(instead, content, out.ref))

    async def _with_file(self, out: Outgoing, file: OutFile) -> str:
        if out.file_bytes is None:
            raise Refused("the file's bytes are missing")
        caption = look.caption(out)
        if caption is not None:
            return await self._file(out, file, out.file_bytes, caption)
        follows = look.words(out)
        # Only the last part carries our name, so that its statuses alone speak for the row.
        await self._file(replace(out, ref=""), file, out.file_bytes, "")
        return await self._send(out, follows)

    async def _file(self, out: Outgoing, file: OutFile, content: bytes, caption: str) -> str:
        """An id that went well before and is refused now has died early: uploaded again."""
        known = self._uploaded.get(file)
        media_id = known or await self._upload(file, content)
        try:
            return await self._send(out, look.media(file, len(content), media_id, caption))
        except Refused as fault:
            if fault.code not in MEDIA_REFUSED:
                raise
            self._uploaded.drop(file)
            if known is None:
                raise
        media_id = await self._upload(file, content)
        return await self._send(out, look.media(file, len(content), media_id, caption))

    async def _upload(self, file: OutFile, content: bytes) -> str:
        name, kind = look.file_name(file), look.media_type(file)
        media_id = await self._graph.upload(name, kind, content)
        self._uploaded.put(file, media_id)
        return media_id


class _Uploaded:
    """The media ids of files sent lately, so that a retry does not upload again."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ids: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def get(self, file: OutFile) -> str | None:
        media_id, until = self._ids.get((file.blob, file.mime), (None, 0.0))
        return media_id if self._now() < until else None

    def put(self, file: OutFile, media_id: str) -> None:
        self.drop(file)
        until = self._now() + MEDIA_LIFE.total_seconds()
        self._ids[file.blob, file.mime] = (media_id, until)
        while len(self._ids) > _MOST_MEDIA:
            self._ids.popitem(last=False)

    def drop(self, file: OutFile) -> None:
        self._ids.pop((file.blob, file.mime), None)
