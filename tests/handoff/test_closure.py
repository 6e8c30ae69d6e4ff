"""How a ticket ends, and how it comes back [002 step 8, 003 steps 14 to 17]."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dialogs.heard import Tap
from handoff import actions as a
from handoff.refusal import Refused
from storage.repositories import agents
from tests.handoff import cases
from tests.rig import Rig

HOUR = timedelta(hours=1)


@pytest.fixture
def office(rig: Rig) -> Rig:
    cases.office(rig)
    cases.ticket(rig)
    return rig


def history(rig: Rig) -> list[str]:
    return [
        json.loads(row.body)["kind"] for row in rig.rows("SELECT body FROM history ORDER BY id")
    ]


def said(rig: Rig, after: int, user: str = "budi", channel: str = "web") -> str:
    return "\n".join(s.text for s in rig.answers(user, channel, after))


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (a.Solve(" ", "Rina", missing=True), "solusi"),
        (a.Solve("sudah", "", missing=True), "Pemberi Penjelasan"),
        (a.Close("silence"), "solusi"),
        (a.Close("nonsense"), "alasan"),
        (a.Close("solved", "sudah", " "), "Pemberi Penjelasan"),
    ],
)
def test_without_solution_and_explainer_nothing_is_solved(
    office: Rig, action: a.Action, reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        office.act("rina", action)
    assert office.ticket().state == "baru"


def test_a_form_with_holes_is_filled_or_marked_first(rig: Rig) -> None:
    cases.office(rig)
    rig.say("pelayanannya lambat sekali di loket kemarin")
    rig.say("kirim")
    with pytest.raises(Refused, match="Formulir belum lengkap"):
        rig.act("rina", a.Solve("Terima kasih", "Rina"))
    cases.does(rig, a.Solve("Terima kasih", "Rina", missing=True))
    assert json.loads(rig.ticket().answers)["nama"] == "tidak diberikan"


def test_the_solution_keeps_who_solved_it_and_asks(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    row = office.ticket()
    assert (row.state, row.solved_tier, row.expects, row.agent_id) == (
        "selesai",
        "helpdesk",
        "confirm",
        office.agents["rina"],
    )
    assert row.answered_at == row.solved_at
    assert cases.whole(office)


def test_solving_ends_an_open_data_request(office: Rig) -> None:
    cases.ask(office)
    cases.does(office, cases.SOLVED)
    assert [r.state for r in office.rows("SELECT state FROM data_requests")] == ["cancelled"]
    assert office.ticket().expects == "confirm"


def test_a_closed_ticket_waits_for_nothing(office: Rig) -> None:
    cases.ask(office)
    office.fetched()
    office.wait(HOUR)
    cases.does(office, a.Close("withdrawn"))
    kinds = {
        row.kind.partition(":")[0]
        for row in office.rows("SELECT kind FROM deadlines WHERE armed AND ticket_id IS NOT NULL")
    }
    assert kinds <= {"web_notice"}  # of the closing notice itself
    assert office.rows("SELECT id FROM calls WHERE state = 'open'") == []


def test_yes_twice_closes_once(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    number = office.ticket().number
    for _ in range(2):
        office.take(office.event(tap=Tap(f"@yes:{number}", 0)))
    office.settle()
    assert history(office).count("closed") == 1
    assert cases.whole(office)


def test_a_late_no_opens_the_ticket_again(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    number = office.ticket().number
    office.tap("Sudah")
    last = office.last_seq()
    office.take(office.event(tap=Tap(f"@no:{number}", 0)))
    office.settle()
    assert "dibuka kembali" in said(office, last)
    assert office.ticket().state == "dibuka_kembali"


def test_nobody_answers_for_somebody_elses_ticket(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    number = office.ticket().number
    for value in (f"@yes:{number}", f"@no:{number}", f"@rate:{number}:5", f"@reopen:{number}"):
        office.take(office.event("siti", tap=Tap(value, 0)))
    office.settle()
    assert office.ticket().state == "selesai"
    assert office.count("parked") == 0


def test_an_agent_who_left_does_not_get_it_back(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    rina = office.agents["rina"]
    office.loket.database.write(lambda u: agents.change(u.connection, rina, active=False)).result()
    office.say("belum bisa")
    assert (office.ticket().state, office.ticket().agent_id) == ("diproses", None)


def test_the_word_is_waited_for_since_the_solution_was_seen(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    office.wait(20 * HOUR)
    office.fetched()
    office.wait(60 * HOUR)
    assert office.ticket().state == "selesai"
    office.wait(13 * HOUR)
    assert office.ticket().close_reason == "silence"


def test_the_office_may_wait_shorter(make_rig: Any) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["sla"]["confirmation"] = {"limit": "1h", "hours": "calendar", "on_breach": []}

    rig = cases.office(make_rig(change=change))
    cases.ticket(rig)
    cases.does(rig, cases.SOLVED)
    rig.fetched()
    last = rig.last_seq()
    rig.wait(HOUR)
    assert "1 jam tidak ada kabar" in said(rig, last)


def test_a_long_closing_notice_arrives_whole_on_telegram(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    lines = "\n".join(f"Langkah {n}: buka menu dan periksa berkasnya lagi." for n in range(120))
    cases.does(rig, a.Solve(lines, "Rina Wati", missing=True))
    for _ in range(8):
        rig.settle()
    rig.telegram.sent.clear()
    rig.tap("Sudah", channel="telegram")
    for _ in range(8):
        rig.settle()
    text = "\n".join(out.text for out in rig.telegram.sent)
    assert len(rig.telegram.sent) >= 3  # two parts and the rating
    for piece in ("A. Identitas", "Langkah 119", "Rina Wati", "Pilih 1"):
        assert piece in text


def test_the_rating_of_last_counts_and_nonsense_does_not(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    number = office.ticket().number
    office.tap("Sudah")
    for stars in ("2", "9", "x", "4", "0"):
        office.take(office.event(tap=Tap(f"@rate:{number}:{stars}", 0)))
    office.settle()
    assert office.ticket().rating == 4
    assert office.count("parked") == 0


def test_a_reopened_ticket_is_rated_anew(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    office.tap("Sudah")
    office.tap("1")
    office.say("lewati")
    office.say("masih error lagi min")
    assert (office.ticket().state, office.ticket().rating) == ("dibuka_kembali", None)
    assert "rated" in history(office)


def test_words_for_a_merged_ticket_reach_the_one_it_went_into(office: Rig) -> None:
    first = office.ticket().number
    second = cases.ticket(office, problem="lupa password akun")
    cases.does(office, a.Merge(first), second)
    with pytest.raises(Refused, match="digabung"):
        office.act("rina", a.Reopen("tetap perlu"), second)
    office.take(office.event(tap=Tap(f"@reopen:{second}", 0)))
    office.settle()
    assert office.ticket(second).state == "ditutup"
    assert office.ticket(first).state != "ditutup"
    assert "user_not_resolved" in history(office)


def test_too_late_a_new_ticket_is_offered_and_works(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    number = office.ticket().number
    office.tap("Sudah")
    office.wait(timedelta(days=8))
    last = office.last_seq()
    office.take(office.event(tap=Tap(f"@reopen:{number}", 0)))
    office.settle()
    assert "7 hari" in said(office, last)
    assert "formulir" in office.tap("Buat tiket")
    assert office.ticket(number).state == "ditutup"


def test_yes_in_another_chat_of_the_same_person_closes_where_the_ticket_came_from(
    office: Rig,
) -> None:
    office.say("halo", channel="telegram")
    cases.one_person(office)
    cases.does(office, cases.SOLVED)
    last = office.last_seq()
    told = office.say("sudah beres min", channel="telegram")
    assert office.ticket().number in told
    assert "Formulir Konsultasi" in said(office, last)
    assert "Formulir" not in told


def test_a_complaint_keeps_its_category(rig: Rig) -> None:
    cases.office(rig)
    rig.say("pelayanannya lambat sekali di loket kemarin")
    rig.say("kirim")
    assert (rig.ticket().kind, rig.ticket().category) == ("masukan", "pengaduan")


def test_reopening_takes_a_ticket_of_lkpp_back_to_lkpp(office: Rig) -> None:
    office.hire("adi", "admin_lpse")
    cases.does(office, a.Escalate("galat aplikasi"))
    cases.does(
        office,
        a.LkppAnswer("solved", "ok", solution="Beres", explainer="LKPP", missing=True),
        who="adi",
    )
    office.tap("Sudah")
    office.tap("3")
    office.say("lewati")
    office.say("masih error lagi min")
    row = office.ticket()
    assert (row.state, row.tier) == ("dibuka_kembali", "lkpp")
    cases.does(office, a.Take(), who="adi")
    cases.does(office, a.LkppAnswer("still_working", "dicek"), who="adi")
    assert office.ticket().state == "dieskalasi"
