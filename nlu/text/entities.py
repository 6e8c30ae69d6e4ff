"""Finds values in a text by their form: numbers, addresses, names of applications, times.

Offsets are those of the text as given. Where two forms overlap the earlier line of
``FINDERS`` wins, so that a ticket number is not also a telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from nlu.understanding import Entity

LONGEST = 4000
"""Characters searched."""
_CLOSING = ".,;:!?"
_WORDS_BEFORE_A_CODE = (
    r"(?:kode|id|no|nomor|paket|tender|lelang|rup|npwp|nib|nik|hp|wa|telp|tlp|telepon|ktp|akun"
    r"|tahun|thn|tgl|tanggal|rp|error|eror)"
)
_TICKET = (
    rf"\b(?!{_WORDS_BEFORE_A_CODE}\b(?!-))([a-z]{{2,8}})[\s-]{{0,3}}(\d{{4}})[\s-]{{0,3}}(\d{{5}})"
    r"[\s-]{0,3}([a-z0-9])\b"
)
_TENDER = (
    r"\b(?:kode|id|no|nomor)?\.?\s{0,2}(?:non[\s-]?tender|tender|paket|lelang|rup)"
    r"(?:\s{1,2}(?:kode|id|no|nomor|nya|saya|kami|adalah))?\.?\s{0,2}[:=#(-]?\s{0,2}(\d{5,12})\b"
)
_NPWP = (
    r"(?<![\d.])"
    r"(?:\d{2}\.\d{3}\.\d{3}\.\d[-.]?\d{3}\.\d{3}|\d{4}(?:[ .]\d{4}){3}|\d{15,16})(?!\d)"
)
_PHONE = r"(?<![\w.+])(?:\+\s?62|0062|62|\(?0)[\d\s().-]{7,18}\d(?![\d])"
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}\b"
_URL = (
    r"\bhttps?://[^\s<>\"']{3,500}|(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,5}"
    r"(?:id|com|net|org|info)\b(?:/[^\s<>\"']{0,400})?"
)
_USER_ID = (
    r"\b(?:user\s?id|id\s?user|userid|username)(?:\s{1,2}(?:saya|kami|nya|spse))?"
    r"(?:\s{0,2}[:=]|\s{1,2}adalah|\s{1,2}yaitu)\s{0,2}([a-z0-9_.@-]{3,40})"
)
_HOUR = r"(?:jam|pukul|pkl)\.?\s{0,2}\d{1,2}(?:[.:]\d{2})?(?:\s(?:pagi|siang|sore|malam|wi[bt]a?))?"
_DAY = (
    r"(?:besok(?:\s(?:pagi|siang|sore|malam))?|bsk|lusa|hari ini|malam ini|sore ini|siang ini"
    r"|nanti (?:pagi|siang|sore|malam)|minggu depan|(?:senin|selasa|rabu|kamis|jumat|jum'at|sabtu)"
    r"\s(?:depan|besok|ini))"
)
_UNTIL = (
    r"(?:sampai|sebelum|maksimal|maks|paling lambat|paling lama|deadline"
    r"|batas(?:nya| waktu(?:nya)?)?|tutup(?:nya)?|ditutup|berakhir|terakhir|nanti)"
)
_DEADLINE = (
    rf"\b(?:{_DAY}(?:\s{{1,2}}{_HOUR})?|{_UNTIL}\s{{1,2}}(?:di\s|pada\s|hari\s)?{_HOUR}"
    r"|(?:tinggal\s|sisa\s|kurang\s)?(?:\d{1,3}|satu|dua|tiga|empat|lima|setengah|beberapa)"
    r"\s{0,2}(?:jam|menit|mnt|hari)\s(?:lagi|lg))\b"
)
_ERROR = (
    r"\b(?:error|eror|err|http|kode error|error code)\s{0,2}(?:kode|code|no)?\s{0,2}[:#=]?\s{0,2}"
    r"([a-z]{0,6}[-_]?\d{2,5})\b"
    r"|(?<![\d.,/:-])\b(40[0-589]|413|429|50[0-4])\b"
    r"(?![.,/:-]\d)(?!\s{0,2}(?:ribu|rb|juta|jt|mb|kb|gb|m\b|orang|paket|halaman|rupiah))"
)

APPLICATIONS: dict[str, str] = {
    "SPSE Authenticator": r"spse authenticator|authenticator",
    "LPSE Support": r"lpse[\s-]?support",
    "SPSE": r"spse|e[\s-]?proc(?:urement)?",
    "SIKaP": r"sikap(?!\s(?:petugas|pelayanan|admin|pegawai|yang|ramah|kasar|panitia|pokja))",
    "SiRUP": r"si[\s-]?rup",
    "e-Katalog": r"e?[\s-]?katalog|e[\s-]?catalogu?e?",
    "e-Kontrak": r"e[\s-]?kontrak",
    "e-Audit": r"e[\s-]?audit",
    "Apendo": r"app?endo",
    "Spamkodok": r"spam[\s-]?kodok",
    "INAPROC": r"ina[\s-]?pro[ck]",
    "Toko Daring": r"toko\s?daring",
    "OSS": r"oss",
    "Privy": r"privy(?:id)?",
}
USER_TYPES: dict[str, str] = {
    "pa_kpa": r"pa\s?/\s?kpa|kpa|(?:saya|selaku|sebagai|akun|user)\s(?:seorang\s)?pa"
    r"|(?:kuasa\s)?pengguna anggaran",
    "ppk": r"ppk|pejabat pembuat komitmen",
    "pp": r"pp|pejabat pengadaan",
    "pokja": r"pokja(?:\spemilihan)?|panitia(?:\slelang|\stender)?",
    "auditor": r"auditor|inspektorat|apip",
    "admin": r"admin\s?(?:agency|ppe|lpse|agensi)",
    "masyarakat": r"masyarakat(?:\sumum)?|warga|lsm|wartawan|mahasiswa",
    "penyedia": r"penyedia|rekanan|vendor|kontraktor",
}


@dataclass(frozen=True, slots=True)
class Finder:
    """A form and what its normalised value is; no value, no entity."""

    entity: str
    pattern: re.Pattern[str]
    value: Callable[[re.Match[str]], str | None]


def find_entities(text: str) -> tuple[Entity, ...]:
    """All entities of a text in the order they stand in; never two over the same letters."""
    text = text[:LONGEST]
    found: list[Entity] = []
    for finder in FINDERS:
        for match in finder.pattern.finditer(text):
            start, end = _span(match)
            if any(start < other.end and other.start < end for other in found):
                continue
            value = finder.value(match)
            if value:
                found.append(Entity(finder.entity, value, start, end))
    return tuple(sorted(found, key=lambda entity: entity.start))


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Where the value stands: the only group if there is one, without closing punctuation."""
    group = 1 if match.re.groups == 1 else 0
    start = match.start(group)
    return start, start + len(match[group].rstrip(_CLOSING))


def _ticket(match: re.Match[str]) -> str:
    return "-".join(match.groups()).upper()


def _as_typed(match: re.Match[str]) -> str:
    return " ".join((match[1] if match.re.groups else match[0]).split())


def _address(match: re.Match[str]) -> str:
    return match[0].rstrip(_CLOSING)


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", match[0])


def _error_code(match: re.Match[str]) -> str:
    return (match[1] or match[2]).upper()


def _phone(match: re.Match[str]) -> str | None:
    """E.164, None where it is no valid number of Indonesia (phonenumbers, loaded at need)."""
    import phonenumbers

    try:
        number = phonenumbers.parse(_international(match[0]), "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _international(typed: str) -> str:
    digits = re.sub(r"\D", "", typed)
    return f"+{digits.removeprefix('00')}" if re.match(r"\D*(?:00)?62", typed) else digits


def _named(names: dict[str, str]) -> tuple[re.Pattern[str], Callable[[re.Match[str]], str]]:
    """One pattern over all names, and the name that a match belongs to."""
    keys = list(names)
    joined = "|".join(f"(?P<n{i}>{names[key]})" for i, key in enumerate(keys))

    def name(match: re.Match[str]) -> str:
        return keys[int(str(match.lastgroup)[1:])]

    return re.compile(rf"(?<![\w@.])(?:{joined})(?:nya)?(?!\w)", re.IGNORECASE), name


def _finder(entity: str, pattern: str, value: Callable[[re.Match[str]], str | None]) -> Finder:
    return Finder(entity, re.compile(pattern, re.IGNORECASE), value)


FINDERS: tuple[Finder, ...] = (
    _finder("email", _EMAIL, lambda match: match[0].lower()),
    _finder("url", _URL, _address),
    _finder("kode_tender", _TENDER, _as_typed),
    _finder("ticket_number", _TICKET, _ticket),
    _finder("npwp", _NPWP, _digits),
    _finder("phone", _PHONE, _phone),
    _finder("user_id", _USER_ID, _as_typed),
    _finder("error_code", _ERROR, _error_code),
    _finder("deadline", _DEADLINE, _as_typed),
    Finder("application", *_named(APPLICATIONS)),
    Finder("user_type", *_named(USER_TYPES)),
)
