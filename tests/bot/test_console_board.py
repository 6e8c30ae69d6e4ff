"""The board: who waits, the tickets in their order, search, and that it stays cheap."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import bot.web
from handoff import actions as a
from storage.repositories import board
from tests.bot.console import Desk, seen
from tests.bot.desk_work import open_ticket
from tests.rig import Rig

STATIC = Path(bot.web.__file__).parent / "static" / "console"
OURS = ("console.css", "console.js", "live.js", "forms.js", "alerts.js", "words.js")


@pytest.fixture
def desk(rig: Rig) -> Desk:
    rig.hire("rina", "helpdesk")
    rig.hire("adi", "helpdesk")
    return Desk(rig).enter("rina")


def waiting(rig: Rig, user: str, problem: str = "SPSE layar putih") -> str:
    """A user who waits for a person; the ticket's number."""
    for said in ("petugas", user.capitalize(), problem):
        rig.say(said, user)
    return str(rig.ticket().number)


def numbers(page: str) -> list[str]:
    """The tickets of the list, in order."""
    return re.findall(r'<p class="what"><a class="number" href="/console/tiket/([^"]+)"', page)


def test_who_waits_stands_at_the_top_in_order(rig: Rig, desk: Desk) -> None:
    waiting(rig, "maya")
    rig.wait(timedelta(minutes=3))
    waiting(rig, "joko", "lupa sandi")
    page = seen(desk.get("/console/"))
    assert re.search(r"Menunggu petugas 2 1 Maya .*SPSE layar putih .*menunggu 3 mnt", page)
    assert page.index("Maya") < page.index("Joko")
    assert "ANT-2611-00001" in page


def test_taking_from_the_board_opens_the_chat_and_calling_comes_back(rig: Rig, desk: Desk) -> None:
    first, second = waiting(rig, "maya"), waiting(rig, "joko")
    desk.get("/console/")
    called = desk.post(f"/console/tiket/{second}/panggil", ke="/console/")
    assert called.headers["location"].startswith("/console/?pesan=")
    assert "dipanggil" in seen(desk.get("/console/"))
    taken = desk.post(f"/console/tiket/{first}/ambil", page="/console/")
    assert taken.headers["location"].startswith(f"/console/tiket/{first}?pesan=")
    page = seen(desk.get("/console/"))
    assert "Obrolan saya 1 Maya" in page
    assert "Obrolan langsung" in seen(desk.get(f"/console/tiket/{first}"))


def test_a_form_never_leads_off_the_console(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    answer = desk.post(
        f"/console/tiket/{number}/ambil", page="/console/saya", ke="https://jahat.example/"
    )
    assert answer.headers["location"].startswith(f"/console/tiket/{number}")


def test_tabs_and_filters_pick_what_they_say(rig: Rig, desk: Desk) -> None:
    one, two, three = (open_ticket(rig, user) for user in ("budi", "wati", "siti"))
    rig.act("rina", a.Take(), one)
    rig.act("adi", a.Take(), two)
    rig.act("adi", a.Classify("gangguan", "besar", "mendesak"), two)
    rig.act("adi", a.Close("withdrawn"), three)
    assert numbers(desk.get("/console/").text) == [two, one]
    for query, expected in (
        ("siapa=mine", [one]),
        ("siapa=free", []),
        ("status=ditutup", [three]),
        ("status=baru", []),
        ("jenis=gangguan", [two]),
        ("prioritas=tinggi", [two]),
        ("tingkat=lkpp", []),
        ("telat=1", []),
        ("status=<b>&jenis=x&siapa=y&sesudah=9.9", [two, one]),
        ("sesudah=99.999999999999999999.1", []),
    ):
        assert numbers(desk.get(f"/console/?{query}").text) == expected, query
    rig.wait(timedelta(days=9))
    desk.enter("rina")  # the session was over
    assert numbers(desk.get("/console/?telat=1").text) == [two, one]
    assert "terlambat" in seen(desk.get("/console/"))


def test_pages_follow_one_another(rig: Rig, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [open_ticket(rig, f"user{n}") for n in range(5)]
    monkeypatch.setattr(board, "PAGE", 2)
    found, path = [], "/console/?jenis=permasalahan"
    while path:
        page = desk.get(path).text
        found += numbers(page)
        more = re.search(r'<a href="([^"]+)" rel="next">', page)
        path = more[1].replace("&amp;", "&") if more else ""
        assert not path or "jenis=permasalahan" in path
    assert sorted(found) == sorted(expected)


def test_search_finds_closed_ones_too_and_a_whole_number_opens(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    rig.act("rina", a.Close("withdrawn"), number)
    for said in ("1", "budi sant", "0812-3456", "%2B62 812", "gagal upl", number[:-2]):
        assert numbers(desk.get(f"/console/?q={said}").text) == [number], said
    assert (
        desk.get(f"/console/?q={number.lower()}").headers["location"] == f"/console/tiket/{number}"
    )
    page = seen(desk.get("/console/?q=tidak+ada+begitu"))
    assert "Tidak ada tiket yang cocok" in page
    assert numbers(desk.get("/console/?q=--").text) == []


def test_what_was_searched_is_logged_masked_and_once(rig: Rig, desk: Desk) -> None:
    open_ticket(rig)
    for _ in range(2):
        desk.get("/console/?q=password: rahasia123")
        desk.get("/console/")
    rows = rig.rows("SELECT what FROM access_log ORDER BY id")
    assert len(rows) == 2
    assert rows[0].what.startswith("search:")
    assert "rahasia123" not in rows[0].what
    assert rows[1].what == "board"


def statements(rig: Rig, desk: Desk, path: str) -> int:
    """How many statements a page takes."""
    seen_: list[str] = []

    def count(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen_.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert desk.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return len(seen_)


def test_the_board_takes_as_many_statements_for_many_tickets_as_for_one(
    rig: Rig, desk: Desk
) -> None:
    open_ticket(rig)
    waiting(rig, "maya")
    desk.get("/console/")
    few = statements(rig, desk, "/console/")
    for n in range(12):
        open_ticket(rig, f"user{n}")
    waiting(rig, "joko")
    desk.get("/console/")
    assert statements(rig, desk, "/console/") == few


def test_the_look_and_the_scripts_are_light() -> None:
    assert sum((STATIC / name).stat().st_size for name in OURS) < 30_000


def test_the_frame_has_what_keyboards_and_readers_need(rig: Rig, desk: Desk) -> None:
    page = desk.get("/console/").text
    assert '<a class="skip" href="#main">' in page
    assert 'aria-current="page">Papan' in page
    assert re.search(r'<label class="sr" for="q">', page)
    assert "style=" not in page
    assert "onclick" not in page
    fields = re.findall(r"<(?:input(?! type=\"hidden\")|select|textarea)[^>]*>", page)
    assert fields
