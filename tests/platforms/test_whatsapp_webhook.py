"""The fake WhatsApp's news, understood by pywa's own webhook."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pywa_async
import uvicorn
from pywa.types import Button
from pywa_async import types
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.platforms import FakeWhatsApp, Faults, until
from tests.platforms.serving import guest_server
from tests.process import quiet_port

Story = Callable[[FakeWhatsApp, "Peer"], Coroutine[Any, Any, None]]


class Peer:
    """pywa behind a webhook. ``heard`` is what its handlers were given, in order. It looks at
    the first of a batch only, so batches are counted by hand (``raw``)."""

    def __init__(self, fake: FakeWhatsApp, http: httpx.AsyncClient) -> None:
        self.heard: list[Any] = []
        self.raw: list[dict[str, Any]] = []
        self.answers: Counter[int] = Counter()
        self.refuse: list[int] = []
        self.wa = pywa_async.WhatsApp(
            phone_id=fake.phone_id,
            token=fake.token,
            session=http,
            server=None,
            verify_token=fake.verify_token,
            app_secret=fake.app_secret,
            skip_duplicate_updates=False,
        )
        self.wa.api._session.base_url = f"{fake.url}/v23.0"
        for hook in (
            self.wa.on_message,
            self.wa.on_callback_button,
            self.wa.on_callback_selection,
            self.wa.on_message_status,
            self.wa.on_phone_number_change,
        ):
            hook(self._hear)

    async def _hear(self, wa: Any, update: Any) -> None:
        self.heard.append(update)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        port = quiet_port()
        routes = [Route("/hook", self._challenge), Route("/hook", self._take, methods=["POST"])]
        config = uvicorn.Config(Starlette(routes=routes), port=port, log_level="critical")
        async with guest_server(config):
            yield f"http://127.0.0.1:{port}/hook"

    async def _challenge(self, request: Request) -> Response:
        query = request.query_params
        words, status = await self.wa.webhook_challenge_handler(
            query.get("hub.verify_token"), query.get("hub.challenge")
        )
        return Response(words, status)

    async def _take(self, request: Request) -> Response:
        status = await self._judge(await request.body(), request.headers)
        self.answers[status] += 1
        return Response(status_code=status)

    async def _judge(self, body: bytes, headers: Any) -> int:
        signature = headers.get("X-Hub-Signature-256")
        if refused := await self.wa.webhook_update_validator(body, signature):
            return int(refused[1])
        if self.refuse:
            return self.refuse.pop()
        try:
            self.raw.append(json.loads(body))
        except ValueError:
            return 200
        await self.wa.webhook_update_handler(body)
        return 200


def told(story: Story, speed: float = 20, **faults: Any) -> FakeWhatsApp:
    """Run a story with a fake and pywa, which has subscribed."""
    fake = FakeWhatsApp(Faults(**faults), speed=speed)

    async def run() -> None:
        async with fake.serving(), asyncio.timeout(30), httpx.AsyncClient() as http:
            peer = Peer(fake, http)
            async with peer.serving() as url:
                assert not await fake.subscribe(url, "wrong")
                assert await fake.subscribe(url)
                await story(fake, peer)

    asyncio.run(run())
    return fake


def test_messages_of_all_kinds_are_understood() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        user = fake.user("6281234567890", "ID.77001", name="Budi é")
        user.say("halo é")
        user.send_image(b"foto", caption="lihat")
        user.send_file("document", b"%PDF", "application/pdf", name="surat.pdf")
        user.send("location", {"latitude": -6.2, "longitude": 106.8})
        user.send_unsupported()
        await fake.settle()
        text, image, document, place, unsupported = peer.heard
        assert (text.text, text.from_user.wa_id) == ("halo é", "6281234567890")
        assert (text.from_user.bsuid, text.from_user.name) == ("ID.77001", "Budi é")
        assert image.caption == "lihat"
        assert await image.image.get_bytes() == b"foto"
        assert document.document.filename == "surat.pdf"
        assert place.location.latitude == -6.2
        assert unsupported.error.code == 131051

    told(story)


def test_user_without_a_shown_number_is_known_by_the_user_id() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        fake.user("6281234567890", "ID.77001", shows_number=False).say("halo")
        fake.user(None, "ID.77002").say("halo")
        fake.user("6281234567891").say("halo")
        await fake.settle()
        assert sorted((m.from_user.bsuid, m.from_user.wa_id) for m in peer.heard) == [
            ("ID.77001", None),
            ("ID.77002", None),
        ]  # pywa cannot read a message without a user id
        plain = peer.raw[-1]["entry"][0]["changes"][0]["value"]["messages"][0]
        assert any("from_user_id" not in m for m in (plain, *_messages(peer)))

    told(story)


def test_answers_taps_and_reactions_are_understood() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        user = fake.user("6281234567890", "ID.77001")
        user.say("halo")
        await fake.settle()
        keys = [Button("Ya", callback_data="1:ya"), Button("Tidak", callback_data="1:tidak")]
        sent = await peer.heard[0].reply_text("Kirim?", buttons=keys)
        user.tap("Tidak")
        user.react()
        rows = types.SectionList("Lihat", [types.Section("", [types.SectionRow("A", "a:1")])])
        await peer.wa.send_message("ID.77001", "Pilih", buttons=rows)
        user.tap("a:1")
        await fake.settle()
        heard = [u for u in peer.heard[1:] if not isinstance(u, types.MessageStatus)]
        tap, reaction, row = heard
        assert isinstance(tap, types.CallbackButton)
        assert (tap.data, tap.title) == ("1:tidak", "Tidak")
        assert tap.reply_to_message is not None
        assert tap.reply_to_message.id == sent.id
        assert reaction.reaction.emoji == "\N{THUMBS UP SIGN}"
        assert isinstance(row, types.CallbackSelection)
        assert row.data == "a:1"

    told(story)


def test_statuses_carry_what_the_message_was_sent_with() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        user = fake.user("6281234567890", "ID.77001")
        fake.open_window(user)
        sent = await peer.wa.send_message("ID.77001", "halo", tracker="12.1")
        await until(lambda: len(peer.heard) == 3)
        assert [(s.id, s.status, s.tracker) for s in peer.heard] == [
            (sent.id, status, "12.1") for status in ("sent", "delivered", "read")
        ]
        assert {s.from_user.bsuid for s in peer.heard} == {"ID.77001"}
        fake.close_window(user)
        await peer.wa.send_message("ID.77001", "halo", tracker="13.1")
        await until(lambda: peer.heard[-1].status == "failed")
        assert (peer.heard[-1].tracker, peer.heard[-1].error.code) == ("13.1", 131047)

    told(story, refused_late=1.0, reads=1.0)


def test_status_may_come_before_the_answer_to_its_message() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        user = fake.user("6281234567890", "ID.77001")
        fake.open_window(user)
        await peer.wa.send_message("ID.77001", "halo")
        assert peer.heard
        await until(lambda: len(peer.heard) >= 4)
        assert {s.status for s in peer.heard} == {"sent", "read"}

    faults = {"status_early": 1.0, "status_twice": 1.0, "reads": 1.0, "reads_only": 1.0}
    told(story, **faults, status_shuffled=1.0)


def test_changed_number_and_changed_user_id_are_understood() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        user = fake.user("6281234567890", "ID.77001")
        user.change_number("6281999", "ID.77009")
        user.change_user_id("ID.77010")
        user.say("ini saya")
        await fake.settle()
        number, renamed, text = peer.heard
        assert (number.old_wa_id, number.new_wa_id) == ("6281234567890", "6281999")
        assert number.new_user_id == "ID.77009"
        assert renamed.new_user_id == "ID.77010"
        assert (text.from_user.wa_id, text.from_user.bsuid) == ("6281999", "ID.77010")

    told(story)


def test_everything_comes_at_least_once_through_all_faults_and_nothing_false_is_taken() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        peer.refuse = [500, 503, 404] * 3
        users = [fake.user(f"62812{n:06d}", f"ID.5{n}") for n in range(5)]
        said = [user.say(f"pesan {n}: é") for n in range(12) for user in users]
        await fake.settle()
        mine = [m for m in _messages(peer) if m["id"] not in fake.letters.others]
        assert {m["id"] for m in mine if "text" in m} >= {parcel.id for parcel in said}
        assert len(mine) > len(said)
        assert all(parcel.taken for parcel in said)
        answers = {kind: set[int]() for kind in ("forged", "poison", "duplicate", "late")}
        for stray in fake.postman.strays:
            answers[stray.kind].add(stray.status)
        assert answers["forged"] <= {401, 403}
        assert answers["forged"]
        assert answers["poison"]
        assert answers["duplicate"]
        assert "PALSU" not in str(peer.raw)
        assert fake.letters.others
        sizes = Counter(sum(1 for _ in _values(raw)) for raw in peer.raw)
        assert max(sizes) > 1

    rates = {"duplicate": 0.3, "late": 0.2, "batch": 0.5, "other_number": 0.2}
    told(story, 200, reorder=0.3, poison=0.3, forged=0.3, **rates)


def test_order_within_a_user_is_kept_without_reordering() -> None:
    async def story(fake: FakeWhatsApp, peer: Peer) -> None:
        users = [fake.user(f"62812{n:06d}", f"ID.5{n}") for n in range(4)]
        peer.refuse = [500]
        for n in range(15):
            for user in users:
                user.say(f"{n}")
        await fake.settle()
        for user in users:
            mine = [m["text"]["body"] for m in _messages(peer) if m["from"] == user.wa_id]
            assert mine == [f"{n}" for n in range(15)]

    told(story, 200, batch=0.5)


def _values(raw: Any) -> Any:
    entries = raw.get("entry") if isinstance(raw, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        for change in entry.get("changes", ()):
            yield from [change["value"]] if "value" in change else []


def _messages(peer: Peer) -> list[dict[str, Any]]:
    """Every message in every batch that pywa was given, the unreadable left out."""
    found = []
    for raw in peer.raw:
        for value in _values(raw):
            messages = value.get("messages", ())
            if isinstance(messages, list):
                found += [m for m in messages if isinstance(m, dict) and m.get("timestamp")]
    return [m for m in found if m.get("timestamp") != "0"]
