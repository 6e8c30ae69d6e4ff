"""What an answer is: the keys of its file, and the answer once it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from dialogs.office import Authority

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _no_control(text: str) -> str:
    """YAML's escapes and !!binary can bring in what the file itself may not hold."""
    if _CONTROL.search(text):
        raise PydanticCustomError("control", "control character")
    return text


def _one_line(text: str) -> str:
    return " ".join(_no_control(text).split())


def _day(value: object) -> object:
    """Only what looks like a day: pydantic would read a number as seconds since 1970."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError("not a day")


Sentence = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=300),
    AfterValidator(_one_line),
]
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=80),
    AfterValidator(_one_line),
]
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=20),
    AfterValidator(_one_line),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=80),
    AfterValidator(_one_line),
]
Key = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=30),
    AfterValidator(_no_control),
]
Thing = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=120),
    AfterValidator(_one_line),
]
Day = Annotated[date, BeforeValidator(_day)]


class Source(BaseModel):
    """Where a fact comes from. ``name`` is what users read, ``url`` what staff check."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    year: int | None = Field(default=None, ge=2000, le=2100)
    url: Annotated[str, Field(pattern=r"^https?://\S+$"), AfterValidator(_no_control)] | None = None


class AnswerFile(BaseModel):
    """The keys of an answer file.

    ``short`` is the label of a button (WhatsApp takes 20 characters). ``steps`` are sourced,
    ``general`` is unsourced guidance that the office has to confirm; one of both is needed.
    ``next`` is what those hear who have tried the steps in vain. ``decides`` says in one
    sentence who decides, ``authority`` is that party's key. ``validity`` is how far the answer
    holds, as users read it; ``valid_from`` and ``valid_until`` are the first and the last day on
    which it is given; ``reviewed`` is the day somebody last checked it.
    ``office_contacts`` puts this office's own hours and contacts before the steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    short: Label
    audience: tuple[Key, ...] = Field(min_length=1, max_length=20)
    authority: Authority
    decides: Sentence
    steps: tuple[Sentence, ...] = Field(default=(), max_length=12)
    general: tuple[Sentence, ...] = Field(default=(), max_length=12)
    next: tuple[Sentence, ...] = Field(default=(), max_length=12)
    required_data: tuple[Thing, ...] = Field(default=(), max_length=20)
    office_contacts: bool = False
    era: Literal["legacy_pre_inaproc", "inaproc", "both", "current"] = "current"
    valid_from: Day | None = None
    valid_until: Day | None = None
    validity: Sentence
    sources: tuple[Source, ...] = Field(default=(), max_length=20)
    reviewed: Day


class Answer(AnswerFile):
    """A loaded answer. ``version`` changes with every change of its file; ``file`` is where it
    stands, ``own`` whether that is the office's folder; ``lines`` tells where each part stands
    in it, from 1."""

    topic: str
    version: str
    file: str = ""
    own: bool = False
    lines: Mapping[tuple[Any, ...], int] = Field(default_factory=dict, repr=False)

    def begun(self, today: date) -> bool:
        """Whether its first day has come."""
        return self.valid_from is None or self.valid_from <= today

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.valid_until is not None and self.valid_until < today

    def line(self, *place: str | int) -> int | None:
        """The line of a key, or of an item in it."""
        return self.lines.get(place) or self.lines.get(place[:1])
