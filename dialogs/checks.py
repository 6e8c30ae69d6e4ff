"""Is this an answer to the question? One rule a kind of form field (SOP 001, section A).

A polite wrapper is taken off first: "nama saya Budi" answers as well as "Budi".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat
from stdnum.id import npwp as stdnum_npwp

from dialogs.mask_numbers import is_nik
from dialogs.words import NAMES_TOO, QUESTIONS, is_ordinary

_REGION = "ID"
_WRAPPERS = 5
_NAME_LONGEST, _TEXT_LONGEST, _ADDRESS_LONGEST = 100, 200, 300


@dataclass(frozen=True, slots=True)
class Checked:
    """Either ``value``, clean and ready to store, or ``problem``, a code of ``PROBLEMS``."""

    value: str | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    check: Callable[[str], Checked]
    wrapper: re.Pattern[str]
    problems: tuple[str, ...]


_MASKED = re.compile(r"\[(?:password|kode OTP|NIK|nomor paspor|nomor kartu) disamarkan\]")
_LINK = re.compile(r"https?://|www\.|\w\.(?:com|go\.id|co\.id|net|org)\b", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+'-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,5}"
    r"[A-Za-z]{2,24}(?![\w@-])",
    re.ASCII,
)
_DIGITS = re.compile(r"(?:\+|\()?\d[\d ().\-‐-–]*")
_UNREADABLE = {
    NumberParseException.TOO_LONG: "phone_too_long",
    NumberParseException.TOO_SHORT_NSN: "phone_too_short",
    NumberParseException.TOO_SHORT_AFTER_IDD: "phone_too_short",
    NumberParseException.NOT_A_NUMBER: "phone_too_short",
}
_NPWP = re.compile(r"\d[\d .\-]*")
_ORGANISATION = re.compile(
    r"(?:\s*[,/(-]\s*|\s+)(?:(?:dari|dr)\s+.*|(?:cv|pt|ud|dinas|badan|kantor|rsud|pokja|ppk)\b.*)$",
    re.IGNORECASE,
)
_PARTICLES = re.compile(
    r"(?:[\s,]+(?:dr|dari|dri|drh?i|dgn|dengan|sbg|sebagai|selaku|dan|yg|yang|di|mau|ini|nih))+[\s.,]*$",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:(?:bapak|bpk|pak|ibu|bu|sdr|sdri|mas|mbak|mba)\.?\s+)+", re.IGNORECASE)
_OWN = r"(?:nya|\s+(?:saya|sy|aku|kami|lengkap|perusahaan|instansi|kantor|usaha|pt|cv)){0,3}"
_IS = r"(?:\s*[:=]\s*|\s+(?:adalah|adl|yaitu|itu|di|ialah)\s+|\s+)"
_NAME_WRAPPER = re.compile(
    r"(?:(?:halo|hai|ok|oke|baik|ya|perkenalkan|kenalkan|izin)[\s,.]+){0,3}"
    rf"(?:(?:nama|nm){_OWN}{_IS}|(?:dengan|dgn)\s+(?:saya\s+)?|ini\s+(?:dengan\s+|saya\s+)?"
    r"|(?:saya|sy|aku)\s+(?:adalah\s+|bernama\s+)?)",
    re.IGNORECASE,
)
_TEXT_WRAPPER = re.compile(
    r"(?:(?:saya|kami|sy|ini)\s+)?(?:(?:dari|dr|perwakilan|mewakili|bekerja di|kerja di)\s+"
    rf"|(?:nama\s+)?(?:instansi|perusahaan|kantor){_OWN}{_IS}(?:dari\s+)?)",
    re.IGNORECASE,
)
_ADDRESS_WRAPPER = re.compile(
    rf"(?:alamat|almt|lokasi){_OWN}{_IS}(?:di\s+)?|(?:kantor{_OWN}\s+)?(?:di|ber?alamat di)\s+",
    re.IGNORECASE,
)
_NO_WRAPPER = re.compile(r"(?!)")
_TRAILING = re.compile(
    r"[\s,.]{1,4}(?:ya\s)?(?:min|admin|kak|pak|bu|bapak|ibu|mas|mbak|ya|di ?sini)[.!]{0,3}$",
    re.IGNORECASE,
)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _name(text: str) -> Checked:
    text = _TITLE.sub("", _ORGANISATION.sub("", text), count=1).strip(" ,;:-")
    text = _PARTICLES.sub("", text)
    words = text.split()
    if words and len(words[-1]) > 4 and "." not in words[-1][:-1]:
        text = text.rstrip(".")
    letters = sum(map(str.isalpha, text))
    if _LINK.search(text) or "@" in text:
        return Checked(None, "name_is_link")
    if text.endswith("?") or (words and words[0].casefold() in QUESTIONS):
        return Checked(None, "name_is_question")
    if sum(map(str.isdigit, text)) > letters:
        return Checked(None, "name_is_number")
    if letters < 2:
        return Checked(None, "name_too_short")
    if len(text) > _NAME_LONGEST:
        return Checked(None, "name_too_long")
    if text.startswith("/") or _is_talk(words):
        return Checked(None, "name_is_question")
    return Checked(text.title() if text == text.lower() else text)


def _is_talk(words: list[str]) -> bool:
    """Whether the words are a command or a complaint rather than a name."""
    ordinary = sum(map(is_ordinary, words))
    if len(words) == 1 and words[0].casefold() in NAMES_TOO:
        return False
    return ordinary == len(words) or (len(words) > 3 and ordinary > len(words) / 2)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVASIONS = _words(
    """
    nanti aja saja dulu besok lusa minggu depan tidak ga gak nggak ngga enggak tdk gk ada punya
    tahu tau gatau gaada gapunya belum blm rahasia lupa kosong nihil entah males malas skip lewat
    ya min kak pak bu deh dong lah saya sy lanjut lanjutkan next ok oke baik siap maaf
    """
)
# The beginning of an answer, sent too soon.
_NOTHING_SAID = _words("dari dr di yang yg dan saya sy kami ini itu dengan dgn nama pt cv")


def _text(text: str) -> Checked:
    if sum(map(str.isalnum, text)) < 2 or text.casefold() in _NOTHING_SAID or _evades(text):
        return Checked(None, "text_too_short")
    return Checked(None, "text_too_long") if len(text) > _TEXT_LONGEST else Checked(text)


def _evades(text: str) -> bool:
    """No answer but the wish not to give one: "nanti saja", "ga punya", "minggu depan"."""
    said = "".join(c for c in text.casefold() if c.isalnum() or c.isspace()).split()
    return bool(said) and len(said) <= 4 and _EVASIONS.issuperset(said)


def _address(text: str) -> Checked:
    if len(text) < 5 or _evades(text):
        return Checked(None, "address_too_short")
    if sum(map(str.isalpha, text)) < 3:
        return Checked(None, "address_no_words")
    return Checked(None, "address_too_long") if len(text) > _ADDRESS_LONGEST else Checked(text)


def _phone(text: str) -> Checked:
    candidates = [m[0] for m in _DIGITS.finditer(text) if sum(map(str.isdigit, m[0])) >= 3]
    if not candidates:
        return Checked(None, "phone_no_digits")
    problems = []
    for candidate in candidates[:5]:
        checked = _one_phone(candidate)
        if checked.value:
            return checked
        problems.append(checked)
    return max(zip(map(len, candidates), range(-5, 0), problems, strict=False))[2]


def _one_phone(text: str) -> Checked:
    digits = "".join(c for c in text if c.isdigit())
    international = text.startswith("+") or digits.startswith("00")
    try:
        number = phonenumbers.parse(
            "+" + digits.removeprefix("00") if international else digits, _REGION
        )
    except NumberParseException as error:
        return Checked(None, _UNREADABLE.get(error.error_type, "phone_invalid"))
    if phonenumbers.is_valid_number(number):
        return Checked(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    if number.country_code != 62:
        return Checked(None, "phone_invalid")
    local = digits.removeprefix("00").removeprefix("62").removeprefix("0")
    if len(local) < (9 if local.startswith("8") else 7):
        return Checked(None, "phone_too_short")
    return Checked(None, "phone_too_long" if len(local) > 12 else "phone_invalid")


def _email(text: str) -> Checked:
    if "@" not in text:
        return Checked(None, "email_no_at")
    m = _EMAIL.search(text)
    if m is None or ".." in m[0]:
        return Checked(None, "email_invalid")
    local, _, domain = m[0].rpartition("@")
    return Checked(f"{local}@{domain.lower()}")


def _npwp(text: str) -> Checked:
    candidates = [re.sub(r"\D", "", m[0]) for m in _NPWP.finditer(text)]
    number = max(candidates, key=len, default="")
    if not number:
        return Checked(None, "npwp_no_digits")
    if len(number) not in (15, 16):
        return Checked(None, "npwp_length")
    if not (stdnum_npwp.is_valid(number) or is_nik(number)):
        return Checked(None, "npwp_invalid")
    return Checked(stdnum_npwp.format(number) if len(number) == 15 else number)


TABLE: Mapping[str, _Rule] = MappingProxyType(
    {
        "name": _Rule(
            _name,
            _NAME_WRAPPER,
            (
                "name_too_short",
                "name_too_long",
                "name_is_number",
                "name_is_link",
                "name_is_question",
            ),
        ),
        "text": _Rule(_text, _TEXT_WRAPPER, ("text_too_short", "text_too_long")),
        "address": _Rule(
            _address,
            _ADDRESS_WRAPPER,
            ("address_too_short", "address_no_words", "address_too_long"),
        ),
        "phone": _Rule(
            _phone,
            _NO_WRAPPER,
            ("phone_no_digits", "phone_too_short", "phone_too_long", "phone_invalid"),
        ),
        "email": _Rule(_email, _NO_WRAPPER, ("email_no_at", "email_invalid")),
        "npwp": _Rule(_npwp, _NO_WRAPPER, ("npwp_no_digits", "npwp_length", "npwp_invalid")),
    }
)
PROBLEMS: tuple[str, ...] = (
    "empty",
    "masked",
    *(problem for rule in TABLE.values() for problem in rule.problems),
)


def check(rule: str, text: str) -> Checked:
    """The clean value of an answer, or what is wrong with it.

    A phone becomes E.164, an NPWP of 15 digits its printed form (one of 16 stays plain
    digits), a name in small letters gets capitals. Raises KeyError for an unknown rule.
    """
    chosen = TABLE[rule]
    result = _once(chosen, text)
    for _ in range(_WRAPPERS):
        if result.value is None:
            return result
        again = _once(chosen, result.value)
        if again == result:
            return result
        result = again
    return Checked(None, "empty")


def _once(rule: _Rule, text: str) -> Checked:
    """One wrapper less; what is still wrapped is checked again ("nama saya: nama Budi")."""
    text = _tidy(text)
    if _MASKED.search(text):
        return Checked(None, "masked")
    wrapped = rule.wrapper.match(text)
    inner = _TRAILING.sub("", text[wrapped.end() :] if wrapped else text)
    if not inner.strip(" .,;:!?-"):
        return Checked(None, "empty")
    return rule.check(inner)


def display_phone(e164: str) -> str:
    """A stored number as people write it here: 0812-3456-7890; one from abroad with its +.
    What is not a phone number comes back unchanged."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    home = number.country_code == 62
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)
