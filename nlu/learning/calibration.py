"""From the classifier's scores to confidences that mean something.

Two numbers are learnt on messages the classifier had not seen (nlu/learning/training.py): how sharp
the softmax over the intents in scope is, and how top score, margin and the score of the
out-of-scope class tell a message in scope from any other. The confidence of an intent is
the product, so gibberish gets little of it whatever its best intent is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCOPE = 4
"""Numbers that tell how likely a message is in scope: see scope_features."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``scope`` weighs top score, margin, out-of-scope score, and 1; None: no such class."""

    sharpness: float
    scope: tuple[float, float, float, float] | None = None

    def confidences(self, scores: NDArray[np.float64], outside: int | None) -> NDArray[np.float64]:
        """Confidences for all intents, sum 1; ``outside`` is out_of_scope's position."""
        if outside is None or self.scope is None:
            return softmax(scores * self.sharpness)
        inside = np.delete(scores, outside)
        in_scope = _sigmoid(float(np.dot(self.scope, scope_features(scores, outside))))
        found = np.empty(scores.size, dtype=np.float64)
        found[outside] = 1.0 - in_scope
        found[np.arange(scores.size) != outside] = softmax(inside * self.sharpness) * in_scope
        return found


def scope_features(scores: NDArray[np.float64], outside: int) -> tuple[float, float, float, float]:
    """Top score in scope, its margin over the next, the out-of-scope score, and 1."""
    inside = np.delete(scores, outside)
    if inside.size < 2:
        return float(inside[0]), 0.0, float(scores[outside]), 1.0
    second, top = np.partition(inside, -2)[-2:]
    return float(top), float(top - second), float(scores[outside]), 1.0


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The usual softmax over one row, safe for large scores."""
    powers = np.exp(scores - scores.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0
