"""Core statements compiled once and run on the driver's own cursor where that is SQLite.

A turn is some ten statements, and SQLAlchemy's way through ``Connection.execute`` costs several
times what SQLite itself needs for one (``bench/turns.py --profile``). A prepared
statement keeps Core's SQL, types and transaction, and skips the way. On any other database it
is an ordinary execution, so that lost connections are noticed where SQLAlchemy looks for
them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, Update

Params = Mapping[str, object]
Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """One statement's SQL for one set of parameter names."""

    sql: str
    binds: tuple[tuple[str | None, Process | None, object], ...]
    row: Callable[[Any], Any] | None
    results: tuple[Process | None, ...]

    def arguments(self, params: Params) -> tuple[object, ...]:
        """The parameters in the SQL's order: (name, process, constant) each."""
        return tuple(
            constant if name is None else (params[name] if to is None else to(params[name]))
            for name, to, constant in self.binds
        )

    def shaped(self, raw: tuple[object, ...]) -> Any:
        """A row with names, its values in Python's types."""
        assert self.row is not None
        return self.row(
            value if to is None else to(value) for value, to in zip(raw, self.results, strict=True)
        )


class Prepared:
    """A Core INSERT, UPDATE or SELECT with named parameters and no expanding ones."""

    __slots__ = ("_ready", "statement")

    def __init__(self, statement: Select[*tuple[Any, ...]] | Insert | Update | Any) -> None:
        self.statement = statement
        self._ready: dict[tuple[str, ...], _Ready] = {}

    def run(self, connection: Connection, params: Params) -> int:
        """Execute; how many rows were changed."""
        if connection.dialect.name != "sqlite":
            return int(connection.execute(self.statement, params).rowcount)
        return int(self._cursor(connection, params)[1].rowcount)

    def first(self, connection: Connection, params: Params) -> Any:
        """The first row, or None."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, params).first()
        ready, cursor = self._cursor(connection, params)
        raw = cursor.fetchone()
        cursor.close()
        return None if raw is None else ready.shaped(raw)

    def value(self, connection: Connection, params: Params) -> Any:
        """The first column of the only row."""
        row = self.first(connection, params)
        if row is None:
            raise LookupError("the statement gave no row")
        return row[0]

    def all(self, connection: Connection, params: Params) -> list[Any]:
        """Every row."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self.statement, params).fetchall())
        ready, cursor = self._cursor(connection, params)
        return [ready.shaped(raw) for raw in cursor.fetchall()]

    def _cursor(self, connection: Connection, params: Params) -> tuple[_Ready, Any]:
        names = tuple(params)
        ready = self._ready.get(names)
        if ready is None:
            ready = self._ready[names] = _prepare(self.statement, connection.dialect, names)
        raw = connection.connection.driver_connection
        assert raw is not None
        return ready, raw.execute(ready.sql, ready.arguments(params))


def _prepare(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> _Ready:
    keys = list(names) if isinstance(statement, Insert) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
    assert not compiled.insert_prefetch, "defaults are not filled in here: give every value"
    constants = compiled.construct_params(dict.fromkeys(names), _check=False)
    binds = []
    for name in compiled.positiontup:
        process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if name in names:
            binds.append((name, process, None))
        else:
            constant = constants[name]
            binds.append((None, None, constant if process is None else process(constant)))
    columns = list(getattr(statement, "exported_columns", ()))
    shape: Any = namedtuple("Row", [c.key for c in columns]) if columns else None
    results = tuple(c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns)
    return _Ready(str(compiled), tuple(binds), shape and shape._make, results)
