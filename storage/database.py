"""The database: one writer on SQLite, a pool on PostgreSQL, the same words for both.

``write`` runs a job in a transaction of its own and gives a future that is done once the
transaction is durable. A job that raises leaves nothing behind. On SQLite one thread
drains its queue: up to 16 jobs, each in a SAVEPOINT, one COMMIT (design 6.17).
"""

from __future__ import annotations

import itertools
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import StaticPool

from storage.unit import Unit

T = TypeVar("T")
Job = Callable[[Unit], T]

BATCH = 16
BUSY_MS = 5000
# A checkpoint syncs the whole database file: done by the writer it would hold up every turn
# behind it, so a thread beside it does it early and the writer only if that falls behind.
CHECKPOINT_BYTES = 2 << 20
CHECKPOINT_SECONDS = 0.25
WRITER_CHECKPOINT_PAGES = 16_000


class Unavailable(Exception):
    """The database could not do its part (connection lost, locked, disk full): nothing was
    written, and the same thing may be tried again later."""


class Database(Protocol):
    """What the other packages need of a database."""

    dialect: str

    def write(self, job: Job[T], *, first: bool = False) -> Future[T]:
        """Run ``job`` in a transaction; the future is done after COMMIT. It fails with what
        the job raised, or with ``Unavailable``. ``first``: it does not wait behind what was
        handed in before (delivery, which else would stand behind all that comes in)."""
        ...

    def read(self, job: Callable[[Connection], T]) -> T:
        """Run ``job`` on a reading connection, in the caller's thread. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        ...


def open_database(url: str, *, pool_size: int = 8) -> Database:
    """Open the database behind a SQLAlchemy URL. Raises ValueError with a sentence for a URL
    that is none of ``sqlite:///FILE`` and ``postgresql+psycopg://...``."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(
            "a URL like sqlite:////var/lib/loket/loket.db or postgresql://user:password@host/name"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("a SQLite file, not a database in memory")
        return SqliteDatabase(parsed)
    if backend == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"), pool_size)
    raise ValueError("sqlite or postgresql")


def is_infrastructure(error: BaseException) -> bool:
    """Whether an error is the database's own fault rather than that of our code or data: what
    is too much for PostgreSQL (SQLSTATE 54: a row, an index entry) will always be, and what SQLite
    calls a plain error is SQL that cannot run."""
    cause = getattr(error, "orig", None) or error
    if str(getattr(cause, "sqlstate", "")).startswith("54"):
        return False
    if getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return False
    own = (
        Unavailable,
        OperationalError,
        InterfaceError,
        PoolTimeout,
        sqlite3.OperationalError,
    )
    return isinstance(error, own) or (
        isinstance(error, DBAPIError) and bool(error.connection_invalidated)
    )


def create_sqlite_engine(url: URL, *, read_only: bool = False) -> Engine:
    """An engine whose transactions are BEGIN IMMEDIATE (or query_only for readers)."""
    options: dict[str, Any] = {"poolclass": StaticPool} if not read_only else {"pool_size": 4}
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None},
        **options,
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: object) -> None:
        cursor = raw.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_MS}",
            "foreign_keys=ON",
            "cache_size=-8000",
            f"wal_autocheckpoint={WRITER_CHECKPOINT_PAGES}",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


_FIRST, _IN_TURN, _LAST = range(3)


@dataclass(order=True, slots=True)
class _Waiting:
    """A job in the writer's queue, by rank and then as it came; None ends the writer."""

    rank: int
    number: int
    item: tuple[Job[Any], Future[Any]] | None = field(compare=False)


class SqliteDatabase:
    """A SQLite file: one writing thread, readers beside it."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        assert url.database is not None
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_sqlite_engine(url)
        self._readers = create_sqlite_engine(url, read_only=True)
        self._jobs: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._count = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="loket-writer", daemon=True)
        self._thread.start()
        self._stopped = threading.Event()
        self._checkpointer = threading.Thread(
            target=self._checkpoint, args=(url.database,), name="loket-checkpoint", daemon=True
        )
        self._checkpointer.start()

    def write(self, job: Job[T], *, first: bool = False) -> Future[T]:
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(Unavailable("the database is closed"))
        else:
            self._hand_in(_FIRST if first else _IN_TURN, (job, future))
        return future

    def _hand_in(self, rank: int, item: tuple[Job[Any], Future[Any]] | None) -> None:
        self._jobs.put(_Waiting(rank, next(self._count), item))

    def read(self, job: Callable[[Connection], T]) -> T:
        return _read(self._readers, job)

    def close(self) -> None:
        self._closed = True
        self._hand_in(_LAST, None)
        self._thread.join()
        self._refuse_the_rest()
        self._stopped.set()
        self._checkpointer.join()
        self._engine.dispose()
        self._readers.dispose()

    def _refuse_the_rest(self) -> None:
        """Jobs handed in while the writer was ending."""
        while True:
            try:
                item = self._jobs.get_nowait().item
            except queue.Empty:
                return
            if item is not None and item[1].set_running_or_notify_cancel():
                item[1].set_exception(Unavailable("the database is closed"))

    def _checkpoint(self, path: str) -> None:
        """Move what is durable in the WAL into the database file, beside the writer."""
        wal = Path(path + "-wal")
        raw = sqlite3.connect(path, isolation_level=None)
        done = 0  # the WAL's last change that is wholly in the file
        while not self._stopped.wait(CHECKPOINT_SECONDS):
            with suppress(OSError, sqlite3.OperationalError):
                seen = wal.stat()
                if seen.st_size > CHECKPOINT_BYTES and seen.st_mtime_ns != done:
                    _, pages, moved = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                    done = seen.st_mtime_ns if pages == moved else 0
        raw.close()

    def _work(self) -> None:
        while (first := self._jobs.get().item) is not None:
            batch = [first]
            last = False
            while len(batch) < BATCH:
                try:
                    item = self._jobs.get_nowait().item
                except queue.Empty:
                    break
                if item is None:
                    last = True
                    break
                batch.append(item)
            self._run(batch)
            if last:
                return

    def _run(self, handed_in: list[tuple[Job[Any], Future[Any]]]) -> None:
        # From here on nobody can cancel: what is begun has an outcome.
        batch = [(j, f) for j, f in handed_in if f.set_running_or_notify_cancel()]
        outcomes: list[tuple[Future[Any], Unit | None, Any]] = []
        try:
            with self._engine.begin() as connection:
                for job, future in batch:
                    outcomes.append((future, *_in_savepoint(connection, job)))
        except Exception as error:
            for _, future in batch:
                future.set_exception(_as_unavailable(error))
            return
        for future, unit, result in outcomes:
            if unit is None:
                future.set_exception(result)
            else:
                unit.committed()
                future.set_result(result)


def _in_savepoint(connection: Connection, job: Job[Any]) -> tuple[Unit | None, Any]:
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("SAVEPOINT job")
    unit = Unit(connection)
    try:
        result = job(unit)
    except Exception as error:
        raw.execute("ROLLBACK TO job")
        raw.execute("RELEASE job")
        return None, _as_unavailable(error) if is_infrastructure(error) else error
    raw.execute("RELEASE job")
    return unit, result


class PostgresDatabase:
    """PostgreSQL: a pool of connections, each job in a thread and a transaction of its own."""

    dialect = "postgresql"

    def __init__(self, url: URL, pool_size: int) -> None:
        self._engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
        )
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="loket-writer")
        self._first = ThreadPoolExecutor(2, thread_name_prefix="loket-first")

    def write(self, job: Job[T], *, first: bool = False) -> Future[T]:
        try:
            return (self._first if first else self._threads).submit(self._run, job)
        except RuntimeError:
            future: Future[T] = Future()
            future.set_exception(Unavailable("the database is closed"))
            return future

    def read(self, job: Callable[[Connection], T]) -> T:
        return _read(self._engine, job)

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._first.shutdown(wait=True)
        self._engine.dispose()

    def _run(self, job: Job[T]) -> T:
        """A connection lost on the way, even at COMMIT, runs the job again: the event key
        decides whether it had been written (design 6.10)."""
        for attempt in range(3):
            try:
                with self._engine.begin() as connection:
                    unit = Unit(connection)
                    result = job(unit)
                unit.committed()
                return result
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                if attempt == 2:
                    raise _as_unavailable(error) from error
                time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))
        raise AssertionError("unreachable")


def _read(engine: Engine, job: Callable[[Connection], T]) -> T:
    try:
        with engine.connect() as connection:
            return job(connection)
    except Exception as error:
        if is_infrastructure(error):
            raise _as_unavailable(error) from error
        raise


def _as_unavailable(error: Exception) -> Unavailable:
    if isinstance(error, Unavailable):
        return error
    wrapped = Unavailable(f"the database did not answer ({type(error).__name__})")
    wrapped.__cause__ = error
    with suppress(AttributeError):
        wrapped.add_note(str(getattr(error, "orig", error)))
    return wrapped
