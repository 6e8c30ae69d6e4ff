"""All figures of one measurement: what ``--json`` prints and the table and picture show.

Shares lie between 0 and 1; what cannot be measured (no out-of-scope message, no clock in a
cross-validation) is None. *In scope* are messages whose label is not the out-of-scope intent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nlu.learning.measures import BINS, Scored, measure
from nlu.learning.thresholds import ANSWERS, Thresholds
from nlu.measuring.judging import Judged

WORST = 50
"""Confusions that a report lists."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Messages of ``label`` taken for ``predicted``, with one of them."""

    label: str
    predicted: str
    times: int
    example: str


@dataclass(frozen=True, slots=True)
class OfIntent:
    """``support`` is the number of messages with this label; precision is None where the
    intent was never predicted, recall and f1 where it has no message."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The messages whose confidence lies from ``low`` to ``high``: its mean, and the share
    that was right."""

    low: float
    high: float
    messages: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class AtThresholds:
    """What the conversation would do: *refused* is a message less likely in scope than ``suggest``,
    *answered* one at or above ``confident`` (an act: ``act``); what lies between is suggested."""

    refused_in_scope: float | None
    refused_out_of_scope: float | None
    answered_in_scope: float | None
    answered_right: float | None
    answered_out_of_scope: float | None


@dataclass(frozen=True, slots=True)
class Training:
    """What the engine was trained on for this measurement."""

    messages: int
    intents: int
    features: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """One measurement. ``method`` is "test" or "cross-validation"."""

    engine: str
    method: str
    language: str | None
    out_of_scope: str | None
    messages_in_scope: int
    messages_out_of_scope: int
    intents: int
    top1: float | None
    top3: float | None
    macro_f1: float | None
    ece: float | None
    auroc: float | None
    refused_at_90: float | None
    thresholds: Thresholds
    at_thresholds: AtThresholds
    p50_ms: float | None
    p99_ms: float | None
    messages_per_second: float | None
    training: Training | None
    unknown_intents: dict[str, int]
    in_training_too: int
    notes: tuple[str, ...]
    voices: dict[str, dict[str, float]]
    confusions: tuple[Confusion, ...]
    calibration: tuple[Bin, ...]
    per_intent: dict[str, OfIntent]
    matrix: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of a measurement before its figures."""

    engine: str
    method: str
    language: str | None
    outside: str | None
    thresholds: Thresholds
    training: Training | None = None
    trained_texts: frozenset[str] = frozenset()
    trained_intents: frozenset[str] | None = None
    notes: tuple[str, ...] = ()


def report(setting: Setting, judged: Sequence[Judged]) -> Report:
    """The figures of judged messages."""
    scored = [one.scored for one in judged]
    found = measure(scored)
    labels = Counter(s.intent for s in scored)
    known = setting.trained_intents
    unknown = {} if known is None else {n: c for n, c in sorted(labels.items()) if n not in known}
    if setting.outside is not None:
        unknown.pop(setting.outside, None)
    p50, p99, rate = _speed(judged)
    return Report(
        engine=setting.engine,
        method=setting.method,
        language=setting.language,
        out_of_scope=setting.outside,
        messages_in_scope=sum(s.inside for s in scored),
        messages_out_of_scope=sum(not s.inside for s in scored),
        intents=len(labels),
        top1=found.get("top1"),
        top3=found.get("top3"),
        macro_f1=found.get("macro_f1"),
        ece=found.get("ece"),
        auroc=found.get("auroc"),
        refused_at_90=found.get("refused_inside"),
        thresholds=setting.thresholds,
        at_thresholds=_at(setting.thresholds, scored),
        p50_ms=p50,
        p99_ms=p99,
        messages_per_second=rate,
        training=setting.training,
        unknown_intents=unknown,
        in_training_too=sum(one.example.text in setting.trained_texts for one in judged),
        notes=setting.notes,
        voices=_voices(judged),
        confusions=_confusions(judged),
        calibration=_bins(scored),
        per_intent=_per_intent(scored),
        matrix=_matrix(scored),
    )


def _speed(judged: Sequence[Judged]) -> tuple[float | None, float | None, float | None]:
    """Median and 99th percentile in milliseconds, and messages per second."""
    seconds = np.array([one.seconds for one in judged if one.seconds is not None])
    if not seconds.size:
        return None, None, None
    p50, p99 = np.percentile(seconds, (50, 99)) * 1000
    return float(p50), float(p99), float(seconds.size / seconds.sum())


def _at(thresholds: Thresholds, scored: Sequence[Scored]) -> AtThresholds:
    inside = [s for s in scored if s.inside]
    outside = [s for s in scored if not s.inside]
    answered = [s for s in inside if _answered(s, thresholds)]
    return AtThresholds(
        _share([s.scope < thresholds.suggest for s in inside]),
        _share([s.scope < thresholds.suggest for s in outside]),
        _share([_answered(s, thresholds) for s in inside]),
        _share([s.predicted == s.intent for s in answered]),
        _share([_answered(s, thresholds) for s in outside]),
    )


def _answered(scored: Scored, thresholds: Thresholds) -> bool:
    if scored.predicted not in scored.ranking[:1]:
        return False
    answer = scored.predicted.startswith(ANSWERS)
    return scored.confidence >= (thresholds.confident if answer else thresholds.act)


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _voices(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """The quality for each voice apart, where there is more than one."""
    by_voice: dict[str, list[Scored]] = {}
    for one in judged:
        by_voice.setdefault(one.example.voice, []).append(one.scored)
    if len(by_voice) < 2:
        return {}
    return {
        voice: {"messages": len(scored), **measure(scored)}
        for voice, scored in sorted(by_voice.items())
    }


def _confusions(judged: Sequence[Judged]) -> tuple[Confusion, ...]:
    """The most frequent mistakes first, each with its surest example."""
    wrong: dict[tuple[str, str], list[Judged]] = {}
    for one in judged:
        pair = one.scored.intent, one.scored.predicted
        if pair[0] != pair[1]:
            wrong.setdefault(pair, []).append(one)
    ordered = sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Confusion(*pair, len(those), max(those, key=lambda o: o.scored.confidence).example.text)
        for pair, those in ordered[:WORST]
    )


def _bins(scored: Sequence[Scored]) -> tuple[Bin, ...]:
    """Bins of equal width as for the expected calibration error; empty ones are left out."""
    bins: list[list[Scored]] = [[] for _ in range(BINS)]
    for s in scored:
        bins[min(int(s.confidence * BINS), BINS - 1)].append(s)
    return tuple(
        Bin(
            number / BINS,
            (number + 1) / BINS,
            len(those),
            float(np.mean([s.confidence for s in those])),
            float(np.mean([s.predicted == s.intent for s in those])),
        )
        for number, those in enumerate(bins)
        if those
    )


def _per_intent(scored: Sequence[Scored]) -> dict[str, OfIntent]:
    labels = Counter(s.intent for s in scored)
    predicted = Counter(s.predicted for s in scored)
    hits = Counter(s.intent for s in scored if s.predicted == s.intent)
    return {
        name: OfIntent(
            hits[name] / predicted[name] if predicted[name] else None,
            hits[name] / labels[name] if labels[name] else None,
            2 * hits[name] / (labels[name] + predicted[name]) if labels[name] else None,
            labels[name],
        )
        for name in sorted(labels | predicted)
    }


def _matrix(scored: Sequence[Scored]) -> dict[str, dict[str, int]]:
    """Label, predicted, times; what never happened is left out."""
    pairs = Counter((s.intent, s.predicted) for s in scored)
    rows: dict[str, dict[str, int]] = {}
    for (label, predicted), times in sorted(pairs.items()):
        rows.setdefault(label, {})[predicted] = times
    return rows
