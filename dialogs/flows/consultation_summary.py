"""The end of the form: the summary with Kirim, Ubah, Batal, and what can be changed."""

from __future__ import annotations

import re
from dataclasses import replace

from dialogs.checks import check
from dialogs.choosing import plain
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import consultation_problem, consultation_second, form
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, State
from dialogs.texts import clip

_SEND = Choice(
    "send",
    "Kirim",
    ("affirm",),
    (
        "kirimkan",
        "krm",
        "kirim aja",
        "ya",
        "iya",
        "ok",
        "oke",
        "benar",
        "sudah benar",
        "betul",
        "lanjut",
        "lanjutkan",
    ),
)
_CHANGE = Choice("change", "Ubah", ("deny",), ("ganti", "perbaiki", "edit", "salah", "koreksi"))
_CANCEL = Choice("cancel", "Batal", ("cancel",), ("batalkan", "tidak jadi", "gak jadi"))
_BACK = Choice("summary", "Selesai", ("back", "cancel"), ("kembali", "sudah", "lanjut", "batal"))
_CLEAR = Choice("clear", "Hapus semua", (), ("hapus", "hapus berkas"))
_PROBLEM_SHOWN = 700  # characters of section B in the summary; all of it is sent
_CORRECTS = re.compile(
    r"(?i)\b(?:ubah|ganti|salah|koreksi|ralat|perbaiki|harusnya|seharusnya|be?ne?r(?:nya)?|bukan)"
)
_NEW_VALUE = re.compile(
    r"(?i)\b(?:jadi|menjadi|harusnya|seharusnya|yang benar|yg benar|yg bener|yang bener|ke)\b"
    r"[\s:,]*(.+)$"
)
_NOTHING = re.compile(r"^(?:tidak|tdk|ga|gak|gk|nggak|ngga|tak) ada(?: lagi)?\b")
_TELLING = 3  # words


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    draft, office = state.draft or Draft(), desk.office
    answers = form.answers_in_use(draft, office.form)
    rows = [(f.label, answers[f.key]) for f in office.form.fields if f.key in answers]
    data = [(label[0].upper() + label[1:], value) for label, value in form.data_in_use(draft)]
    kind = next((t.label for t in office.form.user_types if t.key == draft.user_type), "")
    text = desk.texts.render(
        "summary",
        rows=rows,
        data=data,
        user_type=kind,
        problem=form.problem_text(draft),
        shown=_PROBLEM_SHOWN,
        files=len(draft.files),
        deadline=draft.deadline,
        office=office,
    )
    return Reply(text, (_SEND, _CHANGE, _CANCEL))


def hear(m: Moment, draft: Draft) -> Move:
    if m.chosen == "send":
        return _send(m, draft)
    if m.chosen == "change" and _NOTHING.match(plain(m.heard.text)):
        return m.stay(m.text("choose_one"))  # nothing to add is no wish to change
    if m.chosen == "change":
        return _change(m, draft, named(m) or form.EDIT)
    if m.chosen == "cancel":
        return m.go("drafts", "aside")
    if m.heard.files:
        return consultation_problem.beside(m, draft)
    if corrected := _corrected(m, draft):
        return corrected
    if step := named(m):
        return _change(m, draft, step)
    return _added(m, draft)


def _corrected(m: Moment, draft: Draft) -> Move | None:
    """ "Ubah telp jadi 0813...", "alamatnya salah, yang benar Jl. Melati 9": taken at once if
    the new words pass the field's check."""
    text = m.heard.text.strip()
    if not _CORRECTS.search(text):
        return None
    said = _NEW_VALUE.search(text)
    phone = m.heard.understanding.first("phone")
    for field in m.desk.office.form.fields:
        if field.check == "phone" and phone:
            value = check("phone", phone).value
        elif said and re.search(rf"(?i)\b{re.escape(field.key)}", text):
            value = check(field.check, said[1]).value
        else:
            continue
        if value:
            answers = {**draft.answers, field.key: value}
            noted = m.text("field_amended", labels=[field.label])
            return form.onward(m, replace(draft, answers=answers), noted)
    return None


def ask_edit(state: State, facts: Facts, desk: Desk) -> Reply:
    draft = state.draft or Draft()
    choices = (*_changeable(draft, desk), _BACK)
    return Reply(desk.texts.render("edit", office=desk.office), choices)


def hear_edit(m: Moment, draft: Draft) -> Move:
    if m.chosen == "summary":
        return form.onward(m, draft)
    if m.heard.files:
        return consultation_problem.beside(m, draft)
    step = (m.chosen or "").removeprefix("edit:") or named(m)
    return _change(m, draft, step) if step else _added(m, draft)


def ask_files(state: State, facts: Facts, desk: Desk) -> Reply:
    count = len(state.draft.files) if state.draft else 0
    text = desk.texts.render("edit_files", count=count, office=desk.office)
    return Reply(text, (_BACK, _CLEAR) if count else (_BACK,))


def hear_files(m: Moment, draft: Draft) -> Move:
    if m.chosen == "clear":
        return form.place(m, replace(draft, files=()), m.text("files_cleared"))
    if m.chosen == "summary":
        return form.onward(m, draft)
    if m.heard.files:
        return consultation_problem.beside(m, draft)
    return _added(m, draft)


def _added(m: Moment, draft: Draft) -> Move:
    """Something more was told: it belongs to the problem. A word or two are no telling."""
    text = m.heard.text.strip()
    if len(text.split()) < _TELLING:
        return m.stay(m.text("choose_one"))
    kept = consultation_problem.with_part(m, draft, text)
    return consultation_second.noted(m, draft, form.place(m, kept, m.text("problem_added")))


def _send(m: Moment, draft: Draft) -> Move:
    step = form.next_step(draft, m.desk.office.form)
    if step != form.SUMMARY:
        return form.onward(m, draft, m.text("not_complete"))
    return form.sent(m, draft)


def _change(m: Moment, draft: Draft, step: str) -> Move:
    """Ask for one part again, or which part it is."""
    editable = {c.value.removeprefix("edit:") for c in _changeable(draft, m.desk)}
    if step not in editable:
        return form.place(m, replace(draft, asking=form.EDIT))
    return form.place(m, replace(draft, asking=step, editing=True))


def _changeable(draft: Draft, desk: Desk) -> tuple[Choice, ...]:
    fixed = {
        form.USER_TYPE: ("Jenis pengguna", ("pengguna", "jenis", "peran")),
        form.PROBLEM: ("Permasalahan", ("masalah", "keluhan", "isi")),
        form.DEADLINE: ("Batas waktu", ("deadline", "waktu", "tenggat")),
    }
    choices = []
    for step in form.order(draft, desk.office.form):
        if field := form.field_of(desk.office.form, step):
            words = tuple(re.findall(r"\w+", field.label)) if " " not in field.label else ()
            choices.append(Choice(f"edit:{step}", clip(field.label), (), (field.key, *words)))
        elif step in form.data_steps(draft):
            wanted = draft.wanted[form.data_at(draft, step)]
            label = clip(wanted[0].upper() + wanted[1:])
            choices.append(Choice(f"edit:{step}", label, (), (wanted,)))
        elif step in fixed:
            label, words = fixed[step]
            choices.append(Choice(f"edit:{step}", label, (), words))
    files = Choice(f"edit:{form.FILES}", "Berkas", (), ("file", "lampiran", "foto"))
    at = next(i for i, c in enumerate(choices) if c.value == f"edit:{form.PROBLEM}") + 1
    return (*choices[:at], files, *choices[at:])


def named(m: Moment) -> str | None:
    """The one thing a text like "alamatnya salah" or "ubah nomor hp" names."""
    said = plain(m.heard.text)
    if len(said.split()) > 8 or not re.search(r"\b(ubah|ganti|salah|koreksi|perbaiki|edit)", said):
        return None
    draft = m.state.draft or Draft()
    meant = {
        choice.value.removeprefix("edit:")
        for choice in _changeable(draft, m.desk)
        for name in (*choice.words, *re.split(r"\W+", choice.label))
        if len(name) > 1 and re.search(rf"\b{re.escape(plain(name))}", said)
    }
    return meant.pop() if len(meant) == 1 else None
