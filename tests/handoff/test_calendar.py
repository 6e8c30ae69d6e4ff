"""When the office is open, and when it opens next."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from handoff.clock.calendar import OfficeCalendar
from handoff.rules import Hours

JAKARTA = ZoneInfo("Asia/Jakarta")
WEEK = ("08:00-12:00", "13:00-15:30")
HOURS = Hours(monday=WEEK, tuesday=WEEK, wednesday=WEEK, thursday=WEEK, friday=("08:00-11:30",))


def at(text: str, zone: ZoneInfo = JAKARTA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def open_next(moment: str, hours: Hours = HOURS) -> str:
    found = OfficeCalendar(hours, JAKARTA).next_open(at(moment))
    return f"{found:%Y-%m-%d %H:%M}" if found else "none"


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 07:59:59", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 11:59:59.999999", True),
        ("2026-11-23 12:00", False),  # lunch
        ("2026-11-23 12:59:59", False),
        ("2026-11-23 13:00", True),
        ("2026-11-23 15:30", False),
        ("2026-11-23 00:00", False),
        ("2026-11-27 13:00", False),  # Friday has other hours
        ("2026-11-28 09:00", False),  # Saturday
        ("2026-11-29 09:00", False),  # Sunday
    ],
)
def test_the_hours_of_a_week(moment: str, is_open: bool) -> None:
    assert OfficeCalendar(HOURS, JAKARTA).is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01",  # Tahun Baru
        "2026-03-18",  # cuti bersama Nyepi
        "2026-03-19",  # Nyepi
        "2026-03-20",  # cuti bersama Idul Fitri
        "2026-03-23",  # cuti bersama Idul Fitri
        "2026-03-24",  # cuti bersama Idul Fitri
        "2026-08-17",  # Kemerdekaan
        "2026-12-24",  # cuti bersama Natal
        "2026-12-25",
    ],
)
def test_public_holidays_and_cuti_bersama_are_closed(day: str) -> None:
    assert not OfficeCalendar(HOURS, JAKARTA).is_open(at(f"{day} 09:00"))


def test_after_idul_fitri_the_office_opens_on_the_first_working_day() -> None:
    """18 to 24 March 2026 are Nyepi, Idul Fitri and their cuti bersama, with a weekend between."""
    assert open_next("2026-03-17 15:30") == "2026-03-25 08:00"
    assert open_next("2026-03-21 10:00") == "2026-03-25 08:00"


def test_closures_of_the_office_itself_are_closed() -> None:
    hours = HOURS.model_copy(update={"closures": (date(2026, 11, 24),)})
    assert open_next("2026-11-23 15:30", hours) == "2026-11-25 08:00"
    assert not OfficeCalendar(hours, JAKARTA).is_open(at("2026-11-24 09:00"))


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-23 00:00", "2026-11-23 08:00"),
        ("2026-11-23 07:59", "2026-11-23 08:00"),
        ("2026-11-23 09:17", "2026-11-23 09:17"),  # it is open
        ("2026-11-23 12:00", "2026-11-23 13:00"),  # lunch begins
        ("2026-11-23 15:29", "2026-11-23 15:29"),
        ("2026-11-23 15:30", "2026-11-24 08:00"),  # the day ends
        ("2026-11-23 23:59:59.999999", "2026-11-24 08:00"),
        ("2026-11-27 11:30", "2026-11-30 08:00"),  # Friday noon
        ("2026-12-31 16:00", "2027-01-04 08:00"),  # over the year
    ],
)
def test_the_next_opening(moment: str, opening: str) -> None:
    assert open_next(moment) == opening


def test_no_opening_within_a_month_is_none() -> None:
    assert open_next("2026-11-23 09:00", Hours()) == "none"
    assert OfficeCalendar(Hours(), JAKARTA).is_open(at("2026-11-23 09:00")) is False


def test_an_office_that_opens_once_a_week_after_closures_is_found() -> None:
    closures = tuple(date(2026, 11, day) for day in (2, 9, 16, 23))
    hours = Hours(monday=("10:00-11:00",), closures=closures)
    assert open_next("2026-10-31 12:00", hours) == "2026-11-30 10:00"


@pytest.mark.parametrize(
    ("zone", "utc_opening"),
    [("Asia/Jakarta", 1), ("Asia/Makassar", 0), ("Asia/Jayapura", 23)],
)
def test_the_hours_are_those_of_the_office_s_own_zone(zone: str, utc_opening: int) -> None:
    calendar = OfficeCalendar(HOURS, ZoneInfo(zone))
    found = calendar.next_open(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    assert found is not None
    assert found.astimezone(UTC).hour == utc_opening
    assert (found.hour, found.date()) == (8, date(2026, 11, 23))
    assert calendar.is_open(found)


def test_a_day_belongs_to_the_office_s_date_not_to_utc_s() -> None:
    """Sunday 22:30 UTC is Monday 07:30 in Jayapura; Friday 23:30 UTC is Saturday there."""
    calendar = OfficeCalendar(HOURS, ZoneInfo("Asia/Jayapura"))
    assert calendar.is_open(datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 11, 27, 23, 30, tzinfo=UTC))


def test_every_next_opening_is_open_and_never_in_the_past() -> None:
    calendar = OfficeCalendar(HOURS, JAKARTA)
    for day in range(1, 32):
        for hour in (0, 7, 8, 11, 12, 13, 15, 16, 23):
            moment = datetime(2026, 3, day, hour, 30, tzinfo=JAKARTA)
            opening = calendar.next_open(moment)
            assert opening is not None
            assert opening >= moment
            assert calendar.is_open(opening)
            assert (opening == moment) is calendar.is_open(moment)
