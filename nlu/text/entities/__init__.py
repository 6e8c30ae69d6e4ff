"""Finds values in a text by their form: numbers, addresses, names, times, places.

Offsets are those of the text as given. Where two forms overlap the earlier line of
``FINDERS`` wins, so that a ticket number is not also a telephone number.
"""

from __future__ import annotations

from nlu.text.entities import codes, deadlines, names, numbers, people, places
from nlu.text.entities.finder import Finder
from nlu.understanding import Entity

LONGEST = 4000
"""Characters searched."""

FINDERS: tuple[Finder, ...] = (
    numbers.EMAIL,
    codes.NETWORK_ERROR,
    numbers.URL,
    *numbers.TENDER,
    numbers.TICKET,
    numbers.NPWP,
    *numbers.PHONE,
    *numbers.USER_ID,
    *codes.ERROR,
    deadlines.DEADLINE,
    names.APPLICATION,
)


def find_entities(text: str) -> tuple[Entity, ...]:
    """All entities of a text in the order they stand in; never two over the same letters.

    Exception to the order: who the writer is stands before others who are only mentioned
    ("pokja bilang ..., saya penyedia"), see ``people``.
    """
    text = text[:LONGEST]
    free = bytearray(len(text))
    found = [entity for finder in FINDERS for entity in _taken(finder.find(text), free)]
    found += _taken(people.find(text), free)
    found += _taken(places.find(text, free), free)
    return tuple(sorted(found, key=lambda entity: entity.start))


def _taken(entities: list[Entity], free: bytearray) -> list[Entity]:
    """Those over letters that nothing else was found in; marks their letters as taken."""
    taken = []
    for entity in entities:
        if not any(free[entity.start : entity.end]):
            free[entity.start : entity.end] = b"\x01" * (entity.end - entity.start)
            taken.append(entity)
    return taken
