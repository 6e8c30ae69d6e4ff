"""Masukan: a complaint, suggestion or praise about the service itself."""

from __future__ import annotations

from dataclasses import replace

from dialogs.choosing import plain
from dialogs.commands import OpenTicket
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import form, menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State

_SEND = Choice("send", "Kirim", ("affirm",), ("ya", "iya", "oke", "ok", "kirimkan", "benar"))
_REWRITE = Choice("rewrite", "Tulis ulang", (), ("ubah", "ganti", "ulang"))
_DROP = Choice("drop_words", "Batal", ("cancel", "deny"), ("tidak jadi", "tidak", "gak jadi"))
_WHOLE = 3  # words from which a text is the feedback itself, not the wish to give some


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``text`` asks for the words, ``confirm`` shows them."""
    confirm = state.at == "confirm" and bool(state.words)
    text = desk.texts.render(
        "feedback", confirm=confirm, words=state.words, files=len(state.files), office=desk.office
    )
    return Reply(text, (_SEND, _REWRITE, _DROP) if confirm else (_DROP,))


def start(m: Moment) -> Move:
    said = m.heard.text.strip()
    whole = m.chosen is None and len(plain(said).split()) >= _WHOLE
    return m.go("feedback", "confirm", words=said) if whole else m.go("feedback", "text", words="")


def hear(m: Moment) -> Move | None:
    """Words and files are gathered until the user sends or drops them."""
    if m.chosen == "send":
        return _send(m) if m.state.words else m.go("feedback", "text")
    if m.chosen == "rewrite":
        return m.go("feedback", "text", words="")
    if m.chosen == "drop_words":
        return menu.cancel(m)
    if m.chosen or not (m.heard.text.strip() or m.heard.files):
        return None
    words = "\n".join(filter(None, (m.state.words, m.heard.text.strip())))
    files = (*m.state.files, *(file.attachment_id for file in m.heard.files))
    return m.go("feedback", "confirm" if words else "text", words=words, files=files)


def _send(m: Moment) -> Move:
    known = {**(m.facts.identity or {}), **m.state.heard}
    command = OpenTicket(
        "masukan",
        m.state.words,
        answers=form.checked(known, m.desk.office.form),
        attachment_ids=m.state.files,
    )
    move = m.go("menu", "rest", words="", files=())
    return replace(move, commands=(command,), silent=True)
