"""How the fake Telegram reads calls and writes answers; the limits of one message."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.platforms.serving import Refusal, read

REFUSALS = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "deactivated": (403, "Forbidden: user is deactivated"),
    "kicked": (403, "Forbidden: bot was kicked from the supergroup chat"),
    "not_found": (400, "Bad Request: chat not found"),
    "thread_not_found": (400, "Bad Request: message thread not found"),
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message in a chat, with (data, label) of its inline buttons. ``at`` is when it came
    (seconds since 1970); ``sweeping`` marks what only takes a keyboard away."""

    message_id: int
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    sweeping: bool = False
    kind: str = "text"
    at: float = 0.0
    file: bytes = b""
    name: str = ""
    thread: int | None = None


def arrived_of(number: int, kind: str, fields: dict[str, Any], at: float) -> Arrived:
    """The message that a sending call makes. ``kind`` is ``text``, ``photo`` or ``document``."""
    markup = fields.get("reply_markup") or {}
    inline = (button for row in markup.get("inline_keyboard", ()) for button in row)
    name, content = fields.get(kind, ("", b"")) if kind != "text" else ("", b"")
    thread = fields.get("message_thread_id")
    return Arrived(
        message_id=number,
        text=str(fields.get("text", fields.get("caption", ""))),
        buttons=tuple((b["callback_data"], b["text"]) for b in inline if "callback_data" in b),
        sweeping="remove_keyboard" in markup and "disable_notification" in fields,
        kind=kind,
        at=at,
        file=content,
        name=name,
        thread=int(thread) if thread else None,
    )


def yes(result: Any) -> Response:
    """The call was done."""
    return JSONResponse({"ok": True, "result": result})


def no(code: int, words: str, **more: Any) -> Response:
    """The call was refused."""
    body = {"ok": False, "error_code": code, "description": words, **more}
    return JSONResponse(body, code)


def wait(seconds: int) -> Response:
    """The call came too early."""
    words = f"Too Many Requests: retry after {seconds}"
    answer = no(429, words, parameters={"retry_after": seconds})
    answer.headers["Retry-After"] = str(seconds)
    return answer


def check(fields: dict[str, Any]) -> None:
    """The limits of one message."""
    text, caption = str(fields.get("text", "x")), str(fields.get("caption", ""))
    markup = fields.get("reply_markup") or {}
    buttons = [button for row in markup.get("inline_keyboard", ()) for button in row]
    faults = {
        "message text is empty": not text.strip(),
        "message is too long": _length(text) > 4096,
        "message caption is too long": _length(caption) > 1024,
        "BUTTON_DATA_INVALID": any(
            not 1 <= len(b["callback_data"].encode()) <= 64 for b in buttons if "callback_data" in b
        ),
        "reply markup is too long": len(buttons) > 100,
    }
    for words, wrong in faults.items():
        if wrong:
            raise Refusal(no(400, f"Bad Request: {words}"))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


async def fields_of(request: Request) -> dict[str, Any]:
    """The parameters, however they were written; files as (name, bytes)."""
    await read(request)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        found: dict[str, Any] = await request.json()
        return found
    raw: dict[str, Any] = dict(request.query_params)
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                raw[name] = (value.filename or name, await value.read())
            else:
                raw[name] = value
    for name in ("photo", "document"):
        if str(raw.get(name, "")).startswith("attach://"):
            raw[name] = raw[str(raw[name])[9:]]
    for name in ("reply_markup", "entities"):
        if isinstance(raw.get(name), str):
            raw[name] = json.loads(raw[name])
    return raw
