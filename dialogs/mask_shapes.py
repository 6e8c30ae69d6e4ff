"""What a single word looks like: a secret, a date, a file name, a ticket number, talk."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dialogs.words import is_ordinary

MASKED = "\ufffc"
"""Stands for text that is masked already; never part of a number or a word."""

_LONGEST = 200
_FLAT = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)} | {ord("_"): "-"}
_CHUNK = re.compile(rf"\S{{1,{_LONGEST}}}")
_LETTERS = re.compile(r"[^\W\d_]+")
_SYMBOL = re.compile(r"[@#$%&*!+=^~|?]")
_FINITE = re.compile(r"(?:di|ter|ber|ke(?=[a-z]{3,}an$))[a-z]{4,}")
_KNOWN = re.compile(
    r"https?://.*|www\..*|.*\.(?:go\.id|co\.id|or\.id|com|net|org|id)(?:/.*)?"  # addresses
    r"|[^@\s]+@[\w.-]+\.[a-z]{2,}"
    r"|(?:\+?62|0)[\d-]{8,15}|\d{2}\.\d{3}\.\d{3}\.\d-\d{3}\.\d{3}"  # phones, NPWP
    r"|[a-z]{2,6}(?:-[\da-z]+){2,4}"  # ticket numbers
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|(?:19|20)\d\d|(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d"
    r"|\d{1,2}[.:]\d{2}(?:wib|wita|wit)?|h[-+]\d{1,3}|ke-?\d{1,3}|no\.?\d{1,4}"
    r"|\d{1,2}x\d{0,2}(?:jam|hari)?|\d{1,3}(?:x|kb|mb|gb|jam|menit|mnt|hari|hr|detik|dtk|digit|karakter|kali"
    r"|rb|ribu|jt|juta|thn|bln|an|nya|wib|wita|wit|am|pm|px|g)|\d+%|\d{1,3}"
    r"|rp\.?[\d.,]+|\d{1,3}(?:[.,]\d{3})+(?:,\d+)?|v?\d+(?:\.\d+){1,3}"  # amounts, versions
    r"|(?:http|err|error|eror|e|code)[-_ ]?\d{3,4}|#\w*[a-z]+|@[a-z_]+",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?P<stem>[\w()-]{1,120})\.(?:pdf|jpe?g|png|webp|docx?|xlsx?|txt|zip|rar|rhs|exe|apk)",
    re.IGNORECASE,
)


def flat(text: str) -> str:
    """The text with small ASCII letters and dashes for underlines, of the same length:
    what keywords are searched in (file names join words with underlines)."""
    return text.translate(_FLAT)


@dataclass(frozen=True, slots=True)
class Word:
    """A chunk of text between blanks, without the punctuation around it.

    ``start``/``end`` are offsets in code points.
    """

    start: int
    end: int
    text: str


def word_at(text: str, at: int) -> Word | None:
    """The word that begins at ``at``, None at a blank."""
    m = _CHUNK.match(text, at)
    if m is None:
        return None
    inner = m[0].lstrip("(\"'`“”*")
    start = at + len(m[0]) - len(inner)
    if len(m[0]) < _LONGEST:
        inner = inner.rstrip(",;)\"'`“”.…")
    return Word(start, start + len(inner), inner) if inner else None


def words_after(text: str, at: int, limit: int) -> list[Word]:
    """The words from ``at`` on the same line, at most ``limit``, up to the clause's end."""
    words: list[Word] = []
    while len(words) < limit:
        while at < len(text) and text[at] in " \t":
            at += 1
        word = word_at(text, at) if at < len(text) else None
        if word is None:
            break
        words.append(word)
        at = word.end
        if at < len(text) and not text[at].isspace():
            break
    return words


def chunk_end(text: str, end: int) -> int:
    """Where the chunk of an overlong word really ends."""
    while m := _CHUNK.match(text, end):
        end = m.end()
    return end


def is_known(word: str) -> bool:
    """Whether a word has the shape of something harmless: address, date, amount, file, ..."""
    return bool(_KNOWN.fullmatch(word)) or bool(_FILE.fullmatch(word))


def is_shaped(word: str) -> bool:
    """Whether a word could hardly be talk: digits with letters, symbols, or many digits."""
    bare = word.strip("*_~")
    if len(bare) < 4 or _KNOWN.fullmatch(bare):
        return False
    if file := _FILE.fullmatch(bare):
        bare = file["stem"]
    plain = bare.rstrip("!?")
    if len(plain) <= 60 and is_ordinary(plain):
        return False
    stem = plain.rstrip("0123456789").rstrip("-_.")
    if len(plain.rstrip("0123456789")) >= len(plain) - 2 and len(stem) > 2 and is_ordinary(stem):
        return False
    digits, letters = any(map(str.isdigit, plain)), any(map(str.isalpha, plain))
    if digits or not letters or not _SYMBOL.search(plain):
        return digits
    return not all(map(is_ordinary, _LETTERS.findall(plain)))


def core_end(word: Word) -> int:
    """Where a word ends, without the ending of a file name."""
    file = _FILE.fullmatch(word.text)
    return word.start + len(file["stem"]) if file else word.end


def is_mixed(word: str) -> bool:
    """A stronger shape, good enough far from any keyword: six or more characters with
    letters and digits, or letters among several symbols."""
    if len(word) < 6 or not any(map(str.isalpha, word)) or _FILE.fullmatch(word):
        return False
    return is_shaped(word) and (any(map(str.isdigit, word)) or len(_SYMBOL.findall(word)) > 1)


def is_finite(word: str) -> bool:
    """Whether a word is built like an Indonesian passive or state ("terhapus", "dibekukan")."""
    return _FINITE.fullmatch(word) is not None
