"""Time limits as people say them: "besok jam 10", "stgh jam lg", "tgl 25 nov pukul 23:59".

The value is the text as typed. What time that is depends on the clock, and what is due
on the conversation (``dialogs/deadline.py``).
"""

from __future__ import annotations

import re

from nlu.text.entities.finder import DIGITS, after, as_typed, before, finder

_PART = r"(?:pagi|siang|sore|sor|malam|mlm|malem|subuh)"
_ZONE = r"(?:wib|wita|wit)"
_HOUR = (
    r"(?:jam|jm|pukul|pkl|pk)\.?\s{0,2}\d{1,2}(?:[.:]\d{2})?"
    rf"(?:\s{{0,2}}{_ZONE})?(?:\s{_PART}(?:\sini)?)?(?:\s{_ZONE})?"
)
_WEEKDAY = r"(?:senin|selasa|rabu|kamis|jumat|jum'at|jum’at|sabtu|minggu|ahad)"
_MONTH = (
    r"(?:jan(?:uari)?|feb(?:ruari)?|mar(?:et)?|apr(?:il)?|mei|jun[i]?|jul[i]?|agu(?:stus)?|agt|agst"
    r"|sept?(?:ember)?|okt(?:ober)?|nov(?:ember)?|nop(?:ember)?|des(?:ember)?)"
)
_DAY = (
    rf"(?:(?:besok|bsk|besuk|esok)(?:\s{_PART})?|lusa|(?:hari|hr)\sini|{_PART}\sini"
    rf"|(?:nanti|nti|ntar|entar)\s{_PART}|malam\snanti|(?:minggu|pekan|bulan)\sdepan"
    rf"|(?:hari\s)?{_WEEKDAY}\s(?:depan|besok|ini)|hari\s{_WEEKDAY}|{_WEEKDAY}(?=\s{_HOUR}))"
)
_DATE = (
    r"(?:(?:tgl|tanggal|tggl)\.?\s{0,2}\d{1,2}(?!\d)"
    rf"(?:\s{{0,2}}(?:{_MONTH})(?!\w)(?:\s{{1,2}}\d{{4}})?|[/-]\d{{1,2}}(?:[/-]\d{{2,4}})?)?"
    rf"|(?<![\d./-])\d{{1,2}}\s{{1,2}}{_MONTH}(?!\w)(?:\s{{1,2}}\d{{4}})?"
    r"|(?<![\d./-])[0-3]?\d([/-])[01]?\d\1(?:20)?\d{2}(?![\d/-]))"
)
_UNTIL = (
    r"(?:sampai|smp|sampe|sebelum|sblm|maksimal|maks|paling\slambat|paling\slama|deadline(?:nya)?"
    r"|batas(?:nya|\swaktu(?:nya)?)?|(?:di)?tutup(?:nya)?|penutupan|berakhir|terakhir|nanti|ntar)"
)
_NUMBER = (
    r"(?:\d{1,3}(?:\s?-\s?\d{1,3})?|satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh"
    r"|setengah|stgh|stengah|setgh|beberapa|bbrp)"
)
_UNIT = r"(?:jam|jm|menit|mnt|mnit|hari|hr|minggu|mggu|mgg|pekan|bulan|bln)"
_AGO = r"(?:lagi|lg|lgi|ke\s?depan)"
_LEFT = r"(?:tinggal|tgl|sisa|kurang|krg)(?:\s(?:waktu|dari|dr|lebih)){0,2}"
_SHORT = r"(?:kurang|krg)(?:\s(?:dari|dr|lebih)){0,2}"
_AMOUNT = rf"(?:{_NUMBER}\s{{0,2}}{_UNIT}|se(?:jam|menit|hari|minggu|pekan|bulan))(?:an)?"
# Without "lagi", "kurang 2 hari" is what a guarantee is short of.
_SPAN = (
    rf"(?:(?:{_LEFT}\s{{1,2}})?{_AMOUNT}\s{{1,2}}{_AGO}"
    rf"|(?!kurang|krg){_LEFT}\s{{1,2}}{_AMOUNT}|{_SHORT}\s{{1,2}}{_NUMBER}\s{{0,2}}(?:jam|menit|mnt))"
)
_DEADLINE = (
    rf"\b(?:{_SPAN}|(?:{_DAY}|{_DATE})(?:[\s,]{{1,3}}{_HOUR})?"
    rf"|{_HOUR}[\s,]{{1,3}}(?:(?:hari|pada|di)\s)?(?:{_DAY}|{_DATE})"
    rf"|{_UNTIL}\s{{1,2}}(?:di\s|pada\s|hari\s)?{_HOUR})(?!\w)"
)
_PAST = re.compile(r"^[\s,]{1,2}(?:yang|yg)?\s?(?:lalu|kemarin|kmrn|kemaren|tadi|barusan)\b")
_ELSEWHERE = re.compile(
    r"\b(?:lahir|akta|akte|surat|tertanggal|terbit|sejak|mulai|dari|kemarin|kmrn|tadi|npwp|sk|nomor"
    r"|no|lalu)(?:\snya)?[\s,:]{0,2}$"
)
_SO_FAR = re.compile(r"\b(?:sampai|sampe|smp|berapa|beberapa|bbrp|dua|tiga|empat|\d)\s$")


_SIGNS = (
    *("jam", "jm", "menit", "mnt", "mnit", "hari", "hr", "minggu", "mgg", "mggu", "pekan", "bulan"),
    *("bln", "lusa", "besok", "bsk", "besuk", "esok", " ini", "nanti", "nti", "ntar", "depan"),
    *("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "ahad", *DIGITS),
)


def _deadline(match: re.Match[str]) -> str | None:
    """None for what is past ("hari senin kemarin", "sampai hari ini belum") and for dates of
    something else ("akta tgl 3 mei")."""
    typed = as_typed(match)
    today = re.match(r"h(?:ari|r) ini", typed, re.IGNORECASE)
    if today and _SO_FAR.search(before(match, 16)):
        return None
    past = _PAST.match(after(match, 16)) or _ELSEWHERE.search(before(match, 16))
    return None if past else typed


DEADLINE = finder("deadline", _DEADLINE, _deadline, _SIGNS)
