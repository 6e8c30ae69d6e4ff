"""Passwords (and codes that may hold letters), found by the words that lead to them.

How much evidence a value needs depends on what leads to it. After "password:" nearly
anything is a secret; after "password saya" it must look like one or be an unknown last
word; after a bare "password" it must look like one; some words later only a mix of
letters with digits or symbols counts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from dialogs import mask_pairs
from dialogs.mask_numbers import Found
from dialogs.mask_shapes import (
    MASKED,
    Word,
    chunk_end,
    core_end,
    flat,
    is_finite,
    is_known,
    is_mixed,
    is_shaped,
    words_after,
)
from dialogs.words import FUNCTION, HONORIFICS, POLITE, STATUS, is_ordinary, word_set

_WORDS = (
    r"kata ?sandi|sandi|p[a4@]?s{1,3} ?w[o0a]?r?d?[dst]?|pas{1,2}owrd|pass(?:phrase|code)?"
    r"|pswd|psw|pwd|pw|pin"
)
_CODES = (
    r"(?:kode |code )?t?otp|kode (?:verifikasi|keamanan|konfirmasi|aktivasi|akses|authenticator)"
    r"|security code"
)
_POSSESSIVE = r"nya|ny|ku|saya|sy|aku|gw|gue|kami|kita|jadi|menjadi|jd|dgn|dengan|pakai|pake"
_FILLER = (
    r"akun|account|email|login|log in|masuk|spse|lpse|sirup|sikap|inaproc|user|pengguna|penyedia"
    r"|ppk|pokja|untuk|utk|lama|baru|ini|itu|tsb|default|sementara|yang|yg|sekarang|skrg|tadi"
    r"|terakhir|dan|sandi|password|pw|username|id|aslinya|nih|tuh|isi|isinya|ke|no|nomor|kak|min"
    r"|pak|bu|mas|mbak|bang|gan|wifi|kantor|atm|bank|wa|hp|apendo|privy|authenticator"
)
_SKELETON = re.compile(
    rf"\b(?=[pksotcn])(?:(?P<word>{_WORDS})|(?P<otp>{_CODES})|(?P<nik>nik|no\.? ktp"
    r"|nomor ktp)|(?P<passport>paspor|passport)|(?P<card>cvv|cvc))"
    r"(?P<suffix>[-']?(?:nya|ny|ku|mu)\b)?\b"
    rf"(?P<words>(?:[ \t/()&,+-]{{1,3}}(?:{_POSSESSIVE}|{_FILLER})(?![\w@#$%^*+~])){{0,8}})"
    r"(?P<sep>[ \t)\]*\"']{0,6}(?:[:=]{1,3}>?|[-=]{1,2}>|→|(?:adalah|adlh|adl|ialah|yaitu"
    r"|yakni|is)\b))?"
    r"(?P<gap>[ \t/(-]{0,4}(?:\r?\n[ \t]{0,4}){0,2})"
)
_SHORT_PAIR = re.compile(r"\bu\s{0,2}[:=]\s{0,2}\S{1,60}[\s,;/|]{1,3}p\s{0,2}[:=]\s?")
_GLUED = re.compile(
    r"\b(?=[pras])(?:password|passwd|pasword|pass|pwd|pw|sandi|rahasia)[@#$!]?\d{3,}[^\s.,;]{0,80}"
)
_KEYWORD = re.compile(rf"(?:{_WORDS})(?:nya|ny|ku)?[:=]?.*")
_QUOTED = re.compile(r"[\"'`“][^\"'`“”\n]{1,80}[\"'`”]")
_OWN = re.compile(rf"\b(?:{_POSSESSIVE})\b")
_BECOMES = re.compile(r"\b(?:jadi|menjadi|jd)\b")
_LABEL = re.compile(r"(?P<word>[^\W\d_]+)[\w ./-]{0,24}[:=](?!\S)|(?P<glued>[^\W\d_]{2,14}):\S")
_SEED = re.compile(r"\b(?=[A-Z]{0,63}[2-7])[A-Z2-7]{16,64}\b")  # base32, as in a TOTP's QR code
_BLANK = re.compile(rf"[{MASKED}xX*•●?_-]{{1,40}}")
_ASKING = re.compile(
    r"\b(?=[lhrgumsbctpk])(?:lupa|lali|hilap|reset|ganti|gnti|ubah|minta|hilang|salah|buat|bikin"
    r"|recovery|cara|link|butuh|perlu|tanya|cek|soal|masalah|kendala)\w{0,4}\b"
)
_STILL_ASKING = re.compile(
    r"(?:[ -](?:user(?:name)?|id|dan|sama|atau|akun|kode|lagi|saya|sy)){0,3}[ -]{0,2}"
)
_NAMED_SANDI = re.compile(r"(?:saya|nama|pak|bu|mas|mbak|bang|bapak|ibu|dengan|sdr) $")
_USER = re.compile(r"\b(?:user(?:name|id)?|user id|id|login|email)[ :=]{1,3}")
_USER_VALUE = re.compile(r"\S{2,60}[ ,;/|]{1,3}(?:dan |dgn )?")
_LINKS = frozenset({"itu", "ini", "adalah", "adl", "kan", "untuk", "utk", "=", "-"})
_STOPPERS = word_set(
    """
    akun user username id email e-mail hp wa telp kode nomor no tiket paket tender rup npwp nib
    versi windows error eror chrome android samsung oppo vivo iphone tipe type file nama jalan
    jl blok gedung rt rw lantai kantor cv pt
    """
)
_NO_VALUE = (POLITE | FUNCTION | HONORIFICS) - {"admin"}
_CALLING = HONORIFICS | word_set("ya yah nih ini berikut sbb") | {""}
_ANNOUNCING = POLITE | HONORIFICS | word_set("ini berikut dan user userid id username")


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, and whether the text ends by announcing a secret that is not in it."""

    found: tuple[Found, ...]
    secret_follows: bool


def _plain(word: str) -> str:
    return word.casefold().strip("*_~.,;:!?2")


def _is_polite(word: Word) -> bool:
    return _plain(word.text) in POLITE | HONORIFICS


def _is_label(text: str, at: int) -> bool:
    m = _LABEL.match(text, at)
    return m is not None and is_ordinary(m["word"] or m["glued"])


def _after_separator(text: str, at: int) -> tuple[int, int] | None:
    """ "password: X": everything unknown is the secret, up to four words."""
    if quoted := _QUOTED.match(text, at):
        return quoted.span()
    words = [] if _is_label(text, at) else words_after(text, at, 5)
    if not words or _BLANK.fullmatch(words[0].text):
        return None
    first, shaped = words[0], is_shaped(words[0].text)
    if _plain(first.text) in STATUS:
        return None
    if is_ordinary(first.text) and not shaped:
        alone = len(words) == 1 or _is_polite(words[1])
        return (first.start, first.end) if alone and _plain(first.text) not in _NO_VALUE else None
    last = first
    for word in words[1:4]:
        number = word.text.isdigit() and len(word.text) <= 8
        if is_ordinary(word.text) or _is_label(text, word.start) or MASKED in word.text:
            break
        if (shaped and (number or word.text.isalpha())) or (is_known(word.text) and not number):
            break
        last = word
    return first.start, last.end


def _after_possessive(text: str, at: int) -> tuple[int, int] | None:
    """ "pw saya X": X looks like a secret, or is unknown up to the clause's end."""
    if quoted := _QUOTED.match(text, at):
        return quoted.span()
    words = words_after(text, at, 5)
    polite = next((i for i, w in enumerate(words) if _is_polite(w)), len(words))
    words = words[:polite]
    if not words or MASKED in words[0].text:
        return None
    first, last = words[0], words[-1]
    if is_shaped(first.text) or (first.text.isdigit() and len(first.text) >= 4):
        return first.start, first.end
    digits = "".join(w.text for w in words)
    if digits.isdigit() and 4 <= len(digits) <= 8:
        return first.start, last.end
    if len(words) > 3 or last.text.endswith("?") or "\n" in text[at - 1 : first.start]:
        return None
    unknown = [w for w in words if not is_ordinary(w.text) and not is_known(w.text)]
    numbers = [w for w in words[1:] if w.text.isdigit()]
    if first in unknown and len(unknown) + len(numbers) == len(words):
        return None if any(is_finite(w.text) for w in unknown) else (first.start, last.end)
    return None


def _bare(text: str, at: int, asked: bool, before: str, next_line: bool) -> tuple[int, int] | None:
    """ "password X" or "password … X": only what looks like a secret. ``before`` is the
    word just before ``at`` where that may say that another thing is meant."""
    words = words_after(text, at, 10)
    if next_line and len(words) > 1:
        return None
    for i, word in enumerate(words):
        if MASKED in word.text or (i and _KEYWORD.fullmatch(word.text.casefold())):
            return None
        strong = is_mixed(word.text) if i or asked else is_shaped(word.text)
        if strong and before not in _STOPPERS:
            return word.start, core_end(word)
        before = _plain(word.text)
    return None


def _before(text: str, start: int) -> tuple[int, int] | None:
    """ "X itu password saya": what looks like a secret just before."""
    at = start
    for _ in range(2):
        while at > 0 and text[at - 1] in " \t":
            at -= 1
        end = at
        while at > 0 and not text[at - 1].isspace() and end - at < 500:
            at -= 1
        if text[at:end].casefold() not in _LINKS:
            break
    return (at, end) if is_mixed(text[at:end].strip(",.")) else None


class _Reader:
    """One text being searched: ``text`` as written, ``low`` with small letters."""

    def __init__(self, text: str) -> None:
        self.text, self.low = text, flat(text)
        self._asking = [m.end() for m in _ASKING.finditer(self.low)]
        self._seeds = [m.span() for m in _SEED.finditer(text)]
        self._users = [m.end() for m in _USER.finditer(self.low)]

    def _seed(self, at: int) -> tuple[int, int] | None:
        i = bisect_left(self._seeds, (at, at))
        return self._seeds[i] if i < len(self._seeds) and self._seeds[i][0] - at < 60 else None

    def _nearest(self, ends: list[int], start: int) -> int | None:
        i = bisect_left(ends, start + 1) - 1
        return ends[i] if i >= 0 and start - ends[i] <= 70 else None

    def asked(self, start: int) -> bool:
        """Whether "lupa", "reset", ... stand before a keyword: a question about a secret."""
        end = self._nearest(self._asking, start)
        return end is not None and bool(_STILL_ASKING.fullmatch(self.low, end, start))

    def _paired(self, start: int) -> bool:
        end = self._nearest(self._users, start)
        return end is not None and bool(_USER_VALUE.fullmatch(self.low, end, start))

    def span(self, m: re.Match[str]) -> tuple[int, int] | None:
        """Where the secret named by a keyword is, if it is there."""
        if m["otp"]:
            found = _after_separator(self.text, m.end()) if m["sep"] else None
            coded = found is not None and is_shaped(self.text[slice(*found)])
            return found if coded else self._seed(m.end())
        lead = self.low[max(0, m.start() - 10) : m.start()]
        if not m["word"] or (
            m["word"] == "sandi" and not m["suffix"] and _NAMED_SANDI.search(lead)
        ):
            return None
        asked = self.asked(m.start()) and not _BECOMES.search(m["words"])
        own = bool(m["suffix"] or _OWN.search(m["words"]))
        found = self._after(m, asked, own)
        return found or (_before(self.text, m.start()) if own and self.ends(m.end()) else None)

    def _after(self, m: re.Match[str], asked: bool, own: bool) -> tuple[int, int] | None:
        at = m.end()
        last = m["words"].split()[-1] if asked and m["words"].strip() else ""
        if not (m["sep"] or m["gap"]) or (m["sep"] and asked and last in ("id", "username")):
            return None
        if m["sep"] and not asked:
            return _after_separator(self.text, at)
        if self._paired(m.start()) and (found := _after_separator(self.text, at)):
            return None if is_ordinary(self.text[slice(*found)]) else found
        found = _after_possessive(self.text, at) if own and not asked else None
        return found or _bare(self.text, at, asked and not m["sep"], last, "\n" in m["gap"])

    def more(self, at: int) -> Iterator[tuple[int, int]]:
        """Other secrets in the sentence after one: "pw Bunga2024 atau Bunga2025"."""
        while span := _bare(self.text, at, True, "", False):
            yield span
            at = span[1]

    def ends(self, at: int) -> bool:
        """Whether nothing but politeness follows."""
        if len(self.text) - at >= 60:
            return False
        return all(_plain(w) in POLITE | HONORIFICS | {""} for w in self.text[at:].split())

    def announces(self, m: re.Match[str]) -> bool:
        """Whether the text ends with this keyword as if the secret came next."""
        if not self.ends(m.end()) or "?" in self.text[m.end() :] or self.asked(m.start()):
            return False
        if m["sep"]:
            return True
        if not all(_plain(w) in _CALLING for w in self.text[m.end() :].split()):
            return False
        lead = self.low[max(0, m.start() - 90) : m.start()]
        clause = [_plain(w) for w in re.split(r"[\n.,;]", lead)[-1].split()]
        own = m["suffix"] or _OWN.search(m["words"]) or "berikut" in clause
        return bool(own) and all(w in _ANNOUNCING for w in clause)


def _others(text: str, low: str) -> Iterator[Found]:
    for m in _GLUED.finditer(low):
        if not is_known(m[0]):
            yield Found(m.start(), m.end(), "password")
    yield from mask_pairs.find(text, low)
    for m in _SHORT_PAIR.finditer(low):
        if span := _after_separator(text, m.end()):
            yield Found(*span, "password")


def find(text: str) -> Search:
    """Every password in the text, and the announcement of one at its end."""
    reader = _Reader(text)
    found, follows, taken = list(_others(text, reader.low)), False, 0
    for m in _SKELETON.finditer(reader.low):
        if m.start() < taken:
            continue
        if span := reader.span(m):
            kind = "otp" if m["otp"] else "password"
            for start, end in (span, *reader.more(span[1])):
                taken = chunk_end(text, end) if end - start >= 200 else end
                found.append(Found(start, taken, kind))
        else:
            follows = reader.announces(m)
    return Search(tuple(found), follows)
