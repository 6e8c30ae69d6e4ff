"""What a topic's required data mean in a chat."""

from __future__ import annotations

import pytest

from dialogs import required
from dialogs.answers import Answers
from nlu.text.entities import find_entities
from nlu.understanding import Understanding

ANSWERS = Answers.load()


def understood(text: str) -> Understanding:
    return Understanding(text, entities=find_entities(text))


@pytest.mark.parametrize("topic", ANSWERS.topics())
def test_nothing_personal_or_secret_is_ever_asked_in_the_chat(topic: str) -> None:
    answer = ANSWERS.by_topic[topic]
    asked = required.told_in_chat(answer)
    assert len(asked) <= required.MOST_ASKED
    for label in asked:
        low = label.casefold().split(" (")[0]
        for word in ("ktp", "nik", "password", "otp", "paspor", "surat", "scan", "token", "akta"):
            assert word not in low.split(), label


@pytest.mark.parametrize("topic", ANSWERS.topics())
def test_identity_papers_are_shown_at_the_office_and_never_sent(topic: str) -> None:
    for label in required.prepared(ANSWERS.by_topic[topic]):
        if "ktp" in label.casefold().split():
            assert "jalur resmi" in label or "laman resmi" in label


def test_the_package_s_name_is_not_asked_beside_its_code() -> None:
    answer = ANSWERS.by_topic["hasil_evaluasi"]
    assert required.told_in_chat(answer) == ("kode tender",)


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("User ID", "user id: maju01, lupa password", "maju01"),
        ("kode tender", "kode tender 10045678 gagal upload", "10045678"),
        ("email terdaftar", "email saya a.b@maju.co.id ya", "a.b@maju.co.id"),
        ("jam kejadian", "gagal tadi jam 09.15 wib", "tadi jam 09.15 wib"),
        ("browser yang dipakai", "pakai Chrome 120 masih error", "Chrome 120"),
        ("ukuran berkas", "filenya 45 MB", "45 MB"),
        ("versi Apendo", "apendo v4.1.1 error", "4.1.1"),
        ("alasan", "karena salah klik", None),
        ("User ID", "lupa password akun penyedia", None),
        ("jam kejadian", "gagal terus", None),
    ],
)
def test_a_datum_is_recognised_in_what_was_said(label: str, text: str, value: str | None) -> None:
    assert required.found(label, text, understood(text)) == value


@pytest.mark.parametrize(
    ("label", "said", "value"),
    [
        ("kode tender", "kodenya 10045678 min", "10045678"),
        ("kode tender", "10.045.678", "10045678"),
        ("kode tender", "belum dapat kodenya", None),
        ("email terdaftar", "a@maju.co.id", "a@maju.co.id"),
        ("email terdaftar", "a@maju", None),
        ("User ID", "maju01", "maju01"),
        ("User ID", "user id saya maju01 min", "maju01"),
        ("User ID", "tidak pernah dikasih tahu", None),
        ("tahap", "pemasukan penawaran", "pemasukan penawaran"),
        ("tahap", "x" * 300, None),
    ],
)
def test_an_answer_is_checked(label: str, said: str, value: str | None) -> None:
    assert required.checked(label, said).value == value


def test_two_addresses_of_one_kind_are_told_apart_by_asking() -> None:
    assert not required.alone("email lama", ("email lama", "email baru"))
    assert required.alone("email lama", ("email lama", "NPWP"))
