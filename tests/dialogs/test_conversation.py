"""First moments, answers, suggestions, misses, acts: the talk outside the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dialogs.commands import (
    CallHuman,
    OpenPersonalDataRequest,
    OpenTicket,
    RecordConsultation,
    RecordMiss,
    RedeemLink,
    RevokeLinks,
)
from dialogs.heard import Heard
from dialogs.turn import Settle

Maker = Callable[..., Any]


def test_a_first_question_is_answered_at_once_with_the_privacy_notice(user: Any) -> None:
    text = user.say("gagal upload penawaran")
    assert "Upload dokumen penawaran gagal" in text
    assert "privasi" in text
    assert user.labels == ["Terjawab", "Belum terjawab", "Buat tiket", "Petugas", "Privasi"]
    assert len(user.turn.replies) == 1


def test_the_privacy_notice_comes_once(user: Any) -> None:
    user.say("gagal upload")
    assert "Selengkapnya" not in user.say("lupa password")


def test_the_privacy_notice_is_at_most_three_lines(desk: Any) -> None:
    notice = desk.texts.render("privacy_notice", office=desk.office)
    assert len(notice.splitlines()) <= 3
    assert len(notice) <= 160


def test_a_greeting_gets_a_greeting_and_the_menu(user: Any) -> None:
    text = user.say("halo min selamat pagi")
    assert "LPSE Kabupaten Contoh" in text
    assert user.labels[:4] == ["Ajukan pertanyaan", "Buat tiket", "Cek tiket", "Petugas"]
    assert user.turn.settle is Settle.FRAGMENT


def test_a_screenshot_alone_is_kept_and_the_bot_asks_what_happened(user: Any) -> None:
    assert "Apa yang terjadi" in user.file(7)
    assert user.state.files == (7,)
    assert user.turn.settle is Settle.FRAGMENT


def test_a_voice_note_is_kept_and_text_is_asked_for(user: Any) -> None:
    assert "Pesan suaranya kami simpan" in user.file(8, "voice")
    assert user.state.files == (8,)


@pytest.mark.parametrize("kind", ["sticker", "location", "poll"])
def test_what_cannot_be_read_is_kindly_refused(user: Any, kind: str) -> None:
    assert "tulis" in user.send(Heard(other=kind)).casefold()


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_message_is_asked_to_be_written(user: Any, text: str) -> None:
    assert "kosong" in user.say(text)


def test_a_burst_gets_one_answer(user: Any) -> None:
    user.say("min")
    user.say("mau tanya", unspoken=True)
    user.send(Heard(files=(user_file(3),)), unspoken=True)
    text = user.say("gagal upload", unspoken=True)
    assert "Upload dokumen penawaran gagal" in text
    assert "Selengkapnya" in text, "the withdrawn notice has to be said again"
    assert user.state.step == 1
    assert user.state.files == (3,)
    assert [part.text for part in user.state.problem] == ["min", "mau tanya", "gagal upload"]


def test_mau_tanya_in_answer_to_the_menu_still_waits_for_the_question(user: Any) -> None:
    user.say("halo")
    user.say("mau tanya")
    assert user.turn.settle is Settle.FRAGMENT
    assert "Upload dokumen" in user.say("gagal upload", unspoken=True)


def user_file(attachment: int) -> Any:
    from dialogs.heard import File

    return File(attachment, "image", "a.jpg")


def test_a_question_is_not_drowned_by_thanks_in_the_same_breath(user: Any) -> None:
    user.say("gagal upload penawaran")
    assert "Upload dokumen" in user.say("makasih ya min", unspoken=True)


def test_thanks_after_a_spoken_answer_settles_it(user: Any) -> None:
    user.say("gagal upload penawaran")
    user.say("makasih ya min")
    assert user.commands == (
        RecordConsultation("upload_gagal", user.desk.answers.get("upload_gagal").version),
    )


def test_a_tap_in_the_breath_of_a_question_loses_neither(user: Any) -> None:
    user.say("halo")
    step = user.state.step
    user.say("gagal upload penawaran")
    user.send(Heard(tap=tap("ticket", step)), unspoken=True)
    assert user.state.flow == "consultation"
    assert user.state.draft.parts[0].text == "gagal upload penawaran"


def tap(value: str, step: int) -> Any:
    from dialogs.heard import Tap

    return Tap(value, step)


def test_an_edit_within_a_breath_replaces_the_message(user: Any) -> None:
    user.say("gagal uplod", message_id=50)
    user.say("gagal upload", message_id=51, edits=50, unspoken=True)
    assert [part.text for part in user.state.problem] == ["gagal upload"]


def test_an_edit_of_an_answered_question_is_not_doubled(user: Any) -> None:
    user.say("gagal upload", message_id=50)
    user.say("gagal upload dokumen teknis", message_id=51, edits=50)
    assert [part.text for part in user.state.problem] == ["gagal upload dokumen teknis"]


@pytest.mark.parametrize("text", ["terjawab", "1", "Terjawab.", "sudah bisa", "terjwab", "makasih"])
def test_typed_text_counts_as_the_button_it_means(user: Any, text: str) -> None:
    user.say("gagal upload penawaran")
    user.say(text)
    assert isinstance(user.commands[0], RecordConsultation)


def test_a_follow_up_that_it_does_not_work_leads_to_a_ticket_or_a_person(user: Any) -> None:
    user.say("gagal upload penawaran")
    user.say("belum bisa juga min")
    assert user.labels == ["Buat tiket", "Petugas", "Menu"]
    user.say("buat tiket")
    assert [p.text for p in user.state.draft.parts] == [
        "gagal upload penawaran",
        "belum bisa juga min",
    ]


def test_a_wrong_answer_is_a_miss_and_the_question_is_asked_anew(user: Any) -> None:
    user.say("gagal upload penawaran")
    assert "kata lain" in user.say("bukan itu min")
    assert user.commands == (RecordMiss("gagal upload penawaran", "faq_upload_gagal", 0.0),)


def test_a_bare_phone_number_is_remembered(user: Any) -> None:
    user.say("halo")
    assert "kami ingat" in user.say("0812-3456-7890")
    assert user.state.heard["telepon"] == "+6281234567890"


def test_an_unsure_text_gets_suggestions(user: Any) -> None:
    user.say("soal password gimana ya")
    assert user.labels[:3] == ["Lupa password", "Upload gagal", "Bukan itu"]
    assert "Lupa password akun penyedia" in user.say("1")


def test_bukan_itu_asks_to_rephrase_and_the_question_is_a_miss(user: Any) -> None:
    user.say("soal password gimana ya")
    assert "kata lain" in user.tap("none")
    assert user.commands == (RecordMiss("soal password gimana ya", None, 0.0),)


def test_what_is_not_understood_is_asked_once_and_then_offered_to_people(user: Any) -> None:
    assert "kata lain" in user.say("xyzzy plugh frobnicate")
    assert user.commands == (RecordMiss("xyzzy plugh frobnicate", "out_of_scope", 0.5),)
    text = user.say("plugh plugh plugh plugh")
    assert "kata lain" not in text
    assert user.labels == ["Buat tiket", "Petugas", "Menu"]
    assert isinstance(user.commands[0], RecordMiss)


def test_an_intent_without_an_answer_is_said_honestly(user: Any, desk: Any) -> None:
    user.desk = replace(desk, answers=type(desk.answers)({}))
    assert "belum ada" in user.say("spse down min")
    assert "Buat tiket" in user.labels
    assert user.commands == ()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("makasih banyak", "Sama-sama"),
        ("dadah", "Terima kasih"),
        ("iya betul", "Baik"),
        ("nggak", "Baik"),
        ("gak jadi deh", "Tidak ada yang"),
        ("balik dulu", "Ada yang bisa dibantu"),
        ("kamu bisa apa", "cek tiket"),
        ("ini bot ya", "Ini bot, bukan orang"),
        ("cara bayar bpjs", "di luar layanan"),
        ("sudah beres", "Syukurlah"),
        ("belum bisa", "Maaf belum beres"),
        ("pelayanannya", "Kami mendengarkan"),
        ("hapus data saya", "penghapusan data"),
        ("status tiket", "Belum ada tiket"),
        ("mau lapor", "nama lengkap"),
    ],
)
def test_every_dialogue_act_is_answered(user: Any, text: str, part: str) -> None:
    assert part in user.say(text)


def test_a_person_is_called_and_never_promised_at_once(user: Any) -> None:
    user.say("gagal upload penawaran")
    user.say("hubungkan ke petugas dong, server error dari tadi")
    assert user.state.at == "field:nama"  # name and problem come first
    user.say("Budi Santoso")
    ticket, wish = user.commands
    assert isinstance(ticket, OpenTicket)
    assert isinstance(wish, CallHuman)
    assert ticket.answers == {"nama": "Budi Santoso"}
    for text in (ticket.problem, wish.reason):
        assert "gagal upload penawaran" in text
        assert "server error" in text


@pytest.mark.parametrize(
    ("word", "flow"),
    [
        ("menu", "menu"),
        ("/menu", "menu"),
        ("/start", "menu"),
        ("bantuan", "faq"),
        ("tiket", "status"),
        ("cek tiket dong min", "status"),
        ("/lapor", "consultation"),
        ("buat tiket", "consultation"),
        ("kembali", "menu"),
        ("batal", "menu"),
    ],
)
def test_global_words_work_anywhere(user: Any, word: str, flow: str) -> None:
    user.say("gagal upload")
    user.say(word)
    assert user.state.flow == flow


def test_privacy_in_full_keeps_the_question(user: Any) -> None:
    user.say("gagal upload")
    step = user.state.step
    assert "Hak pemilik data" in user.say("privasi")
    assert (user.state.step, user.state.at) == (step, "answered")
    assert "Hak pemilik data" in user.tap("privacy", step=0)


def test_links_are_offered_revoked_and_redeemed(user: Any) -> None:
    user.say("/hubungkan")
    assert user.turn.replies[0].link == "join"
    assert "{link}" in user.turn.replies[0].text
    user.say("cabut tautan")
    assert user.commands == (RevokeLinks(),)
    user.send(Heard(text="/start abc", link_token="abc"))
    assert user.commands == (RedeemLink("abc"),)


def test_an_old_button_changes_nothing_and_the_question_is_repeated(user: Any) -> None:
    user.say("gagal upload")
    user.tap("ticket")
    before = user.state
    text = user.tap("helped", step=1)
    assert "sudah lewat" in text
    assert "nama lengkap" in text
    assert user.commands == ()
    assert (user.state.step, user.state.at) == (before.step, before.at)


def test_a_masked_secret_is_named_and_the_rest_is_answered(user: Any) -> None:
    text = user.say("pw saya [password disamarkan] gagal upload terus", masked=("password",))
    assert "memuat password" in text
    assert "Upload dokumen penawaran gagal" in text
    assert user.turn.settle is Settle.NOW


def test_nothing_but_a_secret_is_no_miss(user: Any) -> None:
    user.say("halo")
    text = user.say("[kode OTP disamarkan]", masked=("otp",))
    assert "kode OTP" in text
    assert user.commands == ()


def test_what_the_masker_noted_is_left_alone(user: Any) -> None:
    user.state = replace(user.state, secret_follows=True)
    user.say("halo")
    assert user.state.secret_follows


def test_who_somebody_is_is_remembered_without_a_form(user: Any) -> None:
    user.say("Saya Budi dari CV Maju, 0812-3456-7890, gagal upload penawaran")
    assert user.state.heard["nama"] == "Budi"
    text = user.say("buat tiket")
    assert "alamat" in text.casefold()


def test_feedback_is_confirmed_and_opens_a_ticket_of_its_kind(user: Any) -> None:
    user.say("pelayanannya lambat sekali kemarin di loket")
    assert user.labels[:3] == ["Kirim", "Tulis ulang", "Batal"]
    user.say("kirim")
    command = user.commands[0]
    assert isinstance(command, OpenTicket)
    assert (command.kind, command.problem) == (
        "masukan",
        "pelayanannya lambat sekali kemarin di loket",
    )


def test_feedback_is_dropped_without_a_ticket(user: Any) -> None:
    user.say("pelayanannya lambat sekali kemarin di loket")
    assert "Tidak ada yang dikirim" in user.say("batal")
    assert user.commands == ()
    assert user.state.words == ""


def test_erasure_is_asked_for_with_one_tap_and_claims_nothing(user: Any) -> None:
    text = user.say("tolong hapus data saya")
    assert "belum ada data yang dihapus" in text
    user.tap("file")
    assert user.commands == (OpenPersonalDataRequest("tolong hapus data saya"),)


def test_user_text_makes_nothing_bold(user: Any) -> None:
    user.say("pelayanannya *lambat* sekali di loket kemarin")
    assert "*lambat*" not in user.text


@pytest.mark.parametrize("text", ["مرحبا كيف حالك", "😀😀😀", "‮abc‬ upload", "１"])
def test_any_script_is_answered(user: Any, text: str) -> None:
    assert user.say(text)
