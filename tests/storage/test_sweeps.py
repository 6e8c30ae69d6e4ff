"""What is looked for every few seconds is found in an index, however much there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import OperationalError

from storage import schema
from storage.database import Database, is_infrastructure
from storage.repositories import agents, calls, data, office_lists, queue, topics

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BIG = ("messages", "outbox", "tickets", "human_requests", "conversations", "topics", "deadlines")
LOOKS: dict[str, Callable[[Connection], Any]] = {
    "undelivered": calls.undelivered,
    "seen meanwhile": calls.seen_meanwhile,
    "delivered": data.delivered_tickets,
    "abandoned": queue.abandoned,
    "left": agents.left_tickets,
    "lagging": lambda c: topics.lagging(c, "telegram:1", NOW),
    "counts": office_lists.counts,
    "last turn": queue.last_turn,
}


def plans(look: Callable[[Connection], Any], folder: Path) -> list[list[str]]:
    """How SQLite finds what a look asks for, a list of steps a statement."""
    url = f"sqlite:///{folder / 'loket.db'}"
    schema.migrate(url)
    engine = create_engine(url)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def keep(_: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            asked.append((statement, parameters))

    with engine.connect() as connection:
        look(connection)
        found = [
            [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            for sql, values in asked
        ]
    engine.dispose()
    assert found
    return found


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_scans_no_table_that_grows(name: str, tmp_path: Path) -> None:
    for steps in plans(LOOKS[name], tmp_path):
        assert not any(step.startswith(f"SCAN {table}") for step in steps for table in BIG), steps


@pytest.mark.parametrize("name", ["undelivered", "counts"])
def test_what_failed_once_and_was_looked_after_is_not_read_again(name: str, tmp_path: Path) -> None:
    assert "ix_outbox_lost" in str(plans(LOOKS[name], tmp_path))


def test_what_is_too_much_for_the_database_is_no_outage(database: Database) -> None:
    """Else an event that is too much would come again for ever."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite takes it")
    series = "FROM generate_series(1, 90000) n"
    long = f"SELECT to_tsvector('simple', string_agg(md5(n::text), ' ')) {series}"
    with pytest.raises(OperationalError) as caught:
        database.write(lambda unit: unit.connection.execute(text(long))).result()
    assert not is_infrastructure(caught.value)


def test_a_ticket_of_very_many_words_is_indexed_all_the_same(database: Database) -> None:
    from storage import search

    words = " ".join(f"{n:x}kata{n * n:x}panjangsekalipanjangsekali" for n in range(60_000))
    fields = {"number": "LPSE-2611-00001-9", "problem": words}
    if database.dialect == "postgresql":  # the index refers to tickets
        database.write(
            lambda unit: unit.connection.execute(
                text("ALTER TABLE ticket_words DROP CONSTRAINT ticket_words_ticket_id_fkey")
            )
        ).result()
    database.write(lambda unit: search.index(unit.connection, 1, fields)).result()
    count = database.read(lambda c: c.execute(text("SELECT count(*) FROM ticket_words")).scalar())
    assert count == 1
