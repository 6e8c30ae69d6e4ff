"""The contract of a database, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from storage import schema
from storage.base import table_of
from storage.database import Database, Unavailable, open_database
from storage.models import Consultation
from storage.repositories import clock, conversations, events, messages, outbox, people, tickets
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def _count(database: Database, table: str) -> int:
    return int(
        database.read(lambda c: c.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
    )


def _add(unit: Unit, topic: str) -> None:
    unit.connection.execute(
        insert(table_of(Consultation)), {"topic": topic, "version": "1", "at": NOW}
    )


def _conversation(database: Database, chat: str = "a") -> int:
    return database.write(
        lambda u: conversations.ensure(u.connection, "web", "web", chat, "", NOW)[0]
    ).result()


def test_what_is_written_can_be_read(database: Database) -> None:
    database.write(lambda unit: _add(unit, "sanggah")).result()
    assert database.read(lambda c: c.execute(text("SELECT topic FROM consultations")).scalar()) == (
        "sanggah"
    )


def test_a_job_that_raises_leaves_nothing_and_its_neighbours_stay(database: Database) -> None:
    def broken(unit: Unit) -> None:
        _add(unit, "broken")
        raise KeyError("our own mistake")

    futures = [
        database.write(broken if n == 3 else lambda unit, n=n: _add(unit, f"t{n}"))
        for n in range(8)
    ]
    with pytest.raises(KeyError):
        futures[3].result()
    for n, future in enumerate(futures):
        if n != 3:
            future.result()
    assert _count(database, "consultations") == 7


def test_actions_after_commit_run_only_after_a_commit(database: Database) -> None:
    rung: list[str] = []

    def works(unit: Unit) -> None:
        unit.after_commit(lambda: rung.append("works"))

    def fails(unit: Unit) -> None:
        unit.after_commit(lambda: rung.append("fails"))
        raise ValueError("no")

    database.write(works).result()
    with pytest.raises(ValueError, match="no"):
        database.write(fails).result()
    assert rung == ["works"]


def test_a_reader_cannot_write_on_sqlite(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("readers are separate on SQLite only")
    with pytest.raises(Unavailable):
        database.read(lambda c: c.execute(text("DELETE FROM consultations")))


def test_a_closed_database_says_so(url: str) -> None:
    schema.migrate(url)
    database = open_database(url)
    database.close()
    with pytest.raises(Unavailable):
        database.write(lambda unit: None).result()


def test_an_event_is_claimed_once_by_eight_threads(database: Database) -> None:
    barrier = threading.Barrier(8)

    def claim(_: int) -> bool:
        barrier.wait()
        return database.write(lambda u: events.claim(u.connection, "web", "e1", NOW)).result()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(claim, range(8))) == [False] * 7 + [True]


def test_eight_first_messages_at_once_make_one_conversation(database: Database) -> None:
    barrier = threading.Barrier(8)

    def ensure(_: int) -> int:
        barrier.wait()
        return _conversation(database, "same")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ensure, range(8)))) == 1
    assert _count(database, "conversations") == _count(database, "contacts") == 1


def test_a_series_has_no_gaps_and_no_doubles_when_jobs_fail_in_between(database: Database) -> None:
    def take(unit: Unit, n: int) -> int:
        number = tickets.next_in_series(unit.connection, "LPSE-2611")
        if n % 5 == 0:
            raise RuntimeError("rolled back")
        return number

    futures = [database.write(lambda u, n=n: take(u, n)) for n in range(60)]
    numbers = sorted(f.result() for n, f in enumerate(futures) if n % 5)
    assert numbers == list(range(1, 49))


def test_history_cannot_be_changed_or_deleted_even_by_sql(database: Database) -> None:
    conversation_id = _conversation(database)

    def write(unit: Unit) -> None:
        ticket_id = tickets.add(
            unit.connection,
            number="X-1",
            contact_id=1,
            conversation_id=conversation_id,
            kind="gangguan",
            state="baru",
            priority="tinggi",
            user_type=None,
            answers="{}",
            problem="p",
            topic=None,
            decides="lpse",
            deadline="none",
            opened_at=NOW,
            history_seq=0,
            history_head="0",
        )
        tickets.add_history(unit.connection, ticket_id=ticket_id, seq=1, body="b", head="h")

    database.write(write).result()
    for statement in ("UPDATE history SET body = 'x'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="append-only"):
            database.write(lambda u, s=statement: u.connection.execute(text(s))).result()


def test_a_lane_is_held_by_one_sender_and_free_again_when_its_lease_ends(
    database: Database,
) -> None:
    lane = _conversation(database)

    def put(unit: Unit) -> None:
        message_id = messages.add(
            unit.connection, conversation_id=lane, seq=1, author="bot", text="halo", now=NOW
        )
        outbox.add(
            unit.connection,
            conversation_id=lane,
            channel="web",
            message_id=message_id,
            seq=1,
            row_class="talk",
            kind="message",
            fence=0,
            due_at=NOW,
        )

    def due(at: datetime) -> list[int]:
        return database.write(lambda u: outbox.due_lanes(u.connection, ("web",), at, 10)).result()

    database.write(put).result()
    assert due(NOW - timedelta(seconds=1)) == []
    assert due(NOW) == [lane]
    database.write(
        lambda u: outbox.hold(u.connection, [lane], "me", NOW + timedelta(seconds=90))
    ).result()
    assert due(NOW) == []
    assert due(NOW + timedelta(seconds=91)) == [lane]
    database.write(lambda u: outbox.free(u.connection, lane, None)).result()
    assert due(NOW + timedelta(days=1)) == []


def test_unspoken_talk_is_withdrawn_but_never_a_notice(database: Database) -> None:
    lane = _conversation(database)

    def put(unit: Unit, seq: int, row_class: str) -> None:
        message_id = messages.add(
            unit.connection, conversation_id=lane, seq=seq, author="bot", text="x", now=NOW
        )
        outbox.add(
            unit.connection,
            conversation_id=lane,
            channel="web",
            message_id=message_id,
            seq=seq,
            row_class=row_class,
            kind="message",
            fence=0,
            due_at=NOW + timedelta(seconds=1),
        )

    for seq, row_class in ((1, "talk"), (2, "notice")):
        database.write(lambda u, s=seq, r=row_class: put(u, s, r)).result()
    assert database.write(lambda u: outbox.withdraw_unspoken(u.connection, lane, NOW)).result() == 1
    page = database.read(lambda c: messages.page(c, lane, 0, 10))
    assert page == []  # the notice is not due yet, the talk is gone
    assert _count(database, "outbox WHERE state = 'withdrawn'") == 1


def test_a_deadline_fires_once_for_each_arming(database: Database) -> None:
    _conversation(database)

    def arm(unit: Unit) -> None:
        clock.arm(unit.connection, kind="k", subject="s", contact_id=1, due_at=NOW, inputs="{}")

    database.write(arm).result()
    (row,) = database.read(lambda c: clock.due(c, NOW))

    def fire() -> bool:
        return database.write(lambda u: clock.fire(u.connection, row.id, row.arming, NOW)).result()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: fire(), range(8))) == [False] * 7 + [True]
    database.write(arm).result()
    assert not fire()  # an old ring of the arming before
    (row,) = database.read(lambda c: clock.due(c, NOW))
    assert fire()


def test_a_lease_has_one_owner_until_it_runs_out(database: Database) -> None:
    def take(owner: str, at: datetime) -> bool:
        return database.write(
            lambda u: clock.take_lease(u.connection, "poll", owner, at, 60)
        ).result()

    assert take("a", NOW)
    assert not take("b", NOW + timedelta(seconds=30))
    assert take("a", NOW + timedelta(seconds=50))
    assert take("b", NOW + timedelta(seconds=111))
    assert not take("a", NOW + timedelta(seconds=112))


def test_joining_contacts_moves_everything_to_one_person(database: Database) -> None:
    first, second = _conversation(database, "a"), _conversation(database, "b")
    database.write(lambda u: people.join(u.connection, 2, 1)).result()
    rows = database.read(
        lambda c: dict(c.execute(text("SELECT id, contact_id FROM conversations")).fetchall())  # type: ignore[arg-type]
    )
    assert rows == {first: 1, second: 1}


def test_a_scope_keeps_the_later_of_what_it_was_told(database: Database) -> None:
    later = NOW + timedelta(seconds=5)
    database.write(lambda u: outbox.save_scope(u.connection, "s", tat=NOW)).result()
    database.write(lambda u: outbox.save_scope(u.connection, "s", paused_until=later)).result()
    row = database.write(lambda u: outbox.scopes(u.connection, ["s", "t"])).result()["s"]
    assert (row.tat, row.paused_until) == (NOW, later)
