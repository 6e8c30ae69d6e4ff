"""A ticket's history verifies, and shows every change that was made behind its back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from handoff import history
from storage.database import Database, open_database
from tests.conversations import looking
from tests.rig import Rig


@pytest.fixture
def chain(rig: Rig) -> Rig:
    """A ticket with three entries, and another one with one."""
    for text in (
        "Saya Budi dari CV Maju, 0812-3456-7890, gagal upload penawaran",
        "buat tiket",
        "Jl. Merdeka No. 5, Batam",
        "Lanjut",
        "Lewati semua",
        "Tidak ada",
        "Kirim",
        "masalah saya belum selesai, errornya muncul lagi",
        "masalahnya sudah beres, sudah bisa upload",
    ):
        rig.say(text)
    for text in (
        "buat tiket",
        "Pakai data lama",
        "penyedia",
        "kursor hilang",
        "Lanjut",
        "Tidak ada",
        "Kirim",
    ):
        if text == "Tidak ada" and "Lewati semua" in rig.labels():
            rig.say("Lewati semua")
        rig.say(text)
    assert rig.count("tickets") == 2
    assert rig.rows("SELECT count(*) FROM history WHERE ticket_id = 1")[0][0] == 3
    return rig


@pytest.fixture
def tampered(chain: Rig, tmp_path: Path) -> Iterator[Callable[[str], Database]]:
    """A copy of the database after somebody changed it with the triggers taken off."""
    opened: list[Database] = []

    def tamper(*statements: str) -> Database:
        copy = tmp_path / "copy.db"
        with (
            closing(sqlite3.connect(looking.database_file(chain))) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for (name,) in target.execute(names).fetchall():
                target.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert target.execute(statement).rowcount, statement
            target.commit()
        opened.append(open_database(f"sqlite:///{copy}"))
        return opened[-1]

    yield tamper
    for database in opened:
        database.close()


def verdict(database: Database, rig: Rig, ticket: int = 1) -> str | None:
    key = rig.loket.turns.counter.key
    return database.read(lambda connection: history.verify(connection, key, ticket))


def test_the_history_of_a_ticket_verifies(chain: Rig) -> None:
    assert verdict(chain.loket.database, chain) is None
    assert verdict(chain.loket.database, chain, 2) is None


def test_a_copy_that_nobody_changed_verifies(chain: Rig, tampered: Callable[..., Database]) -> None:
    assert verdict(tampered(), chain) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET body = replace(body, 'user_resolved', 'user_edit')",
        "UPDATE history SET body = replace(body, '\"seq\": 1', '\"seq\": 2') WHERE id = 1",
        "UPDATE history SET body = 'not even JSON' WHERE id = 2",
        "UPDATE history SET head = upper(head) WHERE id = 2",
        "UPDATE history_texts SET text = 'semua beres' WHERE entry_id = 1",
        "UPDATE history_texts SET salt = x'00' WHERE entry_id = 2",
        "DELETE FROM history WHERE id = 3",
        "DELETE FROM history WHERE id = 1",
        "DELETE FROM history WHERE ticket_id = 1",
        "UPDATE history SET seq = 9 WHERE id = 2",
        "UPDATE history SET ticket_id = 1, seq = 4 WHERE ticket_id = 2",
        "UPDATE tickets SET history_head = (SELECT head FROM history WHERE id = 2) WHERE id = 1",
        "UPDATE tickets SET history_seq = 2 WHERE id = 1",
    ],
)
def test_a_changed_history_does_not_verify(
    chain: Rig, tampered: Callable[..., Database], statement: str
) -> None:
    sentence = verdict(tampered(statement), chain)
    assert sentence, "the change was not seen"


def test_an_end_cut_off_with_the_head_set_back_does_not_verify(
    chain: Rig, tampered: Callable[..., Database]
) -> None:
    """Whoever can write to the database but has no key must not be able to shorten a chain."""
    database = tampered(
        "UPDATE tickets SET history_seq = 2, "
        "history_head = (SELECT head FROM history WHERE id = 2) WHERE id = 1",
        "DELETE FROM history_texts WHERE entry_id = 3",
        "DELETE FROM history WHERE id = 3",
    )
    assert verdict(database, chain), "the cut was not seen"


def test_a_chain_made_under_another_key_does_not_verify(chain: Rig) -> None:
    database = chain.loket.database
    sentence = database.read(lambda c: history.verify(c, b"another key", 1))
    assert sentence


def test_erased_words_leave_the_chain_whole(chain: Rig, tampered: Callable[..., Database]) -> None:
    database = tampered("DELETE FROM history_texts WHERE entry_id = 1")
    assert verdict(database, chain) is None


@pytest.mark.parametrize("verb", ["UPDATE history SET body = '{}'", "DELETE FROM history"])
def test_entries_can_be_neither_changed_nor_deleted(chain: Rig, verb: str) -> None:
    with (
        closing(sqlite3.connect(looking.database_file(chain))) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(verb)
    assert verdict(chain.loket.database, chain) is None
