"""What somebody who means harm, or does not look, sends to the desk: nothing of it passes, and
none of it is more than a sentence."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.routing import Mount

from bot.serving import set_up_logging
from bot.staff import accounts, sessions
from bot.web.console.guard import safe_path
from dialogs.heard import Tap
from handoff import actions as a
from handoff.refusal import Refused
from handoff.standing import ROLES
from storage.unit import Unit
from tests.bot.console import Desk, seen
from tests.bot.desk_work import ANSWERS, open_ticket
from tests.rig import Rig

SECRET = "Kuc1ng#Belang77"
NIK = "3171234507900003"
TALK = f"password saya {SECRET} ya, NIK {NIK}"
BIG = "9" * 25


def _addresses(routes: Any, above: str = "") -> Iterator[tuple[str, set[str]]]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _addresses(getattr(route.app, "routes", ()), above + route.path)
        else:
            yield above + route.path, set(route.methods or ())


def _filled(path: str, number: str) -> str:
    values = {"number": number, "verb": "catatan", "deed": "selesai", "slug": "telepon"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: values.get(m[1], "1"), path)


def write(rig: Rig, job: Any) -> Any:
    return rig.loket.database.write(job).result()


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """The browser of somebody with every role."""
    rig.hire("sari", *ROLES)
    return Desk(rig).enter("sari")


# Who gets where


def test_no_page_of_the_console_opens_without_a_live_account(rig: Rig) -> None:
    number = open_ticket(rig)
    rig.hire("boss", "admin")
    gone = Desk(rig)
    gone_id = rig.hire("gone", *ROLES)
    gone.enter("gone")
    write(rig, lambda u: accounts.remove(u.connection, gone_id, now=rig.clock.now(), by=None))
    before = {
        table: rig.rows(f"SELECT * FROM {table}") for table in ("tickets", "history", "notes")
    }
    doors = ("/console/masuk", "/console/mulai/", "/console/sandi/")
    checked = 0
    for path, methods in _addresses(rig.loket.app._app.routes):  # type: ignore[attr-defined]
        if not path.startswith("/console") or path.startswith(doors):
            continue
        for method in methods:
            for browser in (Desk(rig), gone):
                answer = browser.call(method, _filled(path, number), data={"nonce": "n" * 16})
                reading = method in ("GET", "HEAD")
                assert answer.status_code == (303 if reading else 401), f"{method} {path}"
                if reading:
                    assert answer.headers["location"].startswith("/console/masuk")
                checked += 1
    assert checked > 100
    assert before == {table: rig.rows(f"SELECT * FROM {table}") for table in before}


@pytest.mark.parametrize("role", ["front_office", "helpdesk", "koordinator", "kepala_unit"])
def test_a_packet_is_for_those_who_talk_with_lkpp(rig: Rig, role: str) -> None:
    number = open_ticket(rig)
    rig.hire("sari", role)
    assert Desk(rig).enter("sari").get(f"/console/tiket/{number}/paket.zip").status_code == 403


@pytest.mark.parametrize("role", ["front_office", "kepala_unit"])
def test_the_training_data_are_for_those_who_review(rig: Rig, role: str) -> None:
    rig.hire("sari", role)
    assert Desk(rig).enter("sari").get("/console/belum-terjawab/ekspor.yml").status_code == 403


# Input that no page of ours sends


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/console/akun/{BIG}", 404),
        ("/console/akun/-1", 404),
        ("/console/akun/٣", 404),
        (f"/console/berkas/{BIG}", 404),
        ("/console/tiket/%00", 404),
        ("/console/?q=%00", 404),
        ("/console/balasan.json?number=%00", 404),
        ("/console/loket/tiket/x%00", 404),
        ("/console/loket/tamu?tanggal=9999-12-31", 200),
        ("/console/loket/tamu?tanggal=0001-01-01", 200),
        (f"/console/loket/daftar?tamu={BIG}", 200),
        (f"/console/loket/nomor/{BIG}", 404),
    ],
)
def test_addresses_that_lead_nowhere_are_no_fault_of_ours(
    desk: Desk, path: str, status: int
) -> None:
    assert desk.get(path).status_code == status


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"/console/akun/{BIG}", {"name": "x", "roles": "admin"}),
        (f"/console/akun/{BIG}/hapus", {"sure": "1"}),
        (f"/console/akun/{BIG}/pulihkan", {}),
        (f"/console/akun/{BIG}/tautan", {}),
        ("/console/loket/nomor", {"guest": "999999"}),
        ("/console/loket/nomor", {"guest": BIG}),
        ("/console/kerja/jawaban/999", {"solved": "1"}),
        ("/console/kerja/pengaduan/999/pemilik", {}),
        ("/console/kerja/pengaduan/999/catatan", {"text": "x"}),
        ("/console/kerja/pengaduan/999999999999999/pemilik", {"agent": "999999999999999"}),
    ],
)
def test_rows_that_are_not_there_are_told_as_such(
    desk: Desk, path: str, fields: dict[str, str]
) -> None:
    answer = desk.post(path, page="/console/saya", **fields)
    assert answer.status_code in (303, 403, 404)
    if answer.status_code == 303:
        assert "gagal=1" in answer.headers["location"]
    assert not desk.rig.count("counter_turns")


def test_controls_in_a_form_of_the_front_office_are_dropped(desk: Desk) -> None:
    desk.post(
        "/console/loket/tamu",
        page="/console/saya",
        name="Bu\x00di\u202e",
        organisation="CV\x00",
        purpose="ta\u202enya",
    )
    (guest,) = desk.rig.rows("SELECT name, organisation, purpose FROM guests")
    assert tuple(guest) == ("Budi", "CV", "tanya")


def _strange(desk: Desk, path: str, **fields: str) -> Any:
    """A form whose charset makes half an emoji of ``\\ud800``."""
    desk.get("/console/masuk" if not desk.cookies.get("loket_petugas") else "/console/saya")
    given = {"csrf": desk.hidden("csrf"), "nonce": "n" * 16, **fields}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in given.items()
    )
    kind = "multipart/form-data; boundary=x; charset=unicode_escape"
    return desk.call("POST", path, content=f"{parts}--x--\r\n", headers={"content-type": kind})


def test_half_an_emoji_in_any_form_is_no_fault(desk: Desk) -> None:
    half = "hai \\ud800 x"
    assert _strange(desk, "/console/loket/tamu", name=half, phone=half).status_code == 403
    assert _strange(desk, "/console/akun", login=half, name=half).status_code == 422
    assert _strange(desk, "/console/saya/sandi", old=half, password=half).status_code == 422
    assert _strange(Desk(desk.rig), "/console/masuk", login=half, password=half).status_code == 403
    assert _strange(desk, "/console/saya/tugas", csrf=half).status_code == 403


def test_asking_about_a_stream_holds_no_connection(desk: Desk) -> None:
    assert desk.call("HEAD", "/console/kabar").status_code == 200


def test_a_nonce_without_end_is_cut(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    path = f"/console/tiket/{number}/ambil"
    assert desk.post(path, page="/console/saya", nonce="n" * 100_000).status_code == 303
    assert max(len(row[0]) for row in rig.rows("SELECT event_id FROM events")) < 100
    assert desk.post(path, page="/console/saya", nonce="\x00").status_code == 409


# Secrets


def test_a_secret_that_an_agent_types_anywhere_is_kept_nowhere(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    ticket = f"/console/tiket/{number}"

    def send(verb: str, status: int = 303, **fields: str) -> None:
        answer = desk.post(f"{ticket}/{verb}", page="/console/saya", **fields)
        assert answer.status_code == status, seen(answer)

    send("catatan", teks=TALK)
    send("balas", teks=TALK)
    send("formulir", 409, isian_nama=f"Budi password {SECRET}")
    send("formulir", 409, isian_instansi=f"CV NIK {NIK}")
    send("formulir", 409, isian_alamat=f"Jl. Mawar, password: {SECRET}")
    send("formulir", isian_instansi="CV Baru", isian_telepon="0812-9999-0000")
    send("data", teks=TALK, item_1=f"password {SECRET}", macam_1="text")
    send("eskalasi", teks=TALK)
    send("eskalasi", teks=TALK)
    send("lkpp-kirim", 409, nomor=f"password: {SECRET}")
    send("lkpp-kirim", nomor="TTS/2026-0099 A")
    send("lkpp-jawab", hasil="guidance", jawaban=TALK)
    send("tutup", alasan="solved", solusi=TALK, penjelas=f"Sari password {SECRET}")
    desk.get(f"/console/?q=password+{SECRET.replace('#', '%23')}")
    rig.settle()
    assert rig.ticket().lkpp_number == "TTS/2026-0099 A"
    for table in [
        row[0] for row in rig.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]:
        rows = str(rig.rows(f'SELECT * FROM "{table}"'))
        assert SECRET not in rows, table
        assert NIK not in rows, table


def test_no_password_comes_back_on_a_page(rig: Rig) -> None:
    rig.hire("sari", "helpdesk")
    desk = Desk(rig).enter("sari")
    desk.get("/console/saya")
    fields = {
        "old": "kata lama sekali",
        "password": "kata baru sekali",
        "again": "kata baru sekali",
    }
    forged = desk.call("POST", "/console/saya/sandi", data={**fields, "csrf": "x"})
    assert forged.status_code == 403
    rig.clock.move(timedelta(days=8))
    over = desk.call("POST", "/console/saya/sandi", data=fields)
    assert over.status_code == 401
    for answer in (forged, over):
        assert "kata lama" not in answer.text
        assert "kata baru" not in answer.text


def test_the_log_names_no_one_time_link(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    agent_id = rig.hire("sari", "helpdesk")
    token = write(
        rig,
        lambda u: accounts.password_link(u.connection, agent_id, now=rig.clock.now(), by=None),
    )
    for headers in ({}, {"sec-fetch-site": "cross-site"}):
        refused = Desk(rig).call("POST", f"/console/sandi/{token}", data={}, headers=headers)
        assert refused.status_code == 403
    assert "/console/sandi" in caplog.text
    assert token not in caplog.text


def test_a_log_line_cannot_be_forged_by_an_address(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.hire("sari", "helpdesk")
    Desk(rig).enter("sari").call("POST", "/console/x%1b[2Jroot%0d", data={})
    assert "refused" in caplog.text
    assert not re.search("\x1b|\r", caplog.text)


def test_no_level_of_logging_prints_what_telegram_is_sent() -> None:
    kept = {name: logging.getLogger(name).level for name in ("", "telegram")}
    try:
        set_up_logging("debug")
        assert not logging.getLogger("telegram.Bot").isEnabledFor(logging.INFO)
    finally:
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)


# Getting in


def test_one_address_cannot_keep_an_agent_out(rig: Rig) -> None:
    def tries(address: str) -> list[timedelta]:
        now = rig.clock.now()
        job = lambda u: sessions.admit(u.connection, "sari", address, now)  # noqa: E731
        return [write(rig, job) for _ in range(6)]

    for _ in range(20):
        tries("10.9.9.9")
        rig.clock.move(timedelta(seconds=30))
        assert tries("10.0.0.2")[0] == timedelta(0)


def test_many_addresses_cannot_guess_one_password_for_long(rig: Rig) -> None:
    now = rig.clock.now()
    waits = [
        write(rig, lambda u, n=n: sessions.admit(u.connection, "sari", f"10.1.0.{n}", now))
        for n in range(70)
    ]
    assert waits.count(timedelta(0)) == 60
    assert waits[-1] > timedelta(0)


def test_an_address_that_has_to_wait_leaves_no_rows(rig: Rig) -> None:
    now = rig.clock.now()
    for n in range(60):
        write(rig, lambda u, n=n: sessions.admit(u.connection, f"nama{n}", "10.9.9.9", now))
    assert rig.count("scopes") <= 1 + 2 * 30


@pytest.mark.parametrize(
    ("given", "to"),
    [
        ("/console/?q=a&pesan=Telepon+0812&gagal=1", "/console/?q=a"),
        ("/console/saya?pesan=Telepon", "/console/saya"),
        ("/console/tiket/LPSE-1?semua=1", "/console/tiket/LPSE-1?semua=1"),
        ("/console/\n/x", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/console/%2e%2e/x", "/console/%2e%2e/x"),  # stays on this server
    ],
)
def test_a_way_back_carries_no_words_of_others(given: str, to: str) -> None:
    assert safe_path(given) == to


def test_words_from_another_program_are_not_shown_as_ours(rig: Rig) -> None:
    rig.hire("sari", "helpdesk")
    link = "/console/saya?pesan=Telepon+0812"
    answer = Desk(rig).enter("sari").get(link, headers={"Sec-Fetch-Site": "none"})
    assert "Telepon 0812" not in seen(answer)


# Looks at personal data


def test_every_way_to_see_a_ticket_leaves_a_line_in_the_log(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    refused = desk.post(f"/console/tiket/{number}/balas", page="/console/saya", teks="")
    assert ANSWERS["nama"] in refused.text
    assert desk.get(f"/console/balasan.json?number={number}&q=terima").status_code == 200
    desk.get(f"/console/balasan.json?number={number}&q=terima+kasih")
    what = [row[0] for row in rig.rows("SELECT what FROM access_log")]
    assert what == [f"ticket:{rig.ticket().id}", f"replies:{number}"]


# Users with buttons of their own making


@pytest.fixture
def two(rig: Rig) -> tuple[str, str]:
    """Tickets of two people: one is asked for data, the other has a solution."""
    rig.hire("sari", "helpdesk")
    first, second = open_ticket(rig, "budi"), open_ticket(rig, "siti", problem="akun terkunci")
    rig.act("sari", a.AskData((("Scan NIB", "file"),)), first)
    rig.act("sari", a.Solve("Pakai menu lupa kata sandi.", "Sari"), second)
    rig.settle()
    return first, second


@pytest.mark.parametrize(
    "value",
    [
        "@yes:{second}", "@no:{second}", "@rate:{second}:1", "@reopen:{second}",
        "@notfor:{second}", "@full:0", "@full:-1", "@full:٣", f"@full:{BIG}", "@full:",
        "@yes:", "@rate::", "@yes:\x00", "@yes:' OR 1=1 --", "@here:A-1", "@", "@apa:1",
    ],
)  # fmt: skip
def test_a_crafted_tap_touches_nothing_of_others(
    rig: Rig, two: tuple[str, str], value: str
) -> None:
    before = [rig.rows(f"SELECT * FROM {t}") for t in ("tickets", "history", "data_requests")]
    last = rig.last_seq("budi")
    rig.take(rig.event("budi", tap=Tap(value.format(second=two[1]), 0)))
    rig.settle()
    said = "\n".join(line.text for line in rig.answers("budi", after=last))
    assert before == [
        rig.rows(f"SELECT * FROM {t}") for t in ("tickets", "history", "data_requests")
    ]
    assert said
    assert "terkunci" not in said
    assert "Nomor  tidak" not in said
    assert not rig.count("parked")


def test_another_persons_request_cannot_be_finished(rig: Rig, two: tuple[str, str]) -> None:
    (request,) = rig.rows("SELECT id FROM data_requests")
    rig.take(rig.event("siti", tap=Tap(f"@full:{request.id}", 0)))
    rig.settle()
    assert rig.ticket(two[0]).state == "menunggu_data"
    assert two[0] not in "\n".join(line.text for line in rig.answers("siti"))


def test_nothing_moves_between_two_people(rig: Rig, two: tuple[str, str]) -> None:
    rig.say("1: 9120001234567", "budi")
    (piece,) = rig.rows("SELECT id FROM data_pieces")
    for action in (a.MoveData((piece.id,), two[1]), a.Merge(two[1]), a.Merge(two[0])):
        with pytest.raises(Refused, match="orang yang sama"):
            rig.act("sari", action, two[0])


# Script


class _Tags(HTMLParser):
    """Tags and attributes that only an attacker writes."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        links = [v or "" for k, v in attrs if k in ("href", "src", "action", "formaction")]
        scripted = any(v.strip().lower().startswith("javascript:") for v in links)
        if tag == "xss" or scripted or any(k.startswith("on") for k, _ in attrs):
            self.bad.append(f"{tag} {attrs}")


def test_script_stays_text_on_every_page(rig: Rig, desk: Desk) -> None:
    evil = "\"'><xss onload=1></textarea></script>{{7*7}}"
    answers = {**ANSWERS, "nama": f"Budi {evil}", "instansi": evil}
    number = open_ticket(rig, problem=evil, answers=answers)

    def named(unit: Unit) -> None:
        unit.connection.exec_driver_sql("UPDATE conversations SET profile_name = ?", (evil,))
        unit.connection.exec_driver_sql("UPDATE agents SET name = ?", (evil,))

    write(rig, named)
    rig.say(evil, "tono")
    rig.say("hapus data saya", "tono")
    ticket = f"/console/tiket/{number}"
    for verb, fields in (
        ("balas", {"teks": evil}),
        ("catatan", {"teks": evil}),
        ("rekomendasi", {"teks": evil}),
        ("data", {"item_1": evil, "macam_1": "any", "teks": evil}),
        ("kecualikan", {"teks": evil}),
    ):
        assert desk.post(f"{ticket}/{verb}", page="/console/saya", **fields).status_code == 303
    guest = {"name": f"Joko {evil.replace('/', '')}", "organisation": evil, "purpose": evil}
    desk.post("/console/loket/tamu", page="/console/saya", numbered="1", **guest)
    typed = desk.post(f"{ticket}/tutup", page="/console/saya", alasan=evil, solusi=evil)
    sheet = {"source": evil, "nama": evil, "telepon": evil, "user_type": evil, "tamu": evil}
    pages = [typed, desk.post("/console/loket/daftar", page="/console/saya", **sheet)]
    asked = "%22%3E%3Cxss%20onload=1%3E"
    lists = ("tidak-terkirim", "telepon", "pengaduan", "data-pribadi", "tertahan", "pemberitahuan")
    pages += [
        desk.get(path)
        for path in (
            "/console/", f"/console/?q={asked}", f"{ticket}?semua=1&pesan={asked}&gagal=1",
            f"/console/loket/tiket/{number}", "/console/loket", "/console/loket/tamu",
            f"/console/loket/daftar?tamu=1&lewat={asked}", "/console/loket/nomor/1",
            "/console/belum-terjawab", "/console/akun", "/console/akun/1", "/console/saya",
            "/antrian", f"/console/{asked}", f"/t/{asked}", f"/?join={asked}",
            *(f"/console/kerja/{slug}" for slug in lists),
        )
    ]  # fmt: skip
    pages.append(Desk(rig).get(f"/console/masuk?ke=/console/{asked}"))
    for page in pages:
        tags = _Tags()
        tags.feed(page.text)
        assert page.status_code < 500
        assert not tags.bad, f"{page.url}: {tags.bad}"
