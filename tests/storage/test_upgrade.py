"""A database of the first release, with people's words in it, becomes one of this release."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from handoff import history
from handoff.history import Entry
from storage import schema
from storage.base import to_micros
from storage.database import Database, create_sqlite_engine, open_database
from storage.repositories import agents, clock, data, messages, queue, tickets

KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AT = to_micros(NOW)
PRIORITIES = ("tinggi", "menengah", "rendah", "menengah")


@pytest.fixture
def upgraded(url: str) -> Iterator[Database]:
    """Made at revision 0001, filled, then brought to HEAD."""
    schema.migrate(url, "0001")
    _fill(url)
    schema.migrate(url)
    database = open_database(url)
    database.read(schema.check)
    yield database
    database.close()


def _fill(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_sqlite_engine(parsed)
    else:
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        _people(connection)
        _sent(connection)
        for number, priority in enumerate(PRIORITIES, 1):
            _ticket(connection, number, priority)
        _waits(connection)
    engine.dispose()


def _insert(connection: Connection, table: str, **values: Any) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _people(connection: Connection) -> None:
    for person in (1, 2):
        _insert(connection, "contacts", created_at=AT, identity='{"nama": "Budi"}')
        _insert(
            connection,
            "conversations",
            contact_id=person,
            channel="telegram",
            account="telegram:1",
            chat=f"chat{person}",
            thread="",
            profile_name="Budi",
            seq=3,
            fence=1,
            flood_told=False,
            created_at=AT,
        )
        for seq, author in enumerate(("user", "bot", "user"), 1):
            _insert(
                connection,
                "messages",
                conversation_id=person,
                seq=seq,
                author=author,
                text=f"kata {seq}",
                created_at=AT + seq,
            )


def _sent(connection: Connection) -> None:
    """The bot's words: to the first person they went out, to the second they wait."""
    for person, state in ((1, "sent"), (2, "queued")):
        _insert(
            connection,
            "outbox",
            conversation_id=person,
            message_id=3 * person - 1,
            seq=2,
            row_class="notice",
            kind="message",
            fence=1,
            state=state,
            due_at=AT,
            attempts=1,
            repeated=False,
            done_at=AT + 5 if state == "sent" else None,
        )


def _ticket(connection: Connection, number: int, priority: str) -> None:
    """With a chain of two entries, as the first release wrote it."""
    head, bodies = history.START, []
    for seq, kind in enumerate(("opened", "user_addition"), 1):
        salt, words = bytes([number, seq]), f"kata {number} {seq}"
        body = json.dumps(
            {
                "previous": head,
                "ticket": number,
                "seq": seq,
                "at": AT,
                "kind": kind,
                "actor": "contact:1",
                "words": hashlib.sha256(salt + words.encode()).hexdigest(),
            },
            sort_keys=True,
        )
        head = _hmac(body)
        bodies.append((body, head, salt, words))
    _insert(
        connection,
        "tickets",
        number=f"LPSE-2611-0000{number}-X",
        contact_id=1,
        conversation_id=1,
        kind="permasalahan",
        state="baru",
        priority=priority,
        user_type="penyedia",
        answers=json.dumps({"nama": "Budi Santoso", "telepon": "+628123456789"}),
        problem=f"gagal unggah ke-{number}",
        decides="lpse",
        deadline="none",
        opened_at=AT,
        history_seq=2,
        history_head=_hmac(f"end:{number}:2:{head}"),
    )
    for seq, (body, sealed, salt, words) in enumerate(bodies, 1):
        _insert(connection, "history", ticket_id=number, seq=seq, body=body, head=sealed)
        entry_id = 2 * (number - 1) + seq
        _insert(connection, "history_texts", entry_id=entry_id, salt=salt, text=words)
    _insert(
        connection,
        "attachments",
        conversation_id=1,
        message_id=1,
        ticket_id=number,
        kind="image",
        name="a.png",
        mime="image/png",
        state="stored",
        attempts=0,
        created_at=AT,
    )


def _hmac(words: str) -> str:
    return hmac.new(KEY, words.encode(), hashlib.sha256).hexdigest()


def _waits(connection: Connection) -> None:
    for number in (1, 2):
        _insert(
            connection,
            "human_requests",
            number=f"ANT-2611-0000{number}-X",
            contact_id=number,
            conversation_id=number,
            reason="mau bicara",
            state="waiting",
            created_at=AT,
        )
    _insert(
        connection,
        "personal_data_requests",
        number="PDP-2611-00001-X",
        contact_id=1,
        conversation_id=1,
        text="hapus data saya",
        state="open",
        created_at=AT,
        due_at=AT,
    )
    _insert(
        connection,
        "deadlines",
        contact_id=1,
        kind="form_left_alone",
        subject="conversation:1",
        inputs="{}",
        due_at=AT,
        armed=True,
        arming=3,
    )
    _insert(connection, "heartbeats", name="serve", at=AT, clean_stop=True)
    _insert(connection, "outages", started_at=AT, ended_at=AT, reason="no heartbeat")
    _insert(connection, "series", key="ticket:2611", last=4)
    _insert(
        connection,
        "misses",
        conversation_id=1,
        step=1,
        text="asdf",
        confidence=0.1,
        created_at=AT,
    )


def test_tickets_are_open_at_the_first_tier_and_sorted_by_urgency(upgraded: Database) -> None:
    rows = upgraded.read(
        lambda c: [tickets.get(c, number) for number in range(1, len(PRIORITIES) + 1)]
    )
    assert [row.urgent for row in rows] == [0, 1, 2, 1]
    for row in rows:
        assert row.open
        assert (row.tier, row.source, row.overdue, row.expects) == ("helpdesk", "chat", "", "")
        assert row.agent_id is None
        assert row.answered_at is None
        assert json.loads(row.answers)["nama"] == "Budi Santoso"
        assert row.opened_at == NOW


def test_who_waits_keeps_the_order_of_the_queue(upgraded: Database) -> None:
    rows = upgraded.read(queue.waiting)
    assert [row.turn for row in rows] == [row.id for row in rows] == [1, 2]
    assert all((row.calls, row.rounds, row.ticket_id) == (0, 0, None) for row in rows)


def test_messages_and_files_are_all_there_and_belong_to_nobody_new(upgraded: Database) -> None:
    rows = upgraded.read(lambda c: messages.page(c, 1, 0, 10))
    assert [row.text for row in rows] == ["kata 1", "kata 2", "kata 3"]
    found = upgraded.read(
        lambda c: c.execute(text("SELECT ticket_id, agent_id, origin, seen_at FROM messages")).all()
    )
    assert len(found) == 6
    assert {tuple(row) for row in found} == {(None, None, None, None)}
    assert len(upgraded.read(lambda c: messages.files_of_ticket(c, 3))) == 1


def test_history_is_whole_can_be_continued_and_never_changed(upgraded: Database) -> None:
    for number in range(1, len(PRIORITIES) + 1):
        assert upgraded.read(lambda c, n=number: history.verify(c, KEY, n)) is None
    upgraded.write(
        lambda u: history.append(u.connection, KEY, 1, NOW, Entry("taken", "agent:1", "Rina"))
    ).result()
    assert upgraded.read(lambda c: history.verify(c, KEY, 1)) is None
    for statement in ("UPDATE history SET body = 'x'", "DELETE FROM history"):
        with pytest.raises(DBAPIError, match="append-only"):
            upgraded.write(lambda u, s=statement: u.connection.execute(text(s))).result()


def test_due_times_and_the_heartbeat_go_on(upgraded: Database) -> None:
    (row,) = upgraded.read(lambda c: clock.due(c, NOW))
    assert (row.kind, row.arming, row.ticket_id) == ("form_left_alone", 3, None)
    last = upgraded.read(lambda c: clock.heartbeat(c, "serve"))
    assert last is not None
    assert (last.at, last.rules) == (NOW, None)
    assert upgraded.read(lambda c: clock.open_without(c, "sla:")) == [1, 2, 3, 4]


def test_an_upgraded_ticket_can_be_worked_on(upgraded: Database) -> None:
    """Its new columns hold what this release writes, with all references in force."""

    def write(connection: Connection) -> Any:
        agent_id = agents.add(
            connection,
            login="rina",
            name="Rina",
            roles="helpdesk",
            on_duty=True,
            active=True,
            created_at=NOW,
        )
        tickets.change(connection, 2, agent_id=agent_id, state="diproses", taken_at=NOW)
        clock.add(
            connection,
            kind="sla:response",
            subject="ticket:2",
            contact_id=1,
            ticket_id=2,
            inputs="{}",
            due_at=NOW + timedelta(hours=24),
            armed=True,
        )
        return tickets.get(connection, 2)

    row = upgraded.write(lambda u: write(u.connection)).result()
    assert row.agent_id == 1
    assert row.next_due == NOW + timedelta(hours=24)
    assert (
        upgraded.write(lambda u: tickets.next_in_series(u.connection, "ticket:2611")).result() == 5
    )
    with pytest.raises(DBAPIError):
        upgraded.write(lambda u: tickets.change(u.connection, 2, agent_id=99)).result()


def test_what_was_sent_has_arrived_and_what_waits_has_not(upgraded: Database) -> None:
    found = upgraded.read(
        lambda c: c.execute(
            text("SELECT state, arrived_at, purpose, receipt, bulk FROM outbox ORDER BY id")
        ).fetchall()
    )
    assert [tuple(row)[:4] for row in found] == [
        ("sent", AT + 5, "reply", 0),
        ("queued", None, "reply", 0),
    ]
    assert not any(row.bulk for row in found)
    assert upgraded.read(lambda c: data.arrived_at(c, 2)) is not None
    assert upgraded.read(lambda c: data.arrived_at(c, 5)) is None


def test_upgrading_again_changes_nothing(upgraded: Database, url: str) -> None:
    before = upgraded.read(lambda c: c.execute(text("SELECT * FROM tickets")).all())
    schema.migrate(url)
    assert upgraded.read(lambda c: c.execute(text("SELECT * FROM tickets")).all()) == before
