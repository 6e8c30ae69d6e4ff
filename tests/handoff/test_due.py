"""What a due time does: its deed, and the ticket's clocks after it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from handoff import actions as a
from handoff.clock import due
from handoff.counter import Counter, Moment
from handoff.job import Job
from storage.base import AnyRow
from storage.repositories import clock as clocks
from tests.handoff.tickets import opened
from tests.rig import Rig

HOUR = timedelta(hours=1)


def clocks_of(rig: Rig) -> dict[str, Any]:
    rows = rig.rows("SELECT * FROM deadlines WHERE kind LIKE 'sla:%'")
    return {row.kind.removeprefix("sla:"): row for row in rows}


def test_a_kind_stands_for_its_numbered_ones() -> None:
    assert due.base("data_reminder:2") == "data_reminder"
    assert due.base("sla:response") == "sla"
    assert due.base("confirmation") == "confirmation"


def test_every_sop_clock_of_a_ticket_is_rung_by_one_deed() -> None:
    assert "sla" in due.DEEDS
    assert not any(":" in kind for kind in due.DEEDS)


def test_what_waits_for_a_user_is_never_the_office_s() -> None:
    assert {"data_wait", "data_reminder", "confirmation", "web_notice"} <= due.USER_SIDE
    assert "form_left_alone" in due.USER_SIDE
    assert "sla" not in due.TO_USERS


def test_clocks_follow_what_a_due_time_did(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a deed does to the ticket, its clocks know in the same transaction."""
    opened(rig)

    def deed(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
        job = Job(counter, moment, None, deadline.ticket_id, "clock")
        job.update(state="ditutup", closed_at=moment.now)

    monkeypatch.setattr(due, "DEEDS", {**due.DEEDS, "test": deed})
    ticket = rig.ticket()
    rig.loket.database.write(
        lambda unit: clocks.arm(
            unit.connection,
            kind="test",
            subject="x",
            contact_id=ticket.contact_id,
            due_at=rig.clock.now() + timedelta(minutes=1),
            inputs=json.dumps({}),
            ticket_id=ticket.id,
        )
    ).result()
    rig.wait(timedelta(minutes=2))
    for name, row in clocks_of(rig).items():
        assert row.stopped_at is not None, name
        assert not row.armed, name


def test_data_that_never_came_close_the_ticket_and_stop_its_clocks(rig: Rig) -> None:
    rig.hire("rina", "helpdesk")
    opened(rig)
    rig.act("rina", a.Classify("permasalahan", "sedang", "tidak"))
    rig.act("rina", a.AskData((("Scan NIB", "file"),)))
    rig.wait(timedelta(minutes=1))
    assert clocks_of(rig)["analysis"].paused_at is not None
    for _ in range(8):
        rig.wait(10 * HOUR)
    ticket = rig.ticket()
    assert (ticket.state, ticket.close_reason) == ("ditutup", "no_data")
    assert all(row.stopped_at is not None for row in clocks_of(rig).values())
    assert ticket.overdue == ""


@pytest.mark.parametrize("noticed", [True, False])
def test_after_a_week_s_outage_the_user_has_their_time_for_the_data(
    rig: Rig, noticed: bool
) -> None:
    """The wait moves by the outage, even one whose beginning was not noticed before it; the
    user is never closed out by it."""
    rig.hire("rina", "helpdesk")
    number = opened(rig)
    rig.act("rina", a.AskData((("Scan NIB", "file"),)))
    rig.settle()
    if noticed:
        rig.wait(timedelta(minutes=1))
        rig.wait(20 * HOUR)
    asked, left = len(rig.telegram.sent), 52 if noticed else 72
    rig.outage(timedelta(days=7))
    for _ in range(left // 2 - 1):
        rig.wait(2 * HOUR)
    assert rig.ticket().state == "menunggu_data"
    for _ in range(3):
        rig.wait(2 * HOUR)
    assert rig.ticket().state == "ditutup"
    said = [out.text for out in rig.telegram.sent[asked:]]
    assert all(number in text for text in said)
    assert len(said) <= 4, "three reminders at most, and the end"
