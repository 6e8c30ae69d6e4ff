"""The words of follow-ups to a ready answer: that it failed, how long, what it costs, which
documents, whom to turn to. All are looked for in folded text (``choosing.plain``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from dialogs.choosing import words
from dialogs.words import FUNCTION, GREETINGS, HONORIFICS, POLITE, PRONOUNS, QUESTIONS

Kind = Literal["unclear", "fails", "who", "documents", "cost", "time", "on", "else"]

_DONE = r"(?:sudah|udah|udh|sdh|dah|uda|habis|abis|telah)"
_TRIED = (
    r"(?:(?:di|men)?coba\w*|nyoba\w*|(?:di)?ikut\w*|(?:di)?lakukan|lakuin|(?:di)?kerja\w*"
    r"|(?:di|nge)?cek|(?:di)?lihat|(?:di)?reset|(?:di)?ulang|(?:di)?ganti|restart|nunggu|tunggu)"
)
_STILL = r"(?:tetap|tetep|ttp|masih|msh|msih)"
_NOT = r"(?:tidak|tdk|ga|gak|gk|g|ngga|nggak|tak)"
_BAD = (
    r"(?:gagal|ggl|error|eror|erorr|belum|blm|belom|sama (?:aja|saja)|macet|ditolak|gabisa"
    r"|down|lemot|lelet|loading|blank|hang|kosong"
    rf"|{_NOT} ?(?:bisa|bs|berhasil|mau|masuk|mempan|muncul|nemu|ada))"
)
_TAIL = r"(?: (?:juga|jg|min|kak|pak|bu|mas|mbak|terus|trs|semua|lagi|nih|ya|dong))*"
_FAILS = (
    rf"\b{_DONE}\b.{{0,40}}\b{_TRIED}\b.{{0,60}}\b{_BAD}\b"
    rf"|\b{_TRIED}\b.{{0,30}}\b(?:tapi|tp|malah|{_STILL})\b.{{0,30}}\b{_BAD}\b"
    rf"|\b{_STILL}\b.{{0,20}}\b(?:{_BAD}|begitu|gitu|sama)\b"
    rf"|^(?:\w+ ){{0,2}}{_BAD}{_TAIL}$|^{_STILL}{_TAIL}$"
)
_TIME = (
    r"\b(?:berapa|brp|brapa) (?:lama|hari|jam|menit|minggu)\b"
    rf"|\blama (?:{_NOT}|kah|ya|banget)\b|^(?:prosesnya )?lama(?:nya)?{_TAIL}$"
    r"|\b(?:kapan|kpn) (?:\w+ )?(?:selesai|jadi|beres|aktif|kelar|bisa|dapat)\w*\b"
)
_COST = r"\b(?:bayar\w*|berbayar|dibayar|biaya\w*|gratis|tarif\w*|ongkos\w*|pungutan)\b"
_PAPERS = r"(?:dokumen|berkas|syarat|persyaratan|lampiran|data|file)(?:nya|ny)?"
_BRING = r"(?:di)?(?:bawa|siapkan|siapin|perlu(?:kan)?|butuh(?:kan|in)?|lampirkan)"
_DOCUMENTS = (
    rf"\b{_PAPERS}\b.{{0,20}}\b(?:apa|apaan|apasaja|mana|lengkap)\b"
    rf"|\bapa (?:(?:saja|aja|sih) )?{_PAPERS}\b|\b{_BRING} apa\b"
    rf"|\bapa (?:saja|aja) (?:yang|yg) (?:harus |perlu |mesti )?{_BRING}\b"
)
_ASK = (
    r"(?:lapor\w*|melapor|(?:di|meng)?hubungi\w*|(?:me)?ngadu|mengadu|tanya\w*|kontak|telepon"
    r"|telpon|minta\w*|(?:me)?ngurus\w*|urus\w*|konfirmasi)"
)
_WHOM = r"(?:ke mana|kemana|kmn|ke siapa|kesiapa|siapa|sapa|dimana|di mana|dmn|ke bagian)"
_WHO = (
    rf"\b(?:ke|kepada|kpd|sama|dengan|dgn) (?:siapa|sapa|mana|bagian)\b.{{0,30}}\b{_ASK}\b"
    rf"|\b{_ASK}\b.{{0,12}}\b{_WHOM}\b"
    r"|\b(?:siapa|sapa) (?:yang|yg) (?:memutuskan|mutusin|\w*urus|\w*tangani|berwenang|bisa"
    r"|harus|berhak|tanggung)\w*\b"
    rf"|^(?:terus |trus |lalu )?(?:ke|kepada|sama) (?:siapa|sapa|mana){_TAIL}$"
)
_AND_THEN = r"(?:terus|trus|trs|lalu|habis itu|abis itu|setelah itu|stlh itu|selanjutnya)"
_ON = (
    rf"^(?:(?:ok|oke|{_DONE}) )?(?:{_AND_THEN}|langkah selanjutnya|langkah berikutnya|berikutnya)"
    rf"(?: (?:apa|gimana|gmn|gmana|bagaimana|ngapain|apalagi|apa lagi))?{_TAIL}$"
)
_ELSE = (
    rf"^(?:(?:{_AND_THEN}|nah|tapi|tp|gimana|gmn|bagaimana|min|kak|oke|ok) ){{0,3}}"
    r"(?:kalau|kalo|klo|kl|klu|jika|jk|bila|misal|misalnya|seandainya|andai)\b"
)
_UNCLEAR = (
    rf"\b(?:bingung|mudeng|{_NOT} (?:ngerti|mengerti|paham|jelas|mudeng|membantu|ngebantu)"
    r"|(?:belum|blm|kurang) (?:jelas|paham|ngerti|mengerti|membantu|ngeh))\b"
)
PATTERNS: Mapping[Kind, re.Pattern[str]] = {
    "unclear": re.compile(_UNCLEAR),
    "fails": re.compile(_FAILS),
    "who": re.compile(_WHO),
    "documents": re.compile(_DOCUMENTS),
    "cost": re.compile(_COST),
    "time": re.compile(_TIME),
    "on": re.compile(_ON),
    "else": re.compile(_ELSE),
}
_TALK = FUNCTION | GREETINGS | HONORIFICS | POLITE | PRONOUNS | QUESTIONS
BARE = _TALK | words(
    """
    proses prosesnya urus ngurus mengurus urusan caranya cara langkah langkahnya petunjuk coba
    dicoba nyoba cobain mencoba ikuti ikutin diikuti lakukan dilakukan gagal error eror berhasil
    masuk tetep tetap sama aja lama hari jam menit kapan selesai jadi beres bayar berbayar dibayar
    biaya biayanya gratis tarif dokumen dokumennya berkas berkasnya syarat syaratnya persyaratan
    persyaratannya lampiran data datanya file filenya lengkap bawa dibawa siapkan disiapkan siapin
    perlu diperlukan butuh dibutuhkan lapor melapor laporan hubungi menghubungi kontak siapa orang
    pihak bagian minta memutuskan berwenang menangani malah bisa gabisa nunggu tunggu kira kira2
    maksimal semuanya khusus buat kan berlaku pengguna akun akunnya user jenis kesana kesitu
    bingung mudeng ngerti mengerti paham jelas kurang membantu banget bangat nih oh oke makasih
    """
)
"""Words that name no topic of their own beside a follow-up."""
_FOR_WHOM = BARE | words("penyedia vendor rekanan ppk pokja pp pa kpa auditor admin agency bukan")
_REFERS = re.compile(
    rf"^(?:(?:{_AND_THEN}|nah|oh|eh|tapi|tp|maaf|min|kak) )*"
    r"(?:kalau|kalo|klo|kl|klu|jika|bila|untuk|utk|bukan|khusus|saya|sy|aku)\b"
)


_DETAIL = re.compile(
    r"^(?:boleh|bolehkah|bisa|bisakah|apa|apakah|harus|haruskah|perlu|wajib|mesti|kenapa|di|ke)\b"
    rf"|\b(?:{_NOT}|kah|atau|apa)\b|\?$"
)
_DETAIL_WORDS = 7


def detail(said: str, asked: bool) -> bool:
    """Whether a folded text reads like a question about what was just said; ``asked``: it had a
    question mark."""
    few = 1 < len(said.split()) <= _DETAIL_WORDS
    return few and (asked or _DETAIL.search(said) is not None)


def bare(said: str) -> bool:
    """Whether a folded text names no topic of its own."""
    return all(word in BARE or word.removesuffix("nya") in BARE for word in said.split())


def for_whom(said: str) -> bool:
    """Whether a folded text only names another kind of user ("kalau untuk PPK gimana")."""
    return _FOR_WHOM.issuperset(said.split()) and _REFERS.match(said) is not None


def kind_of(said: str) -> Kind | None:
    """Which follow-up a folded text is; None where it is none."""
    return next((kind for kind, pattern in PATTERNS.items() if pattern.search(said)), None)
