"""Hapus data saya: a personal-data request (UU 27/2022). Nothing is deleted here."""

from __future__ import annotations

from dataclasses import replace

from dialogs.commands import OpenPersonalDataRequest
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State

_YES = Choice("file", "Ya, ajukan", ("affirm",), ("ya", "iya", "ajukan", "lanjut", "oke", "ok"))
_NO = Choice("leave", "Tidak jadi", ("deny", "cancel"), ("tidak", "batal", "jangan"))


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    return Reply(desk.texts.render("erasure", office=desk.office), (_YES, _NO, menu.PRIVACY))


def start(m: Moment) -> Move:
    return m.go("erasure", "confirm", words=m.heard.text.strip() if m.chosen is None else "")


def hear(m: Moment) -> Move | None:
    if m.chosen == "file":
        move = m.go("menu", "rest", words="")
        command = OpenPersonalDataRequest(m.state.words or m.text("erasure_request"))
        return replace(move, commands=(command,), silent=True)
    if m.chosen == "leave":
        return menu.home(m.with_state(words=""), m.text("erasure_dropped"))
    return None
