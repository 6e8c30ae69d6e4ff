"""Whether the database takes what a turn would write."""

from __future__ import annotations

from sqlalchemy import Connection, update

from storage import schema
from storage.base import table_of
from storage.models import Heartbeat

_B = table_of(Heartbeat)


def write(connection: Connection, heartbeat: str) -> None:
    """Look at the revision, and write a row as it stands. Raises WrongRevision, or whatever the
    database has against writing."""
    schema.check(connection)
    connection.execute(update(_B).where(_B.c.name == heartbeat).values(at=_B.c.at))
