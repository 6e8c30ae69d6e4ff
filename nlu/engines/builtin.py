"""The builtin engine: runs the trained pipeline in this process with numpy alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.errors import ModelError, TrainingError
from nlu.learning.deciding import decide
from nlu.learning.fingerprint import PROJECT, fingerprint
from nlu.learning.model import Model, load
from nlu.text.entities import find_entities
from nlu.text.normalizers import READINGS
from nlu.understanding import Intent, Understanding

MODEL_FILE = "nlu-model.npz"
TRAINING_SECONDS = 900


class BuiltinEngine:
    """Implements ``nlu.engines.port.Engine``; nothing in it changes after the start."""

    name = "builtin"

    def __init__(self, model: Model) -> None:
        self.model = model
        self._weights = model.fitted.weights
        self._intercept = model.fitted.intercept.astype(np.float64)
        self._readings = READINGS[model.normalizer]
        self._vectorizers = tuple(block.vectorizer() for block in model.blocks)

    def parse(self, text: str) -> Understanding:
        """Never raises for any text; an empty one gives an empty Understanding."""
        entities = find_entities(text)
        if not text.strip():
            return Understanding(text, entities=entities)
        model = self.model
        found = decide(self._readings(text), self.confidences, model.intents, model.outside)
        ranking = tuple(Intent(name, confidence) for name, confidence in found.ranking)
        also = tuple(Intent(name, confidence) for name, confidence in found.also)
        return Understanding(text, ranking[0], ranking, entities, also)

    def confidences(self, normalized: str) -> NDArray[np.float64]:
        """The confidence of every intent, in the model's order; sum 1."""
        return self.model.fitted.calibration.confidences(
            self.scores(normalized), self.model.outside
        )

    def scores(self, normalized: str) -> NDArray[np.float64]:
        """The classifier's raw score for every intent, in the model's order."""
        rows: list[int] = []
        values: list[float] = []
        for vectorizer in self._vectorizers:
            block_rows, block_values = vectorizer(normalized)
            rows += block_rows
            values += block_values
        if not rows:
            return self._intercept
        total: NDArray[np.float64] = np.array(values) @ self._weights[rows]
        return total + self._intercept


def load_or_train(
    cache_dir: Path, *, say: Callable[[str], None], project: Path = PROJECT
) -> BuiltinEngine:
    """The engine with the cached model, or with one trained now in a process of its own.

    A model that is broken, or made from other data, settings or library versions, is
    trained again; ``say`` gets one plain line then. Raises NluError with one sentence.
    """
    path = cache_dir / MODEL_FILE
    wanted = fingerprint(project)
    try:
        return BuiltinEngine(load(path, wanted))
    except ModelError:
        say("Training the language model; this takes up to a minute, once.")
    train_in_subprocess(path, project)
    return BuiltinEngine(load(path, wanted))


def train_in_subprocess(path: Path, project: Path = PROJECT) -> None:
    """Writes a new model file; raises TrainingError with the trainer's sentence."""
    command = [
        sys.executable,
        "-m",
        "nlu.learning.training",
        "--out",
        str(path.resolve()),  # the trainer runs elsewhere
        "--project",
        str(project.resolve()),
    ]
    shown = None if sys.stderr.isatty() else subprocess.PIPE
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  # our own module, and paths from the configuration
            command,
            cwd=PROJECT.parent,
            env=os.environ | one_thread,
            stdout=subprocess.PIPE,
            stderr=shown,
            text=True,
            timeout=TRAINING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TrainingError(f"Training took more than {TRAINING_SECONDS} seconds.") from None
    if done.returncode != 0:
        lines = [*(done.stderr or "").splitlines(), *done.stdout.splitlines()]
        raise TrainingError(lines[-1] if lines else f"Training ended with {done.returncode}.")
