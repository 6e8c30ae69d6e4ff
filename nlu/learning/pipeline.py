"""Reads ``nlu/config.yml``, the Rasa pipeline, as far as the builtin engine can run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from nlu.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Ngrams:
    """One TF-IDF block, each with unit length; the names are scikit-learn's and Rasa's."""

    analyzer: Literal["char_wb", "word"] = "word"
    min_ngram: int = 1
    max_ngram: int = 1
    min_df: int = 1
    sublinear_tf: bool = True
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Classifier:
    """A linear classifier and the name of the intent for everything else."""

    kind: Literal["logistic_regression", "linear_svc"] = "linear_svc"
    C: float = 1.5
    out_of_scope: str = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Nothing:
    """A component that has nothing to set for training."""


@dataclass(frozen=True, slots=True)
class Normalizer:
    """Brings texts to one spelling; ``language`` names a function of nlu.text.normalizers."""

    language: Literal["indonesian", "plain"] = "indonesian"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What to train and how."""

    classifier: Classifier
    ngrams: tuple[Ngrams, ...] = field(default=())
    normalizer: str = "plain"


Part = Ngrams | Classifier | Normalizer | Nothing
P = TypeVar("P", bound=Part)

RASAS = frozenset({"name", "alias"})
"""Keys of a pipeline entry that Rasa reads itself; ``alias`` names one that stands twice."""
COMPONENTS: dict[str, type[Part]] = {
    "WhitespaceTokenizer": Nothing,
    "nlu.components.TextNormalizer": Normalizer,
    "nlu.components.TfidfFeaturizer": Ngrams,
    "nlu.components.LinearIntentClassifier": Classifier,
    "nlu.components.PatternEntityExtractor": Nothing,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "analyzer": ("char_wb", "word"),
    "kind": ("logistic_regression", "linear_svc"),
    "language": ("indonesian", "plain"),
}


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline of a config file; raises PipelineError with one sentence."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = where.line + 1 if where else 1
        raise PipelineError(f"{path}:{line}: broken YAML.") from None
    except (ValueError, LookupError, AttributeError, RecursionError):
        raise PipelineError(f"{path}: broken YAML, a value cannot be read.") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("pipeline"), list):
        raise PipelineError(f'{path}: needs a list named "pipeline".')
    if raw.get("recipe", "default.v1") != "default.v1":
        raise PipelineError(f'{path}: recipe "{raw["recipe"]}" is not known; use default.v1.')
    parts = [_component(path, entry) for entry in raw["pipeline"]]
    ngrams = tuple(part for part in parts if isinstance(part, Ngrams))
    classifiers = [part for part in parts if isinstance(part, Classifier)]
    if not ngrams or len(classifiers) != 1:
        raise PipelineError(
            f"{path}: the builtin engine needs at least one nlu.components.TfidfFeaturizer"
            " and exactly one nlu.components.LinearIntentClassifier."
        )
    normalizers = [part.language for part in parts if isinstance(part, Normalizer)]
    return Pipeline(classifiers[0], ngrams, *normalizers[-1:])


def _component(path: Path, entry: object) -> Part:
    given: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {"name": entry}
    name = given.get("name")
    kind = COMPONENTS.get(str(name))
    if kind is None:
        raise PipelineError(
            f'{path}: component "{name}" is not supported by the builtin engine;'
            " give it to a Rasa server (rasa train nlu --config FILE) and set nlu.engine to rasa."
        )
    try:
        return options(kind, given)
    except PipelineError as error:
        raise PipelineError(f"{path}: {name}{error}") from None


def options(kind: type[P], given: Mapping[str, Any]) -> P:
    """The settings of a component from its pipeline entry.

    Raises PipelineError for an unknown one; the sentence begins with the option's name.
    """
    allowed = {f.name: f.default for f in fields(kind)}
    values = {key: value for key, value in given.items() if key not in RASAS}
    for key, value in values.items():
        if key not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise PipelineError(f' has no option "{key}"; allowed: {known}.')
        _check_value(f".{key}", key, value, allowed[key])
    return kind(**values)


def _check_value(where: str, key: str, value: object, default: object) -> None:
    """A value has its default's type (an int may stand for a float) and a sane size."""
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise PipelineError(f"{where} is {value!r}; use {' or '.join(CHOICES[key])}.")
        return
    wanted: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    right_type = isinstance(value, wanted) and isinstance(value, bool) == isinstance(default, bool)
    if not right_type:
        raise PipelineError(f"{where} is {value!r}; expected {wanted[-1].__name__}.")
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value <= 1e6:
        raise PipelineError(f"{where} is {value!r}; expected a number above 0.")
