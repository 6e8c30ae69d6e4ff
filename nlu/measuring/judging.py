"""Has labelled messages parsed by an engine, or by classifiers that never saw them."""

from __future__ import annotations

import gc
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from nlu.engines.guarded import Fallible, ParseFailed
from nlu.engines.port import Engine
from nlu.learning.features import fit_blocks, matrix
from nlu.learning.linear import calibrate, unseen_scores
from nlu.learning.measures import Scored
from nlu.learning.pipeline import Pipeline
from nlu.learning.thresholds import Thresholds, choose
from nlu.learning.training_data import Example
from nlu.measuring.errors import MeasuringError
from nlu.measuring.progress import bar, status
from nlu.text.normalizers import normalizer
from nlu.understanding import Understanding

FALLBACK = "nlu_fallback"
"""What Rasa's FallbackClassifier answers when it is unsure: out of scope in other words."""
NOTHING = "(nothing)"
"""What stands in place of an intent where an engine gives none."""
_RANKED = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled message, what was made of it, and how long that took."""

    example: Example
    scored: Scored
    seconds: float | None = None


def judge(
    engine: Engine | Fallible, examples: Sequence[Example], outside: str | None
) -> list[Judged]:
    """Every message through ``engine.parse``, one after another, as a user's would go.

    Raises ParseFailed if a server stops answering.
    """
    _parsed(engine, examples[0].text)  # the first call pays for caches
    gc.collect()  # what training left behind is not the parser's to clean up
    found: list[tuple[Example, Understanding, float]] = []
    for example in bar(examples, "Parsing"):
        begun = time.perf_counter()
        understanding = _parsed(engine, example.text)
        found.append((example, understanding, time.perf_counter() - begun))
    others = frozenset({outside, FALLBACK} - {None})
    knows = any(one.name in others for _, parsed, _ in found for one in parsed.intent_ranking)
    return [
        Judged(example, scored_of(parsed, example.intent, outside, knows), seconds)
        for example, parsed, seconds in found
    ]


def _parsed(engine: Engine | Fallible, text: str) -> Understanding:
    try:
        return engine.parse(text)
    except ParseFailed as failure:
        if failure.counts:
            raise
        return Understanding(text)


def scored_of(
    understanding: Understanding, label: str, outside: str | None, knows: bool = True
) -> Scored:
    """A parse beside its label; ``outside`` is the out-of-scope intent, if there is one, and
    ``knows`` whether the engine has learnt it."""
    others = {outside, FALLBACK} - {None}
    top = understanding.intent
    predicted = NOTHING if top is None else top.name
    if predicted == FALLBACK and outside is not None:
        predicted = outside
    ranked = [one for one in understanding.intent_ranking if one.name not in others]
    return Scored(
        label,
        predicted,
        0.0 if top is None else top.confidence,
        tuple(one.name for one in ranked[:_RANKED]),
        _scope(understanding, others, knows),
        label != outside,
    )


def _scope(understanding: Understanding, others: Collection[str | None], knows: bool) -> float:
    ranking = understanding.intent_ranking
    if knows:
        return 1 - sum(one.confidence for one in ranking if one.name in others) if ranking else 0.0
    return max((one.confidence for one in ranking), default=0.0)


def cross_validate(
    pipeline: Pipeline, examples: Sequence[Example], seed: int | None = None
) -> tuple[list[Judged], Thresholds]:
    """Each message judged by a classifier that saw neither it nor its voice, and the
    thresholds that would be chosen: without ``seed`` what training itself measures.

    Source: nlu.learning.linear. An intent with a single message cannot be judged so.
    """
    ordered = sorted(examples, key=lambda example: (example.intent, example.text))
    if seed is not None:
        ordered = [ordered[i] for i in np.random.default_rng(seed).permutation(len(ordered))]
    with status("Cross-validation"):
        normalize = normalizer(pipeline.normalizer)
        texts = [normalize(example.text) for example in ordered]
        matrices = [matrix(block, texts) for block in fit_blocks(pipeline.ngrams, texts)]
        labels = np.array([example.intent for example in ordered])
        voices = np.array([example.voice for example in ordered])
        scores = unseen_scores(pipeline.classifier, matrices, labels, voices)
    usable = np.isfinite(scores.sum(axis=1))
    if not usable.any():
        raise MeasuringError(
            "Cross-validation needs at least two messages of every intent; give --test FILE."
        )
    intents, other = np.unique(labels), pipeline.classifier.out_of_scope
    calibration = calibrate(scores, intents, labels, other)
    position = int(np.searchsorted(intents, other)) if other in intents else None
    judged = [
        Judged(
            example,
            Scored.of(example.intent, intents, calibration.confidences(row, position), other),
        )
        for example, row, judgeable in zip(ordered, scores, usable, strict=True)
        if judgeable
    ]
    return judged, choose([one.scored for one in judged])
