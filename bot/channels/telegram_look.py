"""How a message of ours looks on Telegram: text with bold entities, and its keyboard. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from telegram import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    User,
)

from bot.channels.port import Button, Outgoing

SHARE_PHONE = "Bagikan nomor saya"
TYPE_PHONE = "atau ketik nomor telepon/HP"
OPEN_LINK = "Buka tautan"
SHORT_LABEL = 17
"""Two labels up to this length stand side by side on a small phone."""

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply

_MOST_ENTITIES = 100
_BOLD = re.compile(r"\*(?=\S)([^*\n]+?)(?<=\S)\*")


@dataclass(frozen=True, slots=True)
class Look:
    """A message ready to go. ``sweep``: a reply keyboard must be removed, and this
    message's own markup is taken up by its buttons."""

    text: str
    bold: tuple[MessageEntity, ...] = ()
    markup: Markup | None = None
    sweep: bool = False


def look(out: Outgoing, *, private: bool) -> Look:
    """Everything visible of ``out``. ``private``: the number can be asked for only there.

    A keyboard that shares the number cannot stand with inline buttons: then the choices
    are plain buttons that type their own label, which counts as the tap.
    """
    asks = out.ask_phone and private
    button = None if asks or out.link is None else _link_button(out)
    text, bold = emphasised(out.text if button else _with_link(out))
    bold = (*bold, *_mentions(text, out.mentions))
    if out.asks:
        return Look(text, bold, ForceReply(selective=True))
    if asks:
        return Look(text, bold, _reply_keyboard(out.buttons))
    rows = list(_rows(out.buttons))
    if button:
        rows.append([button])
    if rows:
        return Look(text, bold, InlineKeyboardMarkup(rows), sweep=out.hide_keyboard)
    return Look(text, bold, ReplyKeyboardRemove() if out.hide_keyboard else None)


def emphasised(text: str) -> tuple[str, tuple[MessageEntity, ...]]:
    """The text without its ``*bold*`` signs, and the entities that carry the bold.

    Offsets are UTF-16 units, as Telegram counts. A lone asterisk stays as it is, a lone
    surrogate (which cannot be sent) becomes a replacement sign.
    """
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    plain, spans, end = "", [], 0
    for found in _BOLD.finditer(text):
        plain += text[end : found.start()]
        spans.append(MessageEntity(MessageEntity.BOLD, len(plain), len(found[1])))
        plain += found[1]
        end = found.end()
    plain += text[end:]
    return plain, tuple(
        MessageEntity.adjust_message_entities_to_utf_16(plain, spans[:_MOST_ENTITIES])
    )


def _mentions(text: str, people: Iterable[tuple[str, str]]) -> tuple[MessageEntity, ...]:
    """Entities that call people by their id, where the text names them."""
    found = tuple(
        MessageEntity(
            MessageEntity.TEXT_MENTION,
            text.index(words),
            len(words),
            user=User(int(person), words, is_bot=False),
        )
        for words, person in people
        if words in text and person.isascii() and person.isdigit()
    )
    return tuple(MessageEntity.adjust_message_entities_to_utf_16(text, found))


def utf16_length(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _rows(buttons: Iterable[Button]) -> Iterator[list[InlineKeyboardButton]]:
    row: list[Button] = []
    for button in buttons:
        if row and (len(row) == 2 or not (_short(row[0]) and _short(button))):
            yield [_inline(each) for each in row]
            row = []
        row.append(button)
    if row:
        yield [_inline(each) for each in row]


def _short(button: Button) -> bool:
    return utf16_length(button.label) <= SHORT_LABEL


def _inline(button: Button) -> InlineKeyboardButton:
    # By name: the library's second positional argument is a URL.
    return InlineKeyboardButton(button.label, callback_data=button.data)


def _reply_keyboard(buttons: Iterable[Button]) -> ReplyKeyboardMarkup:
    share = KeyboardButton(SHARE_PHONE, request_contact=True)
    labels = [[KeyboardButton(button.text) for button in row] for row in _rows(buttons)]
    return ReplyKeyboardMarkup(
        [[share], *labels],
        resize_keyboard=True,
        one_time_keyboard=True,
        input_field_placeholder=TYPE_PHONE,
    )


def _with_link(out: Outgoing) -> str:
    if out.link is None or out.link in out.text:
        return out.text
    if "{link}" in out.text:
        return out.text.replace("{link}", out.link)
    return f"{out.text}\n\n{out.link}" if out.text else out.link


def _link_button(out: Outgoing) -> InlineKeyboardButton | None:
    """None where the text holds the link's place, or Telegram would refuse the button
    (it takes public addresses only)."""
    link = out.link or ""
    placed = "{link}" in out.text or link in out.text
    return None if placed or not _public(link) else InlineKeyboardButton(OPEN_LINK, url=link)


def _public(link: str) -> bool:
    parts = urlsplit(link)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" and "." in host
    return False
