"""The port every NLU engine stands behind."""

from __future__ import annotations

from typing import Protocol

from nlu.understanding import Understanding


class Engine(Protocol):
    """Turns a text into an Understanding. Safe to call from several threads."""

    def parse(self, text: str) -> Understanding:
        """Never raises for any text; an empty one gives an empty Understanding."""
        ...
