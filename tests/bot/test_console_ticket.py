"""A ticket's page: what it shows, and every action's form."""

from __future__ import annotations

import html
import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from bot.web.console import views
from bot.web.console.doing import VERBS
from bot.web.console.ticket import disposition
from handoff import actions as a
from handoff import rights
from storage.repositories import receipts
from tests.bot.console import Desk, seen
from tests.bot.desk_work import open_ticket
from tests.rig import PNG, Rig

EVIL = "<script>alert(1)</script>"
EVIL_NAME = '"><img src=x onerror=alert(1)>.png'


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """Rina at her browser."""
    rig.hire("rina", "helpdesk")
    rig.hire("adi", "helpdesk", "admin_lpse")
    return Desk(rig).enter("rina")


def at(number: str, verb: str = "") -> str:
    return f"/console/tiket/{number}" + (f"/{verb}" if verb else "")


def act(desk: Desk, number: str, verb: str, **fields: Any) -> str:
    """One form of the ticket's page; what the page says then."""
    return seen(desk.do(at(number, verb), page=at(number), **fields))


def refused(desk: Desk, number: str, verb: str, **fields: Any) -> httpx.Response:
    answer = desk.post(at(number, verb), page=at(number), **fields)
    assert answer.status_code == 409, seen(answer)
    return answer


def send(desk: Desk, number: str, text: str, *files: tuple[str, bytes]) -> httpx.Response:
    """A reply with files."""
    desk.get(at(number))
    fields = {"csrf": desk.hidden("csrf"), "nonce": desk.hidden("nonce"), "teks": text}
    uploads = [("berkas", (name, data, "application/octet-stream")) for name, data in files]
    return desk.call("POST", at(number, "balas"), data=fields, files=uploads)


def test_the_page_shows_the_form_its_clocks_and_who_holds_it(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    page = seen(desk.get(at(number)))
    for words in (
        "Budi Santoso",
        "CV Maju Jaya",
        "0812-3456-7890",
        "gagal upload",
        "Belum dipegang",
    ):
        assert words in page
    assert "Tanggapan" in page
    assert "Utuh: rantai" in page


def test_every_action_has_a_form_and_every_form_an_action() -> None:
    assert {verb.action for verb in VERBS.values()} == set(rights.TABLE)


def test_script_in_whatever_a_user_wrote_does_nothing(rig: Rig, desk: Desk) -> None:
    answers = {"nama": EVIL, "instansi": EVIL, "alamat": EVIL, "telepon": "+6281234567890"}
    number = open_ticket(rig, problem=EVIL, answers=answers)
    rig.act("rina", a.ReplyToUser(EVIL), number)
    rig.act("rina", a.WriteNote(EVIL), number)
    rig.act("rina", a.AskData(((EVIL, "text"),)), number)
    rig.say(EVIL, files=(rig.file(EVIL_NAME),))
    for page in (at(number), "/console/", "/console/?q=alert"):
        answer = desk.get(page)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


def test_bold_is_only_ours_and_a_private_link_stays_private() -> None:
    ours = views.words("*Rina*: buka {link} & <b>", ours=True)
    assert ours == "<strong>Rina</strong>: buka (tautan pribadi) &amp; &lt;b&gt;"
    assert views.words("*penting* {link}", ours=False) == "*penting* {link}"


def test_taking_and_replying_reaches_the_user_with_name_and_number(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    assert "sekarang Anda pegang" in act(desk, number, "ambil")
    page = act(desk, number, "balas", teks="Selamat pagi, coba unggah ulang.")
    assert "Terkirim." in page
    rig.settle()
    said = rig.answers()[-1]
    assert said.author == "person"
    assert number in said.text
    assert "Selamat pagi" in said.text
    page = seen(desk.get(at(number)))
    assert "belum dibuka" in page
    rig.fetched()
    assert "sudah dibuka" in seen(desk.get(at(number)))


def test_the_same_form_twice_is_one_reply(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    desk.get(at(number))
    nonce = desk.hidden("nonce")
    for _ in range(2):
        desk.post(at(number, "balas"), nonce=nonce, teks="sekali saja")
    rig.settle()
    assert sum("sekali saja" in s.text for s in rig.answers()) == 1


def test_what_was_typed_comes_back_when_it_is_refused(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    answer = refused(desk, number, "selesai", solusi="Sudah ditarik <ulang>", penjelas=" ")
    assert "Isi dulu Pemberi Penjelasan." in seen(answer)
    assert "Sudah ditarik &lt;ulang&gt;</textarea>" in answer.text
    assert re.search(r'<details class="act" id="a-selesai"[^>]* open>', answer.text)
    assert rig.ticket(number).state == "baru"


def test_too_long_a_text_is_refused_whole(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    answer = refused(desk, number, "balas", teks="x" * 8001)
    assert "terlalu panjang" in seen(answer)
    assert "x" * 8001 in answer.text


def test_a_note_is_shown_as_one_and_never_sent(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    before = rig.last_seq()
    act(desk, number, "catatan", teks="kemungkinan batas unggah")
    rig.settle()
    assert rig.last_seq() == before
    page = desk.get(at(number)).text
    assert re.search(r'(?s)<li class="msg note".*?kemungkinan batas unggah.*?tidak terlihat', page)


def test_files_go_out_with_a_reply_and_open_in_the_console(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    answer = send(desk, number, "lihat ini", ("langkah 1.png", PNG), ("panduan.txt", b"satu dua"))
    assert answer.status_code == 303, seen(answer)
    rig.settle()
    page = desk.get(at(number)).text
    links = dict(
        re.findall(r'href="(/console/berkas/\d+)"[^>]*>(?:<img[^>]*>)?<span>([^<]*)', page)
    )
    assert sorted(links.values()) == ["langkah 1.png", "panduan.txt"]
    got = {name: desk.get(path) for path, name in links.items()}
    assert got["langkah 1.png"].content == PNG
    assert got["langkah 1.png"].headers["content-type"] == "image/png"
    assert got["langkah 1.png"].headers["content-disposition"].startswith("inline")
    assert got["panduan.txt"].headers["content-disposition"].startswith("attachment")
    assert got["panduan.txt"].headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("virus.exe", b"MZ", "jenisnya tidak diterima"),
        ("kosong.txt", b"", "kosong"),
        ("palsu.png", b"<html><script>", "jenisnya tidak diterima"),
    ],
)
def test_a_file_that_users_may_not_send_agents_may_not_either(
    rig: Rig, desk: Desk, name: str, data: bytes, reason: str
) -> None:
    number = open_ticket(rig)
    answer = send(desk, number, "lampiran", ("baik.txt", b"baik"), (name, data))
    assert answer.status_code == 409
    assert reason in seen(answer)
    assert "lampiran</textarea>" in answer.text
    assert rig.count("attachments") == 0


def test_a_file_of_no_ticket_is_not_shown(rig: Rig, desk: Desk) -> None:
    rig.hear("ini", files=(rig.file("pribadi.png"),))
    rig.settle()
    (row,) = rig.rows("SELECT id FROM attachments")
    assert desk.get(f"/console/berkas/{row.id}").status_code == 404
    for bad in ("0", "999", "x", "1" * 40, "-1"):
        assert desk.get(f"/console/berkas/{bad}").status_code == 404
    number = open_ticket(rig)
    assert desk.get(f"/console/berkas/{row.id}").status_code == 200
    assert "pribadi.png" in desk.get(at(number)).text


@pytest.mark.parametrize("name", ['a"b.png', "a\r\nX: y.png", "é ü.pdf", "../../x;filename=y.png"])
def test_any_name_is_safe_in_a_header(name: str) -> None:
    value = disposition(name, inline=False)
    assert value.isascii()
    assert "\n" not in value
    assert "\r" not in value
    assert value.count('"') == 2


def test_only_this_tickets_words_are_shown(rig: Rig, desk: Desk) -> None:
    rig.say("dahulu kala")
    rig.wait(timedelta(hours=2))
    rig.say("sesaat sebelumnya")
    first = open_ticket(rig, problem="masalah satu")
    second = open_ticket(rig, problem="masalah dua")
    rig.act("rina", a.ReplyToUser("jawaban untuk satu"), first)
    rig.act("rina", a.ReplyToUser("jawaban untuk dua"), second)
    page = seen(desk.get(at(first)))
    assert "sesaat sebelumnya" in page
    assert "jawaban untuk satu" in page
    for words in ("dahulu kala", "jawaban untuk dua"):
        assert words not in page
    other = open_ticket(rig, "wati")
    assert "sesaat sebelumnya" not in seen(desk.get(at(other)))


def test_looking_is_logged_once_in_ten_minutes(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    ticket = rig.ticket(number)
    for _ in range(3):
        desk.get(at(number))
        desk.get(at(number), headers={"X-Fragment": "1"})
    looks = "SELECT what FROM access_log WHERE what = :what"
    assert len(rig.rows(looks, what=f"ticket:{ticket.id}")) == 1
    rig.wait(timedelta(minutes=11))
    desk.get(at(number), headers={"X-Fragment": "1"})
    assert len(rig.rows(looks, what=f"ticket:{ticket.id}")) == 2


def test_the_packet_holds_form_talk_and_files_and_no_note(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    rig.act("adi", a.ReplyToUser("mohon *tangkapan* layar"), number)
    rig.settle()
    rig.say("ini min", files=(rig.file("../galat?.png"), rig.file("galat.png", PNG + b"2")))
    rig.act("adi", a.WriteNote("rahasia kita"), number)
    assert desk.get(at(number, "paket.zip")).status_code == 403
    desk.enter("adi")
    answer = desk.get(at(number, "paket.zip"))
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert names[:2] == ["formulir.txt", "percakapan.txt"]
    assert all(re.fullmatch(r"berkas/\d\d-[\w.]+", name) for name in names[2:])
    assert {archive.read(name) for name in names[2:]} == {PNG, PNG + b"2"}
    form, talk = (archive.read(name).decode("utf-8-sig") for name in names[:2])
    for words in ("Budi Santoso", "0812-3456-7890", "gagal upload", number, "Pemberi Penjelasan"):
        assert words in form
    assert "ini min" in talk
    assert "Adi" in talk
    assert "rahasia" not in form + talk
    assert len(rig.rows("SELECT 1 FROM access_log WHERE what LIKE 'packet:%'")) == 1


def test_asking_for_data_from_rows_of_the_form(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    fields = {"item_1": "Akta", "macam_1": "file", "item_3": "NPWP", "macam_3": "text"}
    empty = {"item_2": "", "macam_2": "any"}
    assert "Permintaan data" in act(
        desk, number, "data", **fields, **empty, teks="Untuk verifikasi"
    )
    rows = rig.rows("SELECT label, kind FROM data_items ORDER BY n")
    assert [tuple(row) for row in rows] == [("Akta", "file"), ("NPWP", "text")]
    page = seen(desk.get(at(number)))
    assert "belum diketahui sampai ke pengguna" in page
    assert "Perlu ditelepon" in page
    (call,) = rig.rows("SELECT id FROM calls")
    act(desk, number, "telepon", panggilan=str(call.id), hasil="ya", teks="sudah bicara")
    assert rig.rows("SELECT state FROM calls")[0].state == "done"


def test_data_can_be_moved_to_another_ticket_of_the_same_person(rig: Rig, desk: Desk) -> None:
    wrong, right = open_ticket(rig), open_ticket(rig, problem="masalah lain")
    rig.act("rina", a.AskData((("NPWP", "any"),)), wrong)
    rig.settle()
    rig.say("01.234.567.8-901.000")
    (piece,) = rig.rows("SELECT id FROM data_pieces")
    page = desk.get(at(wrong)).text
    assert f'name="data" value="{piece.id}"' in page
    assert "dipindahkan" in act(desk, wrong, "pindah", data=str(piece.id), ke_nomor=right)
    assert "01.234.567.8-901.000" in seen(desk.get(at(right)))


def test_a_broken_history_is_said(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)

    def tamper(unit: Any) -> None:
        unit.connection.exec_driver_sql("UPDATE history_texts SET text = 'lain'")
        unit.connection.exec_driver_sql("UPDATE tickets SET history_seq = 9")

    rig.loket.database.write(tamper).result()
    assert "tidak utuh lagi" in seen(desk.get(at(number)))


def test_only_what_is_allowed_now_has_a_form(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    rig.hire("tono", "kepala_unit")
    kepala = Desk(rig).enter("tono")
    forms = set(re.findall(r'action="/console/tiket/[^/"]+/([\w-]+)"', kepala.get(at(number)).text))
    assert forms == {"catatan", "rekomendasi"}
    page = act(kepala, number, "rekomendasi", teks="minta bantuan LKPP")
    assert "Rekomendasi disimpan." in page
    assert "Peran Anda tidak bisa" in seen(refused(kepala, number, "ambil"))
    forms = set(re.findall(r'action="/console/tiket/[^/"]+/([\w-]+)"', desk.get(at(number)).text))
    assert {"ambil", "balas", "data", "selesai", "tutup", "eskalasi", "jenis"} <= forms
    assert not forms & {"buka", "kembalikan", "lkpp-jawab", "lepas"}


def test_what_another_holds_is_said_with_the_reason(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    rig.act("adi", a.Take(), number)
    page = seen(desk.get(at(number)))
    assert "dipegang petugas lain" in page
    assert "Dipegang Adi" in page


def test_of_two_who_take_at_once_one_is_told(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    other = Desk(rig).enter("adi")
    desk.get(at(number))
    other.get(at(number))
    assert desk.post(at(number, "ambil")).status_code == 303
    late = other.post(at(number, "ambil"))
    assert late.status_code == 409
    assert "sudah diambil Rina" in seen(late)


def test_the_table_suggests_a_priority(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    said = desk.get(at(number, "prioritas?dampak=besar&mendesak=mendesak")).text
    assert said == "Saran tabel prioritas: tinggi (dampak besar, mendesak)."
    assert desk.get(at(number, "prioritas?dampak=besar&mendesak=<b>")).text == ""
    page = act(desk, number, "jenis", jenis="gangguan", dampak="kecil", mendesak="tidak")
    assert "prioritas rendah" in page


def test_the_form_is_filled_as_the_agent_heard_it(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig, answers={"nama": "Budi"})
    page = seen(desk.get(at(number)))
    assert "belum diisi" in page
    act(desk, number, "formulir", isian_instansi="CV Baru", isian_telepon="0857 1111 2222")
    assert "0857-1111-2222" in seen(desk.get(at(number)))
    answer = refused(desk, number, "formulir", isian_telepon="bukan nomor")
    assert 'value="bukan nomor"' in answer.text


def test_solving_asks_the_user_and_a_closed_ticket_can_be_opened_again(
    rig: Rig, desk: Desk
) -> None:
    number = open_ticket(rig)
    page = desk.get(at(number)).text
    assert re.search(r'name="penjelas" value="Rina"', page)
    act(desk, number, "selesai", solusi="Pecah berkasnya.", penjelas="Rina")
    rig.settle()
    assert "Pecah berkasnya." in rig.answers()[-1].text
    act(desk, number, "tutup", alasan="solved")
    page = seen(desk.get(at(number)))
    assert "Pemberi Penjelasan: Rina" in page
    assert "Masalah beres" in page
    assert "Alasan" in page
    act(desk, number, "buka", teks="masih galat")
    assert rig.ticket(number).state != "ditutup"


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("jenis", {"jenis": "gangguan", "dampak": "<b>", "mendesak": "tidak"}),
        ("tugaskan", {"petugas": "satu"}),
        ("tugaskan", {"petugas": "9" * 30}),
        ("data", {"item_1": "x", "macam_1": "lain"}),
        ("lkpp-jawab", {"hasil": "apa"}),
        ("pindah", {"data": "x", "ke_nomor": "y"}),
        ("tutup", {"alasan": "bosan"}),
        ("teruskan", {"unit": "tidak ada", "teks": "x"}),
        ("balas", {"teks": "   "}),
    ],
)
def test_bad_input_is_refused_with_a_sentence(
    rig: Rig, desk: Desk, verb: str, fields: dict[str, str]
) -> None:
    number = open_ticket(rig)
    answer = refused(desk, number, verb, **fields)
    assert re.search(r'<p class="flash refused"[^>]*>[A-Z][^<]+\.', answer.text)
    assert rig.ticket(number).state == "baru"


def test_what_is_not_there_is_not_found(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    assert desk.get(at("LPSE-0000-00000-X")).status_code == 404
    assert desk.post(at(number, "hapus"), page=at(number)).status_code == 404
    assert desk.get(at(number.lower())).status_code == 200


@pytest.mark.parametrize(
    ("delivery", "channel", "seen_at", "receipt", "words"),
    [
        ("queued", "telegram", None, 0, "menunggu dikirim"),
        ("sent", "telegram", None, 0, "terkirim"),
        ("failed", "telegram", None, 0, "GAGAL terkirim"),
        ("unknown", "telegram", None, 0, "tidak pasti sampai"),
        ("sent", "web", None, 0, "belum dibuka"),
        ("sent", "web", 1, 0, "sudah dibuka"),
        (None, "counter", None, 0, "sampaikan lewat telepon"),
        ("held", "whatsapp", None, 0, "menunggu pengguna membuka"),
        (
            "held",
            "whatsapp",
            None,
            receipts.READ,
            "menunggu pengguna membuka (pemberitahuan dibaca)",
        ),
        ("announcing", "whatsapp", None, 0, "menunggu pengguna membuka"),
        ("sent", "whatsapp", None, receipts.ACCEPTED, "terkirim"),
        ("sent", "whatsapp", None, receipts.DELIVERED, "sampai"),
        ("sent", "whatsapp", None, receipts.READ, "dibaca"),
    ],
)
def test_how_a_line_fared_is_said_in_words(
    delivery: str | None, channel: str, seen_at: int | None, receipt: int, words: str
) -> None:
    row = SimpleNamespace(
        delivery=delivery,
        channel=channel,
        seen_at=seen_at,
        receipt=receipt,
        announced=receipt,
        ticket_id=7,
    )
    assert views._fate(row)[1] == words  # type: ignore[arg-type]


def test_history_names_people_and_says_what_was_erased(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    act(desk, number, "catatan", teks="rahasia negara")

    def erase(unit: Any) -> None:
        unit.connection.exec_driver_sql("DELETE FROM history_texts WHERE text = 'rahasia negara'")

    rig.loket.database.write(erase).result()
    page = html.unescape(seen(desk.get(at(number))))
    assert "Catatan internal Rina ·" in page
    assert "(isi sudah dihapus)" in page
    assert "Utuh: rantai" in page


def test_looking_at_a_ticket_sees_what_was_meant_for_this_agent_alone(rig: Rig, desk: Desk) -> None:
    number = open_ticket(rig)
    rig.act("adi", a.Take(), number)
    rig.act("adi", a.Assign(rig.agents["rina"]), number)
    unseen = "SELECT 1 FROM alerts WHERE kind = 'assigned' AND seen_at IS NULL"
    desk.get(at(number), headers={"X-Fragment": "1"})
    assert len(rig.rows(unseen)) == 1
    Desk(rig).enter("adi").get(at(number))
    assert len(rig.rows(unseen)) == 1
    desk.get(at(number))
    assert len(rig.rows(unseen)) == 0
