"""Users' texts made fit to be shown on one line."""

from __future__ import annotations

import unicodedata


def clip(text: str, longest: int) -> str:
    """One line of at most ``longest`` columns, without control characters."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    flat = " ".join(plain.split())
    if columns(flat) <= longest:
        return flat
    kept, taken = 0, 1
    while taken + columns(flat[kept]) <= longest:
        taken += columns(flat[kept])
        kept += 1
    return flat[:kept].rstrip() + "…"


def columns(text: str) -> int:
    """How wide a text is, in columns of a terminal: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
