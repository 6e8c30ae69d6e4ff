"""Idle talk: what a free text means when no flow waits for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from dialogs import required
from dialogs.choosing import plain, words
from dialogs.commands import RecordMiss
from dialogs.extraction import extract
from dialogs.flows import drafts, erasure, faq, feedback, form, live, menu, person, status
from dialogs.flows.consultation_problem import has_voice
from dialogs.move import Moment, Move
from dialogs.turn import Settle
from dialogs.words import QUESTIONS

# A text made of nothing but these opens a talk; what it is about comes with the next message.
OPENERS = words(
    """
    min mimin admin kak kakak pak bapak bu ibu mas mbak bang gan sis halo hallo helo hai hi hello
    hey hei p ping permisi punten assalamualaikum asalamualaikum assalamu alaikum ass salam wr wb
    selamat pagi siang sore malam mau ingin izin ijin numpang tanya nanya bertanya dong ya yaa
    saya sy aku boleh mohon bantuan bantu tolong info infonya om kaka test tes halloo haloo
    """
)
_ASKING = words("tanya nanya bertanya izin ijin info bantu tolong numpang")
_REACH_ME = re.compile(r"(?i)\b(?:hubungi|kontak|telepon|telp|kabari)\b.{0,20}\d")
# Buttons and answers of the form: alone, where no form asks, they are about nothing.
_ANSWERS = words(
    "kirim kirimkan ubah lewati skip lanjut lanjutkan next tetap simpan hapus pakai isi baru"
    " penyedia"
)
# "Oh iya, kode tendernya ...": something was left out of what was just sent.
_ADDS = re.compile(
    r"(?i)^\W*(?:(?:min|kak|maaf|eh)\W+)*(?:oh? ?iya|oh? ?ya|tambahan|menambahkan|kelupaan"
    r"|ketinggalan"
    r"|lupa (?:bilang|nyebut|sebut|kasih)|btw|koreksi|ralat|susulan)\b"
)
_WARM = re.compile("[\U0001f64f\U0001f44d\U0001f44c\U0001f60a\U0001f642\u2764\U0001f917\U0001f60d]")
_FEW_WORDS = 3
_WISH_WORDS = 5


def hear(m: Moment) -> Move:
    """Always an answer: an act, a ready answer, suggestions, or the word that we failed."""
    if not m.heard.text.strip():
        return live.noted(m) or _files_alone(m)
    said = plain(m.heard.text).split()
    if not said and "?" not in m.heard.text:
        name = "thanks" if _WARM.search(m.heard.text) else "wordless"
        return live.noted(m) or menu.rest(m, m.text(name))
    if said and OPENERS.issuperset(said) and not m.is_("affirm"):
        return live.noted(m) or _opener(m, said)
    if len(said) == 1 and said[0] in _form_words(m):
        return live.noted(m) or _out_of_place(m)
    move = _answered(m)
    if not all(isinstance(command, RecordMiss) for command in move.commands):
        return move
    return _settled(move, Settle.FRAGMENT if _is_fragment(m, move, said) else Settle.BREATH)


def remember(m: Moment) -> Moment:
    """Keep files, and what the text tells about the user, for a form that may come."""
    ids = (*m.state.files, *(file.attachment_id for file in m.heard.files))
    m = m.with_state(files=tuple(dict.fromkeys(ids)))
    if not m.heard.text.strip():
        return m
    found = extract(m.heard.text, m.heard.understanding)
    heard = {**m.state.heard, **form.checked(found.answers, m.desk.office.form)}
    heard |= required.kept(m.heard.understanding)
    phone = m.heard.understanding.first("phone")
    if phone and (len(m.heard.text.split()) <= _FEW_WORDS or _REACH_ME.search(m.heard.text)):
        field = form.phone_field(m.desk.office.form)
        heard |= form.checked({field.key: phone}, m.desk.office.form) if field else {}
    if found.user_type:
        heard[form.HEARD_USER_TYPE] = found.user_type
    if found.deadline:
        heard[form.HEARD_DEADLINE] = found.deadline
    return m.with_state(heard=heard)


def _answered(m: Moment) -> Move:
    if status.spoken_number(m) and len(m.heard.text.split()) <= _FEW_WORDS:
        return status.start(m)
    if _ADDS.match(m.heard.text) and not _asks(m.heard.text) and (more := status.more_words(m)):
        return more
    topic = faq.confident_topic(m)
    if topic is not None:
        return faq.answer(m, topic)
    if faq.only_figures(m.heard.text) and required.kept(m.heard.understanding):
        return live.noted(m) or _datum(m)
    return faq.beside(m, _wished(m))


def _datum(m: Moment) -> Move:
    """A code or a number alone: remembered for the form; what was asked stands."""
    said = m.text("known", heard=m.state.heard)
    return m.stay(said) if m.state.flow == "faq" else m.go("menu", "", said)


def _wished(m: Moment) -> Move:
    """No question that is surely understood: an act, suggestions, or that we failed."""
    noted = live.noted(m)
    if noted and _act(m) not in _WHILE_WAITING:
        return noted
    if _introduced(m) and (m.is_("out_of_scope") or not _act(m)):
        return m.go("menu", "", m.text("known", heard=m.state.heard))
    act = _act(m)
    if act is not None and not (act is faq.out_of_scope and _known_here(m)):
        return act(m)
    if status.spoken_number(m):
        return status.start(m)
    if not _asks(m.heard.text) and (more := status.more_words(m)):
        return more
    if feedback.named(m):
        return feedback.start(m)
    return faq.suggest(m) or faq.not_understood(m)


def _known_here(m: Moment) -> bool:
    """Whether there is a ticket that odd words may well be about."""
    return any(ticket.open or ticket.may_reopen for ticket in m.facts.tickets)


def _asks(text: str) -> bool:
    return "?" in text or not QUESTIONS.isdisjoint(plain(text).split())


def _act(m: Moment) -> Callable[[Moment], Move] | None:
    intent = m.heard.understanding.intent
    if intent is None or not m.is_(intent.name):
        return None
    return ACTS.get(intent.name)


def _introduced(m: Moment) -> bool:
    """The text only says who somebody is."""
    found = extract(m.heard.text, m.heard.understanding)
    return bool(found.answers) and len(plain(found.problem).split()) < _FEW_WORDS


def _opener(m: Moment, said: list[str]) -> Move:
    if not _ASKING.isdisjoint(said):
        return _settled(m.go("menu", "ask", m.text("opener")), Settle.FRAGMENT)
    return _settled(_greet(m), Settle.FRAGMENT)


def _form_words(m: Moment) -> frozenset[str]:
    """Words that answer a form's question and say nothing by themselves."""
    return _ANSWERS.union(*(plain(t.label).split() for t in m.desk.office.form.user_types))


def _out_of_place(m: Moment) -> Move:
    """ "Kirim", "penyedia": an answer where nothing was asked."""
    text = m.text("out_of_place", draft=form.worth_keeping(m.state.draft))
    return _settled(m.go("menu", "ask", text), Settle.FRAGMENT)


def _files_alone(m: Moment) -> Move:
    text = m.text("files_alone", count=len(m.heard.files), voice=has_voice(m.heard))
    return _settled(m.go("menu", "rest", text), Settle.FRAGMENT)


def _is_fragment(m: Moment, move: Move, said: list[str]) -> bool:
    sure = faq.confident_topic(m) is not None
    return not sure and move.state.flow == "faq" and len(said) <= _FEW_WORDS


def _settled(move: Move, settle: Settle) -> Move:
    """Only talk may wait unsent: entering another flow is answered at once."""
    return replace(move, settle=settle) if move.state.flow in ("menu", "faq") else move


def _greet(m: Moment) -> Move:
    return m.go("menu", "", m.text("greeting", first=not m.state.noticed_privacy))


def _not_resolved(m: Moment) -> Move:
    noted = status.note(m, "not_resolved")
    if noted:
        return noted
    return m.go("faq", "offer", m.text("faq_not_helped"), problem=(*m.state.problem, *m.parts))


def _resolved(m: Moment) -> Move:
    return status.note(m, "resolved") or menu.rest(m, m.text("resolved"))


def _open_ticket(m: Moment) -> Move:
    """A long wish for a ticket also says what it is about."""
    long = len(plain(m.heard.text).split()) > _WISH_WORDS
    return drafts.start_form(m if long else replace(m, parts=()))


ACTS: Mapping[str, Callable[[Moment], Move]] = {
    "greet": _greet,
    "goodbye": lambda m: menu.rest(m, m.text("goodbye", draft=form.worth_keeping(m.state.draft))),
    "thanks": lambda m: menu.rest(m, m.text("thanks")),
    "affirm": lambda m: m.go("menu", "", m.text("affirmed")),
    "deny": lambda m: m.go("menu", "", m.text("affirmed")),
    "cancel": menu.cancel,
    "back": menu.home,
    "help": lambda m: m.go("menu", "", m.text("help")),
    "request_human": person.call,
    "open_ticket": _open_ticket,
    "ticket_status": status.start,
    "not_resolved": _not_resolved,
    "resolved": _resolved,
    "submit_feedback": feedback.start,
    "bot_challenge": lambda m: m.go("menu", "", m.text("bot")),
    "erase_my_data": erasure.start,
    "out_of_scope": faq.out_of_scope,
}
# What these ask for is done while the user waits for a person; the rest is for that person.
_WHILE_WAITING = tuple(
    ACTS[name]
    for name in (
        "goodbye", "thanks", "cancel", "help", "request_human", "open_ticket", "ticket_status",
        "submit_feedback", "bot_challenge", "erase_my_data",
    )
)  # fmt: skip
