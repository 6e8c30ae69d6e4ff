"""Which flow owns the talk, and the words and buttons that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dialogs import offers
from dialogs.flows import (
    confirm,
    consultation,
    consultation_second,
    data,
    drafts,
    erasure,
    faq,
    faq_follow,
    feedback,
    links,
    live,
    menu,
    passing,
    person,
    rating,
    status,
)
from dialogs.move import Flow, Hearer, Moment, Move

FLOWS: Mapping[str, Flow] = {
    "menu": Flow(menu.ask, menu.hear, menu.back, menu.cancel),
    "faq": Flow(faq.ask, faq_follow.hear, menu.back, menu.cancel),
    "consultation": Flow(
        consultation.ask, consultation.hear, consultation.back, consultation.cancel
    ),
    "drafts": Flow(drafts.ask, drafts.hear, menu.back, menu.cancel),
    "status": Flow(status.ask, status.hear, menu.back, menu.cancel),
    "feedback": Flow(feedback.ask, feedback.hear, menu.back, menu.cancel),
    "erasure": Flow(erasure.ask, erasure.hear, menu.back, menu.cancel),
    "person": Flow(person.ask, person.hear, menu.back, menu.cancel),
    "passing": Flow(passing.ask, passing.choose, passing.drop, passing.drop),
    "rating": Flow(rating.ask, rating.hear, menu.back, menu.cancel),
}
# Who hears free text and files about tickets, in this order, before the bot answers itself.
EARS: tuple[Hearer, ...] = (
    live.leaving,
    live.place,
    rating.spoken,
    passing.between,
    confirm.hear,
    data.hear,
    passing.hear,
)


def flow_of(m: Moment) -> Flow:
    """The flow of a moment; a state of another version falls back to the menu."""
    return FLOWS.get(m.state.flow, FLOWS["menu"])


def _greet(m: Moment) -> Move:
    return menu.home(m, m.text("greeting", first=not m.state.noticed_privacy))


def _help(m: Moment) -> Move:
    if m.state.flow == "consultation":
        return consultation.help_words(m)
    return menu.aside(m, m.text("help"))


def _ask(m: Moment) -> Move:
    if m.state.flow == "consultation":
        return consultation.running(m)
    return m.go("menu", "ask")


def _ticket(m: Moment) -> Move:
    if m.state.flow == "consultation":
        return consultation.running(m)
    return drafts.start_form(m)


def _status(m: Moment) -> Move:
    if m.state.flow == "consultation":
        return m.stay(status.in_between(m))
    return status.start(m)


def _privacy(m: Moment) -> Move:
    seen = m.with_state(noticed_privacy=True)
    return menu.aside(seen, m.text("privacy"))


def _drafts(m: Moment) -> Move:
    return drafts.hear(m) or menu.again(m)


def _resume(m: Moment) -> Move:
    return m.stay() if m.state.flow == "consultation" else consultation.resume(m)


Act = Callable[[Moment], Move]
# Choices that several flows offer.
SHARED: Mapping[str, Act] = {
    "ticket": _ticket,
    "status": _status,
    "person": person.call,
    "menu": menu.home,
    "privacy": _privacy,
    "resume": _drafts,
    "restart": _drafts,
    "drop": _drafts,
}
# Choices that count at any time, whatever step they came with: what they ask for is decided by
# the state of what they name. By the value's beginning; ``chosen`` is the whole value.
TAPS: Mapping[str, Act] = {
    offers.HERE: live.here,
    offers.NOT_FOR: passing.not_for,
    offers.FULL: data.full,
    offers.YES: confirm.yes,
    offers.NO: confirm.no,
    offers.RATE: rating.rate,
    offers.REOPEN: confirm.reopen,
    offers.NEW: _ticket,
    offers.APART: consultation_second.apart,
}
SLASH: Mapping[str, Act] = {
    "start": _greet,
    "mulai": _greet,
    "menu": menu.home,
    "batal": lambda m: flow_of(m).cancel(m) or menu.home(m),
    "kembali": lambda m: flow_of(m).back(m) or menu.home(m),
    "bantuan": _help,
    "help": _help,
    "petugas": person.call,
    "privasi": _privacy,
    "tiket": _status,
    "lapor": _ticket,
    "hubungkan": links.offer,
    "cabut": links.revoke,
    "bot": live.leave,
}
# The same words typed plainly, and what people write for them.
WORDS: Mapping[str, Act] = {
    **{name: SLASH[name] for name in SLASH if name not in ("start", "mulai", "cabut", "bot")},
    **dict.fromkeys(live.TO_THE_BOT, live.leave),
    "menu utama": menu.home,
    "ajukan pertanyaan": _ask,
    "batalkan": SLASH["batal"],
    "bicara petugas": person.call,
    "bicara dengan petugas": person.call,
    "cek tiket": _status,
    "status tiket": _status,
    "buat tiket": _ticket,
    **dict.fromkeys(("tiket aja", "tiket saja", "tiket aja deh", "tiket dong"), _ticket),
    "lanjutkan isian": _resume,
    "cabut tautan": links.revoke,
}
