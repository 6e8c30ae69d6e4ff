"""Migrations, on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from storage import schema
from storage.database import open_database
from storage.models import Base
from storage.search import is_model


def test_the_migrations_make_exactly_the_models(url: str) -> None:
    schema.migrate(url)
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_model})
        differences = [d for d in compare_metadata(context, Base.metadata) if d[0] != "modify_type"]
    engine.dispose()
    assert differences == []


def test_migrating_twice_and_from_four_places_at_once_is_harmless(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: schema.migrate(url), range(4)))
    database = open_database(url)
    database.read(schema.check)
    database.close()


def test_a_database_of_no_release_is_refused_with_a_sentence(url: str) -> None:
    database = open_database(url)
    with pytest.raises(schema.WrongRevision, match="run `loket migrate`"):
        database.read(schema.check)
    database.close()


def test_the_head_that_serve_checks_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense", "sqlite:///:memory:"])
def test_a_database_we_cannot_use_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)sqlite"):
        open_database(url)
