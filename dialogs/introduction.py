"""Who somebody says they are: name, firm or office, role. Only what is said beyond doubt.

"Saya Budi" is a name, "saya lupa password" is not; "dari CV Maju" is a firm, "dari tadi"
is not. A doubtful word is left alone: the form asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogs.identity_words import (
    BODIES,
    CAPITALS,
    FIRMS,
    GIVEN_NAMES,
    OFFICE_WORDS,
    ROLE,
    SHORT_BODIES,
    TITLES,
)
from dialogs.mask_shapes import is_finite
from dialogs.words import (
    FUNCTION,
    GREETINGS,
    HONORIFICS,
    POLITE,
    PRONOUNS,
    QUESTIONS,
    STATUS,
    is_ordinary,
    word_set,
)

_LONGEST = 2000  # an introduction stands at the head of a text
_TOKEN = re.compile(r"[^\s,;|/()\n]+|[,;|/()\n]")
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_'’.-]*")
_I = word_set("saya sy aku gw gue kami kita")
_LEADS = (
    POLITE
    | GREETINGS
    | HONORIFICS
    | _I
    | word_set("perkenalkan kenalkan kenalin ini dengan dgn nama nm lengkap mau ingin numpang tanya")
)
_AFTER_NAME = word_set(
    """
    dari dr mau ingin pengen izin ijin hendak selaku sebagai sbg saya sy kami ppk pokja pp direktur
    staf staff admin perwakilan mewakili cv pt di mohon minta ini yang yg butuh perlu bermaksud akan
    """
)
_FROM = word_set("dari dr perwakilan mewakili")
_NEVER_IN_ORG = FUNCTION | PRONOUNS | QUESTIONS | STATUS | POLITE | HONORIFICS
_NAME_CERTAIN, _NAME_WEAK = "certain", "weak"


@dataclass(frozen=True, slots=True)
class Part:
    """Something said about oneself at ``start``:``end`` of the text. ``kind`` is ``nama``,
    ``instansi`` or ``role``; a role's ``value`` is the user type."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        return self.text.casefold().strip(".,!?:;\"'*-")

    @property
    def is_break(self) -> bool:
        return self.text in ",;|/()\n-–" or not self.low

    @property
    def closes(self) -> bool:
        """Whether a clause ends with this word ("Budi." but not "PT." or "Jl.")."""
        return self.text[-1] in "!?:" or (self.text[-1] == "." and len(self.low) > 4)
