"""One turn of the conversation: pure, no I/O, no clock. ``advance`` never raises for input."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from dialogs import breath, ears, required, talk
from dialogs.choosing import exact, match, plain, without_fillers
from dialogs.commands import ProvePhone
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import consultation, form, links, live, menu, passing, status
from dialogs.heard import Heard
from dialogs.move import Moment, Move
from dialogs.reply import Reply
from dialogs.routes import SHARED, SLASH, WORDS, flow_of
from dialogs.state import Part, State
from dialogs.turn import Settle, Turn

_ANY_TIME = frozenset({"privacy"})  # harmless, whatever question its button came with
_SLASH = re.compile(r"/([a-zA-Z_]{2,32})(?:@\w+)?(?:\s+(.*))?$", re.DOTALL)
_ABOUT_SOMETHING = frozenset({"ticket", "person"})
_BUTTON_WORDS = 4
_BESIDES = frozenset(
    {"privasi", "bantuan", "help", "tiket", "cek tiket", "status tiket", "menu", "menu utama"}
)


def advance(state: State, heard: Heard, facts: Facts, desk: Desk) -> Turn:
    """Think about one message. Same arguments, same turn.

    Every turn answers: with a reply, or with a command that ``handoff`` answers.
    """
    taken = breath.taken(state, heard, unspoken=facts.unspoken, desk=desk)
    m = Moment(taken.state, taken.heard, facts, desk, parts=taken.parts)
    if facts.live is not None:
        return ears.overheard(m, taken.last, _any_time(m, taken.last))
    move = passing.told_again(m, _offering_draft(m, _followed(m, _heard(m, taken.last))))
    if heard.masked:
        masked = m.text("masked", kinds=heard.masked)
        move = replace(move, say=(masked, *move.say), settle=Settle.NOW)
    turn = _put(m, move)
    if breath.happened(move.commands):  # only the word about it may wait
        state = replace(turn.state, burst=None, secret_follows=state.secret_follows)
        return replace(turn, state=state)
    after = breath.kept(taken, turn.state, turn.settle)
    after = replace(after, step=max(after.step, state.step), secret_follows=state.secret_follows)
    return replace(turn, state=after, settle=breath.settled(after, turn.settle))


def may_take_back(state: State, heard: Heard, desk: Desk) -> bool:
    """Whether the last words, if they wait unsent, may be taken back for this message: only
    where it can be thought about together with them, so that no answer is lost."""
    if heard.tap is not None or heard.phone is not None or heard.link_token:
        return False
    if not heard.text.strip() and not heard.files:
        return False
    if state.passed is not None and state.passed.fresh:
        return not _stands_alone(state, heard.text)
    answered = state.flow == "faq" and state.at.startswith("answered")
    if not answered and not (state.draft is not None and state.draft.beside):
        return True
    return bool(heard.files) or not _stands_alone(state, heard.text)


def _stands_alone(state: State, text: str) -> bool:
    """An order or a choice that asks for something else besides: the answer before it is
    still wanted. (A ticket or a person takes the words along instead.)"""
    order = plain(text.lstrip().removeprefix("/"))
    return order in _BESIDES or exact(text, state.offered) in ("privacy", "status", "menu", "on")


def remind(state: State, facts: Facts, desk: Desk, after: timedelta | None = None) -> Turn:
    """Offer a form that was left alone, for the office's time or for ``after`` where the channel
    has less. Without one, or where the offer stands already, an empty turn: nothing is said."""
    aged = form.aged(state, facts.now.timestamp(), desk.office, after)
    if not aged or state.flow == "drafts" or facts.live is not None:
        return Turn(state)
    m = Moment(replace(state, burst=None), Heard(), facts, desk)
    return _put(m, m.go("drafts", "offer"))


def expected(state: State, desk: Desk) -> str | None:
    """The check rule of the field being asked (``phone``, ``npwp``, ...), for the mask:
    what the form asked for is no secret."""
    if state.flow != "consultation" or state.draft is None:
        return None
    draft = state.draft
    if draft.asking in form.data_steps(draft):
        return required.check_of(draft.wanted[form.data_at(draft)])
    field = form.field_of(desk.office.form, draft.asking)
    return field.check if field else None


def _followed(m: Moment, move: Move) -> Move:
    """What was kept is thought about where the move leads."""
    anew = move.anew
    if anew is None:
        return move
    facts = replace(m.facts, about=anew.about, unspoken=False)
    said = Moment(move.state, anew.heard, facts, m.desk, parts=anew.parts, plain=anew.plain)
    after = _said(said, anew.plain)
    in_form = after.state.flow == "consultation"
    return replace(
        after,
        silent=after.silent and not in_form,  # its question was not put meanwhile
        say=(*move.say, *after.say),
        commands=(*move.commands, *after.commands),
        settle=Settle.NOW,
    )


def _any_time(m: Moment, last: Heard) -> Move | None:
    """A tap that counts at any time, whatever step it came with."""
    return ears.named(_apart(m, last), last.tap.value) if last.tap is not None else None


def _heard(m: Moment, last: Heard) -> Move:
    """The first ear that takes the message."""
    if last.link_token:
        return links.redeem(m, last.link_token)
    if move := _any_time(m, last):
        return move
    if not last.text.strip() and not last.files and (move := _wordless(m, last)):
        return move
    if last.tap is not None:
        return _tapped(m, last)
    if last.edits is not None:
        if move := consultation.amend(m) or status.amend(m):
            return move
        m = m.with_state(problem=tuple(p for p in m.state.problem if p.message_id != last.edits))
    if not last.files:
        if value := ears.picked(m, last):
            return _chosen(_apart(m, last), value)
        if order := _order(m, last):
            return order
    if move := live.present(m, last):
        return move
    if _left_alone(m):
        m = m.with_state(flow="menu", at="rest", offered=())
    if ears.idle(m.state) and (move := ears.for_a_ticket(m)):
        return move
    if not last.files and (value := _meant(m)):
        return _chosen(_keeping(m) if _says_more(m, value) else _apart(m, last), value)
    return _said(m)


def _wordless(m: Moment, last: Heard) -> Move | None:
    """Neither text nor files: a shared number, a sticker, or nothing at all."""
    if last.tap is not None:
        return None
    if last.phone is not None:
        return _phone(m)
    if m.parts:
        return None  # an edit took the words away, others of the breath remain
    return ears.unreadable(m, m.text("unreadable", kind=last.other or ""))


def _tapped(m: Moment, last: Heard) -> Move:
    tap = last.tap
    if tap is not None and tap.value in _ANY_TIME:
        return _chosen(_apart(m, last), tap.value)
    known = tap is not None and any(c.value == tap.value for c in m.state.offered)
    if tap is None or not known or tap.step != m.state.step:
        if m.parts or m.heard.files:  # the answer to these was withdrawn: give it now
            move = _said(m)
            return replace(move, say=(m.text("old_button"), *move.say), settle=Settle.NOW)
        return menu.aside(m, m.text("old_button"))
    return _chosen(_apart(m, last), tap.value)


def _chosen(m: Moment, value: str) -> Move:
    """A choice counts the same whether it was tapped or typed."""
    if move := ears.named(m, value):
        return move
    m = replace(m, chosen=value)
    if value in SHARED:
        return SHARED[value](m)
    return flow_of(m).hear(m) or menu.again(m)


def _said(m: Moment, plainly: bool = False) -> Move:
    """Free text and files: the flow that waits for them, whoever waits for words about a
    ticket (not where they are ``plainly`` for none), else idle talk."""
    if ears.only_masked(m):
        return menu.again(m)
    if m.facts.about and not plainly and (move := ears.for_a_ticket(m)):
        return move
    if m.state.flow == "consultation":
        beside = None if plainly else passing.in_form(m)
        return beside or flow_of(m).hear(m) or talk.hear(m)
    m = talk.remember(m)
    if move := flow_of(m).hear(m):
        return live.kept(m, move)
    asked = None if plainly or m.state.flow in breath.IDLE else ears.for_a_ticket(m)
    return asked or live.kept(m, talk.hear(m))


def _order(m: Moment, last: Heard) -> Move | None:
    """A word that works everywhere, or a slash command with what follows it."""
    slash = _SLASH.match(last.text.strip())
    name, rest = (slash[1].lower(), (slash[2] or "").strip()) if slash else (plain(last.text), "")
    table = SLASH if slash else WORDS
    order = table.get(name) or (None if slash else table.get(without_fillers(name)))
    if order is None:
        return None
    m = _apart(m, last)
    parts = (Part(last.message_id, rest),) if rest else ()
    heard = replace(last, text=rest, understanding=m.desk.understand(rest))
    return order(replace(m, heard=heard, parts=parts))


def _apart(m: Moment, last: Heard) -> Moment:
    """The last message alone; those before it in the breath are remembered."""
    earlier = m.parts[:-1] if last.text.strip() and last.tap is None else m.parts
    files = m.heard.files[: len(m.heard.files) - len(last.files)]
    if not earlier and not files:
        return replace(m, heard=last, parts=())
    text = "\n".join(part.text for part in earlier)
    before = replace(m.heard, text=text, files=files)
    m = talk.remember(replace(m, heard=before, parts=earlier))
    return replace(_keeping(m), heard=last)


def _keeping(m: Moment) -> Moment:
    """The words go with the problem, the choice they meant is taken."""
    return replace(m.with_state(problem=(*m.state.problem, *m.parts)), parts=())


def _meant(m: Moment) -> str | None:
    return match(m.heard, m.state.offered, m.desk.office.conversation.thresholds)


def _says_more(m: Moment, value: str) -> bool:
    """Whether a text that means a button also tells what it is about."""
    about = m.state.flow in breath.IDLE and value in _ABOUT_SOMETHING
    return about and len(plain(m.heard.text).split()) > _BUTTON_WORDS


def _left_alone(m: Moment) -> bool:
    at = m.facts.now.timestamp()
    return m.state.flow == "consultation" and form.aged(m.state, at, m.desk.office)


def _phone(m: Moment) -> Move:
    """A shared number outside the form waits for one, if it is proven to be the user's own."""
    if m.state.flow == "consultation" and m.state.draft is not None:
        return consultation.hear(m) or menu.again(m)
    phone, field = m.heard.phone, form.phone_field(m.desk.office.form)
    if phone is None or not phone.own or field is None:
        return menu.aside(m, m.text("phone_unused"))
    known = form.checked({field.key: phone.number}, m.desk.office.form)
    move = menu.aside(m.with_state(heard={**m.state.heard, **known}), m.text("phone_known"))
    return replace(move, commands=(ProvePhone(phone.number),))


def _offering_draft(m: Moment, move: Move) -> Move:
    """After the answer to a user who comes back, their waiting form is offered again."""
    draft, now = move.state.draft, m.facts.now.timestamp()
    idle = move.state.flow in breath.IDLE and not move.silent
    if draft is None or not idle or not form.aged(move.state, now, m.desk.office):
        return move
    offered = replace(draft, touched_at=now)
    state = replace(move.state, flow="drafts", at="offer", draft=offered)
    missed = move.state.at in ("rephrase", "offer") and bool(move.commands)
    say, commands = ((), ()) if missed else (move.say, move.commands)
    return replace(move, state=state, say=say, commands=commands, again=False, settle=Settle.NOW)


def _put(m: Moment, move: Move) -> Turn:
    """Word the question that stands now; the privacy notice comes with the first answer."""
    state = replace(move.state, step=move.state.step + (0 if move.again else 1))
    if move.silent:
        offered = state.offered if move.again else ()
        say, extra = move.say, Reply("")
        if not state.noticed_privacy and state.flow == "menu":
            say, extra = (*say, m.text("privacy_notice")), Reply("", (menu.PRIVACY,))
            state = replace(state, noticed_privacy=True)
            offered = offered or (menu.PRIVACY,)
        replies = (*move.replies, *ears.reply(say, extra))
        return Turn(replace(state, offered=offered), replies, move.commands, move.settle)
    say, question = move.say, flow_of(replace(m, state=state)).ask(state, m.facts, m.desk)
    if not state.noticed_privacy:
        say = (*say, m.text("privacy_notice"))
        rest = (c for c in question.choices if c != menu.PRIVACY)
        question = replace(question, choices=(*rest, menu.PRIVACY))
        state = replace(state, noticed_privacy=True)
    replies = (*move.replies, *ears.reply(say, question))
    state = _offering(m, replace(state, offered=question.choices))
    return Turn(state, replies, move.commands, move.settle, asks=bool(question.text))


def _offering(m: Moment, state: State) -> State:
    """Since when the choices stand; a question is newer than any notice before it."""
    if not state.offered:
        return state
    return replace(state, put_at=m.facts.now.timestamp(), asked_last=False)
