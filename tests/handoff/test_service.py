"""The clocks of a ticket: each follows from its row, pauses, stops, begins anew, and is breached
once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.clock_turns import ClockTurns
from handoff import actions as a
from handoff.actions import Action
from handoff.clock import service
from handoff.clock.clocks import Inputs
from handoff.clock.service import Shown
from handoff.history import verify
from handoff.job import Job
from storage.unit import Unit
from tests.handoff.conftest import KEY
from tests.handoff.tickets import opened
from tests.rig import Rig

MINUTES = 60.0
HOURS = 3600.0


@pytest.fixture
def office(make_rig: Callable[..., Rig]) -> Rig:
    return staffed(make_rig())


def staffed(rig: Rig) -> Rig:
    rig.hire("rina", "helpdesk")
    rig.hire("dedi", "koordinator")
    rig.hire("adi", "admin_lpse")
    rig.hire("kus", "kepala_unit")
    return rig


def after(rig: Rig, seconds: float) -> None:
    rig.wait(timedelta(seconds=seconds))


def shown(rig: Rig, number: str | None = None) -> dict[str, Shown]:
    ticket, counter = rig.ticket(number), rig.loket.turns.counter
    found = rig.loket.database.read(
        lambda c: service.of_ticket(c, counter, ticket, rig.clock.now())
    )
    return {one.name: one for one in found}


def rows(rig: Rig) -> dict[str, Any]:
    found = rig.rows("SELECT * FROM deadlines WHERE kind LIKE 'sla:%' ORDER BY id")
    return {row.kind.removeprefix("sla:"): row for row in found}


def states(rig: Rig) -> dict[str, str]:
    return {name: one.state for name, one in shown(rig).items()}


def set_row(rig: Rig, **values: Any) -> None:
    """Change the ticket as some module would, and let its clocks follow."""
    sync(rig, lambda job: job.update(**values))


def sync(rig: Rig, deed: Callable[[Job], None]) -> None:
    ClockTurns(rig.loket.turns).visit(rig.ticket().id, deed).result()


def act(rig: Rig, login: str, action: Action) -> str:
    return rig.act(login, action)


CLASSIFY = a.Classify("permasalahan", "sedang", "tidak")


def breached(rig: Rig) -> list[str]:
    found = rig.rows(
        "SELECT t.text FROM history h JOIN history_texts t ON t.entry_id = h.id "
        'WHERE h.body LIKE \'%"kind": "breached"%\' ORDER BY h.id'
    )
    return [row.text.partition(":")[0] for row in found]


# What starts and stops them


def test_a_new_ticket_has_priority_and_response_running(office: Rig) -> None:
    opened(office)
    assert states(office) == {"priority": "running", "response": "running"}
    assert shown(office)["priority"].words == "sisa 5 menit"
    assert shown(office)["response"].words == "sisa 24 jam"
    assert shown(office)["response"].colour == "ok"


def test_a_complaint_has_the_response_clock_only(office: Rig) -> None:
    opened(office, kind="masukan")
    assert states(office) == {"response": "running"}
    act(office, "rina", a.ReplyToUser("terima kasih masukannya"))
    assert states(office) == {"response": "met"}


def test_a_ticket_that_turns_out_a_complaint_loses_the_other_clocks(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.Classify("masukan", "kecil", "tidak"))
    assert states(office) == {"response": "running"}


def test_setting_the_priority_meets_its_clock_and_starts_the_next(office: Rig) -> None:
    opened(office)
    after(office, 3 * MINUTES)
    act(office, "rina", CLASSIFY)
    found = shown(office)
    assert found["priority"].state == "met"
    assert found["priority"].words == "tepat waktu"
    assert found["data_request"].state == "running"


def test_an_answer_stops_response_and_starts_resolution(office: Rig) -> None:
    """Who answers without asking for data has what is needed."""
    opened(office)
    act(office, "rina", CLASSIFY)
    after(office, 2 * MINUTES)
    act(office, "rina", a.ReplyToUser("Coba peramban lain."))
    assert states(office) == {
        "priority": "met",
        "data_request": "met",
        "analysis": "running",
        "response": "met",
        "resolution": "running",
    }


def test_the_bot_s_words_are_no_answer(office: Rig) -> None:
    office.say("gagal upload penawaran")
    office.tap("Buat tiket")
    opened(office, user="budi", channel="web")
    office.say("cek tiket")
    assert shown(office)["response"].state == "running"


def test_who_asks_for_data_before_setting_the_priority_never_had_that_clock(office: Rig) -> None:
    opened(office)
    set_row(office, answered_at=office.clock.now())
    after(office, 60)
    act(office, "rina", CLASSIFY)
    assert "data_request" not in states(office)


def test_doing_it_twice_changes_nothing(office: Rig) -> None:
    opened(office)
    act(office, "rina", CLASSIFY)
    act(office, "rina", a.ReplyToUser("Coba peramban lain."))
    before = office.rows("SELECT * FROM deadlines ORDER BY id")
    after(office, 60)
    for _ in range(3):
        sync(office, lambda job: service.sync(job))
    assert office.rows("SELECT * FROM deadlines ORDER BY id") == before


def test_analysis_at_the_desk_is_short_and_only_for_walk_ins_and_calls(office: Rig) -> None:
    opened(office)
    set_row(office, source="walk_in")
    act(office, "rina", a.Take())
    assert shown(office)["desk_analysis"].words == "sisa 30 menit"
    assert shown(office)["analysis"].words == "sisa 6 jam 30 menit"
    act(office, "rina", a.Escalate("butuh koordinator"))
    assert states(office)["desk_analysis"] == "met"
    assert states(office)["analysis"] == "met"


# Pauses


def test_waiting_for_data_pauses_analysis_and_resolution(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.ReplyToUser("Kami periksa dulu."))
    after(office, 2 * HOURS)
    set_row(office, state="menunggu_data")
    found = shown(office)
    assert found["resolution"].state == found["analysis"].state == "paused"
    assert found["resolution"].words == "berhenti, sisa 70 jam"
    assert found["resolution"].due is None
    after(office, 48 * HOURS)
    set_row(office, state="diproses")
    resolution = shown(office)["resolution"]
    assert resolution.words == "sisa 70 jam"
    assert "berhenti 48 jam (menunggu data)" in resolution.explanation
    assert resolution.explanation.startswith("Mulai Sen 23 Nov 09.00; 72 jam kalender; berhenti")
    assert rows(office)["resolution"].armed


def test_an_exempt_ticket_has_no_resolution_limit_until_it_is_put_back(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.ReplyToUser("Perlu pengembangan aplikasi."))
    act(office, "rina", a.MarkExempt("pengembangan aplikasi"))
    resolution = shown(office)["resolution"]
    assert (resolution.state, resolution.words) == ("exempt", "dikecualikan")
    assert "pengembangan aplikasi" in resolution.explanation
    after(office, 200 * HOURS)
    assert "resolution" not in office.ticket().overdue
    act(office, "rina", a.MarkExempt(""))
    assert shown(office)["resolution"].words == "sisa 72 jam"


def test_a_pause_begun_for_data_and_followed_by_an_exemption_is_counted_once(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.ReplyToUser("Kami periksa."))
    set_row(office, state="menunggu_data")
    after(office, HOURS)
    set_row(office, exempt="jaringan")
    after(office, HOURS)
    set_row(office, exempt=None, state="diproses")
    after(office, HOURS)
    inputs = Inputs.loads(rows(office)["resolution"].inputs)
    assert [pause.why for pause in inputs.pauses] == ["data", "exempt"]
    assert shown(office)["resolution"].words == "sisa 71 jam"


# Ends, and coming back


def test_a_solution_meets_resolution_and_the_closing_notice(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.Take())
    after(office, HOURS)
    act(office, "rina", a.Solve("Sudah kami buka.", "Rina"))
    found = states(office)
    assert found["closing_notice"] == "met"
    assert set(found.values()) <= {"met", "late"}
    assert found["resolution"] == found["response"] == "met"


def test_belum_lets_the_resolution_clock_go_on_where_it_stood(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.ReplyToUser("Kami periksa."))
    after(office, 10 * HOURS)
    set_row(office, state="selesai", solved_at=office.clock.now())
    after(office, 24 * HOURS)
    set_row(office, state="diproses", solved_at=None)
    resolution = shown(office)["resolution"]
    assert (resolution.state, resolution.words) == ("running", "sisa 62 jam")
    assert "menunggu konfirmasi" in resolution.explanation
    assert shown(office)["response"].state == "met"


def test_opening_again_starts_response_and_resolution_anew(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.ReplyToUser("Coba lagi."))
    after(office, 30 * HOURS)
    set_row(office, state="ditutup", solved_at=office.clock.now(), closed_at=office.clock.now())
    after(office, 24 * HOURS)
    set_row(office, state="dibuka_kembali", solved_at=None, closed_at=None)
    found = shown(office)
    assert found["response"].words == "sisa 24 jam"
    assert found["resolution"].words == "sisa 72 jam"
    assert "putaran ke-2" in found["response"].explanation
    assert found["analysis"].state != "running", "nobody has taken it yet"
    after(office, HOURS)
    act(office, "rina", a.ReplyToUser("Kami lihat lagi."))
    found = shown(office)
    assert found["response"].state == "met"
    assert found["analysis"].words == "sisa 6 jam 30 menit"


def test_escalation_starts_lkpp_s_clock_and_guidance_brings_analysis_back(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.Take())
    act(office, "rina", a.Escalate("coba koordinator"))
    assert "lkpp" not in states(office)
    act(office, "dedi", a.Escalate("butuh LKPP"))
    assert shown(office)["lkpp"].words == "sisa 24 jam"
    assert shown(office)["analysis"].state == "met"
    after(office, 20 * HOURS)
    act(office, "adi", a.LkppAnswer("still_working", "masih dicek"))
    assert shown(office)["lkpp"].words == "sisa 24 jam", "the next answer has its own day"
    after(office, HOURS)
    act(office, "adi", a.LkppAnswer("guidance", "hapus cache"))
    assert shown(office)["lkpp"].state == "met"
    assert shown(office)["analysis"].words == "sisa 6 jam 30 menit"
    assert shown(office)["analysis"].state == "running"


def test_a_breach_of_lkpp_stays_late_after_its_answer(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.Escalate("x"))
    act(office, "dedi", a.Escalate("x"))
    after(office, 25 * HOURS)
    act(office, "adi", a.LkppAnswer("guidance", "hapus cache"))
    assert shown(office)["lkpp"].words == "terlambat 1 jam"


# Breaches


def test_a_breach_tells_marks_and_is_written_once(office: Rig) -> None:
    number = opened(office)
    after(office, 4 * MINUTES)
    assert shown(office)["priority"].colour == "soon"
    assert breached(office) == []
    after(office, 2 * MINUTES)
    for _ in range(3):
        after(office, 60)
    assert breached(office) == ["Prioritas"]
    assert office.ticket().overdue == "priority"
    alerts = office.rows("SELECT role, text FROM alerts WHERE kind = 'breached:priority'")
    assert {row.role for row in alerts} == {"helpdesk", "kepala_unit"}
    assert all(number in row.text and "Prioritas" in row.text for row in alerts)
    priority = shown(office)["priority"]
    assert (priority.colour, priority.state) == ("late", "running")
    assert priority.words == "lewat 4 menit"
    act(office, "rina", CLASSIFY)
    assert shown(office)["priority"].words == "terlambat 4 menit"
    assert verified(office)


def verified(rig: Rig) -> bool:
    ticket_id = rig.ticket().id
    return rig.loket.database.read(lambda c: verify(c, KEY, ticket_id)) is None


def test_the_holder_is_told_of_a_breach(office: Rig) -> None:
    opened(office)
    act(office, "rina", a.Take())
    after(office, 6 * MINUTES)
    (row,) = office.rows("SELECT agent_id FROM alerts WHERE kind LIKE 'breached%' AND role IS NULL")
    assert row.agent_id == office.agents["rina"]


def test_what_a_breach_does_is_configured(make_rig: Callable[..., Rig]) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["sla"]["priority"]["on_breach"] = []
        raw["sla"]["response"]["on_breach"] = ["raise_tier"]

    rig = staffed(make_rig(change=change))
    number = opened(rig)
    after(rig, 10 * MINUTES)
    assert rig.ticket().overdue == ""
    assert rig.rows("SELECT * FROM alerts WHERE kind LIKE 'breached%'") == []
    assert breached(rig) == ["Prioritas"]
    after(rig, 24 * HOURS)
    ticket = rig.ticket()
    assert (ticket.tier, ticket.state, ticket.overdue) == ("koordinator", "dieskalasi", "")
    rig.settle()
    assert any(number in out.text and "Koordinator" in out.text for out in rig.telegram.sent)


def test_clocks_that_run_out_together_raise_by_one_tier(make_rig: Callable[..., Rig]) -> None:
    def change(raw: dict[str, Any]) -> None:
        for name in ("priority", "response", "analysis"):
            raw["sla"][name]["on_breach"] = ["raise_tier"]

    rig = staffed(make_rig(change=change))
    opened(rig)
    act(rig, "rina", a.Take())
    after(rig, 100 * HOURS)
    assert rig.ticket().tier == "koordinator"
    assert set(breached(rig)) >= {"Prioritas", "Tanggapan"}


def test_without_a_tier_above_a_breach_raises_nothing(make_rig: Callable[..., Rig]) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["sla"]["response"]["on_breach"] = ["raise_tier", "mark"]

    rig = make_rig(change=change)
    rig.hire("rina", "helpdesk")
    opened(rig)
    after(rig, 25 * HOURS)
    assert rig.ticket().tier == "helpdesk"
    assert "response" in rig.ticket().overdue


def test_a_clock_that_was_met_in_time_is_never_breached(office: Rig) -> None:
    opened(office)
    act(office, "rina", CLASSIFY)
    act(office, "rina", a.Solve("Sudah beres.", "Rina"))
    after(office, 500 * HOURS)
    assert breached(office) == []
    assert office.ticket().overdue == ""


def test_a_mark_goes_when_its_clock_begins_anew(office: Rig) -> None:
    opened(office)
    after(office, 25 * HOURS)
    assert "response" in office.ticket().overdue
    set_row(office, state="ditutup", closed_at=office.clock.now())
    after(office, HOURS)
    set_row(office, state="dibuka_kembali", closed_at=None)
    assert "response" not in office.ticket().overdue
    after(office, 25 * HOURS)
    assert breached(office).count("Tanggapan") == 2, "a new run, a new breach"


# Limits and hours that change


def test_changed_limits_and_closures_move_what_runs_at_the_next_start(
    make_rig: Callable[..., Rig],
) -> None:
    rig = staffed(make_rig())
    opened(rig)
    act(rig, "rina", a.ReplyToUser("Kami periksa."))
    set_row(rig, state="menunggu_data")
    before = rows(rig)
    raw = rig.config.model_dump(mode="json")
    raw["sla"]["resolution"] = {"limit": "48h", "hours": "calendar"}
    raw["sla"]["priority"] = {"limit": "10m", "hours": "office"}
    rig.config = type(rig.config).model_validate(raw)
    rig.restart()
    moved = rows(rig)
    assert moved["priority"].due_at - before["priority"].due_at == 5 * 60 * 1_000_000
    assert moved["response"].due_at == before["response"].due_at
    assert moved["response"].arming == before["response"].arming, "it was left alone"
    assert shown(rig)["resolution"].words == "berhenti, sisa 48 jam"
    assert not moved["resolution"].armed


def test_an_unchanged_office_recomputes_nothing(office: Rig) -> None:
    opened(office)
    before = office.rows("SELECT * FROM deadlines")
    counter = office.loket.turns.counter

    def write(unit: Unit) -> int:
        return service.recompute(unit.connection, counter)

    assert office.loket.database.write(write).result() == 0
    office.restart()
    assert office.rows("SELECT * FROM deadlines") == before


def test_an_office_that_never_opens_says_so(make_rig: Callable[..., Rig]) -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    rig = make_rig(change=lambda raw: raw["hours"].update({day: [] for day in days}))
    opened(rig)
    assert shown(rig)["priority"].words == "jam kantor belum diatur"
    assert shown(rig)["response"].words == "sisa 24 jam"
    after(rig, 10 * HOURS)
    assert rig.ticket().overdue == ""


def test_tickets_older_than_their_clocks_get_them(office: Rig) -> None:
    opened(office)
    office.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql("DELETE FROM deadlines")
    ).result()
    assert shown(office) == {}
    office.restart()
    after(office, 1)
    assert states(office) == {"priority": "running", "response": "running"}


def test_the_board_s_line_shows_what_is_due_first(office: Rig) -> None:
    opened(office)
    first = service.next_of(shown(office).values())
    assert first is not None
    assert first.name == "priority"
    assert service.next_of([]) is None
