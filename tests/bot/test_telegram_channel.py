"""The channel against a scripted Telegram behind httpx's transport."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx
import pytest

from bot.channels.port import (
    AccountBroken,
    Button,
    Channel,
    DeliveryError,
    FileTooBig,
    Moved,
    NotSent,
    OutcomeUnknown,
    OutFile,
    Outgoing,
    Refused,
    RetryLater,
    Unreachable,
)
from bot.channels.telegram import TelegramChannel, account_of, make_bot, set_up
from bot.incoming import ConversationKey

TOKEN = "7000000001:AAsecretsecret"
BUDI = ConversationKey("telegram", "telegram:7000000001", "6104412001")
GROUP = ConversationKey("telegram", "telegram:7000000001", "-1002233445566")
T = TypeVar("T")
Answer = httpx.Response | Exception


@dataclass
class FakeTelegram:
    """Answers each method with what the test prepared, and keeps what was asked."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rsplit("/", 1)[-1]
        self.calls.append((method, _fields(request)))
        self.bodies.append(request.content)
        answer = self.answers.get(method, ok(message()))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.calls if name == method]

    def channel(self) -> TelegramChannel:
        transport = httpx.MockTransport(self)
        files = httpx.AsyncClient(transport=transport)
        return TelegramChannel(make_bot(TOKEN, "http://telegram.test", transport), files)


def _fields(request: httpx.Request) -> dict[str, Any]:
    if "urlencoded" not in request.headers.get("content-type", ""):
        return {}
    return {name: _value(text) for name, text in parse_qsl(request.content.decode())}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def ok(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "result": result})


def error(status: int, description: str, **parameters: Any) -> httpx.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return httpx.Response(status, json=body | ({"parameters": parameters} if parameters else {}))


def message(message_id: int = 501) -> dict[str, Any]:
    chat = {"id": 6104412001, "type": "private"}
    return {"message_id": message_id, "date": 1763712000, "chat": chat}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def send(telegram: FakeTelegram, **more: Any) -> str | None:
    out = Outgoing(**{"kind": "message", "key": BUDI, "text": "Halo", **more})
    return run(telegram.channel().send(out))


def markup(telegram: FakeTelegram, **more: Any) -> Any:
    send(telegram, **more)
    return telegram.asked("sendMessage")[-1].get("reply_markup")


# --- what goes out


def test_telegram_fulfils_the_channel_port() -> None:
    channel: Channel = FakeTelegram().channel()
    assert channel.name == "telegram"
    assert channel.abilities.max_text == 4096


def test_sending_gives_the_platforms_message_id() -> None:
    telegram = FakeTelegram()
    assert send(telegram) == "501"
    assert telegram.asked("sendMessage") == [{"chat_id": 6104412001, "text": "Halo"}]


@pytest.mark.parametrize(
    ("text", "plain", "spans"),
    [
        ("Nomor *LPSE-1*.", "Nomor LPSE-1.", [(6, 6)]),
        ("👨‍👩‍👧 *Kirim* 😀 *ya*", "👨‍👩‍👧 Kirim 😀 ya", [(9, 5), (18, 2)]),
        ("*😀😀* a", "😀😀 a", [(0, 4)]),
        ("5 * 3 * 2 dan **", "5 * 3 * 2 dan **", []),
        ("*satu\ndua*", "*satu\ndua*", []),
        ("_a_ [b](c) <i>d</i> `e`", "_a_ [b](c) <i>d</i> `e`", []),
    ],
)
def test_bold_signs_become_entities_in_utf16_units(
    text: str, plain: str, spans: list[tuple[int, int]]
) -> None:
    telegram = FakeTelegram()
    send(telegram, text=text)
    (sent,) = telegram.asked("sendMessage")
    assert sent["text"] == plain
    bold = [{"type": "bold", "offset": start, "length": length} for start, length in spans]
    assert sent.get("entities", []) == bold
    assert "parse_mode" not in sent


def test_lone_surrogate_is_sent_as_a_replacement_sign() -> None:
    telegram = FakeTelegram()
    send(telegram, text="a\ud83d *b*")
    assert telegram.asked("sendMessage")[0]["text"] == "a\ufffd b"


def test_short_labels_share_a_row_and_long_ones_do_not() -> None:
    labels = ["Kirim", "Ubah", "Tidak bisa masuk ke SPSE", "Batal"]
    buttons = tuple(Button(f"7:{number}", label) for number, label in enumerate(labels))
    rows = markup(FakeTelegram(), buttons=buttons)["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [
        ["Kirim", "Ubah"],
        ["Tidak bisa masuk ke SPSE"],
        ["Batal"],
    ]
    assert rows[0][0] == {"text": "Kirim", "callback_data": "7:0"}


def test_asking_for_the_phone_puts_the_choices_beside_it_as_plain_buttons() -> None:
    keyboard = markup(FakeTelegram(), ask_phone=True, buttons=(Button("3:kembali", "Kembali"),))
    assert keyboard["keyboard"] == [
        [{"text": "Bagikan nomor saya", "request_contact": True}],
        [{"text": "Kembali"}],
    ]
    assert keyboard["one_time_keyboard"] is True
    assert keyboard["resize_keyboard"] is True


def test_the_phone_is_not_asked_for_in_a_group() -> None:
    assert markup(FakeTelegram(), key=GROUP, ask_phone=True) is None


def test_hiding_the_keyboard_takes_it_away() -> None:
    assert markup(FakeTelegram(), hide_keyboard=True) == {"remove_keyboard": True}


def test_hiding_the_keyboard_keeps_the_buttons_of_the_message() -> None:
    telegram = FakeTelegram(
        {"sendMessage": [ok(message(1)), ok(message(2))], "deleteMessage": ok(True)}
    )
    assert send(telegram, hide_keyboard=True, buttons=(Button("4:a", "A"),)) == "2"
    sweeping, wanted = telegram.asked("sendMessage")
    assert sweeping["reply_markup"] == {"remove_keyboard": True}
    assert wanted["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "4:a"
    assert telegram.asked("deleteMessage") == [{"chat_id": 6104412001, "message_id": 1}]


def test_public_link_is_a_button_below_the_choices() -> None:
    rows = markup(
        FakeTelegram(), link="https://loket.example/c/abc", buttons=(Button("1:a", "A"),)
    )["inline_keyboard"]
    assert rows[-1] == [{"text": "Buka tautan", "url": "https://loket.example/c/abc"}]


@pytest.mark.parametrize("link", ["http://127.0.0.1:8080/c/abc", "https://localhost/c/abc"])
def test_link_that_telegram_refuses_as_a_button_stands_in_the_text(link: str) -> None:
    telegram = FakeTelegram()
    assert markup(telegram, link=link) is None
    assert telegram.asked("sendMessage")[0]["text"] == f"Halo\n\n{link}"


def test_link_stands_where_the_text_wants_it() -> None:
    telegram = FakeTelegram()
    assert markup(telegram, text="Buka {link} ya", link="https://loket.example/x") is None
    assert telegram.asked("sendMessage")[0]["text"] == "Buka https://loket.example/x ya"


@pytest.mark.parametrize(("thread", "sent"), [("54", 54), ("1", None), ("", None)])
def test_topic_is_named_and_the_general_one_left_out(thread: str, sent: int | None) -> None:
    telegram = FakeTelegram()
    key = ConversationKey("telegram", "telegram:1", "-100", thread)
    send(telegram, key=key)
    assert telegram.asked("sendMessage")[0].get("message_thread_id") == sent


@pytest.mark.parametrize(
    ("kind", "mime", "size", "method"),
    [
        ("image", "image/png", 10, "sendPhoto"),
        ("image", "image/webp", 10, "sendDocument"),
        ("image", "image/png", (10 << 20) + 1, "sendDocument"),
        ("document", "application/pdf", 10, "sendDocument"),
    ],
)
def test_file_goes_out_with_its_name_and_caption(
    kind: Any, mime: str, size: int, method: str
) -> None:
    telegram = FakeTelegram()
    file = OutFile(kind, "bukti.bin", mime, "blob")
    send(telegram, text="*Ini* bukti", file=file, file_bytes=b"x" * size)
    assert [name for name, _ in telegram.calls] == [method]
    assert b'filename="bukti.bin"' in telegram.bodies[0]
    assert b"Ini bukti" in telegram.bodies[0]
    assert b'"bold"' in telegram.bodies[0]


def test_text_too_long_for_a_caption_follows_the_file() -> None:
    telegram = FakeTelegram()
    file = OutFile("document", "a.pdf", "application/pdf", "blob")
    send(telegram, text="k" * 1025, file=file, file_bytes=b"%PDF")
    assert [name for name, _ in telegram.calls] == ["sendDocument", "sendMessage"]
    assert b"caption" not in telegram.bodies[0]


def test_file_without_its_bytes_is_refused() -> None:
    with pytest.raises(Refused):
        send(FakeTelegram(), file=OutFile("document", "a", "b", "c"))


def test_foreign_group_hears_one_line_and_is_left() -> None:
    telegram = FakeTelegram({"leaveChat": ok(True)})
    assert send(telegram, kind="leave", key=GROUP, text="Maaf.") is None
    assert [name for name, _ in telegram.calls] == ["sendMessage", "leaveChat"]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (error(400, "Bad Request: not enough rights to send text messages"), ok(True)),
        (error(403, "Forbidden: bot was kicked"), error(403, "Forbidden: bot was kicked")),
        (httpx.ReadTimeout("slow"), error(400, "Bad Request: chat not found")),
    ],
)
def test_group_is_left_even_when_nothing_can_be_said(said: Answer, left: Answer) -> None:
    telegram = FakeTelegram({"sendMessage": said, "leaveChat": left})
    assert send(telegram, kind="leave", key=GROUP, text="Maaf.") is None
    assert len(telegram.asked("leaveChat")) == 1


# --- what can go wrong

FAULTS: list[tuple[Answer, type[DeliveryError]]] = [
    (httpx.ConnectError("refused"), NotSent),
    (httpx.ConnectTimeout("slow"), NotSent),
    (httpx.PoolTimeout("full"), NotSent),
    (httpx.ReadTimeout("slow"), OutcomeUnknown),
    (httpx.WriteTimeout("slow"), OutcomeUnknown),
    (httpx.ReadError("cut"), OutcomeUnknown),
    (httpx.WriteError("cut"), OutcomeUnknown),
    (httpx.RemoteProtocolError("gone"), OutcomeUnknown),
    (error(500, "Internal Server Error: restart"), NotSent),
    (error(502, "Bad Gateway"), NotSent),
    (httpx.Response(502, text="<html>gateway</html>"), NotSent),
    (httpx.Response(503, text="<html>busy</html>"), NotSent),
    (httpx.Response(504, text="<html>gateway</html>"), OutcomeUnknown),
    (httpx.Response(200, text="not json"), OutcomeUnknown),
    (httpx.Response(200, json={"ok": True}), OutcomeUnknown),
    (ok({"strange": 1}), OutcomeUnknown),
    (error(413, "Request Entity Too Large"), Refused),
    (error(400, "Bad Request: message is too long"), Refused),
    (error(400, "Bad Request: message to be replied not found"), Refused),
    (error(400, "Bad Request: message thread not found"), Refused),
    (error(400, "Bad Request: BUTTON_DATA_INVALID"), Refused),
    (error(400, "Bad Request: chat not found"), Unreachable),
    (error(400, "Bad Request: PEER_ID_INVALID"), Unreachable),
    (error(403, "Forbidden: bot was blocked by the user"), Unreachable),
    (error(403, "Forbidden: user is deactivated"), Unreachable),
    (error(401, "Unauthorized"), AccountBroken),
    (error(404, "Not Found"), AccountBroken),
]


@pytest.mark.parametrize(("answer", "expected"), FAULTS, ids=lambda value: repr(value)[:60])
def test_fault_becomes_the_ports(answer: Answer, expected: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as raised:
        send(FakeTelegram({"sendMessage": answer}))
    assert type(raised.value) is expected


@pytest.mark.parametrize("as_timedelta", ["0", "1"])
@pytest.mark.filterwarnings("ignore:.*retry_after.*")
def test_wait_asked_for_is_told_in_seconds(
    as_timedelta: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", as_timedelta)
    answer = error(429, "Too Many Requests: retry after 35", retry_after=35)
    with pytest.raises(RetryLater) as raised:
        send(FakeTelegram({"sendMessage": answer}))
    assert (raised.value.seconds, raised.value.scope) == (35.0, "chat")


def test_group_that_became_a_supergroup_tells_its_new_id() -> None:
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    answer = error(400, description, migrate_to_chat_id=-1009999999999)
    with pytest.raises(Moved) as raised:
        send(FakeTelegram({"sendMessage": answer}), key=GROUP)
    assert raised.value.chat == "-1009999999999"


def test_chat_id_that_is_none_is_refused_without_asking() -> None:
    telegram = FakeTelegram()
    with pytest.raises(Refused):
        send(telegram, key=ConversationKey("telegram", "telegram:1", "budi"))
    assert telegram.calls == []


def test_the_token_shows_in_no_log_and_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def refused() -> None:
        await set_up(make_bot(TOKEN, None, httpx.MockTransport(telegram)), "polling")

    telegram = FakeTelegram({"getMe": error(401, "Unauthorized")})
    caplog.set_level(logging.DEBUG)
    send(FakeTelegram())
    with pytest.raises(AccountBroken) as raised:
        run(refused())
    assert TOKEN not in caplog.text
    assert TOKEN not in "".join(traceback.format_exception(raised.value, limit=0))


# --- signs of life, files


def test_tap_is_acknowledged_and_text_is_answered_with_typing() -> None:
    telegram = FakeTelegram({"answerCallbackQuery": ok(True), "sendChatAction": ok(True)})
    run(telegram.channel().sign(BUDI, "2634567890123456789"))
    run(telegram.channel().sign(BUDI, None))
    acknowledged, typing = telegram.calls
    assert acknowledged == ("answerCallbackQuery", {"callback_query_id": 2634567890123456789})
    assert typing == ("sendChatAction", {"chat_id": 6104412001, "action": "typing"})


@pytest.mark.parametrize("answer", [answer for answer, _ in FAULTS], ids=lambda v: repr(v)[:60])
def test_sign_of_life_never_raises(answer: Answer) -> None:
    telegram = FakeTelegram({"answerCallbackQuery": answer, "sendChatAction": answer})
    run(telegram.channel().sign(BUDI, "1"))
    run(telegram.channel().sign(BUDI, None))
    run(telegram.channel().sign(ConversationKey("telegram", "", "budi"), None))


def stored(size: int | None = None) -> httpx.Response:
    found = {"file_id": "F", "file_unique_id": "U", "file_path": "photos/é 1.jpg"}
    return ok(found | ({} if size is None else {"file_size": size}))


def fetch(telegram: FakeTelegram, max_bytes: int = 1000) -> bytes:
    return run(telegram.channel().fetch("F", max_bytes))


def test_file_is_fetched_from_the_configured_server() -> None:
    telegram = FakeTelegram(
        {"getFile": stored(5), "é 1.jpg": httpx.Response(200, content=b"bytes")}
    )
    assert fetch(telegram) == b"bytes"


def test_file_announced_as_too_large_is_not_downloaded() -> None:
    telegram = FakeTelegram({"getFile": stored(1001)})
    with pytest.raises(FileTooBig):
        fetch(telegram)
    assert len(telegram.calls) == 1


def test_file_that_grows_is_cut_off_while_it_comes() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65536

    telegram = FakeTelegram(
        {"getFile": stored(), "é 1.jpg": httpx.Response(200, content=endless())}
    )
    with pytest.raises(FileTooBig):
        fetch(telegram, max_bytes=100_000)
    assert read == 2


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"getFile": error(400, "Bad Request: file is too big")}, FileTooBig),
        ({"getFile": error(400, "Bad Request: invalid file_id")}, Refused),
        (
            {"getFile": error(400, "wrong file_id or the file is temporarily unavailable")},
            NotSent,
        ),
        ({"getFile": httpx.ReadTimeout("slow")}, NotSent),
        ({"getFile": error(401, "Unauthorized")}, AccountBroken),
        ({"getFile": stored(), "é 1.jpg": httpx.Response(404)}, Refused),
        ({"getFile": stored(), "é 1.jpg": httpx.Response(502)}, NotSent),
        ({"getFile": stored(), "é 1.jpg": httpx.ReadError("cut")}, NotSent),
    ],
)
def test_fault_while_fetching_says_whether_to_try_again(
    answers: dict[str, Answer | list[Answer]], expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        fetch(FakeTelegram(answers))


# --- setting up


def setting_up(telegram: FakeTelegram, *args: Any) -> None:
    run(set_up(make_bot(TOKEN, None, httpx.MockTransport(telegram)), *args))


@pytest.fixture
def ready() -> FakeTelegram:
    me = {"id": 7, "is_bot": True, "first_name": "Loket"}
    methods = ("setWebhook", "deleteWebhook", "setMyCommands")
    return FakeTelegram({"getMe": ok(me), **{method: ok(True) for method in methods}})


def test_webhook_is_set_with_its_secret_and_keeps_waiting_updates(ready: FakeTelegram) -> None:
    setting_up(ready, "webhook", "https://loket.example/", "s3cret")
    assert ready.asked("setWebhook") == [
        {
            "url": "https://loket.example/webhooks/telegram",
            "secret_token": "s3cret",
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
            "drop_pending_updates": False,
        }
    ]


def test_polling_removes_the_webhook_and_keeps_waiting_updates(ready: FakeTelegram) -> None:
    setting_up(ready, "polling")
    assert ready.asked("deleteWebhook") == [{"drop_pending_updates": False}]


def test_commands_are_announced_in_indonesian(ready: FakeTelegram) -> None:
    setting_up(ready, "polling")
    commands = ready.asked("setMyCommands")[0]["commands"]
    names = [command["command"] for command in commands]
    assert names == ["mulai", "lapor", "tiket", "petugas", "bot", "bantuan", "batal", "privasi"]
    assert {"command": "tiket", "description": "Cek status tiket"} in commands


@pytest.mark.parametrize("given", [(None, "s"), ("https://loket.example", None)])
def test_webhook_without_address_or_secret_is_not_set(
    ready: FakeTelegram, given: tuple[str | None, str | None]
) -> None:
    with pytest.raises(ValueError, match="public URL and a secret"):
        setting_up(ready, "webhook", *given)
    assert ready.calls == []


def test_server_that_is_down_is_a_delivery_error(ready: FakeTelegram) -> None:
    ready.answers["getMe"] = httpx.ConnectError("refused")
    with pytest.raises(NotSent):
        setting_up(ready, "polling")


def test_account_is_known_from_the_token_alone() -> None:
    assert account_of(TOKEN) == "telegram:7000000001"
