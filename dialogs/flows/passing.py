"""What the user writes to an agent outside a live chat: an agent's line about a ticket opens an
expectation, and the next words are for that ticket."""

from __future__ import annotations

from dataclasses import replace

from dialogs import offers
from dialogs.commands import GiveData, PassToAgent, SortData, TakeBack
from dialogs.desk import Desk
from dialogs.facts import Facts, TicketFact
from dialogs.flows import confirm, data, menu, status
from dialogs.heard import File, Heard
from dialogs.move import Anew, Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Part, Passed, State
from dialogs.texts import clip
from dialogs.turn import Settle

SAME_BREATH = 120.0  # seconds in which more words go where the last ones went
_WISH_SURE = 0.85
_FORM = Choice("pass:form", "Isian formulir", (), ("formulir", "isian", "form", "jawaban formulir"))
_NONE = Choice("pass:none", "Bukan untuk tiket", (), ("bukan", "hal lain", "lain", "bukan itu"))


def hear(m: Moment) -> Move | None:
    """Free text or files for the ticket that waits for them; None: not for one."""
    if _wants_a_person(m):
        return None
    if m.facts.about is not None:
        quoted = _own(m, m.facts.about)
        return _pass(m, quoted.number) if quoted else None
    named = status.spoken_number(m)
    if named and (m.heard.understanding.first("ticket_number") or status.own(named, m.facts)):
        found = status.own(named, m.facts)
        return _pass(m, found.number) if found and found.expects == "reply" else None
    waiting = next((t.number for t in m.facts.tickets if t.expects == "reply" and t.open), None)
    waiting = waiting or confirm.questioned(m)
    return _pass(m, waiting) if waiting else None


def between(m: Moment) -> Move | None:
    """Before anybody else hears: words that go on where the last ones went, and words that
    several tickets wait for, an agent's line among them. None: it is clear, or for none."""
    if m.facts.about is not None or _wants_a_person(m) or status.spoken_number(m):
        return None
    waiting = [t for t in m.facts.tickets if t.open and t.expects]
    same = _same_breath(m)
    if (same or m.heard.files) and data.claims(m, same or ""):
        return None
    if same and all(_since(t) <= _since_passed(m) for t in waiting):
        return _pass(m, same)
    several = len(waiting) > 1 and any(t.expects == "reply" for t in waiting)
    return _which(m, [t.number for t in waiting]) if several else None


def in_form(m: Moment) -> Move | None:
    """While a form is being filled: words that may be about a ticket, which was asked about
    later than the form's question was put, are asked about."""
    draft = m.state.draft
    if draft is None:
        return None
    newer = [
        t.number
        for t in m.facts.tickets
        if t.open and _since(t) > draft.touched_at
        and (t.expects in ("reply", "data") or (t.expects and confirm.verdict(m) is not None))
    ]  # fmt: skip
    return _which(m, newer) if newer else None


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``which:<number>,...``: for which ticket the kept words are."""
    known = {t.number: t for t in facts.tickets}
    numbers = [n for n in state.at.partition(":")[2].split(",") if n in known]
    files = len(state.passed.files) if state.passed else 0
    form = _beside_form(state)
    text = desk.texts.render(
        "passing_which",
        tickets=[known[n] for n in numbers],
        files=files,
        form=form,
        office=desk.office,
    )
    tickets = (Choice(f"pass:{n}", clip(n), (), (n,), known[n].subject) for n in numbers)
    return Reply(text, (*tickets, _FORM if form else _NONE))


def choose(m: Moment) -> Move | None:
    """The ticket was chosen; more words before that are kept with the others."""
    if m.chosen is None:
        more = _kept(m)
        return m.with_state(passed=more).stay() if more is not None else None
    value = m.chosen.removeprefix("pass:")
    kept = m.state.passed
    if kept is None or value == m.chosen:
        return None
    anew, before = _anew(m, kept), _before(m.state)
    if value in ("form", "none"):
        return Move(before, anew=replace(anew, plain=True))
    return Move(before, anew=replace(anew, about=value))


def drop(m: Moment) -> Move:
    """kembali and batal: nothing is passed on."""
    before = replace(m, state=_before(m.state))
    if before.state.flow == "consultation":
        return before.stay(m.text("passing_dropped"))
    return menu.home(before, m.text("passing_dropped"))


def not_for(m: Moment) -> Move:
    """*Bukan tiket ini*: it is taken back, and answered as if it was said now."""
    number, _, first = (m.chosen or "").partition(":")[2].partition(":")
    passed = m.state.passed
    older = passed is not None and first and first != str(passed.parts[0].message_id)
    if passed is None or passed.number != number or older:
        return menu.aside(m, m.text("old_button"))
    ids = tuple(dict.fromkeys(part.message_id for part in passed.parts))
    command = TakeBack(number, ids, passed.files)
    state = replace(m.state, passed=None, asked=(), asked_last=False)
    say = (m.text("passing_taken_back", number=number),)
    return Move(state, say, commands=(command,), anew=replace(_anew(m, passed), plain=True))


def told_again(m: Moment, move: Move) -> Move:
    """A confirmation that was taken back before it was sent, and is not given anew by this
    message, is said with it."""
    passed = m.state.passed
    if passes(move) or passed is None or not passed.fresh:
        return move
    if move.state.passed == passed:
        move = replace(move, state=replace(move.state, passed=replace(passed, fresh=False)))
    if not m.facts.unspoken:
        return move
    said = m.text("passing_done", number=passed.number)
    return replace(move, say=(said, *move.say), settle=Settle.NOW)


def passes(move: Move) -> bool:
    """Whether words go to an agent: then nothing of this turn is thought about again."""
    return any(isinstance(command, PassToAgent | GiveData | SortData) for command in move.commands)


def _pass(m: Moment, number: str) -> Move:
    """To the agent; the user is told where it went, once for all that comes in a breath."""
    files = tuple(file.attachment_id for file in m.heard.files)
    parts = m.parts or (Part(m.heard.message_id, ""),)
    ids = tuple(dict.fromkeys(part.message_id for part in (*parts, Part(m.heard.message_id, ""))))
    text = "\n".join(part.text for part in parts if part.text)
    before = m.state.passed
    together = before and before.number == number and before.fresh and m.facts.unspoken
    earlier = before if before and together else Passed(number, 0.0)
    passed = Passed(
        number,
        m.facts.now.timestamp(),
        (*earlier.parts, *parts),
        (*earlier.files, *files),
        fresh=True,
    )
    choice = offers.not_for(number, passed.parts[0].message_id)
    said = Reply(m.text("passing_done", number=number), (choice,))
    kept = tuple(f for f in m.state.files if f not in files)
    state = replace(m.state, passed=passed, files=kept, asked=(choice,), asked_last=True)
    commands = (PassToAgent(number, text, ids, files),)
    if state.flow == "consultation" and state.draft is not None:  # its question is put again
        draft = replace(state.draft, touched_at=m.facts.now.timestamp())
        return Move(replace(state, draft=draft), (), (said,), commands, again=True)
    waits = Settle.BREATH if m.heard.text.strip() else Settle.FRAGMENT
    return Move(state, (), (said,), commands, waits, again=True, silent=True)


def _which(m: Moment, numbers: list[str]) -> Move:
    """Ask, and keep what was said."""
    at = "which+" if m.state.flow == "consultation" else "which"
    return m.go("passing", f"{at}:{','.join(numbers)}", passed=_kept(m, afresh=True))


def _kept(m: Moment, *, afresh: bool = False) -> Passed | None:
    before = None if afresh else m.state.passed
    files = tuple(file.attachment_id for file in m.heard.files)
    text = m.heard.text.strip()
    if not text and not files:
        return None
    parts = (*(before.parts if before else ()), *(m.parts or (Part(m.heard.message_id, text),)))
    at = m.facts.now.timestamp()
    return Passed("", at, parts, (*(before.files if before else ()), *files))


def _anew(m: Moment, kept: Passed) -> Anew:
    text = "\n".join(part.text for part in kept.parts if part.text)
    files = tuple(File(attachment, "document", "") for attachment in kept.files)
    last = kept.parts[-1].message_id if kept.parts else 0
    heard = Heard(text, m.desk.understand(text), files=files, message_id=last)
    return Anew(heard, tuple(part for part in kept.parts if part.text))


def _before(state: State) -> State:
    """Where the words were said: the form goes on waiting for its answer."""
    if _beside_form(state) and state.draft is not None:
        return replace(state, flow="consultation", at=state.draft.asking, passed=None, offered=())
    return replace(state, flow="menu", at="rest", passed=None, offered=())


def _same_breath(m: Moment) -> str | None:
    """The ticket to which words went a moment ago, if it is still open."""
    passed = m.state.passed
    if passed is None or not passed.number:
        return None
    if m.facts.now.timestamp() - passed.at > SAME_BREATH:
        return None
    found = _own(m, passed.number)
    return found.number if found else None


def _since_passed(m: Moment) -> float:
    return m.state.passed.at if m.state.passed else 0.0


def _wants_a_person(m: Moment) -> bool:
    return not m.heard.files and m.is_("request_human", at_least=_WISH_SURE)


def _own(m: Moment, number: str) -> TicketFact | None:
    found = status.own(number, m.facts)
    return found if found and found.open else None


def _since(ticket: TicketFact) -> float:
    return ticket.expects_at.timestamp() if ticket.expects_at else 0.0


def _beside_form(state: State) -> bool:
    return state.draft is not None and state.at.startswith("which+")
