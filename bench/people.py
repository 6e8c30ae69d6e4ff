"""People with a case each, and the letters in which their platform brings what they say.

Sources: Bot API, "Update"; WhatsApp Cloud API, "Webhooks" (payload, ``X-Hub-Signature-256``).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any, Literal

TELEGRAM_TOKEN = "100:" + "b" * 35
TELEGRAM_SECRET = "benchmark-secret"
WHATSAPP_TOKEN = "benchmark-token"
APP_SECRET = "benchmark-app-secret"
PHONE_ID = "106540352242922"
SCRIPT = (
    "halo min",
    "gagal upload dokumen penawaran",
    "buat tiket",
    "Budi Santoso",
    "CV Maju Jaya",
    "Jl. Sudirman No. 5, Batam",
    "0812-3456-7890",
    "penyedia",
    "lanjut",
    "lewati semua",
    "tidak ada",
    "kirim",
    "cek tiket",
)

Channel = Literal["telegram", "whatsapp"]
_OWN_WORDS = ("gagal", "Jl.", "Budi")
new_ids = itertools.count(1)
_people = itertools.count(1)


@dataclass(slots=True)
class Said:
    """One message of a person: when it was due (or begun), and when the webhook said 200."""

    id: str
    due: float
    taken: float | None = None


@dataclass(eq=False, slots=True)
class Person:
    """Somebody with one case, from greeting to ticket. ``got`` is what arrived here: id and
    time, in order."""

    channel: Channel
    number: int = field(default_factory=lambda: next(_people))
    said: list[Said] = field(default_factory=list)
    got: list[tuple[str, float]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def chat(self) -> str:
        """What the bot calls this chat."""
        first = 5_000_000 + self.number
        return str(first) if self.channel == "telegram" else f"ID.{first}"

    @property
    def wa_id(self) -> str:
        return f"62812{self.number:08d}"

    @property
    def done(self) -> bool:
        """Whether their case is through."""
        return len(self.said) >= len(SCRIPT)

    def words(self) -> str:
        """Their next line, with a question and names that nobody wrote before: an engine's
        memory of texts must not make a turn look faster than it is."""
        line = SCRIPT[len(self.said)]
        return f"{line} paket {self.number}" if line.startswith(_OWN_WORDS) else line


def _telegram_letter(person: Person, said: Said) -> tuple[str, str, bytes]:
    number = next(new_ids)
    said.id = str(number)
    chat = int(person.chat)
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": chat, "type": "private", "first_name": "Budi"},
        "from": {"id": chat, "is_bot": False, "first_name": "Budi"},
        "text": person.words(),
    }
    body = json.dumps({"update_id": number, "message": message}).encode()
    header = f"x-telegram-bot-api-secret-token: {TELEGRAM_SECRET}"
    return "/webhooks/telegram", header, body


def _whatsapp_letter(person: Person, said: Said) -> tuple[str, str, bytes]:
    said.id = f"wamid.{next(new_ids)}"
    message = {
        "from": person.wa_id,
        "from_user_id": person.chat,
        "id": said.id,
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": person.words()},
    }
    contact = {"profile": {"name": "Budi"}, "wa_id": person.wa_id, "user_id": person.chat}
    return signed(payload({"contacts": [contact], "messages": [message]}))


LETTERS = {"telegram": _telegram_letter, "whatsapp": _whatsapp_letter}


def payload(value: dict[str, Any]) -> bytes:
    """What Meta posts about one value."""
    about = {"display_phone_number": "62215550100", "phone_number_id": PHONE_ID}
    whole = {"messaging_product": "whatsapp", "metadata": about, **value}
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": whole}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(body: bytes) -> tuple[str, str, bytes]:
    """Path, signature header and body of a call of WhatsApp's webhook."""
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return "/webhooks/whatsapp", f"x-hub-signature-256: sha256={digest}", body
