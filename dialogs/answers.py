"""The ready answers: one YAML file a topic, written by the office, checked when loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dialogs.office import Authority

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class AnswerError(ValueError):
    """An answer file cannot be used; the message names the file and what is wrong in it."""


class Source(BaseModel):
    """Where a fact comes from. ``name`` is what users read, ``url`` what staff check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]
    year: int | None = Field(default=None, ge=2000, le=2100)
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None


class AnswerFile(BaseModel):
    """The keys of an answer file.

    ``short`` is the label of a button. ``steps`` are sourced, ``general`` is unsourced
    guidance that the office has to confirm. ``decides`` says in one sentence who decides,
    ``authority`` is that party's key. ``validity`` is how far the answer holds, as users
    read it; ``reviewed`` the day somebody last checked it.
    ``office_contacts`` puts this office's own hours and contacts before the steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=80)]
    short: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=20)]
    audience: tuple[str, ...] = Field(min_length=1)
    authority: Authority
    decides: Sentence
    steps: tuple[Sentence, ...] = ()
    general: tuple[Sentence, ...] = ()
    required_data: tuple[str, ...] = ()
    office_contacts: bool = False
    era: Literal["legacy_pre_inaproc", "inaproc", "both", "current"]
    validity: Sentence
    sources: tuple[Source, ...] = ()
    reviewed: date


class Answer(AnswerFile):
    """A loaded answer. ``version`` changes with every change of its file."""

    topic: str
    version: str


@dataclass(frozen=True, slots=True)
class Answers:
    """All ready answers by topic (an intent name without ``faq_``)."""

    by_topic: Mapping[str, Answer] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, override: Path | None = None) -> Answers:
        """The shipped answers; a file in ``override`` replaces the one of its name or
        adds a topic. Raises AnswerError."""
        found = {name: data for folder in _folders(override) for name, data in _read(folder)}
        return cls({name: _parse(name, data) for name, data in sorted(found.items())})

    def get(self, topic: str | None) -> Answer | None:
        """The answer to a topic, named with or without ``faq_``."""
        return self.by_topic.get((topic or "").removeprefix("faq_"))

    def topics(self) -> tuple[str, ...]:
        return tuple(self.by_topic)


def _folders(override: Path | None) -> Iterator[Traversable | Path]:
    yield files("dialogs") / "faq"
    if override is None:
        return
    if not override.is_dir():
        raise AnswerError(f"{override}: there is no such folder of answers")
    yield override


def _checked_name(file: str) -> str:
    """The topic a file answers; it also stands in button values, hence its length."""
    name = file.removesuffix(".yml")
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name):
        raise AnswerError(f"{file}: name it after the topic: 2 to 40 of a-z, 0-9 and _")
    return name


def _read(folder: Traversable | Path) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name.endswith(".yml") and entry.is_file():
            yield _checked_name(entry.name), entry.read_bytes()


def _parse(name: str, data: bytes) -> Answer:
    try:
        raw = AnswerFile.model_validate(yaml.load(data, Loader=_LOADER))  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        raise AnswerError(f"{name}.yml: not readable as YAML: {error}") from error
    except ValidationError as error:
        raise AnswerError(f"{name}.yml: {_first_problem(error)}") from error
    if not raw.steps and not raw.general:
        raise AnswerError(f"{name}.yml: steps and general are both empty, one of them is needed")
    return Answer(topic=name, version=sha256(data).hexdigest()[:8], **raw.model_dump())


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the file"
    return f"{place}: {first['msg']}"
