"""The sections of ``config.yml`` that rule tickets: opening hours and number series."""

from __future__ import annotations

import re
from datetime import date, time
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from dialogs.office import Section

_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")


def _check_spans(spans: tuple[str, ...]) -> tuple[str, ...]:
    last = ""
    for span in spans:
        if not _SPAN.match(span):
            raise ValueError('spans of hours such as "08:00-12:00"')
        start, end = span.split("-")
        if not last <= start < end:
            raise ValueError(f"spans in order that end after they begin, not {span}")
        last = end
    return spans


Spans = Annotated[tuple[str, ...], AfterValidator(_check_spans)]


class Hours(Section):
    """When the office is open, by weekday in its own time zone; ``closures`` are days on
    which it is closed besides public holidays and cuti bersama."""

    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()
    closures: tuple[date, ...] = ()

    def spans(self, weekday: int) -> tuple[tuple[time, time], ...]:
        """The opening spans of a weekday (0 is Monday)."""
        days = (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )
        return tuple(
            (time.fromisoformat(span[:5]), time.fromisoformat(span[6:])) for span in days[weekday]
        )


def _check_format(text: str) -> str:
    allowed = {"yy", "yyyy", "mm", "n", "check"}
    try:
        names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        sample = text.format(yy="26", yyyy="2026", mm="11", n=1, check="0")
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(
            f"a format of {{yy}} {{yyyy}} {{mm}} {{n:05d}} {{check}} ({error})"
        ) from None
    if names - allowed or not {"n", "check"} <= names:
        raise ValueError("a format that holds {n} and {check}, and may hold {yy} {yyyy} {mm}")
    if not re.fullmatch(r"[A-Z0-9-]+", sample):
        raise ValueError("capital letters, digits and hyphens around the fields")
    if not text.endswith("{check}"):
        raise ValueError("a format that ends with {check}")
    return text


Format = Annotated[str, AfterValidator(_check_format)]


class SeriesFormats(Section):
    """How numbers look. A month in the format starts a new count every month."""

    ticket: Format = "LPSE-{yy}{mm}-{n:05d}-{check}"
    human: Format = "ANT-{yy}{mm}-{n:05d}-{check}"
    personal_data: Format = "PDP-{yy}{mm}-{n:05d}-{check}"
