"""Regions: which province, kabupaten or kota a text names.

The value is the canonical name ("Kabupaten Bogor", "Kota Bekasi", "Provinsi Jawa Barat").
A bare name that a kabupaten shares with a kota or a province stays bare ("Bogor"): which
of them is meant is not said, and a guess would send people to the wrong office.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from nlu.text.lexicon import words
from nlu.text.region_short_forms import HALF_WORDS, SHORT_FORMS, WORDS
from nlu.text.regions import REGIONS
from nlu.understanding import Entity

_TOKEN = re.compile(r"[^\W_]+")
_KINDS: dict[str, str] = {
    spelling: kind
    for kind, spellings in {
        "Kabupaten": "kab kabupaten pemkab bupati kabupatennya",
        "Kota": "kota kotamadya pemkot walikota kodya",
        "Provinsi": "prov provinsi propinsi pemprov gubernur",
    }.items()
    for spelling in spellings.split()
}
_OFFICES = words(
    "lpse pemda dinas bappeda dprd rsud polres kejari kejaksaan ukpbj ulp inspektorat diskominfo"
    " setda bpbd dinkes disdik kemenag pengadilan kpu bpn bpkad daerah wilayah domisili"
)
_PREPOSITIONS = words("di dari dr ke asal cabang area seputar daerah wilayah domisili kantor")
_BEFORE_A_PERSON = words("pak bapak bpk bu ibu mas mbak mba kak bang sdr saudara saya nama")
_FIRMS = words("pt cv ud pd tbk koperasi firma toko yayasan bank bpd")
_LEAVES_A_NAME = _PREPOSITIONS | _OFFICES | _KINDS.keys() | words("saya kami dan yang yg, alamat")
_ABBREVIATIONS = words("kab prov kot pt cv ud pd no jl jln ds kec kel bpk")
_JOINTS = ("@", "_", "/", "\\", "&", "#")
_LONGEST_FIRM = 5
"""Words behind "PT" that may belong to the firm's name."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the text. ``breaks``: a comma, a stop or a line end stands before it."""

    text: str
    start: int
    end: int
    low: str
    breaks: bool
    glued: bool


def find(text: str) -> list[Entity]:
    """The regions a text names, in order; names of firms ("PT Bogor Jaya") are none."""
    table = _table()
    if table.first.keys().isdisjoint(_TOKEN.findall(text.lower())):
        return []
    said = list(_words(text))
    shouted = not any(letter.islower() for letter in text)
    found, at = [], 0
    while at < len(said):
        size = next((n for n in table.sizes(said[at].low) if _key(said, at, n) in table.names), 0)
        if not size or not _is_place(said, at, size, shouted):
            at += 1
            continue
        found.append(_entity(said, at, size))
        at += size
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """``names``: words of a name -> the canonical names it may stand for. ``first``: the
    word a name begins with -> how many words such names have, the longest first."""

    names: dict[tuple[str, ...], tuple[str, ...]]
    first: dict[str, tuple[int, ...]]

    def sizes(self, word: str) -> tuple[int, ...]:
        return self.first.get(word, ())


@lru_cache(maxsize=1)
def _table() -> _Table:
    names: dict[tuple[str, ...], list[str]] = {}
    for canonical, spellings in _spellings():
        for spelling in spellings:
            key = tuple(word.lower() for word in _TOKEN.findall(spelling))
            for form in {key, ("".join(key),)}:
                if canonical not in names.setdefault(form, []):
                    names[form].append(canonical)
    sizes: dict[str, set[int]] = {}
    for key in names:
        sizes.setdefault(key[0], set()).add(len(key))
    first = {word: tuple(sorted(counts, reverse=True)) for word, counts in sizes.items()}
    return _Table({key: tuple(meant) for key, meant in names.items()}, first)


def _spellings() -> Iterator[tuple[str, list[str]]]:
    """Every canonical name with the ways to write it."""
    for province, halves in REGIONS.items():
        places = [(f"Provinsi {province}", province)]
        for kind, names in zip(("Kabupaten", "Kota"), halves, strict=True):
            places += [(f"{kind} {n.strip()}", n.strip()) for n in names.split(",") if n.strip()]
        for canonical, name in places:
            yield canonical, [name, *filter(None, SHORT_FORMS.get(canonical, "").split(", "))]


def _words(text: str) -> Iterator[_Word]:
    end, last = 0, ""
    for match in _TOKEN.finditer(text):
        between = text[end : match.start()]
        stops = ". " in between and last not in _ABBREVIATIONS
        breaks = stops or any(mark in between for mark in ",;:!?\n")
        glued = between[-1:] in _JOINTS or text[match.end() : match.end() + 1] in ("@", "_")
        end, last = match.end(), match[0].lower()
        yield _Word(match[0], match.start(), end, last, breaks, glued)


def _key(said: list[_Word], at: int, size: int) -> tuple[str, ...]:
    """The words at a place, () where a comma parts them or an address goes on."""
    piece = said[at : at + size]
    if len(piece) < size or any(word.breaks for word in piece[1:]) or piece[0].glued:
        return ()
    return tuple(word.low for word in piece)


def _is_place(said: list[_Word], at: int, size: int, shouted: bool) -> bool:
    before = said[at - 1].low if at and not said[at].breaks else ""
    behind = said[at + size] if at + size < len(said) else None
    if before in _KINDS or before in _OFFICES:
        return True
    if _in_firm(said, at):
        return False
    if behind and behind.low in _KINDS and not behind.breaks:
        return True
    name, first = "".join(word.low for word in said[at : at + size]), said[at].text
    if name in HALF_WORDS:
        capital = first.istitle() and at > 0 and before not in _BEFORE_A_PERSON
        return before in _PREPOSITIONS or capital
    if name in WORDS:
        return before in _PREPOSITIONS and first[0].isupper() and not shouted
    return True


def _in_firm(said: list[_Word], at: int) -> bool:
    """Whether the words before belong to a firm's name: "CV Maju Jaya Bandung"."""
    for i in range(at - 1, max(-1, at - 1 - _LONGEST_FIRM), -1):
        if said[i + 1].breaks or said[i].low in _LEAVES_A_NAME:
            return False
        if said[i].low in _FIRMS:
            return True
    return False


def _entity(said: list[_Word], at: int, size: int) -> Entity:
    """With the kind that stands before or behind the name, as part of the place."""
    start, end = said[at].start, said[at + size - 1].end
    kind = _KINDS.get(said[at - 1].low) if at and not said[at].breaks else None
    if kind:
        start = said[at - 1].start
    elif at + size < len(said) and not said[at + size].breaks:
        kind = _KINDS.get(said[at + size].low)
        end = said[at + size].end if kind else end
    meant = _table().names[tuple(word.low for word in said[at : at + size])]
    of_kind = [name for name in meant if kind and name.startswith(kind)]
    if of_kind or len(meant) == 1:
        return Entity("region", (of_kind or list(meant))[0], start, end)
    return Entity("region", meant[0].partition(" ")[2], start, end)
