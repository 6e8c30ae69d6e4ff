"""What people answer to what the bot asks, made of the office's own questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dialogs.office import Office
from dialogs.texts import Texts

NUMBER = re.compile(r"LPSE-\d{4}-\d{5}-\w")


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the bot: its words, and (data, label) of its buttons."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass
class Script:
    """What a person answers to what the bot asks."""

    answers: Mapping[str, str]
    problem_asked: str
    apology: str
    taps: tuple[str, ...] = (
        *("send", "on", "type:penyedia", "skip_all", "none", "skip", "earlier"),
    )

    @classmethod
    def of(cls, office: Office) -> Script:
        """Made of the office's own questions, so that wording may change."""
        texts = Texts(None)
        said = {"nama": "Budi Santoso", "instansi": "CV Maju", "alamat": "Jl. Sudirman 5, Batam"}
        problem = texts.render("problem", messages=0, files=0, useful=(), office=office)
        return cls(
            {plain(f.question): said.get(f.key, "081234567890") for f in office.form.fields},
            plain(problem).splitlines()[0],
            plain(texts.render("parked", office=office)).splitlines()[0],
        )

    def tap_for(self, heard: Heard) -> tuple[str, str] | None:
        """The button to tap, as (data, label)."""
        offered = {data.partition(":")[2]: (data, label) for data, label in heard.buttons}
        return next((offered[value] for value in self.taps if value in offered), None)

    def text_for(self, heard: Heard) -> str | None:
        """The text to type."""
        words = plain(heard.text)
        return next((answer for asked, answer in self.answers.items() if asked in words), None)


def plain(text: str) -> str:
    """Without the signs of bold."""
    return text.replace("*", "").strip()
