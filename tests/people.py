"""People who fill in the form again and again while the server dies under them.

Each sends one message after the other, and sends it again until it is acknowledged.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot.channels.telegram_webhook import SECRET_HEADER
from dialogs.office import Office
from dialogs.texts import Texts
from tests.platforms.telegram import Arrived, FakeTelegram
from tests.process import WEBHOOK_SECRET

NUMBER = re.compile(r"LPSE-\d{4}-\d{5}-\w")
Deed = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the bot: its words, and (data, label) of its buttons."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a person, under the id that its platform gives it. ``shown`` is what
    the transcript shows of it."""

    event_id: str
    shown: str
    tap: str | None = None


@dataclass
class Script:
    """What a person answers to what the bot asks."""

    answers: Mapping[str, str]
    problem_asked: str
    apology: str
    taps: tuple[str, ...] = (
        *("send", "on", "type:penyedia", "skip_all", "none", "skip", "earlier"),
    )

    @classmethod
    def of(cls, office: Office) -> Script:
        """Made of the office's own questions, so that wording may change."""
        texts = Texts(None)
        said = {"nama": "Budi Santoso", "instansi": "CV Maju", "alamat": "Jl. Sudirman 5, Batam"}
        problem = texts.render("problem", messages=0, files=0, useful=(), office=office)
        return cls(
            {plain(f.question): said.get(f.key, "081234567890") for f in office.form.fields},
            plain(problem).splitlines()[0],
            plain(texts.render("parked", office=office)).splitlines()[0],
        )

    def tap_for(self, heard: Heard) -> tuple[str, str] | None:
        """The button to tap, as (data, label)."""
        offered = {data.partition(":")[2]: (data, label) for data, label in heard.buttons}
        return next((offered[value] for value in self.taps if value in offered), None)

    def text_for(self, heard: Heard) -> str | None:
        """The text to type."""
        words = plain(heard.text)
        return next((answer for asked, answer in self.answers.items() if asked in words), None)


def plain(text: str) -> str:
    """Without the signs of bold."""
    return text.replace("*", "").strip()


@dataclass
class Person(ABC):
    """``forms`` holds the number announced for each form by the form's mark, ``acknowledged``
    what was taken, in order. ``again`` counts messages that had to be sent more than once,
    ``nudges`` those said anew because no answer came within ``patience`` seconds.
    ``survived`` is how often the server was killed (``deaths``) while a message was under
    way, where it was."""

    name: str
    script: Script
    rng: random.Random
    acknowledged: list[Said] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    forms: dict[str, str] = field(default_factory=dict)
    survived: dict[str, int] = field(default_factory=dict)
    deaths: Callable[[], int] = lambda: 0
    patience: float = 60.0
    again: int = 0
    nudges: int = 0
    _marks: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @abstractmethod
    async def deliver(self, said: Said) -> bool:
        """Try once to hand a message in; whether it was acknowledged."""

    @abstractmethod
    async def listen(self) -> None:
        """Add what is new to ``heard``."""

    async def run(self, over: Callable[[], bool]) -> None:
        """Forms, one after the other; the last one is finished after ``over``."""
        while not (self.forms and over()):
            await self._form(f"{self.name} formulir {next(self._marks)}")

    def where(self) -> str:
        """Where this person is, for whoever looks for a fault."""
        said, heard = self.acknowledged[-1:], [h.text[:80] for h in self.heard[-1:]]
        return f"{self.name}: {len(self.forms)} forms, said {said}, heard {heard}"

    async def say(self, text: str) -> None:
        await self._hand_in(Said(self.new_id(), text))

    async def tap(self, data: str, label: str) -> None:
        await self._hand_in(Said(self.new_id(), label, data))

    def new_id(self) -> str:
        return f"{self.name}-{next(self._ids)}"

    async def _hand_in(self, said: Said) -> None:
        before = self.deaths()
        while not await self.deliver(said):
            self.again += 1
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
        self.acknowledged.append(said)
        self.survived[said.event_id] = self.deaths() - before

    async def _form(self, mark: str) -> None:
        """From the wish to the number."""
        told, deed = len(self.heard), self._wish
        while True:
            await deed()
            told, deed = await self._next(told, mark, deed)
            if number := self._number(told):
                self.forms[mark] = number
                return

    async def _wish(self) -> None:
        await self.say("/lapor")

    async def _next(self, told: int, mark: str, last: Deed) -> tuple[int, Deed]:
        """Wait for a question that can be answered (or the number); what to do about it."""
        end = time.monotonic() + self.patience
        while True:
            await self.listen()
            new = self.heard[told:]
            if self._number(told):
                return told, last
            deed = self._deed(new[-1], mark, last) if new else None
            if deed is not None:
                return len(self.heard), deed
            if time.monotonic() > end:
                self.nudges += 1
                return len(self.heard), last
            await asyncio.sleep(0.08)

    def _number(self, told: int) -> str | None:
        """A number that was not announced before (a message may arrive twice)."""
        found = NUMBER.findall("\n".join(h.text for h in self.heard[told:]))
        return next((number for number in found if number not in self.forms.values()), None)

    def _deed(self, newest: Heard, mark: str, last: Deed) -> Deed | None:
        if self.script.apology in plain(newest.text):
            return last
        if (choice := self.script.tap_for(newest)) is not None:
            return lambda: self._tap_maybe_twice(*choice)
        if (text := self.script.text_for(newest)) is not None:
            return lambda: self.say(text)
        if self.script.problem_asked in plain(newest.text):
            return lambda: self._tell(mark)
        return None

    async def _tell(self, mark: str) -> None:
        """The problem, in a burst of messages."""
        await self.say(f"Masalah {mark}.")
        for _ in range(self.rng.randrange(3)):
            await self.say(f"gagal upload dokumen penawaran, kode {self.rng.randrange(10**8)}")

    async def _tap_maybe_twice(self, data: str, label: str) -> None:
        await self.tap(data, label)
        if self.rng.random() < 0.3:
            await self.tap(data, label)


@dataclass
class WebPerson(Person):
    """Somebody on the page, by its JSON API. ``seqs`` are the numbers of all messages seen."""

    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    token: str = ""
    seqs: list[tuple[int, str]] = field(default_factory=list)

    async def open(self) -> None:
        """A session; asked for until there is one."""
        while not self.token:
            try:
                answer = await self.http.post("/webchat/sessions", json={})
                assert answer.status_code in (201, 503), answer.text
                self.token = answer.json().get("session", "")
            except httpx.TransportError:
                await asyncio.sleep(0.05)

    async def deliver(self, said: Said) -> bool:
        body = {"message_id": said.event_id}
        body |= {"choice": said.tap} if said.tap else {"text": said.shown}
        try:
            answer = await self.http.post("/webchat/messages", json=body, headers=self._head())
        except httpx.TransportError:
            return False
        assert answer.status_code in (202, 503), answer.text
        return answer.status_code == 202

    async def listen(self) -> None:
        after = self.seqs[-1][0] if self.seqs else 0
        try:
            query = {"after": str(after)}
            answer = await self.http.get("/webchat/messages", params=query, headers=self._head())
        except httpx.TransportError:
            await asyncio.sleep(0.3)
            return
        assert answer.status_code in (200, 503), answer.text
        for message in answer.json().get("messages", ()):
            self.seqs.append((message["seq"], message["text"]))
            if message["from"] != "user":
                buttons = tuple((c["id"], c["label"]) for c in message["choices"])
                self.heard.append(Heard(message["text"], buttons))

    async def read_to_the_end(self) -> None:
        """Everything there is to see."""
        seen = -1
        while seen < len(self.seqs):
            seen = len(self.seqs)
            await self.listen()

    def _head(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Chatterer(WebPerson):
    """Talks without waiting for an answer."""

    async def run(self, over: Callable[[], bool]) -> None:
        while not over():
            await self.say(f"pesan ke-{next(self._marks)} dari {self.name}")
            if self.rng.random() < 0.2:
                await self.listen()
            await asyncio.sleep(self.rng.uniform(0, 0.1))


@dataclass
class TelegramPerson(Person):
    """Somebody on Telegram: updates go to the webhook, in order, until it says 200."""

    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    telegram: FakeTelegram | None = None
    chat: int = 0
    updates: itertools.count[int] = field(default_factory=itertools.count)
    _read: int = 0

    def new_id(self) -> str:
        return str(next(self.updates))

    async def deliver(self, said: Said) -> bool:
        head = {SECRET_HEADER: WEBHOOK_SECRET}
        try:
            answer = await self.http.post(
                "/webhooks/telegram", json=self._update(said), headers=head
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    async def listen(self) -> None:
        arrived = self.arrived()
        self.heard += [Heard(a.text, a.buttons) for a in arrived[self._read :]]
        self._read = len(arrived)

    def arrived(self) -> list[Arrived]:
        """What came, without what only takes a keyboard away."""
        assert self.telegram is not None
        return [a for a in self.telegram.chats[self.chat] if not a.sweeping]

    def _update(self, said: Said) -> dict[str, Any]:
        chat = {"id": self.chat, "type": "private", "first_name": self.name}
        sender = {"id": self.chat, "is_bot": False, "first_name": self.name}
        number = int(said.event_id)
        message = {"message_id": number, "date": 1763712000, "chat": chat}
        if said.tap is None:
            content = {"message": {**message, "from": sender, "text": said.shown}}
        else:
            query = {"id": said.event_id, "from": sender, "chat_instance": "1", "data": said.tap}
            content = {"callback_query": {**query, "message": {**message, "text": "?"}}}
        return {"update_id": number, **content}
