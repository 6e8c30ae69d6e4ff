"""The topic's data, asked in the form; a second matter in it; what is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from dialogs.checks import check
from dialogs.commands import OpenTicket
from dialogs.conversation import expected

FIELDS = ("buat tiket", "Budi Santoso", "CV Maju Jaya", "Jl. Sudirman No. 5", "0812-3456-7890")
TO_DATA = (*FIELDS, "penyedia", "lupa password", "lanjut")


def test_each_datum_is_asked_with_its_place(user: Any) -> None:
    assert "Data 1 dari 3*: User ID?" in user.say_all(*TO_DATA)
    assert user.labels == ["Lewati", "Lewati semua"]
    assert "Data 2 dari 3" in user.say("maju01")
    assert "Data 3 dari 3" in user.say("kantor@maju.co.id")
    assert "batas waktu" in user.say("lewati")


def test_the_data_stand_at_the_end_of_section_b(user: Any) -> None:
    user.say_all(*TO_DATA, "maju01", "lewati semua", "tidak ada")
    assert "User ID: maju01" in user.text
    user.say("kirim")
    (command,) = user.commands
    assert isinstance(command, OpenTicket)
    assert command.problem == "lupa password\n\nData:\n- User ID: maju01"


@pytest.mark.parametrize(
    "text", ["ga tau min", "lupa", "tidak ada", "gak punya", "nanti aja", "skip"]
)
def test_what_is_not_known_is_skipped(user: Any, text: str) -> None:
    user.say_all(*TO_DATA)
    assert "Data 2 dari 3" in user.say(text)
    assert user.state.draft.data == {}


def test_a_why_is_answered_and_the_question_stands(user: Any) -> None:
    user.say_all(*TO_DATA)
    text = user.say("kenapa harus minta data itu?")
    assert "Lewati" in text
    assert "Data 1 dari 3" in text


def test_the_kind_asked_for_is_known_to_the_mask(user: Any, desk: Any) -> None:
    user.say_all(*TO_DATA, "lewati", "lewati")
    assert expected(user.state, desk) == "npwp"


def test_what_was_said_before_is_not_asked(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia")
    said = user.say("lupa password, user id: maju01, email kantor@maju.co.id")
    assert said
    user.say("lanjut")
    assert user.state.draft.wanted  # the test engine finds no entities: all three are asked
    assert "Data 1 dari" in user.text


def test_a_changed_problem_asks_for_the_new_topic_s_data(user: Any) -> None:
    user.say_all(*TO_DATA, "maju01", "lewati semua", "tidak ada", "ubah permasalahan")
    user.say_all("tulis ulang", "gagal upload penawaran", "lanjut")
    assert "kode tender" in user.text or user.state.draft.topic == "upload_gagal"
    user.say_all("lewati semua", "kirim")
    assert "User ID" not in user.commands[0].problem


def test_kembali_goes_back_through_the_data(user: Any) -> None:
    user.say_all(*TO_DATA, "maju01")
    text = user.say("kembali")
    assert "Yang tercatat: maju01" in text
    assert "Tetap" in user.labels
    assert "Data 2 dari 3" in user.say("tetap")


def test_a_code_is_asked_for_once_more_and_then_taken_as_it_is(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia", "gagal upload penawaran", "lanjut")
    assert "berupa angka" in user.say("TND-ABC")
    user.say("TND-ABC")
    assert user.state.draft.data["kode tender"] == "TND-ABC"


@pytest.mark.parametrize("word", ["kirim", "kirim aja", "submit"])
def test_kirim_at_the_problem_is_no_problem(user: Any, word: str) -> None:
    user.say_all(*FIELDS, "penyedia")
    assert "belum tertulis" in user.say(word)
    user.say("kursor hilang di halaman penawaran")
    user.say(word)
    assert [part.text for part in user.state.draft.parts] == ["kursor hilang di halaman penawaran"]
    assert user.state.draft.asking == "deadline"


def test_a_second_matter_is_told_aloud_and_can_be_put_apart(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia", "gagal upload penawaran")
    text = user.say("oh iya juga lupa password")
    assert "Tiket sendiri" in [choice.label for choice in user.state.asked]
    assert "ikut di tiket yang sama" in text
    user.say("tiket sendiri")
    assert [part.text for part in user.state.draft.parts] == ["gagal upload penawaran"]
    user.say_all("lanjut", "lewati semua", "tidak ada", "kirim")
    assert user.commands[0].problem == "gagal upload penawaran"
    assert "soal yang satunya" in user.text
    assert [part.text for part in user.state.problem] == ["oh iya juga lupa password"]


def test_the_same_matter_in_other_words_is_no_second_one(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia", "gagal upload penawaran")
    assert "Tiket sendiri" not in user.say("upload gagal juga di komputer lain")


def test_loud_words_say_nothing_about_the_time(user: Any) -> None:
    user.say_all(*TO_DATA, "lewati semua")
    assert "jam 15.00" in user.say("URGENT BANGET!!!")
    assert user.state.draft.deadline is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Rina dr", "Rina"), ("Rina dari", "Rina"), ("Budi Santoso dri", "Budi Santoso"),
        ("rina selaku", "Rina"), ("dr. Rina", "dr. Rina"),
    ],
)  # fmt: skip
def test_a_word_left_hanging_is_no_part_of_the_name(said: str, name: str) -> None:
    assert check("name", said).value == name


@pytest.mark.parametrize(
    "text", ["saya Joko mau tanya", "pak saya mau lapor", "mau tanya dong min"]
)
def test_talk_is_no_firm(user: Any, text: str) -> None:
    user.say_all("buat tiket", "Joko Susilo")
    user.say(text)
    assert "instansi" not in user.state.draft.answers


@pytest.mark.parametrize(
    "text", ["CV Maju Jaya", "Dinas PU Kota Batam", "saya dari PT Karya", "pribadi"]
)
def test_a_firm_is_one(user: Any, text: str) -> None:
    user.say_all("buat tiket", "Joko Susilo")
    user.say(text)
    assert user.state.draft.answers["instansi"]
