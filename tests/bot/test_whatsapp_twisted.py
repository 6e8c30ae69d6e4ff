"""WhatsApp payloads that say too little, too much, or something else."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bot.channels import whatsapp_errors
from bot.channels.port import DeliveryError
from bot.channels.whatsapp_media import media_ref, read_ref
from bot.channels.whatsapp_parse import parse
from bot.incoming import Became
from dialogs.heard import SharedPhone
from tests.bot.test_whatsapp_parse import (
    BY_NUMBER,
    EVENTS,
    HASH,
    NEW_ID,
    NEW_NUMBER,
    NUMBER,
    PHONE,
    USER_ID,
    raw,
    wamid,
)


def changed(name: str, **fields: Any) -> Any:
    """The stored payload with fields of its only message replaced; None takes one out."""
    payload = raw(name)
    message = payload["entry"][0]["changes"][0]["value"]["messages"][0]
    message.update({key.rstrip("_"): value for key, value in fields.items() if value is not None})
    for key, value in fields.items():
        if value is None:
            del message[key.rstrip("_")]
    return payload


def with_contacts(payload: Any, contacts: Any) -> Any:
    payload["entry"][0]["changes"][0]["value"]["contacts"] = contacts
    return payload


SITI = {"profile": {"name": "Siti Aminah"}, "wa_id": "6281398765432", "user_id": "ID.5Tt4rR3eE2w"}


def test_only_contact_of_another_person_gives_neither_name_nor_id() -> None:
    for payload in (raw("text"), raw("phone_only")):
        (event,) = parse(with_contacts(payload, [SITI]), PHONE).events
        assert (event.profile_name, event.number) == ("", NUMBER)
        assert event.key.chat in (USER_ID, NUMBER)


def test_two_senders_and_one_contact_without_ids_leave_both_nameless() -> None:
    payload = with_contacts(raw("phone_only"), [{"profile": {"name": "Siapa"}}])
    messages = payload["entry"][0]["changes"][0]["value"]["messages"]
    messages.append({**messages[0], "id": "wamid.2", "from": "6281398765432"})
    assert [event.profile_name for event in parse(payload, PHONE).events] == ["", ""]


def test_sender_named_nowhere_among_two_is_not_guessed() -> None:
    payload = raw("sender_only_in_contacts")
    messages = payload["entry"][0]["changes"][0]["value"]["messages"]
    messages.append({**messages[0], "id": "wamid.2", "from": "6281398765432"})
    batch = parse(payload, PHONE)
    assert [event.number for event in batch.events] == ["6281398765432"]
    assert [strange.error for strange in batch.strange] == ["no sender is named"]


def test_one_number_under_two_user_ids_is_known_by_the_number() -> None:
    twice = [{"wa_id": NUMBER, "user_id": USER_ID}, {"wa_id": NUMBER, "user_id": NEW_ID}]
    (event,) = parse(with_contacts(raw("phone_only"), twice), PHONE).events
    assert event.key == BY_NUMBER


def test_card_with_a_number_is_not_own_where_the_senders_is_unknown() -> None:
    payload = with_contacts(changed("contacts_own", from_=None), [{"user_id": USER_ID}])
    (event,) = parse(payload, PHONE).events
    assert event.phone == SharedPhone("+6281398765432", own=False)


@pytest.mark.parametrize(
    "system",
    [
        {"type": "user_changed_user_id", "user_id": NEW_ID},
        {"type": "user_changed_user_id", "user_id": NEW_ID, "wa_id": NUMBER},
        {"type": "user_changed_number", "wa_id": NUMBER},
        {"type": "user_changed_number", "body": "changed"},
    ],
)
def test_change_of_ids_that_does_not_say_whose_is_parked(system: dict[str, str]) -> None:
    batch = parse(changed("number_changed", system=system), PHONE)
    assert (batch.events, len(batch.strange)) == ((), 1)


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ({"user_id": NEW_ID, "wa_id": NEW_NUMBER}, (NUMBER, Became(NEW_ID, NEW_NUMBER))),
        ({"user_id": USER_ID, "new_user_id": NEW_ID}, (USER_ID, Became(NEW_ID))),
    ],
)
def test_change_of_user_id_is_read_in_its_older_spellings(
    system: dict[str, str], expected: tuple[str, Became]
) -> None:
    payload = changed("number_changed", system={"type": "user_changed_user_id", **system})
    (event,) = parse(payload, PHONE).events
    assert (event.key.chat, event.became) == expected


@pytest.mark.parametrize("moment", [None, "", "soon", "9" * 30, -5, 1.5, True, [], {}])
def test_message_without_a_readable_time_is_still_heard(moment: Any) -> None:
    payload = changed("text", timestamp=moment)
    assert parse(payload, PHONE).events == (replace(EVENTS["text"], sent_at=None),)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"id": ""},
        {"id": "x" * 513},
        {"id": "wamid.\x00"},
        {"type": None},
        {"text": None},
        {"text": {"body": 5}},
        {"text": "gagal"},
        {"from_": "Budi", "from_user_id": "Budi"},
        {"type": "image"},
        {"type": "image", "image": {"mime_type": "image/jpeg"}},
        {"type": "interactive", "interactive": {"button_reply": {"title": "Ya"}}},
        {"type": "edit", "edit": {"message": {"type": "edit", "edit": {}}}},
        {"type": "contacts", "contacts": "gagal"},
        {"type": "system"},
    ],
)
def test_twisted_message_is_parked_without_a_word_of_it_in_the_error(fields: Any) -> None:
    payload = with_contacts(changed("text", **fields), [])
    batch = parse(payload, PHONE)
    (strange,) = batch.strange
    assert (batch.events, batch.ignored) == ((), 0)
    assert "gagal" not in strange.error
    message = payload["entry"][0]["changes"][0]["value"]["messages"][0]
    canonical = json.dumps(message, sort_keys=True, separators=(",", ":")).encode()
    assert strange.event_id == f"raw:{hashlib.sha256(canonical).hexdigest()}"
    assert parse(json.loads(strange.raw), PHONE).strange == (strange,)


def test_parked_message_can_be_read_once_it_is_understood() -> None:
    payload = raw("text")
    value = payload["entry"][0]["changes"][0]["value"]
    value["contacts"].append(SITI)
    value["messages"].append({**value["messages"][0], "text": None})
    (strange,) = parse(payload, PHONE).strange
    kept = json.loads(strange.raw)
    assert "Siti" not in strange.raw.decode()
    kept["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = {"body": EVENTS["text"].text}
    assert parse(kept, PHONE).events == (EVENTS["text"],)


@pytest.mark.parametrize(
    "payload",
    [None, 5, "halo", [], {}, {"entry": None}, {"entry": {}}, {"entry": "x"}, {"object": "page"}],
)
def test_payload_of_another_form_is_one_strange(payload: object) -> None:
    batch = parse(payload, PHONE)
    digest = hashlib.sha256(
        json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    assert [strange.event_id for strange in batch.strange] == [f"raw:{digest}"]
    assert (batch.events, batch.receipts, batch.ignored) == ((), (), 0)


@pytest.mark.parametrize("broken", [None, 5, {}, {"changes": None}, {"changes": [7]}])
def test_broken_entry_keeps_its_neighbours(broken: object) -> None:
    payload = raw("text")
    payload["entry"].insert(0, broken)
    batch = parse(payload, PHONE)
    assert (batch.events, len(batch.strange)) == ((EVENTS["text"],), 1)


@pytest.mark.parametrize(
    "twist",
    [
        {"value": None},
        {"value": {}},
        {"value": {"metadata": {"phone_number_id": PHONE}}},
        {"value": {"metadata": {}, "messages": []}},
        {"value": {"metadata": {"phone_number_id": PHONE}, "messages": {"0": {}}}},
        {"field": None},
    ],
)
def test_change_that_cannot_be_read_is_parked_whole(twist: Any) -> None:
    payload = raw("text")
    payload["entry"][0]["changes"].append({**deepcopy(payload["entry"][0]["changes"][0]), **twist})
    batch = parse(payload, PHONE)
    assert (batch.events, len(batch.strange)) == ((EVENTS["text"],), 1)
    assert parse(json.loads(batch.strange[0].raw), PHONE).strange == batch.strange


def test_same_payload_again_gives_the_same_ids() -> None:
    payload = with_contacts(changed("text", type=None), [])
    again = json.loads(json.dumps(payload, indent=4, sort_keys=True))
    assert parse(payload, PHONE).strange == parse(again, PHONE).strange


@pytest.mark.parametrize("depth", [100, 700, 900])
def test_deeply_nested_item_is_parked(depth: int) -> None:
    payload = changed("text", text=json.loads("[" * depth + "]" * depth))
    (strange,) = parse(payload, PHONE).strange
    assert wamid(11).encode() in strange.raw


def test_nesting_beyond_what_json_writes_is_cut_and_parked() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    (strange,) = parse(changed("text", text=deep), PHONE).strange
    assert wamid(11).encode() in strange.raw
    assert b"too deep" in strange.raw


def test_fault_of_our_own_parks_that_item_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(code: int, message: str, details: str = "") -> DeliveryError:
        raise ZeroDivisionError(message)

    monkeypatch.setattr(whatsapp_errors, "error_of", broken)
    batch = parse(raw("batch"), PHONE)
    assert [strange.error for strange in batch.strange] == ["ZeroDivisionError"]
    assert (len(batch.events), len(batch.receipts)) == (8, 2)


def test_lone_surrogate_does_not_stop_the_parser() -> None:
    payload = json.loads(json.dumps(raw("text")).replace("gagal", "\\ud83d"))
    (event,) = parse(payload, PHONE).events
    assert event.text.startswith("\ud83d")


@pytest.mark.parametrize("sha256", [HASH, "", 'a"b:[,'])
def test_handle_of_a_file_gives_back_what_it_holds(sha256: str) -> None:
    assert read_ref(media_ref("1000000024", sha256)) == ("1000000024", sha256)


@pytest.mark.parametrize("ref", ["", "1000000024", "{}", "[1,2]", '["a"]', "AgACAgUAAx"])
def test_what_is_no_handle_is_refused(ref: str) -> None:
    with pytest.raises(ValueError, match="not a handle"):
        read_ref(ref)
