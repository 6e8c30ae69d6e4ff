"""Numbers: counted without gaps, and a mistyped one is caught."""

from __future__ import annotations

import string
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from handoff import numbers
from handoff.rules import SeriesFormats
from tests.handoff.conftest import Desk

JAKARTA = ZoneInfo("Asia/Jakarta")
NOVEMBER = datetime(2026, 11, 23, 9, tzinfo=JAKARTA)
DECEMBER = datetime(2026, 12, 1, 0, 0, 1, tzinfo=JAKARTA)
JANUARY = datetime(2027, 1, 4, 9, tzinfo=JAKARTA)
SHIPPED = SeriesFormats()
SAMPLE = [
    numbers.render(form, n, {"yy": "26", "yyyy": "2026", "mm": "11"})
    for form in (SHIPPED.ticket, SHIPPED.human, SHIPPED.personal_data)
    for n in (0, 1, 42, 99_999, 123_456)
]


def take(desk: Desk, when: datetime, form: str = SHIPPED.ticket, series: str = "ticket") -> str:
    number: str = desk.do(lambda c: numbers.take(c, series, form, when))
    return number


def test_the_default_number_looks_as_promised() -> None:
    assert numbers.render(SHIPPED.ticket, 42, {"yy": "26", "mm": "11"}) == "LPSE-2611-00042-S"


@pytest.mark.parametrize("number", SAMPLE)
def test_a_number_fits_its_own_check_character(number: str) -> None:
    assert numbers.is_well_formed(number)
    assert numbers.is_well_formed(number.lower().replace("-", " "))


@pytest.mark.parametrize("number", SAMPLE)
def test_every_single_wrong_character_is_caught(number: str) -> None:
    for at, right in enumerate(number):
        if right == "-":
            continue
        for wrong in set(string.ascii_uppercase + string.digits) - {right}:
            assert not numbers.is_well_formed(number[:at] + wrong + number[at + 1 :])


def test_swapped_neighbours_are_caught_but_for_a_few_in_a_thousand() -> None:
    """ISO 7064's hybrid systems catch nearly all of them, not all; 0.4 % slip through here."""
    caught = []
    for n in range(0, 100_000, 97):
        bare = numbers.render(SHIPPED.ticket, n, {"yy": "26", "mm": "11"}).replace("-", "")
        for at, (left, right) in enumerate(pairwise(bare)):
            if left != right:
                swapped = bare[:at] + right + left + bare[at + 2 :]
                caught.append(not numbers.is_well_formed(swapped))
    assert sum(caught) / len(caught) > 0.99


def test_what_is_no_number_is_not_well_formed() -> None:
    for text in ("", "-", "🎫", "٣٤", "\n", "LPSE-2611-00042"):
        assert not numbers.is_well_formed(text)


def test_numbers_count_up_without_gaps(desk: Desk) -> None:
    assert [take(desk, NOVEMBER)[:15] for _ in range(3)] == [
        "LPSE-2611-00001",
        "LPSE-2611-00002",
        "LPSE-2611-00003",
    ]


def test_a_transaction_that_fails_gives_its_number_back(desk: Desk) -> None:
    def fail(connection: object) -> None:
        numbers.take(connection, "ticket", SHIPPED.ticket, NOVEMBER)  # type: ignore[arg-type]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        desk.do(fail)
    assert take(desk, NOVEMBER).startswith("LPSE-2611-00001")


def test_a_new_month_starts_anew_and_an_old_one_goes_on(desk: Desk) -> None:
    take(desk, NOVEMBER)
    assert take(desk, DECEMBER).startswith("LPSE-2612-00001")
    assert take(desk, NOVEMBER).startswith("LPSE-2611-00002")


def test_the_month_is_the_office_s_own_date(desk: Desk) -> None:
    """30 November 17:30 UTC is December already in Jakarta."""
    local = datetime.fromisoformat("2026-11-30T17:30+00:00").astimezone(JAKARTA)
    assert take(desk, local).startswith("LPSE-2612-")


def test_a_month_behind_the_count_starts_anew_too(desk: Desk) -> None:
    form = "LPSE-{n:05d}-{mm}{yyyy}-{check}"
    assert take(desk, NOVEMBER, form).startswith("LPSE-00001-112026-")
    assert take(desk, DECEMBER, form).startswith("LPSE-00001-122026-")
    assert take(desk, DECEMBER, form).startswith("LPSE-00002-122026-")


def test_a_format_with_the_year_alone_counts_over_its_months(desk: Desk) -> None:
    form = "T{yy}-{n}-{check}"
    assert take(desk, NOVEMBER, form).startswith("T26-1-")
    assert take(desk, DECEMBER, form).startswith("T26-2-")
    assert take(desk, JANUARY, form).startswith("T27-1-")


def test_a_format_without_a_date_never_starts_anew(desk: Desk) -> None:
    form = "HELP-{n:03d}{check}"
    shown = [take(desk, when, form)[:8] for when in (NOVEMBER, DECEMBER, JANUARY)]
    assert shown == ["HELP-001", "HELP-002", "HELP-003"]


def test_series_do_not_share_their_count(desk: Desk) -> None:
    take(desk, NOVEMBER)
    assert take(desk, NOVEMBER, SHIPPED.human, "human").startswith("ANT-2611-00001")


def test_a_count_beyond_its_width_grows(desk: Desk) -> None:
    desk.sql("INSERT INTO series (key, last) VALUES ('ticket:LPSE-2611-', 99999)")
    number = take(desk, NOVEMBER)
    assert number.startswith("LPSE-2611-100000-")
    assert numbers.is_well_formed(number)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "LPSE",
        "LPSE-{n}",
        "LPSE-{check}",
        "LPSE-{n}-{check}X",
        "{check}-{n}-{check}",
        "lpse-{n}-{check}",
        "LPSE {n} {check}",
        "LPSE/{n}/{check}",
        "LPSE-{n:,}-{check}",
        "LPSE-{n:x}-{check}",
        "LPSE-{n:5}-{check}",
        "LPSE-{n:+d}-{check}",
        "LPSE-{n:zz}-{check}",
        "LPSE-{n!r:>4}-{check}",
        "LPSE-{dd}-{n}-{check}",
        "LPSE-{n.__class__}-{check}",
        "LPSE-{n[0]}-{check}",
        "LPSE-{n}-{check",
        "LPSE-}{n}-{check}",
        "{}-{n}-{check}",
        "{0}-{n}-{check}",
        "LPSÉ-{n}-{check}",
        "LPSE-{n}-{check}\n",
    ],
)
def test_a_format_that_gives_no_good_numbers_is_refused(form: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SeriesFormats(ticket=form)
    assert "format" in str(refused.value) or "capital letters" in str(refused.value)


def test_two_series_may_not_look_alike() -> None:
    with pytest.raises(ValidationError, match="differ"):
        SeriesFormats(ticket="A-{n}-{check}", human="A-{n}-{check}")
