"""Every kind of update, as Telegram sends it, and what we make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram_parse import ALLOWED_UPDATES, parse, read
from bot.incoming import ConversationKey, Incoming, IncomingFile
from dialogs.heard import FileKind, SharedPhone, Tap

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
ACCOUNT = "telegram:7000000001"
AGENTS = "-1009988776655"
BUDI = ConversationKey("telegram", ACCOUNT, "6104412001")


def raw(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return payload


def parsed(name: str) -> tuple[Incoming, ...]:
    return parse(read(raw(name)), ACCOUNT, AGENTS)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1763712000 + seconds, UTC)


def said(message_id: int, text: str = "", **more: Any) -> Incoming:
    """What Budi's private message ``message_id`` becomes, less the event id."""
    return replace(
        Incoming(
            BUDI,
            event_id="",
            text=text,
            sent_at=at(message_id),
            message_id=str(message_id),
            profile_name="Budi Santoso",
        ),
        **more,
    )


def tapped(value: str, step: int) -> Incoming:
    return Incoming(
        BUDI,
        event_id="",
        tap=Tap(value, step),
        profile_name="Budi Santoso",
        ack="2634567890123456789",
    )


def file(kind: FileKind, name: str, mime: str, size: int, ref: str) -> dict[str, Any]:
    return {"files": (IncomingFile(kind, name, mime, size, ref),)}


def photo(message_id: int, which: str, size: int) -> dict[str, Any]:
    return file("image", f"foto-{message_id}.jpg", "image/jpeg", size, f"AgACAgUAAxkBAAI{which}")


def in_agent_group(message_id: int, text: str, thread: str, quotes: str | None) -> Incoming:
    key = ConversationKey("telegram", ACCOUNT, AGENTS, thread)
    return said(message_id, text, key=key, quotes=quotes)


def foreign(chat: str, seconds: int) -> Incoming:
    key = ConversationKey("telegram", ACCOUNT, chat)
    return Incoming(key, event_id="", sent_at=at(seconds), foreign_group=True)


EXPECTED: dict[str, Incoming | None] = {
    "text": said(11, "gagal upload penawaran, muncul error 500"),
    "text_rtl_emoji": said(12, "مرحبا 👨‍👩‍👧 tolong\nŭ 𝔘"),
    "empty_text": said(63, "   "),
    "start": said(13, "/start"),
    "start_join": said(14, "/start", link_token="q8Zk3_vT-1mYb0aXr5LdWg"),
    "start_poster": said(15, "/start"),
    "command_with_bot_name": said(16, "/tiket"),
    "command_with_number": said(17, "/tiket LPSE-2611-00042-K"),
    "slash_not_command": said(18, "/spse/login tidak bisa dibuka"),
    "tap": tapped("kirim", 7),
    "tap_value_with_colon": tapped("topik:jaminan", 12),
    "tap_malformed": tapped("kirim", -1),
    "tap_negative_step": tapped("-4:kirim", -1),
    "tap_inaccessible": tapped("menu", 2),
    "tap_inline_message": None,
    "contact_own": said(21, phone=SharedPhone("+6281234567890", own=True), quotes="20"),
    "contact_of_somebody_else": said(22, phone=SharedPhone("+6281398765432", own=False)),
    "contact_from_address_book": said(23, phone=SharedPhone("+62778461234", own=False)),
    "photo": said(24, "ini errornya", **photo(24, "large", 181234)),
    "photo_too_large": said(25, **photo(25, "fits", 181234)),
    "album_1": said(26, "dua layar", album="13948220011", **photo(26, "a", 181234)),
    "album_2": said(27, album="13948220011", **photo(27, "b", 171234)),
    "document": said(
        28,
        "surat kuasa",
        **file("document", "Surat Kuasa é.pdf", "application/pdf", 88123, "BQACAgUAAx28"),
    ),
    "document_image": said(
        29, **file("image", "Screenshot 2026-11-21.png", "image/png", 412345, "BQACAgUAAx29")
    ),
    "document_nameless": said(
        30, **file("document", "dokumen-30", "application/octet-stream", 99, "BQACAgUAAx30")
    ),
    "document_too_large": said(
        31, **file("document", "video sidang.zip", "application/zip", 1 << 30, "BQACAgUAAx31")
    ),
    "voice": said(32, **file("voice", "suara-32.ogg", "audio/ogg", 27123, "AwACAgUAAx32")),
    "audio": said(33, **file("audio", "rapat.m4a", "audio/mp4", 900123, "CQACAgUAAx33")),
    "video": said(34, **file("video", "video-34.mp4", "video/mp4", 3123456, "BAACAgUAAx34")),
    "video_note": said(35, **file("video", "video-35.mp4", "video/mp4", 512345, "DQACAgUAAx35")),
    "animation": said(36, **file("video", "lucu.mp4", "video/mp4", 45123, "CgACAgUAAx36")),
    "edited_text": said(11, "gagal upload penawaran, muncul error 502", edits="11", sent_at=at(90)),
    "edited_caption": said(
        24, "ini errornya, jam 9", edits="24", sent_at=at(95), **photo(24, "large", 181234)
    ),
    "edited_live_location": None,
    "reply": said(37, "sudah beres, terima kasih", quotes="20"),
    "sticker": said(38, other="sticker"),
    "location": said(40, other="location"),
    "venue": said(41, other="venue"),
    "poll": said(42, other="poll"),
    "dice": said(43, other="dice"),
    "private_topic": said(44, "di topik pribadi", key=replace(BUDI, thread="5")),
    "bot_blocked": Incoming(
        BUDI, "", sent_at=at(50), profile_name="Budi Santoso", membership="blocked"
    ),
    "bot_unblocked": Incoming(
        BUDI, "", sent_at=at(50), profile_name="Budi Santoso", membership="unblocked"
    ),
    "group_added": foreign("-4012345", 50),
    "group_promoted": None,
    "group_removed": None,
    "group_command": foreign("-1002233445566", 51),
    "group_message": foreign("-1002233445566", 52),
    "group_service_member_joined": None,
    "group_anonymous_admin": None,
    "agent_group_added": None,
    "agent_topic_created": None,
    "agent_topic_message": in_agent_group(55, "// cek dulu ke Pokja", "54", None),
    "agent_reply_thread": in_agent_group(56, "siap", "", "50"),
    "topic_closed": None,
    "pinned": None,
    "from_a_bot": None,
    "channel_added": None,
    "channel_post": None,
    "update_of_unknown_type": None,
    "message_of_unknown_kind": None,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_update_becomes_the_expected_event(name: str) -> None:
    expected = EXPECTED[name]
    event_id = str(raw(name)["update_id"])
    assert parsed(name) == (() if expected is None else (replace(expected, event_id=event_id),))


def test_every_stored_payload_has_an_expectation() -> None:
    stored = {path.stem for path in PAYLOADS.glob("*.json")}
    assert stored == EXPECTED.keys() | {"malformed_message"}


def test_payload_that_cannot_be_read_raises_so_that_it_can_be_parked() -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        parsed("malformed_message")


def test_group_is_foreign_when_no_agent_group_is_configured() -> None:
    (event,) = parse(read(raw("agent_topic_message")), ACCOUNT, None)
    assert event.foreign_group
    assert event.text == ""


@pytest.mark.parametrize(
    ("payload", "token"),
    [
        ("q8Zk3_vT-1mYb0aX", "q8Zk3_vT-1mYb0aX"),
        ("a" * 64, "a" * 64),
        ("a" * 15, None),
        ("a" * 65, None),
        ("q8Zk3_vT 1mYb0aXr5LdWg", None),
        ("'; DROP TABLE links; --", None),
    ],
)
def test_only_what_looks_like_a_join_token_is_one(payload: str, token: str | None) -> None:
    update = raw("start")
    update["message"]["text"] = f"/start {payload}"
    (event,) = parse(read(update), ACCOUNT, AGENTS)
    assert (event.text, event.link_token) == ("/start", token)


def test_message_of_100000_characters_comes_through_whole() -> None:
    update = raw("text")
    update["message"]["text"] = "ж" * 100_000
    (event,) = parse(read(update), ACCOUNT, AGENTS)
    assert event.text == "ж" * 100_000


def test_lone_surrogate_does_not_stop_the_parser() -> None:
    update = json.loads(json.dumps(raw("text")).replace("gagal", "\\ud83d"))
    (event,) = parse(read(update), ACCOUNT, AGENTS)
    assert event.text.startswith("\ud83d")


def test_the_update_types_asked_for_are_those_that_are_read() -> None:
    assert ALLOWED_UPDATES == ("message", "edited_message", "callback_query", "my_chat_member")
