"""The agents: they take tickets, ask for data, answer, solve, and talk in live chats.

They work through the same turns as the console, from a process of their own beside the servers.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.bootstrap import Loket, build
from bot.channels.web import WebChannel
from bot.channels.whatsapp import WhatsAppChannel
from bot.desk_turns import DeskTurns
from bot.places import Places
from dialogs.reply import Attached
from handoff import actions as a
from handoff.refusal import Refused
from nlu.engines.builtin import load_or_train
from storage.base import AnyRow
from storage.database import Unavailable
from storage.repositories import agents
from storage.unit import Unit
from tests.process import CACHE, SECRET_KEY
from tests.rig import CHEAP, TELEGRAM, RecordingChannel, office_config
from tests.simulation.office import PUBLIC_URL, Office, change
from tests.simulation.people import ASKED_LIVE

MARK = re.compile(r"Masalah (\S+) (kasus|obrolan) (\d+)\.")
AGENTS = ("rina", "joko")
ITEMS: tuple[tuple[str, a.ItemKind], ...] = (("Scan NIB", "file"), ("Nomor NPWP", "text"))
PATIENCE = 25.0
"""Seconds until an agent judges data complete that nobody completes."""

_TICKETS = """
    SELECT t.id, t.number, t.state, t.problem, t.agent_id, c.channel, r.state AS live
    FROM tickets t JOIN conversations c ON c.id = t.conversation_id
    LEFT JOIN human_requests r ON r.ticket_id = t.id AND r.state IN ('waiting', 'called', 'live')
    WHERE t.state <> 'ditutup'
"""


@dataclass
class Work:
    """What an agent means to do with one ticket, in order; ``waited`` since its last change."""

    plan: list[str]
    waited: float = 0.0
    state: str = ""


@dataclass
class Desk:
    """``before`` is called with a person's name before the desk speaks to them; ``faults`` are
    what should not happen."""

    office: Office
    folder: Path
    seed: int
    before: Callable[[str], None]
    faults: list[str] = field(default_factory=list)
    done: int = 0
    _loket: Loket | None = None
    _works: dict[str, Work] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def open(self) -> None:
        """Hire the agents."""
        data = self.office.served[0].folder
        places = Places(
            data_dir=data,
            database_url=self.office.url,
            secret_key=SECRET_KEY,
            public_url=PUBLIC_URL,
        )

        def close_channels(config: dict[str, object]) -> None:
            change(config)
            config["channels"] = {"web": False, "telegram": "webhook"}

        channels = {
            "web": RecordingChannel("web", WebChannel.abilities),
            "telegram": RecordingChannel("telegram", TELEGRAM),
            "whatsapp": RecordingChannel("whatsapp", WhatsAppChannel.abilities),
        }
        self._loket = loket = build(
            office_config(close_channels),
            places,
            load_or_train(CACHE, say=print),
            channels=channels,
            passwords=CHEAP,
        )
        now = loket.clock.now()

        def hire(unit: Unit) -> list[int]:
            return [
                agents.add(
                    unit.connection,
                    login=login,
                    name=login.capitalize(),
                    roles="helpdesk",
                    on_duty=True,
                    active=True,
                    created_at=now,
                )
                for login in AGENTS
            ]

        self._agents = loket.database.write(hire).result()

    def close(self) -> None:
        if self._loket is not None:
            self._loket.close()

    async def work(self, over: Callable[[], bool]) -> None:
        """Look at every open ticket, again and again."""
        while not over():
            rows = await asyncio.to_thread(self.office.rows, _TICKETS)
            for row in rows:
                await self._look(row)
            await asyncio.sleep(0.4)

    def where(self) -> str:
        """How far the work is."""
        left = {number: (w.state, w.plan) for number, w in self._works.items() if w.plan}
        return f"desk: {self.done} actions, left {left}, faults {self.faults[:3]}"

    async def _look(self, row: AnyRow) -> None:
        work = self._works.get(row.number)
        if work is None:
            work = self._works[row.number] = Work(self._plan(row))
        now = asyncio.get_running_loop().time()
        if work.state != row.state or not work.waited:
            work.state, work.waited = row.state, now
        if row.state == "menunggu_data":
            if now - work.waited > PATIENCE:
                await self._do(row, a.DataComplete())
        elif row.state == "selesai":
            work.plan = []
        elif row.state == "dibuka_kembali" or not work.plan:
            work.plan = work.plan or ["take", "solve"]
            await self._step(row, work)
        else:
            await self._step(row, work)

    def _plan(self, row: AnyRow) -> list[str]:
        rng = random.Random(f"{self.seed}:{self._mark(row)}")
        plan = ["take"]
        if row.live:
            plan += ["ask", "end"]
        if rng.random() < 0.5:
            plan.append("data")
        if rng.random() < 0.6:
            plan.append("file" if rng.random() < 0.4 else "reply")
        return [*plan, "solve"]

    async def _step(self, row: AnyRow, work: Work) -> None:
        step = work.plan[0]
        found = MARK.search(row.problem)
        if step != "take" and found is not None:
            self.before(found[1])
        if await self._do(row, self._action(step, row)) and work.plan:
            work.plan.pop(0)

    def _action(self, step: str, row: AnyRow) -> a.Action:
        mark = self._mark(row)
        match step:
            case "take":
                return a.Take()
            case "ask":
                return a.ReplyToUser(f"{ASKED_LIVE} [{mark}]")
            case "end":
                return a.EndChat()
            case "data":
                return a.AskData(ITEMS, f"Mohon dikirim [{mark}]")
            case "reply":
                return a.ReplyToUser(f"Sedang kami periksa [{mark}]")
            case "file":
                assert self._loket is not None
                blob = self._loket.blobs.put(f"petunjuk {mark}".encode())
                file = Attached(0, "document", "petunjuk.txt", "text/plain", blob)
                return a.ReplyToUser(f"Petunjuknya terlampir [{mark}]", (file,))
            case _:
                return a.Solve(f"Sudah kami perbaiki [{mark}]", "Rina Wati", missing=True)

    async def _do(self, row: AnyRow, action: a.Action) -> bool:
        """Whether it was done, or will never be."""
        agent = row.agent_id or self._agents[row.id % len(self._agents)]
        event = f"simulation:{next(self._ids)}"
        assert self._loket is not None
        turns = DeskTurns(self._loket.turns)

        def turn() -> None:
            turns.do(agent, row.id, action, event=event).result(30)

        try:
            await asyncio.to_thread(turn)
            self.done += 1
        except Refused:
            return True
        except Unavailable:
            return False
        except Exception as fault:
            self.faults.append(f"{type(action).__name__} on {row.number}: {fault!r}")
        return True

    def _mark(self, row: AnyRow) -> str:
        found = MARK.search(row.problem)
        return " ".join(found.groups()) if found else row.number
