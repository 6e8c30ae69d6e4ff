"""A form that waits: put aside by the user, or left alone for a day."""

from __future__ import annotations

from dataclasses import replace

from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import consultation, form, menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State

_RESUME = replace(menu.RESUME, label="Lanjutkan", intents=("affirm",), words=("lanjut", "ya"))
_RESTART = Choice("restart", "Mulai baru", (), ("baru", "ulang", "mulai ulang", "isi baru"))
_DROP = Choice("drop", "Hapus isian", (), ("hapus", "buang", "hapus saja"))


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``aside`` right after batal, ``offer`` when it is taken up again."""
    if not form.worth_keeping(state.draft):
        return menu.ask(replace(state, flow="menu", at=""), facts, desk)
    aside = state.at == "aside"
    choices = (_RESUME, _DROP, menu.MENU) if aside else (_RESUME, _RESTART, _DROP)
    text = desk.texts.render("draft_next", aside=aside, draft=state.draft, office=desk.office)
    return Reply(text, choices)


def hear(m: Moment) -> Move | None:
    """Also hears these choices where another flow offered them."""
    if m.chosen == "resume":
        return consultation.resume(m)
    if m.chosen == "restart":
        return consultation.begin(m.with_state(draft=None))
    if m.chosen == "drop":
        return menu.home(m.with_state(draft=None), m.text("draft_dropped"))
    if m.chosen is None and m.state.at == "offer":
        return consultation.taken_up(m)
    return None


def start_form(m: Moment) -> Move:
    """The user wants a ticket: a form that waits is offered before a new one. What they
    said with it belongs to the problem."""
    m = m.with_state(problem=(*m.state.problem, *m.parts))
    if form.worth_keeping(m.state.draft):
        return m.go("drafts", "offer")
    return consultation.begin(m)
