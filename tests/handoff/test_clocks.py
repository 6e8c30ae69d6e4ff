"""When a clock runs out: the examples of the SOPs, and what holds for every limit and office."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handoff.clock import clocks
from handoff.clock.calendar import OfficeCalendar
from handoff.clock.clocks import Inputs, Pause, Run
from handoff.policy import Clock
from handoff.rules import Hours

JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = ("08:00-12:00", "13:00-15:30")
HOURS = Hours(
    monday=DAY, tuesday=DAY, wednesday=DAY, thursday=DAY, friday=("08:00-11:30", "13:00-15:00")
)
OFFICE = OfficeCalendar(HOURS, JAKARTA)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def at(text: str, zone: ZoneInfo = JAKARTA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(
    start: str, limit: str, hours: str = "office", calendar: OfficeCalendar = OFFICE
) -> str | None:
    clock = Clock.model_validate({"limit": limit, "hours": hours})
    found = clocks.due(calendar, clock, at(start, calendar.zone))
    return f"{found:%Y-%m-%d %H:%M}" if found else None


@pytest.mark.parametrize(
    ("start", "limit", "shown"),
    [
        ("2026-11-23 09:00", "5m", "2026-11-23 09:05"),
        ("2026-11-23 07:00", "5m", "2026-11-23 08:05"),  # before the opening
        ("2026-11-23 11:58", "5m", "2026-11-23 13:03"),  # over lunch
        ("2026-11-23 15:28", "5m", "2026-11-24 08:03"),  # over the evening
        ("2026-11-23 15:25", "5m", "2026-11-23 15:30"),  # at the closing, not the next opening
        ("2026-11-23 11:30", "30m", "2026-11-23 12:00"),
        ("2026-11-27 14:58", "5m", "2026-11-30 08:03"),  # over the weekend
        ("2026-11-28 10:00", "30m", "2026-11-30 08:30"),
        ("2026-11-23 09:00", "1d", "2026-11-24 09:00"),
        ("2026-11-23 08:00", "1d", "2026-11-23 15:30"),  # a whole working day is over by evening
        ("2026-11-23 12:30", "1d", "2026-11-24 12:00"),
        ("2026-11-26 09:00", "1d", "2026-11-27 09:00"),
        ("2026-11-27 09:00", "1d", "2026-11-30 10:00"),  # Friday is an hour shorter
        ("2026-11-23 09:00", "8h", "2026-11-24 10:30"),
    ],
)
def test_office_hours(start: str, limit: str, shown: str) -> None:
    assert due(start, limit) == shown


@pytest.mark.parametrize(
    ("start", "limit", "shown"),
    [
        ("2026-11-23 09:00", "24h", "2026-11-24 09:00"),
        ("2026-11-27 15:00", "72h", "2026-11-30 15:00"),  # the weekend counts
        ("2026-11-23 23:58", "5m", "2026-11-24 00:03"),
        ("2026-11-23 09:00", "1d", "2026-11-24 09:00"),
        ("2026-12-24 10:00", "24h", "2026-12-25 10:00"),
    ],
)
def test_calendar_hours(start: str, limit: str, shown: str) -> None:
    assert due(start, limit, "calendar") == shown


def test_holidays_and_cuti_bersama_do_not_count() -> None:
    """18 to 24 March 2026 are Nyepi, Idul Fitri and their cuti bersama."""
    assert due("2026-03-17 15:25", "10m") == "2026-03-25 08:05"
    assert due("2026-03-17 09:00", "1d") == "2026-03-25 09:00"
    assert due("2026-03-17 09:00", "24h", "calendar") == "2026-03-18 09:00"


def test_the_office_s_own_closures_do_not_count() -> None:
    closed = HOURS.model_copy(update={"closures": (date(2026, 11, 24), date(2026, 11, 25))})
    assert due("2026-11-23 09:00", "1d", calendar=OfficeCalendar(closed, JAKARTA)) == (
        "2026-11-26 09:00"
    )


def test_the_zone_is_the_office_s() -> None:
    east = OfficeCalendar(HOURS, ZoneInfo("Asia/Jayapura"))
    clock = Clock(limit="5m")
    monday_in_jayapura = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 08.30 there, Sunday in UTC
    found = clocks.due(east, clock, monday_in_jayapura)
    assert found == monday_in_jayapura + 5 * MINUTE
    west = clocks.due(OFFICE, clock, monday_in_jayapura)
    assert west == datetime(2026, 11, 23, 1, 5, tzinfo=UTC)


def test_a_pause_moves_the_due_time_by_what_it_took_of_counted_time() -> None:
    calendar, office = Clock(limit="72h", hours="calendar"), Clock(limit="1d")
    start = at("2026-11-23 09:00")
    pause = Pause(at("2026-11-23 11:00"), at("2026-11-23 14:00"))
    assert clocks.due(OFFICE, calendar, start, [pause]) == at("2026-11-26 12:00")
    assert clocks.due(OFFICE, office, start, [pause]) == at("2026-11-24 11:00")  # lunch is free
    assert clocks.due(OFFICE, office, start, [pause, pause]) == at("2026-11-24 11:00")


def test_a_pause_after_the_due_time_or_before_the_start_changes_nothing() -> None:
    clock, start = Clock(limit="5m"), at("2026-11-23 09:00")
    later = Pause(at("2026-11-23 09:05"), at("2026-11-23 10:00"))
    sooner = Pause(at("2026-11-23 08:00"), at("2026-11-23 08:59"))
    assert clocks.due(OFFICE, clock, start, [later, sooner]) == at("2026-11-23 09:05")
    over = Pause(at("2026-11-23 08:30"), at("2026-11-23 09:10"))
    assert clocks.due(OFFICE, clock, start, [over]) == at("2026-11-23 09:15")


def test_a_clock_that_stands_still_has_no_due_time() -> None:
    clock, start = Clock(limit="5m"), at("2026-11-23 09:00")
    assert clocks.due(OFFICE, clock, start, [Pause(at("2026-11-23 09:04"))]) is None
    assert clocks.due(OFFICE, clock, start, [Pause(at("2026-11-23 09:05"))]) is not None


@pytest.mark.parametrize("limit", ["5m", "24h", "1d", "9999d"])
def test_an_office_that_never_opens_is_never_due_and_ends(limit: str) -> None:
    never = OfficeCalendar(Hours(), JAKARTA)
    assert due("2026-11-23 09:00", limit, calendar=never) is None
    assert due("2026-11-23 09:00", limit, "calendar", never) is not None
    assert never.open_time(at("2026-11-23 09:00"), at("2126-11-23 09:00")) == timedelta()


def test_the_longest_limit_has_a_due_time() -> None:
    assert due("2026-11-23 09:00", "9999d") is not None
    assert due("2026-11-23 09:00", "9999h") is not None


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 30)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
)
limits = st.builds(
    lambda many, unit, hours: Clock.model_validate({"limit": f"{many}{unit}", "hours": hours}),
    st.integers(1, 90),
    st.sampled_from("mhd"),
    st.sampled_from(["office", "calendar"]),
)
spans = st.sampled_from(
    [(), DAY, ("08:00-11:30",), ("00:00-23:59",), ("07:00-07:01", "10:00-12:00", "22:15-23:45")]
)
calendars = st.builds(
    lambda days, closed, zone: OfficeCalendar(
        Hours(
            **dict(zip(("monday", "tuesday", "wednesday", "friday", "sunday"), days, strict=True)),
            closures=tuple(closed),
        ),
        ZoneInfo(zone),
    ),
    st.tuples(spans, spans, spans, spans, spans).filter(any),
    st.lists(st.dates(date(2026, 1, 1), date(2027, 6, 30)), max_size=5),
    st.sampled_from(["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]),
)
pauses = st.lists(
    st.builds(lambda a, many: Pause(a, a + many * MINUTE), moments, st.integers(0, 20_000)),
    max_size=4,
)


@given(calendars, limits, moments, pauses)
@settings(max_examples=150, deadline=None)
def test_exactly_the_limit_is_counted_up_to_the_due_time(
    calendar: OfficeCalendar, clock: Clock, start: datetime, breaks: list[Pause]
) -> None:
    found = clocks.due(calendar, clock, start, breaks)
    assert found is not None
    assert found >= start
    allowed = clocks.limit(calendar, clock)
    assert clocks.spent(calendar, clock, start, found, breaks) == allowed
    before = clocks.spent(calendar, clock, start, found - timedelta(microseconds=1), breaks)
    assert before < allowed, "it was due sooner"


@given(calendars, limits, moments, pauses)
@settings(max_examples=100, deadline=None)
def test_an_office_clock_is_due_while_the_office_is_open_or_as_it_closes(
    calendar: OfficeCalendar, clock: Clock, start: datetime, breaks: list[Pause]
) -> None:
    found = clocks.due(calendar, clock, start, breaks)
    assert found is not None
    assume(clock.hours == "office")
    assert calendar.is_open(found) or calendar.is_open(found - timedelta(microseconds=1))


@given(calendars, limits, moments, st.integers(0, 20_000), pauses)
@settings(max_examples=100, deadline=None)
def test_a_later_start_is_never_due_sooner(
    calendar: OfficeCalendar, clock: Clock, start: datetime, later: int, breaks: list[Pause]
) -> None:
    first = clocks.due(calendar, clock, start, breaks)
    second = clocks.due(calendar, clock, start + later * MINUTE, breaks)
    assert first is not None
    assert second is not None
    assert first <= second


@given(calendars, moments, st.integers(1, 500), st.integers(1, 500), st.sampled_from("mhd"))
@settings(max_examples=100, deadline=None)
def test_a_longer_limit_is_due_later(
    calendar: OfficeCalendar, start: datetime, one: int, other: int, unit: str
) -> None:
    for hours in ("office", "calendar"):
        small, large = (
            clocks.due(
                calendar,
                Clock.model_validate({"limit": f"{n}{unit}", "hours": hours}),
                start,
            )
            for n in sorted((one, other))
        )
        assert small is not None
        assert large is not None
        assert (small < large) is (one != other)


@given(calendars, limits, moments, st.integers(1, 5_000), st.integers(1, 5_000))
@settings(max_examples=100, deadline=None)
def test_pauses_add_up(
    calendar: OfficeCalendar, clock: Clock, start: datetime, one: int, other: int
) -> None:
    """Two pauses that follow one another are one, and cost the counted time within them."""
    middle, end = start + one * MINUTE, start + (one + other) * MINUTE
    whole = clocks.due(calendar, clock, start, [Pause(start, end)])
    parts = clocks.due(calendar, clock, start, [Pause(middle, end), Pause(start, middle)])
    assert whole == parts == clocks.due(calendar, clock, end)


@given(calendars, limits, moments, st.integers(0, 5_000), st.integers(0, 5_000))
@settings(max_examples=100, deadline=None)
def test_what_is_counted_adds_up(
    calendar: OfficeCalendar, clock: Clock, start: datetime, one: int, other: int
) -> None:
    middle, end = start + one * MINUTE, start + (one + other) * MINUTE
    first, second = (
        clocks.counted(calendar, clock, a, b) for a, b in ((start, middle), (middle, end))
    )
    assert first + second == clocks.counted(calendar, clock, start, end)
    assert clocks.counted(calendar, clock, end, start) == timedelta() or one + other == 0


@given(moments, moments, limits, pauses)
def test_what_a_due_time_was_computed_from_is_kept_whole(
    base: datetime, start: datetime, clock: Clock, breaks: list[Pause]
) -> None:
    inputs = Inputs(
        base,
        start,
        clock.limit,
        clock.hours,
        (*breaks, Pause(start, None, "exempt")),
        (Run(base, None, start), Run(base, start, None)),
        "closed",
    )
    assert Inputs.loads(inputs.dumps()) == inputs
