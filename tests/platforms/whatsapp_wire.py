"""The fake WhatsApp's webhook calls: signed as Meta signs, in batches, forged and strange.

Source: WhatsApp Cloud API, "Webhooks" (payload, ``X-Hub-Signature-256`` over the raw bytes).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import httpx

from tests.platforms.postman import Envelope, Parcel

if TYPE_CHECKING:
    from tests.platforms.whatsapp import FakeWhatsApp

OTHER_PHONE_ID = "999000111222333"
SIGNATURE = "X-Hub-Signature-256"
Value = dict[str, Any]


class Letters:
    """What the postman carries. ``others`` are the ids of messages for another of the
    business's numbers, which share the webhook."""

    def __init__(self, fake: FakeWhatsApp) -> None:
        self._fake = fake
        self.others: list[str] = []

    def pack(self, parcels: list[Parcel]) -> Envelope:
        fake = self._fake
        values = [parcel.content for parcel in parcels]
        if fake.faults.hit("other_number"):
            values.append(self._for_another())
        return signed(written(fake.waba, values, fake.faults.rng), fake.app_secret)

    def forge(self, parcels: list[Parcel]) -> Envelope:
        fake = self._fake
        payload = written(fake.waba, [parcels[0].content], fake.faults.rng)
        return forged(payload, parcels[0].words, fake.app_secret, fake.faults.rng)

    def poison(self) -> Envelope:
        fake, mark = self._fake, f"racun{self._fake.new_id()}"
        strange = poison(fake.waba, fake.phone_id, fake.display, mark, fake.faults.rng)
        return signed(strange, fake.app_secret)

    def _for_another(self) -> Value:
        about = {"display_phone_number": "62215550999", "phone_number_id": OTHER_PHONE_ID}
        self.others.append(self._fake.new_wamid())
        message: Value = {"from": "628999000111", "id": self.others[-1], "type": "text"}
        message["timestamp"] = str(int(self._fake.clock()))
        message["text"] = {"body": "untuk nomor lain"}
        contact = {"profile": {"name": "Orang lain"}, "wa_id": "628999000111"}
        value = {"messaging_product": "whatsapp", "metadata": about}
        return {**value, "contacts": [contact], "messages": [message]}


async def challenged(url: str, token: str) -> bool:
    """Whether a webhook echoes a challenge with this token, as Meta asks before it uses it."""
    challenge = "1158201444"
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
    async with httpx.AsyncClient(timeout=20) as http:
        answer = await http.get(url, params=query)
    return answer.status_code == 200 and answer.text == challenge


def signed(payload: bytes, secret: str) -> Envelope:
    """A call with the right signature of these bytes."""
    digest = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return Envelope(payload, {SIGNATURE: f"sha256={digest}"})


def written(waba: str, values: Sequence[Value], rng: random.Random) -> bytes:
    """A payload with these values: as one entry or several, and news of one kind about one
    number at times in one value. Non-ASCII is escaped, in lower case, as Meta does."""
    if len(values) > 1 and rng.random() < 0.6:
        values = _merged(values)
    changes = [{"field": "messages", "value": value} for value in values]
    if rng.random() < 0.5:
        entries = [{"id": waba, "changes": changes}]
    else:
        entries = [{"id": waba, "changes": [change]} for change in changes]
    return json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode()


def forged(payload: bytes, words: str, secret: str, rng: random.Random) -> Envelope:
    """A call that changes ``words`` and is not signed with the app's secret."""
    quoted = json.dumps(words)[1:-1].encode()
    changed = payload.replace(quoted, b"PALSU", 1) if words else payload + b" "
    wrong: tuple[dict[str, str], ...] = (
        {},
        {SIGNATURE: "sha256=" + "0" * 64},
        {SIGNATURE: "sha1=" + hashlib.sha1(changed).hexdigest()},
        {SIGNATURE: "sha256="},
        signed(payload + b"\n", secret).headers,
        signed(changed, secret + "x").headers,
    )
    return Envelope(changed, rng.choice(wrong))


def poison(waba: str, phone_id: str, display: str, mark: str, rng: random.Random) -> bytes:
    """Something that nobody can read, or only a part of it."""
    metadata = {"display_phone_number": display, "phone_number_id": phone_id}
    messages: tuple[Any, ...] = (
        [{"id": f"wamid.{mark}", "type": "text", "timestamp": "0"}],
        [{"id": f"wamid.{mark}", "from": "62811", "type": "text", "text": ["x"]}],
        [{"id": {"deep": [[[[]]]]}, "from": 5, "type": "text"}],
        [None, 7, "teks"],
        {"id": mark},
    )
    value: Value = {"messaging_product": "whatsapp", "metadata": metadata}
    value["messages"] = rng.choice(messages)
    entry = {"id": waba, "changes": [{"field": "messages", "value": value}]}
    wholes: tuple[Any, ...] = (
        {"object": "whatsapp_business_account", "entry": [entry]},
        {"object": "whatsapp_business_account", "entry": [entry]},
        {"object": "whatsapp_business_account", "entry": {"id": mark}},
        {"object": "page", "entry": [{"id": mark, "changes": [{"field": "feed"}]}]},
        [mark],
    )
    whole = json.dumps(rng.choice(wholes)).encode()
    return rng.choice((whole, whole, whole, whole[:-3], b"\xff\x00" + mark.encode()))


def _merged(values: Sequence[Value]) -> list[Value]:
    """News of one kind about one number share a value."""
    found: dict[tuple[str, ...], Value] = {}
    for value in values:
        kind = "messages" if "messages" in value else "statuses"
        key = (kind, value["metadata"]["phone_number_id"], str("contacts" in value))
        if key not in found:
            found[key] = dict(value)
            continue
        old = found[key]
        old[kind] = [*old[kind], *value[kind]]
        if "contacts" in value:
            new = [contact for contact in value["contacts"] if contact not in old["contacts"]]
            old["contacts"] = [*old["contacts"], *new]
    return list(found.values())
