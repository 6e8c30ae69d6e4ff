"""Data requests: what the user sends for one, in any order and over several messages
[002 step 4]. Also what comes after its time was over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dialogs import offers
from dialogs.choosing import plain
from dialogs.commands import FinishData, GiveData, Piece, SortData
from dialogs.facts import DataFact, ItemFact
from dialogs.flows import data_items as items
from dialogs.flows import faq, menu, status
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.state import Part, Passed
from dialogs.turn import Settle
from dialogs.words import GREETINGS, HONORIFICS, QUESTIONS

_LONGEST_ID = 15  # digits of a request's id; what has more was never sent by us
# What is no data, however short: courtesies, and wishes about the conversation.
_ACTS = (
    "greet", "goodbye", "thanks", "affirm", "deny", "help", "bot_challenge", "request_human",
    "open_ticket", "ticket_status", "cancel", "back", "erase_my_data", "submit_feedback",
)  # fmt: skip


def hear(m: Moment) -> Move | None:
    """Free text or files while ``facts.data`` has requests; None: not for one."""
    request = _meant(m)
    if request is None:
        return _which(m)
    text = m.heard.text.strip()
    if not m.heard.files and not request.late:
        if items.says_done(text):
            return _silently(m, FinishData(request.id))
        if (item := _sorts(m, request)) is not None:
            return _silently(m, SortData(request.id, item.id))
        if (promised := _noted(m, request)) is not None:
            return promised
    if not m.heard.files and not _is_data(m, request):
        return None
    return _given(m, request)


def full(m: Moment) -> Move:
    """*Sudah lengkap* was chosen; its value ends in the request's id."""
    said = (m.chosen or "").partition(":")[2]
    if not said.isdecimal() or len(said) > _LONGEST_ID:
        return menu.aside(m, m.text("old_button"))
    return _silently(m, FinishData(int(said)))


def missing(request: DataFact) -> list[ItemFact]:
    """What has not come yet."""
    return [item for item in request.items if not item.got]


def _silently(m: Moment, command: FinishData | GiveData | SortData, **changes: object) -> Move:
    """Whatever question stands stays good: this came in between."""
    m = m.with_state(**changes)
    return replace(m.stay(commands=(command,)), silent=True)


def _meant(m: Moment) -> DataFact | None:
    """The request that this is for; None where it is for none, or where nobody can tell."""
    requests = [r for r in m.facts.data if not r.late]
    number = m.facts.about or _own_number(m)
    if number is not None:
        return next((r for r in m.facts.data if r.number == number), None)
    if len(requests) == 1:
        return requests[0]
    named = [r for r in requests or m.facts.data if _named(m, r.items)]
    if len(named) == 1:
        return named[0]
    late = [r for r in m.facts.data if r.late]
    return late[0] if not requests and len(late) == 1 and m.heard.files else None


def _which(m: Moment) -> Move | None:
    """Several requests are open and it can be for any of them: asked, and kept meanwhile."""
    requests = [r for r in m.facts.data if not r.late]
    if len(requests) < 2 or m.facts.about or _own_number(m):
        return None
    if not m.heard.files and not any(_is_data(m, request) for request in requests):
        return None
    files = tuple(file.attachment_id for file in m.heard.files)
    parts = m.parts or (Part(m.heard.message_id, ""),)
    kept = Passed("", m.facts.now.timestamp(), parts, files)
    return m.go("passing", f"which:{','.join(r.number for r in requests)}", passed=kept)


def _own_number(m: Moment) -> str | None:
    """A ticket's number in the text, where it is one of the user's own."""
    spoken = status.spoken_number(m)
    found = status.own(spoken, m.facts) if spoken else None
    return found.number if found else None


def _named(m: Moment, asked: Sequence[ItemFact]) -> bool:
    said = (m.heard.text, *(file.name for file in m.heard.files))
    return any(items.by_words(text, asked) for text in said)


def _noted(m: Moment, request: DataFact) -> Move | None:
    """ "Ok, bentar ya min", a thumb: nothing came, and what is waited for is said again."""
    said = plain(m.heard.text).split()
    hello = bool(said) and GREETINGS.union(HONORIFICS).issuperset(said)
    if hello or m.facts.unspoken:
        return None
    if "?" in m.heard.text or not items.SOON.issuperset(said):
        return None
    return reminder(m, request)


def reminder(m: Moment, request: DataFact) -> Move:
    """What is still waited for, said again."""
    text = m.text("data_soon", number=request.number, missing=missing(request), due=request.due_at)
    choices = (offers.full(request.id),)
    m = m.with_state(asked=choices, asked_last=True)
    return replace(m.stay(), replies=(Reply(text, choices),), silent=True)


def beside(m: Moment, number: str) -> tuple[GiveData, ...]:
    """What a line of a live chat brings for the open request about its ticket: files, and texts
    that name what was asked for. Nothing is said about it: a person has the chat."""
    request = next((r for r in m.facts.data if r.number == number and not r.late), None)
    text = m.heard.text.strip()
    if request is None:
        return ()
    if not (m.heard.files or items.numbered(text, request.items) or _named(m, request.items)):
        return ()
    return (GiveData(request.id, tuple(_pieces(m, request))),)


def claims(m: Moment, number: str) -> bool:
    """Whether a request about another ticket than ``number`` is plainly meant: by the name of
    what it asks for, or as the word that it is all."""
    others = [r for r in m.facts.data if not r.late and r.number != number]
    done = not m.heard.files and items.says_done(m.heard.text.strip())
    return any(done or _named(m, request.items) for request in others)


def _sorts(m: Moment, request: DataFact) -> ItemFact | None:
    """The item that "ini untuk nomor 2", with nothing of its own, means for what came last."""
    came = request.loose or any(item.got for item in request.items)
    return items.pointed_at(m.heard.text.strip(), request.items) if came else None


def _is_data(m: Moment, request: DataFact) -> bool:
    """Whether a text can be meant for the request, rather than as ordinary talk."""
    text = m.heard.text.strip()
    said = plain(text).split()
    if not said or items.TALK.issuperset(said):
        return False
    if items.numbered(text, request.items):
        return True
    figures = re.search(r"\d{3}", text) is not None
    if _asks(text) and not figures:
        return False
    if m.facts.about == request.number or items.by_words(text, request.items):
        return True
    if request.late:
        return False
    return figures or not (m.is_(*_ACTS) or faq.confident_topic(m))


def _asks(text: str) -> bool:
    return "?" in text or not QUESTIONS.isdisjoint(plain(text).split())


def _given(m: Moment, request: DataFact) -> Move:
    """It is on its way to the request; what has come and what is missing is said once for all
    that comes in a breath. What comes late is answered by what becomes of the ticket."""
    pieces = tuple(_pieces(m, request))
    files = tuple(file.attachment_id for file in m.heard.files)
    parts = m.parts or (Part(m.heard.message_id, ""),)
    before = m.state.passed
    together = before and before.number == request.number and before.fresh and m.facts.unspoken
    earlier = before if before and together else Passed(request.number, 0.0)
    passed = Passed(
        request.number,
        0.0,  # what is said next is heard on its own: a question is no data
        (*earlier.parts, *parts),
        (*earlier.files, *files),
        fresh=not request.late,
    )
    kept = tuple(f for f in m.state.files if f not in files)
    command = GiveData(request.id, pieces)
    if request.late:
        return _silently(m, command, passed=passed, files=kept)
    said = _received(m, request, pieces, passed)
    choices = {"asked": said.choices, "asked_last": True}
    m = m.with_state(passed=passed, files=kept, **choices)
    if m.state.flow == "consultation":  # its question is put again
        return replace(m.stay(commands=(command,)), replies=(said,))
    waits = Settle.BREATH if m.heard.text.strip() else Settle.FRAGMENT
    return replace(m.stay(commands=(command,)), replies=(said,), settle=waits, silent=True)


def _received(m: Moment, request: DataFact, pieces: Sequence[Piece], passed: Passed) -> Reply:
    now = {piece.item_id for piece in pieces}
    loose = request.loose + sum(piece.item_id is None for piece in pieces)
    text = m.text(
        "data_received",
        number=request.number,
        came=[item for item in request.items if item.got or item.id in now],
        missing=[item for item in request.items if not item.got and item.id not in now],
        loose=loose,
    )
    mine = offers.not_for(request.number, passed.parts[0].message_id)
    return Reply(text, (offers.full(request.id), mine))


def _pieces(m: Moment, request: DataFact) -> Iterator[Piece]:
    """Each file with its caption, else each text; lines with numbers of their own apart."""
    left = missing(request)
    if m.heard.files:
        caption = m.heard.text.strip()
        for file in m.heard.files:
            item = items.of_file(file, caption, request.items, left)
            left = [i for i in left if item is None or i.id != item.id]
            item_id = item.id if item else None
            yield Piece(m.heard.message_id, caption, file.attachment_id, item_id)
        return
    for part in m.parts or (Part(m.heard.message_id, m.heard.text.strip()),):
        for line in items.lines(part.text, request.items):
            item = items.of_text(line, request.items, left)
            left = [i for i in left if item is None or i.id != item.id]
            yield Piece(part.message_id, line, None, item.id if item else None)
