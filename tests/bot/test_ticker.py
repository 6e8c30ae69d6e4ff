"""The clock at work: everything due fires once, in order, and nothing holds up the rest."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.clock_turns import ClockTurns
from bot.ticker import Ticker
from handoff.clock import due
from handoff.counter import Counter, Moment
from storage.base import AnyRow
from storage.database import Unavailable
from storage.repositories import clock as clocks
from tests.handoff.tickets import opened
from tests.rig import Rig

Wrote = list[str]


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Wrote:
    """Deadlines of the kind ``test`` write their subject down; ``test:poison`` fails."""
    wrote: Wrote = []

    def deed(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
        if deadline.kind == "test:poison":
            raise ZeroDivisionError("a fault of ours")
        wrote.append(deadline.subject)

    monkeypatch.setattr(due, "DEEDS", {**due.DEEDS, "test": deed})
    return wrote


def arm(rig: Rig, subject: str, after: timedelta, kind: str = "test", **more: Any) -> None:
    ticket = rig.ticket()
    rig.loket.database.write(
        lambda unit: clocks.arm(
            unit.connection,
            kind=kind,
            subject=subject,
            contact_id=more.get("contact_id", ticket.contact_id),
            due_at=rig.clock.now() + after,
            inputs=json.dumps({}),
            ticket_id=ticket.id,
        )
    ).result()


def minutes(many: float) -> timedelta:
    return timedelta(minutes=many)


def test_what_is_due_fires_once_and_in_order(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    for n in (3, 1, 2, 9):
        arm(rig, f"n:{n}", minutes(n))
    rig.wait(minutes(5))
    assert fired == ["n:1", "n:2", "n:3"]
    rig.wait(minutes(0))
    rig.restart()
    rig.wait(minutes(0))
    assert fired == ["n:1", "n:2", "n:3"]


def test_more_than_a_page_is_rung_at_once_and_in_order(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    for n in range(257):
        arm(rig, f"n:{n}", timedelta(seconds=n))
    rig.clock.move(timedelta(seconds=299))
    assert rig.loket.ticker.ring() == 257
    assert fired == [f"n:{n}" for n in range(257)]


def test_many_due_at_the_very_same_moment_are_all_rung(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    for n in range(230):
        arm(rig, f"n:{n}", minutes(1))
    rig.clock.move(minutes(1))
    assert rig.loket.ticker.ring() == 230
    assert len(set(fired)) == 230


def test_a_poison_deadline_starves_no_other_and_is_tried_again_in_an_hour(
    rig: Rig, fired: Wrote, caplog: pytest.LogCaptureFixture
) -> None:
    opened(rig)
    for n in range(3):
        arm(rig, f"before:{n}", minutes(1))
    for n in range(120):
        arm(rig, f"poison:{n}", minutes(2), kind="test:poison")
    arm(rig, "after", minutes(3))
    with caplog.at_level(logging.CRITICAL):
        rig.wait(minutes(5))
        assert fired == ["before:0", "before:1", "before:2", "after"]
        rig.wait(minutes(5))
    (row,) = rig.rows("SELECT * FROM deadlines WHERE subject = 'poison:7'")
    assert row.armed
    assert row.fired_at is None, "what failed left nothing behind"
    alerts = rig.rows("SELECT role FROM alerts WHERE subject = :s", s=f"deadline:{row.id}")
    assert [alert.role for alert in alerts] == ["admin"], "staff see it, once"


def test_a_deadline_nobody_knows_is_poison_and_not_lost(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    opened(rig)
    arm(rig, "x", minutes(1), kind="never_heard_of")
    with caplog.at_level(logging.CRITICAL):
        rig.wait(minutes(2))
    assert rig.rows("SELECT armed FROM deadlines WHERE kind = 'never_heard_of'")[0].armed


def test_what_was_armed_anew_fires_by_its_new_time(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "x", minutes(1))
    listed = rig.loket.database.read(lambda c: clocks.due(c, rig.clock.now() + minutes(2)))
    arm(rig, "x", minutes(60))
    rig.clock.move(minutes(2))
    (row,) = [row for row in listed if row.subject == "x"]
    assert not ClockTurns(rig.loket.turns).ring(row).result(), "it was listed before it moved"
    rig.wait(minutes(2))
    assert fired == []
    rig.wait(minutes(60))
    assert fired == ["x"]


def test_what_was_disarmed_does_not_fire(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "x", minutes(1))
    rig.loket.database.write(lambda unit: clocks.disarm(unit.connection, "test", "x")).result()
    rig.wait(minutes(2))
    assert fired == []


def test_a_deed_that_sets_its_own_time_again_in_the_past_is_followed_up_and_ends(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that are all overdue follow one another; a ring never turns in a circle."""
    opened(rig)
    seen = itertools.count()

    def deed(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
        next(seen)
        clocks.arm(
            moment.connection,
            kind="test",
            subject=deadline.subject,
            contact_id=moment.case.contact_id,
            due_at=deadline.due_at + minutes(1),
            inputs="{}",
            ticket_id=deadline.ticket_id,
        )

    monkeypatch.setattr(due, "DEEDS", {**due.DEEDS, "test": deed})
    arm(rig, "x", minutes(1))
    rig.clock.move(minutes(10))
    for _ in range(12):
        rig.loket.ticker.ring()
    assert next(seen) == 10


def test_a_database_that_is_away_loses_nothing(
    rig: Rig, fired: Wrote, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(rig)
    arm(rig, "x", minutes(1))
    rig.clock.move(minutes(2))
    read = rig.loket.database.read

    def away(job: Callable[..., Any]) -> Any:
        raise Unavailable("gone for lunch")

    monkeypatch.setattr(rig.loket.database, "read", away)
    assert rig.loket.ticker.ring() == 0
    monkeypatch.setattr(rig.loket.database, "read", read)
    assert rig.loket.ticker.ring() == 1
    assert fired == ["x"]


def test_a_sweep_that_fails_for_one_ticket_goes_on_with_the_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for user in ("budi", "siti", "wati"):
        opened(rig, user=user)
    ids = [row.id for row in rig.rows("SELECT id FROM tickets ORDER BY id")]
    visited: list[int] = []

    def find(connection: Any, *, now: datetime) -> list[int]:
        return ids

    def deed(job: Any) -> None:
        visited.append(job.ticket.id)
        if job.ticket.id == ids[0]:
            raise ZeroDivisionError

    monkeypatch.setattr(due, "SWEEPS", ((find, deed),))
    with caplog.at_level(logging.CRITICAL):
        rig.wait(minutes(1))
        rig.wait(minutes(1))
    assert visited == [*ids, *ids[1:]], "the one that failed rests"
    with caplog.at_level(logging.CRITICAL):
        rig.wait(minutes(61))
    assert visited[-3:] == ids


def test_every_kind_that_is_armed_has_its_deed() -> None:
    """USER_SIDE and its like name kinds that exist (a form left alone is the turn's own)."""
    assert due.TO_USERS - {"form_left_alone"} <= set(due.DEEDS)
    assert due.NUDGES <= due.TO_USERS
    assert "sla" not in due.TO_USERS, "office-side breaches keep their times"
    assert not due.USER_SIDE & (due.MOVING | due.WAITING)


def test_a_chat_in_a_terminal_rings_for_its_own_people_only(rig: Rig, fired: Wrote) -> None:
    """Beside a server it would take what is due for users whom it cannot reach."""
    opened(rig)
    arm(rig, "x", minutes(1))
    turns = replace(rig.loket.turns, abilities={"terminal": rig.telegram.abilities})
    rig.clock.move(minutes(2))
    beside = Ticker(rig.loket.database, turns, rig.clock, "terminal")
    assert beside.ring() == 0
    assert fired == []
    alone = replace(turns, abilities={"telegram": rig.telegram.abilities})
    assert Ticker(rig.loket.database, alone, rig.clock, "telegram").ring() == 1


def test_who_waited_without_a_ticket_before_the_release_gets_one(rig: Rig) -> None:
    rig.say("menu", channel="telegram")
    rig.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "INSERT INTO human_requests (number, contact_id, conversation_id, reason, state, "
            "created_at, turn, calls, rounds) "
            "SELECT 'ANT-2611-00001-0', contact_id, id, 'SPSE error', 'waiting', 0, 1, 0, 0 "
            "FROM conversations"
        )
    ).result()
    rig.restart()
    rig.settle()
    rig.wait(timedelta(seconds=5))
    ticket = rig.ticket()
    assert ticket.problem == "SPSE error"
    (request,) = rig.rows("SELECT state, ticket_id FROM human_requests")
    assert (request.state, request.ticket_id) == ("ticket", ticket.id)
    assert sum(ticket.number in out.text for out in rig.telegram.sent) == 1
