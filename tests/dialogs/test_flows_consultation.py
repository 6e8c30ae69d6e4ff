"""The Formulir Konsultasi from the first question to Kirim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogs.commands import CallHuman, OpenTicket, ProvePhone
from dialogs.conversation import expected, remind
from dialogs.heard import Heard, SharedPhone
from dialogs.office import Form, FormField
from dialogs.state import State
from dialogs.turn import Settle

Maker = Callable[..., Any]
FIELDS = ("buat tiket", "Budi Santoso", "CV Maju Jaya", "Jl. Sudirman No. 5", "0812-3456-7890")
FILLED = (*FIELDS, "penyedia", "halaman penawaran error 500", "lanjut", "tidak ada")
IDENTITY = {
    "nama": "Budi Santoso",
    "instansi": "CV Maju Jaya",
    "alamat": "Jl. Sudirman No. 5",
    "telepon": "+6281234567890",
}


def test_the_paper_form_from_start_to_ticket(user: Any) -> None:
    text = user.say_all(*FILLED)
    for shown in (*IDENTITY.values(), "Penyedia", "halaman penawaran error 500"):
        assert shown in text or shown == "+6281234567890"
    assert user.labels == ["Kirim", "Ubah", "Batal"]
    user.say("kirim")
    assert user.commands == (
        OpenTicket(
            kind="permintaan_layanan",
            problem="halaman penawaran error 500",
            answers=IDENTITY,
            user_type="penyedia",
            deadline="none",
        ),
    )
    assert user.state.draft is None


def test_the_fields_are_asked_in_the_order_of_the_paper_form(user: Any) -> None:
    asked = [user.say(text) and user.state.at for text in FIELDS]
    assert asked == ["field:nama", "field:instansi", "field:alamat", "field:telepon", "user_type"]


def test_two_taps_on_kirim_open_one_ticket(user: Any) -> None:
    user.say_all(*FILLED)
    step = user.state.step
    user.tap("send")
    assert isinstance(user.commands[0], OpenTicket)
    user.tap("send", step=step)
    assert user.commands == ()
    assert "sudah lewat" in user.text


def test_one_message_fills_several_fields(user: Any) -> None:
    user.say("buat tiket")
    user.say("Saya Budi dari CV Maju, 0812-3456-7890, gagal upload penawaran")
    assert set(user.state.draft.answers) == {"nama", "instansi", "telepon"}
    assert user.state.at == "field:alamat"
    assert "gagal upload penawaran" in user.state.draft.parts[0].text


def test_a_wrong_answer_is_explained_and_asked_again_at_the_same_step(user: Any) -> None:
    user.say_all(*FIELDS[:4])
    step = user.state.step
    user.say("0812")
    assert (user.state.at, user.state.step) == ("field:telepon", step)
    assert "telepon" not in user.state.draft.answers


def test_an_edit_of_a_refused_answer_is_heard_as_the_answer(user: Any) -> None:
    user.say_all(*FIELDS[:4])
    user.say("0812", message_id=70)
    user.say("0812-3456-7890", message_id=71, edits=70)
    assert user.state.draft.answers["telepon"] == "+6281234567890"


def test_an_edit_of_an_accepted_answer_corrects_that_answer(user: Any) -> None:
    user.say("buat tiket")
    user.say("Budi Santosa", message_id=70)
    user.say("Budi Santoso", message_id=71, edits=70)
    assert user.state.draft.answers == {"nama": "Budi Santoso"}
    assert user.state.at == "field:instansi"


def test_an_edit_of_something_else_is_no_answer(user: Any) -> None:
    user.say_all(*FIELDS[:2])
    user.say("apa kabar", message_id=71, edits=5000)
    assert user.state.at == "field:instansi"


def test_the_apps_own_number_is_offered(user_with: Maker) -> None:
    user = user_with(own_phone="+6281234567890")
    user.say_all(*FIELDS[:4])
    assert "0812-3456-7890" in user.text
    user.say("pakai nomor ini")
    assert user.state.draft.answers["telepon"] == "+6281234567890"


def test_the_share_button_is_asked_for_where_there_is_one(user_with: Maker) -> None:
    user = user_with(can_share_phone=True)
    user.say_all(*FIELDS[:4])
    assert user.turn.replies[-1].ask_phone
    user.send(Heard(phone=SharedPhone("+6281234567890", own=True)))
    assert user.commands == (ProvePhone("+6281234567890"),)
    assert user.state.at == "user_type"


def test_somebody_elses_contact_proves_nothing(user: Any) -> None:
    user.say_all(*FIELDS[:4])
    user.send(Heard(phone=SharedPhone("+6281234567890", own=False)))
    assert user.commands == ()
    assert user.state.draft.answers["telepon"] == "+6281234567890"


def test_a_returning_user_is_offered_the_earlier_identity_shortened(user_with: Maker) -> None:
    user = user_with(identity=IDENTITY)
    text = user.say("buat tiket")
    assert "+6281234567890" not in text
    assert user.labels[:2] == ["Pakai data lama", "Isi baru"]
    user.say("pakai data sebelumnya")
    assert user.state.at == "user_type"
    assert user.state.draft.answers == IDENTITY


def test_a_returning_user_may_fill_in_anew(user_with: Maker) -> None:
    user = user_with(identity=IDENTITY)
    user.say_all("buat tiket", "isi baru")
    assert user.state.at == "field:nama"


def test_the_problem_gathers_messages_and_files_until_lanjut(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia", "error 500")
    user.file(4)
    user.file(5, "voice")
    text = user.say("belum bisa dari pagi")
    assert "2 pesan, 2 berkas" in text
    assert user.turn.settle is Settle.BREATH
    assert user.state.burst is None
    user.say("lanjut")
    assert user.state.draft.files == (4, 5)
    assert user.state.at == "deadline"


@pytest.mark.parametrize(
    "text", ["tidak bisa login", "masih gagal", "dibatalkan sistem", "iya betul"]
)
def test_no_text_of_the_problem_is_lost(user: Any, text: str) -> None:
    user.say_all(*FIELDS, "penyedia", text)
    assert [part.text for part in user.state.draft.parts] == [text]


@pytest.mark.parametrize("done", ["udah itu aja min", "iya betul", "nggak", "cukup", "1"])
def test_saying_that_it_is_all_counts_as_lanjut(user: Any, done: str) -> None:
    user.say_all(*FIELDS, "penyedia", "error 500", done)
    assert user.state.at == "deadline"


def test_why_a_field_is_asked_is_explained(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    assert "menghubungi" in user.say("kenapa harus isi alamat")
    assert user.state.at == "field:alamat"


def test_an_edited_part_of_the_problem_is_replaced(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia")
    user.say("error 50", message_id=80)
    user.say("kode tender 123", message_id=81)
    user.say("error 500", message_id=82, edits=80)
    assert [part.text for part in user.state.draft.parts] == ["error 500", "kode tender 123"]


def test_an_empty_problem_cannot_be_sent(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia")
    user.file(4)
    assert "belum tertulis" in user.say("lanjut")
    user.say_all("error 500", "lanjut", "tidak ada", "ubah", "permasalahan")
    user.tap("rewrite")
    assert "belum tertulis" in user.say("lanjut") or user.state.at == "problem"
    assert user.state.at == "problem"


def test_a_ready_answer_is_given_beside_the_problem_once(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia")
    assert "Upload dokumen penawaran gagal" in user.say("gagal upload penawaran")
    assert user.turn.settle is Settle.BREATH
    assert "Upload dokumen" not in user.say("apendo juga error")
    assert len(user.state.draft.parts) == 2


def test_a_question_in_mid_form_is_answered_and_the_form_goes_on(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    step = user.state.step
    text = user.say("lupa password gimana caranya?")
    assert "Lupa password akun penyedia" in text
    assert "alamat" in text
    assert (user.state.at, user.state.step) == ("field:alamat", step)


def test_a_person_in_mid_form_needs_no_more_than_name_and_problem(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    user.say("petugas")
    assert user.state.at == "problem"
    user.say("token apendo tidak terbaca")
    ticket, wish = user.commands
    assert isinstance(ticket, OpenTicket)
    assert isinstance(wish, CallHuman)
    assert ticket.answers == {"nama": "Budi Santoso", "instansi": "CV Maju Jaya"}


@pytest.mark.parametrize("word", ["bantuan", "privasi", "tiket", "buat tiket", "/bantuan"])
def test_other_words_in_mid_form_leave_it_where_it_was(user: Any, word: str) -> None:
    user.say_all(*FIELDS[:3])
    user.say(word)
    assert (user.state.flow, user.state.at) == ("consultation", "field:alamat")


def test_kembali_goes_back_and_shows_what_was_said(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    assert "CV Maju Jaya" in user.say("kembali")
    user.say("CV Mundur")
    assert user.state.at == "field:alamat"
    assert user.state.draft.answers["instansi"] == "CV Mundur"


def test_kembali_at_the_first_question_says_so(user: Any) -> None:
    user.say("buat tiket")
    assert "pertanyaan pertama" in user.say("kembali")


def test_batal_puts_the_form_aside_and_it_can_be_reopened(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    assert "Belum ada yang dikirim" in user.say("batal")
    assert user.commands == ()
    user.say("lanjutkan")
    assert user.state.at == "field:alamat"
    assert user.state.draft.answers["nama"] == "Budi Santoso"


def test_batal_of_an_untouched_form_leaves_nothing_behind(user: Any) -> None:
    user.say_all("buat tiket", "batal")
    assert user.state.flow == "menu"
    assert "Lanjutkan isian" not in user.labels


def test_the_menu_offers_the_form_that_waits(user: Any) -> None:
    user.say_all(*FIELDS[:3], "menu")
    assert user.labels[0] == "Lanjutkan isian"
    user.say("buat tiket")
    assert user.labels == ["Lanjutkan", "Mulai baru", "Hapus isian"]


def test_every_part_can_be_changed_from_the_summary(user: Any) -> None:
    user.say_all(*FILLED)
    user.say("ubah")
    for part in ("Nama", "Telepon/HP", "Jenis pengguna", "Permasalahan", "Berkas", "Batas waktu"):
        assert part in user.labels
    user.say("alamat")
    user.say("Jl. Melati 3")
    assert user.state.at == "summary"
    assert user.state.draft.answers["alamat"] == "Jl. Melati 3"


def test_the_wrong_part_can_be_named(user: Any) -> None:
    user.say_all(*FILLED)
    user.say("alamatnya salah")
    assert user.state.at == "field:alamat"
    user.say_all("tetap", "salah nomor hpnya")
    assert user.state.at in ("field:telepon", "edit")


def test_a_story_in_place_of_an_answer_is_kept_as_the_problem(user: Any) -> None:
    user.say("buat tiket")
    user.say("dari tadi pagi saya coba masuk ke spse tapi halaman tetap putih saja")
    assert user.state.at == "field:nama"
    assert "halaman tetap putih" in user.state.draft.parts[0].text


def test_kembali_while_changing_returns_to_the_summary_unchanged(user: Any) -> None:
    user.say_all(*FILLED, "ubah", "alamat", "kembali")
    assert user.state.at == "summary"
    assert user.state.draft.answers["alamat"] == "Jl. Sudirman No. 5"


def test_agreeing_with_a_but_does_not_send(user: Any) -> None:
    user.say_all(*FILLED)
    user.say("iya betul tapi errornya sekarang 404 bukan 500")
    assert user.commands == ()
    assert "404" in user.text


def test_under_24_hours_outside_hours_is_told_honestly(user_with: Maker, facts: Any) -> None:
    opens = facts.now + timedelta(days=1)
    user = user_with(office_open=False, next_open=opens)
    text = user.say_all(*FIELDS, "penyedia", "error 500", "lanjut", "kurang dari 24 jam")
    assert "kantor sedang tutup" in text
    assert "Selasa, 24 November 2026 pukul 09.30 WIB" in text
    assert "Pokja" in text
    user.say("kirim")
    assert user.commands[0].deadline == "under_24h"


def test_a_disruption_opens_a_ticket_of_that_kind(user: Any) -> None:
    user.say_all(*FIELDS, "penyedia", "spse down dari pagi", "lanjut")
    user.say_all("lewati semua", "lewati", "kirim")
    assert (user.commands[0].kind, user.commands[0].topic) == ("gangguan", "gangguan")


def test_a_ticket_after_an_answer_carries_question_topic_and_files(user: Any) -> None:
    user.file(9)
    user.say_all("gagal upload penawaran", *FIELDS, "penyedia", "lanjut")
    user.say_all("lewati semua", "tidak ada", "kirim")
    command = user.commands[0]
    assert (command.topic, command.attachment_ids) == ("upload_gagal", (9,))
    assert command.problem == "gagal upload penawaran"


def test_an_optional_field_can_be_skipped_and_is_asked_only_its_users(user: Any, desk: Any) -> None:
    npwp = FormField(
        key="npwp", label="NPWP", question="NPWP?", check="npwp", required=False,
        only_for=("penyedia",),
    )  # fmt: skip
    form = Form(fields=(*desk.office.form.fields, npwp), user_types=desk.office.form.user_types)
    user.desk = replace(desk, office=desk.office.model_copy(update={"form": form}))
    user.say_all(*FIELDS, "penyedia")
    assert user.labels == ["Lewati"]
    user.say("lewati")
    assert user.state.at == "problem"
    user.state = State()
    user.say_all(*FIELDS, "pokja")
    assert user.state.at == "problem"


def test_a_form_left_for_a_day_is_offered_again_after_the_answer(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    user.facts = replace(user.facts, now=user.facts.now + timedelta(days=2))
    text = user.say("gagal upload penawaran")
    assert "Upload dokumen penawaran gagal" in text
    assert user.labels == ["Lanjutkan", "Mulai baru", "Hapus isian"]
    user.say("lanjutkan")
    assert user.state.at == "field:alamat"


def test_a_word_that_fits_nothing_after_a_day_is_no_miss(user: Any) -> None:
    user.say_all(*FIELDS[:3])
    user.facts = replace(user.facts, now=user.facts.now + timedelta(days=2))
    user.say("permisi zzz")
    assert user.commands == ()
    assert user.labels == ["Lanjutkan", "Mulai baru", "Hapus isian"]


def test_the_bell_offers_a_form_left_alone_once(user: Any, desk: Any) -> None:
    user.say_all(*FIELDS[:3])
    assert remind(user.state, user.facts, desk).replies == ()
    late = replace(user.facts, now=user.facts.now + timedelta(hours=25))
    turn = remind(user.state, late, desk)
    assert "belum dikirim" in turn.replies[0].text
    assert turn.state.step == user.state.step + 1
    assert remind(turn.state, late, desk).replies == ()
    assert remind(State(), late, desk).replies == ()


def test_hapus_isian_forgets_the_form(user: Any) -> None:
    user.say_all(*FIELDS[:3], "batal", "hapus isian")
    assert user.state.draft is None


def test_a_photo_at_another_question_is_kept_with_its_caption(user: Any) -> None:
    user.say("buat tiket")
    user.file(6, text="ini errornya")
    assert user.state.at == "field:nama"
    assert user.state.draft.files == (6,)
    assert user.state.draft.parts[0].text == "ini errornya"


def test_the_rule_of_the_asked_field_is_told_to_the_mask(user: Any, desk: Any) -> None:
    user.say_all(*FIELDS[:4])
    assert expected(user.state, desk) == "phone"
    assert expected(State(), desk) is None
