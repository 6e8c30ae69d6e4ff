"""Rasa's parse result as JSON, and back: the one place that knows both shapes.

Source: Rasa HTTP API, ``POST /model/parse``. A further question of the same message stands
under ``also``, a list like ``intent_ranking``, and only where there is one; Rasa passes
such a key of a component through.
"""

from __future__ import annotations

import math
from typing import Any

from nlu.errors import NluError
from nlu.understanding import Entity, Intent, Understanding

EXTRACTOR = "PatternEntityExtractor"
"""Who found the entities, where nobody else is named."""
_KINDS = {str: "a text", int: "a whole number", dict: "an object", list: "a list"}
_ROUNDING = 1e-4
"""By how much a confidence may leave 0..1: sums of 32-bit numbers do."""


class NotParseResult(NluError):
    """Something is not what ``/model/parse`` answers; the message names the key."""


def to_rasa(understanding: Understanding) -> dict[str, Any]:
    """What a Rasa server would have answered; nothing understood is ``{"name": null}``."""
    intent = understanding.intent
    found: dict[str, Any] = {
        "text": understanding.text,
        "intent": {"name": None, "confidence": 0.0} if intent is None else _intent_json(intent),
        "entities": [_entity_json(entity) for entity in understanding.entities],
        "intent_ranking": [_intent_json(one) for one in understanding.intent_ranking],
    }
    if understanding.also:
        found["also"] = [_intent_json(one) for one in understanding.also]
    return found


def from_rasa(answer: object) -> Understanding:
    """The Understanding of a decoded answer; unknown keys are passed over.

    The ranking is sorted, behind the intent, whatever its order was. Raises NotParseResult
    with one sentence.
    """
    root = _object(answer, "the answer")
    text = _value(root, "text", str, "")
    entities = tuple(
        _entity(one, f"entities[{i}]", len(text))
        for i, one in enumerate(_value(root, "entities", list, "", []))
    )
    ranking, also = _intents(root, "intent_ranking"), _intents(root, "also")
    named = _value(root, "intent", dict, "", {})
    if named.get("name") in (None, ""):
        return Understanding(text, entities=entities)
    intent = _intent(named, "intent")
    others = sorted((one for one in ranking if one.name != intent.name), key=_falling)
    return Understanding(text, intent, (intent, *others), entities, also)


def _intent_json(intent: Intent) -> dict[str, Any]:
    return {"name": intent.name, "confidence": intent.confidence}


def _entity_json(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.entity,
        "value": entity.value,
        "start": entity.start,
        "end": entity.end,
        "extractor": EXTRACTOR,
    }


def _intents(root: dict[str, Any], key: str) -> tuple[Intent, ...]:
    listed = _value(root, key, list, "", [])
    return tuple(_intent(one, f"{key}[{i}]") for i, one in enumerate(listed))


def _intent(raw: object, where: str) -> Intent:
    intent = _object(raw, where)
    name = _value(intent, "name", str, where)
    confidence = intent.get("confidence")
    if not isinstance(confidence, int | float) or isinstance(confidence, bool):
        raise NotParseResult(f'"{where}.confidence" should be a number, but is {confidence!r:.40}.')
    if not math.isfinite(confidence) or not -_ROUNDING <= confidence <= 1 + _ROUNDING:
        raise NotParseResult(f'"{where}.confidence" should lie in 0..1, but is {confidence!r:.40}.')
    return Intent(name, min(1.0, max(0.0, float(confidence))))


def _entity(raw: object, where: str, length: int) -> Entity:
    entity = _object(raw, where)
    start = _value(entity, "start", int, where)
    end = _value(entity, "end", int, where)
    if not 0 <= start <= end <= length:
        raise NotParseResult(f'"{where}" spans {start} to {end}, outside of its text.')
    return Entity(_value(entity, "entity", str, where), _spelled(entity, where), start, end)


def _spelled(entity: dict[str, Any], where: str) -> str:
    """The value; some extractors give numbers (Rasa docs, DucklingEntityExtractor)."""
    value = entity.get("value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    found: str = _value(entity, "value", str, where)
    return found


def _value(root: dict[str, Any], key: str, kind: type, where: str, default: object = None) -> Any:
    """``root[key]``, which has to be of ``kind``; a missing one is the default, if there is one."""
    value = root.get(key, default)
    if isinstance(value, kind) and not isinstance(value, bool):
        return value
    name = f"{where}.{key}" if where else key
    if key not in root:
        raise NotParseResult(f'"{name}" is missing.')
    raise NotParseResult(f'"{name}" should be {_KINDS[kind]}, but is {value!r:.40}.')


def _object(raw: object, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise NotParseResult(f'"{where}" should be an object, but is {raw!r:.40}.')
    return raw


def _falling(intent: Intent) -> float:
    return -intent.confidence
