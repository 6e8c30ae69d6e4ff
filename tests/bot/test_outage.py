"""After a gap, or a jump of the clock: what waits for a user moves, what the office owes does
not, and nobody is flooded (design 6.12)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import outages
from handoff.clock import due
from handoff.counter import Counter, Moment
from storage.base import AnyRow, from_micros
from storage.repositories import clock as clocks
from tests.handoff.tickets import opened
from tests.rig import MONDAY, Rig

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
Wrote = list[tuple[str, str]]


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Wrote:
    """What fired, in order; the user-side kinds of this test do nothing else."""
    wrote: Wrote = []

    def deed(counter: Counter, moment: Moment, deadline: AnyRow) -> None:
        wrote.append((deadline.kind, deadline.subject))

    ours = dict.fromkeys(("data_wait", "data_reminder", "confirmation", "live_warn"), deed)
    more = dict.fromkeys(("live_return", "queue_close", "office"), deed)
    monkeypatch.setattr(due, "DEEDS", {**due.DEEDS, **ours, **more})
    monkeypatch.setattr(due, "SWEEPS", ())
    return wrote


def arm(rig: Rig, kind: str, subject: str, after: timedelta) -> None:
    ticket = rig.ticket()
    rig.loket.database.write(
        lambda unit: clocks.arm(
            unit.connection,
            kind=kind,
            subject=subject,
            contact_id=ticket.contact_id,
            due_at=rig.clock.now() + after,
            inputs=json.dumps({}),
            ticket_id=ticket.id,
        )
    ).result()


def due_at(rig: Rig, kind: str) -> datetime:
    (row,) = rig.rows("SELECT due_at FROM deadlines WHERE kind = :kind", kind=kind)
    return from_micros(row.due_at)


def gaps(rig: Rig) -> list[Any]:
    return rig.rows("SELECT * FROM outages ORDER BY id")


def quiet(rig: Rig) -> None:
    """The backlog is through."""
    rig.wait(timedelta(seconds=31))


def test_a_short_stop_is_no_outage(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    rig.outage(timedelta(minutes=9))
    assert gaps(rig) == []
    assert due_at(rig, "data_wait") == MONDAY + 72 * HOUR


def test_being_awake_for_days_is_no_outage(rig: Rig) -> None:
    opened(rig)
    for _ in range(3):
        rig.wait(26 * HOUR)
    rig.restart()
    assert gaps(rig) == []


def test_an_outage_moves_what_waits_for_a_user_by_its_length(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    arm(rig, "data_reminder:2", "data:1", 48 * HOUR)
    arm(rig, "office", "x", 72 * HOUR)
    rig.outage(30 * HOUR)
    (gap,) = gaps(rig)
    assert from_micros(gap.ended_at) - from_micros(gap.started_at) == 30 * HOUR
    assert due_at(rig, "data_wait") == MONDAY + 102 * HOUR
    assert due_at(rig, "data_reminder:2") == MONDAY + 78 * HOUR
    assert due_at(rig, "office") == MONDAY + 72 * HOUR


def test_nothing_ends_for_a_user_before_the_backlog_is_through_and_an_hour_more(
    rig: Rig, fired: Wrote
) -> None:
    opened(rig)
    arm(rig, "confirmation", "ticket:1", timedelta(minutes=1))
    arm(rig, "office", "x", timedelta(minutes=1))
    rig.outage(WEEK)
    assert fired == [("office", "x")], "the office's own are due at once"
    for _ in range(4):  # users' messages of the week come in
        rig.wait(timedelta(seconds=20))
        rig.hear("halo", user="siti", channel="telegram")
    assert gaps(rig)[0].drained_at is None
    quiet(rig)
    drained = from_micros(gaps(rig)[0].drained_at)
    assert drained > from_micros(gaps(rig)[0].ended_at) + timedelta(seconds=90)
    assert due_at(rig, "confirmation") == drained + HOUR
    rig.wait(timedelta(minutes=59))
    assert fired == [("office", "x")]
    rig.wait(timedelta(minutes=2))
    assert fired == [("office", "x"), ("confirmation", "ticket:1")]


def test_an_office_that_is_never_quiet_waits_two_hours_at_most(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "confirmation", "ticket:1", timedelta(minutes=1))
    rig.outage(WEEK)
    for _ in range(250):
        rig.hear("halo", user="siti", channel="telegram")
        rig.wait(timedelta(seconds=29))
    assert fired == [("confirmation", "ticket:1")]


def test_what_an_agent_does_is_no_backlog(rig: Rig) -> None:
    opened(rig)
    rig.outage(WEEK)
    rig.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "INSERT INTO events (account, event_id, at) VALUES ('agent:1', 'x', 9000000000000000)"
        )
    ).result()
    quiet(rig)
    assert gaps(rig)[0].drained_at is not None


def test_after_a_week_each_overdue_action_fires_once_and_in_order(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    for n in range(5):
        arm(rig, "office", f"n:{n}", timedelta(hours=20 - n))
    arm(rig, "data_wait", "data:1", timedelta(hours=2))
    arm(rig, "confirmation", "ticket:1", timedelta(hours=1))
    rig.outage(WEEK)
    assert [subject for _, subject in fired] == [f"n:{n}" for n in (4, 3, 2, 1, 0)]
    for _ in range(3):
        rig.restart()
        quiet(rig)
    rig.wait(3 * HOUR)
    assert fired[5:] == [("confirmation", "ticket:1"), ("data_wait", "data:1")]
    assert len(gaps(rig)) == 1


def test_of_several_messages_to_one_user_only_the_last_goes(rig: Rig, fired: Wrote) -> None:
    """Reminders that an outage has put on top of each other; whatever ends something is done."""
    opened(rig, user="siti")
    arm(rig, "data_reminder:1", "data:9", timedelta(minutes=2))
    opened(rig)
    arm(rig, "data_reminder:1", "data:1", timedelta(minutes=1))
    arm(rig, "data_reminder:2", "data:1", timedelta(minutes=5))
    arm(rig, "data_reminder:1", "data:2", timedelta(minutes=7))
    rig.outage(WEEK)
    quiet(rig)
    rig.wait(HOUR + timedelta(minutes=1))
    assert fired == [("data_reminder:1", "data:9"), ("data_reminder:1", "data:2")]
    left = rig.rows("SELECT * FROM deadlines WHERE kind LIKE 'data_reminder%' AND armed")
    assert left == [], "what was left out does not come later"


def test_a_reminder_is_left_out_where_the_time_itself_is_over(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "data_reminder:3", "data:1", timedelta(minutes=1))
    arm(rig, "data_wait", "data:1", timedelta(minutes=2))
    arm(rig, "confirmation", "ticket:1", timedelta(minutes=3))
    rig.outage(WEEK)
    quiet(rig)
    rig.wait(HOUR + timedelta(minutes=1))
    assert fired == [("data_wait", "data:1"), ("confirmation", "ticket:1")]


def test_in_ordinary_times_every_reminder_goes(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "data_reminder:1", "data:1", timedelta(minutes=1))
    arm(rig, "data_reminder:1", "data:2", timedelta(minutes=1))
    rig.wait(timedelta(minutes=2))
    assert len(fired) == 2


def test_a_line_in_a_live_chat_gets_its_minutes_back_and_no_hour_of_silence(
    rig: Rig, fired: Wrote
) -> None:
    opened(rig)
    arm(rig, "live_warn", "human:1", timedelta(minutes=4))
    arm(rig, "live_return", "human:1", timedelta(minutes=9))
    rig.outage(2 * HOUR)
    assert fired == []
    rig.wait(timedelta(minutes=4))
    assert fired == [("live_warn", "human:1")]
    rig.wait(timedelta(minutes=5))
    assert fired[1:] == [("live_return", "human:1")]


def test_closing_time_does_not_move_with_an_outage_but_waits_after_it(
    rig: Rig, fired: Wrote
) -> None:
    opened(rig)
    arm(rig, "queue_close", "human:1", timedelta(hours=6, minutes=30))
    rig.outage(2 * HOUR)
    assert due_at(rig, "queue_close") == MONDAY + timedelta(hours=6, minutes=30)
    rig.outage(5 * HOUR)
    quiet(rig)
    assert fired == []
    rig.wait(HOUR + timedelta(minutes=1))
    assert fired == [("queue_close", "human:1")]


def test_the_time_shown_for_a_data_request_moves_along(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    agent = rig.hire("rina", "helpdesk")
    ticket = rig.ticket()
    when = int((MONDAY + 72 * HOUR).timestamp() * 1_000_000)
    rig.loket.database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "INSERT INTO data_requests (id, ticket_id, contact_id, asked_by, agent_id, state, "
            f"created_at, started_at, due_at) VALUES (1, {ticket.id}, {ticket.contact_id}, 'lpse', "
            f"{agent}, 'open', 0, 0, {when})"
        )
    ).result()
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    rig.outage(30 * HOUR)
    (row,) = rig.rows("SELECT due_at FROM data_requests")
    assert from_micros(row.due_at) == due_at(rig, "data_wait") == MONDAY + 102 * HOUR


def test_what_begins_after_an_outage_waits_no_hour(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    rig.outage(WEEK)
    quiet(rig)
    arm(rig, "confirmation", "ticket:1", timedelta(minutes=5))
    rig.wait(timedelta(minutes=6))
    assert fired == [("confirmation", "ticket:1")]


# The machine's clock


def test_a_clock_that_jumps_ahead_is_an_outage_before_anything_fires(
    rig: Rig, fired: Wrote
) -> None:
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    rig.clock.jump(100 * HOUR)
    rig.loket.ticker.ring()
    assert fired == []
    assert len(gaps(rig)) == 1
    assert due_at(rig, "data_wait") == MONDAY + 172 * HOUR
    rig.loket.ticker.beat()
    rig.loket.ticker.ring()
    assert len(gaps(rig)) == 1, "it is noted once"


def test_a_jump_that_is_undone_leaves_everything_as_it_was(rig: Rig, fired: Wrote) -> None:
    """A wrong time server for a moment: four years ahead, and back."""
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    arm(rig, "office", "x", timedelta(minutes=5))
    rig.clock.jump(timedelta(days=1461))
    rig.loket.ticker.ring()
    assert fired == [("office", "x")], "the office's own keep their times"
    rig.clock.jump(timedelta(days=-1461))
    rig.loket.ticker.beat()
    assert due_at(rig, "data_wait") == MONDAY + 72 * HOUR
    rig.wait(timedelta(minutes=10))
    assert fired == [("office", "x")], "nothing fires twice"
    rig.wait(72 * HOUR)
    assert fired[1:] == [("data_wait", "data:1")]


def test_a_clock_that_goes_back_loses_and_doubles_nothing(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    arm(rig, "office", "done", timedelta(minutes=1))
    arm(rig, "data_wait", "data:1", 3 * HOUR)
    rig.wait(timedelta(minutes=2))
    rig.clock.jump(-2 * HOUR)
    rig.loket.ticker.beat()
    rig.wait(timedelta(minutes=2))
    assert fired == [("office", "done")]
    rig.wait(3 * HOUR - timedelta(minutes=5))
    assert fired == [("office", "done")]
    rig.wait(timedelta(minutes=2))
    assert fired == [("office", "done"), ("data_wait", "data:1")], "three hours had passed"


def test_a_small_correction_of_the_clock_is_none(rig: Rig) -> None:
    opened(rig)
    for step in (timedelta(minutes=4), timedelta(minutes=-4)):
        rig.clock.jump(step)
        rig.loket.ticker.ring()
        rig.loket.ticker.beat()
    assert gaps(rig) == []


def test_a_start_with_a_clock_that_went_back_is_like_a_jump(rig: Rig, fired: Wrote) -> None:
    opened(rig)
    rig.wait(HOUR)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    rig.clock.jump(timedelta(days=-30))
    rig.restart()
    assert due_at(rig, "data_wait") == rig.clock.now() + 72 * HOUR


def test_a_database_that_could_not_be_written_for_long_was_an_outage(
    rig: Rig, fired: Wrote
) -> None:
    """No heartbeat came through although the program ran."""
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    rig.clock.move(80 * HOUR)
    rig.loket.ticker.ring()
    assert fired == []
    assert due_at(rig, "data_wait") == MONDAY + 152 * HOUR


def test_a_chat_in_a_terminal_moves_nothing(rig: Rig, fired: Wrote) -> None:
    """It runs now and then, beside the server or without it."""
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    counter = rig.loket.turns.counter

    def wake(name: str, at: datetime) -> None:
        rig.loket.database.write(
            lambda unit: outages.wake(unit.connection, counter, name, at)
        ).result()

    wake("terminal", MONDAY)
    wake("terminal", MONDAY + WEEK)
    assert gaps(rig) == []
    assert due_at(rig, "data_wait") == MONDAY + 72 * HOUR


def test_of_replicas_that_wake_together_one_moves_what_has_to_be_moved(
    rig: Rig, fired: Wrote
) -> None:
    opened(rig)
    arm(rig, "data_wait", "data:1", 72 * HOUR)
    counter = rig.loket.turns.counter
    for _ in range(3):
        rig.loket.database.write(
            lambda unit: outages.wake(unit.connection, counter, "serve", MONDAY + WEEK)
        ).result()
    assert len(gaps(rig)) == 1
    assert due_at(rig, "data_wait") == MONDAY + WEEK + 72 * HOUR


def test_a_form_left_alone_is_offered_an_hour_after_an_outage(rig: Rig) -> None:
    rig.say("gagal upload penawaran", channel="telegram")
    rig.tap("Buat tiket", channel="telegram")
    before = len(rig.telegram.sent)
    rig.outage(timedelta(days=3))
    quiet(rig)
    assert len(rig.telegram.sent) == before
    rig.wait(25 * HOUR)
    assert len(rig.telegram.sent) == before + 1


def test_a_clean_stop_is_remembered(make_rig: Callable[..., Rig]) -> None:
    rig = make_rig(start=datetime(2026, 11, 23, 2, tzinfo=UTC))
    rig.loket.ticker.stop()
    assert rig.rows("SELECT clean_stop FROM heartbeats")[0].clean_stop
    rig.restart()
    assert not rig.rows("SELECT clean_stop FROM heartbeats")[0].clean_stop
