"""The whole of Loket under test: real database, real conversation, a clock that is moved by
hand, and channels that keep what they were given."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from bot.bootstrap import Loket, build
from bot.channels.port import Abilities, Outgoing
from bot.clock import HandClock
from bot.config import Config, read_config
from bot.desk_turns import DeskTurns
from bot.incoming import ConversationKey, Incoming, IncomingFile
from bot.places import Places
from bot.rendering import parse_choice
from bot.staff.passwords import Passwords
from bot.user_turns import Taken
from dialogs.heard import SharedPhone, Tap
from handoff.actions import Action
from nlu.engines.port import Engine
from storage import schema
from storage.repositories import agents, messages
from storage.repositories import clock as clocks
from storage.unit import Unit

ROOT = Path(__file__).resolve().parent.parent
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 09.00 in Jakarta: the office is open
SUNDAY = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
BREATH = timedelta(seconds=4)  # longer than any answer waits for more
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


class RecordingChannel:
    """A platform that takes everything, or fails as it is told. ``faults`` are raised one by
    one before any message is taken."""

    def __init__(self, name: str, abilities: Abilities) -> None:
        self.name = name
        self.abilities = abilities
        self.sent: list[Outgoing] = []
        self.files: dict[str, bytes] = {}
        self.faults: list[BaseException] = []
        self._ids = itertools.count(1000)

    async def send(self, out: Outgoing) -> str | None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(out)
        return str(next(self._ids))

    async def sign(self, key: ConversationKey, ack: str | None, *, typing: bool = True) -> None:
        return None

    async def fetch(self, ref: str, max_bytes: int) -> bytes:
        return self.files[ref]


TELEGRAM = Abilities(max_text=4096, buttons=10, label=40, ask_phone=True, per_second=30)


@dataclass
class Said:
    """One message as a user sees it."""

    seq: int
    author: str
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Rig:
    """Drives Loket like its users do. Times only move when ``wait`` says so."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        *,
        start: datetime = MONDAY,
        database_url: str = "",
        change: Callable[[dict[str, Any]], None] | None = None,
        oidc_secret: str = "",
    ) -> None:
        self.clock = HandClock(start)
        self.places = Places(
            data_dir=folder,
            database_url=database_url,
            secret_key="k" * 32,
            oidc_secret=oidc_secret,
        )
        self.telegram = RecordingChannel("telegram", TELEGRAM)
        self.config = office_config(change)
        self.engine = engine
        _migrate(self.places)
        self._ids = itertools.count(1)
        self.agents: dict[str, int] = {}
        self._runner = asyncio.Runner()
        self.loket: Loket = self._build()

    def _build(self) -> Loket:
        return build(
            self.config,
            self.places,
            self.engine,
            clock=self.clock,
            channels={"telegram": self.telegram},
            passwords=CHEAP,
        )

    def restart(self) -> None:
        """Stop and start the program; only the database stays."""
        self.loket.close()
        self.reopen()

    def reopen(self) -> None:
        """Start the program after a ``loket.close()``."""
        self.loket = self._build()

    def close(self) -> None:
        self.loket.close()
        self._runner.close()

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)

    def key(self, user: str = "budi", channel: str = "web") -> ConversationKey:
        account = "web" if channel == "web" else f"{channel}:1"
        return ConversationKey(channel, account, user)

    def event(self, user: str = "budi", channel: str = "web", **what: Any) -> Incoming:
        """An event of a user that was not sent before."""
        number = str(next(self._ids))
        return Incoming(self.key(user, channel), f"{user}:{number}", message_id=number, **what)

    def take(self, incoming: Incoming) -> Taken:
        """Hand an event in, without letting any time pass."""
        taken: Taken = self.run(
            self.loket.intake.handle(incoming, b"raw " + incoming.text.encode())
        )
        return taken

    def hear(self, text: str, user: str = "budi", channel: str = "web", **what: Any) -> Taken:
        return self.take(self.event(user, channel, text=text, **what))

    def file(self, name: str, data: bytes = PNG, kind: str = "image") -> IncomingFile:
        """A file whose bytes are stored already, as the web page sends it."""
        key = self.loket.blobs.put(data)
        return IncomingFile(kind, name, "image/png", len(data), None, key)  # type: ignore[arg-type]

    def settle(self) -> None:
        """Let the breath pass and everything that is due go out."""
        self.wait(BREATH)

    def wait(self, step: timedelta) -> None:
        """Let time pass, ring the clock, fetch files, deliver. The program was awake all along."""
        self.clock.move(step)
        self._beat()
        self.loket.ticker.ring()
        self.run(self._work())

    def outage(self, span: timedelta) -> None:
        """The program is down for a while, then starts and rings."""
        self._beat()
        self.loket.close()
        self.clock.move(span)
        self.reopen()
        self.loket.ticker.ring()
        self.run(self._work())

    def _beat(self) -> None:
        now = self.clock.now()
        self.loket.database.write(lambda unit: clocks.beat(unit.connection, "serve", now)).result()

    async def _work(self) -> None:
        await self.loket.fetcher.drain()
        await self.loket.delivery.drain()

    def transcript(self, user: str = "budi", channel: str = "web", after: int = 0) -> list[Said]:
        """What the user sees, in order."""
        key = self.key(user, channel)
        from storage.repositories import conversations

        def read(connection: Any) -> list[Said]:
            found = conversations.find(connection, *_parts(key))
            if found is None:
                return []
            rows = messages.page(connection, found[0], after, 1000)
            return [Said(r.seq, r.author, r.text, _buttons(r.body)) for r in rows]

        return self.loket.database.read(read)

    def answers(self, user: str = "budi", channel: str = "web", after: int = 0) -> list[Said]:
        """What the bot said, notices included."""
        return [s for s in self.transcript(user, channel, after) if s.author != "user"]

    def say(self, text: str, user: str = "budi", channel: str = "web", **what: Any) -> str:
        """Say something, let the breath pass; the answer's text (several joined)."""
        last = self.last_seq(user, channel)
        self.hear(text, user, channel, **what)
        self.settle()
        return "\n".join(s.text for s in self.answers(user, channel, last))

    def tap(self, label: str, user: str = "budi", channel: str = "web") -> str:
        """Tap a button of the newest message that has any; the answer's text."""
        last = self.last_seq(user, channel)
        self.take(self.tap_event(label, user, channel))
        self.settle()
        return "\n".join(s.text for s in self.answers(user, channel, last))

    def tap_event(self, label: str, user: str = "budi", channel: str = "web") -> Incoming:
        """The event of a tap on the newest button with that label."""
        buttons = self.buttons(user, channel)
        data = next((d for d, shown in buttons if shown.lower() == label.lower()), None)
        assert data is not None, f"no button {label!r} among {[b for _, b in buttons]}"
        step, value = parse_choice(data)
        return self.event(user, channel, tap=Tap(value, step))

    def buttons(self, user: str = "budi", channel: str = "web") -> list[tuple[str, str]]:
        """(data, label) of the newest message that has buttons."""
        return next((s.buttons for s in reversed(self.answers(user, channel)) if s.buttons), [])

    def labels(self, user: str = "budi", channel: str = "web") -> list[str]:
        return [label for _, label in self.buttons(user, channel)]

    def share_phone(
        self, number: str, user: str = "budi", channel: str = "telegram", *, own: bool = True
    ) -> str:
        last = self.last_seq(user, channel)
        self.take(self.event(user, channel, phone=SharedPhone(number, own)))
        self.settle()
        return "\n".join(s.text for s in self.answers(user, channel, last))

    def last_seq(self, user: str = "budi", channel: str = "web") -> int:
        said = self.transcript(user, channel)
        return said[-1].seq if said else 0

    # People at the desk

    def hire(self, login: str, *roles: str, on_duty: bool = True) -> int:
        """A new agent's account; its id."""
        now = self.clock.now()

        def write(unit: Unit) -> int:
            return agents.add(
                unit.connection,
                login=login,
                name=login.capitalize(),
                roles=" ".join(roles),
                on_duty=on_duty,
                active=True,
                created_at=now,
            )

        self.agents[login] = self.loket.database.write(write).result()
        return self.agents[login]

    def duty(self, login: str, *, on: bool) -> None:
        """*Bertugas* or *Istirahat*."""
        self.loket.database.write(
            lambda unit: agents.change(unit.connection, self.agents[login], on_duty=on)
        ).result()

    def ticket(self, number: str | None = None) -> Any:
        """A ticket's row by number; the newest without one."""
        if number is None:
            return self.rows("SELECT * FROM tickets ORDER BY id DESC LIMIT 1")[0]
        return self.rows("SELECT * FROM tickets WHERE number = :number", number=number)[0]

    def act(self, login: str, action: Action, number: str | None = None, **how: Any) -> str:
        """An agent does something, without letting any time pass; the sentence they read.
        Raises Refused."""
        how.setdefault("event", f"act:{next(self._ids)}")
        done = DeskTurns(self.loket.turns).do(
            self.agents[login], self.ticket(number).id, action, **how
        )
        return done.result().sentence

    def fetched(self, user: str = "budi") -> None:
        """The user's browser has fetched everything that was said on the web."""
        from storage.repositories import conversations

        now, key = self.clock.now(), self.key(user)

        def write(unit: Unit) -> None:
            found = conversations.find(unit.connection, *_parts(key))
            if found is not None:
                messages.mark_seen(unit.connection, found[0], 1 << 30, now)

        self.loket.database.write(write).result()

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Any query, for looking behind the scenes."""
        from sqlalchemy import text

        return self.loket.database.read(lambda c: list(c.execute(text(query), values).fetchall()))

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])


def office_config(change: Callable[[dict[str, Any]], None] | None = None) -> Config:
    """The repository's own config.yml, with changes to its raw form."""
    config = read_config(ROOT / "config.yml")
    if change is None:
        return config
    raw = config.model_dump(mode="json")
    change(raw)
    return Config.model_validate(raw)


@cache
def _template() -> Path:
    """A migrated SQLite file, made once: each rig starts from a copy."""
    path = Path(tempfile.mkdtemp(prefix="loket-tests-")) / "loket.db"
    schema.migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def _migrate(places: Places) -> None:
    if places.database_url:
        schema.migrate(places.database)
        return
    places.data_dir.mkdir(parents=True, exist_ok=True)
    shutil.copy(_template(), places.data_dir / "loket.db")


def _parts(key: ConversationKey) -> Sequence[str]:
    return (key.channel, key.account, key.chat, key.thread)


def _buttons(body: str | None) -> list[tuple[str, str]]:
    return [tuple(c) for c in json.loads(body).get("choices", ())] if body else []


__all__ = ["BREATH", "MONDAY", "PNG", "SUNDAY", "RecordingChannel", "Rig", "Said"]
