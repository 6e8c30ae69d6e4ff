"""Chooses the conversation's thresholds on messages the classifier had not seen.

What they are for stands in config.yml (``conversation.thresholds``); training prints the
choice and keeps it in the model file, a test holds config.yml to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.learning.measures import Scored

ANSWERS = "faq_"
"""How the names of intents begin that get a ready answer; the others are acts."""
RIGHT_ANSWERS = 0.95
"""Share of right ones among the answers that are given at once."""
RIGHT_ACTS = 0.95
"""The same among the acts that are carried out at once."""
LOST = 0.025
"""Share of the messages in scope that may be refused, in cross-validation, where a voice is
harder than in use, since whole voices are missing from training."""
DIGITS = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Confidences from 0 to 1, as config.yml names them."""

    confident: float = 1.0
    suggest: float = 0.0
    act: float = 1.0


def choose(scored: Sequence[Scored]) -> Thresholds:
    """The lowest thresholds with RIGHT_ANSWERS and RIGHT_ACTS, and the highest ``suggest``
    that refuses no more than LOST of the messages in scope."""
    inside = np.array([s.scope for s in scored if s.inside])
    if not inside.size:
        return Thresholds()
    asked = [s for s in scored if s.ranking and s.predicted == s.ranking[0]]
    answers = [s for s in asked if s.predicted.startswith(ANSWERS)]
    acts = [s for s in asked if not s.predicted.startswith(ANSWERS)]
    suggest = float(np.floor(np.quantile(inside, LOST) * 10**DIGITS) / 10**DIGITS)
    return Thresholds(_lowest(answers, RIGHT_ANSWERS), suggest, _lowest(acts, RIGHT_ACTS))


def _lowest(predicted: Sequence[Scored], share: float) -> float:
    """The lowest confidence from which on ``share`` of the predictions are right."""
    if not predicted:
        return 1.0
    order = sorted(predicted, key=lambda s: -s.confidence)
    right = np.cumsum([s.predicted == s.intent for s in order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= share)
    if not enough.size:
        return 1.0
    lowest = order[int(enough[-1])].confidence
    return float(np.ceil(lowest * 10**DIGITS) / 10**DIGITS)
