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
_TOKEN = re.compile(r"(?:cv|pt|ud)\.(?=\w)|[^\s,;|/()]+|[,;|/()\n]", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_][^\W\d_'’.-]*")
_PHONE = re.compile(r"\s*(?:(?:no|nomor|hp|wa|telp)\.?\s*)*(?:\+62|62|0)\d", re.IGNORECASE)
_I = word_set("saya sy aku gw gue")
_WE = word_set("kami kita")
_NAMING = word_set("nama nm perkenalkan kenalkan kenalin")
_OPENING = (POLITE | GREETINGS | HONORIFICS | _NAMING | _I | _WE) | word_set(
    "ini dengan dgn lengkap bernama adalah selaku sebagai sbg perusahaan instansi"
)
_AFTER_NAME = word_set(
    """
    dari dr mau ingin pengen izin ijin hendak selaku sebagai sbg saya sy kami ppk pokja pp direktur
    staf staff admin perwakilan mewakili cv pt di mohon minta ini yang yg butuh perlu bermaksud akan
    """
)
_FROM = word_set("dari dr perwakilan mewakili")
_POSTS = word_set(
    """
    staf staff admin pegawai karyawan operator bendahara direktur dirut pimpinan pemilik owner
    perwakilan tim bagian sekretaris kepala manajer manager
    """
)
_NEVER_IN_ORG = FUNCTION | PRONOUNS | QUESTIONS | STATUS | POLITE | HONORIFICS
_DEGREES = word_set("h hj dr drs ir prof")
_AFTER_I = (
    _NAMING
    | (TITLES - _DEGREES)
    | word_set("ini dengan dgn adalah bernama sendiri selaku sebagai sbg lengkap")
)
_NAME_LONGEST, _ORG_LONGEST = 5, 8


@dataclass(frozen=True, slots=True)
class Part:
    """Something said about oneself at ``start``:``end`` of the text. ``kind`` is ``nama``,
    ``instansi`` or ``role``; a role's ``value`` is the user type."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(slots=True)
class _Token:
    """A word or a mark. ``low`` is the bare word in small letters; ``closes``: a clause ends
    with it ("Budi." but not "PT." or "Ir.")."""

    text: str
    start: int
    end: int
    low: str
    is_break: bool
    closes: bool

    @property
    def is_title(self) -> bool:
        return self.text[0].isupper() and (len(self.low) == 1 or not self.text.isupper())


def _token(m: re.Match[str]) -> _Token:
    text = m[0]
    low = text.casefold().strip(".,!?:;\"'*-–")
    closes = text[-1] in "!?:;" or (text[-1] == "." and len(low) > 3)
    return _Token(text, m.start(), m.end(), low, not low or text in ",;|/()\n", closes)


@dataclass(slots=True)
class _Lead:
    """What opened a clause: "nama saya" names surely, "saya" perhaps, "dari" not at all."""

    naming: bool = False
    i: bool = False
    we: bool = False
    this: bool = False
    org: bool = False
    role: bool = False


class _Text:
    """The tokens of a text and what can be read at one of them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.shouted = not any(map(str.islower, text))
        self.tokens = [_token(m) for m in _TOKEN.finditer(text)]

    def low(self, at: int) -> str:
        """The word at a place, "" at a break and beyond the end."""
        if at >= len(self.tokens) or self.tokens[at].is_break:
            return ""
        return self.tokens[at].low

    def closed(self, at: int) -> bool:
        """Whether a clause ends before the word at a place."""
        return at >= len(self.tokens) or self.tokens[at].is_break or self.tokens[at - 1].closes

    def opens(self, at: int) -> bool:
        """Whether a clause begins with the word at a place."""
        before = self.tokens[at - 1] if at else None
        return not self.tokens[at].is_break and (before is None or before.is_break or before.closes)

    def lead(self, at: int) -> tuple[_Lead, int]:
        """The words that open an introduction, and where it goes on."""
        lead = _Lead()
        while (low := self.low(at)) and low in (_AFTER_I if lead.i or lead.we else _OPENING):
            lead.naming |= low in _NAMING
            lead.i |= low in _I
            lead.we |= low in _WE
            lead.this |= low in ("ini", "dengan", "dgn")
            lead.org |= low in ("perusahaan", "instansi")
            lead.role |= low in ("selaku", "sebagai", "sbg")
            at += 1
            if self.tokens[at - 1].closes:
                break
        return lead, at

    def name(self, at: int) -> int:
        """Where the words that could be a name end; ``at`` if there are none."""
        end = at
        while end - at < _NAME_LONGEST and (low := self.low(end)):
            token = self.tokens[end]
            known = low in GIVEN_NAMES or low in ("bin", "binti") or low in _DEGREES
            org = low in FIRMS or low in BODIES or low in SHORT_BODIES
            if not _NAME_WORD.fullmatch(token.text.rstrip(".!?:")) or org:
                break
            if not known and (is_ordinary(token.text) or ROLE.match(self.text, token.start)):
                break
            end += 1
            if token.closes:
                break
        return end

    def is_name(self, at: int, end: int, lead: _Lead) -> bool:
        """Whether the words at ``at``:``end`` surely are the speaker's name."""
        words = self.tokens[at:end]
        known = any(w.low in GIVEN_NAMES for w in words)
        title = all(w.is_title for w in words) and not self.shouted
        after = "" if self.closed(end) else self.low(end)
        placed = not after or after in _AFTER_NAME
        from_org = after in _FROM and self.org(end + 1) > end + 1
        if not known and is_finite(words[0].low):
            return False
        if lead.naming:
            return placed or known or title
        if lead.i:
            return from_org or (words[0].low in GIVEN_NAMES) or (title and placed)
        if lead.this:
            return from_org or (words[0].low in GIVEN_NAMES and placed)
        sure = words[0].low in GIVEN_NAMES or (title and len(words) > 1)
        return sure and not lead.we and (from_org or self._identity_follows(end))

    def _identity_follows(self, at: int) -> bool:
        """Whether a break and then a firm, an office, a role or a phone number comes."""
        if at >= len(self.tokens) or not self.tokens[at].is_break:
            return False
        if _PHONE.match(self.text, self.tokens[at].end):
            return True
        if at + 1 >= len(self.tokens):
            return False
        role = ROLE.match(self.text, self.tokens[at + 1].start)
        at += 2 if self.low(at + 1) in _FROM else 1
        return self.org(at) > at or role is not None

    def org(self, at: int) -> int:
        """Where a firm's or an office's name ends; ``at`` if none begins there."""
        first = self.low(at)
        if not (first in FIRMS or first in BODIES or first in SHORT_BODIES):
            return at
        end = at + 1
        while end - at < _ORG_LONGEST and not self.closed(end) and self._in_org(end, first):
            end += 1
        while end > at + 1 and self.low(end - 1) in ("dan", "&", "kota", "kab"):
            end -= 1
        return at if end == at + 1 and first not in SHORT_BODIES else end

    def _in_org(self, at: int, first: str) -> bool:
        token, low = self.tokens[at], self.low(at)
        if low in FIRMS or ROLE.match(self.text, token.start) or sum(map(str.isdigit, low)) > 5:
            return False
        if first not in FIRMS and low in OFFICE_WORDS:
            return True
        if low in _NEVER_IN_ORG:
            return False
        if token.text[0].isupper() and not self.shouted:
            return True
        return not is_ordinary(token.text) and not is_finite(low)

    def slice(self, at: int, end: int) -> str:
        return self.text[self.tokens[at].start : self.tokens[end - 1].end].strip(" .,!?:;-")


def _introduced(text: _Text, at: int, started: bool) -> Iterator[Part]:
    """What the clause at a place says about the speaker. ``started``: an introduction has
    begun before, so that bare firms and roles belong to it."""
    lead, here = text.lead(at)
    opened = at
    while text.low(here) in TITLES - _DEGREES and text.low(here + 1):
        here += 1
    end = here if lead.org else text.name(here)
    named = end > here and text.is_name(here, end, lead)
    if named:
        start, last = text.tokens[opened].start, text.tokens[end - 1].end
        yield Part("nama", text.slice(here, end), start, last)
        here = opened = end
    own = named or lead.i or lead.we or lead.org or lead.role or lead.naming
    yield from _belonging(text, here, opened, own, started)


def _belonging(text: _Text, here: int, opened: int, own: bool, started: bool) -> Iterator[Part]:
    """Role and firm at a place: "PPK Dinas PU", "dari CV Maju", "staf di Bappeda"."""
    start = here
    while text.low(here) in ("selaku", "sebagai", "sbg", "seorang", "adalah"):
        here, own = here + 1, True
    first = text.tokens[opened].start if opened < len(text.tokens) else 0
    role = ROLE.match(text.text, text.tokens[here].start) if here < len(text.tokens) else None
    after = here
    if role is not None:
        while after < len(text.tokens) and text.tokens[after].start < role.end():
            after += 1
    elif text.low(here) in _POSTS and own:
        after = here + 1
    belongs = text.low(after) in _FROM or (after > here and text.low(after) in ("di", "pada"))
    org = after + 1 if belongs else after
    end = text.org(org)
    alone = text.closed(end)
    if role is not None and (own or (alone and (started or end > org))):
        yield Part("role", str(role.lastgroup), first, role.end())
    elif role is not None:
        return
    if end > org and (own or after > here or alone or (belongs and start == opened and not own)):
        begin = text.tokens[after].start if role else first
        yield Part("instansi", _dress(text.slice(org, end)), begin, text.tokens[end - 1].end)


def _dress(name: str) -> str:
    """A firm or office in small letters gets its capitals."""
    if any(map(str.isupper, name)):
        return name
    return " ".join(
        word.upper() if word.strip(".") in CAPITALS else word if word == "dan" else word.title()
        for word in name.split()
    )


def find(text: str) -> Sequence[Part]:
    """The parts of an introduction in the order they stand in, each kind once."""
    read = _Text(text[:_LONGEST])
    parts: dict[str, Part] = {}
    at = 0
    while at < len(read.tokens):
        if read.opens(at):
            for part in _introduced(read, at, bool(parts)):
                parts.setdefault(part.kind, part)
        at += 1
    return sorted(parts.values(), key=lambda part: part.start)
