"""People with whole cases: a greeting, a question, the form, a file, *cek tiket*, a person, and
all that the desk asks of them.

They answer what they are asked, whenever it comes and however often. Where no answer comes they
say the same again after a while, as people do.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.people import NUMBER, Heard, Script, plain
from tests.simulation.lines import PDF, PNG, Line, WebLine

Deed = Callable[[], Awaitable[None]]
Goal = Callable[[Sequence[Heard]], bool]

QUESTIONS = (
    "lupa password akun penyedia",
    "gagal upload dokumen penawaran terus min",
    "cara ganti email perusahaan di spse gimana ya?",
    "syarat verifikasi berkas apa saja",
)
SECRET = "Rahasia123"
ASKED_LIVE = "Sejak kapan terjadi?"
"""What an agent asks in a live chat."""

_TAPS = (
    *("helped", "send", "on", "type:penyedia", "skip_all", "earlier", "own", "profile", "none"),
    *("skip", "no_comment", "go_on", "resume", "pass:form"),
)
_ALWAYS = ("@yes", "@here", "@read")
_QUEUE = re.compile(r"ANT-\d{4}-\d{5}-\w")
_SOLVED = "Solusi sudah disampaikan"


@dataclass
class Habits:
    """What somebody is like; drawn once from their own chance."""

    questions: tuple[str, ...]
    asks_person: bool
    tells_secret: bool
    blocks: bool
    away: bool
    silent: bool
    impatient: bool
    odd: bool
    mishaps: tuple[str, ...]

    @classmethod
    def of(cls, rng: random.Random, line: Line, *, calm: bool) -> Habits:
        on_web = line.channel == "web"
        mishaps = rng.sample(line.mishaps, k=rng.choice((0, 0, 1, 2))) if line.mishaps else []
        return cls(
            questions=tuple(rng.sample(QUESTIONS, k=rng.choice((0, 1, 1, 2)))),
            asks_person=rng.random() < 0.15,
            tells_secret=rng.random() < 0.2,
            blocks=not calm and not on_web and rng.random() < 0.06,
            away=not calm and line.channel == "whatsapp" and rng.random() < 0.4,
            silent=not calm and rng.random() < 0.05,
            impatient=rng.random() < 0.3,
            odd=rng.random() < 0.3,
            mishaps=() if calm else tuple(mishaps),
        )


@dataclass
class Person:
    """``marks`` are the problems they told, by which their tickets are known; ``numbers`` the
    ticket numbers they heard; ``gave_up`` the stages that came to nothing, ``nudges`` how often
    they said something again because no answer came. ``patience`` is in seconds.

    ``closed`` are the numbers of tickets closed by now, as the town sees them; ``mishap`` orders
    a fault for the next message to them."""

    name: str
    line: Line
    script: Script
    rng: random.Random
    habits: Habits
    closed: set[str] = field(default_factory=set)
    mishap: Callable[[str], None] = lambda kind: None
    patience: float = 12.0
    marks: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    gave_up: list[str] = field(default_factory=list)
    nudges: int = 0
    stage: str = ""
    heard: list[Heard] = field(default_factory=list)
    _given: frozenset[str] = frozenset()
    _tapped: set[str] = field(default_factory=set)
    _mark: str = ""
    _helped: int | None = None

    async def live(self, over: Callable[[], bool]) -> None:
        """Cases, one after the other; the last is begun before ``over``."""
        if isinstance(self.line, WebLine):
            await self.line.open()
        rounds = 0
        while not rounds or not over():
            rounds += 1
            for kind in self.habits.mishaps if rounds == 1 else ():
                self.mishap(kind)
            await self._case(rounds)

    async def settle(self) -> None:
        """Wait for the desk, and answer it, until all of one's tickets are closed."""
        self.stage = "served"
        if self.habits.silent:
            return
        patience, deed = self.patience / 2, self._status
        if self.habits.away:  # they come back when they are called
            patience, deed = 2 * self.patience, self._nothing
        while not self.done():
            await self._until(deed, lambda new: self.done(), patience, tries=1)
            patience, deed = min(patience * 1.5, 60), self._status

    def done(self) -> bool:
        """Whether every ticket that they know of is closed."""
        return self.habits.silent or set(self.numbers) <= self.closed

    def where(self) -> str:
        """Where this person is, for whoever looks for a fault."""
        said = [(s.words, s.tapped) for s in self.line.said[-2:]]
        heard = [(h.text[:70], [d for d, _ in h.buttons]) for h in self.heard[-2:]]
        return f"{self.name} ({self.stage}, {self.numbers}): said {said}, heard {heard}"

    # A case.

    async def _case(self, n: int) -> None:
        await self._do("greeting", self._say("halo"), bool)
        for question in self.habits.questions:
            self._helped = None
            await self._do("question", self._say(question), self._answered)
        if self.habits.blocks and n == 1:
            await self._away_for_a_while()
        self._mark = f"{self.name} kasus {n}"
        await self._do("form", self._say("/lapor"), self._numbered)
        if self.habits.odd:
            await self.line.odd()
        if self.habits.asks_person and n == 1:
            self._mark = f"{self.name} obrolan {n}"
            await self._do("person", self._say("petugas"), self._queued)
        await self._do("status", self._status, self._numbers_in)

    async def _do(self, stage: str, deed: Deed, goal: Goal) -> None:
        self.stage = stage
        if not await self._until(deed, goal, self.patience, tries=3):
            self.gave_up.append(stage)

    async def _until(self, first: Deed, goal: Goal, patience: float, tries: int) -> bool:
        """Say something, and answer what comes, until there is what was wished for."""
        new: list[Heard] = []
        deed = first
        await deed()
        end = time.monotonic() + patience
        while True:
            heard = await self.line.news()
            self.heard += heard
            new += heard
            fresh = self._note(heard)
            reached = goal([*new, *fresh])
            answer = next((d for h in reversed(heard) if (d := self._answer(h))), None)
            if answer is not None:
                deed = answer
                await deed()
            if reached:
                return True
            if answer is not None:
                end = time.monotonic() + patience
            elif time.monotonic() > end:
                tries -= 1
                if tries <= 0:
                    return False
                self.nudges += 1
                await (first if tries == 1 else deed)()
                end = time.monotonic() + patience
            else:
                await asyncio.sleep(0.12)

    def _note(self, heard: Sequence[Heard]) -> list[Heard]:
        """Numbers that were not heard before, as something heard."""
        found = []
        for number in NUMBER.findall("\n".join(h.text for h in heard)):
            if number not in self.numbers:
                self.numbers.append(number)
                found.append(Heard(f"baru: {number}"))
        return found

    def _numbered(self, new: Sequence[Heard]) -> bool:
        return any(h.text.startswith("baru: ") for h in new)

    def _queued(self, new: Sequence[Heard]) -> bool:
        """There is a number of the queue, or the office is closed and a ticket was made."""
        return any(_QUEUE.search(h.text) for h in new) or self._numbered(new)

    def _numbers_in(self, new: Sequence[Heard]) -> bool:
        return not self.numbers or any(NUMBER.search(h.text) for h in new)

    def _answered(self, new: Sequence[Heard]) -> bool:
        """*Terjawab* was tapped, and something was said to that."""
        return self._helped is not None and len(self.heard) > self._helped

    # Answers.

    def _answer(self, heard: Heard) -> Deed | None:
        words = plain(heard.text)
        if self.script.apology in words:
            return self._say("halo")
        if ASKED_LIVE in words:
            return self._say("sejak kemarin pagi")
        offered = {
            data.partition(":")[2]: (data, label)
            for data, label in heard.buttons
            if data not in self._tapped or data.endswith("@read")
        }
        for value, (data, label) in offered.items():
            if (deed := self._of_desk(value, data, label, words)) is not None:
                return deed
        for value in _TAPS:
            if value in offered:
                self._helped = len(self.heard) if value == "helped" else self._helped
                return self._tap(*offered[value])
        if (text := self.script.text_for(heard)) is not None:
            return self._say(text)
        if self.script.problem_asked in words:
            return self._problem
        return None

    def _of_desk(self, value: str, data: str, label: str, words: str) -> Deed | None:
        kind = value.partition(":")[0]
        if kind == "@full":
            given, self._given = value in self._given, self._given | {value}
            return self._tap(data, label) if given else self._data
        if kind in _ALWAYS or (kind == "resolved" and _SOLVED in words):
            return self._tap(data, label)
        if kind == "@rate" and value.endswith(":4"):
            return self._tap(data, label)
        return self._tap(data, label) if kind == "t" else None

    async def _problem(self) -> None:
        """The problem, in a burst of messages, with a file."""
        if self._mark not in self.marks:
            self.marks.append(self._mark)
        await self.line.say(f"Masalah {self._mark}.")
        if self.habits.tells_secret:
            await self.line.say(f"password saya {SECRET}")
        for _ in range(self.rng.randrange(3)):
            await self.line.say(f"gagal upload dokumen penawaran, kode {self.rng.randrange(10**8)}")
        if self.rng.random() < 0.6:
            await self.line.send(PNG + self.rng.randbytes(200), "layar.png")

    async def _data(self) -> None:
        """What an agent asked for: a file and a number."""
        deeds: list[Deed] = [
            lambda: self.line.send(PDF + self.rng.randbytes(300), "nib.pdf"),
            self._say("npwp perusahaan kami 01.234.567.8-901.234"),
        ]
        self.rng.shuffle(deeds)
        for deed in deeds:
            await deed()

    async def _away_for_a_while(self) -> None:
        """The bot is blocked, said something to, and let in again."""
        await self.line.say("lupa password akun penyedia")
        self.line.block()
        await asyncio.sleep(self.rng.uniform(0.2, 1.0))
        self.line.unblock()

    async def _status(self) -> None:
        await self.line.say("cek tiket")

    async def _nothing(self) -> None:
        return

    def _say(self, text: str) -> Deed:
        return lambda: self.line.say(text)

    def _tap(self, data: str, label: str) -> Deed:
        async def tap() -> None:
            self._tapped.add(data)
            await self.line.tap(data, label)
            if self.habits.impatient and self.rng.random() < 0.3:
                await self.line.tap(data, label)

        return tap
