"""The desk's main stories on PostgreSQL: whole conversations, the console, the agents' group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.port import Refused as PlatformRefused
from bot.staff import accounts
from handoff import actions as a
from handoff.history import verify
from nlu.engines.port import Engine
from storage.unit import Unit
from tests.bot.console import Desk, seen
from tests.bot.replicas import make_url, postgres
from tests.conversations.player import Player
from tests.forum import GroupRig
from tests.handoff.tickets import opened
from tests.rig import Rig

__all__ = ["make_url", "postgres"]

FOLDER = Path(__file__).parent.parent / "conversations"
STORIES = (
    "chats_joined_by_a_proven_number",
    "clock_breach_raises_the_tier",
    "closure_complaint_is_answered",
    "closure_lkpp_not_solved",
    "closure_silence",
    "closure_solved_and_closed",
    "data_for_lkpp",
    "data_late_file_reopens",
    "data_moved_to_the_right_ticket",
    "data_nothing_came",
    "data_on_telegram",
    "erase_my_data",
    "live_agent_removed",
    "live_taken_and_ended",
    "outage_data_wait_moves",
    "passing_not_for_this_ticket",
    "queue_calls",
    "queue_closing_time",
    "queue_here_i_am",
    "rating_and_comment",
    "reopen_in_words",
    "walk_in_data_asked_by_phone",
    "walk_in_not_solved_by_phone",
)
LISTS = (
    "tidak-terkirim telepon data-pribadi tertahan pengaduan pemberitahuan".split()  # noqa: SIM905 - a table
)
FILTERS = (
    "siapa=mine",
    "siapa=free",
    "status=ditutup",
    "status=selesai",
    "jenis=gangguan&prioritas=tinggi&tingkat=lkpp",
    "telat=1",
    "sesudah=1.0.3",
)


@pytest.fixture
def make_rig(
    tmp_path: Path, engine: Engine, make_url: Callable[[], str]
) -> Iterator[Callable[..., Rig]]:
    """Rigs on databases of their own."""
    made: list[Rig] = []

    def make(kind: type[Rig] = Rig, **options: Any) -> Rig:
        folder = tmp_path / f"rig{len(made)}"
        made.append(kind(folder, engine, database_url=make_url(), **options))
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str, make_rig: Callable[..., Rig]) -> None:
    script = yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))
    Player(script, make_rig, name).play()


def test_duplicates_are_merged_and_others_passed_on(rig: Rig) -> None:
    rig.hire("rina", "helpdesk")
    first, second, third = opened(rig), opened(rig), opened(rig)
    rig.act("rina", a.Merge(first), second)
    rig.act("rina", a.PassOn("ukpbj", "jadwal diatur Pokja"), third)
    rig.act("rina", a.MarkExempt("jaringan"), first)
    rig.settle()
    assert rig.ticket(second).merged_into == rig.ticket(first).id
    assert (rig.ticket(third).state, rig.ticket(third).unit) == ("ditutup", "ukpbj")
    key = rig.loket.turns.counter.key
    for number in (first, second, third):
        ticket_id = rig.ticket(number).id
        assert rig.loket.database.read(lambda c, t=ticket_id: verify(c, key, t)) is None


def test_the_board_is_filtered_sorted_and_searched(rig: Rig) -> None:
    rig.hire("rina", "helpdesk")
    late, urgent = opened(rig), opened(rig, user="siti", problem="server layar putih")
    rig.act("rina", a.Classify("gangguan", "besar", "mendesak"), urgent)
    for user in ("wati", "maya"):
        for words in ("petugas", user.capitalize(), "token apendo tidak terbaca"):
            rig.say(words, user, "telegram")
    taken = str(rig.ticket().number)
    rig.act("rina", a.Take(), taken)
    rig.wait(timedelta(days=2))
    desk = Desk(rig).enter("rina")
    page = desk.get("/console/").text
    assert page.index(urgent) < page.index(late)
    for query in FILTERS:
        assert desk.get(f"/console/?{query}").status_code == 200, query
    for words, found in (("layar+put", urgent), ("0812-3456", late), ("2", urgent), ("5", "")):
        assert found in desk.get(f"/console/?q={words}").text, words
    assert desk.get(f"/console/?q={urgent}").headers["location"].startswith("/console/tiket/")
    assert "layar putih" in seen(desk.get(f"/console/tiket/{urgent}"))


def test_every_work_list_and_the_misses(rig: Rig) -> None:
    rig.hire("sari", "helpdesk", "koordinator", "front_office", "admin", "kepala_unit")
    number = opened(rig)
    rig.telegram.faults.append(PlatformRefused("blocked"))
    rig.act("sari", a.AskData((("Scan NIB", "file"),)), number)
    rig.settle()
    opened(rig, user="siti", kind="masukan", category="saran", problem="loket dibuka lebih pagi")
    rig.say("xyzzy plugh quux", "maya")
    desk = Desk(rig).enter("sari")
    assert "1" in seen(desk.get("/console/kerja"))
    for slug in LISTS:
        assert desk.get(f"/console/kerja/{slug}").status_code == 200, slug
    assert number in desk.get("/console/kerja/tidak-terkirim").text
    (row,) = rig.rows("SELECT id FROM outbox WHERE state = 'failed'")
    again = f"/console/kerja/tidak-terkirim/{row.id}/kirim-ulang"
    desk.do(again, page="/console/kerja/tidak-terkirim")
    rig.settle()  # it goes out
    rig.settle()  # that is noticed
    assert rig.rows("SELECT started_at FROM data_requests")[0].started_at is not None
    review = "/console/belum-terjawab"
    (miss,) = rig.rows("SELECT id FROM misses")
    desk.do(review, page=review, ids=str(miss.id), topic="faq_email_konfirmasi_daftar")
    assert "xyzzy" in desk.get(f"{review}/ekspor.yml").text


def test_the_counter_from_the_guest_book_to_the_display(rig: Rig) -> None:
    rig.hire("dewi", "front_office", "helpdesk")
    desk = Desk(rig).enter("dewi")
    home = "/console/loket"
    desk.do("/console/loket/meja", page=home, desk="Loket 1")
    for _ in range(3):
        desk.post("/console/loket/nomor", page=home)
    desk.do("/console/loket/panggil", page=home)
    (row,) = rig.rows("SELECT * FROM counter_turns WHERE state = 'called'")
    assert (row.n, row.desk) == (1, "Loket 1")
    for deed in ("lagi", "lagi", "lewati"):
        desk.do(f"/console/loket/antrean/{row.id}/{deed}", page=home)
    order = rig.rows("SELECT n FROM counter_turns WHERE state = 'waiting' ORDER BY turn")
    assert [r.n for r in order] == [2, 1, 3]
    assert desk.call("GET", "/antrian").status_code == 200
    assert desk.get("/console/loket/tamu").status_code == 200


def test_an_account_from_the_setup_link_to_its_removal(rig: Rig) -> None:
    now = rig.clock.now()

    def begin(unit: Unit) -> str:
        token = accounts.setup_link(unit.connection, now)
        assert token is not None
        return token

    token = rig.loket.database.write(begin).result()
    door = Desk(rig)
    path = f"/console/mulai/{token}"
    fields = {"login": "sari", "name": "Sari", "password": "kuda-laut-biru-9"}
    made = door.post(path, page=path, **fields, again=fields["password"])
    assert made.status_code == 303, seen(made)
    fresh = Desk(rig)
    wrong = fresh.post("/console/masuk", page="/console/masuk", login="sari", password="salah")
    assert wrong.status_code == 403, seen(wrong)
    entered = fresh.post(
        "/console/masuk", page="/console/masuk", login="sari", password=fields["password"]
    )
    assert entered.status_code == 303
    rig.agents["sari"] = rig.rows("SELECT id FROM agents WHERE login = 'sari'")[0].id
    rina = rig.hire("rina", "helpdesk")
    number = opened(rig)
    rig.act("rina", a.Take(), number)
    account = f"/console/akun/{rina}"
    fresh.do(f"{account}/hapus", page=account, sure="1")
    rig.settle()
    assert rig.ticket(number).agent_id is None


def test_the_group_sees_the_ticket_and_its_holder_answers(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(GroupRig)
    assert isinstance(rig, GroupRig)
    rina = rig.link("rina")
    ticket_id = rig.open_ticket()
    thread = rig.thread(ticket_id)
    rig.press(thread, rina, "Ambil")
    rig.write(thread, rina, "Coba perkecil berkasnya")
    rig.write(thread, rina, "// catatan dalam")
    rig.say("sudah saya coba", "budi")
    assert "sudah saya coba" in rig.topic(ticket_id)
    rig.press(thread, rina, "Selesai")
    rig.answer_prompt(thread, rina, "Berkas di atas 50 MB ditolak. Perkecil dulu.")
    Rig.tap(rig, "Sudah", "budi")
    said = "\n".join(s.text for s in rig.answers("budi"))
    assert said.count("Coba perkecil") == 1
    assert "catatan dalam" not in said
    assert rig.ticket().state == "ditutup"
    assert not rig.forum.topics[thread]["open"]
