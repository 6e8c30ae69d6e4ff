"""What the topic needs, asked one by one after section B; all of it may be skipped. Nothing that
was said already is asked again (``form.planned``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dialogs import required
from dialogs.choosing import plain, words
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import consultation_fields, consultation_problem, form
from dialogs.move import Moment, Move
from dialogs.reply import Choice, Reply
from dialogs.state import Draft, State
from dialogs.turn import Settle

_KEEP = Choice("keep", "Tetap", (), ("biarkan", "sama", "lanjut", "tidak berubah"))
_SKIP = Choice(
    "skip", "Lewati", (), ("skip", "lewat", "tidak ada", "ga ada", "gak ada", "kosong", "lanjut")
)
_SKIP_ALL = Choice(
    "skip_all", "Lewati semua", (), ("skip semua", "lewat semua", "lewati saja semua", "kirim")
)
_SKIP_LAST = replace(_SKIP, words=(*_SKIP.words, "lewati semua", *_SKIP_ALL.words))
_UNKNOWN = re.compile(
    r"^(?:(?:maaf|min|kak|saya|sy|aku|itu|yang|yg|nya|emang|memang|kalau|kalo)\s+)*"
    r"(?:(?:tidak|tdk|ga|gak|gk|nggak|ngga|kurang|belum|blm)\s*(?:tau|tahu|inget|ingat|punya|ada|hafal|apal|paham|ngerti|dapat|dapet)"
    r"|gatau|gatahu|lupa|nanti|ntar|menyusul|nyusul|entah)\b"
)
_NONE_WORDS = 6
_STORY = 8  # words from which a text that is no code tells of the problem
_CODES = ("user_id", "id", "code", "email", "npwp")
_HOLLOW = words("ya iya ok oke baik sip siap hmm eh min kak")


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    """``Data 1 dari 3``, what it is, and at the first what else to have ready."""
    draft = state.draft or Draft()
    at = form.data_at(draft)
    label = draft.wanted[at]
    answer = desk.answers.get(draft.topic)
    current = draft.data.get(label)
    left = [step for step in form.data_steps(draft) if not form.known(draft, step)]
    first = at == draft.given and not (draft.editing or draft.refused)
    text = desk.texts.render(
        "form_data",
        n=at - draft.given + 1,
        of=len(draft.wanted) - draft.given,
        label=label,
        example="" if draft.refused else required.example_of(label),
        current=current,
        prepare=required.prepared(answer) if answer and first else (),
        office=desk.office,
    )
    kept = (_KEEP,) if current else ()
    several = len(left) > 1 and not draft.editing
    return Reply(text, (*kept, *((_SKIP, _SKIP_ALL) if several else (_SKIP_LAST,))))


def hear(m: Moment, draft: Draft) -> Move:
    """A datum, or several at once; whatever is none is answered or kept like elsewhere."""
    if m.chosen is not None:
        return _chosen(m, draft)
    text = m.heard.text.strip()
    if m.heard.files and not text:
        return consultation_problem.beside(m, draft)
    draft = consultation_problem.with_files(m, draft)
    label = draft.wanted[form.data_at(draft)]
    if _unknown(text):
        return _skipped(m, draft, (draft.asking,))
    said = required.found(label, text, m.heard.understanding)
    if said is None and (move := _no_datum(m, draft, label, text)):
        return move
    others = found(m, draft, text, besides=label)
    checked = required.checked(label, said or text)
    value = checked.value or (text if draft.refused and _lenient(label) else None)
    if value is None and not others:
        problem = m.text("data_problem", problem=checked.problem or "", label=label)
        refused = replace(draft, refused=m.heard.message_id)
        return replace(form.place(m, refused, problem, again=True), settle=Settle.BREATH)
    given = {**others, **({label: value} if value else {})}
    sources = dict.fromkeys((form.DATA + name for name in given), m.heard.message_id)
    draft = replace(
        draft, data={**draft.data, **given}, sources={**draft.sources, **sources}, refused=0
    )
    return form.onward(m, draft)


def amend(m: Moment, draft: Draft, edited: int) -> Move | None:
    """The message that gave a datum was edited."""
    given = [n for n in draft.data if draft.sources.get(form.DATA + n) == edited]
    if len(given) != 1:
        return None
    label = given[0]
    said = required.found(label, m.heard.text, m.heard.understanding) or m.heard.text.strip()
    checked = required.checked(label, said)
    if checked.value is None:
        return m.stay(m.text("data_problem", problem=checked.problem or "", label=label))
    amended = replace(draft, data={**draft.data, label: checked.value})
    return form.place(m, amended, m.text("field_amended", labels=[label]), again=True)


def found(m: Moment, draft: Draft, text: str, *, besides: str = "") -> dict[str, str]:
    """What else of the wanted data a text holds."""
    open_ = [n for n in draft.wanted if n != besides and n not in draft.data]
    values = ((n, required.found(n, text, m.heard.understanding)) for n in open_)
    return {n: value for n, value in values if value and required.alone(n, draft.wanted)}


def _chosen(m: Moment, draft: Draft) -> Move:
    if m.chosen == "skip":
        return _skipped(m, draft, (draft.asking,))
    if m.chosen == "skip_all":
        return _skipped(m, draft, form.data_steps(draft), keep=draft.data)
    return form.onward(m, draft)


def _skipped(
    m: Moment, draft: Draft, steps: tuple[str, ...], keep: Mapping[str, str] | None = None
) -> Move:
    label = draft.wanted[form.data_at(draft)]
    data = keep if keep is not None else {k: v for k, v in draft.data.items() if k != label}
    done = tuple(dict.fromkeys((*draft.done, *steps)))
    return form.onward(m, replace(draft, data=data, done=done))


def _unknown(text: str) -> bool:
    """ "Ga tau min", "lupa": nothing to write down, and no question either."""
    said = plain(text)
    few = len(said.split()) <= _NONE_WORDS
    return few and "?" not in text and (not said or bool(_UNKNOWN.match(said)))


def _lenient(label: str) -> bool:
    """Whether a code is taken as the user insists on it."""
    return required.check_of(label) not in ("email", "npwp")


def _no_datum(m: Moment, draft: Draft, label: str, text: str) -> Move | None:
    """A question, a courtesy, or more of the story in place of the datum."""
    if consultation_fields.asks_why(text):
        return m.stay(m.text("data_why", label=label))
    if consultation_fields.asks(text) and (
        move := consultation_fields.question(m, draft, sure=False)
    ):
        return move
    if text.endswith("?"):
        return m.stay(m.text("data_why", label=label))
    said = plain(text).split()
    if _HOLLOW.issuperset(said):
        return m.stay()
    if len(said) >= _STORY and required.key_or_check(label) in _CODES:
        kept = consultation_problem.with_part(m, draft, text)
        return form.place(m, kept, m.text("problem_added"), again=True)
    return None
