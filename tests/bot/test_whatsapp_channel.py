"""The channel against a scripted Graph behind httpx's transport."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest

from bot.channels import whatsapp
from bot.channels.port import (
    AccountBroken,
    Button,
    Channel,
    DeliveryError,
    FileTooBig,
    NotSent,
    OutcomeUnknown,
    OutFile,
    Outgoing,
    Refused,
    RetryLater,
    Template,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp import WhatsAppChannel, WhatsAppSettings, account_of, make_client
from bot.channels.whatsapp_media import media_ref
from bot.incoming import ConversationKey

TOKEN = "EAAGsecretsecretsecretsecret"
NUMBER = "106540352242922"
SETTINGS = WhatsAppSettings("http://graph.test/", "v23.0", NUMBER, TOKEN)
ACCOUNT = "whatsapp:106540352242922"
BUDI = ConversationKey("whatsapp", ACCOUNT, "ID.1234567890123456")
SITI = ConversationKey("whatsapp", ACCOUNT, "6281234567890")
PDF = OutFile("document", "bukti.pdf", "application/pdf", "blob-1")
T = TypeVar("T")
Answer = httpx.Response | Exception


@dataclass
class FakeGraph:
    """Answers each path with what the test prepared, and keeps what was asked."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    now: float = 1000.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        place = request.url.path.rsplit("/", 1)[-1]
        answer = self.answers.get(place, _USUAL.get(place, accepted()))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def asked(self, place: str) -> list[httpx.Request]:
        return [each for each in self.requests if each.url.path.endswith(f"/{place}")]

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(each.content) for each in self.asked("messages")]

    def channel(self, settings: WhatsAppSettings = SETTINGS) -> WhatsAppChannel:
        client = make_client(settings, httpx.MockTransport(self))
        return WhatsAppChannel(client, settings, lambda: self.now)


def accepted(message_id: str = "wamid.A") -> httpx.Response:
    contacts = [{"input": "6281234567890", "wa_id": "6281234567890"}]
    body = {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": message_id}]}
    return httpx.Response(200, json=body)


def ok(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def error(code: int, status: int = 400, **more: Any) -> httpx.Response:
    body = {"message": f"(#{code}) Oops", "type": "OAuthException", "code": code, **more}
    return httpx.Response(status, json={"error": body})


_USUAL = {"media": ok(id="987654")}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def send(graph: FakeGraph, **more: Any) -> str | None:
    out = Outgoing(**{"kind": "message", "key": SITI, "text": "Halo", **more})
    return run(graph.channel().send(out))


# --- what goes out


def test_whatsapp_fulfils_the_channel_port() -> None:
    channel: Channel = FakeGraph().channel()
    able = channel.abilities
    assert channel.name == "whatsapp"
    assert (able.max_text, able.buttons, able.label) == (4096, 3, 20)
    assert (able.rows, able.row_label, able.choice_text, able.caption) == (10, 24, 1024, 1024)
    assert (able.window, able.receipts) == (timedelta(hours=24), True)


def test_account_is_the_phone_number_id() -> None:
    assert account_of(NUMBER) == ACCOUNT


def test_text_goes_to_the_number_of_the_chat() -> None:
    graph = FakeGraph()
    assert send(graph, ref="123.1") == "wamid.A"
    (request,) = graph.requests
    assert request.method == "POST"
    assert str(request.url) == "http://graph.test/v23.0/106540352242922/messages"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert graph.sent() == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "6281234567890",
            "type": "text",
            "text": {"body": "Halo", "preview_url": False},
            "biz_opaque_callback_data": "123.1",
        }
    ]


def test_user_id_is_the_recipient_and_the_number_is_not_told() -> None:
    graph = FakeGraph()
    send(graph, key=BUDI, number="6281234567890")
    assert graph.sent() == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient": "ID.1234567890123456",
            "type": "text",
            "text": {"body": "Halo", "preview_url": False},
        }
    ]


def test_choices_go_out_as_an_interactive_message() -> None:
    graph = FakeGraph()
    send(graph, buttons=(Button("7:ya", "Ya"),), ref="5.1")
    (sent,) = graph.sent()
    assert sent["type"] == "interactive"
    assert sent["interactive"]["action"]["buttons"][0]["reply"] == {"id": "7:ya", "title": "Ya"}
    assert sent["biz_opaque_callback_data"] == "5.1"


def test_template_goes_out_with_its_reference() -> None:
    graph = FakeGraph()
    filled = Template("balasan_siap", "id", ("Budi",), "baca")
    assert send(graph, kind="template", template=filled, ref="9.2") == "wamid.A"
    (sent,) = graph.sent()
    assert sent["type"] == "template"
    assert sent["template"]["name"] == "balasan_siap"
    assert sent["biz_opaque_callback_data"] == "9.2"
    assert "text" not in sent


@pytest.mark.parametrize("kind", ["leave", "topic", "topic_open", "topic_close", "template"])
def test_what_whatsapp_does_not_have_is_refused_without_asking(kind: str) -> None:
    graph = FakeGraph()
    with pytest.raises(Refused):
        send(graph, kind=kind)
    assert graph.requests == []


def test_chat_of_another_number_is_not_answered_from_this_one() -> None:
    graph = FakeGraph()
    with pytest.raises(Unreachable):
        send(graph, key=ConversationKey("whatsapp", "whatsapp:1", "6281234567890"))
    assert graph.requests == []


def test_chat_that_is_no_user_is_refused_without_asking() -> None:
    graph = FakeGraph()
    with pytest.raises(Refused):
        send(graph, key=ConversationKey("whatsapp", ACCOUNT, "budi"))
    assert graph.requests == []


def test_user_id_that_is_not_taken_is_tried_once_more_by_number() -> None:
    graph = FakeGraph({"messages": [error(131062), accepted("wamid.B")]})
    assert send(graph, key=BUDI, number="+6281234567890", ref="3.1") == "wamid.B"
    first, second = graph.sent()
    assert first["recipient"] == "ID.1234567890123456"
    assert second["to"] == "6281234567890"
    assert "recipient" not in second
    assert second["biz_opaque_callback_data"] == "3.1"


@pytest.mark.parametrize(
    ("key", "number", "codes"),
    [
        (BUDI, None, [131062]),
        (BUDI, "", [131062]),
        (BUDI, "budi", [131062]),
        (SITI, "6281234567890", [131062]),
        (BUDI, "6281234567890", [131026]),
        (BUDI, "6281234567890", [131062, 131062]),
    ],
)
def test_nothing_goes_to_a_number_that_is_not_known_or_not_asked_for(
    key: ConversationKey, number: str | None, codes: list[int]
) -> None:
    graph = FakeGraph({"messages": [error(code) for code in codes]})
    with pytest.raises(Unreachable) as raised:
        send(graph, key=key, number=number)
    assert raised.value.code == str(codes[-1])
    assert len(graph.requests) == len(codes)


# --- files


def send_file(graph: FakeGraph, channel: WhatsAppChannel | None = None, **more: Any) -> str | None:
    given = {"kind": "message", "key": SITI, "text": "Ini", "file": PDF, "file_bytes": b"%PDF"}
    return run((channel or graph.channel()).send(Outgoing(**{**given, **more})))


def test_file_is_uploaded_and_then_sent_by_its_id() -> None:
    graph = FakeGraph()
    assert send_file(graph, ref="4.1") == "wamid.A"
    upload, message = graph.requests
    assert str(upload.url) == "http://graph.test/v23.0/106540352242922/media"
    assert upload.headers["content-type"].startswith("multipart/form-data")
    form = upload.content
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in form
    assert b'name="type"\r\n\r\napplication/pdf\r\n' in form
    assert b'name="file"; filename="bukti.pdf"\r\nContent-Type: application/pdf' in form
    assert b"\r\n\r\n%PDF\r\n" in form
    assert json.loads(message.content) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "6281234567890",
        "type": "document",
        "document": {"id": "987654", "caption": "Ini", "filename": "bukti.pdf"},
        "biz_opaque_callback_data": "4.1",
    }


@pytest.mark.parametrize(("size", "kind"), [(5 << 20, "image"), ((5 << 20) + 1, "document")])
def test_large_picture_goes_as_a_document(size: int, kind: str) -> None:
    graph = FakeGraph()
    file = OutFile("image", "foto.png", "image/png", "b")
    send_file(graph, file=file, file_bytes=b"x" * size)
    assert graph.sent()[0]["type"] == kind


def test_text_too_long_for_a_caption_follows_the_file_and_alone_is_tracked() -> None:
    graph = FakeGraph({"messages": [accepted("wamid.F"), accepted("wamid.T")]})
    assert send_file(graph, text="k" * 1025, ref="4.1") == "wamid.T"
    file, text = graph.sent()
    assert file["document"] == {"id": "987654", "filename": "bukti.pdf"}
    assert "biz_opaque_callback_data" not in file
    assert text["text"]["body"] == "k" * 1025
    assert text["biz_opaque_callback_data"] == "4.1"


def test_choices_follow_the_file() -> None:
    graph = FakeGraph()
    send_file(graph, buttons=(Button("1:a", "A"),))
    assert [each["type"] for each in graph.sent()] == ["document", "interactive"]


def test_file_without_its_bytes_is_refused() -> None:
    graph = FakeGraph()
    with pytest.raises(Refused):
        send_file(graph, file_bytes=None)
    assert graph.requests == []


def test_file_is_uploaded_once_for_every_attempt() -> None:
    graph = FakeGraph({"messages": [error(131000, 500), accepted(), accepted()]})
    channel = graph.channel()
    with pytest.raises(NotSent):
        send_file(graph, channel)
    send_file(graph, channel)
    graph.now += timedelta(days=19).total_seconds()
    send_file(graph, channel, key=BUDI)
    assert len(graph.asked("media")) == 1
    assert {each["document"]["id"] for each in graph.sent()} == {"987654"}


def test_uploaded_file_is_uploaded_again_when_its_id_grows_old() -> None:
    graph = FakeGraph({"media": [ok(id="1"), ok(id="2")]})
    channel = graph.channel()
    send_file(graph, channel)
    graph.now += timedelta(days=20, seconds=1).total_seconds()
    send_file(graph, channel)
    assert [each["document"]["id"] for each in graph.sent()] == ["1", "2"]


def test_each_file_has_its_own_id() -> None:
    graph = FakeGraph({"media": [ok(id="1"), ok(id="2")]})
    channel = graph.channel()
    send_file(graph, channel)
    send_file(graph, channel, file=OutFile("document", "b.pdf", "application/pdf", "blob-2"))
    assert [each["document"]["id"] for each in graph.sent()] == ["1", "2"]


def test_only_so_many_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whatsapp, "_MOST_MEDIA", 2)
    graph = FakeGraph()
    channel = graph.channel()
    for blob in ("a", "b", "c", "c", "b", "a"):
        send_file(graph, channel, file=OutFile("document", "x", "a/b", blob))
    assert len(graph.asked("media")) == 4


@pytest.mark.parametrize("code", [100, 131009, 131053])
def test_remembered_id_that_is_refused_is_uploaded_again_at_once(code: int) -> None:
    graph = FakeGraph(
        {
            "media": [ok(id="1"), ok(id="2")],
            "messages": [accepted(), error(code), accepted("wamid.B")],
        }
    )
    channel = graph.channel()
    send_file(graph, channel)
    assert send_file(graph, channel) == "wamid.B"
    assert [each["document"]["id"] for each in graph.sent()] == ["1", "1", "2"]


def test_fresh_id_that_is_refused_is_the_files_own_fault_and_forgotten() -> None:
    graph = FakeGraph({"media": [ok(id="1"), ok(id="2")], "messages": [error(131053), accepted()]})
    channel = graph.channel()
    with pytest.raises(Refused):
        send_file(graph, channel)
    assert len(graph.asked("messages")) == 1
    send_file(graph, channel)
    assert graph.sent()[-1]["document"]["id"] == "2"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ReadTimeout("slow"), NotSent),
        (httpx.ReadError("cut"), NotSent),
        (httpx.Response(504), NotSent),
        (httpx.Response(200, text="not json"), NotSent),
        (ok(strange=1), NotSent),
        (ok(id=""), NotSent),
        (error(100), Refused),
        (error(131053), Refused),
        (error(130429, 429), RetryLater),
        (error(190, 401), AccountBroken),
        (error(100, error_subcode=33), AccountBroken),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_upload_that_fails_sends_nothing(answer: Answer, expected: type[DeliveryError]) -> None:
    graph = FakeGraph({"media": answer})
    with pytest.raises(DeliveryError) as raised:
        send_file(graph)
    assert type(raised.value) is expected
    assert graph.sent() == []


# --- what can go wrong

FAULTS: list[tuple[Answer, type[DeliveryError]]] = [
    (httpx.ConnectError("refused"), NotSent),
    (httpx.ConnectTimeout("slow"), NotSent),
    (httpx.PoolTimeout("full"), NotSent),
    (httpx.ReadTimeout("slow"), OutcomeUnknown),
    (httpx.WriteTimeout("slow"), OutcomeUnknown),
    (httpx.ReadError("cut"), OutcomeUnknown),
    (httpx.RemoteProtocolError("gone"), OutcomeUnknown),
    (httpx.Response(504, text="<html>gateway</html>"), OutcomeUnknown),
    (httpx.Response(200, text="not json"), OutcomeUnknown),
    (httpx.Response(200), OutcomeUnknown),
    (ok(strange=1), OutcomeUnknown),
    (ok(messages=[]), OutcomeUnknown),
    (ok(messages=[{"id": 1}]), OutcomeUnknown),
    (ok(messages=[{"id": ""}]), OutcomeUnknown),
    (ok(messages="x"), OutcomeUnknown),
    (httpx.Response(302, headers={"Location": "https://elsewhere.test/"}), NotSent),
    (httpx.Response(503), NotSent),
    (httpx.Response(413), Refused),
    (httpx.Response(401), AccountBroken),
    (httpx.Response(429), RetryLater),
    (error(131000, 500), NotSent),
    (error(131056), RetryLater),
    (error(131047), WindowClosed),
    (error(131026), Unreachable),
    (error(132001, 404), Refused),
    (error(100), Refused),
    (error(190, 401), AccountBroken),
    (error(100, error_subcode=33), AccountBroken),
    (error(131031, 200), AccountBroken),
]


@pytest.mark.parametrize(("answer", "expected"), FAULTS, ids=lambda value: repr(value)[:40])
def test_fault_becomes_the_ports(answer: Answer, expected: type[DeliveryError]) -> None:
    graph = FakeGraph({"messages": answer})
    with pytest.raises(DeliveryError) as raised:
        send(graph)
    assert type(raised.value) is expected
    assert len(graph.requests) == 1


def send_over_the_network(port: int) -> None:
    """With the real transport and a short time-out."""
    settings = WhatsAppSettings(f"http://127.0.0.1:{port}", "v23.0", NUMBER, TOKEN)

    async def sending() -> None:
        client = make_client(settings)
        client.timeout = httpx.Timeout(0.3)
        channel = WhatsAppChannel(client, settings)
        try:
            await channel.send(Outgoing("message", SITI, "Halo"))
        finally:
            await channel.close()

    run(sending())


def test_time_out_after_sending_is_unknown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with pytest.raises(OutcomeUnknown) as raised:
            send_over_the_network(server.getsockname()[1])
        connection, _ = server.accept()
        with connection:
            assert connection.recv(20).startswith(b"POST /v23.0/")
    assert raised.value.code == "ReadTimeout"


def test_server_that_is_down_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotSent) as raised:
        send_over_the_network(port)
    assert raised.value.code == "ConnectError"


def test_message_that_comes_after_closing_was_not_sent() -> None:
    async def late() -> None:
        channel = FakeGraph().channel()
        await channel.close()
        await channel.send(Outgoing("message", SITI, "Halo"))

    with pytest.raises(NotSent):
        run(late())


def test_token_and_numbers_show_in_no_log_and_in_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    quoting = f"Invalid token {TOKEN} for 6281234567890"
    answers = (error(190, 401, message=quoting), httpx.ReadTimeout(quoting), httpx.Response(302))
    for answer in answers:
        graph = FakeGraph({"messages": answer})
        with pytest.raises(DeliveryError) as raised:
            send(graph)
        run(graph.channel().sign(SITI, "wamid.X"))
        assert "no sign of life shown" in caplog.text
        told = "".join(traceback.format_exception(raised.value, limit=0))
        for secret in (TOKEN, "6281234567890"):
            assert secret not in told
            assert secret not in caplog.text
    assert TOKEN not in repr(SETTINGS)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "é", "a\r\nX: y"])
def test_token_that_no_header_can_hold_is_named_at_the_start(token: str) -> None:
    with pytest.raises(ValueError, match="token is empty or holds") as raised:
        make_client(WhatsAppSettings("https://graph.test", "v23.0", NUMBER, token))
    assert not token or token not in str(raised.value)


# --- signs of life


def test_message_is_marked_as_read_with_typing() -> None:
    graph = FakeGraph({"messages": [ok(success=True), ok(success=True)]})
    channel = graph.channel()

    async def both() -> None:
        await channel.sign(SITI, "wamid.X")
        await channel.sign(SITI, "wamid.Y", typing=False)

    run(both())
    assert graph.sent() == [
        {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.X",
            "typing_indicator": {"type": "text"},
        },
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.Y"},
    ]


def test_nothing_is_shown_without_a_message_or_for_another_number() -> None:
    graph = FakeGraph()
    run(graph.channel().sign(SITI, None))
    run(graph.channel().sign(ConversationKey("whatsapp", "whatsapp:1", "62812345678"), "wamid.X"))
    assert graph.requests == []


@pytest.mark.parametrize("answer", [answer for answer, _ in FAULTS], ids=lambda v: repr(v)[:40])
def test_sign_of_life_never_raises(answer: Answer) -> None:
    run(FakeGraph({"messages": answer}).channel().sign(SITI, "wamid.X"))


def test_sign_that_cannot_be_written_does_not_raise_either() -> None:
    run(FakeGraph().channel().sign(SITI, "wamid.\ud83d"))


# --- media

PHOTO = b"\xff\xd8\xff photo"
HEX = hashlib.sha256(PHOTO).hexdigest()
BASE64 = base64.b64encode(hashlib.sha256(PHOTO).digest()).decode()
WRONG = base64.b64encode(hashlib.sha256(b"other").digest()).decode()


def described(**more: Any) -> httpx.Response:
    found = {"id": "55", "url": "https://files.test/bytes?mid=55", "mime_type": "image/jpeg"}
    return ok(**{**found, "sha256": HEX, "file_size": len(PHOTO), **more})


def bytes_of(content: Any = PHOTO, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=content)


def fetch(graph: FakeGraph, sha256: str = BASE64, max_bytes: int = 1000) -> bytes:
    return run(graph.channel().fetch(media_ref("55", sha256), max_bytes))


@pytest.mark.parametrize("sha256", [BASE64, BASE64.rstrip("="), HEX, HEX.upper(), "", "odd", "é"])
def test_media_are_fetched_by_their_id_and_address(sha256: str) -> None:
    graph = FakeGraph({"55": described(), "bytes": bytes_of()})
    assert fetch(graph, sha256) == PHOTO
    asked, loaded = graph.requests
    assert str(asked.url) == f"http://graph.test/v23.0/55?phone_number_id={NUMBER}"
    assert str(loaded.url) == "https://files.test/bytes?mid=55"
    assert loaded.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("size", [1001, "1001", 10**30])
def test_media_announced_as_too_large_are_not_downloaded(size: object) -> None:
    graph = FakeGraph({"55": described(file_size=size)})
    with pytest.raises(FileTooBig):
        fetch(graph)
    assert len(graph.requests) == 1


@pytest.mark.parametrize("size", [5, "5", None, -1, "many", {}])
def test_media_larger_than_they_say_are_cut_off_while_they_come(size: object) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 65536

    graph = FakeGraph({"55": described(file_size=size), "bytes": bytes_of(endless())})
    with pytest.raises(FileTooBig):
        fetch(graph, max_bytes=100_000)
    assert read == 2


def test_media_of_exactly_the_largest_size_are_taken() -> None:
    graph = FakeGraph({"55": described(), "bytes": bytes_of()})
    assert fetch(graph, max_bytes=len(PHOTO)) == PHOTO


def test_compressed_answer_cannot_swell() -> None:
    bomb = httpx.Response(
        200, content=gzip.compress(b"\0" * 10_000_000), headers={"Content-Encoding": "gzip"}
    )
    graph = FakeGraph({"55": described(), "bytes": bomb})
    with pytest.raises(NotSent):
        fetch(graph, max_bytes=20_000)
    assert graph.requests[1].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(("webhook", "answer"), [(WRONG, HEX), ("", WRONG), (WRONG, None)])
def test_media_with_other_bytes_are_fetched_again_later(webhook: str, answer: object) -> None:
    graph = FakeGraph({"55": described(sha256=answer), "bytes": bytes_of()})
    with pytest.raises(NotSent):
        fetch(graph, webhook)


def test_webhooks_checksum_outranks_the_answers() -> None:
    graph = FakeGraph({"55": described(sha256=WRONG), "bytes": bytes_of()})
    assert fetch(graph) == PHOTO


@pytest.mark.parametrize("status", [401, 403, 404])
def test_address_that_expired_is_asked_for_anew_once(status: int) -> None:
    fresh = described(url="https://files.test/fresh")
    graph = FakeGraph(
        {"55": [described(), fresh], "bytes": bytes_of(b"", status), "fresh": bytes_of()}
    )
    assert fetch(graph) == PHOTO
    assert len(graph.asked("55")) == 2

    graph = FakeGraph({"55": [described(), described()], "bytes": bytes_of(b"", status)})
    with pytest.raises(NotSent):
        fetch(graph)
    assert len(graph.requests) == 4


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"55": error(100)}, Refused),
        ({"55": error(100, error_subcode=33)}, Refused),
        ({"55": httpx.Response(404)}, Refused),
        ({"55": error(131052)}, Refused),
        ({"55": error(190, 401)}, AccountBroken),
        ({"55": error(4)}, RetryLater),
        ({"55": httpx.ReadTimeout("slow")}, NotSent),
        ({"55": httpx.ConnectError("refused")}, NotSent),
        ({"55": httpx.Response(504)}, NotSent),
        ({"55": httpx.Response(200, text="not json")}, NotSent),
        ({"55": described(url=None)}, NotSent),
        ({"55": described(url="")}, NotSent),
        ({"55": described(url="https://")}, NotSent),
        ({"55": described(url="https://a:b:c/")}, NotSent),
        ({"55": described(), "bytes": bytes_of(b"", 302)}, Refused),
        ({"55": described(), "bytes": bytes_of(b"", 410)}, Refused),
        ({"55": described(), "bytes": bytes_of(b"", 429)}, NotSent),
        ({"55": described(), "bytes": bytes_of(b"", 502)}, NotSent),
        ({"55": described(), "bytes": httpx.ReadError("cut")}, NotSent),
        ({"55": described(), "bytes": httpx.ReadTimeout("slow")}, NotSent),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_fault_while_fetching_says_whether_to_try_again(
    answers: dict[str, Answer | list[Answer]], expected: type[DeliveryError]
) -> None:
    with pytest.raises(DeliveryError) as raised:
        fetch(FakeGraph(answers))
    assert isinstance(raised.value, expected)


@pytest.mark.parametrize(
    "url",
    [
        "http://files.test/bytes",
        "http://graph.test:8080/bytes",
        "http://graph.test.evil.test/bytes",
        "http://graph.test@evil.test/bytes",
        "ftp://graph.test/bytes",
        "//evil.test/bytes",
    ],
)
def test_token_goes_nowhere_in_the_clear(url: str) -> None:
    graph = FakeGraph({"55": described(url=url), "bytes": bytes_of()})
    with pytest.raises(Refused):
        fetch(graph)
    assert len(graph.requests) == 1


def test_server_we_were_told_to_use_may_have_the_bytes_itself() -> None:
    url = "http://graph.test/bytes?mid=55"
    graph = FakeGraph({"55": described(url=url), "bytes": bytes_of()})
    assert fetch(graph) == PHOTO


def test_encrypted_server_is_not_left_for_a_clear_one() -> None:
    settings = WhatsAppSettings("https://graph.test", "v23.0", NUMBER, TOKEN)
    graph = FakeGraph({"55": described(url="http://graph.test/bytes"), "bytes": bytes_of()})
    with pytest.raises(Refused):
        run(graph.channel(settings).fetch(media_ref("55", ""), 1000))
    assert len(graph.requests) == 1


def test_redirect_is_not_followed() -> None:
    moved = httpx.Response(302, headers={"Location": "https://evil.test/bytes2"})
    graph = FakeGraph({"55": described(), "bytes": moved, "bytes2": bytes_of()})
    with pytest.raises(Refused):
        fetch(graph)
    assert len(graph.requests) == 2


@pytest.mark.parametrize(
    "ref",
    ["odd", "[]", *(media_ref(each, "") for each in ("", "../me", "55/x", "55?a=b", "é", " "))],
)
def test_handle_that_is_none_is_refused_without_asking(ref: str) -> None:
    graph = FakeGraph()
    with pytest.raises(Refused):
        run(graph.channel().fetch(ref, 1000))
    assert graph.requests == []


# --- the number itself


def test_check_names_the_number() -> None:
    found = ok(id=NUMBER, verified_name="LPSE Kota", display_phone_number="+62 21 555 0100")
    graph = FakeGraph({NUMBER: found})
    assert run(graph.channel().check()) == "LPSE Kota (+62 21 555 0100)"
    (request,) = graph.requests
    assert request.method == "GET"
    assert request.url.params["fields"] == "display_phone_number,verified_name"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(100, error_subcode=33), AccountBroken),
        (error(100), AccountBroken),
        (httpx.Response(404), AccountBroken),
        (error(190, 401), AccountBroken),
        (httpx.ConnectError("refused"), NotSent),
        (httpx.Response(503), NotSent),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_check_tells_what_is_wrong(answer: Answer, expected: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as raised:
        run(FakeGraph({NUMBER: answer}).channel().check())
    assert type(raised.value) is expected
