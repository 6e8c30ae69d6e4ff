"""What the fake WhatsApp takes: the limits of a message, and the errors of the Graph API.

Source: WhatsApp Cloud API, "Messages", "Interactive messages", "Templates", "Error codes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

TITLES: Mapping[int, tuple[int, str]] = {
    4: (429, "Application request limit reached"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (429, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (503, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Meta chose not to deliver"),
    131051: (400, "Message type is currently not supported"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (503, "Account in maintenance mode"),
    131062: (400, "Business-scoped user id is not supported"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    133016: (429, "Registration or deregistration failed"),
}
ATTACHED = ("image", "document", "audio", "video", "sticker")
_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_PLACE = re.compile(r"\{\{(\d+)\}\}")


class GraphError(Exception):
    """A call is refused under this code."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(f"{code} {details}")
        self.code = code
        self.details = details

    def entry(self) -> dict[str, Any]:
        """The error as a failed status carries it."""
        _, title = TITLES.get(self.code, (400, "Unknown error"))
        about = {"code": self.code, "title": title, "message": title}
        href = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
        return {**about, "error_data": {"details": self.details or title}, "href": href}

    def answer(self) -> Response:
        """The error as the answer to a call."""
        status, title = TITLES.get(self.code, (400, "Unknown error"))
        error = {
            "message": f"(#{self.code}) {title}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details or title},
            "fbtrace_id": "Az8or2yhqkZfEZ",
        }
        return JSONResponse({"error": error}, status)


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: ``body`` with places ``{{1}}``, ``button`` is the label of its
    quick reply (None: none)."""

    body: str
    button: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What a message shows, with (id, title) of its choices; ``media`` is the id of its file."""

    kind: str
    text: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    media: str = ""
    name: str = ""


def recipient(body: dict[str, Any]) -> str:
    """Whom a send names (a BSUID, or digits); the rules of every send."""
    _need(body.get("messaging_product") == "whatsapp", 100, "messaging_product")
    _need(body.get("recipient_type") == "individual", 131009, "recipient_type")
    _need(len(str(body.get("biz_opaque_callback_data", ""))) <= 512, 131009, "callback data")
    if "recipient" in body:
        who = str(body["recipient"])
        _need(_BSUID.fullmatch(who) is not None, 131009, "recipient is not a user id")
        return who
    digits = re.sub(r"\D", "", str(body.get("to", "")))
    _need("to" in body, 131008, "to or recipient")
    _need(6 <= len(digits) <= 15, 131009, "to is not a phone number")
    return digits


def content(body: dict[str, Any], templates: Mapping[tuple[str, str], Template]) -> Content:
    """What a message shows. Raises GraphError beyond a limit."""
    kind = str(body.get("type", "text"))
    part = body.get(kind)
    _need(isinstance(part, dict), 131008, kind)
    assert isinstance(part, dict)
    if kind == "text":
        _sized("text.body", part.get("body"), 4096)
        return Content(kind, str(part["body"]))
    if kind == "interactive":
        return _interactive(part)
    if kind == "template":
        return _template(part, templates)
    if kind in ATTACHED:
        _need("id" in part or "link" in part, 131008, f"{kind}.id")
        caption = str(part.get("caption", ""))
        _need(len(caption) <= 1024, 131009, "caption")
        return Content(kind, caption, media=str(part.get("id", "")), name=part.get("filename", ""))
    _need(kind in ("reaction", "location", "contacts"), 131051, kind)
    return Content(kind, str(part.get("emoji", "")))


def _interactive(part: dict[str, Any]) -> Content:
    text = part.get("body", {}).get("text")
    _sized("body", text, 1024)
    _need(len(part.get("footer", {}).get("text", "")) <= 60, 131009, "footer")
    kind, action = part.get("type"), part.get("action", {})
    header = part.get("header", {})
    if header.get("type") == "text":
        _sized("header", header.get("text"), 60)
    if kind == "button":
        buttons = tuple((b["reply"]["id"], b["reply"]["title"]) for b in action.get("buttons", ()))
        _need(1 <= len(buttons) <= 3, 131009, "1 to 3 buttons")
        _choices(buttons, 256, 20)
    else:
        _need(kind == "list", 131009, "interactive.type")
        buttons = _rows(action)
    media = header.get(str(header.get("type")), {})
    shown = media.get("id", "") if isinstance(media, dict) else ""
    return Content(str(kind), str(text), buttons, media=shown)


def _rows(action: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    _sized("action.button", action.get("button"), 20)
    sections = action.get("sections", ())
    _need(1 <= len(sections) <= 10, 131009, "1 to 10 sections")
    for section in sections:
        _need(len(section.get("title", "")) <= 24, 131009, "section title")
        _need(bool(section.get("title")) or len(sections) == 1, 131009, "section title")
    rows = [row for section in sections for row in section.get("rows", ())]
    _need(1 <= len(rows) <= 10, 131009, "1 to 10 rows in all")
    for row in rows:
        _need(len(row.get("description", "")) <= 72, 131009, "row description")
    found = tuple((str(row.get("id", "")), str(row.get("title", ""))) for row in rows)
    _choices(found, 200, 24, unique=False)
    return found


def _choices(
    found: tuple[tuple[str, str], ...], longest_id: int, longest: int, unique: bool = True
) -> None:
    for name, title in found:
        _sized("choice id", name, longest_id)
        _need(name == name.strip(), 131009, "choice id has spaces around it")
        _sized("choice title", title, longest)
    _need(len({name for name, _ in found}) == len(found), 131009, "ids are not unique")
    _need(not unique or len({t for _, t in found}) == len(found), 131009, "titles are not unique")


def _template(part: dict[str, Any], templates: Mapping[tuple[str, str], Template]) -> Content:
    name, language = str(part.get("name")), str(part.get("language", {}).get("code"))
    known = templates.get((name, language))
    if known is None:
        raise GraphError(132001, f"template name ({name}) does not exist in {language}")
    components = {c["type"].lower(): c.get("parameters", ()) for c in part.get("components", ())}
    values = [str(p.get("text", "")) for p in components.get("body", ())]
    places = {int(n) for n in _PLACE.findall(known.body)}
    _need(len(values) == len(places), 132000, f"{len(values)} of {len(places)} parameters")
    bad = any(not v.strip() or re.search(r"[\n\t]| {5}", v) for v in values)
    _need(not bad, 132012, "a parameter is empty, or has new lines, tabs or many spaces")
    text = _PLACE.sub(lambda found: values[int(found[1]) - 1], known.body)
    _need(len(text) <= 1024, 132012, "the body is too long")
    pressed = [str(p.get("payload", "")) for p in components.get("button", ())]
    _need(len(pressed) <= (known.button is not None), 132000, "buttons")
    label = known.button or ""
    return Content(
        kind="template", text=text, buttons=tuple((p, label) for p in pressed), name=name
    )


def _sized(what: str, text: object, longest: int) -> None:
    _need(isinstance(text, str) and len(text.strip()) >= 1, 131008, what)
    _need(len(str(text)) <= longest, 131009, f"{what} is longer than {longest}")


def _need(holds: bool, code: int, details: str) -> None:
    if not holds:
        raise GraphError(code, details)
