"""Finds values in a text by their form: numbers, addresses, names, times, places.

Offsets are those of the text as given. Where two forms overlap the earlier line of
``FINDERS`` wins, so that a ticket number is not also a telephone number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nlu.text.entities import codes, deadlines, names, numbers, people, places
from nlu.understanding import Entity

LONGEST = 4000
"""Characters searched."""

FINDERS: tuple[Callable[[str], list[Entity]], ...] = (
    numbers.EMAIL.find,
    codes.NETWORK_ERROR.find,
    numbers.URL.find,
    *(finder.find for finder in numbers.TENDER),
    numbers.TICKET.find,
    numbers.NPWP.find,
    *(finder.find for finder in numbers.PHONE),
    *(finder.find for finder in numbers.USER_ID),
    *(finder.find for finder in codes.ERROR),
    deadlines.DEADLINE.find,
    names.APPLICATION.find,
    people.find,
    places.find,
)


def find_entities(text: str) -> tuple[Entity, ...]:
    """All entities of a text in the order they stand in; never two over the same letters."""
    text = text[:LONGEST]
    taken = bytearray(len(text))
    found = [entity for find in FINDERS for entity in _kept(find(text), taken)]
    return tuple(sorted(found, key=lambda entity: entity.start))


def _kept(entities: list[Entity], taken: bytearray) -> Iterator[Entity]:
    """Those over letters that nothing else was found in; marks their letters as taken."""
    for entity in entities:
        if not any(taken[entity.start : entity.end]):
            taken[entity.start : entity.end] = b"\x01" * (entity.end - entity.start)
            yield entity
