"""Section B of the form: any number of messages and files, until *Lanjut*."""

from __future__ import annotations

from dataclasses import replace

from dialogs import required
from dialogs.choosing import exact, plain, words
from dialogs.desk import Desk
from dialogs.extraction import extract
from dialogs.facts import Facts
from dialogs.flows import consultation_second, faq, form
from dialogs.heard import Heard
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, Part, State
from dialogs.turn import Settle

_ON = Choice(
    "on",
    "Lanjut",
    (),
    (
        "lanjutkan", "sudah", "udah", "cukup", "selesai", "sudah cukup", "itu saja",
        "sudah itu", "udah itu", "kirim", "kirimkan", "kirim aja", "kirim saja", "submit",
        "tidak ada", "tidak ada lagi", "ga ada", "gak ada", "nggak ada", "tdk ada", "next", "sdh",
    ),
)  # fmt: skip
_REWRITE = Choice("rewrite", "Tulis ulang", (), ("ulang", "hapus semua"))
_DONE_WORDS, _DONE_SURE = 4, 0.9
# Words of greeting and of the wish for a person: a text of nothing else names no problem.
_NO_PROBLEM = words(
    """
    min mimin admin kak kakak pak bapak bu ibu mas mbak bang gan sis bro halo hallo helo hai hi p
    ping permisi punten assalamualaikum selamat pagi siang sore malam mau ingin pengen pingin minta
    tolong mohon bisa boleh izin ijin numpang tanya nanya bertanya dong ya yaa deh nih sih lah kok
    saya sy sya aku gue kami dengan dgn sama ama ke pada untuk langsung sekarang juga segera aja
    saja doang hubungkan hubungi sambungkan bicara berbicara bicarakan ngobrol ngomong chat
    chatting kontak panggil panggilkan petugas petugasnya orang orangnya manusia cs operator
    customer service helpdesk live agen agent via lewat bukan jangan bot robot ada dulu biar yang
    yg asli di lpse lagi masih mesin males capek pelayanan layanan bantuan bantu dibantu butuh
    perlu
    """
)
_ALONE = words("login error eror token apendo sanggah aanwijzing verifikasi aktivasi npwp password")
_ANSWERED = "faq"  # in Draft.done: a ready answer was given beside this problem


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """At first what to tell; afterwards the totals, which also acknowledge what came."""
    draft = state.draft or Draft()
    answer = desk.answers.get(draft.topic)
    text = desk.texts.render(
        "problem",
        messages=len(draft.parts),
        files=len(draft.files),
        useful=required.told_in_chat(answer) if answer else (),
        office=desk.office,
    )
    if not draft.parts and not draft.files:
        return Reply(text)
    return Reply(text, (_ON, _REWRITE) if draft.parts else (_ON,))


def hear(m: Moment, draft: Draft) -> Move:
    if m.chosen == "on":
        return _over(m, draft)
    if m.chosen == "rewrite":
        cleared = replace(draft, parts=(), done=_without(draft.done, form.PROBLEM))
        return form.place(m, cleared, m.text("problem_cleared"))
    if not draft.parts and not m.heard.files and exact(m.heard.text, (_ON,)):
        return _over(m, draft)
    if draft.parts and not m.heard.files and _says_done(m):
        kept = _kept(m, draft) if m.is_("deny") else draft  # "tidak" may also be a complaint
        return _over(m, kept)
    return _gather(m, draft)


def beside(m: Moment, draft: Draft) -> Move:
    """Files at another question: kept, their caption is part of the problem."""
    kept = _kept(m, draft)
    noted = m.text("files_noted", count=len(m.heard.files), voice=has_voice(m.heard))
    return replace(form.place(m, kept, noted, again=True), settle=Settle.FRAGMENT)


def with_part(m: Moment, draft: Draft, text: str) -> Draft:
    """The draft with these words; the same message is never there twice."""
    parts = [p for p in draft.parts if p.message_id != m.heard.message_id or p.text != text]
    deadline = draft.deadline or extract(text, m.heard.understanding).deadline
    return replace(draft, parts=(*parts, Part(m.heard.message_id, text)), deadline=deadline)


def amend(m: Moment, draft: Draft, edited: int) -> Move:
    """An edited message of the problem: replaced at its place; emptied, it is left out."""
    text = m.heard.text.strip()
    parts = tuple(
        replace(part, text=text) if part.message_id == edited else part for part in draft.parts
    )
    draft = replace(draft, parts=tuple(part for part in parts if part.text))
    if m.state.flow == "consultation":
        return form.place(m, draft, m.text("problem_amended"), again=True)
    return Move(replace(m.state, draft=draft), (m.text("problem_amended"),), again=True)


def has_voice(heard: Heard) -> bool:
    return any(file.kind in ("voice", "audio") for file in heard.files)


def topic_of(m: Moment, draft: Draft) -> str | None:
    """What the problem is about, if the whole text says it clearly."""
    whole = m.desk.understand(form.problem_text(draft))
    return faq.topic_of(whole, m.desk) or draft.topic


def _gather(m: Moment, draft: Draft) -> Move:
    before, topic = draft, faq.confident_topic(m)
    answer = m.desk.answers.get(topic) if draft.topic is None else None
    draft = _kept(m, draft)
    say = [m.text("voice_kept")] if has_voice(m.heard) else []
    if not m.facts.unspoken:
        draft = replace(draft, beside=None)  # what was said beside it before has gone out
    if answer is not None and _ANSWERED not in draft.done:
        draft = replace(draft, done=(*draft.done, _ANSWERED), beside=answer.topic)
    if draft.brief and tells(form.problem_text(draft)):
        return _over(m, replace(draft, beside=None))
    if helpful := m.desk.answers.get(draft.beside):
        say.append(m.text("faq_beside", text=faq.words(helpful, m.desk)))
    move = consultation_second.noted(m, before, form.place(m, draft, *say, again=True))
    return replace(move, settle=Settle.BREATH)


def tells(text: str) -> bool:
    """Whether a text says what it is about: more than a word, and more than a greeting or the
    wish for a person."""
    left = [word for word in plain(text).split() if word not in _NO_PROBLEM]
    return len(left) > 1 or any(word in _ALONE for word in left)


def _says_done(m: Moment) -> bool:
    """ "Udah itu aja", "nggak ada": short and clear, the answer to *Ada lagi?*"""
    few = len(m.heard.text.split()) <= _DONE_WORDS
    return few and m.is_("affirm", "deny", at_least=_DONE_SURE)


def with_files(m: Moment, draft: Draft) -> Draft:
    """The draft with the message's files."""
    files = (*draft.files, *(file.attachment_id for file in m.heard.files))
    return replace(draft, files=tuple(dict.fromkeys(files)))


def _kept(m: Moment, draft: Draft) -> Draft:
    text = m.heard.text.strip()
    draft = with_files(m, draft)
    if not text:
        return draft
    return with_part(m, draft, text)


def _over(m: Moment, draft: Draft) -> Move:
    if not form.problem_text(draft):
        return m.stay(m.text("problem_empty", files=len(draft.files)))
    done = (*_without(draft.done, form.PROBLEM), form.PROBLEM)
    told = replace(draft, done=done, topic=topic_of(m, draft))
    return form.onward(m, told if draft.brief else form.planned(m, told))


def _without(done: tuple[str, ...], step: str) -> tuple[str, ...]:
    return tuple(name for name in done if name != step)
