"""The board's queries and the search, the same on both databases."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.engine import make_url

from storage import schema, search
from storage.base import table_of
from storage.database import Database, open_database
from storage.models import Contact, Conversation, HumanRequest
from storage.models.tickets import NEVER
from storage.repositories import agents, board, clock, tickets, watch
from storage.repositories.board import Filters
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
_chats = itertools.count(1)


def contact(unit: Unit) -> tuple[int, int]:
    """A person with a chat: (contact, conversation)."""
    person = unit.connection.execute(
        insert(table_of(Contact)).values(created_at=NOW).returning(table_of(Contact).c.id)
    ).scalar_one()
    chats = table_of(Conversation)
    chat = unit.connection.execute(
        insert(chats)
        .values(
            contact_id=person,
            channel="web",
            account="web",
            chat=str(next(_chats)),
            thread="",
            created_at=NOW,
        )
        .returning(chats.c.id)
    ).scalar_one()
    return int(person), int(chat)


def open_ticket(unit: Unit, number: str, **values: Any) -> int:
    """A ticket as the desk opens it, with what a test cares about."""
    person, chat = contact(unit)
    answers = values.pop("answers", {"nama": "Budi Santoso", "telepon": "+6281234567890"})
    return tickets.add(
        unit.connection,
        **{
            "number": number,
            "contact_id": person,
            "conversation_id": chat,
            "kind": "permintaan_layanan",
            "state": "baru",
            "priority": "rendah",
            "answers": json.dumps(answers, ensure_ascii=False),
            "problem": "gagal upload penawaran",
            "decides": "lpse",
            "deadline": "none",
            "opened_at": NOW,
            "history_seq": 0,
            "history_head": "",
            **values,
        },
    )


def arm(unit: Unit, ticket_id: int, kind: str, due: datetime) -> None:
    row = tickets.get(unit.connection, ticket_id)
    clock.arm(
        unit.connection,
        kind=kind,
        subject=f"ticket:{ticket_id}",
        contact_id=row.contact_id,
        due_at=due,
        inputs="{}",
        ticket_id=ticket_id,
    )


def numbers(database: Database, filters: Filters) -> list[str]:
    return [row.number for row in database.read(lambda c: board.tickets(c, filters, NOW))]


def found(database: Database, said: str, **more: Any) -> list[str]:
    filters = Filters(agent_id=1, query=search.parse(said), **more)
    return numbers(database, filters)


@pytest.fixture
def shelf(database: Database) -> Database:
    """Three tickets to search among."""

    def write(unit: Unit) -> None:
        open_ticket(unit, "LPSE-2611-00042-K", problem="Gagal *upload* dokumen di paket 8123456")
        open_ticket(
            unit,
            "LPSE-2611-00142-2",
            answers={"nama": "Siti Rahayu", "telepon": "+6285711112222", "instansi": "CV Élan"},
            problem="lupa kata sandi, e-mail siti@contoh.example",
        )
        closed = open_ticket(
            unit,
            "LPSE-2612-00007-4",
            answers={"nama": "Budi Hartono", "telepon": "+62215550100"},
            problem="verifikasi",
        )
        tickets.change(
            unit.connection,
            closed,
            state="ditutup",
            open=False,
            solution="Sudah diverifikasi ulang",
            lkpp_number="TTS/99-ab",
        )

    database.write(write).result()
    return database


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("LPSE-2611-00042-K", [42]),
        ("lpse-2611-00042-k", [42]),
        ("42", [42]),
        ("00042", [42]),
        ("142", [142]),
        ("7", [7]),
        ("budi", [7, 42]),
        ("BUDI san", [42]),
        ("santoso budi", [42]),
        ("0812-3456-7890", [42]),
        ("+62 812 3456 7890", [42]),
        ("62812345", [42]),
        ("0812 3456", [42]),
        ("081234567890", [42]),
        ("(021) 555", [7]),
        ("021-5550100", [7]),
        ("0857", []),
        ("085711", [142]),
        ("8123456", [42]),
        ("unggah", []),
        ("upload dok", [42]),
        ("elan", [142]),
        ("Élan", [142]),
        ("siti@contoh.example", [142]),
        ("verifikasi", [7]),
        ("diverifikasi ulang", [7]),
        ("TTS/99-ab", [7]),
        ("budi siti", []),
        ("';--\" OR * NEAR( )", []),
        ("a" * 300, []),
    ],
)
def test_a_ticket_is_found_by_number_name_phone_and_words(
    shelf: Database, said: str, expected: list[int]
) -> None:
    assert [int(number[10:15]) for number in found(shelf, said)] == expected


@pytest.mark.parametrize("said", ["", "  ", "--", "'", '"*"'])
def test_nothing_to_look_for_is_no_query(said: str) -> None:
    assert search.parse(said) == ()


def test_what_is_changed_is_found_by_its_new_words_only(shelf: Database) -> None:
    row = shelf.read(lambda c: tickets.by_number(c, "LPSE-2611-00042-K"))
    assert row is not None
    shelf.write(lambda u: tickets.change(u.connection, row.id, problem="akun terkunci")).result()
    assert found(shelf, "terkunci") == ["LPSE-2611-00042-K"]
    assert found(shelf, "upload") == []
    assert found(shelf, "budi santoso") == ["LPSE-2611-00042-K"]


def test_a_search_that_is_rolled_back_leaves_nothing_to_find(database: Database) -> None:
    def write(unit: Unit) -> None:
        open_ticket(unit, "LPSE-2611-00001-X", problem="hilang")
        raise RuntimeError("the turn fails")

    with pytest.raises(RuntimeError):
        database.write(write).result()
    assert found(database, "hilang") == []


def test_searching_keeps_the_filters(shelf: Database) -> None:
    assert found(shelf, "budi", state="ditutup") == ["LPSE-2612-00007-4"]
    assert found(shelf, "budi", state="baru") == ["LPSE-2611-00042-K"]
    assert found(shelf, "budi", whose="mine") == []


def test_the_urgent_come_first_and_of_those_what_is_due_soonest(database: Database) -> None:
    def write(unit: Unit) -> None:
        for number, priority, urgent, due in (
            ("A", "rendah", 2, 1),
            ("B", "tinggi", 0, 30),
            ("C", "tinggi", 0, 2),
            ("D", "menengah", 1, None),
            ("E", "menengah", 1, 5),
        ):
            ticket_id = open_ticket(unit, number, priority=priority, urgent=urgent)
            if due is not None:
                arm(unit, ticket_id, "sla:resolution", NOW + due * HOUR)
                arm(unit, ticket_id, "sla:response", NOW + (due + 1) * HOUR)
                arm(unit, ticket_id, "form_idle", NOW - HOUR)

    database.write(write).result()
    assert numbers(database, Filters(1)) == ["C", "B", "E", "D", "A"]
    rows = database.read(lambda c: board.tickets(c, Filters(1), NOW))
    assert (rows[0].clock, rows[0].next_due) == ("sla:resolution", NOW + 2 * HOUR)
    assert (rows[3].clock, rows[3].next_due) == (None, NEVER)


def test_pages_follow_one_another_without_a_gap(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(unit: Unit) -> None:
        for n in range(7):
            ticket_id = open_ticket(unit, f"T{n}", urgent=n % 2)
            if n % 3:
                arm(unit, ticket_id, "sla:response", NOW + n % 2 * HOUR)

    database.write(write).result()
    whole = numbers(database, Filters(1))
    monkeypatch.setattr(board, "PAGE", 2)
    for start in (Filters(1), Filters(1, query=search.parse("gagal"))):
        seen: list[str] = []
        filters = start
        while True:
            rows = database.read(lambda c, f=filters: board.tickets(c, f, NOW))
            seen += [row.number for row in rows[:2]]
            if len(rows) < 3:
                break
            last = rows[1]
            filters = replace(start, after=(last.urgent, last.next_due, last.id))
        assert sorted(seen) == sorted(whole)
        if not start.query:
            assert seen == whole


def test_a_clock_that_stands_still_is_not_due_and_one_that_rang_still_is(
    database: Database,
) -> None:
    def write(unit: Unit) -> int:
        ticket_id = open_ticket(unit, "A")
        arm(unit, ticket_id, "sla:response", NOW - HOUR)
        arm(unit, ticket_id, "sla:resolution", NOW + HOUR)
        row = clock.due(unit.connection, NOW)[0]
        assert clock.fire(unit.connection, row.id, row.arming, NOW)
        return ticket_id

    ticket_id = database.write(write).result()

    def due() -> datetime:
        moment: datetime = database.read(lambda c: tickets.get(c, ticket_id)).next_due
        return moment

    def run(statement: str) -> None:
        database.write(lambda u: u.connection.execute(text(statement))).result()

    assert due() == NOW - HOUR
    assert numbers(database, Filters(1, late=True)) == ["A"]
    run("UPDATE deadlines SET stopped_at = 1 WHERE kind = 'sla:response'")
    assert due() == NOW + HOUR
    assert numbers(database, Filters(1, late=True)) == []
    run("UPDATE deadlines SET paused_at = 1, armed = false WHERE kind = 'sla:resolution'")
    assert due() == NEVER


def test_counts_by_state_and_holder(database: Database) -> None:
    def write(unit: Unit) -> int:
        agent = agents.add(
            unit.connection, login="rina", name="Rina", roles="helpdesk", created_at=NOW
        )
        late = open_ticket(unit, "A", agent_id=agent, state="diproses")
        arm(unit, late, "sla:response", NOW - HOUR)
        open_ticket(unit, "B")
        open_ticket(unit, "C", state="ditutup", open=False)
        return agent

    agent = database.write(write).result()
    counted = database.read(lambda c: board.counts(c, agent, NOW))
    assert counted == board.Counts({"baru": 1, "diproses": 1}, mine=1, free=1, late=1)
    assert counted.all == 2
    assert numbers(database, Filters(agent, whose="mine")) == ["A"]
    assert numbers(database, Filters(agent, whose="free")) == ["B"]
    assert numbers(database, Filters(agent, state="ditutup")) == ["C"]


def test_who_waits_and_who_talks(database: Database) -> None:
    def write(unit: Unit) -> None:
        requests = table_of(HumanRequest)
        for n, (state, turn) in enumerate(
            (("waiting", 3), ("called", 2), ("live", 1), ("done", 0))
        ):
            ticket_id = open_ticket(unit, f"T{n}")
            row = tickets.get(unit.connection, ticket_id)
            unit.connection.execute(
                insert(requests).values(
                    number=f"ANT-{n}",
                    contact_id=row.contact_id,
                    conversation_id=row.conversation_id,
                    reason="bantuan",
                    state=state,
                    turn=turn,
                    ticket_id=ticket_id,
                    created_at=NOW,
                )
            )

    database.write(write).result()
    assert [r.queue_number for r in database.read(board.waiting)] == ["ANT-1", "ANT-0"]
    assert [r.number for r in database.read(board.live_chats)] == ["T2"]


def test_an_agent_counts_their_own_alerts(database: Database) -> None:
    def write(unit: Unit) -> int:
        c = unit.connection
        me = agents.add(c, login="rina", name="Rina", roles="helpdesk", created_at=NOW)
        you = agents.add(c, login="adi", name="Adi", roles="koordinator", created_at=NOW)
        for n, (agent, role) in enumerate(
            ((me, None), (you, None), (None, "helpdesk"), (None, "koordinator"), (None, None))
        ):
            agents.add_alert(
                c, kind="k", subject=f"ticket:{n}", text="x", now=NOW, agent_id=agent, role=role
            )
        return me

    me = database.write(write).result()
    assert database.read(lambda c: watch.alert_count(c, me, ["helpdesk"]))[0] == 3


def test_what_another_process_wrote_is_noticed(database: Database) -> None:
    before = database.read(watch.cursor)

    def write(unit: Unit) -> int:
        ticket_id = open_ticket(unit, "A")
        tickets.add_history(unit.connection, ticket_id=ticket_id, seq=1, body="{}", head="x")
        return ticket_id

    ticket_id = database.write(write).result()
    after = database.read(watch.cursor)
    assert after != before
    assert database.read(lambda c: watch.touched_since(c, before)) == {ticket_id}
    assert database.read(lambda c: watch.touched_since(c, after)) == set()


def test_tickets_of_an_older_release_become_findable(url: str, tmp_path: Path) -> None:
    schema.migrate(url, "0002")
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO contacts (id, created_at) VALUES (1, 0)",
            "INSERT INTO conversations (id, contact_id, channel, account, chat, thread, "
            "profile_name, seq, fence, flood_told, created_at) "
            "VALUES (1, 1, 'web', 'web', 'x', '', '', 0, 0, false, 0)",
            "INSERT INTO tickets (id, number, contact_id, conversation_id, kind, state, priority, "
            "answers, problem, decides, deadline, opened_at, history_seq, history_head) VALUES "
            "(1, 'LPSE-2610-00009-X', 1, 1, 'gangguan', 'baru', 'rendah', "
            "'{\"nama\": \"Wati\"}', 'SPSE mati', 'lpse', 'none', 0, 0, '')",
        ):
            connection.execute(text(statement.replace(":", "\\:")))
    engine.dispose()
    schema.migrate(url)
    database = open_database(url)
    assert found(database, "wati") == found(database, "9") == ["LPSE-2610-00009-X"]
    assert database.read(lambda c: tickets.get(c, 1)).next_due == NEVER
    database.close()
