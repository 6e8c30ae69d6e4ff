"""The fake WhatsApp's calls, proven by pywa (its plain and its asyncio client)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
import pywa
import pywa_async
from pywa import errors
from pywa.types import Button, Section, SectionList, SectionRow
from pywa.types.templates import BodyText, QuickReplyButton, TemplateLanguage

from tests.platforms import FakeWhatsApp, Faults, until, whatsapp_paces
from tests.platforms.whatsapp import WhatsAppUser

NUMBER, USER_ID = "6281234567890", "ID.77001"
HEAD = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": NUMBER}
Story = Callable[[FakeWhatsApp, Any, WhatsAppUser], Coroutine[Any, Any, None]]


def told(story: Story, **options: Any) -> FakeWhatsApp:
    """Run a story with a fake, pywa's asyncio client and somebody who has just written."""
    fake = FakeWhatsApp(**options)

    async def run() -> None:
        async with fake.serving(), asyncio.timeout(20), httpx.AsyncClient(timeout=0.5) as http:
            wa = pywa_async.WhatsApp(phone_id=fake.phone_id, token=fake.token, session=http)
            wa.api._session.base_url = f"{fake.url}/v23.0"
            user = fake.user(NUMBER, USER_ID)
            fake.open_window(user)
            await story(fake, wa, user)

    asyncio.run(run())
    return fake


def test_text_buttons_and_list_arrive_in_order() -> None:
    rows = [SectionRow(f"Baris {n}", callback_data=f"b:{n}", description="d") for n in range(10)]
    keys = [Button("Ya", callback_data="1:ya"), Button("Tidak", callback_data="1:tidak")]

    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        sent = await wa.send_message(NUMBER, "Halo é", tracker="12.1")
        await wa.send_message(USER_ID, "Kirim?", buttons=keys)
        await wa.send_message(USER_ID, "Pilih", buttons=SectionList("Lihat", [Section("", rows)]))
        text, buttons, rowed = user.arrived
        assert (text.id, text.text, text.ref) == (sent.id, "Halo é", "12.1")
        assert buttons.buttons == (("1:ya", "Ya"), ("1:tidak", "Tidak"))
        assert (rowed.kind, len(rowed.buttons)) == ("list", 10)

    told(story)


def test_plain_client_sends_too() -> None:
    async def story(fake: FakeWhatsApp, _: Any, user: WhatsAppUser) -> None:
        with httpx.Client() as http:
            plain = pywa.WhatsApp(phone_id=fake.phone_id, token=fake.token, session=http)
            plain.api._session.base_url = f"{fake.url}/v23.0"
            sent = await asyncio.to_thread(plain.send_message, NUMBER, "halo")
        assert [a.id for a in user.arrived] == [sent.id]

    told(story)


def test_template_is_filled_in_and_goes_outside_the_window() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        fake.close_window(user)
        fake.approve("balasan_siap", "id", "Tiket {{1}}: {{2}}", "Baca")
        button = QuickReplyButton.params(callback_data="3:baca", index=0)
        params = [BodyText.params("LPSE-1", "ada balasan"), button]
        language = TemplateLanguage.INDONESIAN
        await wa.send_template(NUMBER, "balasan_siap", language, params)
        (arrived,) = user.arrived
        assert arrived.text == "Tiket LPSE-1: ada balasan"
        assert arrived.buttons == (("3:baca", "Baca"),)
        with pytest.raises(errors.ReEngagementMessage):
            await wa.send_message(NUMBER, "kata bebas")
        with pytest.raises(errors.TemplateNotExists):
            await wa.send_template(NUMBER, "lain", language, params)
        with pytest.raises(errors.TemplateParamCountMismatch):
            await wa.send_template(NUMBER, "balasan_siap", language, params[1:])
        tabbed = [BodyText.params("a", "b\tc")]
        with pytest.raises(errors.TemplateParamFormatMismatch):
            await wa.send_template(USER_ID, "balasan_siap", language, tabbed)

    told(story)


def test_files_go_up_and_come_down_with_their_checksum() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        await wa.send_document(NUMBER, b"%PDF", filename="surat.pdf", caption="suratnya")
        await wa.send_image(NUMBER, b"jpeg", mime_type="image/jpeg")
        document, image = user.arrived
        assert (document.text, document.name, document.file) == ("suratnya", "surat.pdf", b"%PDF")
        assert image.file == b"jpeg"
        parcel = user.send_image(b"foto", caption="ini")
        about = parcel.content["messages"][0]["image"]
        url = await wa.get_media_url(about["id"])
        assert await wa.get_media_bytes(url=url.url) == b"foto"
        assert base64.b64decode(about["sha256"]) == hashlib.sha256(b"foto").digest()
        assert url.sha256 == hashlib.sha256(b"foto").hexdigest()
        fake.shelf.expire()
        with pytest.raises(Exception, match="404"):
            await wa.get_media_bytes(url=url.url)

    told(story)


def test_lying_media_and_addresses_that_are_gone_once() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        for _ in range(10):
            about = user.send_image(b"foto").content["messages"][0]["image"]
            right = about["mime_type"] == "image/jpeg"
            digest = base64.b64decode(about["sha256"]) == hashlib.sha256(b"foto").digest()
            assert right != digest
        fake.faults.media_gone = 0.5
        got, http = 0, wa.api._session
        for _ in range(20):
            url = await wa.get_media_url(about["id"])
            got += (await http.get(url.url)).status_code == 200
            assert (await http.get(url.url, headers={"Authorization": ""})).status_code == 401
        assert 0 < got < 20

    told(story, faults=Faults(media_lies=1.0))


def test_messages_are_marked_as_read_with_the_typing_sign() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        said = user.say("halo")
        await wa.mark_message_as_read(said.id)
        await wa.indicate_typing(said.id)
        assert (fake.read, fake.typing) == ([said.id, said.id], [said.id])
        with pytest.raises(errors.InvalidParameter):
            await wa.mark_message_as_read("wamid.unknown")

    told(story)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (130429, errors.RateLimitHit),
        (131056, errors.TooManyMessages),
        (131016, errors.ServiceUnavailable),
        (131047, errors.ReEngagementMessage),
        (131026, errors.MessageUndeliverable),
        (131030, errors.RecipientNotInAllowedList),
        (131031, errors.AccountLocked),
        (190, errors.ExpiredAccessToken),
        (132015, errors.TemplatePaused),
    ],
)
def test_every_code_has_its_class(code: int, error: type[Exception]) -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        fake.faults.next(user, str(code), "ok")
        with pytest.raises(error):
            await wa.send_message(NUMBER, "halo")
        assert user.arrived == []
        await wa.send_message(NUMBER, "halo")

    told(story)


@pytest.mark.parametrize(
    "options",
    [
        {"text": "a" * 4097},
        {"text": "a" * 1025, "buttons": [Button("Ya", callback_data="y")]},
        {"text": "a", "buttons": [Button("a" * 21, callback_data="y")]},
        {"text": "a", "buttons": [Button("Ya", callback_data=c) for c in "abcd"]},
        {"text": "a", "buttons": [Button("Ya", callback_data=c) for c in "ab"]},
        {"text": "a", "buttons": [Button(c, callback_data="a") for c in "ab"]},
        {"text": "a", "buttons": [Button("Ya", callback_data="a" * 257)]},
        {"text": "a", "rows": [("a" * 25, "")]},
        {"text": "a", "rows": [("a", "d" * 73)]},
        {"text": "a", "rows": [(str(n), "") for n in range(11)]},
    ],
)
def test_limits_of_a_message_are_enforced(options: dict[str, Any]) -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        body: dict[str, Any] = {"type": "text", "text": {"body": options["text"]}}
        if "buttons" in options:
            action = {"buttons": [button.to_dict() for button in options["buttons"]]}
            body = _interactive("button", options["text"], action)
        if rows := options.get("rows"):
            found = [{"id": str(n), "title": t, "description": d} for n, (t, d) in enumerate(rows)]
            action = {"button": "Lihat", "sections": [{"rows": found}]}
            body = _interactive("list", options["text"], action)
        with pytest.raises((errors.InvalidParameter, errors.MissingRequiredParameter)):
            await wa.api._request("POST", f"/{fake.phone_id}/messages", json={**HEAD, **body})

    assert not any(told(story).chats.values())


def _interactive(kind: str, text: str, action: dict[str, Any]) -> dict[str, Any]:
    part = {"type": kind, "body": {"text": text}, "action": action}
    return {"type": "interactive", "interactive": part}


@pytest.mark.parametrize("left_out", ["messaging_product", "recipient_type", "to"])
def test_send_without_a_required_field_is_refused(left_out: str) -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        whole = {**HEAD, "type": "text", "text": {"body": "halo"}}
        del whole[left_out]
        with pytest.raises(errors.WhatsAppError):
            await wa.api._request("POST", f"/{fake.phone_id}/messages", json=whole)

    assert not any(told(story).chats.values())


def test_wrong_token_closed_account_and_wrong_number_are_refused() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        with pytest.raises(errors.WhatsAppError):
            await wa.send_message(NUMBER, "halo", sender="999")
        fake.faults.account = 131031
        with pytest.raises(errors.AccountLocked):
            await wa.send_message(NUMBER, "halo")
        fake.token = "another"
        with pytest.raises(errors.ExpiredAccessToken):
            await wa.send_message(NUMBER, "halo")

    assert not any(told(story).chats.values())


@pytest.mark.parametrize("fault", ["hang", "cut_after", "cut_before", "server_error"])
def test_cuts_say_truly_whether_the_message_arrived(fault: str) -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        for n in range(4):
            fake.faults.next(user, fault)
            with pytest.raises((httpx.TransportError, errors.WhatsAppError)):
                await wa.send_message(NUMBER, f"pesan {n}")
        arrived = fault in ("hang", "cut_after")
        assert [a.text for a in user.arrived] == [f"pesan {n}" for n in range(4 * arrived)]
        assert [cut.message for cut in fake.cut] == user.arrived
        assert {cut.who for cut in fake.cut} <= {user}

    told(story)


def test_both_rates_are_enforced_for_their_own_scope() -> None:
    now = [1000.0]

    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        fake.paces = whatsapp_paces()
        for _ in range(45):
            await wa.send_message(NUMBER, "x")
        with pytest.raises(errors.TooManyMessages):
            await wa.send_message(USER_ID, "x")
        others = [fake.user(f"62899{n:06d}") for n in range(2)]
        for other in others:
            fake.open_window(other)
        for n in range(35):
            await wa.send_message(others[n % 2].wa_id, "x")
        with pytest.raises(errors.RateLimitHit):
            await wa.send_message(others[0].wa_id, "x")
        now[0] += 6
        await wa.send_message(NUMBER, "x")
        with pytest.raises(errors.TooManyMessages):
            await wa.send_message(NUMBER, "x")

    told(story, clock=lambda: now[0])


def test_blocking_unknown_numbers_and_ported_numbers() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        with pytest.raises(errors.MessageUndeliverable):
            await wa.send_message("628000000000", "halo")
        heir = fake.user(NUMBER, "ID.88002", name="Wati")
        with pytest.raises(errors.ReEngagementMessage):  # the window was the former owner's
            await wa.send_message(NUMBER, "halo")
        heir.say("halo")
        await wa.send_message(NUMBER, "untuk Wati")
        await wa.send_message(USER_ID, "untuk Budi")
        assert [a.text for a in heir.arrived] == ["untuk Wati"]
        assert [a.text for a in user.arrived] == ["untuk Budi"]
        heir.block()
        with pytest.raises(errors.MessageUndeliverable):
            await wa.send_message("ID.88002", "halo")

    told(story)


def test_refusal_that_comes_late_is_accepted_and_never_arrives() -> None:
    async def story(fake: FakeWhatsApp, wa: Any, user: WhatsAppUser) -> None:
        fake.close_window(user)
        sent = await wa.send_message(NUMBER, "halo", tracker="7.1")
        assert user.arrived == []
        ((who, message, code),) = fake.lost
        assert (who, message.id, code) == (user, sent.id, 131047)
        await until(lambda: fake.postman.waiting())
        status = fake.postman.parcels[-1].content["statuses"][0]
        assert status["biz_opaque_callback_data"] == "7.1"

    told(story, faults=Faults(refused_late=1.0))
