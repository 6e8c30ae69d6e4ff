"""How soon something closes, where a text says so beyond doubt; else the form asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Soon = Literal["under_24h", "later"]

_CLOSES = (
    r"(?:di)?tutup(?:nya)?|penutupan(?:nya)?|batas(?:nya| akhir(?:nya)?| waktu(?:nya)?)?|berakhir"
    r"|terakhir|deadline(?:nya)?|paling lambat|sampai|jatuh tempo|habis|selesai"
)
_TODAY = (
    r"(?:hari ini|(?:pagi|siang|sore|malam) ini|(?:nanti|ntar) (?:siang|sore|malam)"
    r"|malam nanti)"
)
_HOUR = r"(?:jam|pukul|pkl)\.? ?\d{1,2}(?:[.:]\d{2})?(?: ?wi(?:b|ta|t))?"
_BETWEEN = r"(?:[ ,]+\w+){0,4}?[ ,]+"
_LATER = (
    r"(?:minggu|pekan|bulan|senin|selasa|rabu|kamis|jum'?at|sabtu) (?:depan|besok)|lusa"
    r"|(?:[2-9]|[1-9]\d|dua|tiga|empat|lima|enam|tujuh|beberapa)"
    r" (?:hari|minggu|pekan|bulan) (?:lagi|lg)"
    r"|masih lama"
)
_COUNT = r"(?P<count>\d{1,3}|satu|dua|tiga|empat|lima|enam|setengah|se)"
_IN_HOURS = re.compile(
    rf"(?<!\w)(?:{_COUNT}(?:an)?[ -]?(?P<unit>jam|menit|mnt)(?:an)? (?:lagi|lg|terakhir)"
    r"|(?:sisa|tinggal|kurang)(?: waktu)?(?: dari)? (?P<left>\d{1,3}) ?"
    r"(?P<left_unit>jam|menit|mnt))(?!\w)"
)
_NOT_CLOSING = re.compile(r"(?:tunggu|coba|nunggu|telat|terlambat|buka|mulai|balik)\w*[ ]+$")
_UNDER = re.compile(
    rf"\b(?:(?:{_CLOSES}){_BETWEEN}(?:{_HOUR}{_BETWEEN})?{_TODAY}"
    rf"|(?:{_CLOSES})(?:{_BETWEEN})?{_HOUR} {_TODAY}"
    rf"|{_TODAY}(?:{_BETWEEN}{_HOUR})?{_BETWEEN}(?:{_CLOSES})"
    rf"|{_HOUR} {_TODAY} (?:sudah |udah )?(?:{_CLOSES})"
    r"|kurang dari (?:24|dua puluh empat) jam|di bawah 24 jam)(?!\w)"
)
_LATER_ON = re.compile(rf"\b(?:{_LATER}|lebih dari 24 jam|di atas 24 jam)(?!\w)")
_QUESTION = re.compile(r"\b(?:jam berapa|kapan|berapa (?:jam|hari|lama))\b|\?\s*$")
_HINTS = (
    *("jam", "menit", "mnt", " ini", "nanti", "ntar"),
    *("lagi", " lg", "depan", "besok", "lusa", "lama"),
)
_NUMBERS: Mapping[str, int] = {
    **{"setengah": 1, "se": 1, "satu": 1, "dua": 2, "tiga": 3},
    **{"empat": 4, "lima": 5, "enam": 6},
}


def deadline(text: str) -> Soon | None:
    """``under_24h`` or ``later``; None for questions, for "besok" and for whatever is open."""
    for sentence in re.split(r"[\n!]|\.(?=\s)|(?<=\?)", text.lower()[:4000]):
        if not any(hint in sentence for hint in _HINTS) or _QUESTION.search(sentence):
            continue
        if soon := _in_hours(sentence):
            return soon
        if _UNDER.search(sentence):
            return "under_24h"
        if _LATER_ON.search(sentence):
            return "later"
    return None


def hours_left(text: str) -> float | None:
    """The fewest hours that are named ("2 jam lagi" is 2.0); None where none are."""
    found = map(_hours, re.split(r"[\n!]|\.(?=\s)|(?<=\?)", text.lower()[:4000]))
    return min((hours for hours in found if hours is not None), default=None)


def _in_hours(sentence: str) -> Soon | None:
    hours = _hours(sentence)
    if hours is None:
        return None
    return "under_24h" if hours <= 24 else "later"


def _hours(sentence: str) -> float | None:
    m = _IN_HOURS.search(sentence)
    if m is None or _NOT_CLOSING.search(sentence[: m.start()]):
        return None
    count = m["count"] or m["left"]
    number = _NUMBERS.get(count) or int(count)
    return float(number) if (m["unit"] or m["left_unit"]) == "jam" else number / 60
