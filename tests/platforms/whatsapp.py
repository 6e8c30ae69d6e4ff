"""A small WhatsApp Cloud API: it keeps what a bot sends, and brings it what people say.

Source: WhatsApp Cloud API, "Messages", "Media", "Webhooks", "Error codes".
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.platforms import whatsapp_rules as rules
from tests.platforms import whatsapp_statuses as statuses
from tests.platforms.faults import Faults
from tests.platforms.postman import Parcel, Postman
from tests.platforms.serving import Platform, Refusal, read, until
from tests.platforms.whatsapp_media import Shelf
from tests.platforms.whatsapp_rules import Content, GraphError, Template
from tests.platforms.whatsapp_users import DAY, WhatsAppUser
from tests.platforms.whatsapp_wire import Letters, challenged

__all__ = ["Arrived", "FakeWhatsApp", "GraphError", "Template", "WhatsAppUser"]

_OF_ACCOUNT, _OF_PAIR = 130429, 131056
_REF = "biz_opaque_callback_data"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message that reached somebody, with (id, title) of its choices. ``ref`` is the
    callback data it was sent with; ``at`` when it came (seconds since 1970)."""

    id: str
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    kind: str = "text"
    at: float = 0.0
    file: bytes = b""
    name: str = ""
    ref: str = ""


class FakeWhatsApp(Platform):
    """``chats`` is what each person got, in order of arrival; ``lost`` what was accepted and
    failed later, as (person or unknown number, message, code); ``read`` the messages marked as
    read, ``typing`` those answered with the typing sign. ``shelf`` holds the files, ``templates``
    what is approved, by (name, language). Users' messages are ``postman.parcels`` whose content
    has ``messages``; ``letters.others`` are the ids of those for another number."""

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        token: str = "wa-token",
        app_secret: str = "app-secret",
        verify_token: str = "verify-me",
        phone_id: str = "106540352242922",
        speed: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(faults, clock, speed)
        self.token, self.app_secret, self.verify_token = token, app_secret, verify_token
        self.phone_id, self.waba, self.display = phone_id, "102290129340398", "62215550100"
        self.chats: defaultdict[WhatsAppUser, list[Arrived]] = defaultdict(list)
        self.users: list[WhatsAppUser] = []
        self.lost: list[tuple[Any, Arrived, int]] = []
        self.read: list[str] = []
        self.typing: list[str] = []
        self.templates: dict[tuple[str, str], Template] = {}
        self.shelf = Shelf(self)
        self.letters = Letters(self)
        self._said: set[str] = set()
        self._ids = itertools.count(1)
        self._holders: dict[str, WhatsAppUser] = {}
        self.postman = Postman(
            self.faults,
            self.letters.pack,
            self.letters.forge,
            self.letters.poison,
            clock=clock,
            speed=speed,
            batches=True,
            within=True,
        )

    def user(
        self,
        wa_id: str | None = None,
        bsuid: str | None = None,
        name: str = "Budi",
        *,
        shows_number: bool = True,
    ) -> WhatsAppUser:
        """A new person with a number, an id for this business, or both. Whoever had the number
        before has it no more."""
        person = WhatsAppUser(self, wa_id, bsuid, name, shows_number)
        person.lane = f"user{next(self._ids)}"
        self.users.append(person)
        self.rename(person, wa_id, bsuid)
        return person

    def rename(self, person: WhatsAppUser, wa_id: str | None, bsuid: str | None) -> None:
        """From now on this person goes by these ids, and nobody else does."""
        for old in (person.wa_id, person.bsuid):
            if old is not None and self._holders.get(old) is person:
                del self._holders[old]
        person.wa_id, person.bsuid = wa_id, bsuid
        for new in filter(None, (wa_id, bsuid)):
            former = self._holders.get(new)
            if former is not None and former is not person and former.wa_id == new:
                former.wa_id = None
            self._holders[new] = person
            person.ids.add(new)

    def close_window(self, person: WhatsAppUser) -> None:
        """A day has passed since they wrote."""
        person.window = self.clock() - 1

    def open_window(self, person: WhatsAppUser) -> None:
        """As if they had written (or called) just now."""
        person.window = self.clock() + DAY

    def approve(self, name: str, language: str, body: str, button: str | None = None) -> None:
        """A template may be sent: ``body`` with places ``{{1}}``, one quick reply or none."""
        self.templates[name, language] = Template(body, button)

    def hook(self, *urls: str) -> None:
        """Bring news there (one of several doors, chosen anew each time)."""
        self.postman.doors = list(urls)

    async def subscribe(self, url: str, token: str | None = None) -> bool:
        """Verify a webhook as Meta does before it uses it; whether it echoed the challenge."""
        if not await challenged(url, self.verify_token if token is None else token):
            return False
        self.hook(url)
        return True

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{version}/{phone_id}/messages", self._messages, methods=["POST"]),
            *self.shelf.routes(),
        ]

    def server_error(self) -> Response:
        code = self.faults.rng.choice((131000, 131016))
        return GraphError(code, "try again").answer()

    # What the users' deeds need.

    def news(
        self,
        person: WhatsAppUser | None,
        value: dict[str, Any],
        ref: str,
        words: str,
        lane: str = "",
    ) -> Parcel:
        if "messages" in value:
            self._said.add(ref)
        about = {"display_phone_number": self.display, "phone_number_id": self.phone_id}
        content = {"messaging_product": "whatsapp", "metadata": about, **value}
        lane = lane or (person.lane if person else "?")
        return self.postman.post(Parcel(lane, ref, content, person, words))

    def new_id(self) -> int:
        return next(self._ids)

    def new_wamid(self) -> str:
        return "wamid." + base64.b64encode(f"HBgL{next(self._ids):012d}".encode()).decode()

    def new_bsuid(self) -> str:
        return f"ID.{100000000000 + next(self._ids)}"

    # What the bot calls.

    def allow(self, request: Request) -> None:
        """Every call needs the token, and the number it is for."""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            raise GraphError(190, "the access token could not be decrypted")
        if self.faults.account is not None:
            raise GraphError(self.faults.account)
        if request.path_params.get("phone_id", self.phone_id) != self.phone_id:
            raise GraphError(100, "object does not exist")

    async def _messages(self, request: Request) -> Response:
        try:
            body = json.loads(await read(request))
            self.allow(request)
            if body.get("status") == "read":
                return self._mark(body)
            return await self._send(request, body)
        except GraphError as error:
            return error.answer()
        except (ValueError, AttributeError):
            return GraphError(100, "not a JSON object").answer()
        except Refusal as refusal:
            return refusal.answer

    async def _send(self, request: Request, body: dict[str, Any]) -> Response:
        named = rules.recipient(body)
        shown = rules.content(body, self.templates)
        person = self._holders.get(named)
        ids = person.ids if person is not None else ()

        async def arrive(fault: str) -> tuple[Arrived, Response]:
            try:
                return await self._accept(named, person, shown, body, fault)
            except GraphError as error:
                raise Refusal(error.answer()) from None

        return await self.deliver(request, (person or named, named, *ids), arrive)

    async def _accept(
        self,
        named: str,
        person: WhatsAppUser | None,
        shown: Content,
        body: dict[str, Any],
        fault: str,
    ) -> tuple[Arrived, Response]:
        if (over := self.too_fast({"account": "", "pair": person or named})) is not None:
            raise GraphError(_OF_ACCOUNT if over[0] == "account" else _OF_PAIR)
        code, late = self._refused(person, shown, fault)
        if code and not late:
            raise GraphError(code)
        if shown.media and shown.media not in self.shelf.media:
            raise GraphError(131009, "no such media")
        message = self._keep(person or named, shown, body, code)
        contact = {"input": str(body.get("to", body.get("recipient")))}
        contact |= {"user_id": named} if "recipient" in body else {"wa_id": named}
        answer = {"messaging_product": "whatsapp", "contacts": [contact]}
        await self._tell(named, person, message, code)
        return message, JSONResponse({**answer, "messages": [{"id": message.id}]})

    def _refused(self, person: WhatsAppUser | None, shown: Content, fault: str) -> tuple[int, bool]:
        """The code of a refusal (0: none), and whether it comes as a failed status."""
        if fault != "ok":
            code, _, late = fault.partition(" ")
            return int(code), late == "late"
        if person is None or person.blocked:
            return 131026, self.faults.hit("refused_late")
        outside = person.window <= self.clock() or self.faults.hit("window_wrong")
        if outside and shown.kind != "template":
            return 131047, self.faults.hit("refused_late")
        return (131000, True) if self.faults.hit("fails_late") else (0, False)

    def _keep(self, who: Any, shown: Content, body: dict[str, Any], code: int) -> Arrived:
        media = self.shelf.media.get(shown.media)
        content, ref = media.content if media else b"", str(body.get(_REF, ""))
        looks = (shown.text, shown.buttons, shown.kind)
        message = Arrived(self.new_wamid(), *looks, self.clock(), content, shown.name, ref)
        if code:
            self.lost.append((who, message, code))
        else:
            self.chats[who].append(message)
        return message

    async def _tell(
        self, named: str, person: WhatsAppUser | None, message: Arrived, code: int
    ) -> None:
        """Statuses, soon after the answer, or before it."""
        about = person.contact() if person else {"wa_id": named}
        error = GraphError(code).entry() if code else None
        now = int(self.clock())
        values = statuses.values(self.faults, about, message.id, message.ref, now, error)

        def post() -> list[Parcel]:
            lane = f"status:{message.id}"
            return [self.news(person, v, statuses.key(v), "", lane) for v in values]

        if values and self.faults.hit("status_early") and self.postman.doors:
            first = post()[0]
            await until(lambda: first.statuses, 25)
        elif values:
            wait = self.faults.rng.uniform(0.01, 0.2) / self.speed
            asyncio.get_running_loop().call_later(wait, post)

    def _mark(self, body: dict[str, Any]) -> Response:
        ref = str(body.get("message_id"))
        if ref not in self._said:
            raise GraphError(131009, "no such message")
        self.read.append(ref)
        if body.get("typing_indicator", {}).get("type") == "text":
            self.typing.append(ref)
        return JSONResponse({"success": True})
