"""A turn happens once, wholly or not at all, in order, and nothing secret is left of it."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.incoming import Incoming
from bot.intake import Busy
from bot.user_turns import Outcome, Taken, UserTurns
from dialogs.masking import mask
from dialogs.text_edge import tidy
from tests.conversations import looking
from tests.rig import Rig

SECRET = "Rahasia123"
FORM = (
    "buat tiket",
    "Budi Santoso",
    "CV Maju Jaya",
    "Jl. Merdeka No. 5, Batam",
    "0812-3456-7890",
    "penyedia",
    "kursor hilang terus",
    "Lanjut",
    "Tidak ada",
)


def all_at_once(rig: Rig, incoming: Sequence[Incoming]) -> list[Taken]:
    """Every event from a thread of its own, as several workers would."""
    ready = threading.Barrier(len(incoming))

    def take(event: Incoming) -> Taken:
        ready.wait()
        return UserTurns(rig.loket.turns).take(event).result()

    with ThreadPoolExecutor(len(incoming)) as threads:
        return list(threads.map(take, incoming))


def through_the_door(rig: Rig, incoming: Sequence[Incoming]) -> list[Any]:
    """Every event as a task of its own, as the web server would; results or errors."""

    async def take() -> list[Any]:
        return await asyncio.gather(
            *(rig.loket.intake.handle(event, event.text.encode()) for event in incoming),
            return_exceptions=True,
        )

    results: list[Any] = rig.run(take())
    return results


def snapshot(rig: Rig) -> dict[str, list[Any]]:
    """All that users and staff can see."""
    tables = (
        "contacts conversations messages attachments tickets history outbox series misses "
        "consultations human_requests personal_data_requests identities links parked"
    )
    return {
        table: [tuple(row) for row in rig.rows(f"SELECT * FROM {table} ORDER BY 1")]
        for table in tables.split()
    }


# An event is handled once


@pytest.mark.parametrize("deliver", [all_at_once, through_the_door])
def test_same_update_delivered_eight_times_at_once_is_handled_once(
    rig: Rig, deliver: Callable[[Rig, Sequence[Incoming]], list[Taken]]
) -> None:
    event = rig.event(text="gagal upload penawaran")
    taken = deliver(rig, [event] * 8)
    rig.settle()
    outcomes = sorted(t.outcome.value for t in taken)
    assert outcomes == ["duplicate"] * 7 + ["handled"]
    assert {t.seq for t in taken if t.outcome is Outcome.DUPLICATE} == {1}
    assert [s.author for s in rig.transcript()] == ["user", "bot"]
    assert rig.count("contacts") == rig.count("conversations") == rig.count("events") == 1


@pytest.mark.parametrize("deliver", [all_at_once, through_the_door])
def test_kirim_tapped_eight_times_at_once_makes_one_ticket(
    rig: Rig, deliver: Callable[[Rig, Sequence[Incoming]], list[Taken]]
) -> None:
    for text in FORM:
        rig.say(text)
    taps = [rig.tap_event("Kirim") for _ in range(8)]
    assert {t.outcome for t in deliver(rig, taps)} == {Outcome.HANDLED}
    rig.settle()
    assert rig.count("tickets") == 1
    assert sum("sudah dibuat" in s.text for s in rig.answers()) == 1
    assert rig.rows("SELECT last FROM series")[0][0] == 1


@pytest.mark.parametrize("deliver", [all_at_once, through_the_door])
def test_two_different_first_messages_at_once_make_one_conversation(
    rig: Rig, deliver: Callable[[Rig, Sequence[Incoming]], list[Taken]]
) -> None:
    deliver(rig, [rig.event(text="halo min"), rig.event(text="lupa password akun penyedia")])
    rig.settle()
    assert rig.count("contacts") == rig.count("conversations") == 1
    said = rig.transcript()
    assert [s.author for s in said] == ["user", "user", "bot"]
    assert "Yang memutuskan" in said[-1].text
    assert said[-1].text.count("Selengkapnya") == 1


def test_first_messages_of_eight_people_at_once_stay_apart(rig: Rig) -> None:
    people = [f"user{n}" for n in range(8)]
    all_at_once(rig, [rig.event(p, text=f"nama saya {p}, lupa password akun") for p in people])
    rig.settle()
    assert rig.count("contacts") == rig.count("conversations") == 8
    for person in people:
        said = rig.transcript(person)
        assert [s.author for s in said] == ["user", "bot"]
        assert person in said[0].text


def test_order_is_kept_for_each_chat(rig: Rig) -> None:
    sent = [
        rig.event(who, text=f"kursor hilang nomor {n}")
        for n in range(30)
        for who in ("budi", "siti")
    ]
    through_the_door(rig, sent)
    rig.settle()
    for who in ("budi", "siti"):
        said = [s.text for s in rig.transcript(who) if s.author == "user"]
        assert said == [f"kursor hilang nomor {n}" for n in range(30)]


def test_answers_leave_in_the_order_they_were_made(rig: Rig) -> None:
    for text in ("halo", *FORM):
        rig.hear(text, channel="telegram")
        rig.settle()
    shown = [s.text for s in rig.answers(channel="telegram")]
    assert [out.text for out in rig.telegram.sent] == shown


def test_redelivery_in_any_order_is_harmless(rig: Rig) -> None:
    sent = [rig.event("budi", "telegram", text=text) for text in ("halo", *FORM)]
    for event in sent:
        rig.take(event)
        rig.settle()
    kirim = rig.tap_event("Kirim", "budi", "telegram")
    rig.take(kirim)
    rig.settle()
    before = snapshot(rig)
    again = [*sent, kirim] * 3
    random.Random(2).shuffle(again)
    for result in (*all_at_once(rig, again[:16]), *through_the_door(rig, again[16:])):
        assert result.outcome is Outcome.DUPLICATE
    rig.settle()
    assert snapshot(rig) == before
    assert rig.count("tickets") == 1


def test_an_event_of_another_chat_or_account_with_the_same_id_is_its_own(rig: Rig) -> None:
    one = rig.event("budi", text="halo")
    rig.take(one)
    other = Incoming(rig.key("budi", "telegram"), one.event_id, message_id="1", text="halo")
    assert rig.take(other).outcome is Outcome.HANDLED


# Nothing but masked text anywhere


def test_no_secret_is_in_any_table_file_or_log_after_whole_conversations(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = ("Rahasia123", "3171234509870001", "482913", "Kuda9Laut", "Gajah#77", "B1234567")
    for channel in ("web", "telegram"):
        rig.say(f"user id budi01 password {secrets[0]} tidak bisa login", channel=channel)
        rig.say(f"NIK saya {secrets[1]}", channel=channel)
        for text in FORM[:-2]:
            rig.say(text, channel=channel)
        rig.say(f"kode otp {secrets[2]} ditolak", channel=channel)
        file = rig.file(f"password {secrets[3]}.png")
        rig.say(f"sandinya {secrets[4]}", channel=channel, files=(file,))
        first = rig.event("budi", channel, text="salah ketik")
        rig.take(first)
        rig.say(f"nomor paspor {secrets[5]}", channel=channel, edits=first.message_id)
        rig.say("Lanjut", channel=channel)
        rig.say(f"pw: {secrets[0]}", channel=channel, profile_name=f"sandi {secrets[3]}")
        rig.say("Tidak ada", channel=channel)
        rig.say("petugas", channel=channel)
        rig.say("Kirim", channel=channel)
        rig.say(f"hapus data saya, password {secrets[0]}", channel=channel)
        rig.say("ya", channel=channel)
        rig.say(f"qwzx plmk sandi: {secrets[3]}", channel=channel)
    assert rig.count("tickets") == 2
    for secret in secrets:
        assert looking.places_of(secret, rig) == [], secret
        assert secret not in caplog.text
    for name, text in looking.texts(looking.database_file(rig)):
        if name.rpartition(".")[2] in ("text", "problem", "reason", "excerpt", "name"):
            assert mask(text).text == text, name


def test_a_text_of_100000_characters_is_kept_whole_as_a_file(rig: Rig) -> None:
    text = "gagal upload penawaran. " + "tolong dibantu segera ya 😀. " * 4000
    assert len(text) > 100_000
    answer = rig.say(text)
    assert answer
    (row,) = rig.rows("SELECT text FROM messages WHERE author = 'user'")
    assert len(row.text) <= 8000
    (file,) = rig.rows("SELECT name, state, blob FROM attachments")
    assert file.state == "stored"
    assert rig.loket.blobs.get(file.blob).decode() == tidy(text, 10**9).text
    assert rig.count("parked") == 0


def test_one_flooding_chat_holds_nobody_else_up(rig: Rig) -> None:
    flood = [rig.event(text=f"halo {n}") for n in range(260)]
    calm = rig.event("siti", text="lupa password akun penyedia")
    results = through_the_door(rig, [*flood, calm])
    busy = sum(isinstance(result, Busy) for result in results[:-1])
    assert busy == 60
    assert results[-1].outcome is Outcome.HANDLED
    rig.settle()
    assert "Yang memutuskan" in rig.answers("siti")[0].text
    assert sum("banyak sekaligus" in s.text for s in rig.answers()) == 1
    assert rig.count("parked") == 0
    for event, result in zip(flood, results, strict=False):
        if isinstance(result, Busy):  # the platform sends again
            assert rig.take(event).outcome is Outcome.HANDLED
    rig.settle()
    assert sum(s.author == "user" for s in rig.transcript()) == 260
