"""TextNormalizer: one spelling for what featurizers read."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.marks import READINGS
from nlu.learning.pipeline import Normalizer, options
from nlu.text import normalizers


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TextNormalizer(GraphComponent):
    """Puts the normalised readings of a text on the message; the text itself stays.

    ``language``: ``indonesian`` or ``plain`` (nlu.text.normalizers).
    """

    def __init__(self, settings: Normalizer) -> None:
        self._read = normalizers.READINGS[settings.language]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's options of this component."""
        return {"language": Normalizer().language}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TextNormalizer:
        """The component for a pipeline entry; PipelineError for an option it has not."""
        return cls(options(Normalizer, config))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Reads the training messages."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Reads messages."""
        for message in messages:
            if message.get(TEXT):
                message.set(READINGS, self._read(message.get(TEXT)))
        return messages
