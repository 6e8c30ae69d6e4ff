"""Every sentence a user reads: Jinja2 templates, each of which an office may replace."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup

from dialogs.checks import display_phone

_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
_STAR = "\N{ASTERISK OPERATOR}"  # looks like an asterisk and makes nothing bold


class Texts:
    """The templates of ``dialogs/texts``; a file in ``override`` replaces the one of its name.

    A template uses ``*bold*``; an inserted value has its asterisks replaced unless it
    passed the filter ``bold`` (sentences of the office's own configuration).
    """

    def __init__(self, override: Path | None = None) -> None:
        shipped = PackageLoader("dialogs", "texts")
        if override is not None and not override.is_dir():
            raise ValueError(f"{override}: there is no such folder of texts")
        loader = ChoiceLoader([FileSystemLoader(override), shipped]) if override else shipped
        self._jinja = Environment(
            loader=loader,
            undefined=StrictUndefined,
            finalize=_plain,
            autoescape=False,  # noqa: S701 - chat messages, no HTML
            auto_reload=False,
            cache_size=-1,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {
            "bold": Markup,
            "clip": clip,
            "date": date_words,
            "time": time_words,
            "moment": moment_words,
            "phone": display_phone,
        }

    def render(self, name: str, /, **values: object) -> str:
        """The text of a template (its name without ``.j2``). Raises jinja2's errors for
        a missing template or value: those are faults of the program or the override."""
        template = self._jinja.get_template(f"{name.removesuffix('.j2')}.j2")
        return _tidy(template.render(values))

    def names(self) -> list[str]:
        """The templates there are, without ``.j2``."""
        return sorted(n.removesuffix(".j2") for n in self._jinja.list_templates(["j2"]))


def date_words(at: datetime) -> str:
    """``Senin, 23 November 2026``."""
    return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}"


def time_words(at: datetime) -> str:
    """``09.00 WIB``; the zone as its tz database abbreviation (WIB, WITA, WIT)."""
    return f"{at:%H.%M} {at.tzname() or ''}".rstrip()


def moment_words(at: datetime) -> str:
    """``Senin, 23 November 2026 pukul 09.00 WIB``."""
    return f"{date_words(at)} pukul {time_words(at)}"


def clip(text: str, length: int = 20) -> str:
    """At most ``length`` characters, cut with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"


def _plain(value: object) -> object:
    return value if isinstance(value, Markup) else str(value).replace("*", _STAR)


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t]+$", "", line) for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
