"""What a WhatsApp webhook says, in our words. Pure: no network, no clock, no database.

One call carries a batch for any number of people. Each message and each status is read inside
its own guard, so that one nobody understands keeps nothing else back. Source: Cloud API,
"Webhooks" (``entry[]``, ``changes[]``, ``value``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.channels import whatsapp_errors, whatsapp_messages
from bot.channels.port import DeliveryError, Receipt, Refused
from bot.channels.whatsapp_messages import CHANNEL
from bot.channels.whatsapp_people import (
    Contacts,
    Json,
    NotUnderstood,
    id_of,
    instant_of,
    text_of,
)
from bot.incoming import Incoming

FIELD = "messages"
"""The webhook field we read; messages and statuses both come in it."""

_LATEST = datetime.max.replace(tzinfo=UTC)
_DEEPEST = 40

_STATES: Mapping[str, Literal["sent", "delivered", "read", "failed"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
_SILENT = ("warning", "deleted")


@dataclass(frozen=True, slots=True)
class Strange:
    """What could not be understood, to be parked. ``event_id`` is the same at every redelivery.
    ``raw`` is a webhook payload with this item alone, so that it can be parsed again (too
    deeply nested parts cut). ``error`` names the kind of fault, never what was said."""

    event_id: str
    raw: bytes
    error: str


@dataclass(frozen=True, slots=True)
class Batch:
    """All there is in one payload. ``events`` are in the order of their timestamps, those of
    one second as they came; ``raws`` holds each alone as a payload, by its id, so that what is
    put aside of one person holds nothing of another's. ``ignored`` counts what is none of ours."""

    events: tuple[Incoming, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    strange: tuple[Strange, ...] = ()
    ignored: int = 0
    raws: Mapping[str, bytes] = field(default_factory=dict, compare=False)


def parse(payload: object, phone_number_id: str) -> Batch:
    """The batch in ``payload`` (any JSON value) for our ``phone_number_id``. Never raises:
    what is twisted comes back as strange."""
    found = _Found(phone_number_id)
    entries = payload.get("entry") if isinstance(payload, dict) else None
    if isinstance(entries, list):
        for entry in entries:
            found.entry(entry)
    else:
        found.park(payload, payload, "no list of entries")
    return found.batch()


@dataclass(slots=True)
class _Found:
    """A batch in the making."""

    phone_number_id: str
    events: list[Incoming] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    strange: list[Strange] = field(default_factory=list)
    raws: dict[str, bytes] = field(default_factory=dict)
    ignored: int = 0

    @property
    def account(self) -> str:
        return f"{CHANNEL}:{self.phone_number_id}"

    def batch(self) -> Batch:
        in_order = sorted(self.events, key=lambda event: event.sent_at or _LATEST)
        receipts, strange = tuple(self.receipts), tuple(self.strange)
        return Batch(tuple(in_order), receipts, strange, self.ignored, self.raws)

    def park(self, item: object, whole: object, error: str) -> None:
        self.strange.append(Strange(_event_id(item), _dump(whole), error))

    def entry(self, entry: object) -> None:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(changes, list):
            self.park(entry, {"entry": [entry]}, "an entry has no list of changes")
            return
        for change in changes:
            self._change(change, {"id": entry.get("id")})

    def _change(self, change: object, entry: Json) -> None:
        known = change if isinstance(change, dict) else {}
        name, value = known.get("field"), known.get("value")
        number = _number_id(value)
        foreign = number is not None and number != self.phone_number_id
        if foreign or (isinstance(name, str) and name != FIELD):
            self.ignored += 1
        elif isinstance(value, dict) and name == FIELD and number and _parts(value):
            for part in _parts(value):
                self._part(part, value, entry)
        else:
            whole = {"entry": [{**entry, "changes": [change]}]}
            self.park(change, whole, "a change is not of the expected form")

    def _part(self, part: str, value: Json, entry: Json) -> None:
        """Every parked item goes with what tells whose it is, and nothing of the others'."""
        items, contacts = value[part], Contacts(value)
        kept = {"metadata": value["metadata"]}
        if not isinstance(items, list):
            whole = _payload({**kept, part: items}, entry)
            self.park(items, whole, "a part is no list")
            return
        for item in items:
            theirs = contacts.of(item) if part == "messages" else []
            alone = _payload({**kept, part: [item], "contacts": theirs}, entry)
            try:
                _READERS[part](self, item, theirs, alone)
            except Exception as fault:
                kind = str(fault) if isinstance(fault, NotUnderstood) else type(fault).__name__
                self.park(item, alone, kind)

    def message(self, item: object, theirs: list[Json], alone: Json) -> None:
        event = whatsapp_messages.read(item, theirs, self.account)
        if event is None:
            self.ignored += 1
        else:
            self.events.append(event)
            self.raws[event.event_id] = _dump(alone)

    def status(self, item: object, theirs: list[Json], alone: Json) -> None:
        receipt = _receipt(item, self.account)
        if receipt is None:
            self.ignored += 1
        else:
            self.receipts.append(receipt)

    def trouble(self, item: object, theirs: list[Json], alone: Json) -> None:
        """An error of the whole account: parked, so that staff see it."""
        code = _code(item) if isinstance(item, dict) else None
        raise NotUnderstood(f"the platform reports error {'?' if code is None else code}")


_READERS: Mapping[str, Callable[[_Found, object, list[Json], Json], None]] = {
    "messages": _Found.message,
    "statuses": _Found.status,
    "errors": _Found.trouble,
}


def _payload(value: Json, entry: Json) -> Json:
    return {"entry": [{**entry, "changes": [{"field": FIELD, "value": value}]}]}


def _parts(value: Json) -> list[str]:
    return [part for part in _READERS if value.get(part) is not None]


def _number_id(value: object) -> str | None:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return id_of(metadata.get("phone_number_id")) if isinstance(metadata, dict) else None


def _receipt(status: object, account: str) -> Receipt | None:
    """What a status says; None for one that changes nothing for us. Raises NotUnderstood."""
    if not isinstance(status, dict):
        raise NotUnderstood("a status is no object")
    name = text_of(status, "status")
    if name in _SILENT:
        return None
    state, wamid = _STATES.get(name), id_of(status.get("id"))
    at = instant_of(status.get("timestamp"))
    if state is None or wamid is None or at is None:
        raise NotUnderstood("a status of no known kind, or without id or time")
    return Receipt(
        account=account,
        event_id=f"{wamid}:{name}",
        ref=id_of(status.get("biz_opaque_callback_data")) or "",
        platform_id=wamid,
        state=state,
        at=at,
        error=_error(status) if state == "failed" else None,
    )


def _error(status: Json) -> DeliveryError:
    """Why it failed. Without a code it is this message's fault: code 0 would be taken for
    the whole account's."""
    errors = status.get("errors")
    for error in errors if isinstance(errors, list) else ():
        code = _code(error) if isinstance(error, dict) else None
        if code is not None:
            data = error.get("error_data")
            details = data.get("details") if isinstance(data, dict) else ""
            message = error.get("message") or error.get("title")
            return whatsapp_errors.error_of(code, _words(message), _words(details))
    return Refused("WhatsApp does not say why it failed")


def _code(error: Json) -> int | None:
    text = id_of(error.get("code")) or ""
    return int(text) if text.isdigit() and len(text) < 10 else None


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""


def _event_id(item: object) -> str:
    return f"raw:{hashlib.sha256(_dump(item)).hexdigest()}"


def _dump(value: object) -> bytes:
    """Compact JSON, always the same for the same value."""
    try:
        return _json(value)
    except RecursionError:
        return _json(_cut(value, _DEEPEST))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _cut(value: Any, depth: int) -> Any:
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "too deep"
    if isinstance(value, dict):
        return {key: _cut(each, depth - 1) for key, each in value.items()}
    return [_cut(each, depth - 1) for each in value]
