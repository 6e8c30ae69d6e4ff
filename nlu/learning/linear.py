"""Fits the linear classifier and learns from unseen messages what its scores are worth.

Both engines call this with the same matrices: ``nlu.learning.training`` for the builtin
one, ``nlu.components`` inside Rasa. It runs on Python 3.10 with scikit-learn 1.1 as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.errors import TrainingError
from nlu.learning.calibration import Calibration, scope_features
from nlu.learning.measures import Scored, measure
from nlu.learning.model import Fitted
from nlu.learning.pipeline import Classifier
from nlu.learning.thresholds import Thresholds, choose

FOLDS = 5
MOST_FOLDS = 3
SEED = 11
TOLERANCE = 1e-2
"""liblinear's, looser than its default: a fifth less time, the same answers."""

Labels = NDArray[np.str_]
Scores = NDArray[np.float64]


def fit(
    settings: Classifier, blocks: Sequence[Any], labels: Sequence[str], voices: Sequence[str]
) -> Fitted:
    """The classifier of these messages: csr ``blocks`` side by side, one row a message.

    ``voices`` says who wrote each message; confidence is learnt on voices left out. Raises
    TrainingError where there are fewer than two intents.
    """
    from scipy.sparse import hstack

    names, who = np.array(labels), np.array(voices)
    if len(set(labels)) < 2:
        raise TrainingError("Training needs messages of at least two intents.")
    intents = np.unique(names)
    scores = unseen_scores(settings, blocks, names, who)
    calibration = calibrate(scores, intents, names, settings.out_of_scope)
    thresholds, measures = _judge(scores, intents, names, calibration, settings.out_of_scope)
    coef, intercept = _parts(settings, hstack(blocks).tocsr(), names)
    return Fitted(
        tuple(str(name) for name in intents),
        np.ascontiguousarray(coef.T, dtype=np.float32),
        intercept.astype(np.float32),
        calibration,
        thresholds,
        measures,
    )


def unseen_scores(
    settings: Classifier, blocks: Sequence[Any], labels: Labels, voices: Labels
) -> Scores:
    """Scores of each message by a classifier that never saw its voice (else its fold);
    rows of nan where an intent would have been left without messages."""
    from scipy.sparse import hstack

    scores = np.full((len(labels), len(np.unique(labels))), np.nan)
    # One after another: liblinear has one random state for all threads, and a model must
    # come out the same each time.
    for unseen in folds(labels, voices):
        seen = ~unseen
        halves = [_without_unknown(block, seen, unseen) for block in blocks]
        coef, intercept = _parts(settings, hstack([a for a, _ in halves]).tocsr(), labels[seen])
        scores[unseen] = hstack([b for _, b in halves]).tocsr() @ coef.T + intercept
    return scores


def folds(labels: Labels, voices: Labels) -> Iterator[NDArray[np.bool_]]:
    """Masks of unseen messages: whole voices, a few together; ordinary folds where there
    are fewer than three voices or where some intent lives in one voice only."""
    kept = _once(labels)
    groups = _groups(voices)
    if len(groups) > 1:
        masks = [np.isin(voices, group) & ~kept for group in groups]
        if all(set(labels[~mask]) == set(labels) for mask in masks):
            yield from (mask for mask in masks if mask.any())
            return
    order = np.lexsort((np.random.default_rng(SEED).random(len(labels)), labels))
    fold = np.empty(len(labels), dtype=int)
    fold[order] = np.arange(len(labels)) % FOLDS
    for number in range(FOLDS):
        unseen = (fold == number) & ~kept
        if unseen.any():
            yield unseen


def _once(labels: Labels) -> NDArray[np.bool_]:
    """The messages that are the only one of their intent: they are always seen."""
    names, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] == 1) if names.size else np.zeros(0, dtype=bool)


def calibrate(scores: Scores, intents: Labels, labels: Labels, out_of_scope: str) -> Calibration:
    """Fits Calibration on scores of unseen messages (rows of nan are passed over)."""
    from scipy.optimize import minimize_scalar
    from sklearn.linear_model import LogisticRegression

    usable = ~np.isnan(scores).any(axis=1)
    scores, labels = scores[usable], labels[usable]
    is_outside = intents == out_of_scope
    columns = np.flatnonzero(~is_outside)
    asked = labels != out_of_scope
    if not asked.any():
        return Calibration(1.0)
    inside = scores[np.ix_(asked, columns)]
    right = inside[np.arange(len(inside)), np.searchsorted(intents[columns], labels[asked])]

    def loss(log_sharpness: float) -> float:
        sharp = np.exp(log_sharpness)
        powers = np.logaddexp.reduce(inside * sharp, axis=1)
        return float(np.mean(powers - right * sharp))

    sharpness = float(np.exp(minimize_scalar(loss, bounds=(-3.0, 4.0), method="bounded").x))
    if asked.all() or not is_outside.any():
        return Calibration(sharpness)
    position = int(np.flatnonzero(is_outside)[0])
    features = np.array([scope_features(row, position) for row in scores])
    fitted = LogisticRegression(C=10.0, max_iter=1000, fit_intercept=False).fit(features, asked)
    top, margin, outside, one = (float(weight) for weight in fitted.coef_[0])
    return Calibration(sharpness, (top, margin, outside, one))


def _judge(
    scores: Scores, intents: Labels, labels: Labels, calibration: Calibration, out_of_scope: str
) -> tuple[Thresholds, dict[str, float]]:
    """Thresholds and quality on the unseen messages."""
    found = np.flatnonzero(intents == out_of_scope)
    outside = int(found[0]) if found.size else None
    judged = [
        Scored.of(str(label), intents, calibration.confidences(row, outside), out_of_scope)
        for row, label in zip(scores, labels, strict=True)
        if not np.isnan(row).any()
    ]
    return choose(judged), measure(judged)


def _groups(voices: Labels) -> list[list[str]]:
    """The voices in at most MOST_FOLDS groups of about the same number of messages."""
    names, counts = np.unique(voices, return_counts=True)
    groups: list[list[str]] = [[] for _ in range(min(MOST_FOLDS, len(names)))]
    sizes = [0] * len(groups)
    for i in np.argsort(-counts, kind="stable"):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(str(names[i]))
        sizes[smallest] += int(counts[i])
    return groups


def _without_unknown(block: Any, seen: NDArray[np.bool_], unseen: NDArray[np.bool_]) -> Any:
    """The rows that are seen and the others, as if fitted on the seen ones: terms that
    stand only in unseen rows are taken out, and what is left has unit length again."""
    from scipy.sparse import diags

    inside, outside = block[seen], block[unseen]
    known = np.asarray((inside != 0).sum(axis=0)).ravel() > 0
    outside = outside @ diags(known.astype(np.float64))
    length = np.sqrt(np.asarray(outside.multiply(outside).sum(axis=1)).ravel())
    was = np.sqrt(np.asarray(block[unseen].multiply(block[unseen]).sum(axis=1)).ravel())
    scale = np.divide(was, length, out=np.zeros_like(was), where=length > 0)
    return inside, diags(scale) @ outside


def _parts(settings: Classifier, matrix: Any, labels: Labels) -> tuple[Scores, Scores]:
    """Weights and intercepts with one row an intent, also where scikit-learn keeps one for two."""
    fitted = _classifier(settings).fit(matrix, labels)
    coef, intercept = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.hstack([-intercept, intercept]) / 2
    return coef, intercept


def _classifier(settings: Classifier) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    if settings.kind == "linear_svc":
        return LinearSVC(C=settings.C, tol=TOLERANCE, random_state=SEED)
    return LogisticRegression(C=settings.C, max_iter=1000)
