"""Passwords of agents: hashed with argon2, compared in the same time whoever asks."""

from __future__ import annotations

import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
_TELLING = "abcdefghijklmnopqrstuvwxyz 01234567890 09876543210 qwertyuiop asdfghjkl zxcvbnm"


class Passwords:
    """``hasher`` has the cost; the default is the library's, after RFC 9106. Slow on purpose:
    call it in a worker thread."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        return self._hasher.hash(_same(password))

    def matches(self, kept: str | None, given: str) -> bool:
        """Whether this is the password. Where there is none to compare with, as much time is
        spent on another one, so that the answer's time tells nothing."""
        nobody = self._nobody
        try:
            return self._hasher.verify(kept or nobody, _same(given)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_stale(self, kept: str) -> bool:
        """Whether it was hashed at another cost than today's."""
        return self._hasher.check_needs_rehash(kept)


def problem(password: str, login: str) -> str | None:
    """The sentence that says why a password cannot be chosen; None if it can."""
    if len(password) < SHORTEST:
        return f"Kata sandi minimal {SHORTEST} karakter."
    if len(password) > LONGEST:
        return f"Kata sandi maksimal {LONGEST} karakter."
    plain = password.strip().lower()
    if login and (plain in (login, login.partition("@")[0]) or plain == login * 2):
        return "Kata sandi tidak boleh sama dengan nama masuk."
    if len(set(plain)) < 4 or any(plain in row for row in _TELLING.split()):
        return "Kata sandi ini terlalu mudah ditebak. Pakai beberapa kata yang tidak berurutan."
    return None


def _same(password: str) -> str:
    """One password typed on two keyboards is the same bytes; half an emoji has none."""
    typed = password[:LONGEST].encode(errors="replace").decode()
    return unicodedata.normalize("NFC", typed)
