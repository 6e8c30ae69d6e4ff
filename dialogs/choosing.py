"""Which of the offered choices a typed text means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from dialogs.heard import Heard
from dialogs.office import Thresholds
from dialogs.reply import Choice
from dialogs.words import ORDINARY


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


# Words people put around a choice without changing it.
_FILLERS = words(
    """
    min admin kak kakak pak bu mas mbak bang gan sis ya yaa iya dong deh sih nih lah kok aja saja
    tolong mohon saya sy aku mau ingin pengen pilih pilihan yang yg nomor nomer no untuk jadi
    """
)
_ORDINALS = {"pertama": "1", "kesatu": "1", "kedua": "2", "ketiga": "3", "keempat": "4"}
_FEW_WORDS = 4  # beyond them a text says more than the button does
_SHORT_ACTS = frozenset({"affirm", "deny"})
_CONTENT = frozenset({"affirm", "thanks", "resolved"})
_BUT = re.compile(r"\b(?:tapi|tp|tetapi|namun|masih|msh|tetap|tetep|ttp|belum|blm|belom)\b")


def plain(text: str) -> str:
    """Folded for comparing: compatibility forms and accents gone, lower case, words only.

    >>> plain(" Buat   Tikét! ")
    'buat tiket'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare))


def match(heard: Heard, offered: Sequence[Choice], thresholds: Thresholds) -> str | None:
    """The value of the choice that is meant, or None: a tap, the number, the label or one
    of the words, the same misspelt, or an intent the choice stands for."""
    if heard.tap is not None:
        return heard.tap.value if any(c.value == heard.tap.value for c in offered) else None
    return (
        exact(heard.text, offered)
        or _misspelt(heard.text, offered)
        or _by_intent(heard, offered, thresholds)
    )


def exact(text: str, offered: Sequence[Choice]) -> str | None:
    """The choice whose number, label or word the text is, with or without filler words."""
    said = plain(text)
    if not said or not offered:
        return None
    names = _names(tuple(offered))
    for form in dict.fromkeys((said, without_fillers(said))):
        if form in names:
            return names[form]
        form = _ORDINALS.get(form, form)
        if form.isdecimal() and len(form) <= 2 and 1 <= int(form) <= len(offered):
            return offered[int(form) - 1].value
    return None


@lru_cache(maxsize=512)
def _names(offered: tuple[Choice, ...]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for choice in offered:
        for name in map(plain, (choice.label, *choice.words)):
            names.setdefault(name, choice.value)
            names.setdefault(without_fillers(name), choice.value)
    names.pop("", None)
    return names


def without_fillers(said: str) -> str:
    """A folded text without the words that only surround a choice ("menu dong min")."""
    return " ".join(word for word in said.split() if word not in _FILLERS)


def _misspelt(text: str, offered: Sequence[Choice]) -> str | None:
    """A slip of one letter, two in a long name; only where a single choice is that near
    and never a name with digits (another number is another thing)."""
    said = without_fillers(plain(text))
    if len(said) < 4 or len(said.split()) > _FEW_WORDS or said.isdecimal():
        return None
    if len(said.split()) > 1 and ORDINARY.issuperset(said.split()):
        return None  # "tidak ada" is no slip of "tidak jadi"
    near = {
        value
        for name, value in _names(tuple(offered)).items()
        if len(name) >= 5
        and not any(c.isdigit() for c in name)
        and OSA.distance(said, name) <= (1 if len(name) < 9 else 2)
    }
    return near.pop() if len(near) == 1 else None


def _by_intent(heard: Heard, offered: Sequence[Choice], thresholds: Thresholds) -> str | None:
    intent = heard.understanding.intent
    if intent is None or intent.confidence < thresholds.act:
        return None
    if intent.name in _SHORT_ACTS and len(plain(heard.text).split()) > _FEW_WORDS:
        return None  # "oke tapi alamatnya salah" agrees to nothing
    if intent.name in _CONTENT and _BUT.search(plain(heard.text)):
        return None  # "makasih, tapi masih gagal"
    return next((c.value for c in offered if intent.name in c.intents), None)
