"""Trains the builtin engine's model: ``python -m nlu.learning.training --out FILE``.

Runs as a process of its own, because scikit-learn costs a second and a hundred megabytes
to import and the serving process must not stand still (design 6.20).
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.errors import NluError, TrainingError
from nlu.learning.calibration import Calibration, scope_features
from nlu.learning.fingerprint import PROJECT, fingerprint
from nlu.learning.model import Model, save
from nlu.learning.ngrams import Block
from nlu.learning.pipeline import Classifier, Ngrams, Pipeline, read_pipeline
from nlu.learning.training_data import Example, read_folder, read_intents
from nlu.text.normalize import normalize

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of address space: far above what training needs, far below what hurts a server."""
FOLDS = 5
SEED = 11

Labels = NDArray[np.str_]
Scores = NDArray[np.float64]


def train_project(project: Path = PROJECT) -> Model:
    """Reads config, domain and data of a Rasa project and trains; raises NluError."""
    pipeline = read_pipeline(project / "config.yml")
    examples = read_folder(project / "data", read_intents(project / "domain.yml"))
    return train(pipeline, examples, fingerprint(project))


def train(pipeline: Pipeline, examples: Sequence[Example], fingerprint: str = "") -> Model:
    """The model of these messages. Needs at least two intents."""
    texts = [normalize(example.text) for example in examples]
    labels = np.array([example.intent for example in examples])
    if len(set(labels)) < 2:
        raise TrainingError("Training needs messages of at least two intents.")
    with _progress() as step:
        step("features")
        vectorizers, matrix = fit_vectorizers(pipeline, texts)
        step("calibration")
        voices = np.array([example.voice for example in examples])
        scores, intents = unseen_scores(pipeline, texts, labels, voices)
        calibration = calibrate(scores, intents, labels, pipeline.classifier.out_of_scope)
        step("weights")
        classifier = fit_classifier(pipeline, matrix, labels)
        coef, intercept = linear_parts(classifier)
    return Model(
        fingerprint,
        tuple(str(name) for name in classifier.classes_),
        pipeline.classifier.out_of_scope,
        tuple(_blocks(pipeline.ngrams, vectorizers)),
        np.ascontiguousarray(coef.T, dtype=np.float32),
        intercept.astype(np.float32),
        calibration,
    )


def fit_vectorizers(pipeline: Pipeline, texts: Sequence[str]) -> tuple[list[Any], Any]:
    """One fitted scikit-learn vectorizer for each block, and the texts' sparse matrix.

    The texts are normalised already.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizers, parts = [], []
    for shape in pipeline.ngrams:
        vectorizer = TfidfVectorizer(
            analyzer=shape.analyzer,
            ngram_range=(shape.min_ngram, shape.max_ngram),
            min_df=shape.min_df,
            sublinear_tf=shape.sublinear_tf,
            token_pattern=r"\S+" if shape.analyzer == "word" else None,
            lowercase=False,
        )
        parts.append(vectorizer.fit_transform(texts) * shape.weight)
        vectorizers.append(vectorizer)
    return vectorizers, hstack(parts).tocsr()


def vectors(pipeline: Pipeline, vectorizers: Sequence[Any], texts: Sequence[str]) -> Any:
    """The sparse matrix of further texts, all blocks side by side."""
    from scipy.sparse import hstack

    parts = zip(pipeline.ngrams, vectorizers, strict=True)
    return hstack([v.transform(texts) * shape.weight for shape, v in parts]).tocsr()


def fit_classifier(pipeline: Pipeline, matrix: Any, labels: Labels) -> Any:
    """The fitted scikit-learn classifier."""
    return _classifier(pipeline.classifier).fit(matrix, labels)


def linear_parts(classifier: Any) -> tuple[Scores, Scores]:
    """Weights and intercepts with one row an intent, also where scikit-learn keeps one for two."""
    coef, intercept = classifier.coef_, classifier.intercept_
    if len(classifier.classes_) == 2:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.hstack([-intercept, intercept]) / 2
    return coef, intercept


def unseen_scores(
    pipeline: Pipeline, texts: Sequence[str], labels: Labels, voices: Labels
) -> tuple[Scores, Labels]:
    """Scores of each message by a classifier that never saw its voice (else its fold)."""
    intents = np.unique(labels)
    scores = np.full((len(texts), len(intents)), np.nan)
    for unseen in _folds(labels, voices):
        seen = ~unseen
        inside = [text for text, is_seen in zip(texts, seen, strict=True) if is_seen]
        outside = [text for text, is_unseen in zip(texts, unseen, strict=True) if is_unseen]
        fitted, matrix = fit_vectorizers(pipeline, inside)
        classifier = fit_classifier(pipeline, matrix, labels[seen])
        coef, intercept = linear_parts(classifier)
        scores[unseen] = vectors(pipeline, fitted, outside) @ coef.T + intercept
    return scores, intents


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


def _classifier(settings: Classifier) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    if settings.kind == "linear_svc":
        return LinearSVC(C=settings.C, random_state=SEED)
    return LogisticRegression(C=settings.C, max_iter=1000)


def _folds(labels: Labels, voices: Labels) -> Iterator[NDArray[np.bool_]]:
    """Masks of unseen messages: one voice each if every voice speaks of every intent."""
    intents = set(labels)
    names = np.unique(voices)
    if len(names) > 1 and all(set(labels[voices == name]) == intents for name in names):
        yield from (voices == name for name in names)
        return
    order = np.lexsort((np.random.default_rng(SEED).random(len(labels)), labels))
    fold = np.empty(len(labels), dtype=int)
    fold[order] = np.arange(len(labels)) % FOLDS
    for number in range(FOLDS):
        unseen = fold == number
        if unseen.any() and set(labels[~unseen]) == intents:
            yield unseen


def _blocks(shapes: Sequence[Ngrams], vectorizers: Sequence[Any]) -> Iterator[Block]:
    offset = 0
    for shape, vectorizer in zip(shapes, vectorizers, strict=True):
        terms = tuple(str(term) for term in vectorizer.get_feature_names_out())
        yield Block(shape, terms, vectorizer.idf_.astype(np.float32), offset)
        offset += len(terms)


@contextmanager
def _progress() -> Iterator[Any]:
    """Shows the steps on a terminal (standard error); silent anywhere else."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("NLU") as status:
        yield lambda name: status.update(f"NLU: {name}")


def _limit_memory() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY_LIMIT if most == resource.RLIM_INFINITY else min(MEMORY_LIMIT, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 and a line about the model, or 1 and one sentence about what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m nlu.learning.training", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the model file to write")
    parser.add_argument("--project", type=Path, default=PROJECT, help="a Rasa project folder")
    options = parser.parse_args(arguments)
    _limit_memory()
    try:
        model = train_project(options.project)
        save(model, options.out)
    except NluError as error:
        print(error)
        return 1
    except MemoryError:
        print(f"Training needs more than {MEMORY_LIMIT // 1024**2} MB of memory.")
        return 1
    except OSError as error:
        print(f"{error.filename or options.out}: {error.strerror}.")
        return 1
    print(f"{len(model.intents)} intents, {len(model.weights)} features: {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
