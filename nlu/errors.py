"""What can go wrong between the training data and a ready model.

Each message is one plain sentence for the operator; nothing here is shown to a user.
"""

from __future__ import annotations


class NluError(Exception):
    """The NLU cannot be prepared; the message says what to change."""


class PipelineError(NluError):
    """``nlu/config.yml`` asks for something the builtin engine does not do."""


class TrainingDataError(NluError):
    """A training or domain file cannot be read; the message begins with file:line."""


class ModelError(NluError):
    """A model file is broken or was made from something else; it is trained again."""


class TrainingError(NluError):
    """The training process failed."""
