"""One WhatsApp message as an event in our words. Pure: no network, no clock.

Source: Cloud API, "Webhooks: messages webhook reference".
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from bot.channels.whatsapp_media import media_ref
from bot.channels.whatsapp_people import (
    Json,
    NotUnderstood,
    bsuid_of,
    id_of,
    instant_of,
    number_of,
    object_of,
    person_of,
    text_of,
)
from bot.incoming import Became, ConversationKey, Incoming, IncomingFile
from bot.rendering import OLD, parse_choice
from dialogs.heard import FileKind, SharedPhone, Tap

CHANNEL = "whatsapp"

_MIME = re.compile(r"[a-z0-9.+_-]+/[a-z0-9.+_-]+")

# kind, stem of the made-up name, usual MIME type
_MEDIA: Mapping[str, tuple[FileKind, str, str]] = {
    "image": ("image", "foto", "image/jpeg"),
    "video": ("video", "video", "video/mp4"),
    "audio": ("audio", "audio", "audio/ogg"),
    "voice": ("voice", "suara", "audio/ogg"),
    "document": ("document", "dokumen", "application/octet-stream"),
}

# Where the standard library knows none, or a rarer one.
_ENDINGS: Mapping[str, str] = {
    "audio/ogg": ".ogg",
    "audio/amr": ".amr",
    "video/3gpp": ".3gp",
    "application/octet-stream": "",
}

_NEW_IDS = ("user_changed_number", "customer_changed_number", "user_changed_user_id")


def read(message: object, contacts: Sequence[Json], account: str) -> Incoming | None:
    """The event in ``message``, or None where it is not for us: a group's, or news of the
    platform that changes no id. ``contacts`` are the entries that belong to its sender,
    ``account`` is ``whatsapp:<phone_number_id>``.

    Raises NotUnderstood, or whatever a twisted field causes: the caller parks the message.
    """
    if not isinstance(message, dict):
        raise NotUnderstood("a message is no object")
    if message.get("group_id"):
        return None
    wamid, kind = id_of(message.get("id")), text_of(message, "type")
    if wamid is None:
        raise NotUnderstood("a message has no id")
    if kind == "system":
        return _new_ids(object_of(message, "system"), message, wamid, account)
    person = person_of(message, contacts)
    event = Incoming(
        key=ConversationKey(CHANNEL, account, person.chat),
        event_id=wamid,
        sent_at=instant_of(message.get("timestamp")),
        message_id=wamid,
        quotes=_quoted(message),
        profile_name=person.name,
        ack=wamid,
        number=person.number,
    )
    return _content(event, message, kind)


def _content(event: Incoming, message: Json, kind: str) -> Incoming:
    reader = _READERS.get(kind)
    return reader(event, message) if reader else replace(event, other="unsupported")


def _quoted(message: Json) -> str | None:
    """A forwarded message has a context too, without an id."""
    context = message.get("context")
    return id_of(context.get("id")) if isinstance(context, dict) else None


def _text(event: Incoming, message: Json) -> Incoming:
    return replace(event, text=text_of(object_of(message, "text"), "body"))


def _file(event: Incoming, message: Json) -> Incoming:
    name = message["type"]
    medium = object_of(message, name)
    media_id = id_of(medium.get("id"))
    if media_id is None:
        raise NotUnderstood("a file has no id")
    if name == "audio" and medium.get("voice") is True:
        name = "voice"
    kind, stem, usual = _MEDIA[name]
    mime = _mime(medium.get("mime_type")) or usual
    given, caption, sha256 = (medium.get(part) for part in ("filename", "caption", "sha256"))
    ending = _ENDINGS[mime] if mime in _ENDINGS else mimetypes.guess_extension(mime) or ""
    tail = re.sub(r"[^A-Za-z0-9]", "", event.event_id)[-8:]
    file = IncomingFile(
        # A screenshot sent "as a file" is a picture for the conversation.
        kind="image" if kind == "document" and mime.startswith("image/") else kind,
        name=given if isinstance(given, str) and given.strip() else f"{stem}-{tail}{ending}",
        mime=mime,
        ref=media_ref(media_id, sha256 if isinstance(sha256, str) else ""),
    )
    return replace(event, files=(file,), text=caption if isinstance(caption, str) else "")


def _mime(value: object) -> str | None:
    """Without parameters: voice notes come as ``audio/ogg; codecs=opus``."""
    plain = value.partition(";")[0].strip().lower() if isinstance(value, str) else ""
    return plain if _MIME.fullmatch(plain) else None


def _other(event: Incoming, message: Json) -> Incoming:
    return replace(event, other=message["type"])


def _cards(event: Incoming, message: Json) -> Incoming:
    """The sender's own number if it is among them, else the first there is."""
    cards = message.get("contacts")
    if not isinstance(cards, list):
        raise NotUnderstood("contacts is no list")
    numbers = [number for card in cards for number in _numbers(card)]
    if not numbers:
        return replace(event, other="contact")
    own = f"+{event.number}"
    return replace(event, phone=SharedPhone(own if own in numbers else numbers[0], own in numbers))


def _numbers(card: object) -> Iterator[str]:
    """E.164. ``wa_id`` is the platform's; ``phone`` may be written as at home."""
    phones = card.get("phones") if isinstance(card, dict) else None
    for phone in phones if isinstance(phones, list) else ():
        if not isinstance(phone, dict):
            continue
        if wa_id := number_of(phone.get("wa_id")):
            yield f"+{wa_id}"
        try:
            number = phonenumbers.parse(str(phone.get("phone") or ""), "ID")
        except NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            yield phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _interactive(event: Incoming, message: Json) -> Incoming:
    interactive = object_of(message, "interactive")
    for name in ("button_reply", "list_reply"):
        if name in interactive:
            step, value = parse_choice(text_of(object_of(interactive, name), "id"))
            return replace(event, tap=Tap(value, step))
    form = interactive.get("type") == "nfm_reply"
    return replace(event, other="form" if form else "unsupported")


def _quick_reply(event: Incoming, message: Json) -> Incoming:
    """A template's button gives back the choice we put into it, or only its label."""
    button = object_of(message, "button")
    payload = button.get("payload")
    step, value = parse_choice(payload) if isinstance(payload, str) else (OLD, "")
    if step != OLD and value:
        return replace(event, tap=Tap(value, step))
    return replace(event, text=text_of(button, "text"))


def _reaction(event: Incoming, message: Json) -> Incoming:
    emoji = object_of(message, "reaction").get("emoji")
    shown = emoji if isinstance(emoji, str) and emoji else "dihapus"
    return replace(event, aside=f"(reaksi {shown})")


def _edit(event: Incoming, message: Json) -> Incoming:
    edit = object_of(message, "edit")
    edited = object_of(edit, "message")
    kind = text_of(edited, "type")
    if kind in ("edit", "revoke"):
        raise NotUnderstood("an edit holds no message")
    replaced = id_of(edit.get("original_message_id"))
    quotes = event.quotes or _quoted(edited)
    return _content(replace(event, edits=replaced, quotes=quotes), edited, kind)


def _revoke(event: Incoming, message: Json) -> Incoming:
    return replace(event, aside="(pesan dihapus)")


def _new_ids(system: Json, message: Json, wamid: str, account: str) -> Incoming | None:
    """Somebody goes on under another number or user id: told under the old one.

    ``from`` is the old number; ``previous_user_id`` came in August 2026. The older spellings
    are ``customer`` and ``new_wa_id``. An id that is also the new one does not say who it was.
    """
    if system.get("type") not in _NEW_IDS:
        return None
    new_chat = bsuid_of(system.get("new_user_id")) or bsuid_of(system.get("user_id"))
    new_number = number_of(system.get("new_wa_id")) or number_of(system.get("wa_id"))
    if new_chat is None and system.get("previous_user_id"):
        new_chat = bsuid_of(message.get("from_user_id"))
    named = (system.get("previous_user_id"), system.get("user_id"))
    chats = map(bsuid_of, (*named, message.get("from_user_id"), message.get("from")))
    old_chat = next((chat for chat in chats if chat and chat != new_chat), None)
    numbers = map(number_of, (system.get("customer"), message.get("from")))
    old_number = next((each for each in numbers if each and each != new_number), None)
    # A number alone may be the new one, which was somebody else's before.
    told = system["type"] != "user_changed_user_id" or new_number is not None
    old = old_chat or (old_number if told else None)
    became = Became(chat=new_chat, number=new_number)
    if old is None or became == Became():
        raise NotUnderstood("a change of ids does not say from what to what")
    return Incoming(
        key=ConversationKey(CHANNEL, account, old),
        event_id=wamid,
        sent_at=instant_of(message.get("timestamp")),
        message_id=wamid,
        ack=wamid,
        number=old_number,
        became=became,
    )


_READERS: Mapping[str, Callable[[Incoming, Json], Incoming]] = {
    "text": _text,
    **dict.fromkeys(_MEDIA, _file),
    **dict.fromkeys(("sticker", "location", "order", "unsupported"), _other),
    "contacts": _cards,
    "interactive": _interactive,
    "button": _quick_reply,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
}
