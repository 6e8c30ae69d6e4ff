"""What an account may hold: each function gives the value as it is kept, or raises ``Refused``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from handoff.refusal import Refused
from handoff.standing import ROLES

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_LONGEST_NAME = 60
_MOST_CHATS = 50


def tidy_login(login: str) -> str:
    """A login as it is kept."""
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise Refused(
            "Nama masuk terdiri dari 2 sampai 64 huruf kecil, angka, titik, garis, atau berupa "
            "alamat e-mail."
        )
    return login


def tidy_name(name: str) -> str:
    """The name users read."""
    name = "".join(c for c in " ".join(name.split()) if c.isprintable()).strip()
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Refused(f"Isi nama yang dibaca pengguna, paling panjang {_LONGEST_NAME} huruf.")
    return name


def tidy_roles(roles: Iterable[str]) -> str:
    """Role keys joined by spaces, in the order of the list."""
    given = set(roles)
    if not given or not given <= set(ROLES):
        raise Refused(f"Pilih sedikitnya satu peran: {', '.join(ROLES)}.")
    return " ".join(role for role in ROLES if role in given)


def tidy_limit(limit: int | None) -> int | None:
    """How many chats at once; None: the office's number."""
    if limit is not None and not 1 <= limit <= _MOST_CHATS:
        raise Refused(f"Batas obrolan adalah angka 1 sampai {_MOST_CHATS}, atau kosong.")
    return limit


def number_or_none(text: str) -> int | None:
    """A number from a form's field that may be empty."""
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        raise Refused(f"Batas obrolan adalah angka 1 sampai {_MOST_CHATS}, atau kosong.")
    return int(text)
