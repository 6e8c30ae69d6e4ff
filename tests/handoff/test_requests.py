"""Data requests: asked, gathered, reminded of, phoned about, ended [002 step 4]."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.incoming import IncomingFile
from dialogs.heard import Tap
from handoff import actions as a
from handoff.refusal import Refused
from storage.base import from_micros
from tests.handoff import cases
from tests.handoff.tickets import opened
from tests.rig import Rig

HOUR = timedelta(hours=1)


@pytest.fixture
def office(rig: Rig) -> Rig:
    cases.office(rig)
    cases.ticket(rig)
    return rig


def request(rig: Rig) -> Any:
    return rig.rows("SELECT * FROM data_requests ORDER BY id DESC LIMIT 1")[0]


def labels(rig: Rig) -> list[str]:
    rows = rig.rows(
        "SELECT label FROM data_items WHERE request_id = "
        "(SELECT max(id) FROM data_requests) ORDER BY n"
    )
    return [row.label for row in rows]


def test_asking_answers_the_user_and_waits(office: Rig) -> None:
    cases.ask(office)
    row = office.ticket()
    assert (row.state, row.expects) == ("menunggu_data", "data")
    assert row.answered_at is not None
    assert cases.open_call(office).kind == "data_request"
    assert cases.whole(office)


@pytest.mark.parametrize(
    "items", [(), (("  ", "file"),), tuple((f"d{n}", "any") for n in range(13))]
)
def test_a_request_needs_items_and_not_too_many(office: Rig, items: Any) -> None:
    with pytest.raises(Refused):
        office.act("rina", a.AskData(items))
    assert office.count("data_requests") == 0


def test_a_second_request_asks_for_what_the_first_still_misses(office: Rig) -> None:
    cases.ask(office, ("Scan NIB", "file"), ("NPWP", "text"))
    office.say("npwp kami 01.234.567.8-901.234")
    cases.ask(office, ("Surat kuasa", "file"))
    assert labels(office) == ["Surat kuasa", "Scan NIB"]
    assert [r.state for r in office.rows("SELECT state FROM data_requests ORDER BY id")] == [
        "partial",
        "open",
    ]
    assert cases.open_call(office).subject == "data:2"


def test_secrets_in_what_is_asked_for_are_masked(office: Rig) -> None:
    cases.ask(office, ("password: Rahasia123", "text"))
    assert "Rahasia123" not in str(office.rows("SELECT label FROM data_items"))


def test_the_time_runs_from_when_the_browser_fetched_it(office: Rig) -> None:
    cases.ask(office)
    office.wait(5 * HOUR)
    assert request(office).started_at is None
    office.fetched()
    seen = office.clock.now()
    office.wait(2 * HOUR)
    row = request(office)
    assert from_micros(row.started_at) == seen
    assert from_micros(row.due_at) == seen + timedelta(hours=72)


def test_the_time_runs_from_when_the_platform_took_it(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    cases.ask(rig)
    rig.wait(HOUR)
    (done,) = rig.rows(
        "SELECT done_at FROM outbox WHERE message_id = :m", m=request(rig).message_id
    )
    assert request(rig).started_at == done.done_at


def test_of_several_reminders_due_at_once_only_the_last_is_said(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    cases.ask(rig)
    rig.wait(timedelta(seconds=5))
    last = rig.last_seq(channel="telegram")
    rig.clock.move(50 * HOUR)
    rig.wait(timedelta(seconds=5))
    said = [s.text for s in rig.answers(channel="telegram", after=last)]
    assert len([text for text in said if "Pengingat" in text]) == 1
    fired = rig.rows("SELECT kind FROM deadlines WHERE kind LIKE 'data_reminder%' AND armed")
    assert [row.kind for row in fired] == ["data_reminder:3"]


def test_reminders_beyond_the_limit_are_never_armed(make_rig: Any) -> None:
    def change(raw: dict[str, Any]) -> None:
        raw["sla"]["data_wait"] = {"limit": "36h", "hours": "calendar", "on_breach": []}

    rig = cases.office(make_rig(change=change))
    cases.ticket(rig)
    cases.ask(rig)
    rig.fetched()
    rig.wait(HOUR)
    kinds = [r.kind for r in rig.rows("SELECT kind FROM deadlines WHERE kind LIKE 'data_%'")]
    assert sorted(kinds) == ["data_reminder:1", "data_wait"]
    assert "36 jam" in rig.transcript()[-1].text or "36 jam" in str(rig.transcript())


def test_whoever_was_not_reached_stays_on_the_list_until_it_arrived(office: Rig) -> None:
    cases.ask(office)
    call = cases.open_call(office)
    for _ in range(4):
        cases.does(office, a.PhoneCall(call.id, reached=False, words="tidak diangkat"))
    assert (cases.open_call(office).tries, request(office).started_at) == (4, None)
    office.fetched()
    office.wait(HOUR)
    cases.does(office, a.PhoneCall(call.id, reached=False))
    assert [r.state for r in office.rows("SELECT state FROM calls")] == ["gave_up"]
    assert office.ticket().state == "menunggu_data"


def test_a_user_who_was_reached_has_the_request_from_then_on(office: Rig) -> None:
    cases.ask(office)
    office.clock.move(2 * HOUR)
    call = cases.open_call(office)
    cases.does(office, a.PhoneCall(call.id, reached=True, words="akan dikirim"))
    started = request(office).started_at
    assert started is not None
    office.fetched()
    office.wait(HOUR)
    assert request(office).started_at == started
    with pytest.raises(Refused):
        office.act("rina", a.PhoneCall(call.id, reached=True))


def test_a_call_of_another_ticket_is_refused(office: Rig) -> None:
    cases.ask(office)
    call = cases.open_call(office)
    other = cases.ticket(office, "siti")
    with pytest.raises(Refused):
        office.act("rina", a.PhoneCall(call.id, reached=True), other)


def test_nothing_delivered_closes_nothing(office: Rig) -> None:
    cases.ask(office)
    for _ in range(40):
        office.wait(12 * HOUR)
    assert office.ticket().state == "menunggu_data"


def test_a_file_that_was_refused_is_still_missing(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    cases.ask(rig, ("Scan NIB", "file"))
    rig.telegram.files["ref"] = b"MZ" + b"0" * 60
    file = IncomingFile("document", "nib.pdf", "application/pdf", 62, "ref")
    rig.say("", channel="telegram", files=(file,))
    rig.settle()
    assert "Masih kurang" in rig.say("cek tiket", channel="telegram")
    assert "belum ada data" in rig.tap("Sudah lengkap", channel="telegram")
    assert rig.ticket().state == "menunggu_data"


def test_somebody_elses_request_cannot_be_finished_nor_its_number_read(office: Rig) -> None:
    request_id = cases.ask(office)
    office.say("halo", "siti")
    for value in (f"@full:{request_id}", "@full:x", "@full:", "@full:99"):
        last = office.last_seq("siti")
        office.take(office.event("siti", tap=Tap(value, 0)))
        office.settle()
        told = "\n".join(s.text for s in office.answers("siti", after=last))
        assert told
        assert office.ticket().number not in told
    assert request(office).state == "open"
    assert office.count("parked") == 0


def test_finishing_twice_changes_nothing(office: Rig) -> None:
    cases.ask(office, ("NPWP", "text"))
    office.say("npwp 01.234.567.8-901.234")
    office.tap("Sudah lengkap")
    before = office.ticket()
    assert "sudah tercatat lengkap" in office.tap("Sudah lengkap")
    assert office.ticket().history_seq == before.history_seq


def test_an_agent_may_judge_without_a_request(office: Rig) -> None:
    cases.does(office, a.DataComplete())
    assert office.ticket().complete_at is not None


def test_escalating_withdraws_the_request(office: Rig) -> None:
    office.hire("adi", "admin_lpse")
    cases.ask(office)
    office.fetched()
    office.wait(HOUR)
    cases.does(office, a.Escalate("perlu LKPP"))
    assert request(office).state == "cancelled"
    left = office.rows("SELECT kind FROM deadlines WHERE armed AND kind LIKE 'data_%'")
    assert left == []
    assert office.rows("SELECT id FROM calls WHERE state = 'open'") == []


def test_moved_data_join_the_open_request_of_the_other_ticket(office: Rig) -> None:
    first = office.ticket().number
    second = cases.ticket(office, problem="lupa password akun")
    cases.ask(office, ("Surat kuasa", "file"), number=first)
    office.say("", files=(office.file("surat.png"),))
    cases.ask(office, ("Surat tugas", "file"), number=second)
    (piece,) = office.rows("SELECT * FROM data_pieces")
    told = cases.does(office, a.MoveData((piece.id,), second.lower()), first)
    assert second in told
    (moved,) = office.rows("SELECT * FROM data_pieces")
    assert (moved.request_id, moved.item_id) == (2, None)
    tickets = {row.number: row.id for row in office.rows("SELECT id, number FROM tickets")}
    (message,) = office.rows("SELECT ticket_id FROM messages WHERE id = :m", m=moved.message_id)
    (file,) = office.rows("SELECT ticket_id FROM attachments")
    assert message.ticket_id == file.ticket_id == tickets[second]
    assert cases.whole(office)


def test_data_never_move_to_another_person(office: Rig) -> None:
    mine = office.ticket().number
    cases.ask(office, ("Surat kuasa", "file"))
    office.say("", files=(office.file("surat.png"),))
    (piece,) = office.rows("SELECT * FROM data_pieces")
    foreign = cases.ticket(office, "siti")
    with pytest.raises(Refused, match="orang yang sama"):
        office.act("rina", a.MoveData((piece.id,), foreign), mine)
    with pytest.raises(Refused, match="dari tiket ini"):
        office.act("rina", a.MoveData((piece.id,), mine), foreign)


def test_a_request_goes_along_when_two_chats_prove_to_be_one_person(office: Rig) -> None:
    cases.ask(office, ("NPWP", "text"))
    office.say("halo", channel="telegram")
    cases.one_person(office)
    text = office.say("npwp 01.234.567.8-901.234", channel="telegram")
    assert office.ticket().number in text
    assert office.count("data_pieces") == 1


def test_a_request_survives_a_restart(office: Rig) -> None:
    cases.ask(office, ("NPWP", "text"))
    office.fetched()
    office.wait(HOUR)
    office.restart()
    office.say("npwp 01.234.567.8-901.234")
    office.restart()
    office.tap("Sudah lengkap")
    assert office.ticket().state == "diproses"


def test_what_is_waited_for_already_is_not_asked_twice(rig: Rig) -> None:
    rig.hire("rina", "helpdesk")
    opened(rig)
    rig.act("rina", a.AskData((("Scan NIB", "file"), ("Nomor NPWP", "text"))))
    with pytest.raises(Refused, match="sudah diminta"):
        rig.act("rina", a.AskData((("scan nib", "file"),)))
    rig.act("rina", a.AskData((("Surat kuasa", "file"),)))
    assert len(rig.rows("SELECT 1 FROM data_requests WHERE state = 'open'")) == 1
