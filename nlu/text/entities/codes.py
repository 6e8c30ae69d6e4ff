"""Error codes: of HTTP, of browsers, of Windows and Java, and what applications print."""

from __future__ import annotations

import re

from nlu.text.entities.finder import DIGITS, as_typed, before, finder

_NETWORK = (
    r"(?<![\w/])(?:net::)?(?P<v>(?:ERR|DNS|SSL|SEC|PR|NS|INET|MOZILLA|ORA)[_-][A-Z0-9_]{3,60})"
    r"(?!\w)|(?<!\w)0x[0-9a-f]{4,16}(?!\w)"
)
_LABELLED = (
    r"\b(?:kode\s(?:error|eror|kesalahan)|error\s?code|error|eror|err|http|status)(?:nya)?"
    r"\s{0,2}(?:kode|code|no|nomor|nya)?\s{0,2}[:#=(\"]?\s{0,2}"
    r"(?P<v>[a-z]{0,6}[-_]?\d{2,5})\b(?!\s{0,2}(?:kali|x|hari|jam|menit|orang|paket|kata|lagi|lg))"
)
_CODE = r"\b(?:kode|muncul|pesan|tulisan|keluar|gagal)(?:nya)?\s{0,2}[:(\"]?\s{0,2}"
_NAMED = rf"{_CODE}(?P<v>(?-i:[A-Z]{{2,6}})-\d{{2,5}})\b(?!-)"
_BARE = (
    r"(?<![\d.,/:-])\b(?P<v>40[0-589]|413|429|50[0-4])\b"
    r"(?![.,/:-]\d)(?!\s{0,2}(?:ribu|rb|juta|jt|mb|kb|gb|m\b|orang|paket|halaman|rupiah|meter|unit))"
)
_SAYINGS: dict[str, str] = {
    "not found": "404",
    "page not found": "404",
    "bad request": "400",
    "unauthorized": "401",
    "forbidden": "403",
    "access denied": "403",
    "request entity too large": "413",
    "too many requests": "429",
    "internal server error": "500",
    "bad gateway": "502",
    "service unavailable": "503",
    "gateway timeout": "504",
    "gateway time-out": "504",
}
_SAID = r"\b(?:" + "|".join(sorted(map(re.escape, _SAYINGS), key=len, reverse=True)) + r")\b"
_AN_AMOUNT = re.compile(
    r"\b(?:rp|idr|jadi|max|maks|maksimal|sampai|nilai|harga|sebesar|skor|no|nomor|pasal|hal|bayar)"
    r"\.?\s{0,2}$"
)
_NUMBER_NEAR = re.compile(r"\b[45]\d\d\W{0,3}$")


def _bare(match: re.Match[str]) -> str | None:
    return None if _AN_AMOUNT.search(before(match, 14)) else as_typed(match)


def _upper(match: re.Match[str]) -> str:
    return as_typed(match).upper()


def _network(match: re.Match[str]) -> str:
    return (match["v"] or match[0]).upper().replace("0X", "0x")


def _said(match: re.Match[str]) -> str | None:
    """The number of a saying, unless it stands right before it ("404 not found")."""
    if _NUMBER_NEAR.search(match.string[max(0, match.start() - 8) : match.start()]):
        return None
    return _SAYINGS[match[0].lower()]


NETWORK_ERROR = finder("error_code", _NETWORK, _network, ("_", "-", "0x"))
ERROR = (
    finder("error_code", _LABELLED, _upper, DIGITS),
    finder("error_code", _NAMED, _upper, DIGITS),
    finder("error_code", _BARE, _bare, DIGITS),
    finder("error_code", r"\bexecute[\s-]?update\b", lambda match: "executeUpdate", ("execute",)),
    finder("error_code", _SAID, _said, tuple(_SAYINGS)),
)
