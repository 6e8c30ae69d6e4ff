"""Looks into everything that a running Loket leaves behind: tables, files, what went out."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.rig import Rig

DATABASE = "loket.db"


def database_file(rig: Rig) -> Path:
    """The SQLite file of a rig."""
    return Path(rig.places.database.removeprefix("sqlite:///"))


def texts(file: Path) -> Iterator[tuple[str, str]]:
    """(table.column, value) of every text and every byte string in a SQLite file."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, str | bytes):
                        shown = value if isinstance(value, str) else value.decode("latin-1")
                        yield f"{table}.{column}", shown


def places_of(secret: str, rig: Rig) -> list[str]:
    """Where a secret can be read: columns, stored files, messages that went out, and the raw
    bytes of the database with its log. A list that is not empty is a leak."""
    wanted = secret.casefold()
    found = {name for name, value in texts(database_file(rig)) if wanted in value.casefold()}
    for path in database_file(rig).parent.rglob("*"):
        if path.is_file() and wanted.encode() in path.read_bytes().lower():
            found.add(path.name)
    found |= {"sent" for out in rig.telegram.sent if wanted in out.text.casefold()}
    return sorted(found)


def numbers(text: str) -> list[str]:
    """Every ticket number in a text."""
    return re.findall(r"\bLPSE-\d{4}-\d{5}-[0-9A-Z]\b", text)
