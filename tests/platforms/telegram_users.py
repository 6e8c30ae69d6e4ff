"""People on the fake Telegram, and the updates that their deeds cause.

Source of the shapes: Bot API, "Update", "Message", "CallbackQuery", "ChatMemberUpdated".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.platforms.postman import Parcel

if TYPE_CHECKING:
    from tests.platforms.telegram import FakeTelegram
    from tests.platforms.telegram_wire import Arrived


@dataclass(eq=False)
class TelegramUser:
    """Somebody who writes to the bot. ``chat`` is their private chat, or a group (negative) in
    which ``id`` writes. Every deed gives the parcel that brings it to the bot."""

    telegram: FakeTelegram
    chat: int
    id: int
    name: str
    blocked: bool = False

    @property
    def arrived(self) -> list[Arrived]:
        """What the bot sent here, in order."""
        return self.telegram.chats[self.chat]

    def say(self, text: str, **more: Any) -> Parcel:
        """A text message; ``more`` goes into the message (``message_thread_id``)."""
        return self._message(text, text=text, **more)

    def tap(self, data: str) -> Parcel:
        """Press the newest button with this data or this label."""
        for old in reversed(self.arrived):
            for of_button, label in old.buttons:
                if data in (of_button, label):
                    return self._query(of_button, label, old.message_id, old.text)
        return self._query(data, data, 0, "?")

    def send_file(
        self, content: bytes, name: str, mime: str = "application/pdf", caption: str = ""
    ) -> Parcel:
        """A document."""
        about = self.telegram.store(content) | {"file_name": name, "mime_type": mime}
        said = {"caption": caption} if caption else {}
        return self._message(caption, document=about, **said)

    def send_photo(self, content: bytes, caption: str = "") -> Parcel:
        """A photo, in one size."""
        size = self.telegram.store(content) | {"width": 90, "height": 90}
        said = {"caption": caption} if caption else {}
        return self._message(caption, photo=[size], **said)

    def share_phone(self, number: str) -> Parcel:
        """Their own contact card, as the button for it sends it."""
        card = {"phone_number": number, "first_name": self.name, "user_id": self.id}
        return self._message(number, contact=card)

    def edit(self, parcel: Parcel, text: str) -> Parcel:
        """Write an earlier message anew."""
        old = parcel.content["message"]
        now = self.telegram.now()
        return self._post(text, edited_message={**old, "text": text, "edit_date": now})

    def block(self) -> Parcel:
        """Block the bot: it is told, and from now on refused with 403."""
        self.blocked = True
        return self._membership("member", "kicked")

    def unblock(self) -> Parcel:
        self.blocked = False
        return self._membership("kicked", "member")

    def _membership(self, old: str, new: str) -> Parcel:
        me = self.telegram.about_me()
        until = {"until_date": 0}
        change = {
            "chat": self._chat(),
            "from": self._self(),
            "date": self.telegram.now(),
            "old_chat_member": {"user": me, "status": old, **(until if old == "kicked" else {})},
            "new_chat_member": {"user": me, "status": new, **(until if new == "kicked" else {})},
        }
        return self._post(f"({new})", lane=f"member{self.chat}", my_chat_member=change)

    def _message(self, words: str, **content: Any) -> Parcel:
        return self._post(words, message={**self._head(), "from": self._self(), **content})

    def _query(self, data: str, label: str, message_id: int, text: str) -> Parcel:
        seen = {"message_id": message_id, "date": self.telegram.now(), "chat": self._chat()}
        query = {
            "id": self.telegram.new_query(),
            "from": self._self(),
            "chat_instance": str(self.chat),
            "data": data,
            "message": {**seen, "from": self.telegram.about_me(), "text": text},
        }
        return self._post(label, lane=f"query{self.id}", callback_query=query)

    def _post(self, words: str, lane: str = "", **update: Any) -> Parcel:
        return self.telegram.news(lane or f"chat{self.chat}", self, words, update)

    def _head(self) -> dict[str, Any]:
        number = self.telegram.new_message()
        return {"message_id": number, "date": self.telegram.now(), "chat": self._chat()}

    def _self(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": "id"}

    def _chat(self) -> dict[str, Any]:
        if self.chat < 0:
            return {"id": self.chat, "type": "supergroup", "title": "Grup", "is_forum": True}
        return {"id": self.chat, "type": "private", "first_name": self.name}
