"""An office on WhatsApp, whole: Loket behind a real port, the fake Cloud API behind another, one
clock for both that is moved by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from bot.bootstrap import Loket, build
from dialogs.reply import Attached
from handoff.actions import Action, Take
from nlu.engines.port import Engine
from tests.people import NUMBER
from tests.platforms import FakeWhatsApp, Faults, until
from tests.platforms.postman import Parcel
from tests.platforms.serving import guest_server
from tests.platforms.whatsapp import Arrived
from tests.platforms.whatsapp_users import WhatsAppUser
from tests.platforms.whatsapp_wire import signed
from tests.process import quiet_port
from tests.rig import BREATH, CHEAP, MONDAY, PNG, Rig

DAY = timedelta(days=1)
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 400
TEMPLATES = {
    "loket_kabar_tiket": "Ada kabar untuk tiket {{1}}.",
    "loket_permintaan_data": "Kami perlu data untuk tiket {{1}}.",
    "loket_tiket_selesai": "Ada kabar penyelesaian tiket {{1}}.",
    "loket_penilaian": "Mohon penilaian untuk tiket {{1}}.",
    "loket_balasan_siap": "Ada balasan dari {{1}}.",
}


class WhatsAppOffice(Rig):
    """``fake`` is WhatsApp; its users write with ``fake.user(...)`` or ``budi``."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        *,
        change: Callable[[dict[str, Any]], None] | None = None,
        approved: bool = True,
    ) -> None:
        self._approved = approved
        self._open = AsyncExitStack()
        self._fake: FakeWhatsApp | None = None
        super().__init__(folder, engine, change=change)

    def _build(self) -> Loket:
        if self._fake is None:
            self.run(self._begin())
        more = {
            "whatsapp_token": self.fake.token,
            "whatsapp_app_secret": self.fake.app_secret,
            "whatsapp_verify_token": self.fake.verify_token,
            "whatsapp_phone_number_id": self.fake.phone_id,
            "whatsapp_base_url": self.fake.url,
        }
        return build(
            self.config,
            self.places.model_copy(update=more),
            self.engine,
            clock=self.clock,
            channels={"telegram": self.telegram},
            passwords=CHEAP,
        )

    async def _begin(self) -> None:
        clock = self.clock
        self._fake = fake = FakeWhatsApp(
            Faults(), speed=200, clock=lambda: clock.now().timestamp(), token="wa-token-1234"
        )
        if self._approved:
            for name, body in TEMPLATES.items():
                fake.approve(name, "id", body, "Baca")
        port = quiet_port()
        self.url = f"http://127.0.0.1:{port}/webhooks/whatsapp"

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            await self.loket.app(scope, receive, send)

        await self._open.enter_async_context(fake.serving())
        config = uvicorn.Config(door, port=port, log_level="critical", lifespan="off")
        await self._open.enter_async_context(guest_server(config))
        fake.hook(self.url)

    def restart(self) -> None:
        self._hang_up()
        super().restart()

    def _hang_up(self) -> None:
        for closer in self.loket.closers:
            self.run(closer())

    def close(self) -> None:
        self._hang_up()
        self.run(self._open.aclose())
        super().close()

    @property
    def fake(self) -> FakeWhatsApp:
        """WhatsApp itself."""
        assert self._fake is not None
        return self._fake

    @property
    def faults(self) -> Faults:
        """What goes wrong there."""
        return self.fake.faults

    def budi(
        self, wa_id: str | None = "6281234567890", bsuid: str | None = "ID.77001"
    ) -> WhatsAppUser:
        return self.fake.user(wa_id, bsuid, name="Budi")

    # Time and work

    def settle(self) -> None:
        """What was said is heard, the breath passes, and all there is goes out and is told."""
        self.taken()
        super().settle()

    def taken(self) -> None:
        """All that was said and told is in the bot's hands; no time passes."""
        self.run(self._told())

    def wait(self, step: timedelta) -> None:
        """Let time pass in steps of which the program sees each."""
        longest = timedelta(hours=1)
        while step > longest:
            super().wait(longest)
            step -= longest
        super().wait(step)

    async def _work(self) -> None:
        for _ in range(100):
            await self._told()
            await self.loket.fetcher.drain()
            if not await self.loket.delivery.drain():
                await self._told()
                return
        raise AssertionError("delivery comes to no end")

    async def _told(self) -> None:
        """Every status is out and every parcel taken."""
        await until(lambda: not self._untold(), 25, lambda: self._untold())
        await self.fake.settle()

    def _untold(self) -> list[Arrived]:
        if self.faults.status_never:
            return []
        told = {p.lane.removeprefix("status:") for p in self.fake.postman.parcels}
        out = [m for chat in self.fake.chats.values() for m in chat]
        return [m for m in (*out, *(m for _, m, _ in self.fake.lost)) if m.id not in told]

    # Webhook calls

    def post(self, body: bytes, head: dict[str, str] | None = None) -> int:
        """A call of the webhook, rightly signed unless ``head`` is given; its status."""
        if head is None:
            head = signed(body, self.fake.app_secret).headers

        async def call() -> int:
            async with httpx.AsyncClient(timeout=30) as http:
                return (await http.post(self.url, content=body, headers=head)).status_code

        return int(self.run(call()))

    def value(self, user: WhatsAppUser, *messages: dict[str, Any]) -> dict[str, Any]:
        about = {"display_phone_number": "62", "phone_number_id": self.fake.phone_id}
        head = {"messaging_product": "whatsapp", "metadata": about}
        return {**head, "contacts": [user.contact()], "messages": list(messages)}

    def message(self, user: WhatsAppUser, text: str, **more: Any) -> dict[str, Any]:
        """A text as a webhook carries it, not yet sent."""
        at = str(int(self.fake.clock()))
        named = {"from": user.wa_id, "from_user_id": user.bsuid}
        head = {key: value for key, value in named.items() if value}
        body = {"id": self.fake.new_wamid(), "timestamp": at, "type": "text"}
        return {**head, **body, "text": {"body": text}, **more}

    def payload(self, *values: Any, **more: Any) -> bytes:
        changes = [{"field": "messages", "value": value} for value in values]
        whole = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}
        return json.dumps({**whole, **more}, ensure_ascii=False).encode()

    def status(self, message: Arrived, name: str, **more: Any) -> int:
        """News of a message, told by hand."""
        at = str(int(self.fake.clock()))
        status = {"id": message.id, "status": name, "timestamp": at}
        status["biz_opaque_callback_data"] = message.ref
        about = {"display_phone_number": "62", "phone_number_id": self.fake.phone_id}
        value = {"messaging_product": "whatsapp", "metadata": about}
        return self.post(self.payload({**value, "statuses": [{**status, **more}]}))

    # Users

    def says(self, user: WhatsAppUser, text: str, **more: Any) -> str:
        """They say something; what they read then (several joined)."""
        return self.after(user, lambda: user.say(text, **more))

    def taps(self, user: WhatsAppUser, choice: str) -> str:
        return self.after(user, lambda: user.tap(choice))

    def after(self, user: WhatsAppUser, deed: Callable[[], Parcel]) -> str:
        seen = len(user.arrived)
        deed()
        self.settle()
        return "\n".join(m.text for m in user.arrived[seen:])

    def reports(
        self, user: WhatsAppUser, problem: str = "gagal upload penawaran, error 500"
    ) -> str:
        """Fill in the whole form; the ticket's number."""
        said = self.says(user, "/lapor")
        for _ in range(20):
            if found := NUMBER.search(said):
                return found[0]
            said = self.step(user, problem)
        raise AssertionError(f"no number: {said}")

    def step(self, user: WhatsAppUser, problem: str) -> str:
        """One answer to what the form asked last."""
        last = user.arrived[-1]
        titles = [title for _, title in last.buttons]
        values = {ref.partition(":")[2]: title for ref, title in last.buttons}
        for value in ("send", "on", "type:penyedia", "skip_all", "none", "own", "earlier"):
            if value in values:
                return self.taps(user, values[value])
        words = last.text.lower()
        answers = {
            "nama lengkap": "Budi Santoso",
            "alamat": "Jl. Sudirman No. 5, Batam",
            "instansi": "CV Maju Jaya",
            "nomor": "081234567890",
            "masalah": problem,
        }
        for asked, answer in answers.items():
            if asked in words:
                return self.says(user, answer)
        raise AssertionError(f"nothing to answer: {last.text!r} {titles}")

    def outbox(self) -> list[Any]:
        return self.rows("SELECT * FROM outbox ORDER BY id")

    def states(self) -> list[str]:
        return [row.state for row in self.outbox()]

    def attached(self, name: str, data: bytes = PNG) -> Attached:
        """A file of an agent's, stored."""
        return Attached(0, "image", name, "image/png", self.loket.blobs.put(data))

    def parked(self) -> list[Any]:
        return self.rows("SELECT * FROM parked ORDER BY id")

    def alerts(self, kind: str) -> list[str]:
        found = self.rows("SELECT text FROM alerts WHERE kind = :kind ORDER BY id", kind=kind)
        return [row.text for row in found]


@dataclass
class Case:
    """A ticket of Budi's that Rina holds. ``new`` is what he got since it was opened."""

    office: WhatsAppOffice
    user: WhatsAppUser
    number: str
    seen: int

    @classmethod
    def opened(
        cls,
        office: WhatsAppOffice,
        user: WhatsAppUser | None = None,
        *,
        later: timedelta = timedelta(),
    ) -> Case:
        """``later``: so much time has passed since."""
        if "rina" not in office.agents:
            office.hire("rina", "helpdesk")
        user = user or office.budi()
        number = office.reports(user)
        office.act("rina", Take(), number)
        office.settle()
        if later:
            office.wait(later)
        return cls(office, user, number, len(user.arrived))

    def act(self, action: Action) -> str:
        """Rina does something, and what follows from it happens."""
        said = self.office.act("rina", action, self.number)
        self.office.settle()
        return said

    def new(self) -> list[Arrived]:
        return self.user.arrived[self.seen :]


__all__ = ["BREATH", "DAY", "JPEG", "MONDAY", "PNG", "Case", "WhatsAppOffice"]
