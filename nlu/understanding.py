"""What a text means: Rasa's parse result as frozen values.

Source: Rasa HTTP API, ``POST /model/parse`` (intent, intent_ranking, entities).
"""

from __future__ import annotations

from dataclasses import dataclass

OUT_OF_SCOPE = "out_of_scope"
"""The intent of what is none of our matters."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One candidate meaning. ``confidence`` lies in 0..1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A value found in the text. ``start``/``end`` are offsets in code points.

    ``entity`` is one of ``ticket_number``, ``phone``, ``email``, ``npwp``,
    ``kode_tender``, ``user_id``, ``url``, ``application``, ``error_code``,
    ``deadline``, ``user_type``, ``region``. ``value`` is the normalised form
    (a phone in E.164, a ticket number in upper case).
    """

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """The parse of one text.

    ``intent_ranking`` is sorted by falling confidence and starts with ``intent``.
    An empty text has ``intent`` None and an empty ranking. ``also`` holds further
    questions of the same message, surely understood, in the order said.
    """

    text: str
    intent: Intent | None = None
    intent_ranking: tuple[Intent, ...] = ()
    entities: tuple[Entity, ...] = ()
    also: tuple[Intent, ...] = ()

    def is_(self, name: str, at_least: float) -> bool:
        """Whether the top intent is ``name`` with enough confidence."""
        return (
            self.intent is not None
            and self.intent.name == name
            and self.intent.confidence >= at_least
        )

    def in_scope(self, outside: str = OUT_OF_SCOPE) -> float:
        """How likely the text is about our matters at all; 0 for an empty one."""
        if not self.intent_ranking:
            return 0.0
        return 1.0 - sum(i.confidence for i in self.intent_ranking if i.name == outside)

    def first(self, entity: str) -> str | None:
        """The first value of an entity, or None."""
        return next((e.value for e in self.entities if e.entity == entity), None)


NOTHING = Understanding("")
