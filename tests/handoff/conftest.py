"""A migrated database, and inside it a person with a chat."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.clock import HandClock
from storage import schema
from storage.database import Database, open_database
from storage.repositories import conversations
from tests.rig import MONDAY

KEY = b"k" * 32


@dataclass
class Desk:
    """A database and a clock; ``do`` runs a job in a transaction."""

    database: Database
    clock: HandClock

    def do(self, job: Callable[[Connection], Any]) -> Any:
        return self.database.write(lambda unit: job(unit.connection)).result()

    def sql(self, statement: str, **values: Any) -> None:
        self.do(lambda c: c.execute(text(statement), values))

    def rows(self, query: str, **values: Any) -> list[Any]:
        return self.database.read(lambda c: list(c.execute(text(query), values)))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def chat(self, user: str, channel: str = "web") -> tuple[int, int]:
        """(conversation id, contact id) of a user's chat."""
        found: tuple[int, int] = self.do(
            lambda c: conversations.ensure(c, channel, channel, user, "", self.now)
        )
        return found


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, migrated once."""
    path = tmp_path_factory.mktemp("migrated") / "loket.db"
    schema.migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def desk(tmp_path: Path, migrated: Path) -> Iterator[Desk]:
    path = shutil.copy(migrated, tmp_path / "loket.db")
    database = open_database(f"sqlite:///{path}")
    yield Desk(database, HandClock(MONDAY))
    database.close()
