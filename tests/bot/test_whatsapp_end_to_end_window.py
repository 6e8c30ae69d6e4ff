"""What happens when a day has passed since a user wrote: templates, what waits, who is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handoff.actions import AskData, ReplyToUser, Solve
from nlu.engines.port import Engine
from tests.bot.console import Desk, seen
from tests.bot.whatsapp_office import DAY, PNG, Case, WhatsAppOffice

HOUR = timedelta(hours=1)
SOLVED = Solve("Sudah kami perbaiki.", "Tim teknis", missing=True)
NEEDS = AskData((("Nomor NPWP", "text"),))


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Iterator[WhatsAppOffice]:
    office = WhatsAppOffice(tmp_path / "office", engine)
    yield office
    office.close()


def test_an_agents_lines_wait_behind_one_template_and_go_in_order(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    for text in ("satu", "dua", "tiga"):
        assert "Menunggu pengguna membuka" in case.act(ReplyToUser(text))
    (template,) = case.new()
    assert (template.kind, template.buttons) == ("template", (("0:@read", "Baca"),))
    assert office.states()[-3:] == ["held"] * 3
    read = office.taps(case.user, "Baca")
    assert [read.index(word) for word in ("satu", "dua", "tiga")] == sorted(
        read.index(word) for word in ("satu", "dua", "tiga")
    )
    assert set(office.states()) == {"sent"}


def test_any_words_release_what_waits_before_their_answer(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("Paket yang mana?"))
    office.says(case.user, "cek tiket")
    template, released, answer = case.new()
    assert "Paket yang mana?" in released.text
    assert case.number in answer.text
    assert template.kind == "template"


def test_reading_when_nothing_waits_is_told(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("Paket yang mana?"))
    office.taps(case.user, "Baca")
    assert "sudah terkirim" in office.taps(case.user, "Baca")


def test_an_agents_file_waits_too(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("Ini suratnya", (office.attached("surat.png"),)))
    assert [m.kind for m in case.new()] == ["template"]
    office.taps(case.user, "Baca")
    _, words, picture = case.new()
    assert "Ini suratnya" in words.text
    assert (picture.kind, picture.file) == ("image", PNG)


def test_each_purpose_has_its_template(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(NEEDS)
    assert "perlu data" in case.new()[-1].text
    office.taps(case.user, "Baca")
    office.says(case.user, "01.234.567.8-901.234")
    office.taps(case.user, "Sudah lengkap")
    office.wait(25 * HOUR)
    case.act(SOLVED)
    assert "penyelesaian" in case.new()[-1].text
    assert case.number in case.new()[-1].text


def test_without_a_template_another_chat_of_the_same_person_is_used(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office)
    office.fake.templates.clear()
    link = re.search(r"join=[\w-]+", office.says(case.user, "/hubungkan"))
    assert link is not None
    office.say(f"https://loket/?{link[0]}", "budi", "telegram")
    office.wait(25 * HOUR)
    case.act(SOLVED)
    office.wait(HOUR)
    assert any("Sudah kami perbaiki" in out.text for out in office.telegram.sent)
    assert not office.rows("SELECT 1 FROM calls WHERE state = 'open'")


def test_without_any_other_way_the_user_is_phoned(tmp_path: Path, engine: Engine) -> None:
    def none(raw: dict[str, Any]) -> None:
        raw["whatsapp"] = {"templates": {}}

    office = WhatsAppOffice(tmp_path / "bare", engine, change=none)
    try:
        case = Case.opened(office, later=25 * HOUR)
        case.act(SOLVED)
        office.wait(HOUR)
        assert not case.new()
        (call,) = office.rows("SELECT * FROM calls")
        assert "Sudah kami perbaiki" in call.words
    finally:
        office.close()


def test_an_unknown_template_goes_to_the_work_list_and_the_admin_hears_once(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office, later=25 * HOUR)
    office.fake.templates.clear()
    case.act(SOLVED)
    case.act(ReplyToUser("Sudah kami cek lagi."))
    office.wait(HOUR)
    assert not case.new()
    (call,) = office.rows("SELECT * FROM calls WHERE state = 'open'")
    assert "Sudah kami perbaiki" in call.words
    assert "cek lagi" in call.words
    assert len(office.alerts("template_refused")) == 2  # two templates, once each
    case.act(ReplyToUser("Halo?"))
    office.wait(HOUR)
    assert len(office.alerts("template_refused")) == 2


def test_a_message_refused_late_because_the_window_had_closed_becomes_a_template(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office)
    office.faults.next(case.user, "131047 late")
    case.act(ReplyToUser("Paket yang mana?"))
    office.settle()
    (template,) = case.new()
    assert template.kind == "template"
    case.act(ReplyToUser("Mohon dibalas."))
    assert len(case.new()) == 1
    office.says(case.user, "ya pak, ada apa")
    _, first, second, *_ = case.new()
    assert ("Paket yang mana?" in first.text, "Mohon dibalas" in second.text) == (True, True)


def test_the_platform_may_refuse_at_once_though_we_thought_the_window_open(
    office: WhatsAppOffice,
) -> None:
    case = Case.opened(office)
    office.fake.close_window(case.user)
    case.act(ReplyToUser("Paket yang mana?"))
    (template,) = case.new()
    assert template.kind == "template"


def test_open_data_is_reminded_of_once_before_the_window_closes(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    case.act(NEEDS)
    office.wait(20 * HOUR)
    before = len(case.new())
    office.wait(2 * HOUR)
    assert len(case.new()) == before + 1
    assert case.new()[-1].kind != "template"
    office.wait(HOUR)
    assert len(case.new()) == before + 1


def test_the_time_for_data_runs_from_the_delivery(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    office.faults.status_never = 1
    case.act(NEEDS)
    office.wait(2 * HOUR)
    assert [r.due_at for r in office.rows("SELECT due_at FROM data_requests")] == [None]
    assert office.status(case.new()[-1], "delivered") == 200
    office.wait(HOUR)
    (request,) = office.rows("SELECT * FROM data_requests")
    assert request.due_at is not None


def test_a_closing_notice_that_never_arrives_is_told_in_another_way(
    office: WhatsAppOffice,
) -> None:
    office.hire("admin", "admin")
    case = Case.opened(office)
    office.faults.status_never = 1
    case.act(SOLVED)
    assert not office.rows("SELECT * FROM calls")
    office.wait(25 * HOUR)
    assert len(office.rows("SELECT * FROM calls")) == 1


def test_a_survey_waits_behind_the_closing_notice(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(SOLVED)
    office.wait(5 * DAY)
    assert {m.kind for m in case.new()} == {"template"}
    read = office.taps(case.user, "Baca")
    assert "ditutup" in read
    assert "Bagaimana pelayanan" in read


def test_a_quoted_template_finds_its_ticket(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    case.act(ReplyToUser("Paket yang mana?"))
    (template,) = case.new()
    context = {"from": office.fake.display, "id": template.id}
    office.says(case.user, "paket 44012", context=context)
    rows = office.rows(
        "SELECT t.number FROM messages m JOIN tickets t ON t.id = m.ticket_id"
        " WHERE m.text = 'paket 44012'"
    )
    assert [row.number for row in rows] == [case.number]


def test_long_words_with_buttons_come_whole(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    words = " ".join(f"langkah{n}" for n in range(700))
    case.act(Solve(words, "Tim teknis", missing=True))
    read = " ".join(m.text for m in case.new())
    assert [w for w in read.split() if w.startswith("langkah")] == words.split()
    assert case.new()[-1].buttons
    assert case.new()[-1].kind == "button"


def test_long_words_wait_behind_one_template(office: WhatsAppOffice) -> None:
    case = Case.opened(office, later=25 * HOUR)
    words = " ".join(f"langkah{n}" for n in range(700))
    case.act(Solve(words, "Tim teknis", missing=True))
    assert [m.kind for m in case.new()] == ["template"]
    read = office.taps(case.user, "Baca")
    assert [w for w in read.split() if w.startswith("langkah")] == words.split()


def test_an_answer_three_days_old_is_not_said_any_more(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    office.faults.account = 190
    case.user.say("gagal upload dokumen penawaran terus min")
    office.wait(4 * DAY)
    office.faults.account = None
    office.wait(HOUR)
    assert not case.new()
    office.says(case.user, "halo")
    assert len(case.new()) == 1


def test_the_console_shows_what_became_of_each_line(office: WhatsAppOffice) -> None:
    case = Case.opened(office)
    office.faults.reads = 1
    case.act(ReplyToUser("baris-a"))
    office.faults.reads = 0
    case.act(ReplyToUser("baris-b"))
    office.faults.status_never = 1
    case.act(ReplyToUser("baris-c"))
    office.wait(25 * HOUR)
    case.act(ReplyToUser("baris-d"))
    page = seen(Desk(office).enter("rina").get(f"/console/tiket/{case.number}"))
    shown = [
        page.partition(f" {word} ")[2] for word in ("baris-a", "baris-b", "baris-c", "baris-d")
    ]
    fates = ("dibaca", "sampai", "terkirim", "menunggu pengguna membuka")
    assert [fate in words[:60] for fate, words in zip(fates, shown, strict=True)] == [True] * 4
    assert "Sudah lebih dari 24 jam" in page


def test_a_form_left_alone_is_offered_while_words_may_go(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "/lapor")
    office.says(budi, "Budi Santoso")
    office.wait(3 * DAY)
    assert "belum dikirim" in budi.arrived[-1].text
    assert "template" not in {m.kind for m in budi.arrived}


def test_a_form_left_alone_calls_nobody_with_a_template(office: WhatsAppOffice) -> None:
    budi = office.budi()
    office.says(budi, "/lapor")
    office.says(budi, "Budi Santoso")
    office.fake.close_window(budi)
    office.wait(3 * DAY)
    assert "template" not in {m.kind for m in budi.arrived}
    assert "belum dikirim" in office.says(budi, "halo")


def test_an_answer_to_words_that_came_days_late_waits_behind_a_template(
    office: WhatsAppOffice,
) -> None:
    budi = office.budi()
    office.says(budi, "halo")
    late = office.message(budi, "gagal upload dokumen penawaran terus min")
    office.wait(2 * DAY)
    assert office.post(office.payload(office.value(budi, late))) == 200
    office.settle()
    assert budi.arrived[-1].kind == "template"
    assert "Pokja" in office.taps(budi, "Baca")
