"""The form's closed questions: earlier identity, kind of user, time limit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialogs.checks import display_phone
from dialogs.choosing import plain, words
from dialogs.commands import Deadline
from dialogs.desk import Desk
from dialogs.extraction import extract
from dialogs.facts import Facts
from dialogs.flows import consultation_problem, form
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, State
from dialogs.words import HONORIFICS, POLITE

_EARLIER = Choice(
    "earlier",
    "Pakai data lama",
    ("affirm",),
    (
        "pakai",
        "pakai data sebelumnya",
        "data lama",
        "data sebelumnya",
        "ya",
        "iya",
        "sama",
        "benar",
    ),
)
_ANEW = Choice("anew", "Isi baru", ("deny",), ("baru", "isi ulang", "tidak", "bukan", "ganti"))
_UNDER = Choice(
    "under_24h",
    "Kurang dari 24 jam",
    (),
    ("kurang", "hari ini", "di bawah 24 jam", "kurang 24 jam", "sekarang"),
)
_LATER = Choice("later", "Lebih dari 24 jam", (), ("lebih", "lebih 24 jam", "masih lama"))
_NO_LIMIT = Choice("none", "Tidak ada", ("deny",), ("tidak", "tdk ada", "ga ada", "gak ada"))
_SKIP = Choice("skip", "Lewati", (), ("skip", "lewat", "lewati semua", "lanjut", "kirim"))
_LOUD = words("urgent urgen urgentt mendesak darurat segera penting mepet asap cepat cepet buru")
_URGING = _LOUD | POLITE | HONORIFICS | words("banget bgt sekali sangat ini itu sih pokoknya udah")
_SAYING = 6  # words in which one says who one is, or until when
_TELLING = 4  # words from which a text tells something, whatever was asked
_SAYS_NONE = r"(?i)\b(?:ga|gak|nggak|tidak|tdk|belum|tanpa)\b.*\b(?:ada|batas|tau|tahu)"
_SAYS_UNDER = r"(?i)(?:<|kurang|krg|di ?bawah)\s*(?:dr|dari)?\s*(?:24|sehari|1 hari)"
_SAYS_OVER = r"(?i)(?:>|lebih)\s*(?:dr|dari)?\s*(?:24|sehari|1 hari)"
_SAYS_LATER = r"(?i)\b(?:minggu|bulan|seminggu|sebulan|lusa)\b|masih lama|\b\w+ hari lagi\b"
_SAYS_SOON = r"(?i)\b(?:besok|bsk|hari ini|nanti|mal[ae]m|sore|siang)\b"
_SAYS_CLOCK = r"(?i)\b(?:jam|pukul|pkl)\s*\d{1,2}(?:[.:]\d{2})?\b"
_IN_WORDS: tuple[tuple[re.Pattern[str], Deadline], ...] = (
    (re.compile(_SAYS_NONE), "none"),
    (re.compile(_SAYS_UNDER), "under_24h"),
    (re.compile(_SAYS_OVER), "later"),
    (re.compile(_SAYS_LATER), "later"),
    (re.compile(_SAYS_SOON), "under_24h"),
    (re.compile(_SAYS_CLOCK), "under_24h"),
)
_DEADLINES: Mapping[str, Deadline] = {"under_24h": "under_24h", "later": "later", "none": "none"}


def ask_identity(state: State, facts: Facts, desk: Desk) -> Reply:
    """The answers of the last form, shortened: the screen may be seen by others."""
    shown = [
        _shortened(f.check, (facts.identity or {}).get(f.key, "")) for f in desk.office.form.fields
    ]
    text = desk.texts.render("identity", shown=list(filter(None, shown)), office=desk.office)
    return Reply(text, (_EARLIER, _ANEW))


def hear_identity(m: Moment, draft: Draft) -> Move:
    if m.chosen == "earlier":
        identity = m.facts.identity or {}
        earlier = form.checked(identity, m.desk.office.form)
        types = {t.key for t in m.desk.office.form.user_types}
        known = identity.get("user_type")
        user_type = draft.user_type or (known if known in types else None)
        answers = {**earlier, **draft.answers}
        return form.onward(m, replace(draft, answers=answers, user_type=user_type))
    if m.chosen == "anew":
        return form.onward(m, draft)
    return _not_a_choice(m, draft)


def ask_user_type(state: State, facts: Facts, desk: Desk) -> Reply:
    types = desk.office.form.user_types
    choices = tuple(
        Choice(f"type:{t.key}", t.label, words=(t.key.replace("_", " "),)) for t in types
    )
    return Reply(desk.texts.render("user_type", office=desk.office), choices)


def plainly_answers(m: Moment, draft: Draft) -> bool:
    """Whether a short text says who somebody is, or until when, rather than asking something."""
    text = m.heard.text
    if "?" in text or len(text.split()) > _SAYING:
        return False
    if draft.asking == form.USER_TYPE:
        return m.heard.understanding.first("user_type") is not None
    return draft.asking == form.DEADLINE and _told_deadline(m) is not None


def loud(m: Moment, draft: Draft) -> bool:
    """ "URGENT!!" and nothing else, where the time limit is asked: how soon has to be said."""
    said = plain(m.heard.text).split() if draft.asking == form.DEADLINE else []
    return bool(said) and _URGING.issuperset(said) and not _LOUD.isdisjoint(said)


def _told_deadline(m: Moment) -> Deadline | None:
    """The time limit in the user's own words. A bare "besok" counts as near: too early does
    no harm."""
    if found := extract(m.heard.text, m.heard.understanding).deadline:
        return found
    return next((d for pattern, d in _IN_WORDS if pattern.search(m.heard.text)), None)


def hear_user_type(m: Moment, draft: Draft) -> Move:
    said = (m.chosen or "").removeprefix("type:") or m.heard.understanding.first("user_type")
    if said not in {t.key for t in m.desk.office.form.user_types}:
        return _not_a_choice(m, draft)
    return form.onward(m, replace(draft, user_type=said))


def ask_deadline(state: State, facts: Facts, desk: Desk) -> Reply:
    text = desk.texts.render("deadline", office=desk.office)
    return Reply(text, (_UNDER, _LATER, _NO_LIMIT, _SKIP))


def hear_deadline(m: Moment, draft: Draft) -> Move:
    if m.chosen == "skip":
        done = tuple(dict.fromkeys((*draft.done, form.DEADLINE)))
        return form.onward(m, replace(draft, deadline=None, done=done))
    if m.chosen is None and loud(m, draft):
        return m.stay(m.text("deadline_when"))
    said = m.chosen or _told_deadline(m)
    if said is None or said not in _DEADLINES:
        return _not_a_choice(m, draft)
    draft = replace(draft, deadline=_DEADLINES[said])
    if m.chosen is None and m.heard.text.strip():
        draft = consultation_problem.with_part(m, draft, m.heard.text.strip())
    return form.onward(m, draft)


def _not_a_choice(m: Moment, draft: Draft) -> Move:
    """Neither a choice nor a question: kept as part of the problem, so nothing is lost."""
    if m.heard.files:
        return consultation_problem.beside(m, draft)
    text = m.heard.text.strip()
    if draft.asking == form.DEADLINE or len(text.split()) >= _TELLING:
        kept = consultation_problem.with_part(m, draft, text)
        return form.place(m, kept, m.text("choose_noted"), again=True)
    return m.stay(m.text("choose_one"))


def _shortened(check: str, value: str) -> str:
    if check == "phone":
        shown = display_phone(value)
        return f"{shown[:4]}•••{shown[-3:]}" if len(shown) > 7 else shown
    if check in ("address", "email", "npwp"):
        return f"{value[:12]}…" if len(value) > 12 else value
    return value
