"""Petugas: the user wants a person. A number and the hours, never a promised connection."""

from __future__ import annotations

from dataclasses import replace

from dialogs.choosing import plain
from dialogs.commands import CallHuman
from dialogs.move import Moment, Move
from dialogs.state import Draft

_REASON_LENGTH = 1000
_WAITING = ("consultation", "feedback", "erasure")  # their question is put again


def call(m: Moment) -> Move:
    """Record the wish. A form or another open question stays where it is."""
    draft = m.state.draft if m.state.flow == "consultation" else None
    command = CallHuman(_reason(m, draft))
    if m.state.flow not in _WAITING:
        return replace(m.go("menu", "rest"), commands=(command,), silent=True)
    return m.stay(m.text("human_in_between", form=draft is not None), commands=(command,))


def _reason(m: Moment, draft: Draft | None) -> str:
    """What it is about, as far as the user said: their own words, the newest last."""
    told = [part.text for part in (draft.parts if draft else m.state.problem)]
    now = m.heard.text.strip()
    if len(plain(now).split()) > 2 and m.chosen is None and now not in told:
        told.append(now)
    return "\n".join(told)[-_REASON_LENGTH:]
