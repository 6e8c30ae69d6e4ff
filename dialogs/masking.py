"""Hide secrets before anything is written (design invariant 7, decision 6.11).

Masked are passwords, one-time codes, NIK, passport and card numbers, each by the words
around it and never by its length alone; NPWP, NIB, kode tender and phones are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dialogs import checks, mask_numbers, mask_passwords
from dialogs.mask_numbers import Found
from dialogs.mask_shapes import MASKED, is_shaped
from dialogs.words import QUESTIONS, is_ordinary, word_set

PLACEHOLDERS = {
    "password": "[password disamarkan]",
    "otp": "[kode OTP disamarkan]",
    "nik": "[NIK disamarkan]",
    "passport": "[nomor paspor disamarkan]",
    "card": "[nomor kartu disamarkan]",
}
_MASKED_PART = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
_CONTROL = word_set(
    """
    batal cancel menu mulai start /start petugas operator cs admin manusia orang kembali balik
    bantuan help lanjut kirim ubah tiket status privasi terjawab selesai stop ya iya y ok oke sip
    tidak gak ga nggak enggak skip lewati belum sudah udah halo hai min kak terima makasih lupa
    """
)
_PASSES = 6


@dataclass(frozen=True, slots=True)
class Masked:
    """``text`` is safe to store. ``kinds`` (``password``, ``otp``, ``nik``, ``passport``,
    ``card``) are in order of appearance, each once. ``secrets`` stay in memory only.
    ``secret_follows``: the text announces a secret that the next message will hold."""

    text: str
    kinds: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    secret_follows: bool = False


def mask(text: str, *, after_secret_prompt: bool = False, expected: str | None = None) -> Masked:
    """Hide the secrets in a text, a caption or a file name.

    ``after_secret_prompt``: the message before announced a secret, so this one is hidden
    whole unless it is plainly talk. ``expected`` is the check rule of the form field being
    asked (``phone``, ``npwp``, ...): a value of that kind is kept. Masking twice changes
    nothing.
    """
    if after_secret_prompt and not _is_talk(text, expected):
        return Masked(PLACEHOLDERS["password"], ("password",), (text.strip(),))
    kinds: dict[str, None] = {}
    secrets: list[str] = []
    follows = False
    for _ in range(_PASSES):
        found, follows = _search(text, expected)
        if not found:
            break
        kinds.update(dict.fromkeys(f.kind for f in found))
        secrets += (text[f.start : f.end] for f in found)
        text = _replace(text, found)
    return Masked(text, tuple(kinds), tuple(secrets), follows)


def _search(text: str, expected: str | None) -> tuple[list[Found], bool]:
    hidden = _MASKED_PART.sub(lambda m: MASKED * len(m[0]), text)
    passwords = mask_passwords.find(hidden)
    numbers = mask_numbers.find(hidden, expected)
    return _apart([*numbers, *passwords.found]), passwords.secret_follows


def _apart(found: Iterable[Found]) -> list[Found]:
    """Overlapping finds become one, named after the first of them."""
    result: list[Found] = []
    for f in sorted(found, key=lambda f: f.start):
        if result and f.start < result[-1].end:
            last = result[-1]
            result[-1] = Found(last.start, max(last.end, f.end), last.kind)
        else:
            result.append(f)
    return result


def _replace(text: str, found: Iterable[Found]) -> str:
    parts, at = [], 0
    for f in found:
        parts += [text[at : f.start], PLACEHOLDERS[f.kind]]
        at = f.end
    return "".join([*parts, text[at:]])


def _is_talk(text: str, expected: str | None) -> bool:
    """Whether a message is plainly not the secret that was announced before it."""
    bare = text.strip()
    words = bare.split()
    if not words or len(bare) == 1 or _MASKED_PART.fullmatch(bare):
        return True
    if expected in ("phone", "email", "npwp") and checks.check(expected, bare).value:
        return True
    if len(words) == 1:
        return bare.casefold().strip(".,!?/") in _CONTROL
    if any(map(is_shaped, words[:40])):
        return False
    if bare.endswith("?") or words[0].casefold() in QUESTIONS:
        return True
    ordinary = sum(map(is_ordinary, words[:40]))
    return ordinary == len(words[:40]) or (len(words) >= 6 and ordinary >= 0.6 * len(words[:40]))
