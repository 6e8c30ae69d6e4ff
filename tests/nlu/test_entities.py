"""Entities by their form, and look-alikes that are none."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from nlu.text.entities import find_entities


def found(text: str) -> list[tuple[str, str]]:
    return [(entity.entity, entity.value) for entity in find_entities(text)]


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("cek tiket LPSE-2611-00042-K dong", "ticket_number", "LPSE-2611-00042-K"),
        ("status lpse 2611 00042 k", "ticket_number", "LPSE-2611-00042-K"),
        ("lpse261100042k", "ticket_number", "LPSE-2611-00042-K"),
        ("lpse-261100042-k?", "ticket_number", "LPSE-2611-00042-K"),
        ("nomor ANT-2611-00001-3.", "ticket_number", "ANT-2611-00001-3"),
        ("hp 081234567890", "phone", "+6281234567890"),
        ("0812-3456-7890", "phone", "+6281234567890"),
        ("+62 812 3456 7890", "phone", "+6281234567890"),
        ("6281234567890", "phone", "+6281234567890"),
        ("telp (021) 5550100", "phone", "+62215550100"),
        ("ke Budi.S@Contoh.co.id ya", "email", "budi.s@contoh.co.id"),
        ("npwp 01.234.567.8-901.234", "npwp", "012345678901234"),
        ("npwp saya 012345678901234", "npwp", "012345678901234"),
        ("npwp 0012345678901234", "npwp", "0012345678901234"),
        ("kode tender 10023456", "kode_tender", "10023456"),
        ("kode RUP: 34567890", "kode_tender", "34567890"),
        ("paket 1002345678 gagal", "kode_tender", "1002345678"),
        ("buka https://spse.inaproc.id/kab.", "url", "https://spse.inaproc.id/kab"),
        ("spse.inaproc.id/kab error", "url", "spse.inaproc.id/kab"),
        ("user id: budi_123", "user_id", "budi_123"),
        ("pakai e-katalog", "application", "e-Katalog"),
        ("Spam kodok error", "application", "Spamkodok"),
        ("data sikap saya", "application", "SIKaP"),
        ("inaproc", "application", "INAPROC"),
        ("error 500 saat login", "error_code", "500"),
        ("muncul 404", "error_code", "404"),
        ("eror kode E-102", "error_code", "E-102"),
        ("tutup besok jam 10", "deadline", "besok jam 10"),
        ("2 jam lagi ditutup", "deadline", "2 jam lagi"),
        ("nanti sore", "deadline", "nanti sore"),
        ("hari ini terakhir", "deadline", "hari ini"),
        ("batas jam 14.00 wib", "deadline", "batas jam 14.00 wib"),
        ("saya PPK dinas PU", "user_type", "ppk"),
        ("PA/KPA", "user_type", "pa_kpa"),
        ("saya pejabat pengadaan", "user_type", "pp"),
        ("admin agency", "user_type", "admin"),
        ("kami rekanan baru", "user_type", "penyedia"),
    ],
)
def test_a_value_is_found_and_normalised(text: str, entity: str, value: str) -> None:
    assert (entity, value) in found(text)


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("kode tender 1002345678", "ticket_number"),
        ("kode tender 1002345678", "phone"),
        ("npwp 01.234.567.8-901.234", "phone"),
        ("harga 500 juta", "error_code"),
        ("tadi jam 10 sudah bisa", "deadline"),
        ("siang pa", "user_type"),
        ("min admin tolong", "user_type"),
        ("sikap petugas kurang ramah", "application"),
        ("user id saya lupa", "user_id"),
        ("budi@spse.id", "application"),
        ("0800", "phone"),
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
    )
    assert len(entities) == 6
    assert all(a.end <= b.start for a, b in pairwise(entities))


@pytest.mark.parametrize("unit", ["0 ", "1", "a@", "a.", "kode ", "besok ", "(", "081 ", "x'"])
def test_hostile_texts_take_milliseconds(unit: str) -> None:
    text = (unit * 4000)[:4000]
    started = time.process_time()
    find_entities(text)
    assert time.process_time() - started < 0.5
