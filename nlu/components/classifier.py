"""LinearIntentClassifier: a linear classifier whose confidence is calibrated."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    METADATA,
    METADATA_INTENT,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack, vstack

from nlu.components.marks import ALSO, READINGS, ROWS
from nlu.learning.deciding import Decision, decide
from nlu.learning.linear import fit
from nlu.learning.model import Fitted, load_fitted, save_fitted
from nlu.learning.pipeline import Classifier, options
from nlu.text.clauses import Readings

FILE = "classifier.npz"
NOBODY = ""
"""The voice of messages that name none."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(GraphComponent, IntentClassifier):
    """Sparse sentence features in, intent and ranking with calibrated confidence out.

    The voice of a training message, by which messages are left out to learn what a score
    is worth, stands in its intent's metadata: ``metadata: {voice: pejabat}``.
    """

    def __init__(
        self, settings: Classifier, storage: ModelStorage, resource: Resource,
        fitted: Fitted | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._storage, self._resource = settings, storage, resource
        self._fitted = fitted

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's options of this component."""
        return {name: getattr(Classifier(), name) for name in ("kind", "C", "out_of_scope")}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """An untrained component; PipelineError for an option it has not."""
        return cls(options(Classifier, config), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """The component as it was trained."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._fitted = load_fitted(folder / FILE)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the messages that have an intent; TrainingError for fewer than two."""
        messages = [m for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)]
        messages.sort(key=lambda m: (m.get(INTENT), m.get(TEXT)))
        blocks = [
            vstack([_block(message, i) for message in messages]).tocsr()
            for i in range(len(_sparse(messages[0])) if messages else 0)
        ]
        intents = [message.get(INTENT) for message in messages]
        self._fitted = fit(self._settings, blocks, intents, list(map(_voice, messages)))
        with self._storage.write_to(self._resource) as folder:
            save_fitted(self._fitted, folder / FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leaves training messages as they are."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Puts intent and intent_ranking on messages; none on an empty one."""
        for message in messages:
            text = message.get(TEXT)
            if not text or not text.strip() or self._fitted is None:
                nothing = {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
                message.set(INTENT, nothing, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            found = self._decide(message, self._fitted)
            ranking = list(map(_named, found.ranking))
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            if found.also:
                message.set(ALSO, list(map(_named, found.also)), add_to_output=True)
        return messages

    def _decide(self, message: Message, fitted: Fitted) -> Decision:
        """As the builtin engine decides, on the rows that the featurizers made."""
        rows = message.get(ROWS) or [_block(message, i) for i in range(len(_sparse(message)))]
        readings = message.get(READINGS) or Readings(message.get(TEXT))
        scores = np.asarray(hstack(rows).tocsr() @ fitted.weights.astype(np.float64))
        places = {reading: i for i, reading in enumerate(readings.all())}
        name, intents = self._settings.out_of_scope, fitted.intents
        outside = intents.index(name) if name in intents else None

        def score(reading: str) -> Any:
            row = scores[places[reading]] + fitted.intercept.astype(np.float64)
            return fitted.calibration.confidences(row, outside)

        return decide(readings, score, intents, outside)


def _sparse(message: Message) -> list[Any]:
    """The sparse sentence features of the text, in the order they were added."""
    return [
        part.features
        for part in message.features
        if part.is_sparse() and part.type == FEATURE_TYPE_SENTENCE and part.attribute == TEXT
    ]


def _block(message: Message, i: int) -> Any:
    return _sparse(message)[i]


def _voice(message: Message) -> str:
    about = (message.get(METADATA) or {}).get(METADATA_INTENT) or {}
    return str(about.get("voice", NOBODY))


def _named(entry: tuple[str, float]) -> dict[str, Any]:
    return {INTENT_NAME_KEY: entry[0], PREDICTED_CONFIDENCE_KEY: entry[1]}
