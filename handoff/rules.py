"""The sections of ``config.yml`` that rule tickets: opening hours and number series."""

from __future__ import annotations

import re
from datetime import date, time
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, model_validator

from dialogs.office import Section

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = re.compile(f"{_TIME}-{_TIME}")
_TRIED = (1, 10, 255, 12_345, 1_234_567)


def _check_spans(spans: tuple[str, ...]) -> tuple[str, ...]:
    last = ""
    for span in spans:
        if not _SPAN.fullmatch(span):
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
    names, samples = _tried(text)
    if names - {"yy", "yyyy", "mm", "n", "check"} or not {"n", "check"} <= names:
        raise ValueError("a format that holds {n} and {check}, and may hold {yy} {yyyy} {mm}")
    if not text.endswith("{check}") or text.count("{check}") > 1:
        raise ValueError("a format that ends with {check}")
    if not samples or not all(re.fullmatch(r"[A-Z0-9-]+", sample) for sample in samples):
        raise ValueError("capital letters, digits and hyphens around {yy} {mm} {n:05d} {check}")
    return text


def _tried(text: str) -> tuple[set[str], list[str]]:
    """The names of a format's fields, and what some numbers look like (none: it fails)."""
    try:
        names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        return names, [text.format(yy="26", yyyy="2026", mm="11", n=n, check="0") for n in _TRIED]
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return set(re.findall(r"\{(\w+)", text)), []


Format = Annotated[str, AfterValidator(_check_format)]


class SeriesFormats(Section):
    """How numbers look. A month in the format starts a new count every month. No two series
    look alike: a number alone says what it numbers."""

    ticket: Format = "LPSE-{yy}{mm}-{n:05d}-{check}"
    human: Format = "ANT-{yy}{mm}-{n:05d}-{check}"
    personal_data: Format = "PDP-{yy}{mm}-{n:05d}-{check}"

    @model_validator(mode="after")
    def _differ(self) -> SeriesFormats:
        if len({self.ticket, self.human, self.personal_data}) < 3:
            raise ValueError("three formats that differ, for example in their first letters")
        return self
