"""Finds the question in a message that also greets, thanks and tells a story."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nlu.text.lexicon import words
from nlu.text.normalize import normalize

SOCIAL: frozenset[str] = frozenset({"greet", "goodbye", "thanks"})
"""What a message is only if there is nothing else in it."""
SMALL_TALK: frozenset[str] = SOCIAL | {"affirm", "deny", "cancel", "back", "help", "out_of_scope"}
"""What a piece of a message may not turn the whole into."""
LONGEST = 1000
"""Characters looked at for the intent; a question stands near the front."""
MOST = 8
"""Pieces looked at; a longer story says what it is about in one of them."""

_COURTESY = re.compile(r"[.!?;\n]+(?=\s|$)|\n|,\s")
_SENTENCE = re.compile(
    r"[.!?;\n]+(?=\s|$)|\n|(?:^|\s)\(?\d[.)](?=\s)"
    r"|[,\s]\s{0,3}(?:sama|terus|trus|trs|dan juga|dan satu lagi|satu lagi|selain itu"
    r"|di samping itu|sekalian|lalu|plus)\s",
    re.IGNORECASE,
)
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


@dataclass(frozen=True, slots=True)
class Readings:
    """What may be asked in a text, normalised and without courtesies but for the whole.

    ``pieces`` are its sentences and comma parts, behind a greeting for example;
    ``sentences`` what may be questions of their own, empty where there is one only.
    """

    whole: str
    pieces: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Every text in here once, the whole first."""
        return tuple(dict.fromkeys((self.whole, *self.pieces, *self.sentences)))


def readings(text: str) -> Readings:
    """The readings of an Indonesian text."""
    text = text[:LONGEST]
    whole = normalize(text)
    pieces = dict.fromkeys((core(whole), *_pieces(_COURTESY, text)))
    sentences = tuple(dict.fromkeys(filter(None, _pieces(_SENTENCE, text))))
    return Readings(
        whole,
        tuple(piece for piece in pieces if piece and piece != whole),
        sentences if len(sentences) > 1 else (),
    )


def _pieces(breaks: re.Pattern[str], text: str) -> list[str]:
    parts = [part for part in breaks.split(text) if part and not part.isspace()]
    return [core(normalize(part)) for part in parts[:MOST]]


def asks(normalized: str) -> bool:
    """Whether a piece reads like a question or a trouble, not only like a remark."""
    return bool(_ASKS.search(normalized))


def core(normalized: str) -> str:
    """The words between the opening and the closing courtesies; "" if there are none."""
    said = normalized.split()
    first, last = 0, len(said)
    while first < last and said[first] in _POLITE:
        first += 1
    while last > first and said[last - 1] in _POLITE:
        last -= 1
    return " ".join(said[first:last])
