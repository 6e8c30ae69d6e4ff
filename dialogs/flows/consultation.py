"""Formulir Konsultasi in chat (SOP 001): the steps' table, and what holds at every step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dialogs.checks import check
from dialogs.desk import Desk
from dialogs.facts import Facts
from dialogs.flows import (
    consultation_choices,
    consultation_data,
    consultation_fields,
    consultation_problem,
    consultation_summary,
    erasure,
    form,
    menu,
    person,
    status,
)
from dialogs.move import Asker, Moment, Move
from dialogs.reply import Reply
from dialogs.state import Draft, State
from dialogs.turn import Settle


@dataclass(frozen=True, slots=True)
class Step:
    """``open`` steps take free text as the answer, so that it must be meant very clearly
    to be anything else."""

    ask: Asker
    hear: Callable[[Moment, Draft], Move]
    open: bool = False


_FIELD = Step(consultation_fields.ask, consultation_fields.hear, open=True)
_DATA = Step(consultation_data.ask, consultation_data.hear, open=True)
STEPS: Mapping[str, Step] = {
    form.IDENTITY: Step(consultation_choices.ask_identity, consultation_choices.hear_identity),
    form.USER_TYPE: Step(consultation_choices.ask_user_type, consultation_choices.hear_user_type),
    form.PROBLEM: Step(consultation_problem.ask, consultation_problem.hear, open=True),
    form.DEADLINE: Step(consultation_choices.ask_deadline, consultation_choices.hear_deadline),
    form.SUMMARY: Step(consultation_summary.ask, consultation_summary.hear),
    form.EDIT: Step(consultation_summary.ask_edit, consultation_summary.hear_edit),
    form.FILES: Step(consultation_summary.ask_files, consultation_summary.hear_files),
}
_SURE = 0.85  # an act in place of an answer has to be this clear where any text would do
_ACT_WORDS = 8
# "PT Kembali Jaya" goes nowhere: names of firms, offices and streets are answers.
_NAME = re.compile(
    r"(?i)^(?:pt|cv|ud|pd|po|fa|firma|perum|perseroda|koperasi|yayasan|toko|dinas|badan|kantor"
    r"|kecamatan|kelurahan|desa|bagian|biro|rsud|rs|sekretariat|universitas|politeknik|smk|sma"
    r"|jl|jln|jalan|gg|gang|komplek|kompleks|perumahan|ruko|gedung|rt|rw)\b\.?\s+\S"
)
_BARE_WISH = 3
# "Ga jadi... mau nanya jadwal": not this form any more, but something else.
_NOT_THIS = re.compile(
    r"(?is)^(?:(?:eh|ya|yah|wah|duh|maaf|sori|sorry|min|kak)\W+)*"
    r"(?:(?:ga|gak|gk|g|nggak|ngga|engga|enggak|tidak|tdk|gausah|ga usah|gak usah)\s+jadi"
    r"|batal(?:in)?\s+(?:aja|saja|deh|dulu))\b\W*(\w.*\s.*)$"
)
_INSTEAD = re.compile(r"(?i)\b(?:mau|ingin|pengen|nanya|tanya|bertanya|lain|beda|ganti)\b|\?")


_PLAIN_CHECKS = ("phone", "email", "npwp")  # nothing but an answer passes these


def begin(m: Moment) -> Move:
    """A new form; what is known already is not asked again."""
    draft = form.begun(m)
    m = m.with_state(problem=(), files=(), misses=0)
    lead = m.text("form_begin", known=form.answers_in_use(draft, m.desk.office.form))
    if m.facts.identity:
        return form.place(m, replace(draft, asking=form.IDENTITY, identity_offered=True), lead)
    return form.onward(m, draft, lead)


def resume(m: Moment) -> Move:
    """The form that waits, at the question where it stood."""
    if m.state.draft is None:
        return begin(m)
    draft = replace(m.state.draft, files=_with(m.state.draft.files, m.state.files))
    return form.place(m.with_state(files=()), draft, m.text("draft_resumed"))


def taken_up(m: Moment) -> Move | None:
    """A form that was offered again, and instead of a choice its open question is answered.
    None where the text is something else."""
    draft = m.state.draft
    field = form.field_of(m.desk.office.form, draft.asking) if draft else None
    if draft is None or field is None or not m.heard.text.strip() or m.heard.files:
        return None
    intent = m.heard.understanding.intent
    meant = intent is not None and intent.confidence >= _SURE and intent.name != "out_of_scope"
    named = _NAME.match(m.heard.text) is not None
    unlike_talk = named or (field.check in _PLAIN_CHECKS and not meant)
    if not unlike_talk or not check(field.check, m.heard.text).value:
        return None
    fresh = replace(draft, touched_at=m.facts.now.timestamp())
    return consultation_fields.hear(m.with_state(flow="consultation", draft=fresh), fresh)


def ask(state: State, facts: Facts, desk: Desk) -> Reply:
    draft = state.draft
    if draft is None:
        return menu.ask(replace(state, flow="menu", at=""), facts, desk)
    return _step(draft, desk).ask(state, facts, desk)


def hear(m: Moment) -> Move | None:
    draft = m.state.draft
    if draft is None:
        return None
    step = _step(draft, m.desk)
    if m.chosen is None and not m.heard.files and m.heard.phone is None:
        if move := _leaving(m):
            return move
        if consultation_choices.loud(m, draft):
            return step.hear(m, draft)
        if move := _act(m, step):
            return move
        if consultation_choices.plainly_answers(m, draft):
            return step.hear(m, draft)
        changes = draft.asking in (form.SUMMARY, form.EDIT) and consultation_summary.named(m)
        if not (step.open or changes) and (move := consultation_fields.question(m, draft)):
            return move
    if m.heard.phone is not None:
        return consultation_fields.shared_phone(m, draft)
    return step.hear(m, draft)


def back(m: Moment) -> Move:
    """kembali: the question before; while one answer is being changed, the summary."""
    draft = m.state.draft
    if draft is None:
        return menu.home(m)
    step = form.previous_step(draft, m.desk.office.form)
    if draft.editing:
        step = form.SUMMARY
    if step is None:
        return m.stay(m.text("form_first"))
    return form.place(m, replace(draft, asking=step, editing=False))


def cancel(m: Moment) -> Move:
    """batal: nothing was sent; the form is put aside and can be taken up again."""
    if not form.worth_keeping(m.state.draft):
        return replace(menu.home(m, m.text("cancelled", busy=True)), again=False)
    return m.go("drafts", "aside")


def amend(m: Moment) -> Move | None:
    """An edited message: what it said in the form is replaced. None: not about the form."""
    draft, edited = m.state.draft, m.heard.edits
    if draft is None or edited is None:
        return None
    if any(part.message_id == edited for part in draft.parts):
        return consultation_problem.amend(m, draft, edited)
    if move := consultation_fields.amend(m, draft, edited):
        return move
    if move := consultation_data.amend(m, draft, edited):
        return move
    if m.state.flow != "consultation" or draft.refused == edited:
        return None
    return None if draft.asking == form.PROBLEM else m.stay(m.text("edit_unclear"))


def _step(draft: Draft, desk: Desk) -> Step:
    if form.field_of(desk.office.form, draft.asking):
        return _FIELD
    if draft.asking in form.data_steps(draft):
        return _DATA
    return STEPS.get(draft.asking, STEPS[form.SUMMARY])


def _leaving(m: Moment) -> Move | None:
    """Something else is wanted: to leave is offered, the words are kept."""
    found = _NOT_THIS.match(m.heard.text.strip())
    if found is None or not _INSTEAD.search(found[1]):
        return None
    return m.go("drafts", "leave", words=found[1].strip())


def _act(m: Moment, step: Step) -> Move | None:
    """A wish about the conversation instead of an answer."""
    if len(m.heard.text.split()) > _ACT_WORDS or (step.open and _NAME.match(m.heard.text)):
        return None
    least = _SURE if step.open else m.desk.office.conversation.thresholds.act
    intent = m.heard.understanding.intent
    if intent is None or intent.confidence < least:
        return None
    at_problem = m.state.draft is not None and m.state.draft.asking == form.PROBLEM
    acts = _AT_PROBLEM if at_problem else _ACTS
    return acts[intent.name](m) if intent.name in acts else None


def running(m: Moment) -> Move:
    """A ticket is asked for while its form is being filled; words with it are kept."""
    draft, said = m.state.draft, [part.text for part in m.parts]
    if draft is not None and said:
        draft = consultation_problem.with_part(m, draft, "\n".join(said))
    return m.with_state(draft=draft).stay(m.text("form_running"))


def help_words(m: Moment) -> Move:
    return m.stay(m.text("form_help"))


def _aside(m: Moment, name: str) -> Move:
    """A courtesy; the answer to the question may follow in the same breath."""
    return replace(m.stay(m.text(name)), settle=Settle.BREATH)


def _with(files: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*files, *more)))


def _person_beside(m: Moment) -> Move:
    """At section B the wish for a person is heard, and its words are kept as well."""
    move, draft = person.call(m), m.state.draft
    if draft is None or len(m.heard.text.split()) <= _BARE_WISH:
        return move
    kept = consultation_problem.with_part(m, draft, m.heard.text.strip())
    return replace(move, state=replace(move.state, draft=kept))


# At section B every text is part of the problem; only these are something else besides.
_AT_PROBLEM: Mapping[str, Callable[[Moment], Move]] = {
    "request_human": _person_beside,
    "bot_challenge": lambda m: m.stay(m.text("bot")),
}
_ACTS: Mapping[str, Callable[[Moment], Move]] = {
    **_AT_PROBLEM,
    "request_human": person.call,
    "cancel": cancel,
    "back": back,
    "help": help_words,
    "erase_my_data": erasure.start,
    "goodbye": lambda m: _aside(m, "form_goodbye"),
    "greet": lambda m: _aside(m, "form_greet"),
    "thanks": lambda m: _aside(m, "form_thanks"),
    "open_ticket": lambda m: m.stay(m.text("form_running")),
    "ticket_status": lambda m: m.stay(status.in_between(m)),
}
