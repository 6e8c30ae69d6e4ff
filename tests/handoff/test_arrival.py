"""What did not reach its user: another channel, else a call, and each once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.port import Refused, Unreachable
from dialogs.reply import Attached
from handoff import actions as a
from storage.repositories import conversations
from storage.repositories import messages as message_rows
from tests.handoff import cases
from tests.rig import PNG, Rig

HOUR = timedelta(hours=1)


@pytest.fixture
def office(rig: Rig) -> Rig:
    cases.office(rig)
    cases.ticket(rig)
    return rig


def on_telegram(rig: Rig) -> list[str]:
    return [s.text for s in rig.answers(channel="telegram")]


def test_a_notice_nobody_fetched_goes_to_a_proved_channel_once(office: Rig) -> None:
    office.say("halo", channel="telegram")
    cases.one_person(office)
    cases.does(office, cases.SOLVED)
    office.wait(23 * HOUR)
    assert not any("Sudah kami perbaiki" in text for text in on_telegram(office))
    office.wait(2 * HOUR)
    office.wait(48 * HOUR)
    assert sum("Sudah kami perbaiki" in text for text in on_telegram(office)) == 1
    assert office.labels(channel="telegram") == ["Sudah", "Belum"]
    assert office.count("calls") == 0
    office.tap("Sudah", channel="telegram")
    assert office.ticket().state == "ditutup"


def test_a_data_request_told_elsewhere_runs_from_there(office: Rig) -> None:
    office.say("halo", channel="telegram")
    cases.one_person(office)
    cases.ask(office)
    office.wait(25 * HOUR)
    office.wait(HOUR)
    (row,) = office.rows("SELECT started_at FROM data_requests")
    assert row.started_at is not None
    assert sum("Scan NIB" in text for text in on_telegram(office)) == 1


def test_a_notice_that_was_fetched_is_settled(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    office.fetched()
    office.wait(48 * HOUR)
    assert office.count("calls") == 0
    assert cases.alerts(office, "undelivered") == 0


def test_without_another_channel_somebody_phones(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    office.wait(25 * HOUR)
    call = cases.open_call(office)
    assert call.kind == "notice"
    assert "Sudah kami perbaiki" in call.words
    assert cases.alerts(office, "undelivered") == 1
    office.wait(48 * HOUR)
    assert office.count("calls") == 1


def test_a_notice_fetched_after_all_needs_no_call(office: Rig) -> None:
    cases.does(office, cases.SOLVED)
    office.wait(25 * HOUR)
    office.fetched()
    office.wait(HOUR)
    assert office.rows("SELECT id FROM calls WHERE state = 'open'") == []


@pytest.mark.parametrize("fault", [Unreachable("blocked"), Refused("bad request")])
def test_what_the_platform_refuses_goes_to_the_call_list_once(rig: Rig, fault: Exception) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    rig.telegram.faults.append(fault)
    cases.does(rig, a.ReplyToUser("Coba lagi ya"))
    for _ in range(4):
        rig.wait(HOUR)
    assert "Coba lagi ya" in cases.open_call(rig).words
    assert cases.alerts(rig, "undelivered") == 1
    cases.does(rig, a.PhoneCall(cases.open_call(rig).id, reached=True))
    left = rig.rows("SELECT id FROM outbox WHERE state = 'failed' AND resolved_at IS NULL")
    assert left == []


def test_what_the_platform_refuses_is_told_in_another_chat(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    rig.say("halo")
    cases.one_person(rig)
    rig.telegram.faults.append(Unreachable("blocked"))
    cases.does(rig, a.ReplyToUser("Coba lagi ya"))
    rig.wait(timedelta(seconds=5))
    assert sum("Coba lagi ya" in s.text for s in rig.answers()) == 1
    rig.wait(25 * HOUR)  # nobody opens the page either: now somebody phones
    assert "Coba lagi ya" in cases.open_call(rig).words
    rig.wait(48 * HOUR)
    assert sum("Coba lagi ya" in s.text for s in rig.answers()) == 1
    assert len(rig.rows("SELECT id FROM calls WHERE state = 'open'")) == 1


def test_several_notices_of_a_ticket_are_one_call(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    for words in ("Satu dulu", "Lalu dua"):
        rig.telegram.faults.append(Refused("bad request"))
        cases.does(rig, a.ReplyToUser(words))
        rig.wait(timedelta(seconds=10))
    assert "Satu dulu" in cases.open_call(rig).words
    assert "Lalu dua" in cases.open_call(rig).words


def test_an_undelivered_request_is_the_call_it_is_already(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    rig.telegram.faults.append(Unreachable("blocked"))
    cases.ask(rig)
    rig.wait(200 * HOUR)
    assert cases.open_call(rig).kind == "data_request"
    assert cases.alerts(rig, "undelivered") == 1
    assert rig.ticket().state == "menunggu_data"


def test_a_line_in_somebody_elses_chat_is_never_told_to_the_user(rig: Rig) -> None:
    """A topic of the agents' group shows tickets too; what fails there is not the user's."""
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    rig.say("halo", "petugas", channel="telegram")
    ticket_id = rig.ticket().id

    def write(unit: Any) -> None:
        found = conversations.find(unit.connection, "telegram", "telegram:1", "petugas", "")
        assert found is not None
        message = message_rows.add(
            unit.connection, conversation_id=found[0], seq=99, author="notice",
            text="catatan petugas", now=rig.clock.now(), ticket_id=ticket_id,
        )  # fmt: skip
        unit.connection.exec_driver_sql(
            "INSERT INTO outbox (conversation_id, message_id, seq, row_class, kind, fence, state,"
            " due_at, attempts, repeated) VALUES (?, ?, 99, 'notice', 'message', 0, 'failed',"
            " 0, 1, 0)",
            (found[0], message),
        )

    rig.loket.database.write(write).result()
    rig.wait(HOUR)
    assert rig.count("calls") == 0
    assert not any("catatan petugas" in text for text in on_telegram(rig))


def test_a_long_notice_is_told_whole_elsewhere(office: Rig) -> None:
    office.say("halo", channel="telegram")
    cases.one_person(office)
    lines = "\n".join(f"Langkah {n}: buka menu dan periksa berkasnya lagi." for n in range(200))
    cases.does(office, a.Solve(lines, "Rina", missing=True))
    office.wait(25 * HOUR)
    for _ in range(6):
        office.wait(timedelta(seconds=5))
    text = "\n".join(on_telegram(office))
    assert "Langkah 0:" in text
    assert "Langkah 199:" in text


def test_a_file_of_an_agent_is_told_elsewhere_with_its_bytes(rig: Rig) -> None:
    cases.office(rig)
    cases.ticket(rig, channel="telegram")
    rig.say("halo")
    cases.one_person(rig)
    rig.telegram.faults.append(Unreachable("blocked"))
    shown = Attached(0, "image", "panduan.png", "image/png", rig.loket.blobs.put(PNG))
    cases.does(rig, a.ReplyToUser("", (shown,)))
    rig.wait(timedelta(seconds=5))
    assert "panduan.png" in rig.answers()[-1].text
    (row,) = rig.rows("SELECT body FROM messages WHERE origin = 'again'")
    assert json.loads(row.body)["file"]["blob"] == shown.blob
