"""All ready answers: those that come with the program, and the office's own before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from dialogs.answers.answer import Answer
from dialogs.answers.problems import AnswerError, Problem
from dialogs.answers.reading import Folder, read_folder, read_shipped

PREFIX = "faq_"


class AnswerBook(Protocol):
    """Where answers are looked up."""

    @property
    def by_topic(self) -> Mapping[str, Answer]: ...

    def get(self, topic: str | None) -> Answer | None:
        """The answer to a topic, named with or without ``faq_``."""

    def topics(self) -> tuple[str, ...]: ...

    def pinned(self) -> Answers:
        """The answers of now, which stay as they are: for one turn."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Ready answers by topic (an intent name without ``faq_``); they never change."""

    by_topic: Mapping[str, Answer] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, override: Path | None = None) -> Answers:
        """The shipped answers; a file in ``override`` replaces the one of its topic or adds a
        topic. For tests and checks: whatever the day is. Raises AnswerError."""
        own = Folder() if override is None else read_folder(override)
        if own.problems:
            raise AnswerError(own.problems[0])
        return cls(dict(sorted({**read_shipped(), **own.answers}.items())))

    def get(self, topic: str | None) -> Answer | None:
        """The answer to a topic, named with or without ``faq_``."""
        return self.by_topic.get((topic or "").removeprefix(PREFIX))

    def topics(self) -> tuple[str, ...]:
        return tuple(self.by_topic)

    def pinned(self) -> Answers:
        return self


class Shelf:
    """The answers in use, swapped as a whole: whoever looks sees the old ones or the new ones."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def swap(self, answers: Answers) -> None:
        """From now on these."""
        self._answers = answers

    @property
    def by_topic(self) -> Mapping[str, Answer]:
        return self._answers.by_topic

    def get(self, topic: str | None) -> Answer | None:
        """The answer to a topic, named with or without ``faq_``."""
        return self._answers.get(topic)

    def topics(self) -> tuple[str, ...]:
        return self._answers.topics()

    def pinned(self) -> Answers:
        return self._answers


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at the folder gave. ``kept`` are topics whose file is broken and whose last
    good version stays."""

    answers: Answers
    problems: tuple[Problem, ...] = ()
    kept: frozenset[str] = frozenset()


class OfficeAnswers:
    """Reads the office's folder again and again. A file that broke keeps its last good answer,
    at the start the shipped one; a folder that cannot be read keeps all of them."""

    def __init__(self, folder: Path | None) -> None:
        """Raises AnswerError only if the program's own answers are broken."""
        self._folder = folder
        self._shipped = read_shipped()
        self._good: dict[str, Answer] = {}

    def read(self, today: date) -> Reading:
        """The answers that are valid on this day."""
        found = Folder() if self._folder is None else read_folder(self._folder)
        stay = set(self._good) if found.gone else self._good.keys() & found.broken
        self._good = {topic: self._good[topic] for topic in stay} | dict(found.answers)
        return Reading(
            Answers(dict(sorted(valid(self._shipped, self._good, today).items()))),
            found.problems,
            frozenset(stay),
        )


def valid(
    shipped: Mapping[str, Answer], own: Mapping[str, Answer], today: date
) -> dict[str, Answer]:
    """What is given on a day. An office's answer whose time has not come leaves the shipped one
    in place; one whose time is over is not replaced by it, since it was set aside on purpose."""
    begun = {topic: answer for topic, answer in own.items() if answer.begun(today)}
    chosen = {**{t: a for t, a in shipped.items() if a.begun(today)}, **begun}
    return {topic: answer for topic, answer in chosen.items() if not answer.expired(today)}
