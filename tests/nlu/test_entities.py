"""Entities by their form, and look-alikes that are none."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.text.entities import FINDERS, LONGEST, find_entities


def found(text: str) -> list[tuple[str, str]]:
    return [(entity.entity, entity.value) for entity in find_entities(text)]


def values(text: str, kind: str) -> list[str]:
    return [value for name, value in found(text) if name == kind]


def first(text: str, kind: str) -> str | None:
    return next(iter(values(text, kind)), None)


NUMBERS = [
    ("cek tiket LPSE-2611-00042-K dong", "ticket_number", "LPSE-2611-00042-K"),
    ("status lpse 2611 00042 k", "ticket_number", "LPSE-2611-00042-K"),
    ("lpse261100042k", "ticket_number", "LPSE-2611-00042-K"),
    ("lpse-261100042-k?", "ticket_number", "LPSE-2611-00042-K"),
    ("nomor ANT-2611-00001-3.", "ticket_number", "ANT-2611-00001-3"),
    ("hp 081234567890", "phone", "+6281234567890"),
    ("0812-3456-7890", "phone", "+6281234567890"),
    ("0812 3456 7890", "phone", "+6281234567890"),
    ("0812.3456.7890", "phone", "+6281234567890"),
    ("+62 812 3456 7890", "phone", "+6281234567890"),
    ("+62 812-3456-7890", "phone", "+6281234567890"),
    ("6281234567890", "phone", "+6281234567890"),
    ("wa 81234567890", "phone", "+6281234567890"),
    ("telp (021) 5550100", "phone", "+62215550100"),
    ("0812-3456-7890 30 menit lagi tutup", "phone", "+6281234567890"),
    ("hp 081234567890\n2 orang", "phone", "+6281234567890"),
    ("ke Budi.S@Contoh.co.id ya", "email", "budi.s@contoh.co.id"),
    ("npwp 01.234.567.8-901.234", "npwp", "012345678901234"),
    ("01.234.567.8 901.234", "npwp", "012345678901234"),
    ("npwp saya 012345678901234", "npwp", "012345678901234"),
    ("npwp 0012345678901234", "npwp", "0012345678901234"),
    ("npwp baru 1234 5678 9012 3456", "npwp", "1234567890123456"),
    ("npwp 16 digit 3271234567890123", "npwp", "3271234567890123"),
    ("kode tender 10023456", "kode_tender", "10023456"),
    ("kode RUP: 34567890", "kode_tender", "34567890"),
    ("paket 1002345678 gagal", "kode_tender", "1002345678"),
    ("paket yang kode 10023456", "kode_tender", "10023456"),
    ("tender pembangunan pasar kode 10023456", "kode_tender", "10023456"),
    ("paketnya 10023456", "kode_tender", "10023456"),
    ("kode 10023456", "kode_tender", "10023456"),
    ("10023456 itu paket saya", "kode_tender", "10023456"),
    ("10023456 (tender)", "kode_tender", "10023456"),
    ("sirup 34567890 belum muncul", "kode_tender", "34567890"),
    ("buka https://spse.inaproc.id/kab.", "url", "https://spse.inaproc.id/kab"),
    ("(https://spse.inaproc.id)", "url", "https://spse.inaproc.id"),
    ("spse.inaproc.id/kab error", "url", "spse.inaproc.id/kab"),
    ("www.lpse.bogorkab.go.id", "url", "www.lpse.bogorkab.go.id"),
    ("bit.ly/abc123", "url", "bit.ly/abc123"),
    ("user id: budi_123", "user_id", "budi_123"),
    ("user id nya ptmaju", "user_id", "ptmaju"),
    ("username: x_y", "user_id", "x_y"),
    ("username= ptmaju", "user_id", "ptmaju"),
    ("id penyedia saya cvmaju99 terkunci", "user_id", "cvmaju99"),
    ("user id saya adalah MajuJaya", "user_id", "MajuJaya"),
    ("user saya ptmaju88 ga bisa masuk", "user_id", "ptmaju88"),
]
NAMES = [
    ("pakai e-katalog", "application", "e-Katalog"),
    ("Spam kodok error", "application", "Spamkodok"),
    ("data sikap saya", "application", "SIKaP"),
    ("inaproc", "application", "INAPROC"),
    ("si rup", "application", "SiRUP"),
    ("SPSE Authenticator", "application", "SPSE Authenticator"),
    ("tiket di lpse support", "application", "LPSE Support"),
    ("login AMEL", "application", "AMEL"),
    ("aplikasi simpel", "application", "SIMPeL"),
    ("tte dari bsre", "application", "BSrE"),
    ("bela pengadaan", "application", "Bela Pengadaan"),
    ("akun tokodaring", "application", "Toko Daring"),
    ("error 500 saat login", "error_code", "500"),
    ("muncul 404", "error_code", "404"),
    ("404 not found", "error_code", "404"),
    ("muncul tulisan bad gateway", "error_code", "502"),
    ("eror kode E-102", "error_code", "E-102"),
    ("kode 0x80072ee7", "error_code", "0x80072EE7"),
    ("ERR_CONNECTION_TIMED_OUT", "error_code", "ERR_CONNECTION_TIMED_OUT"),
    ("net::ERR_NAME_NOT_RESOLVED", "error_code", "ERR_NAME_NOT_RESOLVED"),
    ("muncul PWD-001", "error_code", "PWD-001"),
    ("error executeupdate pada tabel", "error_code", "executeUpdate"),
]
DEADLINES = [
    ("tutup besok jam 10", "besok jam 10"),
    ("2 jam lagi ditutup", "2 jam lagi"),
    ("sejam lagi", "sejam lagi"),
    ("stgh jam lg tutup", "stgh jam lg"),
    ("nanti sore", "nanti sore"),
    ("nanti sore jam 3", "nanti sore jam 3"),
    ("jam 15.00 wib hari ini", "jam 15.00 wib hari ini"),
    ("tgl 25 nov pukul 23:59", "tgl 25 nov pukul 23:59"),
    ("batas 25/11/2026", "25/11/2026"),
    ("batas 25 November 2026 jam 10", "25 November 2026 jam 10"),
    ("ditutup lusa", "lusa"),
    ("penutupan hari senin", "hari senin"),
    ("senin jam 10 tutup", "senin jam 10"),
    ("tinggal 30 menit", "tinggal 30 menit"),
    ("sisa waktu 1 jam", "sisa waktu 1 jam"),
    ("kurang dari 2 jam", "kurang dari 2 jam"),
    ("hari ini terakhir", "hari ini"),
    ("batas jam 14.00 wib", "batas jam 14.00 wib"),
    ("minggu depan", "minggu depan"),
]
PEOPLE = [
    ("saya PPK dinas PU", "ppk"),
    ("PA/KPA", "pa_kpa"),
    ("PA", "pa_kpa"),
    ("selaku PA", "pa_kpa"),
    ("saya pejabat pengadaan", "pp"),
    ("admin agency", "admin"),
    ("saya admin baru di lpse", "admin"),
    ("kami rekanan baru", "penyedia"),
    ("kami dari CV Maju", "penyedia"),
    ("warga biasa", "masyarakat"),
    ("dari inspektorat min", "auditor"),
    ("saya penyedia, pokja bilang dokumen kurang", "penyedia"),
    ("pokja bilang dokumen kurang, saya penyedia", "penyedia"),
    ("mau tanya ke pokja, saya ini penyedia", "penyedia"),
    ("saya bukan ppk, saya pokja", "pokja"),
    ("saya PPK, penyedianya dari PT Maju", "ppk"),
]


@pytest.mark.parametrize(("text", "entity", "value"), [*NUMBERS, *NAMES])
def test_a_value_is_found_and_normalised(text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(text)


@pytest.mark.parametrize(("text", "value"), DEADLINES)
def test_a_time_limit_is_found_as_typed(text: str, value: str) -> None:
    assert first(text, "deadline") == value


@pytest.mark.parametrize(("text", "value"), PEOPLE)
def test_the_kind_of_user_is_the_writers_own(text: str, value: str) -> None:
    assert first(text, "user_type") == value


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("kode tender 1002345678", "ticket_number"),
        ("kode tender 1002345678", "phone"),
        ("npwp 01.234.567.8-901.234", "phone"),
        ("0800", "phone"),
        ("3271234567890123", "npwp"),
        ("1234 5678 9012 3456", "npwp"),
        ("10023456", "kode_tender"),
        ("paket senilai 150000000", "kode_tender"),
        ("paket hp 0812345678", "kode_tender"),
        ("paket 1500000000 rupiah", "kode_tender"),
        ("kode otp 123456", "kode_tender"),
        ("user id saya lupa", "user_id"),
        ("user id: lupa", "user_id"),
        ("user id nya apa ya", "user_id"),
        ("user id saya tidak bisa", "user_id"),
        ("ganti user id dua2nya", "user_id"),
        ("user id udah dipakai", "user_id"),
        ("harga 500 juta", "error_code"),
        ("katanya naik jadi 400", "error_code"),
        ("500 orang", "error_code"),
        ("kode tender 500123", "error_code"),
        ("tadi jam 10 sudah bisa", "deadline"),
        ("hari senin kemarin", "deadline"),
        ("sampai hari ini belum masuk", "deadline"),
        ("akta tgl 3 mei 2015", "deadline"),
        ("jaminan kurang 2 hari", "deadline"),
        ("01.234.567.8-901.234", "deadline"),
        ("siang pa", "user_type"),
        ("min admin tolong", "user_type"),
        ("saya admin PT Maju", "masyarakat"),
        ("tanya ke pokja saja", "user_type"),
        ("ppk menolak terus", "user_type"),
        ("PP No 16", "user_type"),
        ("sikap petugas kurang ramah", "application"),
        ("simpel saja", "application"),
        ("halo amel", "application"),
        ("budi@spse.id", "application"),
    ],
)
def test_a_look_alike_is_not_taken(text: str, entity: str) -> None:
    assert entity not in [name for name, _ in found(text)]


def test_offsets_point_at_the_value_behind_emoji_and_accents() -> None:
    text = "👍 café, hp 0812-3456-7890!"
    (phone,) = find_entities(text)
    assert text[phone.start : phone.end] == "0812-3456-7890"


def test_entities_stand_in_order_and_never_overlap() -> None:
    entities = find_entities(
        "Saya Budi, PPK, 0812-3456-7890, budi@contoh.id, tiket LPSE-2611-00042-K, SPSE error 500"
        " kode tender 10023456, Kota Bekasi, tutup besok jam 10"
    )
    assert len(entities) == 9
    assert all(a.end <= b.start for a, b in pairwise(entities))


def test_what_stands_beyond_the_limit_is_not_searched() -> None:
    assert find_entities("x" * LONGEST + " spse") == ()


PIECES = [
    *(
        "0 ",
        "1",
        "a@",
        "a.",
        "kode ",
        "besok ",
        "(",
        "081 ",
        "x'",
        "paket ",
        "user id saya ",
        "+62 ",
    ),
    *("1234 ", "12.345.", "tgl 1 ", "jam 1 ", "tinggal ", "1-1-", "error ", "ERR_A", "0xf", "404 "),
    *("saya dari ", "pp ", "PT Bogor ", "kab ", "ogan komering ", "http://", "www.", "a.b/", "e "),
    *("lpse 2611 ", "\n", ", ", "\t", "é", "_", "@", "/", "-", "''", "1234567 itu ", "id ", "1/1/"),
    *("hari senin ", "sampai jam ", "Batu ", "👍"),
]


@pytest.mark.parametrize("unit", PIECES)
def test_hostile_texts_take_milliseconds(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    started = time.process_time()
    find_entities(text)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("finder", FINDERS)
def test_no_form_backtracks(finder: object) -> None:
    """Twice the text takes about twice the time, whatever is repeated."""
    assert callable(finder)
    for unit in PIECES:
        text = (unit * LONGEST)[:LONGEST]
        started = time.process_time()
        finder(text)
        assert time.process_time() - started < 0.2, unit


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60).map("".join))
def test_any_text_has_entities_inside_it(text: str) -> None:
    for a, b in pairwise(find_entities(text)):
        assert a.end <= b.start
    for entity in find_entities(text):
        assert 0 <= entity.start < entity.end <= len(text)
        assert entity.value
