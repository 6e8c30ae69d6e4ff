"""Users, agents, the clock and delivery in two processes at once on one PostgreSQL: no deadlock,
no fault, and what always holds (docs/design.md) holds at the end."""

from __future__ import annotations

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import Loket
from bot.channels.port import Refused as PlatformRefused
from bot.channels.port import Unreachable
from bot.desk_turns import DeskTurns
from bot.incoming import ConversationKey, Incoming
from bot.office_turns import OfficeTurns
from bot.user_turns import UserTurns
from dialogs.heard import SharedPhone
from handoff import actions as a
from handoff.history import verify
from handoff.office import front
from handoff.refusal import Refused
from handoff.standing import ROLES
from tests.bot.replicas import Office, make_url, office, postgres
from tests.handoff.tickets import opened

__all__ = ["make_url", "office", "postgres"]

USERS = ("andi", "budi", "citra", "dewi", "eka", "fajar")
AGENTS = ("rina", "joko", "sari", "dedi")
WORDS = (
    "petugas",
    "Budi Santoso",
    "token tidak terbaca",
    "kembali ke bot",
    "saya di sini",
    "masih error",
    "udah bisa, makasih",
    "sudah lengkap",
    "cek tiket",
    "menu",
    "lupa password",
)
ITEMS: tuple[tuple[str, a.ItemKind], ...] = (("Scan NIB", "file"), ("Nomor NPWP", "text"))


class Crowd:
    """Threads that do things until the time is over; ``faults`` are what should not happen."""

    def __init__(self, office: Office, seconds: float, seed: int) -> None:
        self.office = office
        self.seed = seed
        self.end = time.monotonic() + seconds
        self.ids = itertools.count(1)
        self.done = 0
        self.faults: list[str] = []

    def run(self) -> None:
        deeds: list[Callable[[random.Random, Loket], Any]] = [
            *(self.user,) * 3,
            *(self.agent,) * 3,
            self.clock,
            self.delivery,
            self.counter,
        ]
        threads = [
            threading.Thread(target=self._go, args=(deed, loket, self.seed + n))
            for n, (loket, deed) in enumerate(itertools.product(self.office.lokets, deeds))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _go(self, deed: Callable[[random.Random, Loket], Any], loket: Loket, seed: int) -> None:
        chance = random.Random(seed)
        while time.monotonic() < self.end:
            try:
                deed(chance, loket)
                self.done += 1
            except Refused:
                pass
            except Exception as error:
                self.faults.append(f"{deed.__name__}: {error!r}")

    def user(self, chance: random.Random, loket: Loket) -> None:
        number = str(next(self.ids))
        key = ConversationKey("telegram", "telegram:1", chance.choice(USERS))
        what: dict[str, Any] = {"text": chance.choice(WORDS)}
        if chance.random() < 0.1:
            what = {"files": (self.office.rig.file("layar.png"),)}
        elif chance.random() < 0.03:
            what = {"phone": SharedPhone(f"+62812000000{chance.randrange(3)}", own=True)}
        event = Incoming(key, f"stress:{number}", message_id=f"s{number}", **what)
        try:
            UserTurns(loket.turns).take(event).result(timeout=30)
        except Exception as error:
            if "uq_identities" not in str(error):  # the intake begins such a turn again
                raise
            UserTurns(loket.turns).take(event).result(timeout=30)

    def agent(self, chance: random.Random, loket: Loket) -> None:
        rows = self.office.rig.rows("SELECT id, number FROM tickets")
        mark = next(self.ids)
        action = chance.choice(
            (
                a.Take(),
                a.CallUser(),
                a.EndChat(),
                a.Release(),
                a.ReplyToUser(f"balasan {mark}"),
                a.WriteNote(f"catatan {mark}"),
                a.AskData(ITEMS, "mohon dikirim"),
                a.DataComplete(),
                a.Solve(f"solusi {mark}", "Rina", missing=True),
                a.Close("withdrawn", missing=True),
                a.Escalate("sudah dicoba"),
                a.SendBack("petunjuk"),
                a.Reopen("masih perlu"),
                a.Merge(chance.choice(rows).number),
                a.Assign(self.office.rig.agents[chance.choice(AGENTS)]),
            )
        )
        who = self.office.rig.agents[chance.choice(AGENTS)]
        ticket = chance.choice(rows)
        DeskTurns(loket.turns).do(who, ticket.id, action, event=f"s{mark}").result(timeout=30)

    def clock(self, chance: random.Random, loket: Loket) -> None:
        self.office.rig.clock.move(timedelta(seconds=chance.choice((1, 5, 61))))
        loket.ticker.beat()
        loket.ticker.ring()
        time.sleep(0.05)

    def delivery(self, chance: random.Random, loket: Loket) -> None:
        if chance.random() < 0.1:
            fault = chance.choice((PlatformRefused("no"), Unreachable("blocked")))
            self.office.rig.telegram.faults.append(fault)
        asyncio.run(loket.delivery.drain())
        time.sleep(0.02)

    def counter(self, chance: random.Random, loket: Loket) -> None:
        deed = chance.choice(
            (
                lambda e: front.take_number(e)[1],
                lambda e: front.call_next(e, chance.choice(front.DESKS[:2])),
                lambda e: front.came(e, chance.randrange(1, 20)),
            )
        )
        turns, who = OfficeTurns(loket.turns), self.office.rig.agents["sari"]
        turns.do(who, "front", deed, event=f"c{next(self.ids)}").result(timeout=30)


def _play(office: Office, seconds: float, seed: int) -> None:
    rig = office.rig
    rig.hire("sari", *ROLES)
    rig.hire("dedi", "koordinator", "helpdesk")
    for user in USERS:
        opened(rig, user=user)
    crowd = Crowd(office, seconds, seed)
    crowd.run()
    assert not crowd.faults, f"{len(crowd.faults)} faults, such as {crowd.faults[:3]}"
    assert crowd.done > seconds
    _holds(office)


def _holds(office: Office) -> None:
    rig = office.rig
    rows = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert rig.rows(rows)[0][0] == 0, "the locks are taken in different orders"
    held = rig.rows("SELECT id, holder FROM conversations WHERE holder IS NOT NULL")
    live = rig.rows("SELECT conversation_id, number FROM human_requests WHERE state = 'live'")
    assert {tuple(row) for row in held} == {tuple(row) for row in live}
    broken = "SELECT conversation_id FROM messages GROUP BY 1 HAVING max(seq) <> count(*)"
    assert not rig.rows(broken), "a message is missing"
    twice = "SELECT 1 FROM human_requests WHERE state IN ('waiting', 'called') GROUP BY turn"
    assert not rig.rows(f"{twice} HAVING count(*) > 1"), "two have one place"
    assert not rig.rows("SELECT kind FROM alerts WHERE kind IN ('sweep_failed', 'deadline_failed')")
    counted = rig.rows("SELECT sum(last) FROM series WHERE key LIKE 'ticket:%'")[0][0]
    assert counted == rig.count("tickets")
    astray = (
        "SELECT t.number FROM tickets t JOIN conversations c ON c.id = t.conversation_id "
        "WHERE c.contact_id <> t.contact_id"
    )
    assert not rig.rows(astray)
    key = rig.loket.turns.counter.key
    for row in rig.rows("SELECT id FROM tickets"):
        assert rig.loket.database.read(lambda c, t=row.id: verify(c, key, t)) is None


def test_everything_at_once(office: Office) -> None:
    _play(office, 3, seed=7)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_everything_at_once_for_long(office: Office, seed: int) -> None:
    _play(office, 20, seed=100 * seed)
