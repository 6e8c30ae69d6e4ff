"""Finds the question in a message that also greets, thanks and tells a story."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlu.text.lexicon import words
from nlu.text.normalize import normalize

SOCIAL: frozenset[str] = frozenset({"greet", "goodbye", "thanks"})
"""What a message is only if there is nothing else in it."""
SMALL_TALK: frozenset[str] = SOCIAL | {"affirm", "deny", "cancel", "back", "help", "out_of_scope"}
"""What a piece of a message may not turn the whole into."""
MOST = 8
"""Pieces looked at; a longer story says what it is about in one of them."""

_BREAK = re.compile(r"[.!?;\n]+(?=\s|$)|\n|,\s")
_POLITE: frozenset[str] = words(
    "halo admin kak pak bu mas mbak bang teh kang uda uni gan sis bro pagi siang sore malam selamat"
    " assalamualaikum wr wb warahmatullahi wabarakatuh permisi maaf mohon izin ijin numpang mau"
    " ingin tanya boleh saya aku kami ya dong deh nih terima kasih sebelum salam hormat tolong"
    " bantu dulu sekali banget atas perhatian kerja sama dengan mengganggu ganggu waktu om tante"
    " kakak semua team tim helpdesk lpse horas tabe sampurasun punten good morning afternoon"
    " evening day dear yth bapak ibu"
)


_ASKS = re.compile(
    r"\b(?:bagaimana|kenapa|berapa|kapan|cara|mana|apa|siapa|gagal|error|tidak bisa|belum bisa)\b"
)


def questions(text: str, social: str) -> Iterator[str]:
    """The pieces that may be the question behind what reads as a courtesy.

    Under a greeting that is any piece; thanks and goodbyes are often whole sentences about
    what was answered, so there it must read like a question.
    """
    for piece in pieces(text):
        if social == "greet" or _ASKS.search(piece):
            yield piece


def pieces(text: str) -> list[str]:
    """Normalised parts that may hold the question, without the courtesies around them.

    The whole message first, then its sentences and comma parts; no piece twice.
    """
    parts = [text, *(part for part in _BREAK.split(text) if part)]
    found = dict.fromkeys(core(normalize(part)) for part in parts[: MOST + 1])
    return [piece for piece in found if piece]


def core(normalized: str) -> str:
    """The words between the opening and the closing courtesies; "" if there are none."""
    said = normalized.split()
    first, last = 0, len(said)
    while first < last and said[first] in _POLITE:
        first += 1
    while last > first and said[last - 1] in _POLITE:
        last -= 1
    return " ".join(said[first:last])
