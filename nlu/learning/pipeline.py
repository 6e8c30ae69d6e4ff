"""Reads ``nlu/config.yml``, the Rasa pipeline, as far as the builtin engine can run it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

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
    C: float = 1.0
    out_of_scope: str = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Nothing:
    """A component without options."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What to train and how."""

    classifier: Classifier
    ngrams: tuple[Ngrams, ...] = field(default=())


COMPONENTS: dict[str, type[Ngrams] | type[Classifier] | type[Nothing]] = {
    "WhitespaceTokenizer": Nothing,
    "nlu.components.IndonesianNormalizer": Nothing,
    "nlu.components.TfidfFeaturizer": Ngrams,
    "nlu.components.LinearIntentClassifier": Classifier,
    "nlu.components.PatternEntityExtractor": Nothing,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "analyzer": ("char_wb", "word"),
    "kind": ("logistic_regression", "linear_svc"),
}


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline of a config file; raises PipelineError with one sentence."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = where.line + 1 if where else 1
        raise PipelineError(f"{path}:{line}: broken YAML.") from None
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
    return Pipeline(classifiers[0], ngrams)


def _component(path: Path, entry: object) -> Ngrams | Classifier | Nothing:
    options: dict[str, Any] = dict(entry) if isinstance(entry, dict) else {"name": entry}
    name = options.pop("name", None)
    kind = COMPONENTS.get(str(name))
    if kind is None:
        raise PipelineError(
            f'{path}: component "{name}" is not supported by the builtin engine;'
            " remove it, or set nlu.engine to rasa in config.yml."
        )
    allowed = {f.name: f.default for f in fields(kind)}
    for key, value in options.items():
        if key not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise PipelineError(f'{path}: {name} has no option "{key}"; allowed: {known}.')
        _check_value(path, f"{name}.{key}", key, value, allowed[key])
    return kind(**options)


def _check_value(path: Path, where: str, key: str, value: object, default: object) -> None:
    """A value has its default's type (an int may stand for a float) and a sane size."""
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise PipelineError(f"{path}: {where} is {value!r}; use {' or '.join(CHOICES[key])}.")
        return
    wanted: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    right_type = isinstance(value, wanted) and isinstance(value, bool) == isinstance(default, bool)
    if not right_type:
        raise PipelineError(f"{path}: {where} is {value!r}; expected {wanted[-1].__name__}.")
    if isinstance(value, int | float) and not isinstance(value, bool) and not 0 < value <= 1e6:
        raise PipelineError(f"{path}: {where} is {value!r}; expected a number above 0.")
