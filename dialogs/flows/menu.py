"""The menu, and what belongs to no other flow: greeting, help, privacy."""

from __future__ import annotations

from dataclasses import replace

from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import form
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State
from dialogs.turn import Settle

ASK = Choice(
    "ask", "Ajukan pertanyaan", words=("tanya", "bertanya", "pertanyaan", "mau tanya", "ajukan")
)
TICKET = Choice(
    "ticket",
    "Buat tiket",
    ("open_ticket",),
    ("tiket baru", "lapor", "buat laporan", "isi formulir", "buatkan tiket", "bikin tiket"),
)
STATUS = Choice("status", "Cek tiket", ("ticket_status",), ("status tiket", "cek status"))
PERSON = Choice(
    "person",
    "Petugas",
    ("request_human",),
    ("bicara petugas", "bicara dengan petugas", "orang", "manusia", "operator", "cs"),
)
PRIVACY = Choice("privacy", "Privasi", words=("data pribadi", "kebijakan privasi"))
MENU = Choice("menu", "Menu", ("cancel", "back"), ("menu utama", "kembali", "batal"))
RESUME = Choice("resume", "Lanjutkan isian", words=("lanjut", "lanjutkan", "teruskan"))


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """The menu; at ``ask`` an open question, at ``rest`` nothing but a closing word."""
    if state.at == "rest":
        return Reply("")
    choices: tuple[Choice, ...] = (TICKET, STATUS, PERSON)
    if state.at != "ask":
        choices = (ASK, *choices)
    if form.worth_keeping(state.draft):
        choices = (RESUME, *choices)
    return Reply(desk.texts.render("menu", at=state.at, office=desk.office), choices)


def hear(m: Moment) -> Move | None:
    """ "Mau tanya" typed rather than tapped: the question itself is surely on its way."""
    if m.chosen != "ask":
        return None
    settle = Settle.NOW if m.heard.tap else Settle.FRAGMENT
    return replace(m.go("menu", "ask"), settle=settle)


def home(m: Moment, *say: str) -> Move:
    """The menu; a form being filled waits aside and is named there."""
    if m.state.flow == "consultation" and form.worth_keeping(m.state.draft):
        say = (*say, m.text("draft_kept"))
    return m.go("menu", "", *say)


def rest(m: Moment, *say: str) -> Move:
    """A last word without a question."""
    return m.go("menu", "rest", *say)


def back(m: Moment) -> Move:
    return home(m)


def cancel(m: Moment) -> Move:
    """batal outside the form: whatever stood there is dropped, nothing was sent."""
    busy = m.state.flow not in ("menu", "faq")
    if not busy and m.facts.queue is not None and m.facts.queue.here:
        return rest(m, m.text("cancelled_waiting", queue=m.facts.queue))
    return m.go("menu", "", m.text("cancelled", busy=busy), words="")


def again(m: Moment) -> Move:
    """Back to the question that stands; where none does, to the menu."""
    if m.state.flow == "menu" and m.state.at == "rest":
        return home(m)
    return m.stay()


def aside(m: Moment, *say: str) -> Move:
    """Say something in between and put the standing question again."""
    move = again(m)
    return replace(move, say=(*say, *move.say))
