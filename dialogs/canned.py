"""Canned replies: Jinja2 templates an agent puts into the reply box, changes, and sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template, TemplateError, meta

from dialogs.office import Office
from dialogs.texts import clip, date_words, moment_words, time_words

SUFFIX = ".j2"
VALUES = frozenset({"name", "number", "agent", "office"})
_TITLE = re.compile(r"\s*\{#-?\s*(.{3,60}?)\s*-?#\}")


class CannedError(ValueError):
    """A canned reply cannot be used; the message names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned reply for one ticket, ready to be changed and sent."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class _Canned:
    title: str
    template: Template


class Canned:
    """The templates of ``dialogs/canned`` in the order of their file names; a file in
    ``override`` replaces the one of its name or adds one. The first line of each is a comment:
    its title. A template may use ``name`` (the user's, may be empty), ``number``, ``agent`` and
    ``office``, and the filters ``date``, ``time``, ``moment`` and ``clip``. Raises CannedError.
    """

    def __init__(self, override: Path | None = None) -> None:
        self._jinja = Environment(
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - chat messages, no HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {
            "clip": clip,
            "date": date_words,
            "time": time_words,
            "moment": moment_words,
        }
        found = dict(entry for folder in _folders(override) for entry in _read(folder))
        self._all: Mapping[str, _Canned] = {
            name: self._parsed(name, found[name]) for name in sorted(found)
        }

    def names(self) -> list[str]:
        """Which there are, by file name without ``.j2``."""
        return list(self._all)

    def fill(self, *, name: str, number: str, agent: str, office: Office) -> list[Filled]:
        """Every reply for one ticket. Raises CannedError where one asks for what is not there."""
        values = {"name": name, "number": number, "agent": agent, "office": office}
        return [Filled(c.title, self._rendered(key, c, values)) for key, c in self._all.items()]

    def _parsed(self, name: str, text: str) -> _Canned:
        title = _TITLE.match(text)
        if title is None:
            raise CannedError(
                f"{name}{SUFFIX}: begin it with its title, such as {{# Minta data #}}"
            )
        try:
            unknown = meta.find_undeclared_variables(self._jinja.parse(text)) - VALUES
            template = self._jinja.from_string(text)
        except TemplateError as error:
            raise CannedError(f"{name}{SUFFIX}: {error.message}") from None
        if unknown:
            known = ", ".join(sorted(VALUES))
            raise CannedError(f"{name}{SUFFIX}: {min(unknown)} is not known; known are {known}")
        return _Canned(title[1], template)

    def _rendered(self, name: str, canned: _Canned, values: Mapping[str, object]) -> str:
        try:
            return re.sub(r"\n{3,}", "\n\n", canned.template.render(values).strip())
        except TemplateError as error:
            raise CannedError(f"{name}{SUFFIX}: {error.message}") from None


def _folders(override: Path | None) -> Iterator[Traversable | Path]:
    yield files("dialogs") / "canned"
    if override is None:
        return
    if not override.is_dir():
        raise CannedError(f"{override}: there is no such folder of canned replies")
    yield override


def _read(folder: Traversable | Path) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.name.endswith(SUFFIX) and entry.is_file():
            try:
                yield entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                raise CannedError(f"{entry.name}: not readable as UTF-8") from None
