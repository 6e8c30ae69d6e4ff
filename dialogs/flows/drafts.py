"""A form that waits: put aside by the user, or left alone for a day."""

from __future__ import annotations

from dataclasses import replace

from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import consultation, form, menu
from dialogs.flows.consultation_problem import with_part
from dialogs.heard import Heard
from dialogs.move import Anew, Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Part, State

_RESUME = replace(menu.RESUME, label="Lanjutkan", intents=("affirm",), words=("lanjut", "ya"))
_RESTART = Choice("restart", "Mulai baru", (), ("baru", "ulang", "mulai ulang", "isi baru"))
_STOP = Choice("stop", "Berhenti dulu", ("affirm",), ("berhenti", "ya", "iya", "stop", "batal"))
_GO_ON = Choice("go_on", "Lanjut mengisi", ("deny",), ("lanjut", "tidak", "lanjutkan", "isi"))
_DROP = Choice("drop", "Hapus isian", (), ("hapus", "buang", "hapus saja"))


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``aside`` right after batal, ``offer`` when it is taken up again, ``leave`` where the user
    seems to want something else."""
    if state.at == "leave":
        return Reply(desk.texts.render("draft_leave", office=desk.office), (_STOP, _GO_ON))
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
    if m.chosen == "stop":
        return _stopped(m)
    if m.chosen == "go_on":
        return _going_on(m)
    if m.chosen is None and m.state.at == "offer":
        return consultation.taken_up(m)
    return None


def _stopped(m: Moment) -> Move:
    """The form waits aside, and what was wanted instead is thought about."""
    words, kept = m.state.words, form.worth_keeping(m.state.draft)
    state = replace(m.state, flow="menu", at="rest", words="", offered=())
    say = (m.text("draft_kept"),) if kept else ()
    heard = Heard(words, m.desk.understand(words), message_id=m.heard.message_id)
    anew = Anew(heard, (Part(m.heard.message_id, words),), plain=True)
    return Move(state if kept else replace(state, draft=None), say, anew=anew)


def _going_on(m: Moment) -> Move:
    """Then the words were the answer, or part of the problem."""
    draft, words = m.state.draft, m.state.words
    if draft is None:
        return menu.home(m)
    if draft.asking == form.PROBLEM and words:
        draft = with_part(m, draft, words)
    return form.place(m.with_state(words=""), draft)


def start_form(m: Moment) -> Move:
    """The user wants a ticket: a form that waits is offered before a new one. What they
    said with it belongs to the problem."""
    m = m.with_state(problem=(*m.state.problem, *m.parts))
    if form.worth_keeping(m.state.draft):
        return m.go("drafts", "offer")
    return consultation.begin(m)
