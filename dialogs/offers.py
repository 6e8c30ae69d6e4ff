"""Choices of messages that come outside the user's turn: they name what they are about, so that
they work at any time (values beginning with ``@``; ``dialogs.routes``)."""

from __future__ import annotations

from dialogs.reply import Choice

FULL, NOT_FOR, YES, NO, RATE, REOPEN = "@full", "@notfor", "@yes", "@no", "@rate", "@reopen"
HERE = "@here"
NEW = "@new"
APART = "@apart"
READ = "@read"
"""What the button *Baca* of a template gives back: what waits for the user goes out."""
MOST_STARS = 5


def here(number: str) -> Choice:
    """*Saya di sini*, the answer to a call of the queue number ``number`` [001, 004]."""
    words = ("saya disini", "sy di sini", "sy disini", "di sini", "disini", "hadir", "ya saya")
    return Choice(f"{HERE}:{number}", "Saya di sini", (), words)


def full(request_id: int) -> Choice:
    """*Sudah lengkap*: nothing more comes for this data request."""
    words = ("lengkap", "sudah semua", "udah semua", "udah lengkap", "sdh lengkap", "itu saja")
    return Choice(f"{FULL}:{request_id}", "Sudah lengkap", (), words)


def not_for(number: str, first: int = 0) -> Choice:
    """*Bukan tiket ini*: what was just passed on leaves the ticket again. ``first`` is the
    row id of its first message, so that an older button takes nothing newer back."""
    words = ("bukan untuk tiket ini", "bukan untuk tiket itu", "salah tiket")
    value = f"{NOT_FOR}:{number}:{first}" if first else f"{NOT_FOR}:{number}"
    return Choice(value, "Bukan tiket ini", (), words)


def solved(number: str) -> tuple[Choice, ...]:
    """*Sudah* and *Belum*, the answers to "Apakah masalah sudah beres?" [003 step 16]."""
    yes = ("sudah beres", "udah", "udh", "sdh", "beres", "sudah selesai", "ya", "iya")
    no = ("belum beres", "blm", "blum", "belom", "tidak", "masih", "belum selesai")
    return (
        Choice(f"{YES}:{number}", "Sudah", ("resolved", "affirm"), yes),
        Choice(f"{NO}:{number}", "Belum", ("not_resolved", "deny"), no),
    )


def stars(number: str) -> tuple[Choice, ...]:
    """1 to 5; the number typed is the choice."""
    return tuple(Choice(f"{RATE}:{number}:{n}", str(n)) for n in range(1, MOST_STARS + 1))


def reopen(number: str) -> Choice:
    """*Buka lagi*: a closed ticket is opened again."""
    return Choice(f"{REOPEN}:{number}", "Buka lagi", (), ("buka kembali", "masih perlu", "buka"))


def apart(message_id: int) -> Choice:
    """*Tiket sendiri*: what this message told is no part of the form at hand."""
    words = ("tiket terpisah", "tiket lain", "beda tiket", "pisahkan tiketnya", "dipisah saja")
    return Choice(f"{APART}:{message_id}", "Tiket sendiri", (), words)


def new_ticket() -> Choice:
    """*Buat tiket*, where an old one cannot be opened again."""
    return Choice(NEW, "Buat tiket", (), ("tiket baru", "lapor"))
