"""Cek tiket: where the user's own tickets stand, and their words about one of them.

An unknown number and somebody else's get the same answer, since only own tickets are
among the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from rapidfuzz.distance import OSA

from dialogs import offers
from dialogs.commands import NoteOnTicket, SendFiles
from dialogs.desk import Desk
from dialogs.facts import DataFact, Facts, TicketFact
from dialogs.flows import menu
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import State
from dialogs.texts import clip

Event = Literal["resolved", "not_resolved", "addition"]
EVENTS: dict[str, Event] = {
    "resolved": "resolved",
    "not_resolved": "not_resolved",
    "addition": "addition",
}
CLOSED = "ditutup"
_MOST_LISTED = 5
_NEAR = 2
_STILL_TALKING = timedelta(minutes=15)
_TELLING = 3  # words from which a text tells something
_RESOLVED = Choice("resolved", "Sudah beres", ("resolved",), ("sudah selesai", "beres", "sudah"))
_NOT_RESOLVED = Choice(
    "not_resolved", "Belum beres", ("not_resolved",), ("belum", "belum selesai", "masih")
)
_CONFIRM = tuple(
    replace(choice, label=label)
    for choice, label in ((_RESOLVED, "Sudah"), (_NOT_RESOLVED, "Belum"))
)
_ADD = Choice("addition", "Tambah keterangan", (), ("tambah", "tambahan", "keterangan"))
_FILES = Choice("files", "Lihat berkas", (), ("berkas", "lihat file", "kirim berkasnya"))
_OTHER = Choice("other", "Nomor lain", (), ("lain", "yang lain", "bukan itu"))


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``list``, ``number``, ``shown:<number>``, ``near:<number>,...``, ``which:<event>``,
    ``add:<number>``."""
    at, _, rest = state.at.partition(":")
    tickets = _listed(facts.tickets)
    choices = {
        "list": (*map(_choice, tickets), _OTHER, menu.MENU),
        "number": (menu.TICKET, menu.PERSON, menu.MENU),
        "shown": (*_about(own(rest, facts), facts), menu.MENU),
        "near": (*map(_choice, _numbered(rest, facts)), _OTHER, menu.MENU),
        "which": (*map(_choice, tickets), _OTHER, menu.MENU),
        "add": (menu.MENU,),
    }
    if at not in choices:
        at = "number"
    text = desk.texts.render(
        "status_next",
        at=at,
        number=rest,
        ticket=own(rest, facts) if at == "shown" else None,
        tickets=tickets,
        facts=facts,
        office=desk.office,
    )
    return Reply(text, choices[at])


def hear(m: Moment) -> Move | None:
    """A ticket or an event was chosen, a number was typed, or more was told about a ticket."""
    at, _, rest = m.state.at.partition(":")
    if m.chosen == "files" and at == "shown":
        return replace(m.stay(), commands=(SendFiles(rest),), silent=True)
    if m.chosen in EVENTS and at == "shown":
        return _about_one(m, EVENTS[m.chosen], rest)
    if m.chosen == "other":
        return m.go("status", "number")
    if m.chosen and m.chosen.startswith("t:"):
        number = m.chosen.removeprefix("t:")
        return _note(m, EVENTS[rest], number) if at == "which" else show(m, number)
    if m.chosen:
        return None
    if at == "add" and (m.heard.text.strip() or m.heard.files):
        return _note(m.with_state(words=m.heard.text.strip()), "addition", rest)
    typed = spoken_number(m)
    return show(m, typed) if typed else None


def start(m: Moment) -> Move:
    """The user wants to know: by the number in the text, else from the list."""
    if number := spoken_number(m):
        return show(m, number)
    if not m.facts.tickets:
        return m.go("status", "number", m.text("status_none", facts=m.facts))
    if len(m.facts.tickets) == 1:
        return show(m, m.facts.tickets[0].number)
    return m.go("status", "list")


def show(m: Moment, typed: str) -> Move:
    """One ticket in plain words, or the same answer for unknown and for not one's own."""
    if found := own(typed, m.facts):
        return m.go("status", f"shown:{found.number}", words_of(m, found))
    if m.facts.waiting_number and _bare(typed) == _bare(m.facts.waiting_number):
        return m.go("status", "number", m.text("status_waiting", facts=m.facts))
    not_found = m.text("ticket_not_found", number=clip(typed.upper(), 40))
    if near := _near(typed, m.facts.tickets):
        return m.go("status", f"near:{','.join(t.number for t in near)}", not_found)
    return m.go("status", "number", not_found)


def words_of(m: Moment, ticket: TicketFact) -> str:
    """Where a ticket stands, who has it, and what is still waited for."""
    missing = [i for r in _asked(ticket, m.facts) for i in r.items if not i.got]
    return m.text("status_ticket", ticket=ticket, missing=missing, facts=m.facts)


def in_between(m: Moment) -> str:
    """The standing of the tickets in one text, for somebody who is busy with a form."""
    number = spoken_number(m)
    if number and (found := own(number, m.facts)):
        return words_of(m, found)
    if number:
        return m.text("ticket_not_found", number=clip(number.upper(), 40))
    tickets = _listed(m.facts.tickets)
    if not tickets:
        return m.text("status_none", facts=m.facts)
    return "\n\n".join(words_of(m, ticket) for ticket in tickets)


def note(m: Moment, event: Event) -> Move | None:
    """The user's words on the ticket they mean; asks which if there are several.
    None where there is no ticket they could mean."""
    m = m.with_state(words=m.heard.text.strip())
    if number := spoken_number(m):
        return _about_one(m, event, number)
    tickets = [t for t in m.facts.tickets if t.open or (event != "resolved" and t.may_reopen)]
    if not tickets and event != "resolved":
        tickets = list(m.facts.tickets)  # too late for all: the user is told so
    if not tickets:
        return None
    if len(tickets) == 1:
        return _note(m, event, tickets[0].number)
    return m.go("status", f"which:{event}")


def amend(m: Moment) -> Move | None:
    """An edited message of the form last sent goes to its ticket as a note."""
    if m.heard.edits not in m.state.sent or not m.facts.tickets:
        return None
    newest = max(m.facts.tickets, key=lambda ticket: ticket.opened_at)
    command = NoteOnTicket(newest.number, "edit", m.heard.text.strip())
    return replace(m.stay(), commands=(command,), silent=True)


def just_opened(m: Moment) -> TicketFact | None:
    """An own ticket so new that what is said now may well belong to it."""
    now = m.facts.now
    new = (t for t in m.facts.tickets if now - t.opened_at <= _STILL_TALKING and t.state != CLOSED)
    return max(new, key=lambda t: t.opened_at, default=None)


def more_words(m: Moment) -> Move | None:
    """What nothing else explains, said right after a ticket was made, is put on it."""
    ticket = None if m.plain else just_opened(m)
    if ticket is None or len(m.heard.text.split()) < _TELLING:
        return None
    return _note(m.with_state(words=m.heard.text.strip()), "addition", ticket.number)


def spoken_number(m: Moment) -> str | None:
    """The ticket number in the text. Where a number was asked for, digits will do."""
    if found := m.heard.understanding.first("ticket_number"):
        return found
    text = m.heard.text.strip()
    spoken = re.search(r"\b[A-Za-z]{2,10}[-/]\d{4}[-/ ]?\d{2,8}(?:[-/ ]?\w)?\b", text)
    if spoken:
        return spoken.group()
    asked = m.state.flow == "status" and m.state.at in ("number", "list")
    return text if asked and len(text.split()) <= 4 and re.search(r"\d{2}", text) else None


def _about_one(m: Moment, event: Event, number: str) -> Move:
    found = own(number, m.facts)
    if found is None:
        return show(m, number)
    if event == "addition":
        return m.go("status", f"add:{found.number}")
    return _note(m, event, found.number)


def _note(m: Moment, event: Event, number: str) -> Move:
    found = own(number, m.facts)
    if found is None:
        return show(m, number)
    files = (*m.state.files, *(file.attachment_id for file in m.heard.files))
    command = NoteOnTicket(found.number, event, m.state.words, tuple(dict.fromkeys(files)))
    move = m.go("menu", "rest", words="", files=())
    return replace(move, commands=(command,), silent=True)


def _bare(number: str) -> str:
    return re.sub(r"[\W_]", "", number).upper()


def own(number: str, facts: Facts) -> TicketFact | None:
    return next((t for t in facts.tickets if _bare(t.number) == _bare(number)), None)


def _near(typed: str, tickets: Iterable[TicketFact]) -> list[TicketFact]:
    """Own tickets a slip or two away, or whose running number was typed alone."""
    said = _bare(typed)
    near = [t for t in tickets if OSA.distance(said, _bare(t.number)) <= _NEAR]
    if said.isdecimal():
        near += [t for t in tickets if int(said) in _running_numbers(t) and t not in near]
    return near[:_MOST_LISTED]


def _running_numbers(ticket: TicketFact) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", ticket.number)[-2:]]


def _listed(tickets: tuple[TicketFact, ...]) -> list[TicketFact]:
    """Open ones first, the newest first."""
    newest = sorted(tickets, key=lambda t: t.opened_at, reverse=True)
    return sorted(newest, key=lambda t: t.state == CLOSED)[:_MOST_LISTED]


def _numbered(numbers: str, facts: Facts) -> list[TicketFact]:
    found = (own(number, facts) for number in numbers.split(","))
    return [ticket for ticket in found if ticket]


def _choice(ticket: TicketFact) -> Choice:
    return Choice(f"t:{ticket.number}", clip(ticket.number), (), (ticket.number,), ticket.subject)


def _about(ticket: TicketFact | None, facts: Facts) -> tuple[Choice, ...]:
    """What can be done about a ticket, as it stands."""
    if ticket is None:
        return ()
    files = (_FILES,) if ticket.files else ()
    if ticket.state == CLOSED:
        again = offers.reopen(ticket.number) if ticket.may_reopen else menu.TICKET
        return (again, *files)
    if ticket.state == "selesai":
        return (*_CONFIRM, _ADD, *files)
    full = (offers.full(request.id) for request in _asked(ticket, facts))
    return (*full, _RESOLVED, _NOT_RESOLVED, _ADD, *files)


def _asked(ticket: TicketFact, facts: Facts) -> list[DataFact]:
    """Open data requests about a ticket."""
    return [r for r in facts.data if r.number == ticket.number and not r.late]
