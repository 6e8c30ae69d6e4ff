"""What a Telegram update says, in our words. Pure: no bot, no network, no clock.

Source: Bot API, "Getting updates" and "Available types".
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from telegram import (
    CallbackQuery,
    Chat,
    ChatMemberUpdated,
    Contact,
    Message,
    PhotoSize,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, ChatType

from bot.incoming import ConversationKey, Incoming, IncomingFile
from dialogs.heard import FileKind, SharedPhone, Tap

CHANNEL = "telegram"
DOWNLOAD_LIMIT = 20 << 20
"""Bytes that getFile gives out at most (20 MiB)."""

OLD_STEP = -1
"""The step of a tap whose data are not ours: older than every step, so it changes nothing."""

_GROUPS = (ChatType.GROUP, ChatType.SUPERGROUP)
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?=\s|$)")
_JOIN = re.compile(r"\s+([A-Za-z0-9_-]{16,64})\s*")
_TAP = re.compile(r"(\d{1,9}):(.+)", re.DOTALL)

# attribute, kind, stem of the made-up name, usual MIME type, its ending. An animation is
# repeated by Telegram as a document, so it stands before it.
_MEDIA: tuple[tuple[str, FileKind, str, str, str], ...] = (
    ("animation", "video", "animasi", "video/mp4", ".mp4"),
    ("video", "video", "video", "video/mp4", ".mp4"),
    ("video_note", "video", "video", "video/mp4", ".mp4"),
    ("voice", "voice", "suara", "audio/ogg", ".ogg"),
    ("audio", "audio", "audio", "audio/mpeg", ".mp3"),
    ("document", "document", "dokumen", "application/octet-stream", ""),
    ("live_photo", "video", "foto", "video/mp4", ".mp4"),
)

# What people can send and we cannot read. A venue carries a location too.
_OTHERS = (
    "sticker",
    "venue",
    "location",
    "poll",
    "dice",
    "game",
    "story",
    "checklist",
    "paid_media",
    "giveaway",
    "invoice",
)

_IN_CHAT = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)


def read(raw: dict[str, Any]) -> Update:
    """The raw JSON object as python-telegram-bot's type, tied to no bot.

    Raises whatever a missing or twisted field causes (KeyError, TypeError, ValueError,
    AttributeError, ...): the caller stores ``raw`` and parks it.
    """
    update: Update = Update.de_json(raw, None)
    return update


def parse(update: Update, account: str, agent_group: str | None) -> tuple[Incoming, ...]:
    """The events in one update: one, or none when it is not for us.

    ``account`` is our side (``telegram:<bot id>``), ``agent_group`` the chat id of the
    agents' own group. Nothing of a foreign group's text is kept. Channel posts, other
    bots' messages, service messages and update types we did not ask for give ().
    """
    return tuple(
        replace(event, event_id=str(update.update_id))
        for kind, reader in _READERS
        if (content := getattr(update, kind)) is not None
        and (event := reader(content, account, agent_group)) is not None
    )


def _message(message: Message, account: str, agent_group: str | None) -> Incoming | None:
    sender = message.from_user
    content = None if sender is None or sender.is_bot else _content(message, sender)
    if content is None:
        return None
    return _placed(content, message, account, agent_group)


def _edit(message: Message, account: str, agent_group: str | None) -> Incoming | None:
    event = _message(message, account, agent_group)
    # A live location moves by edits; those tell us nothing.
    if event is None or event.foreign_group or event.other:
        return None
    changed = message.edit_date or event.sent_at
    return replace(event, edits=event.message_id, sent_at=changed, link_token=None)


def _placed(event: Incoming, message: Message, account: str, agent_group: str | None) -> Incoming:
    key = _key(message.chat, _thread(message), account)
    if _foreign(message.chat, agent_group):
        return _foreign_event(key, message.date)
    return replace(
        event,
        key=key,
        sent_at=message.date,
        message_id=str(message.message_id),
        quotes=_quoted(message),
        album=message.media_group_id,
    )


def _content(message: Message, sender: User) -> Incoming | None:
    """What the person sent, not yet placed in a chat; None for a service message."""
    text, token = _words(message.text or message.caption or "")
    file = _file(message)
    other = next((name for name in _OTHERS if getattr(message, name) is not None), None)
    if not (text or file or other or message.contact):
        return None
    return Incoming(
        key=_NOWHERE,
        event_id="",
        text=text,
        files=(file,) if file else (),
        phone=_phone(message.contact, sender) if message.contact else None,
        link_token=token,
        other=other,
        profile_name=sender.full_name,
    )


def _words(text: str) -> tuple[str, str | None]:
    """The text with a command freed of the bot's name, and the join token of a deep link.

    What follows ``/start`` came from a link, not from the person: a join token is taken
    out, anything else (a poster's tag) is dropped.
    """
    found = _COMMAND.match(text)
    if found is None:
        return text, None
    command, rest = f"/{found[1].lower()}", text[found.end() :]
    if command != "/start":
        return command + rest, None
    token = _JOIN.fullmatch(rest)
    return command, token[1] if token else None


def _file(message: Message) -> IncomingFile | None:
    if message.photo:
        return _photo(message.photo, message.message_id)
    for attribute, kind, stem, usual, ending in _MEDIA:
        medium = getattr(message, attribute)
        if medium is None:
            continue
        mime = getattr(medium, "mime_type", None) or usual
        ending = ending if mime == usual else mimetypes.guess_extension(mime) or ""
        return IncomingFile(
            # A screenshot sent "as a file" is a picture for the conversation.
            kind="image" if kind == "document" and mime.startswith("image/") else kind,
            name=getattr(medium, "file_name", None) or f"{stem}-{message.message_id}{ending}",
            mime=mime,
            size=medium.file_size,
            ref=medium.file_id,
        )
    return None


def _photo(sizes: Sequence[PhotoSize], message_id: int) -> IncomingFile:
    """The largest size that can be downloaded; Telegram makes JPEG of every photo."""
    by_area = sorted(sizes, key=lambda size: size.width * size.height)
    fitting = [size for size in by_area if (size.file_size or 0) <= DOWNLOAD_LIMIT]
    best = fitting[-1] if fitting else by_area[0]
    name = f"foto-{message_id}.jpg"
    return IncomingFile("image", name, "image/jpeg", best.file_size, best.file_id)


def _phone(contact: Contact, sender: User) -> SharedPhone:
    """A forwarded card arrives like one's own: only the user id proves whose it is."""
    return SharedPhone(_e164(contact.phone_number), own=contact.user_id == sender.id)


def _e164(number: str) -> str:
    """Telegram leaves the plus out; cards from an address book are written as at home."""
    digits = "".join(char for char in number if char.isdecimal())
    for prefix, international in (("00", "+"), ("0", "+62")):
        if not number.lstrip().startswith("+") and digits.startswith(prefix):
            return international + digits.removeprefix(prefix)
    return f"+{digits}"


def _tap(query: CallbackQuery, account: str, agent_group: str | None) -> Incoming | None:
    message = query.message
    if message is None or query.from_user.is_bot:
        return None
    thread = _thread(message) if isinstance(message, Message) else ""
    key = _key(message.chat, thread, account)
    if _foreign(message.chat, agent_group):
        return _foreign_event(key, None)
    data = query.data or ""
    found = _TAP.fullmatch(data)
    return Incoming(
        key=key,
        event_id="",
        tap=Tap(found[2], int(found[1])) if found else Tap(data, OLD_STEP),
        profile_name=query.from_user.full_name,
        ack=query.id,
    )


def _member(change: ChatMemberUpdated, account: str, agent_group: str | None) -> Incoming | None:
    key = _key(change.chat, "", account)
    was, now = _inside(change.old_chat_member), _inside(change.new_chat_member)
    if _foreign(change.chat, agent_group):
        return _foreign_event(key, change.date) if now and not was else None
    if change.chat.type != ChatType.PRIVATE:
        return None
    return Incoming(
        key=key,
        event_id="",
        sent_at=change.date,
        profile_name=change.from_user.full_name,
        membership="unblocked" if now else "blocked",
    )


def _inside(member: Any) -> bool:
    """A restricted member may be in the group or not; ``is_member`` says it."""
    return member.status in _IN_CHAT or bool(getattr(member, "is_member", False))


def _foreign(chat: Chat, agent_group: str | None) -> bool:
    return chat.type in _GROUPS and str(chat.id) != agent_group


def _foreign_event(key: ConversationKey, sent_at: datetime | None) -> Incoming:
    return Incoming(key=key, event_id="", sent_at=sent_at, foreign_group=True)


def _key(chat: Chat, thread: str, account: str) -> ConversationKey:
    return ConversationKey(CHANNEL, account, str(chat.id), thread)


def _thread(message: Message) -> str:
    """The topic. Plain groups number their reply threads too; those are no topics."""
    return str(message.message_thread_id) if message.is_topic_message else ""


def _quoted(message: Message) -> str | None:
    """What the person replied to. In a topic every message "replies" to its creation."""
    quoted = message.reply_to_message
    if quoted is None or quoted.forum_topic_created is not None:
        return None
    return str(quoted.message_id)


_NOWHERE = ConversationKey(CHANNEL, "", "")
_Reader = Callable[[Any, str, str | None], Incoming | None]
_READERS: tuple[tuple[str, _Reader], ...] = (
    ("message", _message),
    ("edited_message", _edit),
    ("callback_query", _tap),
    ("my_chat_member", _member),
)

ALLOWED_UPDATES = tuple(kind for kind, _ in _READERS)
"""The update types we ask Telegram for."""
