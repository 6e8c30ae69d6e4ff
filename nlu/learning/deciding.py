"""Which piece of a message says what the message is about.

Both engines come here with the readings of a text and a way to score one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.text.clauses import SMALL_TALK, SOCIAL, Readings, asks

SURE = 0.8
"""Confidence with which the piece behind a courtesy speaks for the whole."""
BESIDES = 0.85
"""Confidence with which a sentence is a question of its own."""
WHOLE = 0.985
"""Confidence from which on a message asks one thing."""
GREY = 0.1
"""So far from sure of being in scope, or out of it, the pieces of a message are asked too."""
NEAR = 3
"""A further question is among so many likeliest intents of the whole message."""
RANKED = 10
"""Entries of the intent ranking, as many as Rasa gives."""

_SAID_AFTER = frozenset({"thanks", "goodbye"})

Confidences = NDArray[np.float64]
Score = Callable[[str], Confidences]


@dataclass(frozen=True, slots=True)
class Decision:
    """(intent, confidence) pairs: the likeliest first, and what is surely asked besides."""

    ranking: tuple[tuple[str, float], ...]
    also: tuple[tuple[str, float], ...] = ()


def decide(
    readings: Readings, score: Score, intents: Sequence[str], outside: int | None
) -> Decision:
    """What a message asks: its whole counts, unless that is a courtesy around a question, or
    is neither surely in scope nor out of it (an introduction in front of a question does that).

    ``score`` gives the confidences of ``intents`` for one of the readings; ``outside`` is
    the position of out_of_scope.
    """
    whole = score(readings.whole)
    top = intents[int(whole.argmax())]
    unsure = outside is not None and GREY <= whole[outside] <= 1 - GREY
    if top in SOCIAL or unsure:
        return Decision(_ranking(intents, _question(readings, score, intents, outside, top, whole)))
    if not readings.sentences or whole.max() >= WHOLE:
        return Decision(_ranking(intents, whole))
    near = [int(i) for i in np.argsort(-whole, kind="stable")[:NEAR]]
    asked = _asked(readings.sentences, score, intents, outside)
    also = [(i, sure) for i, sure in asked if i in near and i != near[0]]
    if near[0] not in dict(asked):
        also = []
    return Decision(
        _ranking(intents, whole), tuple((str(intents[i]), float(sure)) for i, sure in also)
    )


def _question(
    readings: Readings,
    score: Score,
    intents: Sequence[str],
    outside: int | None,
    social: str,
    whole: Confidences,
) -> Confidences:
    """The confidences of the piece that asks something behind a courtesy, else the whole's.

    Thanks and goodbyes are often whole sentences about what was answered, so there the
    piece must read like a question.
    """
    for piece in readings.pieces:
        row = score(piece)
        top = int(row.argmax())
        sure = row[top] >= SURE and top != outside and intents[top] not in SMALL_TALK
        if sure and (social not in _SAID_AFTER or asks(piece)):
            return row
    return whole


def _asked(
    sentences: Sequence[str], score: Score, intents: Sequence[str], outside: int | None
) -> list[tuple[int, float]]:
    """(position, confidence) of what the sentences surely ask, each intent once."""
    found: dict[int, float] = {}
    for sentence in sentences:
        row = score(sentence)
        top = int(row.argmax())
        if row[top] >= BESIDES and top != outside and intents[top] not in SMALL_TALK:
            found.setdefault(top, float(row[top]))
    return list(found.items())


def _ranking(intents: Sequence[str], confidences: Confidences) -> tuple[tuple[str, float], ...]:
    """The most likely intents, the likeliest first; among equals the model's order."""
    order = np.argsort(-confidences, kind="stable")[:RANKED]
    return tuple((str(intents[i]), float(confidences[i])) for i in order)
