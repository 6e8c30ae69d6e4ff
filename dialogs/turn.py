"""The outcome of thinking: what is said, where the conversation stands, what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dialogs.commands import Command
from dialogs.reply import Reply
from dialogs.state import State


class Settle(Enum):
    """How long the talk of this turn waits unsent, so that one burst gets one answer."""

    NOW = "now"  # a tap, a command, an answer in the form
    BREATH = "breath"  # a whole question: the user may add a line
    FRAGMENT = "fragment"  # "min", a photo without a word: surely more is coming


@dataclass(frozen=True, slots=True)
class Turn:
    """What is said, then what the commands answer. Where ``asks`` is set, the last reply is
    the question that stands, and it comes after those answers."""

    state: State
    replies: tuple[Reply, ...] = ()
    commands: tuple[Command, ...] = ()
    settle: Settle = Settle.NOW
    asks: bool = False
