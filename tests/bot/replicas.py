"""Several Lokets on one PostgreSQL: databases made from one that is migrated, and races."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from bot.bootstrap import Loket, build
from bot.desk_turns import DeskTurns, Done
from bot.incoming import Incoming
from bot.user_turns import Taken, UserTurns
from handoff.actions import Action
from handoff.refusal import Refused
from storage import schema
from storage.repositories import conversations
from tests.rig import CHEAP, Rig
from tests.storage.conftest import postgres

__all__ = ["Office", "in_thread", "make_url", "office", "outcomes", "postgres"]

_names = itertools.count(1)
_WAITERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture(scope="session")
def make_url(postgres: str) -> Iterator[Callable[[], str]]:
    """Gives URLs of migrated databases, each a copy of one."""
    admin = _engine(postgres.format(name="postgres"), isolation_level="AUTOCOMMIT")
    first = f"desk{next(_names)}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {first}"))
    schema.migrate(postgres.format(name=first))

    def make() -> str:
        name = f"desk{next(_names)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {first}"))
        return postgres.format(name=name)

    yield make
    admin.dispose()


@dataclass
class Office:
    """An office with two processes on one database and one clock."""

    rig: Rig
    other: Loket
    engine: Engine

    @property
    def lokets(self) -> tuple[Loket, Loket]:
        return self.rig.loket, self.other

    def acts(self, at: Loket, login: str, action: Action, number: str) -> Future[Done]:
        """An agent begins something in one of the processes."""
        event = f"race:{next(_names)}"
        ticket_id = self.rig.ticket(number).id
        return DeskTurns(at.turns).do(self.rig.agents[login], ticket_id, action, event=event)

    def says(self, at: Loket, incoming: Incoming) -> Future[Taken]:
        """A user's event begins in one of the processes."""
        return UserTurns(at.turns).take(incoming)

    def contact(self, user: str, channel: str = "telegram") -> int:
        key = self.rig.key(user, channel)
        found = self.rig.loket.database.read(
            lambda c: conversations.find(c, key.channel, key.account, key.chat, key.thread)
        )
        assert found is not None
        return found[1]

    @contextmanager
    def held(self, query: str, *, waiters: int, **values: Any) -> Iterator[None]:
        """What ``query`` locks is held until so many wait for something."""
        with self.engine.begin() as connection:
            connection.execute(text(query), values)
            yield
            self.wait_for(waiters)

    def wait_for(self, waiters: int) -> None:
        """So many transactions wait for a lock."""
        end = time.monotonic() + 10
        while self.rig.rows(_WAITERS)[0][0] < waiters:
            assert time.monotonic() < end, "nobody waits"
            time.sleep(0.005)

    @contextmanager
    def held_contact(
        self, *users: str, waiters: int = 2, channel: str = "telegram"
    ) -> Iterator[None]:
        """The cases of these users are locked until so many wait."""
        ids = [self.contact(user, channel) for user in users]
        lock = "SELECT id FROM contacts WHERE id = ANY(:ids) ORDER BY id FOR UPDATE"
        with self.held(lock, waiters=waiters, ids=ids):
            yield

    def ring_both(self) -> None:
        """Both processes look at the clock at once."""
        pending = [in_thread(loket.ticker.ring) for loket in (*self.lokets, *self.lokets)]
        for future in pending:
            future.result()


def in_thread(work: Callable[[], Any]) -> Future[Any]:
    """Begin something in a thread of its own."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def outcomes(*futures: Future[Any]) -> tuple[list[Any], list[str]]:
    """(what was done, why the rest was refused). Anything else is raised."""
    done, refused = [], []
    for future in futures:
        try:
            done.append(future.result(timeout=30))
        except Refused as error:
            refused.append(str(error))
    return done, refused


@pytest.fixture
def office(
    make_rig: Callable[..., Rig], make_url: Callable[[], str], tmp_path: Path
) -> Iterator[Office]:
    """On a Monday morning, with two agents of the helpdesk."""
    url = make_url()
    rig = make_rig(database_url=url)
    places = rig.places.model_copy(update={"data_dir": tmp_path / "other"})
    other = build(
        rig.config,
        places,
        rig.engine,
        clock=rig.clock,
        channels={"telegram": rig.telegram},
        passwords=CHEAP,
    )
    engine = _engine(url)
    rig.hire("rina", "helpdesk")
    rig.hire("joko", "helpdesk")
    yield Office(rig, other, engine)
    engine.dispose()
    other.close()


def _engine(url: str, **options: Any) -> Engine:
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), **options)
