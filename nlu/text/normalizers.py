"""The ways to bring a text to one spelling, by the name a pipeline gives them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from nlu.text import clauses
from nlu.text import normalize as indonesian

MARKS = "PSC"
"""First letters of the Unicode categories that part words: punctuation, symbols, controls."""


def plain(text: str) -> str:
    """Lower-case words of any script between single blanks, without marks around them."""
    words = unicodedata.normalize("NFKC", text).casefold().split()
    return " ".join(filter(None, map(_bare, words)))


def _bare(word: str) -> str:
    first, last = 0, len(word)
    while first < last and unicodedata.category(word[first])[0] in MARKS:
        first += 1
    while last > first and unicodedata.category(word[last - 1])[0] in MARKS:
        last -= 1
    return word[first:last]


NORMALIZERS: dict[str, Callable[[str], str]] = {
    "indonesian": indonesian.normalize,
    "plain": plain,
}


def normalizer(name: str) -> Callable[[str], str]:
    """The function of a name of NORMALIZERS; safe to call from several threads."""
    return NORMALIZERS[name]


def _whole(text: str) -> clauses.Readings:
    return clauses.Readings(plain(text[: clauses.LONGEST]))


READINGS: dict[str, Callable[[str], clauses.Readings]] = {
    "indonesian": clauses.readings,
    "plain": _whole,
}
"""What may be asked in a text, by the same names."""
