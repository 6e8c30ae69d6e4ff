"""A form and what its value is: what every kind of entity is described with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from nlu.understanding import Entity

DIGITS = tuple("0123456789")
CLOSING = ".,;:!?"
"""Marks that end a sentence and belong to no value."""


@dataclass(frozen=True, slots=True)
class Finder:
    """A form and what its normalised value is; no value, no entity.

    The value stands in the group ``v`` where there is one, else in the whole match. Every
    repetition in a pattern is bounded, so that no text takes longer than another. A text that
    holds none of ``needs`` (in small letters) is not searched; most hold none of them.
    """

    entity: str
    pattern: re.Pattern[str]
    value: Callable[[re.Match[str]], str | None]
    needs: tuple[str, ...] = ()

    def find(self, text: str) -> list[Entity]:
        """All entities of this form, in order."""
        low = text.lower()
        if self.needs and not any(need in low for need in self.needs):
            return []
        found = []
        for match in self.pattern.finditer(text):
            if value := self.value(match):
                start = match.start(group_of(match))
                end = start + len(match[group_of(match)].rstrip(CLOSING))
                found.append(Entity(self.entity, value, start, end))
        return found


def finder(
    entity: str,
    pattern: str,
    value: Callable[[re.Match[str]], str | None],
    needs: tuple[str, ...] = (),
) -> Finder:
    """A Finder whose pattern does not mind capitals."""
    return Finder(entity, re.compile(pattern, re.IGNORECASE), value, needs)


def group_of(match: re.Match[str]) -> int | str:
    """The group that holds the value."""
    return "v" if "v" in match.re.groupindex and match["v"] is not None else 0


def before(match: re.Match[str], letters: int) -> str:
    """What stands before the value, in small letters."""
    start = match.start(group_of(match))
    return match.string[max(0, start - letters) : start].lower()


def after(match: re.Match[str], letters: int) -> str:
    """What stands behind the match, in small letters."""
    return match.string[match.end() : match.end() + letters].lower()


def as_typed(match: re.Match[str]) -> str:
    """The value as it was typed, on one line."""
    return " ".join(match[group_of(match)].split()).rstrip(CLOSING)


def named(names: dict[str, str]) -> tuple[str, Callable[[re.Match[str]], str]]:
    """One pattern over all names, and the name that a match belongs to."""
    keys = list(names)
    joined = "|".join(f"(?P<n{i}>{names[key]})" for i, key in enumerate(keys))

    def name(match: re.Match[str]) -> str:
        return keys[int(str(match.lastgroup)[1:])]

    return rf"(?<![\w@.])(?:{joined})(?:nya)?(?!\w)", name
