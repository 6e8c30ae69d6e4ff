"""The front office in the console: guest book, queue, and tickets of people who come or phone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.config import ConfigError
from handoff.actions import ReplyToUser
from tests.bot.console import Desk, seen
from tests.rig import PNG, Rig

FORM = {
    "source": "walk_in",
    "nama": "Hendra Wijaya",
    "instansi": "CV Sinar Terang",
    "alamat": "Jl. Ahmad Yani 12, Batam",
    "telepon": "0812-7777-8899",
    "user_type": "penyedia",
    "problem": "upload dokumen penawaran gagal terus",
    "kind": "permintaan_layanan",
    "deadline": "none",
}
SHEET = "/console/loket/daftar"


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """An agent of the front office."""
    rig.hire("dewi", "front_office")
    return Desk(rig).enter("dewi")


def register(desk: Desk, **changes: str) -> str:
    """Register a walk-in; the ticket's number."""
    answer = desk.post(SHEET, page=SHEET, **{**FORM, **changes})
    assert answer.status_code == 303, seen(answer)
    return answer.headers["location"].rpartition("/")[2]


def looked_at(rig: Rig) -> list[str]:
    return [row.what for row in rig.rows("SELECT what FROM access_log ORDER BY id")]


# Registering


def test_a_walk_in_is_registered_with_the_form_of_the_chat(desk: Desk) -> None:
    number = register(desk)
    ticket = desk.rig.ticket(number)
    assert (ticket.source, ticket.state, ticket.user_type) == ("walk_in", "baru", "penyedia")
    assert json.loads(ticket.answers)["telepon"] == "+6281277778899"
    assert ticket.topic == "upload_gagal"


def test_the_ticket_stands_on_the_counter_and_can_reach_nobody(desk: Desk) -> None:
    ticket = desk.rig.ticket(register(desk))
    query = "SELECT channel, chat FROM conversations WHERE id = :id"
    (chat,) = desk.rig.rows(query, id=ticket.conversation_id)
    assert chat.channel == "counter"
    desk.rig.hire("rina", "helpdesk")
    desk.rig.act("rina", ReplyToUser("Silakan coba lagi"))
    assert desk.rig.count("outbox") == 0
    (call,) = desk.rig.rows("SELECT kind, words FROM calls")
    assert call.kind == "walk_in"
    assert "Silakan coba lagi" in call.words


def test_the_same_form_twice_is_one_ticket(desk: Desk) -> None:
    desk.get(SHEET)
    first, again = desk.post(SHEET, **FORM), desk.post(SHEET, **FORM)
    assert first.headers["location"] == again.headers["location"]
    assert desk.rig.count("tickets") == 1


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(desk: Desk) -> None:
    answer = desk.post(SHEET, page=SHEET, **{**FORM, "telepon": "123", "nama": ""})
    assert answer.status_code == 422
    assert "Nomornya kurang panjang" in seen(answer)
    assert "Nama masih kosong" in seen(answer)
    assert "upload dokumen penawaran gagal terus" in answer.text
    assert 'value="CV Sinar Terang"' in answer.text
    assert desk.rig.count("tickets") == 0


def test_what_was_not_given_is_marked_as_such(desk: Desk) -> None:
    number = register(desk, alamat="", missing="1")
    assert json.loads(desk.rig.ticket(number).answers)["alamat"] == "tidak diberikan"


def test_a_name_is_always_needed(desk: Desk) -> None:
    answer = desk.post(SHEET, page=SHEET, **{**FORM, "nama": "", "missing": "1"})
    assert answer.status_code == 422


def test_a_password_told_at_the_counter_is_masked(desk: Desk) -> None:
    number = register(desk, problem="tidak bisa login, password saya Rahasia123!")
    assert "Rahasia123" not in desk.rig.ticket(number).problem


def test_script_in_what_was_typed_stays_text(desk: Desk) -> None:
    number = register(desk, instansi="<script>alert(1)</script> CV", problem="<b>gagal</b> upload")
    for page in (f"/console/loket/tiket/{number}", "/console/loket"):
        text = desk.get(page).text
        assert "<script>alert" not in text
        assert "<b>gagal" not in text
        assert "&lt;b&gt;gagal" in text


def test_files_are_taken_and_judged_like_those_of_the_chat(desk: Desk) -> None:
    desk.get(SHEET)
    fields = {**FORM, "csrf": desk.hidden("csrf"), "nonce": desk.hidden("nonce")}
    bad = [("files", ("virus.exe", b"MZ123", "image/png"))]
    answer = desk.call("POST", SHEET, data=fields, files=bad)
    assert answer.status_code == 422
    assert "tidak bisa kami terima" in seen(answer)
    good = [("files", ("layar.png", PNG, "image/png"))]
    answer = desk.call("POST", SHEET, data=fields, files=good)
    assert answer.status_code == 303, seen(answer)
    (file,) = desk.rig.rows("SELECT name, ticket_id, state FROM attachments")
    assert (file.name, file.state) == ("layar.png", "stored")
    assert file.ticket_id == desk.rig.ticket().id


def test_a_phone_call_and_a_complaint_are_registered_as_such(desk: Desk) -> None:
    number = register(desk, source="phone", kind="masukan", category="keberatan")
    ticket = desk.rig.ticket(number)
    assert (ticket.source, ticket.kind, ticket.category) == ("phone", "masukan", "keberatan")


def test_the_receipt_has_the_layout_of_the_paper_form(desk: Desk) -> None:
    shown = seen(desk.get(f"/console/loket/tiket/{register(desk)}"))
    wanted = (
        "Hari/Tanggal Senin, 23 November 2026",
        "Waktu 09.00 WIB",
        "A. Identitas a. Nama Hendra Wijaya b. Nama Instansi/Perusahaan CV Sinar Terang",
        "c. Alamat",
        "d. Nomor Telepon/HP 0812-7777-8899",
        "B. Permasalahan",
        "C. Jawaban/Solusi Permasalahan",
        "Pemberi Penjelasan",
    )
    at = [shown.index(piece) for piece in wanted]
    assert at == sorted(at)


def test_looking_at_a_form_is_logged(desk: Desk) -> None:
    number = register(desk)
    desk.get(f"/console/loket/tiket/{number}")
    assert f"form:{number}" in looked_at(desk.rig)


def test_whoever_has_no_business_there_is_told_so(rig: Rig) -> None:
    rig.hire("adi", "kepala_unit")
    answer = Desk(rig).enter("adi").get("/console/loket")
    assert answer.status_code == 403
    assert "Peran Anda tidak bisa" in seen(answer)


# Guest book


def test_a_guest_is_written_down_and_gets_a_number(desk: Desk) -> None:
    page = "/console/loket"
    shown = desk.do(
        "/console/loket/tamu", page=page, name="siti aminah", phone="0812 3456 7890", numbered="1"
    )
    assert "A-001" in seen(shown)
    (guest,) = desk.rig.rows("SELECT name, phone FROM guests")
    assert (guest.name, guest.phone) == ("Siti Aminah", "+6281234567890")
    assert "Siti Aminah" in seen(desk.get(page))


def test_a_ticket_of_a_guest_is_linked_with_their_line(desk: Desk) -> None:
    desk.do("/console/loket/tamu", page="/console/loket", name="Siti Aminah", organisation="CV A")
    page = desk.get(f"{SHEET}?tamu=1")
    assert 'value="Siti Aminah"' in page.text
    desk.post(SHEET, **FORM, tamu="1")
    (guest,) = desk.rig.rows("SELECT ticket_id FROM guests")
    assert guest.ticket_id == desk.rig.ticket().id


def test_the_book_of_another_day_is_there_and_each_look_is_logged(desk: Desk) -> None:
    desk.do("/console/loket/tamu", page="/console/loket", name="Siti Aminah")
    desk.rig.clock.move(timedelta(days=1))
    desk.enter("dewi")
    assert "Siti" not in seen(desk.get("/console/loket/tamu"))
    assert "Siti Aminah" in seen(desk.get("/console/loket/tamu?tanggal=2026-11-23"))
    assert "guests:2026-11-23" in looked_at(desk.rig)


def test_a_date_that_is_none_is_today(desk: Desk) -> None:
    assert desk.get("/console/loket/tamu?tanggal=kemarin").status_code == 200


# The queue


def take_numbers(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.do("/console/loket/nomor", page="/console/loket")


def at_desk(desk: Desk, name: str) -> Desk:
    desk.do("/console/loket/meja", page="/console/loket", desk=name)
    return desk


def test_numbers_are_printed_called_and_served(desk: Desk) -> None:
    shown = seen(desk.do("/console/loket/nomor", page="/console/loket"))
    assert "A-001" in shown
    assert "Anda yang berikutnya" in shown
    at_desk(desk, "Loket 3")
    assert "A-001 dipanggil ke Loket 3" in seen(desk.do("/console/loket/panggil"))
    (row,) = desk.rig.rows("SELECT id FROM counter_turns")
    assert "sudah di Loket 3" in seen(desk.do(f"/console/loket/antrean/{row.id}/datang"))


def test_without_a_desk_nobody_is_called(desk: Desk) -> None:
    take_numbers(desk, 1)
    assert "Pilih dulu" in seen(desk.do("/console/loket/panggil", page="/console/loket"))


def test_two_browsers_call_two_numbers(desk: Desk) -> None:
    take_numbers(desk, 2)
    other = at_desk(Desk(desk.rig).enter("dewi"), "Loket 2")
    at_desk(desk, "Loket 1")
    assert "A-001 dipanggil ke Loket 1" in seen(desk.do("/console/loket/panggil"))
    assert "A-002 dipanggil ke Loket 2" in seen(other.do("/console/loket/panggil"))


def test_a_double_click_calls_one_number(desk: Desk) -> None:
    take_numbers(desk, 2)
    at_desk(desk, "Loket 1")
    desk.get("/console/loket")
    desk.post("/console/loket/panggil")
    again = desk.post("/console/loket/panggil")
    assert "Sudah dilakukan" in html.unescape(httpx.URL(again.headers["location"]).params["pesan"])
    assert len(desk.rig.rows("SELECT id FROM counter_turns WHERE state = 'called'")) == 1


def test_each_call_leaves_a_trace(desk: Desk) -> None:
    take_numbers(desk, 1)
    at_desk(desk, "Loket 1")
    desk.do("/console/loket/panggil")
    assert "counter:2026-11-23:A-001 called Loket 1" in looked_at(desk.rig)


def test_a_desk_or_a_deed_that_is_not_there_is_refused(desk: Desk) -> None:
    take_numbers(desk, 1)
    desk.get("/console/loket")
    assert desk.post("/console/loket/meja", desk="Loket 99").status_code == 403
    assert desk.post("/console/loket/antrean/1/hapus").status_code == 404
    assert desk.post("/console/loket/antrean/x/datang").status_code == 404
    assert desk.get("/console/loket/nomor/77").status_code == 404


def test_forged_forms_change_nothing(desk: Desk) -> None:
    answer = desk.call("POST", "/console/loket/nomor", data={"nonce": "abcdefgh"})
    assert answer.status_code == 403
    assert desk.rig.count("counter_turns") == 0


# Canned replies


def replies(desk: Desk, **query: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = desk.call("GET", "/console/balasan.json", params=query).json()
    return found


def test_replies_are_filled_for_the_ticket(desk: Desk) -> None:
    number = register(desk)
    found = replies(desk, number=number)
    texts = "\n".join(reply["text"] for reply in found)
    assert "Hendra Wijaya" in texts
    assert number in texts
    assert {"title", "text"} <= found[0].keys()
    assert len([reply for reply in found if reply["kind"] == "canned"]) >= 12


def test_the_answer_about_the_tickets_topic_can_be_inserted(desk: Desk) -> None:
    faq = [reply for reply in replies(desk, number=register(desk)) if reply["kind"] == "faq"]
    assert faq[0]["title"] == "Upload dokumen penawaran gagal"
    assert "Panduan umum, mohon dikonfirmasi" in faq[0]["text"]
    assert "Sumber:" in faq[0]["text"]
    assert "*" not in faq[0]["text"]


def test_answers_of_an_old_era_say_so(desk: Desk) -> None:
    found = replies(desk, q="lupa password penyedia")
    old = next(r for r in found if r["title"] == "Lupa password akun penyedia")
    assert "sebelum INAPROC" in old["note"]


def test_replies_and_answers_are_searched(desk: Desk) -> None:
    found = replies(desk, q="tangkapan layar")
    assert any("tangkapan layar" in reply["title"].lower() for reply in found)
    assert all(
        reply["kind"] == "faq" or "layar" in (reply["title"] + reply["text"]).lower()
        for reply in found
    )
    assert replies(desk, q="zzzzqqq") == [] or all(r["kind"] == "faq" for r in replies(desk, q="z"))


def test_an_office_brings_its_own_replies(make_rig: Callable[..., Rig], tmp_path: Path) -> None:
    folder = tmp_path / "canned"
    folder.mkdir()
    (folder / "01_dipelajari.j2").write_text(
        "{# Sapaan kami #}\nHalo {{ name }}, saya {{ agent }}."
    )
    (folder / "99_tutup.j2").write_text(
        "{# Kantor tutup #}\nBuka {{ office.identity.hours_text }}."
    )
    rig = make_rig(change=lambda raw: raw.update(canned=str(folder)))
    rig.hire("dewi", "front_office")
    found = replies(Desk(rig).enter("dewi"))
    titles = [reply["title"] for reply in found]
    assert titles[0] == "Sapaan kami"
    assert "Kantor tutup" in titles
    assert "Laporan diterima, sedang dipelajari" not in titles
    assert any("Halo , saya Dewi." in reply["text"] for reply in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tanpa judul", "title"),
        ("{# Judul #}\n{{ rahasia }}", "rahasia"),
        ("{# Judul #}\n{{ name", "x.j2"),
        ("{# Judul #}\n{{ office.tidak_ada }}", "tidak_ada"),
    ],
)
def test_a_broken_reply_is_told_at_the_start(
    make_rig: Callable[..., Rig], tmp_path: Path, text: str, words: str
) -> None:
    folder = tmp_path / "canned"
    folder.mkdir()
    (folder / "x.j2").write_text(text)
    with pytest.raises(ConfigError, match=re.escape(words)):
        make_rig(change=lambda raw: raw.update(canned=str(folder)))
