"""A ticket's history shows any later change, and its words can be erased."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from handoff import history
from handoff.history import Entry
from storage.repositories import tickets
from tests.handoff.conftest import KEY, Desk


def add_ticket(desk: Desk, user: str = "budi") -> int:
    conversation_id, contact_id = desk.chat(user)

    def write(connection: Connection) -> int:
        return tickets.add(
            connection,
            number=f"LPSE-{user}",
            contact_id=contact_id,
            conversation_id=conversation_id,
            kind="permasalahan",
            state="baru",
            priority="menengah",
            user_type=None,
            answers="{}",
            problem="gagal upload",
            topic=None,
            decides="lpse",
            deadline="none",
            opened_at=desk.now,
            history_seq=0,
            history_head=history.START,
        )

    ticket_id: int = desk.do(write)
    return ticket_id


def append(desk: Desk, ticket_id: int, *entries: Entry) -> None:
    desk.do(lambda c: history.append(c, KEY, ticket_id, desk.now, *entries))


def verify(desk: Desk, ticket_id: int, key: bytes = KEY) -> str | None:
    return desk.database.read(lambda c: history.verify(c, key, ticket_id))


@pytest.fixture
def ticket(desk: Desk) -> int:
    """A ticket with three entries, the second without words."""
    ticket_id = add_ticket(desk)
    append(desk, ticket_id, Entry("opened", "contact:1", "gagal upload penawaran"))
    append(
        desk,
        ticket_id,
        Entry("state", "bot"),
        Entry("user_addition", "contact:1", "kode tender 10023456 🙏"),
    )
    return ticket_id


def tamper(desk: Desk, statement: str) -> None:
    """Change what triggers forbid to change, as somebody with the file in hand could."""
    for (name,) in desk.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        desk.sql(f"DROP TRIGGER {name}")
    desk.sql(statement)


def test_an_untouched_history_is_whole(desk: Desk, ticket: int) -> None:
    assert verify(desk, ticket) is None
    assert desk.rows("SELECT history_seq FROM tickets")[0][0] == 3


def test_a_ticket_whose_entries_are_all_gone_is_not_whole(desk: Desk) -> None:
    assert verify(desk, add_ticket(desk)) == "there is no entry at all"


def test_another_office_s_key_does_not_fit(desk: Desk, ticket: int) -> None:
    assert verify(desk, ticket, b"x" * 32) == "entry 1 was changed"


def test_the_database_refuses_to_change_or_delete_entries(desk: Desk, ticket: int) -> None:
    for statement in ("UPDATE history SET body = '{}'", "DELETE FROM history"):
        with pytest.raises(DBAPIError):
            desk.sql(statement)
    assert verify(desk, ticket) is None


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE history SET body = replace(body, 'bot', 'tot') WHERE seq = 2", "entry 2"),
        ("UPDATE history SET body = 'nonsense' WHERE seq = 2", "entry 2"),
        ("UPDATE history SET body = '{}' WHERE seq = 1", "entry 1"),
        ("UPDATE history SET body = body || ' ' WHERE seq = 3", "entry 3"),
        ("UPDATE history SET head = 'ü' WHERE seq = 3", "entry 3"),
        ("UPDATE history SET seq = 9 WHERE seq = 3", "entry 9"),
        ("DELETE FROM history_texts; ", None),
        ("UPDATE history_texts SET text = 'lain' WHERE entry_id = 1", "words of entry 1"),
        ("UPDATE history_texts SET salt = x'00' WHERE entry_id = 3", "words of entry 3"),
        (
            "INSERT INTO history_texts (entry_id, salt, text) VALUES (2, x'00', 'palsu')",
            "words of entry 2",
        ),
        ("UPDATE tickets SET history_seq = 2", "entries after 3"),
        (f"UPDATE tickets SET history_head = '{history.START}'", "entries after 3"),
    ],
)
def test_any_change_is_found_where_it_is(
    desk: Desk, ticket: int, statement: str, found: str | None
) -> None:
    tamper(desk, statement.rstrip("; "))
    problem = verify(desk, ticket)
    assert problem is None if found is None else found in str(problem)


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_a_missing_entry_is_found(desk: Desk, ticket: int, gone: int) -> None:
    tamper(desk, f"DELETE FROM history_texts WHERE entry_id = {gone}")
    tamper(desk, f"DELETE FROM history WHERE seq = {gone}")
    assert verify(desk, ticket) is not None


def test_an_entry_moved_to_another_ticket_is_found(desk: Desk, ticket: int) -> None:
    other = add_ticket(desk, "sari")
    tamper(desk, f"UPDATE history SET ticket_id = {other} WHERE seq = 1")
    tamper(desk, f"UPDATE tickets SET history_seq = 1 WHERE id = {other}")
    assert verify(desk, other) == "entry 1 was changed"
    assert verify(desk, ticket) is not None


def test_two_entries_that_changed_places_are_found(desk: Desk, ticket: int) -> None:
    for old, new in ((2, 9), (3, 2), (9, 3)):
        tamper(desk, f"UPDATE history SET seq = {new} WHERE seq = {old}")
    assert verify(desk, ticket) is not None


def test_erasing_the_words_keeps_the_chain_whole_and_going(desk: Desk, ticket: int) -> None:
    desk.sql("DELETE FROM history_texts")
    assert verify(desk, ticket) is None
    append(desk, ticket, Entry("words_erased", "admin:1"))
    assert verify(desk, ticket) is None
    bodies = " ".join(row.body for row in desk.rows("SELECT body FROM history"))
    assert "upload" not in bodies
    assert "10023456" not in bodies


def test_the_digest_of_short_words_cannot_be_guessed(desk: Desk) -> None:
    """Equal words have unequal digests: each has its own salt."""
    ticket_id = add_ticket(desk)
    append(desk, ticket_id, Entry("note", "bot", "ya"), Entry("note", "bot", "ya"))
    salts = {row.salt for row in desk.rows("SELECT salt FROM history_texts")}
    assert len(salts) == 2


def test_two_tickets_have_chains_of_their_own(desk: Desk, ticket: int) -> None:
    other = add_ticket(desk, "sari")
    append(desk, other, Entry("opened", "contact:2", "lupa password"))
    append(desk, ticket, Entry("note", "bot", "lagi"))
    assert verify(desk, ticket) is None
    assert verify(desk, other) is None
