"""How a person reaches the office: Telegram, WhatsApp or the page, with the same words for each.

The platforms bring what was said again and again until it is taken; on the page the person does
that themselves.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.people import Heard
from tests.platforms.postman import Parcel
from tests.platforms.telegram import TelegramUser
from tests.platforms.whatsapp import WhatsAppUser

PDF = b"%PDF-1.7\n"
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person: the id its platform gives it in the office's books (empty: none,
    as a tap on Telegram), its words, and whether it was a tap. ``parcel`` is what brings it,
    where a platform does."""

    id: str
    words: str
    tapped: bool = False
    parcel: Parcel | None = None


class Line(ABC):
    """``said`` is all that a person said, in order, ``files`` the bytes they sent."""

    channel: str
    mishaps: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.files: list[bytes] = []
        self._read = 0

    @abstractmethod
    async def say(self, text: str) -> None: ...

    @abstractmethod
    async def tap(self, data: str, label: str) -> None: ...

    @abstractmethod
    async def send(self, content: bytes, name: str) -> None: ...

    @abstractmethod
    async def news(self) -> list[Heard]:
        """What has arrived since the last call."""

    @abstractmethod
    def arrived(self) -> list[str]:
        """The words of all that ever arrived."""

    def taken(self) -> int:
        """How much of what was said the office has."""
        return sum(said.parcel is None or said.parcel.taken is not None for said in self.said)

    async def odd(self) -> None:
        """Something that no form expects (a reaction, a sticker); nothing on the page."""
        return

    def block(self) -> None:
        """Take nothing more; nothing on the page."""
        return

    def unblock(self) -> None:
        return

    def _keep(self, parcel: Parcel, ref: str, tapped: bool = False) -> None:
        self.said.append(Said(ref, parcel.words, tapped, parcel))


class TelegramLine(Line):
    """A private chat on Telegram."""

    channel = "telegram"
    mishaps = ("rate", "server_error", "cut_before", "cut_after", "hang")

    def __init__(self, user: TelegramUser) -> None:
        super().__init__()
        self.user = user

    async def say(self, text: str) -> None:
        self._message(self.user.say(text))

    async def tap(self, data: str, label: str) -> None:
        self._keep(self.user.tap(data), "", tapped=True)

    async def send(self, content: bytes, name: str) -> None:
        self.files.append(content)
        mime = "application/pdf" if name.endswith("pdf") else "image/png"
        self._message(self.user.send_file(content, name, mime))

    async def news(self) -> list[Heard]:
        arrived = self.user.arrived[self._read :]
        self._read += len(arrived)
        return [Heard(a.text, a.buttons) for a in arrived if not a.sweeping]

    def arrived(self) -> list[str]:
        return [a.text for a in self.user.arrived]

    def block(self) -> None:
        self.user.block()

    def unblock(self) -> None:
        self.user.unblock()

    def _message(self, parcel: Parcel) -> None:
        self._keep(parcel, str(parcel.content["message"]["message_id"]))


class WhatsAppLine(Line):
    """A chat on WhatsApp."""

    channel = "whatsapp"
    mishaps = (
        *("131056", "130429", "131016", "131047", "131047 late", "131000 late"),
        *("cut_before", "cut_after", "hang"),
    )

    def __init__(self, user: WhatsAppUser) -> None:
        super().__init__()
        self.user = user

    async def say(self, text: str) -> None:
        self._message(self.user.say(text))

    async def tap(self, data: str, label: str) -> None:
        self._keep_tap(self.user.tap(data))

    async def send(self, content: bytes, name: str) -> None:
        self.files.append(content)
        if name.endswith("pdf"):
            self._message(self.user.send_file("document", content, "application/pdf", name=name))
        else:
            self._message(self.user.send_image(content, "image/png"))

    async def news(self) -> list[Heard]:
        arrived = self.user.arrived[self._read :]
        self._read += len(arrived)
        return [Heard(a.text, a.buttons) for a in arrived]

    def arrived(self) -> list[str]:
        return [a.text for a in self.user.arrived]

    async def odd(self) -> None:
        if self.user.arrived and len(self.said) % 2:
            self._message(self.user.react())
        else:
            self._message(self.user.send("location", {"latitude": 1.1, "longitude": 104.0}))

    def block(self) -> None:
        self.user.block()

    def unblock(self) -> None:
        self.user.unblock()

    def _message(self, parcel: Parcel) -> None:
        self._keep(parcel, parcel.id)

    def _keep_tap(self, parcel: Parcel) -> None:
        self._keep(parcel, parcel.id, tapped=True)


@dataclass
class Doors:
    """The pages of all replicas, with one client; a person is led to one anew each time."""

    http: httpx.AsyncClient
    urls: list[str]
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def one(self, path: str) -> str:
        return self.rng.choice(self.urls) + path


class WebLine(Line):
    """The page, by its JSON API. ``seqs`` are the numbers and words of all messages seen.
    ``deaths`` is how often a server was killed, ``survived`` how often that was while a message
    was under way, by its id."""

    channel = "web"

    def __init__(self, name: str, doors: Doors, rng: random.Random) -> None:
        super().__init__()
        self.name, self.doors, self.rng = name, doors, rng
        self.token = ""
        self.seqs: list[tuple[int, str]] = []
        self.deaths: Callable[[], int] = lambda: 0
        self.survived: dict[str, int] = {}
        self._ids = itertools.count(1)

    async def open(self) -> None:
        """A session; asked for until there is one."""
        while not self.token:
            try:
                answer = await self.doors.http.post(self.doors.one("/webchat/sessions"), json={})
            except httpx.TransportError:
                await self._breathe()
                continue
            assert answer.status_code in (201, 429, 503), answer.text
            self.token = answer.json().get("session", "")
            await self._breathe()

    async def say(self, text: str) -> None:
        await self._hand_in(text, json={"text": text})

    async def tap(self, data: str, label: str) -> None:
        await self._hand_in(label, tapped=True, json={"choice": data})

    async def send(self, content: bytes, name: str) -> None:
        self.files.append(content)
        await self._hand_in("", files={"file": (name, content, "application/octet-stream")})

    async def news(self) -> list[Heard]:
        """As a page that polls: at most twice a second."""
        await asyncio.sleep(0.4)
        heard: list[Heard] = []
        try:
            answer = await self.doors.http.get(
                self.doors.one("/webchat/messages"),
                params={"after": str(self.seqs[-1][0] if self.seqs else 0)},
                headers=self._head(),
            )
        except httpx.TransportError:
            return heard
        assert answer.status_code in (200, 503), answer.text
        for message in answer.json().get("messages", ()):
            self.seqs.append((message["seq"], message["text"]))
            if message["from"] != "user":
                buttons = tuple((c["id"], c["label"]) for c in message["choices"])
                heard.append(Heard(message["text"], buttons))
        return heard

    def arrived(self) -> list[str]:
        return [text for _, text in self.seqs]

    async def read_to_the_end(self) -> None:
        """Everything there is to see."""
        seen = -1
        while seen < len(self.seqs):
            seen = len(self.seqs)
            await self.news()

    async def _hand_in(
        self, words: str, *, tapped: bool = False, **body: dict[str, object]
    ) -> None:
        ref = f"{self.name}-{next(self._ids)}"
        before = self.deaths()
        if "json" in body:
            body["json"]["message_id"] = ref
        else:
            body["data"] = {"message_id": ref}
        while not await self._try(body):
            await self._breathe()
        self.said.append(Said(ref, words, tapped))
        self.survived[ref] = self.deaths() - before

    async def _try(self, body: dict[str, dict[str, object]]) -> bool:
        try:
            answer = await self.doors.http.post(
                self.doors.one("/webchat/messages"),
                headers=self._head(),
                **body,  # type: ignore[arg-type]
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in (202, 429, 503), answer.text
        return answer.status_code == 202

    async def _breathe(self) -> None:
        await asyncio.sleep(self.rng.uniform(0.1, 0.5))

    def _head(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
