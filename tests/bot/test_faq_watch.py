"""Answers that change while Loket runs: users get the new ones, and nobody notices the swap."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.faq import watch as watching
from bot.faq.watch import ALERT, AnswersWatch
from nlu.engines.port import Engine
from storage.base import table_of
from storage.models import Alert
from tests.bot.replicas import Office, make_url, office
from tests.dialogs.test_answers import GOOD, MARKDOWN
from tests.process import Served
from tests.rig import Rig
from tests.storage.conftest import postgres

__all__ = ["make_url", "office", "postgres"]

TOPIC = "upload_gagal"
QUESTION = "upload dokumen penawaran gagal terus, bagaimana ya?"
LATE = datetime(2026, 11, 23, 16, 59, tzinfo=UTC)  # Monday 23.59 in Jakarta


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "jawaban"
    made.mkdir()
    return made


@pytest.fixture
def desk(make_rig: Callable[..., Rig], folder: Path) -> Rig:
    return make_rig(change=lambda raw: raw.update(faq=str(folder)))


def write(folder: Path, text: str, name: str = f"{TOPIC}.yml") -> None:
    (folder / name).write_text(text)


def looks(rig: Rig, times: int = 2) -> AnswersWatch:
    """As the running program looks, second after second."""
    watch = rig.loket.answers
    for _ in range(times):
        watch.look()
        watch.tell(rig.loket.database, rig.loket.bells)
    return watch


def title(rig: Rig, topic: str = TOPIC) -> str | None:
    answer = rig.loket.answers.shelf.get(topic)
    return answer.title if answer else None


def alerts(rig: Rig, *, unseen: bool = True) -> list[Any]:
    table = table_of(Alert)
    query = select(table).where(table.c.kind == ALERT).order_by(table.c.id)
    if unseen:
        query = query.where(table.c.seen_at.is_(None))
    return list(rig.loket.database.read(lambda c: c.execute(query).fetchall()))


# Taken while running


def test_users_get_a_changed_answer_without_a_restart(desk: Rig, folder: Path) -> None:
    desk.hear("halo")
    desk.settle()
    assert "Perkecil berkas" in desk.say(QUESTION)
    write(folder, GOOD.replace("Hubungi helpdesk.", "Datangi loket lantai 2."))
    looks(desk)
    assert "Datangi loket lantai 2." in desk.say(QUESTION, user="siti")
    (folder / f"{TOPIC}.yml").unlink()
    looks(desk)
    assert "Perkecil berkas" in desk.say(QUESTION, user="tono")


def test_agents_and_tickets_see_the_same_answers_as_users(desk: Rig, folder: Path) -> None:
    write(folder, GOOD)
    looks(desk)
    turns = desk.loket.turns
    assert turns.desk.answers.get(TOPIC) is turns.counter.answers.get(TOPIC)
    assert turns.pinned().counter.answers.get(TOPIC) is turns.desk.answers.get(TOPIC)


def test_markdown_is_taken_too_and_a_new_topic_needs_no_intent(desk: Rig, folder: Path) -> None:
    write(folder, MARKDOWN, f"{TOPIC}.md")
    write(folder, GOOD, "parkir_kantor.yml")
    looks(desk)
    assert title(desk) == title(desk, "parkir_kantor") == "Lupa user ID"


def test_a_file_is_taken_once_it_has_come_to_rest(desk: Rig, folder: Path) -> None:
    """Half of it is there at one look, all of it at the next: only the whole is ever read."""
    write(folder, GOOD[:60])
    assert not desk.loket.answers.look()
    write(folder, GOOD)
    assert not desk.loket.answers.look()
    assert desk.loket.answers.look()
    assert title(desk) == "Lupa user ID"
    assert alerts(desk) == []


def test_a_folder_that_never_rests_is_read_all_the_same(desk: Rig, folder: Path) -> None:
    write(folder, GOOD)
    for number in range(watching.PATIENCE + 1):
        write(folder, "x" * number, "lain_topik.yml")
        desk.loket.answers.look()
    assert title(desk) == "Lupa user ID"


def test_an_edit_of_the_same_length_in_the_same_second_is_seen(desk: Rig, folder: Path) -> None:
    write(folder, GOOD)
    looks(desk)
    times = (folder / f"{TOPIC}.yml").stat()
    write(folder, GOOD.replace("title: Lupa", "title: Lagi"))
    os.utime(folder / f"{TOPIC}.yml", ns=(times.st_atime_ns, times.st_mtime_ns))
    looks(desk)
    assert title(desk) == "Lagi user ID"


def test_a_turn_keeps_the_answers_it_began_with(desk: Rig, folder: Path) -> None:
    turns = desk.loket.turns.pinned()
    write(folder, GOOD)
    looks(desk)
    for answers in (turns.desk.answers, turns.counter.answers):
        found = answers.get(TOPIC)
        assert found
        assert found.title == "Upload dokumen penawaran gagal"


def test_an_answer_expires_at_midnight_in_the_office(
    make_rig: Callable[..., Rig], folder: Path
) -> None:
    write(folder, GOOD + "valid_until: 2026-11-23\n")
    rig = make_rig(change=lambda raw: raw.update(faq=str(folder)), start=LATE)
    looks(rig)
    assert "Berlaku sampai Senin, 23 November 2026." in rig.say(QUESTION)
    rig.clock.move(timedelta(minutes=2))
    looks(rig)
    said = rig.say(QUESTION, user="siti")
    assert "jawaban siapnya belum ada" in said
    assert {"Buat tiket", "Petugas"} <= set(rig.labels(user="siti"))


# What is wrong is told once, and harms nobody


def test_a_broken_file_keeps_its_last_good_answer_and_is_told_once(
    desk: Rig, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, GOOD)
    looks(desk)
    write(folder, GOOD.replace("[penyedia]", "penyedia"))
    write(folder, GOOD.replace("Lupa", "Baru"), "lupa_user_id_penyedia.yml")
    with caplog.at_level(logging.WARNING):
        looks(desk, 5)
    assert title(desk) == "Lupa user ID"
    assert title(desk, "lupa_user_id_penyedia") == "Baru user ID"
    (row,) = alerts(desk)
    assert row.role == "admin"
    assert row.text == (
        "Jawaban siap upload_gagal.yml, baris 4: audience: harus daftar: baris yang diawali -. "
        "Versi terakhir yang baik tetap dipakai."
    )
    (line,) = [r.getMessage() for r in caplog.records if "upload_gagal" in r.getMessage()]
    assert "upload_gagal.yml, line 4: audience: a list is expected" in line
    assert "last good version stays" in line


def test_the_notice_follows_the_file(desk: Rig, folder: Path) -> None:
    """Broken in another way: the newer word counts. Mended: nobody has to look any more."""
    write(folder, "title: [rusak\n")
    looks(desk)
    write(folder, GOOD + "warna: merah\n")
    looks(desk)
    (row,) = alerts(desk)
    assert "warna tidak dikenal" in row.text
    write(folder, GOOD)
    looks(desk)
    assert alerts(desk) == []
    assert len(alerts(desk, unseen=False)) == 2


def test_at_the_start_a_broken_file_stops_nothing(
    make_rig: Callable[..., Rig], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "\0\1\2")
    write(folder, GOOD, "parkir_kantor.yml")
    with caplog.at_level(logging.WARNING):
        rig = make_rig(change=lambda raw: raw.update(faq=str(folder)))
    assert "upload_gagal.yml, line 1: it holds a character" in caplog.text
    assert "the shipped answer is used" in caplog.text
    assert title(rig) == "Upload dokumen penawaran gagal"
    assert title(rig, "parkir_kantor") == "Lupa user ID"
    looks(rig)
    assert "jawaban bawaan" in alerts(rig)[0].text
    rig.restart()
    looks(rig)
    assert len(alerts(rig, unseen=False)) == 1  # the same fault is not told at every start


def test_a_folder_that_goes_away_and_comes_back_changes_nothing(desk: Rig, folder: Path) -> None:
    write(folder, GOOD)
    looks(desk)
    folder.rename(folder.with_name("lain"))
    looks(desk, 3)
    assert title(desk) == "Lupa user ID"
    (row,) = alerts(desk)
    assert "foldernya tidak ada" in row.text
    folder.with_name("lain").rename(folder)
    looks(desk)
    assert title(desk) == "Lupa user ID"
    assert alerts(desk) == []


@pytest.mark.parametrize("shape", ["circle", "pipe", "folder", "large", "two"])
def test_strange_things_in_the_folder_keep_the_last_good_answer(
    desk: Rig, folder: Path, shape: str
) -> None:
    write(folder, GOOD)
    looks(desk)
    path = folder / f"{TOPIC}.yml"
    path.unlink()
    if shape == "circle":
        path.symlink_to(path)
    elif shape == "pipe":
        os.mkfifo(path)
    elif shape == "folder":
        path.mkdir()
    elif shape == "large":
        path.write_bytes(b"#" * 100_000)
    else:
        path.write_text(GOOD)
        write(folder, MARKDOWN, f"{TOPIC}.md")
    looks(desk)
    assert title(desk) == "Lupa user ID"
    assert len(alerts(desk)) == 1


def test_what_stands_in_an_answer_is_shown_and_never_run(desk: Rig, folder: Path) -> None:
    evil = "{{ office.identity.name }}{% for x in y %} <script>alert(1)</script> *tebal*"
    write(folder, MARKDOWN.replace("Isi User ID", evil), f"{TOPIC}.md")
    looks(desk)
    said = desk.say(QUESTION)
    assert "{{ office.identity.name }}{% for x in y %}" in said
    assert "<script>alert(1)</script>" in said
    assert "*tebal*" not in said


def test_a_secret_in_a_broken_file_reaches_no_notice(desk: Rig, folder: Path) -> None:
    write(folder, GOOD + '"password: Rahasia99x": 1\n')
    looks(desk)
    assert "Rahasia99x" not in alerts(desk)[0].text


# Threads and replicas


def test_users_who_write_while_files_change_get_one_answer_or_the_other(
    desk: Rig, folder: Path
) -> None:
    both = [GOOD.replace("Lupa user ID", name, 1) for name in ("Jawaban satu", "Jawaban dua")]
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            write(folder, both[number % 2])
            looks(desk)
            number += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        said = [desk.say(QUESTION, user=f"user{n}") for n in range(12)]
    finally:
        stop.set()
        thread.join()
    titles = ("Jawaban satu", "Jawaban dua", "Upload dokumen penawaran gagal")
    assert all(sum(one in text for one in titles) == 1 for text in said)


def test_two_replicas_take_the_same_file_and_tell_it_once(office: Office, folder: Path) -> None:
    config = office.rig.config.model_copy(update={"faq": folder})
    watches = [AnswersWatch(config, office.rig.clock) for _ in range(2)]
    write(folder, GOOD)
    write(folder, "title: [rusak\n", "parkir_kantor.yml")
    for _ in range(2):
        for watch in watches:
            watch.look()
    loket = office.rig.loket
    telling = [
        threading.Thread(target=watch.tell, args=(loket.database, loket.bells)) for watch in watches
    ]
    for thread in telling:
        thread.start()
    for thread in telling:
        thread.join()
    assert {answer.title for w in watches if (answer := w.shelf.get(TOPIC))} == {"Lupa user ID"}
    assert len(alerts(office.rig, unseen=False)) == 1


# The real program


@pytest.fixture
def served(tmp_path: Path, folder: Path, engine: Engine) -> Iterator[Served]:
    def quick(raw: dict[str, Any]) -> None:
        raw["conversation"]["burst"] = {"breath_seconds": 0.1, "fragment_seconds": 0.1}
        raw["faq"] = str(folder)

    (tmp_path / "served").mkdir()
    made = Served(tmp_path / "served", quick)
    made.start()
    yield made
    made.kill()
    assert "Traceback" not in made.log()


def asked(served: Served, client: httpx.Client) -> str:
    """What a new visitor of the web chat is answered."""
    token = client.post("/webchat/sessions").json()["session"]
    client.headers["Authorization"] = f"Bearer {token}"
    client.post("/webchat/messages", json={"message_id": "m1", "text": QUESTION})
    end = time.monotonic() + 30
    while time.monotonic() < end:
        page = client.get("/webchat/messages", params={"after": 0}).json()["messages"]
        said = "\n".join(m["text"] for m in page if m["from"] != "user")
        if "Yang memutuskan" in said:
            return said
        time.sleep(0.1)
    raise AssertionError(f"no answer came: {served.log()}")


def test_the_running_program_takes_changes_within_seconds(served: Served, folder: Path) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        assert "Perkecil berkas" in asked(served, client)
        write(folder, GOOD.replace("Hubungi helpdesk.", "Datangi loket lantai 2."))
        wait_for(served, "upload_gagal has changed")
        assert "Datangi loket lantai 2." in asked(served, client)
        write(folder, "title: [rusak\n")
        wait_for(served, "upload_gagal.yml, line 1: not readable as YAML")
        assert "Datangi loket lantai 2." in asked(served, client)
        (folder / f"{TOPIC}.yml").unlink()
        wait_for(served, "nothing is wrong with")
        assert "Perkecil berkas" in asked(served, client)
    told = served.rows("SELECT text, seen_at FROM alerts WHERE kind = ?", ALERT)
    assert [row["seen_at"] is not None for row in told] == [True]


def wait_for(served: Served, words: str) -> None:
    end = time.monotonic() + 20
    while words not in served.log():
        assert time.monotonic() < end, served.log()
        time.sleep(0.05)


def test_a_name_that_is_no_text_keeps_no_notice_back(desk: Rig, folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.yml")).write_text(GOOD)
    write(folder, "title: [", "zz_topik.yml")
    looks(desk)
    said = [alert.text for alert in alerts(desk)]
    assert len(said) == 2
    assert said[0].startswith("Jawaban siap ?.yml: beri nama menurut topiknya")
    assert "zz_topik.yml" in said[1]
