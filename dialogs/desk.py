"""What stands ready at the counter: the office's data, its sentences and its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dialogs.answers import AnswerBook
from dialogs.office import Office
from dialogs.texts import Texts
from nlu.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Desk:
    """``understand`` is the parse of the NLU engine, a pure function of the text; it is
    needed where several messages are thought about as one."""

    office: Office
    texts: Texts
    answers: AnswerBook
    understand: Callable[[str], Understanding]
