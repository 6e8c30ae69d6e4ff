"""What a topic's ``required_data`` mean in a chat: what can be asked and written here, what is
to be prepared, and what never belongs into a chat (KTP, NIK, passwords)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dialogs.answers import Answer
from dialogs.checks import Checked, check
from dialogs.words import is_ordinary
from nlu.understanding import Understanding

MOST_ASKED = 3
OFFICIAL = "siapkan; tunjukkan lewat jalur resmi kantor"
_LONGEST = 200
_SECRET = re.compile(r"(?i)\b(?:password|kata sandi|sandi|otp|pin|token|kode qr|passphrase)\b")
_PERSONAL = re.compile(r"(?i)\b(?:ktp|nik|sim|paspor|kk|kartu keluarga|identitas)\b")
_DOCUMENT = re.compile(
    r"(?i)\b(?:surat|sk|scan|salinan|fotokopi|dokumen|akta|sertifikat|izin|nib|siup|siujk|bukti|nota"
    r"|tangkapan|formulir|stempel|jaminan|perjanjian|kuitansi|foto|pdf|dasar|kbli)\b"
)
# The form asks for these anyway, or nobody can write them down.
_ELSEWHERE = re.compile(
    r"(?i)^(?:nama(?: lengkap)?|nama (?:perusahaan|instansi|penyedia)\b.*|alamat|jabatan|nip"
    r"|nama dan nip.*|(?:nomor )?(?:telepon|hp|wa)\b.*|jenis pengguna|jenis instansi|kontak\b.*"
    r"|uraian\b.*|perangkat dan\b.*|skor\b.*|saran\b.*|data yang\b.*|jadwal yang\b.*)$"
)
_CLOCK = re.compile(
    r"(?i)\b(?:(?:sejak|mulai|tadi|sekitar|kira2?|kemarin|hari ini)\s+)*(?:jam|pukul|pkl)\.?\s*"
    r"\d{1,2}(?:[.:]\d{2})?(?:\s*(?:wib|wita|wit|pagi|siang|sore|malam))?"
)
_CLOSES = re.compile(
    r"(?i)tutup|batas|deadline|sampai|sebelum|lambat|berakhir|habis|terakhir|besok|lusa|lagi"
)
_BROWSER = re.compile(r"(?i)\b(?:chrome|firefox|mozilla|edge|safari|opera|brave)\b(?:\s*\d{1,3})?")
_APENDO = re.compile(r"(?i)\bapendo\s*v?(\d+(?:\.\d+){0,3}\w?)")
_SIZE = re.compile(r"(?i)\b\d{1,4}(?:[.,]\d{1,2})?\s?(?:kb|mb|gb)\b")
_YEAR = re.compile(r"\b20[2-3]\d\b")
_BEFORE_ID = re.compile(
    r"(?i)^(?:(?:user ?(?:id|name)|id|nya|saya|kami|adalah|yaitu|itu|ini|ya|min|kak|akun|pakai"
    r"|pake)[\s:=,]+)+"
)
_CODE = re.compile(r"\d{4,12}")

Finder = Callable[[str, Understanding], str | None]


@dataclass(frozen=True, slots=True)
class Datum:
    """How a kind of datum is told by its label, recognised in a text, checked and shown.
    ``key`` is the entity's name where the parse finds it."""

    key: str
    label: re.Pattern[str]
    find: Finder
    check: str = "text"
    example: str = ""


def _entity(name: str) -> Finder:
    return lambda _, understanding: understanding.first(name)


def _words(pattern: re.Pattern[str]) -> Finder:
    def find(text: str, _: Understanding) -> str | None:
        found = pattern.search(text)
        return found[found.lastindex or 0].strip() if found else None

    return find


def _moment(text: str, _: Understanding) -> str | None:
    """When it happened; the hour at which something closes is no such time."""
    for found in _CLOCK.finditer(text):
        around = text[max(0, found.start() - 25) : found.end() + 20]
        if not _CLOSES.search(around):
            return found[0].strip()
    return None


def _nothing(_: str, __: Understanding) -> str | None:
    return None


def _kind(
    key: str, label: str, find: Finder | None = None, check: str = "text", example: str = ""
) -> Datum:
    return Datum(key, re.compile(label, re.IGNORECASE), find or _entity(key), check, example)


DATA: tuple[Datum, ...] = (
    _kind("user_id", r"\buser ?id\b", check="id", example="majujaya01"),
    _kind("kode_tender", r"\bkode (?:tender|paket|lelang|rup)\b", check="code", example="10023456"),
    _kind("email", r"\be-?mail\b", check="email", example="kantor@majujaya.co.id"),
    _kind("npwp", r"^npwp(?: (?:perusahaan|penyedia|16 digit))?$", check="npwp"),
    _kind("ticket_number", r"\bnomor tiket\b"),
    _kind("time", r"\b(?:jam|waktu|pukul)\b", _moment, example="tadi sekitar 09.30"),
    _kind("browser", r"\bbrowser\b", _words(_BROWSER), example="Chrome"),
    _kind("error_code", r"\b(?:kode|pesan) error\b"),
    _kind("version", r"\bversi apendo\b", _words(_APENDO), example="4.1.1"),
    _kind("size", r"\bukuran\b", _words(_SIZE), example="12 MB"),
    _kind("year", r"\btahun\b", _words(_YEAR)),
    _kind("url", r"\b(?:alamat laman|alamat lpse|nama lpse|url)\b"),
    _kind("region", r"\blpse\b"),
)
_OTHER = Datum("", re.compile(""), _nothing)
# Entities kept from what was said anywhere before the form.
_IN_WORDS = ("time", "browser", "version", "size", "year")
REMEMBERED = tuple(d.key for d in DATA if d.key not in _IN_WORDS)


def told_in_chat(answer: Answer) -> tuple[str, ...]:
    """What of a topic's data is asked one by one, the most telling first."""
    labels = [label for label in answer.required_data if _askable(label)]
    if any(_datum(label).key == "kode_tender" for label in labels):
        labels = [label for label in labels if label.casefold() != "nama paket"]
    return tuple(labels[:MOST_ASKED])


def prepared(answer: Answer) -> tuple[str, ...]:
    """What is to be prepared, as users read it; identity papers never as a chat upload."""
    return tuple(
        _official(label)
        for label in answer.required_data
        if not _SECRET.search(_bare(label)) and (_PERSONAL.search(label) or _DOCUMENT.search(label))
    )


def found(label: str, text: str, understanding: Understanding) -> str | None:
    """The datum in what was said already, None if it is not there."""
    datum = _datum(label)
    value = datum.find(text, understanding)
    return checked(label, value).value if value else None


def remembered(label: str, heard: Mapping[str, str]) -> str | None:
    """The datum among the entities that were kept, or among the form's answers."""
    key = _datum(label).key
    return heard.get(key_of(key)) or heard.get(key)


def key_of(entity: str) -> str:
    """Where ``State.heard`` keeps an entity; a form field's key cannot begin like this."""
    return f"_e_{entity}"


def kept(understanding: Understanding) -> dict[str, str]:
    """The entities of a text that a form may need later."""
    values = ((name, understanding.first(name)) for name in REMEMBERED)
    return {key_of(name): value for name, value in values if value}


def check_of(label: str) -> str:
    """The check rule of a datum (for the mask: an NPWP that was asked for is no NIK)."""
    return _datum(label).check


def key_or_check(label: str) -> str:
    """``user_id``, or the check rule: what a longer text can hardly be."""
    datum = _datum(label)
    return datum.key if datum.key == "user_id" else datum.check


def alone(label: str, labels: Iterable[str]) -> bool:
    """Whether no other of the labels is of the same kind ("email lama", "email baru")."""
    datum = _datum(label)
    return datum is _OTHER or sum(_datum(other) is datum for other in labels) == 1


def example_of(label: str) -> str:
    return _datum(label).example


def checked(label: str, said: str) -> Checked:
    """Whether a text answers the question for a datum."""
    rule = _datum(label).check
    text = " ".join(said.split())
    if rule in ("email", "npwp"):
        return check(rule, text)
    if len(text) > _LONGEST:
        return Checked(None, "text_too_long")
    if rule == "id":
        left = [word for word in _BEFORE_ID.sub("", text).split() if word]
        known = bool(left) and (len(left) == 1 or not is_ordinary(left[0]))
        return Checked(left[0].strip(".,;")) if known else Checked(None, "id_is_talk")
    if rule == "code":
        code = _CODE.search(re.sub(r"(?<=\d)[ .](?=\d{3})", "", text))
        return Checked(code[0]) if code else Checked(None, "code_no_digits")
    return Checked(text) if text else Checked(None, "empty")


def _askable(label: str) -> bool:
    bare = _bare(label)
    return not any(p.search(bare) for p in (_SECRET, _PERSONAL, _DOCUMENT, _ELSEWHERE))


def _official(label: str) -> str:
    """A document's label; an identity paper with the word on where it is shown."""
    if _PERSONAL.search(label) and not re.search(r"(?i)siapkan|jalur resmi|laman resmi", label):
        return f"{_bare(label)} ({OFFICIAL})"
    return label


def _bare(label: str) -> str:
    """A label without what stands in brackets behind it."""
    return re.sub(r"\s*\([^)]*\)", "", label).strip() or label


def _datum(label: str) -> Datum:
    return next((d for d in DATA if d.label.search(_bare(label))), _OTHER)
