"""What goes wrong in a turn: our own faults are parked, the database's are waited out."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.incoming import Incoming
from bot.poison import Safe
from bot.user_turns import Outcome
from storage.database import Unavailable
from storage.repositories import events
from tests.bot.test_turns import FORM, SECRET, snapshot, through_the_door
from tests.conversations import looking
from tests.rig import Rig, office_config


def broken(make_rig: Callable[..., Rig], folder: Path, name: str) -> Rig:
    """An office whose own text of that name raises an error when it is said."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.j2").write_text("{{ 1 // 0 }}", encoding="utf-8")
    return make_rig(change=lambda raw: raw.update(texts=str(folder)))


# Poison is parked, and life goes on


def test_poison_is_parked_encrypted_and_shown_masked(
    make_rig: Callable[..., Rig], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rig = broken(make_rig, tmp_path / "own", "masked")
    answer = rig.say(f"password saya {SECRET} tapi tidak bisa login")
    assert "gangguan" in answer
    (row,) = rig.rows("SELECT * FROM parked")
    assert "disamarkan" in row.excerpt
    assert SECRET not in row.excerpt + row.error
    assert looking.places_of(SECRET, rig) == []
    assert SECRET not in caplog.text
    raw = Safe(rig.loket.turns.counter.key).unlock(row.raw)
    assert SECRET.encode() in raw
    with pytest.raises(ValueError, match="LOKET_SECRET_KEY"):
        Safe(b"another key").unlock(row.raw)


def test_after_poison_later_events_go_on(make_rig: Callable[..., Rig], tmp_path: Path) -> None:
    rig = broken(make_rig, tmp_path / "own", "privacy")
    poison = rig.event(text="privasi")
    assert rig.take(poison).outcome is Outcome.PARKED
    rig.settle()
    assert [s.author for s in rig.answers()] == ["notice"]
    assert "lupa password" in rig.say("lupa password akun penyedia").lower()
    assert "nama lengkap" in rig.say("buat tiket")
    assert rig.take(poison).outcome is Outcome.DUPLICATE
    rig.settle()
    assert rig.count("parked") == 1
    assert sum("gangguan" in s.text for s in rig.answers()) == 1


def test_poison_in_one_chat_leaves_the_others_alone(
    make_rig: Callable[..., Rig], tmp_path: Path
) -> None:
    rig = broken(make_rig, tmp_path / "own", "privacy")
    through_the_door(
        rig,
        [rig.event("budi", text="privasi"), rig.event("siti", text="lupa password akun penyedia")],
    )
    rig.settle()
    assert "gangguan" in rig.answers("budi")[0].text
    assert "Yang memutuskan" in rig.answers("siti")[0].text


def test_a_turn_that_fails_at_the_end_leaves_no_number_and_no_ticket(
    make_rig: Callable[..., Rig], tmp_path: Path
) -> None:
    rig = broken(make_rig, tmp_path / "own", "ticket_opened")
    for text in FORM:
        rig.say(text)
    assert "gangguan" in rig.tap("Kirim")
    for table in ("tickets", "series", "history", "history_texts", "links"):
        assert rig.count(table) == 0, table
    rig.config = office_config()
    rig.restart()
    assert "LPSE-2611-00001-" in rig.tap("Kirim")
    assert rig.count("tickets") == 1


def test_an_event_begun_three_times_without_an_end_is_parked(rig: Rig) -> None:
    rig.restart()  # no clean stop: events are counted for ten minutes
    deadly = rig.event(text="halo")
    for _ in range(2):  # it killed the process twice
        rig.loket.database.write(
            lambda unit: events.begin(
                unit.connection, deadly.key.account, deadly.event_id, rig.clock.now()
            )
        ).result()
    assert rig.take(deadly).outcome is Outcome.PARKED
    rig.settle()
    assert "gangguan" in rig.answers()[-1].text
    assert rig.count("parked") == 1
    assert rig.rows("SELECT event_id FROM parked")[0][0] == deadly.event_id
    assert rig.count("attempts") == 0
    assert rig.take(deadly).outcome is Outcome.DUPLICATE
    assert "Yang memutuskan" in rig.say("lupa password akun penyedia")


# The database's own faults are nobody's poison


def test_an_unavailable_database_parks_nothing_and_the_event_is_taken_later(rig: Rig) -> None:
    event = rig.event(text="gagal upload penawaran")
    rig.loket.database.close()
    with pytest.raises(Unavailable):
        rig.take(event)
    rig.restart()
    assert rig.count("parked") == rig.count("messages") == 0
    assert rig.take(event).outcome is Outcome.HANDLED
    rig.settle()
    assert [s.author for s in rig.transcript()] == ["user", "bot"]


def test_a_locked_database_parks_nothing(rig: Rig) -> None:
    rig.say("halo")
    before = snapshot(rig)
    _writer(rig, "PRAGMA busy_timeout=20")
    event = rig.event(text="gagal upload penawaran")
    with closing(sqlite3.connect(looking.database_file(rig), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            rig.take(event)
        other.execute("ROLLBACK")
    assert snapshot(rig) == before
    assert rig.take(event).outcome is Outcome.HANDLED


def test_a_full_disk_parks_nothing_and_loses_nothing(rig: Rig) -> None:
    rig.say("buat tiket")
    _writer(rig, "PRAGMA max_page_count=1")  # SQLite's own word for: not a page more
    kept: list[Incoming] = []
    refused: Incoming | None = None
    for number in range(200):
        event = rig.event("siti", text=f"kursor hilang nomor {number} " + "x" * 3000)
        try:
            rig.take(event)
            kept.append(event)
        except Unavailable:
            refused = event
            break
    assert refused is not None
    assert rig.count("parked") == 0
    _writer(rig, "PRAGMA max_page_count=1000000")
    assert rig.take(refused).outcome is Outcome.HANDLED
    said = [s for s in rig.transcript("siti") if s.author == "user"]
    assert len(said) == len(kept) + 1
    assert "instansi" in rig.say("Budi Santoso")


def _writer(rig: Rig, pragma: str) -> None:
    """Change a setting of the connection that writes."""
    rig.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(pragma).fetchall()
    ).result()
