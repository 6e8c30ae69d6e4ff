"""Calls to Meta's Graph API for one number: messages, media, the number itself.

Sources: Cloud API, "Messages", "Media", "Business phone numbers".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.channels.port import (
    AccountBroken,
    DeliveryError,
    FileTooBig,
    NotSent,
    OutcomeUnknown,
    Refused,
)
from bot.channels.whatsapp_errors import (
    NoSuchObject,
    answer_error,
    body_of,
    port_errors,
    unreadable,
)

Json = dict[str, Any]

_TIMEOUT = httpx.Timeout(15, connect=5, pool=3)
_FILE_TIMEOUT = httpx.Timeout(60, connect=5, pool=3)
_EXPIRED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """Our number at Meta. ``base_url`` is the Graph server, ``version`` such as ``v23.0``."""

    base_url: str
    version: str
    phone_number_id: str
    token: str = field(repr=False)


def make_client(
    settings: WhatsAppSettings, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """A client for one number; ``transport`` replaces the network. Raises ValueError for a token
    that no header can hold. At INFO httpx logs every URL, media URLs among them: quietened."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if not re.fullmatch(r"[!-~]+", settings.token):
        raise ValueError("the WhatsApp token is empty or holds characters no header takes")
    return httpx.AsyncClient(
        base_url=f"{settings.base_url.rstrip('/')}/{settings.version}/",
        headers={"Authorization": f"Bearer {settings.token}", "User-Agent": "loket"},
        timeout=_TIMEOUT,
        # Every idle connection is looked at with every request: after a burst 64 of them cost
        # more than the request (docs/performance.md).
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
        transport=transport,
        follow_redirects=False,  # a redirect would take the token along
    )


class Graph:
    """The API as one number sees it. Every method raises a DeliveryError."""

    def __init__(self, client: httpx.AsyncClient, settings: WhatsAppSettings) -> None:
        self._client = client
        self._number = settings.phone_number_id
        self._base = httpx.URL(settings.base_url)

    async def message(self, message: Json) -> str:
        """Hand a message over; Meta's id of it. "Accepted" is all that means."""
        answer = await self._of_number("messages", json=message)
        try:
            message_id = answer["messages"][0]["id"]
        except (KeyError, IndexError, TypeError):
            raise unreadable() from None
        if not isinstance(message_id, str) or not message_id:
            raise unreadable()
        return message_id

    async def seen(self, sign: Json) -> None:
        """Mark a message as read."""
        await self._of_number("messages", json=sign)

    async def upload(self, name: str, kind: str, content: bytes) -> str:
        """Store a file at Meta; its id. Twice is harmless, so a cut is NotSent."""
        try:
            answer = await self._of_number(
                "media",
                data={"messaging_product": "whatsapp", "type": kind},
                files={"file": (name, content, kind)},
                timeout=_FILE_TIMEOUT,
            )
        except OutcomeUnknown as unknown:
            raise NotSent(str(unknown)) from unknown
        media_id = answer.get("id")
        if not isinstance(media_id, str) or not media_id:
            raise NotSent("WhatsApp gave the uploaded file no id")
        return media_id

    async def number(self) -> str:
        """Our number's name and digits."""
        params = {"fields": "display_phone_number,verified_name"}
        try:
            found = await self._ask("GET", self._number, params=params)
        except Refused as refused:
            raise _account_broken(refused) from refused
        return f"{found.get('verified_name')} ({found.get('display_phone_number')})"

    async def media(self, media_id: str, sha256: str, max_bytes: int) -> bytes:
        """A file's bytes, checked against ``sha256`` (empty: what Meta says now), read no
        further than ``max_bytes``: else FileTooBig.

        Asking again does no harm, so every cut is NotSent. The address of the bytes lives for
        minutes: one that has expired is asked for anew, once.
        """
        try:
            found = await self._described(media_id, max_bytes)
            data = await self._download(found, max_bytes)
            if data is None:
                found = await self._described(media_id, max_bytes)
                data = await self._download(found, max_bytes)
        except OutcomeUnknown as unknown:
            raise NotSent(str(unknown)) from unknown
        if data is None:
            raise NotSent("WhatsApp does not give the file out")
        digest = _digest(sha256) or _digest(str(found.get("sha256") or ""))
        if digest and not hmac.compare_digest(digest, hashlib.sha256(data).digest()):
            raise NotSent("the file's bytes are not those that were sent")
        return data

    async def close(self) -> None:
        """Let every connection go."""
        await self._client.aclose()

    async def _of_number(self, what: str, **parts: Any) -> Json:
        """The only object that the address names is our number."""
        try:
            return await self._ask("POST", f"{self._number}/{what}", **parts)
        except NoSuchObject as refused:
            raise _account_broken(refused) from refused

    async def _ask(self, method: str, path: str, **parts: Any) -> Json:
        if self._client.is_closed:  # at shutdown; httpx's own RuntimeError would lose the message
            raise NotSent("the connections are closed already")
        with port_errors():
            response = await self._client.request(method, path, **parts)
        body = body_of(response)
        if not response.is_success or body.get("error"):
            raise answer_error(response)
        if not body:
            raise unreadable()
        return body

    async def _described(self, media_id: str, max_bytes: int) -> Json:
        found = await self._ask("GET", media_id, params={"phone_number_id": self._number})
        size = str(found.get("file_size") or "")
        if size.isascii() and size.isdigit() and int(size[:20]) > max_bytes:
            raise FileTooBig(f"more than {max_bytes} bytes")
        return found

    async def _download(self, found: Json, max_bytes: int) -> bytes | None:
        """None: the address has expired. Nothing compressed is read: a few bytes could swell
        beyond any limit."""
        url = self._safe_url(found.get("url"))
        headers = {"Accept-Encoding": "identity"}
        with port_errors():
            async with self._client.stream(
                "GET", url, headers=headers, timeout=_FILE_TIMEOUT
            ) as answer:
                if answer.status_code in _EXPIRED:
                    return None
                if answer.status_code != httpx.codes.OK:
                    raise _media_error(answer.status_code)
                if answer.headers.get("content-encoding", "identity") != "identity":
                    raise NotSent("the file came compressed, which nobody asked for")
                return await _read_up_to(answer, max_bytes)

    def _safe_url(self, address: object) -> httpx.URL:
        """The token goes along, so only over TLS, or to the server we were told to use."""
        try:
            url = httpx.URL(str(address or ""))
        except httpx.InvalidURL:
            raise NotSent("WhatsApp's answer names no address of the file") from None
        ours = (self._base.scheme, self._base.host, self._base.port)
        if not url.host:
            raise NotSent("WhatsApp's answer names no address of the file")
        if url.scheme != "https" and (url.scheme, url.host, url.port) != ours:
            raise Refused("the file lies where our token may not go")
        return url


def _digest(text: str) -> bytes | None:
    """A SHA-256 as webhooks (base64) or answers (hex) write it; None where it is none."""
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def _media_error(status: int) -> DeliveryError:
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        return NotSent(f"the media server answered {status}")
    return Refused(f"the media server answered {status}")


def _account_broken(refused: DeliveryError) -> AccountBroken:
    broken = AccountBroken(f"the phone number id is not known, or not ours ({refused})")
    broken.code = refused.code
    return broken


async def _read_up_to(answer: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes(1 << 16):
        content += chunk
        if len(content) > max_bytes:
            raise FileTooBig(f"more than {max_bytes} bytes")
    return bytes(content)
