"""Numbers and addresses: ticket, tender code, NPWP, telephone, e-mail, URL, user ID."""

from __future__ import annotations

import re

from nlu.text.entities.finder import CLOSING, DIGITS, after, as_typed, before, finder
from nlu.text.lexicon import FORMS, words
from nlu.text.normalize import KNOWN

_WORDS_BEFORE_A_CODE = (
    r"(?:kode|id|no|nomor|paket|tender|lelang|rup|npwp|nib|nik|hp|wa|telp|tlp|telepon|ktp|akun"
    r"|tahun|thn|tgl|tanggal|rp|error|eror)"
)
_TICKET = (
    rf"\b(?!{_WORDS_BEFORE_A_CODE}\b(?!-))([a-z]{{2,8}})[\s-]{{0,3}}(\d{{4}})[\s-]{{0,3}}(\d{{5}})"
    r"[\s-]{0,3}([a-z0-9])\b"
)
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}\b"
_HOST = r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,5}"
_URL = (
    r"\bhttps?://[^\s<>\"']{3,500}|(?<![\w.@-])www\.[^\s<>\"']{3,500}"
    rf"|{_HOST}(?:id|com|net|org|info|xyz|online)\b(?::\d{{2,5}})?(?:/[^\s<>\"']{{0,400}})?"
    rf"|{_HOST}(?:ly|me|co|io|app|gle|site|link)/[^\s<>\"']{{1,400}}"
)
_NPWP = (
    r"(?<![\d.])"
    r"(?:\d{2}[. ]\d{3}[. ]\d{3}[. ]\d(?: ?[-. ]? ?)\d{3}[. ]\d{3}"
    r"|\d{4}(?:[ .-]\d{4}){3}|\d{15,16})(?![\d])"
)
_PACKAGE = r"(?:non[\s-]?tender|tender|paket|lelang|rup|swakelola|pencatatan)"
_NOT_MONEY = r"(?!\s{0,2}(?:rupiah|juta|jt|ribu|rb|miliar|milyar|orang|,00|\.000))"
_TENDER = (
    rf"\b(?:kode|id|no|nomor)?\.?\s{{0,2}}{_PACKAGE}"
    r"(?:\s{0,2}nya)?(?:\s{1,2}(?:kode|id|no|nomor|nya|saya|kami|adalah|yg|yang|dengan|dgn)){0,4}"
    rf"\.?\s{{0,2}}[:=#(-]?\s{{0,2}}(?P<v>\d{{5,12}})\b{_NOT_MONEY}"
)
_TENDER_NEAR = (
    rf"\b(?:kode|sirup|{_PACKAGE})(?:nya)?\b(?P<gap>[^\d\n.!?;]{{1,40}}?)"
    rf"\b(?P<v>\d{{7,10}})\b{_NOT_MONEY}"
)
_TENDER_AFTER = (
    r"(?<![\d./+-])\b(?P<v>\d{7,10})\b[\s),:-]{1,3}\(?"
    r"(?:(?:itu|ini|adalah|sbg|sebagai|utk|untuk|kode|id|nomor|no|di)\s{1,2}){0,3}"
    rf"(?:sirup|{_PACKAGE})\b"
)
_PHONE = (
    r"(?<![\w.+])(?:(?:\+ ?62|0062|62)[ .-]?(?:\(0?\)[ .-]?)?|\(0\d{1,3}\)[ .-]?|0)\d{1,13}"
    r"(?:(?P<mark> - |[ .-])\d{2,9}(?:(?P=mark)\d{2,9}){0,4})?(?!\d)"
)
_PHONE_LABELLED = (
    r"\b(?:hp|wa|whatsapp|telp|tlp|telepon|telpon|kontak)(?:nya| saya| kami)?[ :.]{1,3}"
    r"(?P<v>8\d{8,11})(?!\d)"
)
_USER_ID_LABEL = (
    r"\b(?:user[\s-]?id|id\s?user|user\s?name|id\s(?:penyedia|login|pengguna|akun)|usr\s?id)"
    r"(?:\s{0,2}nya|\s{1,2}(?:saya|kami|kita|spse|penyedia|perusahaan|lama|baru|di)){0,3}"
)
_USER_ID_VALUE = r"[\"'“]?(?P<v>[a-z0-9][\w.@-]{2,39})"
_NO_CODE = re.compile(
    r"\b(?:hp|wa|telp|tlp|telepon|npwp|nib|nik|nip|rp|nilai|senilai|pagu|hps|harga|sebesar|seharga"
    r"|rekening|rek|tiket|satker|verifikasi|otp|aktivasi|keamanan|user|akun|pos|booking|error|eror)"
)
_LIKE_AN_ID = re.compile(
    r"\d{5,}|(?:pt|cv)[._-]?[a-z]{3,}|(?![a-z]+2(?:nya|an|in|kah)?$)(?=.*[\d_])(?=.*[a-z])[\w.@-]+",
    re.IGNORECASE,
)
_NO_IDS = words(
    "apa sama bisa dan atau dipakai terdaftar ditolak hilang kosong salah dengan yang untuk milik"
    " perusahaan bermasalah tidak sudah belum kok nya saya kami tolong mohon tsb tersebut itu ini"
)


def _ticket(match: re.Match[str]) -> str:
    return "-".join(match.groups()).upper()


def _address(match: re.Match[str]) -> str:
    typed = match[0].rstrip(CLOSING)
    return typed if "(" in typed else typed.rstrip(")" + CLOSING)


def _digits(typed: str) -> str:
    return re.sub(r"\D", "", typed)


def _npwp(match: re.Match[str]) -> str | None:
    """16 bare digits are a NIK or a card as well: only after the word, or as a firm's
    (a zero before the 15 digits of old; PMK 112/2022)."""
    digits = _digits(match[0])
    typical = "." in match[0] or len(digits) == 15 or digits.startswith("0")
    return digits if typical or "npwp" in before(match, 40) else None


def _tender_near(match: re.Match[str]) -> str | None:
    code = match["v"]
    is_other = _NO_CODE.search(match["gap"].lower()) or code.startswith("08")
    return None if is_other else code


def _tender_after(match: re.Match[str]) -> str | None:
    is_other = _NO_CODE.search(before(match, 16)) or match["v"].startswith("08")
    return None if is_other else match["v"]


def _phone(match: re.Match[str]) -> str | None:
    return _number(match[0])


def _phone_labelled(match: re.Match[str]) -> str | None:
    return _number(f"0{match['v']}")


def _number(typed: str) -> str | None:
    """E.164, None where it is no valid number of Indonesia (phonenumbers, loaded at need)."""
    import phonenumbers

    try:
        number = phonenumbers.parse(_international(typed), "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _international(typed: str) -> str:
    digits = _digits(typed)
    return f"+{digits.removeprefix('00')}" if re.match(r"\D*(?:00)?62", typed) else digits


def _user_id(match: re.Match[str]) -> str | None:
    """After ":" or "adalah" any name that is not simply a word ("user id: lupa")."""
    typed = as_typed(match)
    low = typed.lower()
    return None if low in FORMS or low in KNOWN or low in _NO_IDS else typed


def _user_id_alone(match: re.Match[str]) -> str | None:
    """Straight after the label only what looks like a name made up for an account."""
    typed = _user_id(match)
    return typed if typed and _LIKE_AN_ID.fullmatch(typed) and after(match, 1) != "@" else None


EMAIL = finder("email", _EMAIL, lambda match: match[0].lower(), ("@",))
URL = finder("url", _URL, _address, (".", "://"))
TICKET = finder("ticket_number", _TICKET, _ticket, DIGITS)
NPWP = finder("npwp", _NPWP, _npwp, DIGITS)
TENDER = (
    finder("kode_tender", _TENDER, as_typed, DIGITS),
    finder("kode_tender", _TENDER_NEAR, _tender_near, DIGITS),
    finder("kode_tender", _TENDER_AFTER, _tender_after, DIGITS),
)
PHONE = (
    finder("phone", _PHONE, _phone, DIGITS),
    finder("phone", _PHONE_LABELLED, _phone_labelled, DIGITS),
)
USER_ID = (
    finder(
        "user_id",
        rf"{_USER_ID_LABEL}(?:\s{{0,2}}[:=]|\s{{1,2}}(?:adalah|yaitu|ialah))\s{{0,2}}{_USER_ID_VALUE}",
        _user_id,
        ("user", "usr", "id"),
    ),
    finder(
        "user_id",
        rf"(?:{_USER_ID_LABEL}|\buser(?:\s{{0,2}}nya|\s{{1,2}}(?:saya|kami)))\s{{1,2}}{_USER_ID_VALUE}",
        _user_id_alone,
        ("user", "usr", "id"),
    ),
)
