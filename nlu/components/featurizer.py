"""TfidfFeaturizer: sparse TF-IDF of letters or words, which Rasa has not."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.marks import READINGS, ROWS
from nlu.learning.features import fit_block, matrix
from nlu.learning.model import load_block, save_block
from nlu.learning.ngrams import Block
from nlu.learning.pipeline import Ngrams, options
from nlu.text.clauses import Readings
from nlu.text.normalizers import plain

FILE = "block.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class TfidfFeaturizer(GraphComponent):
    """Sentence features of a text, one row for the whole of it.

    Reads what TextNormalizer left on the message, else the lower-case text. The options
    are scikit-learn's (nlu.learning.pipeline.Ngrams); two in one pipeline need an ``alias``.
    """

    def __init__(
        self, settings: Ngrams, origin: str, storage: ModelStorage, resource: Resource,
        block: Block | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._origin = settings, origin
        self._storage, self._resource = storage, resource
        self._block = block

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's options of this component."""
        names = ("analyzer", "min_ngram", "max_ngram", "min_df", "sublinear_tf", "weight")
        return {FEATURIZER_CLASS_ALIAS: None, **{n: getattr(Ngrams(), n) for n in names}}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TfidfFeaturizer:
        """An unfitted component; PipelineError for an option it has not."""
        origin = config.get(FEATURIZER_CLASS_ALIAS) or execution_context.node_name
        return cls(options(Ngrams, config), origin, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TfidfFeaturizer:
        """The component as it was trained."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            component._block = load_block(folder / FILE)
        return component

    def train(self, training_data: TrainingData) -> Resource:
        """Fits vocabulary and idf on the messages that have an intent."""
        texts = [_readings(m).whole for m in training_data.intent_examples if m.get(TEXT)]
        self._block = fit_block(self._settings, texts)
        with self._storage.write_to(self._resource) as folder:
            save_block(self._block, folder / FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Puts the features on the training messages."""
        if self._block is None:
            return training_data
        messages = [m for m in training_data.training_examples if m.get(TEXT)]
        rows = matrix(self._block, [_readings(message).whole for message in messages])
        for i, message in enumerate(messages):
            self._add(message, rows[i])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Puts the features of the whole, and of every reading, on messages."""
        for message in messages:
            if not message.get(TEXT) or self._block is None:
                continue
            rows = matrix(self._block, _readings(message).all())
            message.set(ROWS, [*(message.get(ROWS) or []), rows])
            self._add(message, rows[0])
        return messages

    def _add(self, message: Message, row: Any) -> None:
        message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._origin))


def _readings(message: Message) -> Readings:
    found = message.get(READINGS)
    return found if isinstance(found, Readings) else Readings(plain(message.get(TEXT)))
