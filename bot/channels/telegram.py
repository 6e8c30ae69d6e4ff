"""The Telegram channel: sends through python-telegram-bot and sets the bot up.

Sources: Bot API (sendMessage, sendPhoto, sendDocument, getFile, setWebhook, setMyCommands,
"Making requests" for the errors).
"""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

import httpx
import telegram
from telegram import BotCommand, InputFile, ReplyKeyboardRemove
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.port import (
    Abilities,
    DeliveryError,
    FileTooBig,
    NotSent,
    OutcomeUnknown,
    OutFile,
    Outgoing,
    Refused,
    Unreachable,
)
from bot.channels.telegram_errors import TOO_LARGE, ServerFault, port_errors
from bot.channels.telegram_look import Look, look, utf16_length
from bot.channels.telegram_parse import ALLOWED_UPDATES, CHANNEL, DOWNLOAD_LIMIT
from bot.incoming import ConversationKey

CAPTION_LIMIT = 1024
PHOTO_LIMIT = 10 << 20
WEBHOOK_PATH = "/webhooks/telegram"

COMMANDS = (
    ("mulai", "Mulai dan lihat menu"),
    ("lapor", "Buat tiket konsultasi"),
    ("tiket", "Cek status tiket"),
    ("petugas", "Bicara dengan petugas"),
    ("bot", "Kembali ke bot dari obrolan atau antrean"),
    ("bantuan", "Cara memakai layanan ini"),
    ("batal", "Batalkan isian yang sedang berjalan"),
    ("privasi", "Data yang disimpan dan hak pengguna"),
)

_PHOTO_TYPES = ("image/jpeg", "image/png")
_GENERAL_TOPIC = "1"

log = logging.getLogger(__name__)


class _Requests(HTTPXRequest):
    """The library's client; an answer with 5xx is told from a connection that was cut."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        status, body = await super().do_request(*args, **kwargs)
        if status >= 500 and status != httpx.codes.GATEWAY_TIMEOUT:
            raise ServerFault(f"Telegram answered {status}")
        return status, body


def make_bot(
    token: str, base_url: str | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> telegram.Bot:
    """A client for one token. ``base_url`` is another Bot API server, such as
    ``http://127.0.0.1:9102``; ``transport`` replaces the network.

    At INFO httpx logs every URL, and the token is part of it: quietened here.
    """
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # RetryAfter then holds a timedelta, as it will in the next major version.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    root = (base_url or "https://api.telegram.org").rstrip("/")
    options = {"transport": transport} if transport else {}
    return telegram.Bot(
        token,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=_Requests(
            connection_pool_size=64,
            connect_timeout=5,
            read_timeout=15,
            write_timeout=15,
            pool_timeout=3,
            media_write_timeout=60,
            # Every idle connection is looked at with every request: after a burst 64 of them
            # cost more than the request (docs/performance.md).
            httpx_kwargs={
                "limits": httpx.Limits(max_connections=64, max_keepalive_connections=16),
                **options,
            },
        ),
        get_updates_request=HTTPXRequest(
            connection_pool_size=2, connect_timeout=5, pool_timeout=3, httpx_kwargs=options
        ),
    )


def account_of(token: str) -> str:
    """Our side of a conversation key: the bot's id is the token's part before the colon."""
    return f"{CHANNEL}:{token.partition(':')[0]}"


async def set_up(
    bot: telegram.Bot,
    mode: Literal["webhook", "polling"],
    public_url: str | None = None,
    secret: str | None = None,
) -> None:
    """Announce the commands and choose how updates come; waiting ones are kept.

    ``public_url`` is where the world reaches us (https, port 443, 80, 88 or 8443),
    ``secret`` what Telegram shows in its header. Raises a DeliveryError, ValueError when
    a webhook is asked for without both.
    """
    if mode == "webhook" and not (public_url and secret):
        raise ValueError("a webhook needs the public URL and a secret")
    with port_errors():
        await bot.initialize()
        if mode == "webhook":
            await bot.set_webhook(
                f"{(public_url or '').rstrip('/')}{WEBHOOK_PATH}",
                secret_token=secret,
                allowed_updates=ALLOWED_UPDATES,
                drop_pending_updates=False,
            )
        else:
            await bot.delete_webhook(drop_pending_updates=False)
        await bot.set_my_commands([BotCommand(name, words) for name, words in COMMANDS])


class TelegramChannel:
    """Telegram seen from delivery. ``files`` is the client that downloads, our own by
    default; ``close`` closes it and shuts the bot down."""

    name = CHANNEL
    abilities = Abilities(
        max_text=4096,
        buttons=10,
        label=40,
        ask_phone=True,
        per_second=30,
    )

    def __init__(self, bot: telegram.Bot, files: httpx.AsyncClient | None = None) -> None:
        self._bot = bot
        self._files = files

    async def send(self, out: Outgoing) -> str | None:
        """Send one message; the id of it (of the last part, where a file's text is longer
        than a caption may be). ``leave`` has no id. Raises a DeliveryError."""
        with port_errors():
            if out.kind == "message":
                return await self._message(out)
            await self._leave(out)
        return None

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        """Acknowledge a tap, or show "typing" (for 5 s at most). Never raises: both are
        a courtesy, and a tap older than its time cannot be acknowledged any more."""
        try:
            if ack is not None:
                await self._bot.answer_callback_query(ack)
            else:
                chat, thread = _address(key)
                await self._bot.send_chat_action(chat, ChatAction.TYPING, message_thread_id=thread)
        except Exception as fault:  # a courtesy never stops a turn
            log.debug("Telegram: no sign of life shown (%s)", type(fault).__name__)

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        """The bytes behind a file id, read no further than ``max_bytes``.

        Raises FileTooBig (also where Telegram itself gives out no more than 20 MiB) or a
        DeliveryError: fetching again does no harm, so every cut is NotSent.
        """
        try:
            with port_errors():
                file = await self._bot.get_file(ref)
        except OutcomeUnknown as unknown:
            raise NotSent(str(unknown)) from unknown
        except Refused as refused:
            raise _fetch_error(refused) from refused
        if (file.file_size or 0) > max_bytes or not file.file_path:
            raise FileTooBig(f"more than {max_bytes} bytes")
        return await self._download(file.file_path, max_bytes)

    async def close(self) -> None:
        """Let every connection go: those of downloads and those of the bot."""
        if self._files is not None:
            await self._files.aclose()
        await self._bot.shutdown()

    async def _download(self, url: str, max_bytes: int) -> bytes:
        if self._files is None:
            self._files = httpx.AsyncClient(timeout=httpx.Timeout(30, connect=5))
        try:
            async with self._files.stream("GET", url) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _status_error(answer.status_code)
                return await _read_up_to(answer, max_bytes)
        except httpx.HTTPError as fault:
            raise NotSent(f"the download was cut ({type(fault).__name__})") from None

    async def _message(self, out: Outgoing) -> str:
        chat, thread = _address(out.key)
        shape = look(out, private=chat > 0)
        if shape.sweep:
            await self._sweep(chat, thread)
        if out.file is None:
            return await self._text(chat, thread, shape)
        if out.file_bytes is None:
            raise Refused("the file's bytes are missing")
        if utf16_length(shape.text) <= CAPTION_LIMIT:
            return await self._file(chat, thread, shape, out.file, out.file_bytes)
        await self._file(chat, thread, Look(""), out.file, out.file_bytes)
        return await self._text(chat, thread, shape)

    async def _text(self, chat: int, thread: int | None, shape: Look) -> str:
        message = await self._bot.send_message(
            chat,
            shape.text,
            entities=shape.bold or None,
            reply_markup=shape.markup,
            message_thread_id=thread,
        )
        return str(message.message_id)

    async def _file(
        self, chat: int, thread: int | None, shape: Look, file: OutFile, content: bytes
    ) -> str:
        photo = file.kind == "image" and file.mime in _PHOTO_TYPES and len(content) <= PHOTO_LIMIT
        send = self._bot.send_photo if photo else self._bot.send_document
        message = await send(
            chat,
            InputFile(content, filename=file.name),
            caption=shape.text or None,
            caption_entities=shape.bold or None,
            reply_markup=shape.markup,
            message_thread_id=thread,
        )
        return str(message.message_id)

    async def _sweep(self, chat: int, thread: int | None) -> None:
        """Take a share-my-number keyboard away before a message with buttons.

        One message carries one kind of keyboard only, so a short-lived one of its own
        carries the removal.
        """
        swept = await self._bot.send_message(
            chat,
            "Baik.",
            disable_notification=True,
            reply_markup=ReplyKeyboardRemove(),
            message_thread_id=thread,
        )
        try:
            await self._bot.delete_message(chat, swept.message_id)
        except TelegramError as fault:
            log.debug("Telegram: the sweeping message stays (%s)", type(fault).__name__)

    async def _leave(self, out: Outgoing) -> None:
        """Say the line and leave; a group where the bot may not write is left as well."""
        chat, _ = _address(out.key)
        try:
            if out.text:
                with port_errors():
                    await self._message(out)
        except (Refused, Unreachable, OutcomeUnknown) as fault:
            log.debug("Telegram: left without a word (%s)", type(fault).__name__)
        try:
            await self._bot.leave_chat(chat)
        except (BadRequest, Forbidden) as fault:
            log.debug("Telegram: had left already (%s)", type(fault).__name__)


def _address(key: ConversationKey) -> tuple[int, int | None]:
    """Chat and topic. The General topic is addressed by leaving it out."""
    try:
        thread = None if key.thread in ("", _GENERAL_TOPIC) else int(key.thread)
        return int(key.chat), thread
    except ValueError:
        raise Refused("not a Telegram chat id") from None


def _fetch_error(refused: Refused) -> Exception:
    words = str(refused).lower()
    if any(sign in words for sign in TOO_LARGE):
        return FileTooBig(f"Telegram gives out {DOWNLOAD_LIMIT} bytes at most")
    if "temporarily unavailable" in words:
        return NotSent(str(refused))
    return refused


def _status_error(status: int) -> DeliveryError:
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
        return NotSent(f"the file server answered {status}")
    return Refused(f"the file server answered {status}")


async def _read_up_to(answer: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in answer.aiter_bytes(1 << 16):
        content += chunk
        if len(content) > max_bytes:
            raise FileTooBig(f"more than {max_bytes} bytes")
    return bytes(content)
