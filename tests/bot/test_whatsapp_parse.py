"""Every kind of message and status, as WhatsApp sends it, and what we make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels import whatsapp_errors
from bot.channels.port import Receipt, Refused
from bot.channels.whatsapp_media import media_ref
from bot.channels.whatsapp_parse import Batch, parse
from bot.incoming import Became, ConversationKey, Incoming, IncomingFile
from dialogs.heard import FileKind, SharedPhone, Tap

PAYLOADS = Path(__file__).parent / "payloads" / "whatsapp"
PHONE = "109870001112223"
ACCOUNT = f"whatsapp:{PHONE}"
NUMBER, USER_ID = "6281234567890", "ID.7Qk2wJ8hX31"
NEW_NUMBER, NEW_ID = "6285211112222", "ID.9Zz8yY7xX6w"
BUDI = ConversationKey("whatsapp", ACCOUNT, USER_ID)
BY_NUMBER = ConversationKey("whatsapp", ACCOUNT, NUMBER)
OURS = "wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEk9VUlMwMDAx"
HASH = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="


def raw(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def parsed(name: str) -> Batch:
    return parse(raw(name), PHONE)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1795262400 + seconds, UTC)


def wamid(number: int) -> str:
    return f"wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABIYFEJVREk{number:04}A=="


def said(nth: int, text: str = "", **more: Any) -> Incoming:
    """What Budi's message ``nth`` becomes."""
    event = Incoming(
        BUDI,
        event_id=wamid(nth),
        text=text,
        sent_at=at(nth),
        message_id=wamid(nth),
        profile_name="Budi Santoso",
        ack=wamid(nth),
        number=NUMBER,
    )
    return replace(event, **more)


def file(number: int, kind: FileKind, name: str, mime: str, sha256: str = HASH) -> dict[str, Any]:
    ref = media_ref(f"10000000{number}", sha256)
    return {"files": (IncomingFile(kind, name, mime, ref=ref),)}


def became(nth: int, chat: str | None, to: str | None, **more: Any) -> Incoming:
    return said(nth, profile_name="", became=Became(chat, to), **more)


EVENTS: dict[str, Incoming] = {
    "text": said(11, "gagal upload penawaran, muncul error 500"),
    "text_rtl_emoji": said(12, "مرحبا 👨‍👩‍👧 tolong\nŭ 𝔘"),
    "text_reply": said(13, "sudah beres, terima kasih", quotes=OURS),
    "text_forwarded": said(14, "info dari grup"),
    "text_from_an_ad": said(15, "halo"),
    "slash": said(16, "/tiket@loket LPSE-2611-00042-K"),
    "phone_only": said(17, "nomor lama saja", key=BY_NUMBER),
    "user_id_from_contact": said(18, "nomor lama saja"),
    "user_id_only": said(19, "tanpa nomor", number=None),
    "from_is_user_id": said(20, "pengirim berupa id", number=None),
    "sender_only_in_contacts": said(21, "hanya di contacts"),
    "parent_user_id": said(
        22,
        "id induk",
        key=replace(BUDI, chat="ID.ENT.98AbCd76"),
        number=None,
        profile_name="",
    ),
    "numbers_as_ints": said(23, "angka"),
    "image": said(24, "ini errornya", **file(24, "image", "foto-REk0024A.jpg", "image/jpeg")),
    "document": said(
        25, "surat kuasa", **file(25, "document", "Surat Kuasa é.pdf", "application/pdf")
    ),
    "document_image": said(26, **file(26, "image", "Screenshot 2026-11-21.png", "image/png")),
    "document_nameless": said(
        27, **file(27, "document", "dokumen-REk0027A", "application/octet-stream", "")
    ),
    "voice": said(28, **file(28, "voice", "suara-REk0028A.ogg", "audio/ogg")),
    "audio": said(29, **file(29, "audio", "audio-REk0029A.mp3", "audio/mpeg")),
    "video": said(30, **file(30, "video", "video-REk0030A.mp4", "video/mp4")),
    "sticker": said(31, other="sticker"),
    "location": said(32, other="location"),
    "contacts_own": said(33, phone=SharedPhone("+6281234567890", own=True)),
    "contacts_other": said(34, phone=SharedPhone("+6281398765432", own=False)),
    "contacts_at_home": said(35, phone=SharedPhone("+62778461234", own=False)),
    "contacts_without_number": said(36, other="contact"),
    "button_reply": said(37, tap=Tap("kirim", 7), quotes=OURS),
    "list_reply": said(38, tap=Tap("topik:jaminan", 12), quotes=OURS),
    "button_reply_not_ours": said(39, tap=Tap("kirim", -1), quotes=OURS),
    "form_reply": said(40, other="form", quotes=OURS),
    "call_permission_reply": said(41, other="unsupported"),
    "quick_reply": said(42, tap=Tap("baca", 9), quotes=OURS),
    "quick_reply_not_ours": said(43, "Baca", quotes=OURS),
    "reaction": said(44, aside="(reaksi 👍)"),
    "reaction_removed": said(45, aside="(reaksi dihapus)"),
    "order": said(46, other="order"),
    "unsupported": said(47, other="unsupported"),
    "type_of_tomorrow": said(48, other="unsupported"),
    "edit": said(49, "gagal upload penawaran, muncul error 502", edits=wamid(11)),
    "revoke": said(50, aside="(pesan dihapus)"),
    "number_changed": became(61, None, NEW_NUMBER, key=BY_NUMBER),
    "number_and_user_id_changed": became(62, NEW_ID, NEW_NUMBER),
    "number_changed_old_form": became(63, None, NEW_NUMBER, key=BY_NUMBER),
    "user_id_changed": became(64, NEW_ID, None, number=None),
    "user_id_changed_from": became(65, NEW_ID, None, number=None),
}

RECEIPTS = {
    "status_sent": ("sent", 71, "71.1"),
    "status_delivered": ("delivered", 72, "72.1"),
    "status_read": ("read", 73, "73.1"),
    "status_played": ("read", 74, "74.1"),
    "status_failed": ("failed", 75, "75.1"),
    "status_failed_without_code": ("failed", 76, "76.1"),
    "status_failed_without_errors": ("failed", 77, ""),
}

IGNORED = ("group_message", "identity_changed", "status_warning", "other_field", "other_number")


@pytest.mark.parametrize("name", EVENTS)
def test_message_becomes_the_expected_event(name: str) -> None:
    assert parsed(name) == Batch(events=(EVENTS[name],))


@pytest.mark.parametrize("name", RECEIPTS)
def test_status_becomes_the_expected_receipt(name: str) -> None:
    state, number, ref = RECEIPTS[name]
    (receipt,) = parsed(name).receipts
    sent = f"wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEk9VUlM{number:04}"
    event_id = f"{sent}:{name.split('_')[1]}"
    expected = Receipt(ACCOUNT, event_id, ref, sent, state, at(number), receipt.error)
    assert receipt == expected
    assert (receipt.error is not None) == (state == "failed")


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_none_of_ours_is_only_counted(name: str) -> None:
    assert parsed(name) == Batch(ignored=1)


def test_every_stored_payload_has_an_expectation() -> None:
    stored = {path.stem for path in PAYLOADS.glob("*.json")}
    assert stored == {*EVENTS, *RECEIPTS, *IGNORED, "account_error", "batch"}


def test_failure_says_what_the_platform_said() -> None:
    (receipt,) = parsed("status_failed").receipts
    expected = whatsapp_errors.error_of(131047, "Re-engagement message", "More than 24 hours")
    assert type(receipt.error) is type(expected)
    assert receipt.error is not None
    assert receipt.error.code == "131047"


@pytest.mark.parametrize("name", ["status_failed_without_code", "status_failed_without_errors"])
def test_failure_without_a_code_is_this_messages_alone(name: str) -> None:
    (receipt,) = parsed(name).receipts
    assert type(receipt.error) is Refused


def test_error_of_the_account_is_parked_for_staff() -> None:
    (strange,) = parsed("account_error").strange
    assert "131031" in strange.error
    assert "locked" not in strange.error


def test_batch_is_in_the_order_of_its_timestamps_and_nobody_gets_anothers_name() -> None:
    batch = parsed("batch")
    seen = [(event.text or event.message_id[-4:], event.profile_name) for event in batch.events]
    budi, siti = "Budi Santoso", "Siti Aminah"
    assert seen == [
        ("yang pertama", budi),
        ("MA91", budi),
        ("saya Siti", siti),
        ("4A==", siti),
        ("yang kedua", budi),
        ("6A==", siti),
        ("7A==", siti),
        ("YS98", ""),
    ]
    assert [receipt.state for receipt in batch.receipts] == ["sent", "delivered", "failed"]
    assert (batch.strange, batch.ignored) == ((), 1)
    assert "LAIN" not in repr(batch)
