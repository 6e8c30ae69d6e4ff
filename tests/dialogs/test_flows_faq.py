"""Ready answers: follow-ups, several questions in one message, suggestions, what is reviewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dialogs import follow_ups
from dialogs.choosing import plain
from dialogs.commands import OpenTicket, RecordConsultation, RecordMiss
from dialogs.heard import Heard
from nlu.understanding import Entity, Intent, Understanding

UPLOAD, PASSWORD = "gagal upload penawaran", "lupa password"


def parsed(
    text: str, *intents: tuple[str, float], also: tuple[str, ...] = (), **entities: str
) -> Heard:
    """A message as an engine would understand it."""
    ranking = tuple(Intent(name, confidence) for name, confidence in intents)
    found = tuple(Entity(name, value, 0, 0) for name, value in entities.items())
    others = tuple(Intent(name, 0.9) for name in also)
    top = ranking[0] if ranking else None
    return Heard(text=text, understanding=Understanding(text, top, ranking, found, others))


FOLLOWS = {
    "fails": """kalau sudah tapi tetap gagal?
udah dicoba masih error
sudah saya coba tapi belum bisa
udh dicoba msh gagal min
tetep ga bisa
masih sama aja
sudah ikuti semua langkah tetap gagal
gabisa juga
ga bisa min
masih gitu""",
    "time": """lama ga?
berapa lama
brp hari ya
kapan selesainya
prosesnya lama ya min
berapa jam kak""",
    "cost": """bayar ga
ada biaya ga min
gratis kan?
kena tarif ga""",
    "documents": """dokumennya apa aja
syaratnya apa
berkas apa saja
apa saja yang harus disiapkan
bawa apa aja kak
perlu apa saja ya""",
    "who": """ke siapa saya harus lapor
lapor kemana
hubungi siapa ya
siapa yang memutuskan
minta ke siapa min
ke siapa ya""",
    "on": """terus?
lalu apa
habis itu gimana
selanjutnya
langkah selanjutnya apa min""",
    "else": """terus kalau emailnya ga aktif?
kalau direkturnya ganti gimana
klo diwakilkan?""",
    "unclear": """masih bingung
saya kurang paham min
ga ngerti""",
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, texts in FOLLOWS.items() for text in texts.splitlines()],
)
def test_a_follow_up_is_known_by_its_words(kind: str, text: str) -> None:
    assert follow_ups.kind_of(plain(text)) == kind


@pytest.mark.parametrize(
    "text",
    [
        "cara sanggah gimana", "lupa password akun penyedia", "oke makasih min", "mau buat tiket",
        "halo", "cek tiket", "cara ganti email", "apa itu sikap",
    ],
)  # fmt: skip
def test_a_question_of_its_own_is_no_follow_up(text: str) -> None:
    assert follow_ups.kind_of(plain(text)) is None


def test_what_failed_gets_the_next_steps_once_and_then_people(user: Any, desk: Any) -> None:
    user.say(UPLOAD)
    found = desk.answers.get("upload_gagal")
    text = user.say("udah dicoba masih error")
    assert found.next[0] in text
    assert user.commands == ()
    assert "Terjawab" in user.labels
    text = user.say("tetep ga bisa")
    assert found.next[0] not in text
    assert user.labels == ["Buat tiket", "Petugas", "Menu"]
    assert [type(command) for command in user.commands] == [RecordMiss]
    assert [part.text for part in user.state.problem] == [
        UPLOAD, "udah dicoba masih error", "tetep ga bisa",
    ]  # fmt: skip


def test_without_next_steps_people_are_offered_at_once(user: Any, desk: Any) -> None:
    bare = desk.answers.get("upload_gagal").model_copy(update={"next": ()})
    answers = replace(desk.answers, by_topic={**desk.answers.by_topic, "upload_gagal": bare})
    user.desk = replace(desk, answers=answers)
    user.say(UPLOAD)
    user.say("udah dicoba masih error")
    assert user.labels == ["Buat tiket", "Petugas", "Menu"]


def test_ya_to_the_offer_of_a_ticket_begins_it(user: Any) -> None:
    user.say(UPLOAD)
    user.tap("unhelped")
    assert "nama lengkap" in user.say("iya")
    assert [part.text for part in user.state.draft.parts] == [UPLOAD]


def test_belum_terjawab_is_kept_for_review_with_the_topic(user: Any) -> None:
    user.say(UPLOAD)
    user.tap("unhelped")
    assert user.commands == (RecordMiss(UPLOAD, "faq_upload_gagal", 0.0),)


def test_a_follow_up_about_a_surely_new_topic_is_that_topic(user: Any) -> None:
    user.say(UPLOAD)
    text = user.say("kalau lupa password gimana")
    assert "Lupa password akun penyedia" in text


def test_a_bare_follow_up_stays_with_the_topic_whatever_the_engine_guesses(user: Any) -> None:
    user.say(PASSWORD)
    user.send(parsed("bayar ga", ("faq_biaya_gratis", 0.99)))
    assert "gratis" in user.text
    assert user.state.topic == "lupa_password_penyedia"


def test_documents_are_never_asked_for_as_a_chat_upload(user: Any) -> None:
    user.say(PASSWORD)
    text = user.say("dokumennya apa aja")
    assert "KTP direktur (siapkan; tunjukkan lewat jalur resmi kantor)" in text
    assert "User ID" in text


@pytest.mark.parametrize(
    ("first", "kind", "title"),
    [
        (PASSWORD, "ppk", "Lupa password PPK"),
        (PASSWORD, "pokja", "Lupa password PPK"),
        (PASSWORD, "penyedia", "langkahnya sama"),
    ],
)
def test_the_same_for_another_kind_of_user(user: Any, first: str, kind: str, title: str) -> None:
    user.say(first)
    said = parsed(f"kalau untuk {kind} gimana?", ("faq_akun_ppk", 0.96), user_type=kind)
    user.send(said)
    assert title in user.text


def test_two_questions_of_one_message_are_both_served(user: Any) -> None:
    both = parsed("1) upload gagal 2) lupa password", ("faq_upload_gagal", 0.9),
                  also=("faq_lupa_password_penyedia", "faq_upload_gagal"))  # fmt: skip
    user.send(both)
    assert "Upload dokumen penawaran gagal" in user.text
    assert "Juga soal *Lupa password akun penyedia*?" in user.text
    assert user.labels[:2] == ["Lupa password", "Terjawab"]
    assert "Masih bisa masuk?" in user.say("ya")
    assert "Juga soal" not in user.text
    user.say("ya")
    assert isinstance(user.commands[0], RecordConsultation)


def test_an_unsure_or_unanswered_second_question_is_not_offered(user: Any) -> None:
    heard = parsed("upload gagal", ("faq_upload_gagal", 0.9), also=("faq_unheard_of",))
    unsure = replace(heard.understanding, also=(Intent("faq_sanggah", 0.2),))
    for understanding in (heard.understanding, unsure):
        user.send(replace(heard, understanding=understanding))
        assert "Juga soal" not in user.text


def test_terjawab_counts_for_the_answer_though_more_was_asked(user: Any) -> None:
    user.send(parsed("dua hal", ("faq_upload_gagal", 0.9), also=("faq_lupa_password_penyedia",)))
    user.tap("helped")
    assert user.commands[0].topic == "upload_gagal"


def test_a_wish_with_a_question_gets_both(user: Any) -> None:
    user.send(parsed("cek tiket sama lupa password", ("ticket_status", 0.9),
                     also=("faq_lupa_password_penyedia",)))  # fmt: skip
    assert "Lupa password akun penyedia" in user.text
    assert user.state.flow == "status"


def test_a_lonely_suggestion_gets_company_unless_nothing_is_near(user: Any) -> None:
    user.send(parsed("soal pw", ("faq_lupa_password_penyedia", 0.3), ("faq_upload_gagal", 0.06)))
    assert user.labels[:3] == ["Lupa password", "Upload gagal", "Bukan itu"]
    user.send(parsed("soal pw", ("faq_lupa_password_penyedia", 0.3), ("faq_upload_gagal", 0.001)))
    assert user.labels[:2] == ["Lupa password", "Bukan itu"]


def test_never_more_than_three_suggestions(user: Any) -> None:
    near = ("upload_gagal", "lupa_password_penyedia", "sanggah", "gangguan", "kso")
    user.send(parsed("apa", *((f"faq_{name}", 0.3) for name in near)))
    assert len(user.labels) == 5  # with "Bukan itu" and the privacy notice's button


def test_yes_to_several_suggestions_asks_which_and_an_ordinal_chooses(user: Any) -> None:
    user.send(parsed("soal pw", ("faq_lupa_password_penyedia", 0.3), ("faq_upload_gagal", 0.2)))
    assert "pilih salah satu" in user.say("iya betul")
    assert "Upload dokumen penawaran" in user.say("yang kedua")


def test_the_ticket_after_a_follow_up_has_the_topic_s_authority(user: Any) -> None:
    user.say_all(UPLOAD, "udah dicoba masih error", "tetep ga bisa", "iya", "Budi Santoso")
    user.say_all("CV Maju Jaya", "Jl. Sudirman No. 5", "0812-3456-7890", "penyedia", "lanjut")
    user.say_all("lewati semua", "tidak ada", "kirim")
    command = user.commands[0]
    assert isinstance(command, OpenTicket)
    assert command.topic == "upload_gagal"
    assert command.problem.splitlines() == [UPLOAD, "udah dicoba masih error", "tetep ga bisa"]


def test_figures_are_no_question_however_sure_the_engine_is(user: Any) -> None:
    user.send(parsed("kodenya 10023456", ("faq_upload_gagal", 0.99)))
    assert "Upload dokumen" not in user.text


def test_thanks_with_a_but_is_no_thanks(user: Any) -> None:
    user.say(UPLOAD)
    user.send(parsed("makasih tapi masih gagal", ("thanks", 0.99)))
    assert not any(isinstance(command, RecordConsultation) for command in user.commands)


def test_who_has_hours_left_is_not_sent_to_more_steps(user_with: Callable[..., Any]) -> None:
    user = user_with()
    user.say("gagal upload penawaran, 2 jam lagi tutup")
    user.say("udah dicoba masih error")
    assert user.labels == ["Buat tiket", "Petugas", "Menu"]
