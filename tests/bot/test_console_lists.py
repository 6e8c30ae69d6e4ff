"""Work lists of the console: what did not arrive, calls, complaints, UU 27/2022, misses."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot import cli
from bot.channels.port import Refused as ChannelRefused
from bot.staff.missed import as_training_data
from bot.staff.worklist import show_lists
from handoff.actions import AskData
from nlu.learning.training_data import read_folder, read_intents
from storage.repositories import events, messages
from tests.bot.console import Desk, seen
from tests.handoff.tickets import opened
from tests.rig import ROOT, Rig

LIST = "/console/kerja"


@pytest.fixture
def desk(rig: Rig) -> Desk:
    """An agent who holds the roles of a small office."""
    rig.hire("rina", "helpdesk", "koordinator", "front_office")
    return Desk(rig).enter("rina")


def trace(rig: Rig) -> list[str]:
    return [row.what for row in rig.rows("SELECT what FROM access_log ORDER BY id")]


def events_of(rig: Rig) -> list[str]:
    """The kinds of the newest ticket's history."""
    rows = rig.rows(
        "SELECT body FROM history WHERE ticket_id = :id ORDER BY seq", id=rig.ticket().id
    )
    return [json.loads(row.body)["kind"] for row in rows]


def lost(rig: Rig, user: str = "budi") -> Any:
    """A data request that Telegram refused to deliver; its outbox row."""
    number = opened(rig, user)
    rig.telegram.faults.append(ChannelRefused("blocked"))
    rig.act("rina", AskData((("Scan NIB", "file"),)), number)
    rig.settle()
    (row,) = rig.rows("SELECT * FROM outbox WHERE state = 'failed'")
    return row


# Undelivered


def test_what_did_not_arrive_is_shown_with_whom_it_was_for(desk: Desk) -> None:
    lost(desk.rig)
    shown = seen(desk.get(f"{LIST}/tidak-terkirim"))
    for piece in ("Budi Santoso", "0812-3456-789", "Scan NIB", "Telegram", "gagal terkirim"):
        assert piece in shown
    assert "list:tidak-terkirim" in trace(desk.rig)


def test_sending_again_is_a_new_message_with_the_same_words(desk: Desk) -> None:
    row = lost(desk.rig)
    before = len(desk.rig.telegram.sent)
    desk.do(f"{LIST}/tidak-terkirim/{row.id}/kirim-ulang", page=f"{LIST}/tidak-terkirim")
    desk.rig.settle()
    (again,) = desk.rig.telegram.sent[before:]
    (first,) = desk.rig.rows("SELECT text FROM messages WHERE id = :id", id=row.message_id)
    assert again.text == first.text
    assert "Semua pesan sampai" in seen(desk.get(f"{LIST}/tidak-terkirim"))
    assert "resent" in events_of(desk.rig)


def test_a_data_request_runs_from_the_second_delivery(desk: Desk) -> None:
    row = lost(desk.rig)
    desk.do(f"{LIST}/tidak-terkirim/{row.id}/kirim-ulang", page=f"{LIST}/tidak-terkirim")
    (request,) = desk.rig.rows("SELECT message_id FROM data_requests")
    assert request.message_id != row.message_id


def test_a_phone_call_about_a_data_request_starts_its_time(desk: Desk) -> None:
    row = lost(desk.rig)
    desk.do(f"{LIST}/tidak-terkirim/{row.id}/ditelepon", page=f"{LIST}/tidak-terkirim")
    (request,) = desk.rig.rows("SELECT started_at FROM data_requests")
    assert request.started_at is not None
    assert desk.rig.rows("SELECT state FROM calls")[0].state == "done"


def test_two_who_press_at_once_send_it_once(desk: Desk) -> None:
    row = lost(desk.rig)
    other = Desk(desk.rig).enter("rina")
    path = f"{LIST}/tidak-terkirim/{row.id}/kirim-ulang"
    other.get(f"{LIST}/tidak-terkirim")
    desk.do(path, page=f"{LIST}/tidak-terkirim")
    assert "Sudah diurus" in seen(other.do(path))
    assert len(desk.rig.rows("SELECT id FROM outbox WHERE state = 'queued'")) == 1


def test_a_message_can_be_let_go(desk: Desk) -> None:
    row = lost(desk.rig)
    desk.do(f"{LIST}/tidak-terkirim/{row.id}/selesai", page=f"{LIST}/tidak-terkirim")
    assert "not_resent" in events_of(desk.rig)
    assert not desk.rig.rows("SELECT id FROM outbox WHERE state = 'queued'")


def test_the_kepala_unit_sees_but_sends_nothing(desk: Desk) -> None:
    row = lost(desk.rig)
    desk.rig.hire("adi", "kepala_unit")
    adi = Desk(desk.rig).enter("adi")
    assert "Kirim ulang" not in seen(adi.get(f"{LIST}/tidak-terkirim"))
    shown = adi.do(f"{LIST}/tidak-terkirim/{row.id}/kirim-ulang", page="/console/saya")
    assert "Peran Anda tidak bisa" in seen(shown)


# Calls


def test_a_call_is_logged_as_reached_or_not(desk: Desk) -> None:
    opened(desk.rig)
    desk.rig.act("rina", AskData((("Scan NIB", "file"),)))
    (call,) = desk.rig.rows("SELECT id FROM calls")
    page = f"{LIST}/telepon"
    assert "Budi Santoso" in seen(desk.get(page))
    desk.do(f"{page}/{call.id}", reached="0")
    assert "1x tidak tersambung" in seen(desk.get(page))
    desk.do(f"{page}/{call.id}", reached="1", words="akan dikirim sore")
    assert "Tidak ada yang perlu ditelepon" in seen(desk.get(page))


def test_a_call_that_is_not_there_is_no_page(desk: Desk) -> None:
    desk.get(f"{LIST}/telepon")
    assert desk.post(f"{LIST}/telepon/77", reached="1").status_code == 404


# Personal data


def personal(rig: Rig) -> Any:
    rig.say("hapus data saya", "budi", "telegram")
    if not rig.rows("SELECT id FROM personal_data_requests"):
        rig.tap(rig.labels("budi", "telegram")[0], "budi", "telegram")
    (row,) = rig.rows("SELECT * FROM personal_data_requests")
    return row


def test_the_outcome_of_a_personal_data_request_is_kept_and_told(desk: Desk) -> None:
    row = personal(desk.rig)
    page = f"{LIST}/data-pribadi"
    assert "sisa" in seen(desk.get(page))
    desk.do(f"{page}/{row.id}", outcome="Alamat sudah kami perbaiki.")
    desk.rig.settle()
    (done,) = desk.rig.rows("SELECT * FROM personal_data_requests")
    assert (done.state, done.outcome) == ("done", "Alamat sudah kami perbaiki.")
    assert done.agent_id == desk.rig.agents["rina"]
    told = desk.rig.telegram.sent[-1].text
    assert row.number in told
    assert "Alamat sudah kami perbaiki." in told
    assert f"personal_data:{row.number} done" in trace(desk.rig)


def test_without_an_outcome_it_stays_open(desk: Desk) -> None:
    row = personal(desk.rig)
    shown = desk.do(f"{LIST}/data-pribadi/{row.id}", page=f"{LIST}/data-pribadi", outcome=" ")
    assert "Tulis hasilnya" in seen(shown)
    assert desk.rig.rows("SELECT state FROM personal_data_requests")[0].state == "open"


def test_the_late_second_gets_their_words_back(desk: Desk) -> None:
    row, page = personal(desk.rig), f"{LIST}/data-pribadi"
    other = Desk(desk.rig).enter("rina")
    other.get(page)
    desk.do(f"{page}/{row.id}", page=page, outcome="Sudah dihapus sesuai jadwal retensi")
    answer = other.post(f"{page}/{row.id}", outcome="Tulisan yang panjang sekali")
    assert "sudah selesai" in seen(answer)
    assert "Tulisan yang panjang sekali" in answer.text


def test_helpdesk_alone_does_not_see_personal_data_requests(rig: Rig) -> None:
    rig.hire("tono", "helpdesk")
    tono = Desk(rig).enter("tono")
    assert "Data pribadi" not in seen(tono.get(LIST))
    assert "Peran Anda tidak bisa" in seen(tono.get(f"{LIST}/data-pribadi"))


# Parked events


def test_a_parked_event_is_resolved_with_its_bytes(desk: Desk) -> None:
    now = desk.rig.clock.now()
    park = {"account": "telegram:1", "event_id": "9", "channel": "telegram", "raw": b"x"}
    desk.rig.loket.database.write(
        lambda unit: events.park(
            unit.connection, **park, excerpt="halo <b>min</b>", error="ValueError", now=now
        )
    ).result()
    page = desk.get(f"{LIST}/tertahan")
    assert "&lt;b&gt;min" in page.text
    desk.do(f"{LIST}/tertahan/1")
    (row,) = desk.rig.rows("SELECT raw, resolved_at FROM parked")
    assert row.raw is None
    assert row.resolved_at is not None
    assert "parked:1 resolved" in trace(desk.rig)


# Complaints


def test_a_complaint_gets_an_owner_and_a_follow_up(desk: Desk) -> None:
    number = opened(desk.rig, kind="masukan", category="pengaduan", problem="Loket kosong jam 13")
    page = f"{LIST}/pengaduan"
    ticket = desk.rig.ticket(number)
    assert "Loket kosong jam 13" in seen(desk.get(page))
    desk.do(f"{page}/{ticket.id}/pemilik")
    assert desk.rig.ticket(number).agent_id == desk.rig.agents["rina"]
    shown = desk.do(f"{page}/{ticket.id}/catatan", text="Jadwal piket diperiksa")
    assert "Jadwal piket diperiksa" in seen(desk.get(page))
    assert "Catatan disimpan" in seen(shown)
    said = desk.rig.rows("SELECT text FROM messages")
    assert not any("piket" in row.text for row in said)


def test_complaints_are_filtered_by_category(desk: Desk) -> None:
    opened(desk.rig, "budi", kind="masukan", category="saran", problem="Buka hari Sabtu")
    opened(desk.rig, "tono", kind="masukan", category="keberatan", problem="Tidak adil")
    shown = seen(desk.get(f"{LIST}/pengaduan?golongan=saran"))
    assert "Buka hari Sabtu" in shown
    assert "Tidak adil" not in shown
    assert desk.get(f"{LIST}/pengaduan?golongan=apa&status=selesai").status_code == 200


def test_a_complaint_is_handed_to_another_agent(desk: Desk) -> None:
    number = opened(desk.rig, kind="masukan", category="saran")
    other = desk.rig.hire("tono", "helpdesk")
    path = f"{LIST}/pengaduan/{desk.rig.ticket(number).id}/pemilik"
    desk.do(path, page=f"{LIST}/pengaduan", agent=str(other))
    assert desk.rig.ticket(number).agent_id == other


# Alerts


def test_an_agent_sees_off_their_own_alerts_only(desk: Desk) -> None:
    opened(desk.rig)
    desk.rig.hire("sari", "admin_lpse")
    (alert,) = desk.rig.rows("SELECT id FROM alerts")
    sari = Desk(desk.rig).enter("sari")
    sari.do(f"{LIST}/pemberitahuan", page="/console/saya", ids=str(alert.id))
    assert desk.rig.rows("SELECT seen_at FROM alerts")[0].seen_at is None
    page = desk.get(f"{LIST}/pemberitahuan")
    assert f"/console/tiket/{desk.rig.ticket().number}" in page.text
    desk.do(f"{LIST}/pemberitahuan", ids=str(alert.id))
    assert desk.rig.rows("SELECT seen_at FROM alerts")[0].seen_at is not None


def test_the_overview_counts_what_waits(desk: Desk) -> None:
    lost(desk.rig)
    shown = seen(desk.get(LIST))
    assert "1 Tidak terkirim" in shown
    assert "1 Perlu ditelepon" in shown
    assert desk.get("/console/daftar").status_code == 303
    assert desk.get(f"{LIST}/apa-saja").status_code == 404


# Misses


def miss(rig: Rig, *texts: str) -> None:
    now = rig.clock.now()
    rig.say("halo")
    for text in texts:
        (step,) = rig.rows("SELECT coalesce(max(step), 0) + 1 AS n FROM misses")
        rig.loket.database.write(
            lambda unit, text=text, step=step: messages.record_miss(
                unit.connection,
                conversation_id=1,
                step=step.n,
                text=text,
                best_intent="faq_totp",
                confidence=0.2,
                now=now,
            )
        ).result()


REVIEW = "/console/belum-terjawab"


def test_the_same_text_is_reviewed_once(desk: Desk) -> None:
    miss(desk.rig, "blom masuk emailnya", "Blom  masuk emailnya", "gmn bintang lima")
    page = seen(desk.get(REVIEW))
    assert "2 kali" in page
    desk.do(REVIEW, ids="1,2", topic="faq_email_konfirmasi_daftar")
    desk.do(REVIEW, ids="3", aside="1")
    topics = [row.topic for row in desk.rig.rows("SELECT topic FROM misses ORDER BY id")]
    assert topics == ["faq_email_konfirmasi_daftar"] * 2 + [None]
    assert "Tidak ada pertanyaan" in seen(desk.get(REVIEW))
    assert "gmn bintang lima" in seen(desk.get(f"{REVIEW}?status=ditinjau"))


def test_a_review_can_be_taken_back(desk: Desk) -> None:
    miss(desk.rig, "gmn bintang lima")
    desk.do(REVIEW, page=REVIEW, ids="1", aside="1")
    desk.do(f"{REVIEW}/kembali", page=f"{REVIEW}?status=ditinjau", ids="1")
    assert "gmn bintang lima" in seen(desk.get(REVIEW))


def test_only_topics_of_the_domain_are_taken(desk: Desk) -> None:
    miss(desk.rig, "gmn bintang lima")
    answer = desk.post(REVIEW, page=REVIEW, ids="1", topic="faq_apa_saja")
    assert answer.status_code == 403
    assert desk.rig.rows("SELECT reviewed_at FROM misses")[0].reviewed_at is None


def test_the_export_is_training_data_of_rasa(desk: Desk, tmp_path: Path) -> None:
    miss(
        desk.rig,
        "emailnya blom masuk, hp 0812-3456-7890 an budi@cv.co.id",
        "- [tes](faq) {aneh}: 'kutip' #1",
        "EMAILNYA BLOM MASUK, hp 0812-3456-7890 an budi@cv.co.id",
        "gak mau",
    )
    desk.do(REVIEW, page=REVIEW, ids="1,2,3", topic="faq_email_konfirmasi_daftar")
    desk.do(REVIEW, page=REVIEW, ids="4", topic="out_of_scope")
    answer = desk.get(f"{REVIEW}/ekspor.yml")
    assert "attachment" in answer.headers["content-disposition"]
    assert yaml.safe_load(answer.text)["version"] == "3.1"
    assert "3456" not in answer.text.replace("08123456789", "")
    (tmp_path / "nlu.yml").write_text(answer.text)
    intents = read_intents(ROOT / "nlu" / "domain.yml")
    examples = read_folder(tmp_path, intents)
    assert [e.intent for e in examples] == ["faq_email_konfirmasi_daftar"] * 2 + ["out_of_scope"]
    assert any("08123456789" in e.text and "nama@contoh.id" in e.text for e in examples)
    assert any("[tes] (faq)" in e.text for e in examples)


def test_an_export_of_nothing_is_yaml_all_the_same() -> None:
    text, count = as_training_data([])
    assert count == 0
    assert yaml.safe_load(text)["nlu"] == []


def test_whoever_only_looks_cannot_review(desk: Desk) -> None:
    miss(desk.rig, "gmn bintang lima")
    desk.rig.hire("adi", "kepala_unit")
    adi = Desk(desk.rig).enter("adi")
    assert "Simpan" not in seen(adi.get(REVIEW))
    adi.do(REVIEW, ids="1", aside="1", page="/console/saya")
    assert desk.rig.rows("SELECT reviewed_at FROM misses")[0].reviewed_at is None


def test_an_old_outcome_leaves_the_list_after_a_month(desk: Desk) -> None:
    row = personal(desk.rig)
    page = f"{LIST}/data-pribadi"
    desk.do(f"{page}/{row.id}", page=page, outcome="Selesai diperbaiki")
    assert row.number in seen(desk.get(page))
    desk.rig.clock.move(timedelta(days=31))
    assert row.number not in seen(desk.enter("rina").get(page))


def test_the_export_is_there_on_the_command_line(desk: Desk, tmp_path: Path) -> None:
    miss(desk.rig, "emailnya blom masuk")
    desk.do(REVIEW, page=REVIEW, ids="1", topic="faq_email_konfirmasi_daftar")
    environ = {"LOKET_DATA_DIR": str(desk.rig.places.data_dir)}
    file = tmp_path / "nlu.yml"
    done = CliRunner().invoke(cli.main, ["misses", "export", "--out", str(file)], env=environ)
    assert done.output == f"1 messages written to {file}.\n"
    assert "- emailnya blom masuk" in file.read_text()


def test_the_lists_of_the_command_line_leave_out_what_is_done(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    row = lost(desk.rig)
    show_lists(desk.rig.config, desk.rig.places, 20)
    shown = capsys.readouterr().out
    assert "Undelivered: none" not in shown
    assert "Calls to make: none" not in shown
    desk.do(f"{LIST}/tidak-terkirim/{row.id}/ditelepon", page=f"{LIST}/tidak-terkirim")
    show_lists(desk.rig.config, desk.rig.places, 20)
    shown = capsys.readouterr().out
    assert "Undelivered: none" in shown
    assert "Calls to make: none" in shown
