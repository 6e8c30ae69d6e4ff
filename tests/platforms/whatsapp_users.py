"""People on the fake WhatsApp, and the webhook values that their deeds cause.

Source of the shapes: WhatsApp Cloud API, "messages webhook reference".
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.platforms.postman import Parcel

if TYPE_CHECKING:
    from tests.platforms.whatsapp import Arrived, FakeWhatsApp

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Media:
    """A stored file. ``lie`` says what the platform tells wrongly of it: ``type`` or
    ``sha256``."""

    id: str
    content: bytes
    mime: str
    lie: str = ""

    def sha256(self) -> str:
        """Its checksum in base64, as webhooks carry it."""
        shown = self.content + b"?" if self.lie == "sha256" else self.content
        return base64.b64encode(hashlib.sha256(shown).digest()).decode()

    def told_mime(self) -> str:
        return "application/pdf" if self.lie == "type" else self.mime


@dataclass(eq=False)
class WhatsAppUser:
    """Somebody on WhatsApp. ``wa_id`` is the number they hold, ``bsuid`` their id for this
    business; a payload shows what there is of both, the number only with ``shows_number``.
    ``window`` is until when free words are taken (seconds since 1970). Every deed gives the
    parcel that brings it to the bot; their deeds and what arrived are theirs under any id."""

    fake: FakeWhatsApp
    wa_id: str | None
    bsuid: str | None
    name: str
    shows_number: bool = True
    blocked: bool = False
    window: float = 0.0
    lane: str = ""
    ids: set[str] = field(default_factory=set)

    @property
    def arrived(self) -> list[Arrived]:
        """What the bot sent them, in order."""
        return self.fake.chats[self]

    def say(self, text: str, **more: Any) -> Parcel:
        return self._message("text", {"body": text}, text, **more)

    def tap(self, choice: str) -> Parcel:
        """Press the newest button or list row with this id or title."""
        for old in reversed(self.arrived):
            for ref, title in old.buttons:
                if choice in (ref, title):
                    return self._choose(old, ref, title)
        raise AssertionError(f"{self.name} has no button {choice!r}")

    def send_image(self, content: bytes, mime: str = "image/jpeg", caption: str = "") -> Parcel:
        return self.send_file("image", content, mime, caption)

    def send_file(
        self, kind: str, content: bytes, mime: str, caption: str = "", name: str = ""
    ) -> Parcel:
        """A file of a kind: image, audio, video, document, sticker."""
        media = self.fake.shelf.store(content, mime)
        about = {"id": media.id, "mime_type": media.told_mime(), "sha256": media.sha256()}
        told = {"caption": caption, "filename": name}
        return self._message(kind, {**about, **{k: v for k, v in told.items() if v}}, caption)

    def react(self, emoji: str = "\N{THUMBS UP SIGN}") -> Parcel:
        """To the bot's newest message. It opens no window."""
        about = {"message_id": self.arrived[-1].id, "emoji": emoji}
        return self._message("reaction", about, emoji, opens=False)

    def send(self, kind: str, part: Any, words: str = "") -> Parcel:
        """Any other kind of message: ``location``, ``contacts``, ``order`` ..."""
        return self._message(kind, part, words)

    def send_unsupported(self) -> Parcel:
        title = "Message type unknown"
        errors = [{"code": 131051, "title": title, "message": title}]
        return self._message("unsupported", None, "", errors=errors)

    def change_number(self, new: str, bsuid: str | None = None) -> Parcel:
        """Another phone number; with it comes another id for this business."""
        old, before = self.wa_id, self.bsuid
        system = {"type": "user_changed_number", "body": f"{self.name} changed", "wa_id": new}
        if self.bsuid:
            bsuid = bsuid or self.fake.new_bsuid()
            system |= {"user_id": bsuid}
        parcel = self._system(system, old, before)
        self.fake.rename(self, new, bsuid or self.bsuid)
        return parcel

    def change_user_id(self, new: str) -> Parcel:
        """Another id for this business, under the same number."""
        system = {"type": "user_changed_user_id", "body": f"{self.name} changed", "user_id": new}
        if self.bsuid:
            system |= {"previous_user_id": self.bsuid}
        parcel = self._system(system, self.wa_id, self.bsuid)
        self.fake.rename(self, self.wa_id, new)
        return parcel

    def block(self) -> None:
        """The bot is told nothing; what it sends from now on is undeliverable (131026)."""
        self.blocked = True

    def unblock(self) -> None:
        self.blocked = False

    def contact(self, told: bool = True) -> dict[str, Any]:
        """The entry of ``contacts`` for them."""
        about: dict[str, Any] = {"profile": {"name": self.name}} if told else {}
        if self.wa_id and (self.shows_number or not self.bsuid):
            about["wa_id"] = self.wa_id
        if self.bsuid:
            about["user_id"] = self.bsuid
        return about

    def _choose(self, old: Arrived, ref: str, title: str) -> Parcel:
        context = {"from": self.fake.display, "id": old.id}
        if old.kind == "template":
            pressed = {"payload": ref, "text": title}
            return self._message("button", pressed, title, context=context)
        reply = "list_reply" if old.kind == "list" else "button_reply"
        part: dict[str, Any] = {"type": reply, reply: {"id": ref, "title": title}}
        return self._message("interactive", part, title, context=context)

    def _system(self, system: dict[str, Any], number: str | None, bsuid: str | None) -> Parcel:
        message = {**self._head(number, bsuid), "type": "system", "system": system}
        return self.fake.news(self, {"messages": [message]}, message["id"], "")

    def _message(self, kind: str, part: Any, words: str, opens: bool = True, **more: Any) -> Parcel:
        shown = self.contact()
        head = self._head(shown.get("wa_id"), shown.get("user_id"))
        message = {**head, "type": kind, **more, **({kind: part} if part is not None else {})}
        if opens:
            self.window = self.fake.clock() + DAY
        value = {"contacts": [shown], "messages": [message]}
        return self.fake.news(self, value, message["id"], words)

    def _head(self, number: str | None, bsuid: str | None) -> dict[str, Any]:
        about = {"from": number, "from_user_id": bsuid}
        head = {"id": self.fake.new_wamid(), "timestamp": str(int(self.fake.clock()))}
        return {**{k: v for k, v in about.items() if v}, **head}
