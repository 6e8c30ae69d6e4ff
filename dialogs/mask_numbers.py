"""Secrets made of digits: NIK, passport, card, OTP. Found by the words around them.

A number is read with the nearest word before it that says what it is: sixteen digits
after "NPWP" are an NPWP, the same digits after "NIK" or after nothing are a NIK.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from stdnum import luhn

from dialogs.mask_shapes import flat

_NUMBER_WORDS = {
    "otp": r"(?:kode |code )?t?otp|(?:kode|code|angka|pin) (?:verifikasi|keamanan|konfirmasi"
    r"|aktivasi|akses|rahasia|authenticator|autentikator|security|sms)|security code"
    r"|verification code|2fa|authenticator|autentikator"
    r"|kode (?:yang |yg )?(?:dari |di |masuk ke |masuk di |via |lewat )"
    r"(?:sms|email|hp|wa|whatsapp|privy)",
    "nik": r"(?:nik|nomor induk(?: kependudukan)?)(?: ?(?:/|dan|atau|&) ?npwp)?|e?-?ktp"
    r"|kk|kartu keluarga|kependudukan",
    "passport": r"pass?port?|paspor",
    "card": r"(?:kartu|credit|debit|debet) (?:kredit|debit|debet|atm|card|bank)|visa|mastercard"
    r"|cc|kredit",
    "cvv": r"cvv2?|cvc2?",
    "keep": r"npwp|nib|tender|lelang|paket|rup|kode|tiket|ticket|rek|rekening|va|virtual account"
    r"|resi|siup|sbu|sk|kontrak|faktur|invoice|ntpn|billing|sertifikat|imei|serial|id|surat|ref"
    r"|referensi|transaksi|pesanan|error|eror|antrian|antrean|rp|idr|tahun|thn|sejak|port",
    "phone": r"hp|wa|whatsapp|telp|telepon|tlp|telpon|phone|handphone|fax|call",
}
_CONTEXT = re.compile(
    r"\b(?=[a-z2])(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _NUMBER_WORDS.items())
    + r")(?:nya|ku)?(?:\b|(?<=otp|nik|ktp|cvv|cvc)(?=\d))"
)
_RUN = re.compile(r"\d+")
_PASSPORT = re.compile(
    r"(?:[ \t.:=#-]|no|nomor|nomer|number|saya|sy|kami|direktur|adalah|yaitu|nya){0,12}"
    r"(?P<value>[a-z]{1,2}[ -]?\d{6,8}|\d{7,9})\b"
)
_UNIT = re.compile(
    r"\s?(?:%|(?:menit|mnt|jam|hari|detik|dtk|kali|x|digit|angka|karakter|rb|ribu|jt|juta|orang"
    r"|org|tahun|thn|bulan|bln|minggu|mb|kb|gb|nomor|peserta|paket)(?![a-z]))|[./:-]\d"
)
_DATE_BEFORE = re.compile(
    r"(?:(?:jan|feb|mar|apr|mei|jun|jul|agu|ags|sep|okt|nov|des)[a-z]{0,7} |\d[./:-]|rp[. ]{0,2})$"
)
_PHONE = re.compile(r"(?:0|62)[1-9]\d{7,11}")
_ISSUER = re.compile(r"4|5[1-5]|2[2-7]|3[05689]|6[0245]")
_OTP_SHAPES = frozenset(
    {(3, 3), (2, 2, 2), (4, 4), (1,) * 4, (1,) * 6, *((n,) for n in range(4, 9))}
)
_REACH = 60  # code points between a word and the number it names
_OTP_REACH = 120
_PROVINCE_RANGES = (
    *((11, 19), (21, 21), (31, 36), (51, 53)),
    *((61, 65), (71, 76), (81, 82), (91, 97)),
)
_PROVINCES = frozenset(code for first, last in _PROVINCE_RANGES for code in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class Found:
    """A secret at ``start``:``end`` (code points)."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class _Run:
    """Digits in a row; ``gap`` is the one mark between them and the next run, if any."""

    start: int
    end: int
    digits: str
    gap: str


def is_nik(digits: str) -> bool:
    """Whether sixteen digits have a NIK's build: province, district, date of birth (a
    woman's day is raised by 40). python-stdnum's region table lacks the new provinces."""
    if len(digits) != 16 or int(digits[:2]) not in _PROVINCES or not 1 <= int(digits[2:4]) <= 79:
        return False
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    day -= 40 if day > 40 else 0
    if not 1 <= month <= 12:
        return False
    try:
        date(2000 + year, month, day)  # every date of the 1900s has its like in the 2000s
    except ValueError:
        return False
    return True


def _runs(text: str) -> list[_Run]:
    spans = [m.span() for m in _RUN.finditer(text)]
    starts = {start for start, _ in spans}
    return [
        _Run(start, end, _ascii(text[start:end]), text[end] if end + 1 in starts else "")
        for start, end in spans
    ]


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(c)) for c in digits)


class _Contexts:
    """The words that name numbers, asked for the nearest one before a position."""

    def __init__(self, low: str, runs: Sequence[_Run]) -> None:
        self._text = low
        marks = [(m.end(), str(m.lastgroup)) for m in _CONTEXT.finditer(low)]
        self._ends = [end for end, _ in marks]
        self._kinds = [kind for _, kind in marks]
        self._otps = [end for end, kind in marks if kind == "otp"]
        self._long = [r.end for r in runs if len(r.digits) >= 8]

    def before(self, position: int) -> str | None:
        """The kind named within reach before ``position``, unless another number took it."""
        i = bisect_left(self._ends, position + 1) - 1
        if i < 0 or position - self._ends[i] > _REACH:
            return None
        taken = bisect_left(self._long, self._ends[i] + 1)
        if taken < len(self._long) and self._long[taken] <= position:
            return None
        gap = self._text[self._ends[i] : position]
        return None if "\n" in gap and any(map(str.isalnum, gap)) else self._kinds[i]

    def otp_near(self, run: _Run, nearest: str | None) -> bool:
        """Whether an OTP is spoken of around a run, and nothing else names the number."""
        if nearest is not None:
            return nearest == "otp"
        i = bisect_left(self._otps, run.start - _OTP_REACH)
        return i < len(self._otps) and self._otps[i] <= run.end + _REACH


def _joined(runs: Sequence[_Run], i: int, marks: str) -> Iterator[list[_Run]]:
    """The longer and longer numbers that begin with run ``i``, up to 19 digits."""
    number: list[_Run] = []
    for run in runs[i : i + 19]:
        number = [*number, run]
        if sum(len(r.digits) for r in number) > 19:
            return
        yield number
        if not run.gap or run.gap not in marks:
            return


def _sixteen(runs: Sequence[_Run], i: int) -> list[_Run] | None:
    """The sixteen digits from run ``i`` written with one kind of separator, unless they
    look like dates (12 05 2024) or an amount (12.345.678)."""
    gap, total, j = runs[i].gap, len(runs[i].digits), i
    while total < 16 and runs[j].gap and runs[j].gap == gap and gap in " .-":
        j += 1
        total += len(runs[j].digits)
    if total != 16:
        return None
    number = list(runs[i : j + 1])
    shape = [len(r.digits) for r in number]
    amount = gap == "." and len(shape) > 2 and set(shape[1:]) == {3}
    return None if amount or shape[:3] == [2, 2, 4] else number


def _digits(number: Sequence[_Run]) -> str:
    return "".join(r.digits for r in number)


def _named_nik(runs: Sequence[_Run], i: int) -> list[_Run] | None:
    numbers = list(_joined(runs, i, " .-"))
    exact = [n for n in numbers if len(_digits(n)) == 16]
    near = [n for n in numbers if 14 <= len(_digits(n)) <= 18]
    return next(iter([*exact, *near]), None)


def _named_card(runs: Sequence[_Run], i: int) -> list[_Run] | None:
    cards = [n for n in _joined(runs, i, " .-") if 13 <= len(_digits(n)) <= 19]
    exact = [n for n in cards if luhn.is_valid(_digits(n))]
    return next(iter([*exact, *cards[-1:]]), None)


def _identity(
    runs: Sequence[_Run], i: int, context: str | None, expected: str | None
) -> tuple[list[_Run], str] | None:
    """A NIK or a card number that begins with run ``i``."""
    if context == "nik":
        return (number, "nik") if (number := _named_nik(runs, i)) else None
    if context == "card":
        return (number, "card") if (number := _named_card(runs, i)) else None
    if context == "cvv" and 3 <= len(runs[i].digits) <= 4:
        return [runs[i]], "card"
    if context == "keep" or expected == "npwp" or not (number := _sixteen(runs, i)):
        return None
    digits = _digits(number)
    if is_nik(digits):
        return number, "nik"
    return (number, "card") if _ISSUER.match(digits) and luhn.is_valid(digits) else None


def _phone(low: str, runs: Sequence[_Run], i: int) -> list[_Run] | None:
    """A phone number that begins with run ``i``, so that its parts are no OTP."""
    if not runs[i].digits.startswith(("0", "62")) or len(runs[i].digits) == 6:
        return None
    for number in _joined(runs, i, " -"):
        last = number[-1]
        whole = not last.gap or last.gap not in " -"
        if whole and _PHONE.fullmatch(_digits(number)):
            return number
    return None


def _otp(low: str, runs: Sequence[_Run], i: int) -> list[_Run] | None:
    shaped = [
        number
        for number in _joined(runs, i, " -")
        if tuple(len(r.digits) for r in number) in _OTP_SHAPES
    ]
    if not shaped:
        return None
    number = shaped[-1]
    dated = _DATE_BEFORE.search(low[max(0, runs[i].start - 14) : runs[i].start])
    return None if dated or _UNIT.match(low, number[-1].end) else number


def _passports(low: str) -> Iterator[Found]:
    for m in _CONTEXT.finditer(low):
        if m.lastgroup == "passport" and (value := _PASSPORT.match(low, m.end())):
            yield Found(value.start("value"), value.end("value"), "passport")


def find(text: str, expected: str | None) -> list[Found]:
    """The secrets made of digits. ``expected`` is the check rule of the field being asked."""
    low = flat(text)
    runs = _runs(low)
    if not runs:
        return []
    contexts, found, taken = _Contexts(low, runs), list(_passports(low)), 0
    for i, run in enumerate(runs):
        if run.start < taken:
            continue
        context = contexts.before(run.start)
        hit = _identity(runs, i, context, expected)
        if hit is None and contexts.otp_near(run, context):
            if phone := _phone(low, runs, i):
                taken = phone[-1].end
            elif number := _otp(low, runs, i):
                hit = number, "otp"
        if hit is not None:
            taken = hit[0][-1].end
            found.append(Found(hit[0][0].start, taken, hit[1]))
    return found
