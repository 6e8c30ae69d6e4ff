"""What a flow is given and what it gives back. ``dialogs.conversation`` makes a Turn of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dialogs.commands import Command
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.heard import Heard
from dialogs.reply import Reply
from dialogs.state import Part, State
from dialogs.turn import Settle


@dataclass(frozen=True, slots=True)
class Anew:
    """Words that were kept are thought about as if they were said now. ``about``: they are for
    this ticket; ``plain``: they are for no ticket."""

    heard: Heard
    parts: tuple[Part, ...] = ()
    about: str | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Where the conversation goes: the question of ``state.flow`` at ``state.at`` is put next.

    ``say`` are paragraphs before the question, ``replies`` messages of their own before
    it. ``again`` repeats the question that stands: its step and its buttons stay good.
    ``silent`` puts no question, because the commands answer. ``anew`` is thought about next,
    at ``state``; its move follows this one.
    """

    state: State
    say: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = ()
    commands: tuple[Command, ...] = ()
    settle: Settle = Settle.NOW
    again: bool = False
    silent: bool = False
    anew: Anew | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One message at its place in the conversation.

    ``chosen`` is the value of the choice it means. ``parts`` are the texts of the
    breath, each with the row id of its message. ``plain``: it is for no ticket, as the
    user said.
    """

    state: State
    heard: Heard
    facts: Facts
    desk: Desk
    chosen: str | None = None
    parts: tuple[Part, ...] = ()
    plain: bool = False

    def text(self, name: str, **values: object) -> str:
        """A sentence; every template may use ``office``."""
        return self.desk.texts.render(name, office=self.desk.office, **values)

    def with_state(self, **changes: Any) -> Moment:
        """The same message with a changed state."""
        return replace(self, state=replace(self.state, **changes))

    def go(self, flow: str, at: str = "", *say: str, **changes: Any) -> Move:
        """To another question."""
        return Move(replace(self.state, flow=flow, at=at, **changes), say)

    def stay(self, *say: str, commands: tuple[Command, ...] = ()) -> Move:
        """The question that stands, again."""
        return Move(self.state, say, commands=commands, again=True)

    def is_(self, *intents: str, at_least: float | None = None) -> bool:
        """Whether the text means one of these, by default with the confidence to act on."""
        least = self.desk.office.conversation.thresholds.act if at_least is None else at_least
        return any(self.heard.understanding.is_(name, least) for name in intents)


Asker = Callable[[State, Facts, Desk], Reply]
Hearer = Callable[[Moment], Move | None]


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: ``ask`` words the question that stands, ``hear`` takes what is said to it
    (None: not for this flow), ``back`` and ``cancel`` are kembali and batal."""

    ask: Asker
    hear: Hearer
    back: Hearer
    cancel: Hearer
