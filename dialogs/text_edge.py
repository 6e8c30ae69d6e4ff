"""Text as it comes in, made fit to store and to think about (design decision 6.18)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls
    "\ud800-\udfff"  # lone surrogates: no valid UTF-8
    "\ue000-\uf8ff\U000f0000-\U0010ffff"  # private use
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # bidi controls: they can spoof
    "\u00ad\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f"  # invisible: they split words
    "\ufdd0-\ufdef\ufff9-\ufffc\ufffe\uffff"  # no characters at all
    "]"
)
_JOINER = "\u200d"
_BACK = 32  # how far a cut may move back to keep a grapheme whole


@dataclass(frozen=True, slots=True)
class Tidied:
    """``text`` within the limit; ``rest`` is what did not fit, to be kept as a file."""

    text: str
    rest: str = ""


def tidy(text: str, limit: int = 8000) -> Tidied:
    """Clean a text and cap it at ``limit`` code points.

    Kept are newlines, tabs, right-to-left letters and emoji; the result is NFC. The cut
    falls between graphemes where one is near; ``text + rest`` is the whole clean text.
    """
    text = _NEWLINES.sub("\n", text)
    text = _UNWANTED.sub("", _BLANKS.sub(" ", text))
    text = unicodedata.normalize("NFC", text).strip()
    cut = _cut(text, limit)
    return Tidied(text[:cut], text[cut:])


def _cut(text: str, limit: int) -> int:
    if len(text) <= limit:
        return len(text)
    for cut in range(limit, max(0, limit - _BACK), -1):
        if _is_boundary(text, cut):
            return cut
    return limit


def _is_boundary(text: str, at: int) -> bool:
    """Whether a grapheme begins at ``at`` (marks, joiners, skin tones, flags)."""
    here = text[at]
    if text[at - 1] == _JOINER or here == _JOINER or "\U0001f3fb" <= here <= "\U0001f3ff":
        return False
    if unicodedata.category(here).startswith("M"):
        return False
    if not _is_flag(here):
        return True
    before = at
    while before > 0 and at - before < _BACK and _is_flag(text[before - 1]):
        before -= 1
    return (at - before) % 2 == 0


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
