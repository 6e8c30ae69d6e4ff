"""Which of the things asked for a text or a file is, and the words that say that it is all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogs.choosing import plain, words
from dialogs.facts import ItemFact
from dialogs.heard import File
from dialogs.words import GREETINGS, HONORIFICS, POLITE

_THIS = r"(?:(?:ini|itu|nih|yg|yang|utk|untuk|buat|tadi|foto|file|filenya|berkas|gambar)\s+){0,4}"
_NUMBERED = re.compile(
    rf"(?i)^\s*(?:{_THIS}(?:no|nomor|nomer|nmr|poin|point|data|#)\.?\s*(\d{{1,2}})\b\s*[:.)=-]?\s*"
    r"|(\d{1,2})(?:\s*[:=]\s*|[.)]\s+|\s+-\s+|\s*$))"
)
_DONE = re.compile(
    r"(?i)^(?:(?:ya|iya|ok|oke|baik|itu)\s+)?(?:(?:sudah|udah|udh|sdh|dah)\s+"
    r"(?:semua(?:nya)?|lengkap|komplit|komplet|dikirim semua|saya kirim semua|kirim semua|itu saja)"
    r"|lengkap|itu (?:saja|aja)|semua sudah|(?:data(?:nya)? )?(?:sudah|udah|sdh) lengkap)\b"
)
_ENOUGH = re.compile(
    r"^(?:(?:sudah|udah|udh|sdh|dah|ya|iya|cukup|cuma|hanya|baru)\s+)*(?:itu|segitu|segini|ini)\s+"
    r"(?:saja|aja|aj|doang|dulu|semua|semuanya)$"
    r"|^(?:sudah|udah|udh|sdh|dah)\s+(?:cukup|semua|smua)(?:\s+\w+)?$"
    r"|^(?:tidak|tdk|ga|gak|gk|ngga|nggak|udah ga|sudah tidak)\s+(?:ada|punya)\s+"
    r"(?:(?:yg|yang)\s+)?(?:lagi|lain|lainnya|laen)$"
)
_BARE = ("sudah", "udah", "udh", "sdh", "dah", "uda", "beres", "selesai", "sampun", "wis", "wes")
_DONE_WORDS = 6
# Words of a label that tell nothing about which label it is.
_COMMON = words(
    """
    scan foto file berkas dokumen data nomor no surat bukti salinan fotokopi copy gambar yang dan
    atau untuk dari pada dengan milik atas nama asli terbaru lengkap halaman kode hasil tangkapan
    """
)
TALK = GREETINGS | HONORIFICS | POLITE
SOON = TALK | words(
    """
    ok oke okay okey oki baik baiklah siap sip iya ya yaa noted bentar sebentar sbentar bntar tunggu
    nanti ntar dulu dl besok bsk kirim kirimkan saya sy aku ku cari cek carikan siapkan otw segera
    sore malam pagi siang coba ditunggu
    """
)
_AFTER = words("ya yaa tadi itu ini yg yang foto fotonya file filenya gambar barusan nih")


def says_done(text: str) -> bool:
    """Whether a text says that nothing more comes."""
    said = plain(text)
    if len(said.split()) > _DONE_WORDS:
        return False
    bare = " ".join(w for w in said.split() if w not in TALK and w not in ("ya", "yaa"))
    return bare in _BARE or bool(_DONE.match(said) or _ENOUGH.match(bare))


def pointed_at(text: str, items: Sequence[ItemFact]) -> ItemFact | None:
    """The item that a text names by its number and says nothing else about."""
    begins = _NUMBERED.match(text)
    if begins is None or begins[1] is None:
        return None
    left = plain(text[begins.end() :]).split()
    return numbered(text, items) if TALK.union(_AFTER).issuperset(left) else None


def lines(text: str, items: Sequence[ItemFact]) -> list[str]:
    """A text, cut where lines begin with numbers of items."""
    found: list[str] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if not found or numbered(line, items):
            found.append(line.strip())
        else:
            found[-1] += f"\n{line.strip()}"
    return found


def of_file(
    file: File, caption: str, items: Sequence[ItemFact], left: list[ItemFact]
) -> ItemFact | None:
    """The item a file is, by its caption, its name or its kind."""
    return (
        numbered(caption, items)
        or by_words(caption, items)
        or by_words(file.name, items)
        or _by_kind("file", left)
    )


def of_text(text: str, items: Sequence[ItemFact], left: list[ItemFact]) -> ItemFact | None:
    """The item a text is."""
    return numbered(text, items) or by_words(text, items) or _by_kind("text", left)


def numbered(text: str, items: Sequence[ItemFact]) -> ItemFact | None:
    """The item whose number the text begins with."""
    begins = _NUMBERED.match(text)
    if begins is None:
        return None
    n = int(begins[1] or begins[2])
    return next((item for item in items if item.n == n), None)


def by_words(text: str, items: Sequence[ItemFact]) -> ItemFact | None:
    """The one item that shares the most telling words with a text or a file's name."""
    said = set(_split(text))
    shared = {item.id: len(said.intersection(_telling(item.label))) for item in items}
    most = max(shared.values(), default=0)
    best = [item for item in items if most and shared[item.id] == most]
    return best[0] if len(best) == 1 else None


def _split(text: str) -> list[str]:
    return plain(text.replace("_", " ").replace("-", " ")).split()


def _telling(label: str) -> set[str]:
    return {word for word in _split(label) if len(word) >= 3 and word not in _COMMON}


def _by_kind(kind: str, left: list[ItemFact]) -> ItemFact | None:
    """The only missing one it can be; else the only one asked for as exactly this kind."""
    can_be = [item for item in left if item.kind in (kind, "any")]
    exact = [item for item in can_be if item.kind == kind]
    if len(can_be) == 1:
        return can_be[0]
    return exact[0] if len(exact) == 1 else None
