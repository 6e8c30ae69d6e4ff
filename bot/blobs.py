"""Where the bytes of files are kept: a folder beside SQLite, chunks in PostgreSQL where
replicas share no disk. The key is the SHA-256 of the bytes, so storing twice is harmless."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from storage.base import table_of
from storage.database import Database, Unavailable
from storage.models import BlobChunk
from storage.unit import Unit

CHUNK = 1 << 20


class BlobStore(Protocol):
    """Keeps bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Keep bytes durably; their key. Raises Unavailable (disk full, database away)."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes of a key. Raises KeyError, and Unavailable."""
        ...


class FolderBlobs:
    """Files in a folder: written beside, synced, renamed (design 6.13)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        try:
            if not path.exists():
                _write(path, data)
        except OSError as error:
            raise Unavailable(f"a file cannot be kept: {error}") from error
        return key

    def get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None
        except OSError as error:
            raise Unavailable(f"a file cannot be read: {error}") from error

    def _path(self, key: str) -> Path:
        if len(key) != 64 or not all(c in "0123456789abcdef" for c in key):
            raise KeyError(key)
        return self._folder / key[:2] / key


class DatabaseBlobs:
    """Chunks of a megabyte in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()

        def write(unit: Unit) -> None:
            table = table_of(BlobChunk)
            if unit.connection.execute(select(table.c.n).where(table.c.key == key)).first():
                return
            chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)] or [b""]
            make = sqlite.insert if unit.connection.dialect.name == "sqlite" else postgresql.insert
            unit.connection.execute(
                make(table).on_conflict_do_nothing(),  # somebody may put the same bytes just now
                [{"key": key, "n": n, "data": c} for n, c in enumerate(chunks)],
            )

        self._database.write(write).result()
        return key

    def get(self, key: str) -> bytes:
        table = table_of(BlobChunk)
        query = select(table.c.data).where(table.c.key == key).order_by(table.c.n)
        chunks = self._database.read(lambda c: list(c.execute(query).scalars()))
        if not chunks:
            raise KeyError(key)
        return b"".join(chunks)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
