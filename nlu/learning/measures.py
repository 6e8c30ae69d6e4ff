"""Quality of an intent classifier on labelled messages; numpy only, no model in here.

*Refused* means: the message is less likely in scope than a threshold. Every rate is a share
from 0 to 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
"""Bins of equal width for the expected calibration error."""
REFUSED_OUTSIDE = 0.9
"""Share of out-of-scope messages to be refused, at which the loss of others is reported."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One labelled message and what was made of it.

    ``intent`` is the label, ``predicted`` the most likely intent (perhaps out_of_scope)
    with its ``confidence``; ``ranking`` holds the three most likely intents in scope.
    ``scope`` is how likely the message is in scope at all: what out_of_scope leaves, or,
    where no such intent was trained, the confidence of the best one. ``inside``: whether the
    label is in scope.
    """

    intent: str
    predicted: str
    confidence: float
    ranking: tuple[str, ...]
    scope: float
    inside: bool

    @classmethod
    def of(
        cls, intent: str, intents: Sequence[str] | NDArray[np.str_], confidences: Numbers,
        out_of_scope: str,
    ) -> Scored:  # fmt: skip
        """From the confidences of all ``intents``."""
        order = np.argsort(-confidences, kind="stable")
        ranked = [int(i) for i in order if intents[int(i)] != out_of_scope][:3]
        top = int(order[0])
        return cls(
            intent,
            str(intents[top]),
            float(confidences[top]),
            tuple(str(intents[i]) for i in ranked),
            scope_of(confidences, [str(name) for name in intents], out_of_scope),
            intent != out_of_scope,
        )


def scope_of(confidences: Numbers, intents: Sequence[str], out_of_scope: str) -> float:
    """How likely a message with these confidences is in scope (see Scored)."""
    if out_of_scope in intents:
        return float(1 - confidences[intents.index(out_of_scope)])
    return float(confidences.max()) if len(confidences) else 0.0


def measure(scored: Sequence[Scored]) -> dict[str, float]:
    """top1, top3, macro_f1 and ece over messages in scope; with out-of-scope messages
    besides: auroc, and refused_inside: what is lost of the messages in scope where
    REFUSED_OUTSIDE of the others are refused."""
    inside = [s for s in scored if s.inside]
    outside = [s for s in scored if not s.inside]
    found: dict[str, float] = {}
    if inside:
        found["top1"] = _share([s.predicted == s.intent for s in inside])
        found["top3"] = _share([s.intent in s.ranking for s in inside])
        found["macro_f1"] = macro_f1(scored)
        found["ece"] = calibration_error(scored)
    if inside and outside:
        kept, other = (np.array([s.scope for s in half]) for half in (inside, outside))
        found["auroc"] = auroc(kept, other)
        found["refused_inside"] = refused(kept, other)
    return found


def macro_f1(scored: Sequence[Scored]) -> float:
    """The mean F1 over the intents that are a label in scope."""
    labels = Counter(s.intent for s in scored)
    predicted = Counter(s.predicted for s in scored)
    hits = Counter(s.intent for s in scored if s.predicted == s.intent)
    names = {s.intent for s in scored if s.inside}
    return float(np.mean([2 * hits[n] / (labels[n] + predicted[n]) for n in sorted(names)]))


def calibration_error(scored: Sequence[Scored]) -> float:
    """Expected calibration error: how far confidence and share of right answers lie apart."""
    confidence = np.array([s.confidence for s in scored])
    right = np.array([s.predicted == s.intent for s in scored], dtype=float)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(np.sum(gaps))


def auroc(inside: Numbers, outside: Numbers) -> float:
    """The chance that a message in scope scores higher than one that is not; ties count half."""
    everything = np.concatenate([inside, outside])
    _, place, counts = np.unique(everything, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    rank = (last - (counts - 1) / 2)[place]
    n = len(inside)
    return float((rank[:n].sum() - n * (n + 1) / 2) / (n * len(outside)))


def refused(inside: Numbers, outside: Numbers, share: float = REFUSED_OUTSIDE) -> float:
    """What is refused of the messages in scope where ``share`` of the others are."""
    return float((inside <= np.quantile(outside, share)).mean())


def confusions(scored: Sequence[Scored]) -> list[tuple[str, str, int]]:
    """(label, predicted, times), the most frequent mistakes first."""
    wrong = Counter((s.intent, s.predicted) for s in scored if s.predicted != s.intent)
    return [(a, b, n) for (a, b), n in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))]


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits)
