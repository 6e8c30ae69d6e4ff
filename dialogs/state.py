"""Where a conversation stands. Small, frozen, stored as JSON with the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from dialogs.commands import Deadline
from dialogs.reply import Choice


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a problem description, by the row id of the message."""

    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A Formulir Konsultasi being filled.

    ``answers`` holds only checked values by field key. ``parts`` and ``files`` are
    section B and its supporting files. ``asking`` is the step the form stands at,
    ``editing`` that it goes back to the summary after it. ``touched_at`` is the UTC
    time of the last answer in seconds. ``done`` names steps that are over without an
    answer of their own (a skipped field, section B closed). ``sources`` tells which
    message gave a field its answer, ``refused`` which one was last refused, so that an
    edited message corrects what it said. ``beside`` is the topic of a ready answer that
    stands with the last acknowledgement: if that is taken back, it is given again.
    ``for_person``: the user waits for a person once the form is sent (``queue.form_first``);
    ``brief``: of the form only name and problem are asked then. ``wanted`` names the data its
    topic needs, the first ``given`` of them known before they were asked for, and ``data`` holds
    them by label. ``later`` is a second matter, for a ticket of its own after this one.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    user_type: str | None = None
    parts: tuple[Part, ...] = ()
    files: tuple[int, ...] = ()
    deadline: Deadline | None = None
    topic: str | None = None
    asking: str = ""
    editing: bool = False
    for_person: bool = False
    brief: bool = False
    identity_offered: bool = False
    touched_at: float = 0.0
    done: tuple[str, ...] = ()
    sources: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    beside: str | None = None
    wanted: tuple[str, ...] = ()
    given: int = 0
    data: Mapping[str, str] = field(default_factory=dict)
    later: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages that came in one breath, and the state before the first of them.
    ``ids`` are the row ids of ``texts``."""

    before: State
    texts: tuple[str, ...] = ()
    files: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """What went to the agent of a ticket last: its messages and files, and when (UTC seconds).
    ``fresh``: the word that it did was the last thing said."""

    number: str
    at: float
    parts: tuple[Part, ...] = ()
    files: tuple[int, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """``step`` counts up with every question put; a button of another step is old.

    ``flow`` owns the next message, ``at`` is the place in that flow, ``offered`` the
    choices of the current question. ``draft`` outlives digressions. ``files`` came
    without a ticket yet. ``heard`` keeps what the user told about themselves before
    any form (field key to value), ``problem`` the question that could become section
    B. ``topic``/``topic_version`` are the FAQ answer last given. ``words`` are kept
    while a question about them is open (which ticket they mean, whether to send them).
    ``sent`` are the messages of the form last sent. ``asked`` are the choices of the last
    notice, which came outside the user's turn: they count beside ``offered``, before them
    where ``asked_last`` says that nothing was asked since. ``passed`` is what was last passed
    to an agent, so that it can be taken back; without a number it is kept while the user is
    asked for which ticket it is. ``put_at`` is when ``offered`` were put (UTC seconds).
    """

    step: int = 0
    flow: str = "menu"
    at: str = ""
    offered: tuple[Choice, ...] = ()
    draft: Draft | None = None
    files: tuple[int, ...] = ()
    heard: Mapping[str, str] = field(default_factory=dict)
    problem: tuple[Part, ...] = ()
    topic: str | None = None
    topic_version: str | None = None
    misses: int = 0
    noticed_privacy: bool = False
    secret_follows: bool = False
    burst: Burst | None = None
    words: str = ""
    sent: tuple[int, ...] = ()
    asked: tuple[Choice, ...] = ()
    asked_last: bool = False
    put_at: float = 0.0
    passed: Passed | None = None


_ADAPTER: TypeAdapter[State] = TypeAdapter(State)


def dump(state: State) -> str:
    """The state as JSON text."""
    return _ADAPTER.dump_json(state, exclude_defaults=True).decode()


def load(text: str | None) -> State:
    """The state from JSON text; None is a new conversation."""
    return _ADAPTER.validate_json(text) if text else State()


def without_file(state: State, file_id: int) -> State:
    """The state without a file that was refused after all."""

    def others(files: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(f for f in files if f != file_id)

    draft = state.draft and replace(state.draft, files=others(state.draft.files))
    burst = state.burst and replace(
        state.burst,
        before=without_file(state.burst.before, file_id),
        files=others(state.burst.files),
    )
    return replace(state, files=others(state.files), draft=draft, burst=burst)
