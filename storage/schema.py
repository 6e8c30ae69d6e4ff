"""Migrations: bringing a database to the form this release needs, and checking that it is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from storage.database import create_sqlite_engine

HEAD = "0004"
_LOCK = 7_105_115_107  # any fixed number: the advisory lock of `loket migrate`


class WrongRevision(Exception):
    """The database is of another release; run ``loket migrate`` with this one."""

    def __init__(self, found: str | None) -> None:
        super().__init__(
            f"the database is at revision {found or 'none'}, this release needs {HEAD}: "
            "run `loket migrate`"
        )


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database to ``revision``. Safe to run from several places at once: PostgreSQL
    takes an advisory lock, SQLite its own write lock."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_sqlite_engine(parsed)
        with engine.connect() as connection:
            connection.connection.driver_connection.execute(  # type: ignore[union-attr]
                "PRAGMA foreign_keys=OFF"
            )
            with connection.begin():
                _upgrade(connection, revision)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"the migration would leave {len(broken)} rows orphaned")
    else:
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True)
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(connection, revision)
    engine.dispose()


def check(connection: Connection) -> None:
    """Raises WrongRevision unless the database is at this release's revision."""
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError:
        found = None
    if found != HEAD:
        raise WrongRevision(found)


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command  # slow to import, and a server that is up to date needs none
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
