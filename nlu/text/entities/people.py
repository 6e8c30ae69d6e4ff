"""What kind of user the writer is: a key of ``user_types`` in the office's configuration."""

from __future__ import annotations

import re

from nlu.text.entities.finder import named
from nlu.understanding import Entity

_I = (
    r"(?:saya|sy|aku|kami|kita|selaku|sebagai|sbg|akun|user)(?:\s(?:ini|dari|dr|adalah|seorang|cuma"
    r"|hanya|sebagai|selaku|sbg|di)){0,2}\s"
)
USER_TYPES: dict[str, str] = {
    "pa_kpa": rf"pa\s?/\s?kpa|kpa|{_I}pa(?!\s(?:nya|pt|cv))|(?:kuasa\s)?pengguna\sanggaran",
    "ppk": r"ppk|ppkom|pejabat\spembuat\skomitmen",
    "pp": r"pp(?!\s?(?:no|nomor|\d))|pejabat\spengadaan",
    "pokja": r"pokja(?:\spemilihan|mil)?|pokmil|panitia(?:\slelang|\stender|\spengadaan)?"
    r"|kelompok\skerja",
    "auditor": r"auditor|inspektorat|apip|bpkp|pemeriksa\sinternal",
    "admin": r"admin\s?(?:agency|ppe|lpse|agensi)"
    rf"|{_I}admin(?!\s(?:pt|cv|perusahaan|penyedia|kantor|tender|gudang))",
    "masyarakat": r"masyarakat(?:\sumum)?|warga|lsm|wartawan|mahasiswa|jurnalis|media\smassa",
    "penyedia": r"penyedia|rekanan|vendor|kontraktor|pemborong|suppl?ier"
    r"|(?:saya|kami|perwakilan|mewakili|direktur|direksi|staf|staff)\s(?:ini\s)?(?:dari\s|dr\s|di\s)?"
    r"(?:cv|pt|ud)(?=[\s.])",
}
_PATTERN, _KIND = named(USER_TYPES)
_NAMED = re.compile(_PATTERN, re.IGNORECASE)
_ALONE = re.compile(r"\s*pa\s*[.!]?\s*$", re.IGNORECASE)
# What stands before the word when the writer speaks of himself, and when of somebody else.
_SELF = re.compile(
    r"(?:\b(?:saya|sy|aku|ak|gue|gw|kami|kita|selaku|sebagai|sbg|seorang|posisi|perwakilan|mewakili)"
    r"|^\W{0,5}(?:(?:min|admin|kak|pak|bu|mas|mbak|halo|hallo|permisi|selamat|pagi|siang|sore|malam"
    r"|izin|maaf|punten|dengan)\W{1,3}){0,5}(?:dari|dr|ini))\s{1,2}"
    r"(?:(?:dari|dr|adalah|ini|cuma|hanya|sebagai|selaku|sbg|seorang|tim|anggota|ketua|staf|di|juga)"
    r"\s{1,2}){0,3}$",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"^(?:saya|sy|aku|kami|kita|selaku|sebagai|sbg|perwakilan|mewakili|direktur|direksi|staf)", re.I
)
_OTHER = re.compile(
    r"\b(?:ke|kpd|kepada|oleh|olh|sama|kata|menurut|hubungi|menghubungi|dengan|dgn|tanya|lapor|minta"
    r"|bukan|bkn|bkan|tunggu|nunggu|telp|telepon|chat|via|lewat|antara|para|semua|jumlah|undang"
    r"|mengundang|pilih|cari)\s{1,2}(?:(?:para|bapak|ibu|pak|bu|tim|pihak|si)\s{1,2})?$",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"^\s{1,2}(?:bilang|blg|ngomong|minta|menolak|nolak|suruh|nyuruh|jawab|malah|katanya|tdk\smau"
    r"|tidak\smau|gak\smau|ga\smau|belum\sjawab|belum\sbalas|lain|pemenang)\b",
    re.IGNORECASE,
)
_LOOK = 40
"""Letters looked at before the word."""


def find(text: str) -> list[Entity]:
    """The kinds of user a text names: only the writer's own if he says it, else those
    that are not plainly others ("tanya ke pokja")."""
    if _ALONE.match(text):
        start = text.lower().index("pa")
        return [Entity("user_type", "pa_kpa", start, start + 2)]
    own: list[Entity] = []
    mentioned: list[Entity] = []
    for match in _NAMED.finditer(text):
        found = Entity("user_type", _KIND(match), match.start(), match.end())
        if _INSIDE.match(match[0]) or _is_own(match):
            own.append(found)
        elif not _SAYS.match(text[match.end() :][:16]) and not _OTHER.search(_lead(match)):
            mentioned.append(found)
    return own or mentioned


def _is_own(match: re.Match[str]) -> bool:
    return _SELF.search(_lead(match)) is not None


def _lead(match: re.Match[str]) -> str:
    """What stands before the word; a letter stands for what is further away."""
    text, start = match.string, match.start()
    return text[:start] if start <= _LOOK else "x" + text[start - _LOOK : start]
