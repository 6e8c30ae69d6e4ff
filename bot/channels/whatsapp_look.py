"""How a message of ours looks on WhatsApp: the JSON of the Graph API, within its limits. Pure.

Source: Cloud API, "Messages" (text, interactive button and list, template, image, document).
Rendering obeys the limits already; what still is too long here is cut, since Meta refuses the
whole message otherwise. ``*bold*`` is WhatsApp's own sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.channels.port import Button, OutFile, Outgoing, Refused, Template

PICK = "Pilih"
PICK_BELOW = "Silakan pilih."

TEXT_LIMIT = 4096
CHOICE_TEXT_LIMIT = 1024
CAPTION_LIMIT = 1024
IMAGE_LIMIT = 5 << 20
"""Bytes; a larger picture goes as a document."""

BUTTONS, TITLE = 3, 20
ROWS, ROW_TITLE = 10, 24

_DETAIL = 72
_BUTTON_ID, _ROW_ID, _PAYLOAD = 256, 200, 128
_PARAMETER, _FILE_NAME, _REF = 1024, 240, 512
_PICTURES = ("image/jpeg", "image/png")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,132}")
_NUMBER = re.compile(r"[0-9]{5,20}")
_MIME = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+")

Json = dict[str, Any]


def envelope(to: Mapping[str, str], content: Json, ref: str = "") -> Json:
    """A whole request: ``content`` to the ``address``. ``ref`` comes back in every status."""
    tracked = {"biz_opaque_callback_data": ref[:_REF]} if ref else {}
    common = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    return {**common, **to, **content, **tracked}


def address(chat: str) -> dict[str, str]:
    """Where a chat is written to: a user id (BSUID) and a phone number have a field each.
    Raises Refused for anything else."""
    if _NUMBER.fullmatch(chat):
        return {"to": chat}
    if _USER_ID.fullmatch(chat):
        return {"recipient": chat}
    raise Refused("not a WhatsApp user")


def number(digits: str | None) -> dict[str, str]:
    """The address of a phone number; empty where there is none."""
    found = (digits or "").lstrip("+")
    return {"to": found} if _NUMBER.fullmatch(found) else {}


def words(out: Outgoing) -> Json:
    """The text with its choices: up to three short ones as buttons, else a list. Raises
    Refused where there is nothing to say."""
    choices = _distinct(out.buttons)
    if choices:
        return _interactive(_body(out, CHOICE_TEXT_LIMIT) or PICK_BELOW, choices)
    body = _body(out, TEXT_LIMIT)
    if not body:
        raise Refused("the message is empty")
    return {"type": "text", "text": {"body": body, "preview_url": False}}


def caption(out: Outgoing) -> str | None:
    """What goes with the file; None where the text is too long for that or has choices, and so
    needs a message of its own."""
    text = _body(out, TEXT_LIMIT)
    return None if out.buttons or _units(text) > CAPTION_LIMIT else text


def template(filled: Template) -> Json:
    """A template message; parameters may hold no line breaks, tabs or runs of blanks."""
    components: list[Json] = []
    if filled.body:
        values = [{"type": "text", "text": _parameter(value)} for value in filled.body]
        components.append({"type": "body", "parameters": values})
    if filled.button is not None:
        payload = {"type": "payload", "payload": _id(filled.button, _PAYLOAD)}
        components.append(
            {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [payload]}
        )
    content: Json = {"name": filled.name, "language": {"code": filled.language}}
    if components:
        content["components"] = components
    return {"type": "template", "template": content}


def media(file: OutFile, size: int, media_id: str, text: str) -> Json:
    """An uploaded file as a message: pictures Meta shows as such, all else as a document."""
    content = {"id": media_id, **({"caption": text} if text else {})}
    if file.kind == "image" and media_type(file) in _PICTURES and size <= IMAGE_LIMIT:
        return {"type": "image", "image": content}
    return {"type": "document", "document": {**content, "filename": file_name(file)}}


def file_name(file: OutFile) -> str:
    """The file's name as the user sees it: one line, never empty, its ending kept."""
    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "_", _clean(file.name)).strip() or "berkas"
    return name[-_FILE_NAME:]


def media_type(file: OutFile) -> str:
    """The media type without parameters; a generic one where it is none."""
    kind = file.mime.partition(";")[0].strip().lower()
    return kind if _MIME.fullmatch(kind) else "application/octet-stream"


def seen(message_id: str, *, typing: bool) -> Json:
    """Marks a message as read, and shows "typing" until we answer (25 s at most)."""
    sign: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    return {**sign, "typing_indicator": {"type": "text"}} if typing else sign


def fit(text: str, limit: int) -> str:
    """The text in at most ``limit`` UTF-16 units, cut with "…" between characters. A lone
    surrogate, which cannot be sent, becomes a replacement sign."""
    text = _clean(text)
    if _units(text) <= limit:
        return text
    kept, units = [], 1
    for character in text:
        units += _units(character)
        if units > limit:
            break
        kept.append(character)
    return "".join(kept).rstrip(" \n\u200d\ufe0f") + "…"


def _interactive(body: str, choices: list[Button]) -> Json:
    labels = {_label(button) for button in choices}
    short = all(_units(label) <= TITLE for label in labels)
    as_buttons = len(choices) <= BUTTONS and short and len(labels) == len(choices)
    action = _buttons(choices) if as_buttons else _list(choices)
    kind = "button" if as_buttons else "list"
    interactive = {"type": kind, "body": {"text": body}, "action": action}
    return {"type": "interactive", "interactive": interactive}


def _buttons(choices: Iterable[Button]) -> Json:
    replies = [{"id": _id(each.data, _BUTTON_ID), "title": _label(each)} for each in choices]
    return {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}


def _list(choices: list[Button]) -> Json:
    return {"button": PICK, "sections": [{"rows": [_row(each) for each in choices[:ROWS]]}]}


def _row(button: Button) -> Json:
    """A label too long for its row is told whole in the line below it."""
    label = _label(button)
    title = fit(label, ROW_TITLE)
    detail = button.detail.strip() or (label if title != label else "")
    row = {"id": _id(button.data, _ROW_ID), "title": title}
    return {**row, "description": fit(detail, _DETAIL)} if detail else row


def _distinct(buttons: Iterable[Button]) -> list[Button]:
    """Meta refuses the same id twice."""
    first: dict[str, Button] = {}
    for button in buttons:
        first.setdefault(_id(button.data, _ROW_ID), button)
    return list(first.values())


def _label(button: Button) -> str:
    return _clean(button.label).strip() or "…"


def _id(data: str, limit: int) -> str:
    return _clean(data).strip()[:limit].strip() or "-"


def _body(out: Outgoing, limit: int) -> str:
    """The text, and below it, uncut, the link that it does not hold itself."""
    text = out.text.strip()
    if out.link is None or out.link in text:
        return fit(text, limit)
    if not text:
        return out.link
    return f"{fit(text, limit - _units(out.link) - 2)}\n\n{out.link}"


def _parameter(value: str) -> str:
    return fit(re.sub(r"\s+", " ", value).strip(), _PARAMETER) or "-"


def _clean(text: str) -> str:
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", "")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
