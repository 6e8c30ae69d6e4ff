"""Loket's own WhatsApp adapter and parser with the fake's messages and news."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.channels.port import (
    AccountBroken,
    Button,
    DeliveryError,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    RetryLater,
    Template,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp import WhatsAppChannel, WhatsAppSettings, account_of, make_client
from bot.channels.whatsapp_parse import Batch, parse
from bot.channels.whatsapp_webhook import check_signature
from bot.incoming import ConversationKey
from tests.platforms import FakeWhatsApp, until
from tests.platforms.postman import Parcel
from tests.platforms.whatsapp import WhatsAppUser

NUMBER, USER_ID = "6281234567890", "ID.77001"
Story = Callable[[FakeWhatsApp, WhatsAppChannel, WhatsAppUser], Coroutine[Any, Any, None]]


def told(story: Story) -> FakeWhatsApp:
    """Run a story with a fake, our adapter, and somebody who has just written."""
    fake = FakeWhatsApp()

    async def run() -> None:
        async with fake.serving(), asyncio.timeout(20):
            settings = WhatsAppSettings(fake.url, "v23.0", fake.phone_id, fake.token)
            client = make_client(settings)
            client.timeout = 0.5
            channel = WhatsAppChannel(client, settings)
            user = fake.user(NUMBER, USER_ID)
            fake.open_window(user)
            try:
                await story(fake, channel, user)
            finally:
                await channel.close()

    asyncio.run(run())
    return fake


def out(fake: FakeWhatsApp, chat: str = USER_ID, **more: Any) -> Outgoing:
    key = ConversationKey("whatsapp", account_of(fake.phone_id), chat)
    return Outgoing(**{"kind": "message", "key": key, "text": "halo", "ref": "9.1", **more})


def heard(fake: FakeWhatsApp, *parcels: Parcel) -> Batch:
    """What our parser makes of news, in one signed payload."""
    envelope = fake.letters.pack(list(parcels))
    signature = envelope.headers["X-Hub-Signature-256"]
    assert check_signature(signature, envelope.body, fake.app_secret)
    return parse(json.loads(envelope.body), fake.phone_id)


def test_words_choices_and_templates_arrive_with_their_ref() -> None:
    async def story(fake: FakeWhatsApp, channel: WhatsAppChannel, user: WhatsAppUser) -> None:
        fake.approve("balasan_siap", "id", "Tiket {{1}}", "Baca")
        few = (Button("1:a", "Ya"), Button("1:b", "Tidak"))
        many = tuple(Button(f"1:{n}", f"Pilihan {n}", "rincian") for n in range(8))
        sent = [
            await channel.send(out(fake)),
            await channel.send(out(fake, NUMBER, buttons=few)),
            await channel.send(out(fake, buttons=many)),
        ]
        fake.close_window(user)
        template = Template("balasan_siap", "id", ("LPSE-1",), "3:baca")
        sent.append(await channel.send(out(fake, kind="template", template=template)))
        assert [a.id for a in user.arrived] == sent
        assert {a.ref for a in user.arrived} == {"9.1"}
        assert [len(a.buttons) for a in user.arrived] == [0, 2, 8, 1]

    told(story)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("server_error", DeliveryError),
        ("cut_before", OutcomeUnknown),
        ("cut_after", OutcomeUnknown),
        ("hang", OutcomeUnknown),
        ("130429", RetryLater),
        ("131056", RetryLater),
        ("131047", WindowClosed),
        ("131026", Unreachable),
        ("131031", AccountBroken),
        ("190", AccountBroken),
    ],
)
def test_each_fault_has_its_class(fault: str, error: type[DeliveryError]) -> None:
    async def story(fake: FakeWhatsApp, channel: WhatsAppChannel, user: WhatsAppUser) -> None:
        fake.faults.next(user, fault)
        with pytest.raises(error):
            await channel.send(out(fake))
        assert [cut.message for cut in fake.cut] == user.arrived

    told(story)


def test_news_are_read_by_our_parser() -> None:
    async def story(fake: FakeWhatsApp, channel: WhatsAppChannel, user: WhatsAppUser) -> None:
        await channel.send(out(fake, buttons=(Button("1:ya", "Ya"),)))
        hidden = fake.user("62899", "ID.88002", shows_number=False)
        plain = fake.user("62812999")
        batch = heard(fake, user.say("halo é"), hidden.say("a"), plain.say("b"), user.tap("Ya"))
        assert not batch.strange
        assert sorted((i.key.chat, i.number or "") for i in batch.events) == [
            ("62812999", "62812999"),
            (USER_ID, NUMBER),
            (USER_ID, NUMBER),
            ("ID.88002", ""),
        ]
        (moved,) = heard(fake, user.change_number("6281999", "ID.77009")).events
        assert moved.became is not None
        assert (moved.key.chat, moved.became.chat) == (USER_ID, "ID.77009")
        assert moved.became.number == "6281999"
        (renamed,) = heard(fake, user.change_user_id("ID.77010")).events
        assert renamed.became is not None
        assert (renamed.key.chat, renamed.became.chat) == ("ID.77009", "ID.77010")

    told(story)


def test_files_of_users_are_fetched_and_lies_are_noticed() -> None:
    async def story(fake: FakeWhatsApp, channel: WhatsAppChannel, user: WhatsAppUser) -> None:
        (photo,) = heard(fake, user.send_image(b"foto")).events
        assert photo.files[0].ref is not None
        assert await channel.fetch(photo.files[0].ref, 100) == b"foto"
        fake.faults.media_lies = 1
        lies = [heard(fake, user.send_image(b"foto")).events[0].files[0] for _ in range(8)]
        false = [media.lie for media in list(fake.shelf.media.values())[1:]]
        for file, lie in zip(lies, false, strict=True):
            assert file.ref is not None
            if lie == "sha256":
                with pytest.raises(NotSent):
                    await channel.fetch(file.ref, 100)
            else:
                assert file.mime == "application/pdf"

    told(story)


def test_statuses_are_receipts_of_our_own_ref() -> None:
    async def story(fake: FakeWhatsApp, channel: WhatsAppChannel, user: WhatsAppUser) -> None:
        fake.faults.bare_failures = 1
        fake.faults.next(user, "ok", "131047 late")
        await channel.send(out(fake))
        await channel.send(out(fake, ref="10.1"))
        parcels = fake.postman.parcels
        await until(lambda: {"failed", "delivered"} <= {p.id.rpartition(":")[2] for p in parcels})
        receipts = heard(fake, *parcels).receipts
        states = {(receipt.ref, receipt.state) for receipt in receipts}
        assert {("9.1", "sent"), ("9.1", "delivered"), ("10.1", "failed")} <= states
        (failed,) = [receipt for receipt in receipts if receipt.state == "failed"]
        assert isinstance(failed.error, WindowClosed)

    told(story)
