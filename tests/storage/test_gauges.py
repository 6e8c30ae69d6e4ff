"""What waits is read from open rows alone, on both databases."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, create_engine, event, insert, text

from storage import probe, schema
from storage.base import Base, table_of
from storage.database import Database, open_database
from storage.models import Contact, Conversation, Message, OutboxRow
from storage.repositories import gauges

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MANY = 100_000
OPEN = {"queued": 40, "sending": 3, "announcing": 2, "held": 55, "failed": 7}


def _put(connection: Connection, model: type[Base], rows: list[dict[str, Any]]) -> None:
    table = table_of(model)
    connection.execute(insert(table).values({n: bindparam(n) for n in rows[0]}), rows)


def fill(connection: Connection, sent: int) -> None:
    """One channel with ``sent`` messages that went out, and what is open."""
    states = ["sent"] * sent + [state for state, rows in OPEN.items() for _ in range(rows)]
    chats = range(1, max(2, sent // 20))
    _put(connection, Contact, [{"id": n, "created_at": NOW} for n in chats])
    same = {"channel": "telegram", "account": "telegram:1", "thread": "", "created_at": NOW}
    _put(
        connection,
        Conversation,
        [{"id": n, "contact_id": n, "chat": str(n), "profile_name": "", **same} for n in chats],
    )
    at = NOW - timedelta(minutes=3)
    said = {"author": "bot", "text": "halo", "created_at": at}
    numbered = [
        {"id": n, "conversation_id": n % len(chats) + 1, "seq": n}
        for n in range(1, len(states) + 1)
    ]
    _put(connection, Message, [row | said for row in numbered])
    out = {"row_class": "talk", "kind": "message", "fence": 0, "due_at": at, "attempts": 0}
    _put(
        connection,
        OutboxRow,
        [
            row | out | {"message_id": row["id"], "state": state}
            for row, state in zip(numbered, states, strict=True)
        ],
    )


def test_open_rows_are_counted_on_both_databases(database: Database) -> None:
    database.write(lambda unit: fill(unit.connection, 10)).result()
    found = database.read(lambda c: gauges.read(c, NOW, "serve"))
    assert found.queue == {("telegram", state): OPEN[state] for state in gauges.WAITING}
    assert found.oldest == {"telegram": 180.0}
    assert found.lost == {"failed": OPEN["failed"]}
    assert (found.parked, found.files, found.late, found.beat) == ({}, 0, 0, None)


def test_writing_is_tried_on_both_databases(database: Database) -> None:
    database.write(lambda unit: probe.write(unit.connection, "serve")).result()
    database.write(
        lambda unit: unit.connection.execute(text("UPDATE alembic_version SET version_num = '1'"))
    ).result()
    with pytest.raises(schema.WrongRevision):
        database.write(lambda unit: probe.write(unit.connection, "serve")).result()


def test_what_was_sent_is_not_looked_at(tmp_path: Path) -> None:
    """Whether or not somebody let SQLite count its rows."""
    url = f"sqlite:///{tmp_path / 'loket.db'}"
    schema.migrate(url)
    database = open_database(url)
    database.write(lambda unit: fill(unit.connection, MANY)).result()
    database.close()
    engine = create_engine(url)
    with engine.connect() as connection:
        for first in ("SELECT 1", "ANALYZE"):
            connection.exec_driver_sql(first)
            plans = _plans(connection)
            assert len(plans) >= 6
            assert [plan for plan in plans if re.match(r"SCAN (?!parked)", plan)] == []
            assert any("ix_outbox_state_due_at (state=?)" in plan for plan in plans)
    engine.dispose()


def _plans(connection: Connection) -> list[str]:
    """How SQLite goes about the gauges' queries."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    found = gauges.read(connection, NOW, "serve")
    event.remove(connection, "before_cursor_execute", note)
    assert found.queue["telegram", "queued"] == OPEN["queued"]
    return [
        row[3]
        for statement, values in asked
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    ]
