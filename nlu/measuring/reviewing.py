"""What users asked in vain, grouped by what the engine makes of it now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlu.engines.port import Engine
from nlu.measuring.judging import NOTHING


@dataclass(frozen=True, slots=True)
class Asked:
    """One text (masked when it was stored), how often it came, and how sure the engine is."""

    text: str
    times: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Group:
    """The texts that the engine takes for one intent now, the most frequent first."""

    intent: str
    times: int
    asked: tuple[Asked, ...]


def grouped(texts: Iterable[str], engine: Engine) -> tuple[Group, ...]:
    """The largest group first; texts that differ in capitals and blanks only are one."""
    spelled: dict[str, str] = {}
    times: dict[str, int] = {}
    for text in texts:
        key = " ".join(text.casefold().split())
        spelled.setdefault(key, text)
        times[key] = times.get(key, 0) + 1
    groups: dict[str, list[Asked]] = {}
    for key, text in spelled.items():
        intent = engine.parse(text).intent
        name, confidence = (NOTHING, 0.0) if intent is None else (intent.name, intent.confidence)
        groups.setdefault(name, []).append(Asked(text, times[key], confidence))
    found = [
        Group(
            name,
            sum(one.times for one in asked),
            tuple(sorted(asked, key=lambda one: (-one.times, -one.confidence))),
        )
        for name, asked in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: (-group.times, group.intent)))
