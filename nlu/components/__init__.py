"""What Rasa lacks, as graph components of a Rasa 3.6 pipeline (Python 3.10).

The builtin engine runs the same pipeline file without Rasa; both use ``nlu.text`` and
``nlu.learning``. Nothing of the bot imports this package, which needs Rasa.

Source: Rasa docs, "Custom Graph Components".
"""

from nlu.components.classifier import LinearIntentClassifier
from nlu.components.extractor import PatternEntityExtractor
from nlu.components.featurizer import TfidfFeaturizer
from nlu.components.normalizer import TextNormalizer

__all__ = [
    "LinearIntentClassifier",
    "PatternEntityExtractor",
    "TextNormalizer",
    "TfidfFeaturizer",
]
